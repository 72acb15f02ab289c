//! Bytes from one socket to another without a copy in this process: `splice(2)` through a pipe.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

/// What a pipe holds, in bytes. The kernel lets a user without privileges have 64 MiB in pipes
/// (`/proc/sys/fs/pipe-user-pages-soft`).
pub const PIPE_SIZE: usize = 512 * 1024;

/// Pipes of this process: half of what the kernel lets a user have.
const MOST_PIPES: usize = 64;

static PIPES: AtomicUsize = AtomicUsize::new(0);

/// A pipe between two sockets.
#[derive(Debug)]
pub struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    held: usize,
}

impl Pipe {
    /// A new one. `None` when the process has as many as it should have, or the kernel gives no more.
    pub fn new() -> Option<Self> {
        if PIPES.fetch_add(1, Ordering::Relaxed) >= MOST_PIPES {
            PIPES.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let made = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK);
        let made = made.and_then(|(read, write)| fcntl_setpipe_size(&write, PIPE_SIZE).map(|_| (read, write)));
        let Ok((read, write)) = made else {
            PIPES.fetch_sub(1, Ordering::Relaxed);
            return None;
        };
        Some(Self { read, write, held: 0 })
    }

    /// Bytes inside.
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Takes what a socket has; 0 at its end. Only for an empty pipe: the kernel does not say whether a socket is
    /// empty or a pipe is full.
    ///
    /// # Errors
    /// `WouldBlock` when the socket has nothing, or what became of it.
    pub fn fill(&mut self, from: impl AsFd) -> io::Result<usize> {
        debug_assert_eq!(self.held, 0, "the pipe is not empty");
        let count = moved(from, &self.write, PIPE_SIZE)?;
        self.held += count;
        Ok(count)
    }

    /// Gives a socket what is inside, as far as it takes it.
    ///
    /// # Errors
    /// `WouldBlock` when the socket takes nothing, or what became of it.
    pub fn drain(&mut self, to: impl AsFd) -> io::Result<usize> {
        let count = moved(&self.read, to, self.held)?;
        self.held = self.held.saturating_sub(count);
        Ok(count)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        PIPES.fetch_sub(1, Ordering::Relaxed);
    }
}

fn moved(from: impl AsFd, to: impl AsFd, most: usize) -> io::Result<usize> {
    loop {
        match splice(&from, None, &to, None, most, SpliceFlags::MOVE | SpliceFlags::NONBLOCK) {
            Err(rustix::io::Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// The pipes of a process are counted, so tests take turns.
    static TURN: Mutex<()> = Mutex::new(());

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn bytes_go_through_a_pipe_from_one_socket_to_another() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let ((mut client, from), (to, mut server)) = (pair(), pair());
        from.set_nonblocking(true).unwrap();
        let mut pipe = Pipe::new().unwrap();
        assert_eq!(pipe.fill(&from).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        client.write_all(b"hello").unwrap();
        from.set_nonblocking(false).unwrap();
        from.peek(&mut [0; 5]).unwrap();
        assert_eq!((pipe.fill(&from).unwrap(), pipe.held()), (5, 5));
        assert_eq!((pipe.drain(&to).unwrap(), pipe.held()), (5, 0));
        let mut got = [0; 5];
        server.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"hello");
        drop(client);
        from.peek(&mut [0; 5]).unwrap();
        assert_eq!(pipe.fill(&from).unwrap(), 0);
    }

    #[test]
    fn a_process_has_no_more_pipes_than_it_should() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pipes: Vec<Pipe> = std::iter::from_fn(Pipe::new).take(MOST_PIPES + 1).collect();
        assert!(pipes.len() <= MOST_PIPES);
        pipes.clear();
        assert!(Pipe::new().is_some());
    }
}
