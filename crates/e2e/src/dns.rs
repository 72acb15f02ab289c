//! A DNS server on loopback, over UDP and TCP, that says what a script wants it to say. It makes its messages itself,
//! byte by byte, so that they may be wrong in any way.

mod message;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use backend::dns::Sources;
pub use message::{A, AAAA, Question, Says};

use crate::farm::words;
use crate::folder::Folder;
use crate::wait::until;

/// What a server says to a question.
pub type Script = dyn Fn(&Question) -> Says + Send + Sync;

/// How often threads look whether they are to end.
const LOOK: Duration = Duration::from_millis(20);

/// A server; it ends when this is dropped.
pub struct NameServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    script: Mutex<Arc<Script>>,
    asked: Mutex<Vec<(Instant, Question)>>,
    panics: Mutex<Vec<String>>,
    ended: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NameServer {
    /// One that follows a script.
    pub fn start(script: impl Fn(&Question) -> Says + Send + Sync + 'static) -> Self {
        let (udp, tcp) = until("a port that is free for both", sockets);
        let address = udp.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            asked: Mutex::default(),
            panics: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let (over_udp, over_tcp) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            std::thread::spawn(move || over_udp.serve_udp(&udp)),
            std::thread::spawn(move || over_tcp.serve_tcp(&tcp)),
        ];
        Self { address, shared, threads }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Follows another script from now on.
    pub fn follow(&self, script: impl Fn(&Question) -> Says + Send + Sync + 'static) {
        *lock(&self.shared.script) = Arc::new(script);
    }

    /// Questions for a name so far, lower case, with their times.
    pub fn asked(&self, name: &str) -> Vec<(Instant, Question)> {
        lock(&self.shared.asked).iter().filter(|(_, question)| question.name == name).cloned().collect()
    }

    /// Waits until a name was asked for so many times more.
    #[track_caller]
    pub fn wait_asked(&self, name: &str, more: usize) {
        let before = self.asked(name).len();
        until("questions at the name server", || (self.asked(name).len() >= before + more).then_some(()));
    }
}

/// These servers, and the files of a folder in place of the system's.
pub fn sources(servers: &[&NameServer], folder: &Folder) -> Sources {
    Sources {
        servers: servers.iter().map(|server| server.address()).collect(),
        hosts: folder.path("hosts"),
        configuration: folder.path("resolv.conf"),
        ..Sources::default()
    }
}

/// One port for both.
fn sockets() -> Option<(UdpSocket, TcpListener)> {
    let udp = UdpSocket::bind("127.0.0.1:0").ok()?;
    let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
    Some((udp, tcp))
}

impl Shared {
    fn serve_udp(&self, socket: &UdpSocket) {
        socket.set_read_timeout(Some(LOOK)).unwrap();
        let mut bytes = [0; 4096];
        while !self.ended.load(Ordering::SeqCst) {
            if let Ok((length, peer)) = socket.recv_from(&mut bytes) {
                for message in self.say(&bytes[..length], false) {
                    // Who asked may be gone.
                    let _ = socket.send_to(&message, peer);
                }
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        listener.set_nonblocking(true).unwrap();
        while !self.ended.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => drop(self.answer(stream)),
                Err(_) => std::thread::sleep(LOOK),
            }
        }
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut bytes = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut bytes)?;
        for message in self.say(&bytes, true) {
            let length = u16::try_from(message.len()).unwrap();
            stream.write_all(&[&length.to_be_bytes()[..], &message].concat())?;
        }
        Ok(())
    }

    /// The messages to be sent.
    fn say(&self, bytes: &[u8], over_tcp: bool) -> Vec<Vec<u8>> {
        let said = catch_unwind(AssertUnwindSafe(|| {
            let question = Question::read(bytes, over_tcp);
            lock(&self.asked).push((Instant::now(), question.clone()));
            let script = Arc::clone(&lock(&self.script));
            script(&question).messages(&question)
        }));
        said.unwrap_or_else(|panic| {
            lock(&self.panics).push(words(panic.as_ref()));
            Vec::new()
        })
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        if !std::thread::panicking() {
            let panics = lock(&self.shared.panics);
            assert!(panics.is_empty(), "the name server panicked: {panics:?}");
        }
    }
}
