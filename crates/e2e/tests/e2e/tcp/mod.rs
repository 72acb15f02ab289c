//! Sessions of TCP and TLS: bytes through the gateway, in all four combinations where that may matter.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview) and its parts of configuration-http-settings. Parity:
//! ends, half-closed connections, resets and failures are not described there; docs/parity.md says what is done here.

mod bytes;
mod changes;
mod choice;
mod draining;
mod ends;
mod idle;
mod limits;
mod loss;
mod pressure;
mod rows;

use std::fmt::Debug;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use e2e::{PATIENCE, Sides};

/// Runs a test that waits for times to pass once for each combination, all at once.
fn each(test: impl Fn(Sides) + Sync) {
    at_once(Sides::ALL.map(|sides| (sides, ())), |sides, ()| test(sides));
}

/// The same, in either direction: `true` for the client as the one who does it, `false` for the server.
fn each_way(test: impl Fn(Sides, bool) + Sync) {
    let both = Sides::ALL.into_iter().flat_map(|sides| [(sides, true), (sides, false)]);
    at_once(both, test);
}

fn at_once<T: Copy + Debug + Send>(cases: impl IntoIterator<Item = (Sides, T)>, test: impl Fn(Sides, T) + Sync) {
    std::thread::scope(|scope| {
        let test = &test;
        let start = |(sides, case)| (sides, case, scope.spawn(move || test(sides, case)));
        let threads: Vec<_> = cases.into_iter().map(start).collect();
        for (sides, case, thread) in threads {
            assert!(thread.join().is_ok(), "{sides} {case:?}");
        }
    });
}

/// What a server tells the test.
fn post<T>() -> (SyncSender<T>, Post<T>) {
    let (sender, receiver) = sync_channel(1024);
    (sender, Post(receiver))
}

/// The test's end of it.
struct Post<T>(Receiver<T>);

impl<T> Post<T> {
    /// The next word. Panics when it does not come.
    #[track_caller]
    fn next(&self) -> T {
        self.0.recv_timeout(PATIENCE).expect("a word from a server")
    }
}
