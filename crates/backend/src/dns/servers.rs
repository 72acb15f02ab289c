//! Servers that are taken to know the same: the first good answer counts, whatever becomes of the others.
//!
//! One is asked; the next one too as soon as that one says something that is no good answer, or says nothing for a
//! moment. So a server that is silent costs a moment, and one that fails or denies that there is the name costs
//! nothing. The one that had the good answer is asked first the next time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_net::proto::rr::Name;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Found;
use super::ask::{Family, ask};
use super::verdict::{Said, Verdict};

/// How long a server may think before the next one is asked, too.
const HEDGE: Duration = Duration::from_millis(250);
/// How long is waited for one family once there are addresses of the other.
const GRACE: Duration = Duration::from_secs(1);

/// Some servers.
#[derive(Debug)]
pub(super) struct Servers {
    list: Vec<SocketAddr>,
    /// Which one is asked first.
    first: AtomicUsize,
}

impl Servers {
    pub(super) const fn new(list: Vec<SocketAddr>) -> Self {
        Self { list, first: AtomicUsize::new(0) }
    }

    /// Both families of addresses of a name.
    pub(super) async fn ask(&self, name: &Name) -> Found {
        let first = self.first.load(Ordering::Relaxed);
        let count = self.list.len();
        let mut waiting = (0..count).map(|at| (first + at) % count).peekable();
        let (mut verdict, mut questions) = (Verdict::default(), JoinSet::new());
        let (mut hedge, mut grace) = (Instant::now(), None);
        loop {
            let more = waiting.peek().is_some();
            if verdict.is_complete() || (questions.is_empty() && !more) {
                break;
            }
            tokio::select! {
                biased;
                Some(said) = questions.join_next() => {
                    // A question neither panics nor is ended by anybody.
                    let Ok(said) = said else { continue };
                    verdict.take(said);
                    if verdict.has_addresses() {
                        grace.get_or_insert_with(|| Instant::now() + GRACE);
                    }
                    if verdict.needs_another() {
                        hedge = Instant::now();
                    }
                }
                () = sleep_until(hedge), if more => {
                    if let Some(server) = waiting.next() {
                        self.begin(server, name, &mut questions);
                        verdict.asked(server);
                    }
                    hedge = Instant::now() + HEDGE;
                }
                () = sleep_until(grace.unwrap_or(hedge)), if grace.is_some() => break,
            }
        }
        if let Some(best) = verdict.best() {
            self.first.store(best, Ordering::Relaxed);
        }
        verdict.found(&self.list)
    }

    fn begin(&self, server: usize, name: &Name, questions: &mut JoinSet<Said>) {
        let Some(&address) = self.list.get(server) else { return };
        for family in Family::BOTH {
            let name = name.clone();
            questions.spawn(async move { Said { server, family, outcome: ask(address, name, family).await } });
        }
    }
}

#[cfg(test)]
mod tests;
