//! One source of keys: what it gave last, and when it is asked again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::discovery;
use crate::keys::Keys;
use crate::policy::KeySource;
use crate::store::Fetch;

/// How often keys are fetched. Entra's own advice is once a day; a key that was taken back is to be gone sooner.
const FRESH: Duration = Duration::from_secs(3600);
/// The least time between two fetches that requests ask for: tokens with made-up keys cost the source nothing.
const BETWEEN: Duration = Duration::from_secs(60);
/// After a failure the first attempt comes after a second, each further one after twice as long, up to this.
const SLOWEST_RETRY: Duration = Duration::from_secs(60);
/// How long a request waits for keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// A source as the status board shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// Keys that can be used.
    pub keys: usize,
    /// Keys of the document that cannot.
    pub left_out: usize,
    /// How long ago they were fetched; `None` for keys from a file, and before the first fetch.
    pub age: Option<Duration>,
    /// What went wrong with the last fetch.
    pub error: Option<String>,
}

/// A source that documents are fetched from.
pub(crate) struct Source {
    pub(crate) of: KeySource,
    keys: ArcSwapOption<Keys>,
    state: Mutex<State>,
    asked: Notify,
    /// Counts fetches that ended, well or not.
    rounds: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// A fetch is on its way, or about to begin.
    under_way: bool,
    /// A request has asked for it.
    wanted: bool,
    /// When a request asked last. Fetches that nobody asked for do not count: a key that was published just after one
    /// is to be found at once.
    last_wish: Option<Instant>,
    fetched: Option<Instant>,
    failures: u32,
    error: Option<String>,
}

impl Source {
    pub(crate) fn new(of: KeySource) -> Self {
        // The first fetch comes without being asked for.
        let state = Mutex::new(State { under_way: true, ..State::default() });
        Self { of, keys: ArcSwapOption::empty(), state, asked: Notify::new(), rounds: watch::Sender::new(0) }
    }

    /// The keys; `None` before the first fetch that went well.
    pub(crate) fn keys(&self) -> Option<Arc<Keys>> {
        self.keys.load_full()
    }

    /// Fetches the keys now, and again when they are to be fresh or requests ask for them.
    pub(crate) async fn tend(self: Arc<Self>, fetch: Fetch) {
        loop {
            self.begin();
            let outcome = fetched(&self.of, &fetch).await;
            let next = self.take(outcome);
            self.wait(next).await;
        }
    }

    /// Waits for a fetch that is on its way, or for one that is due; none is when the last one has just been.
    pub(crate) async fn refreshed(&self) {
        let mut rounds = self.rounds.subscribe();
        if self.ask() {
            // Keys that do not come in time are as good as none.
            let _ = timeout(PATIENCE, rounds.changed()).await;
        }
    }

    pub(crate) fn status(&self) -> SourceStatus {
        let state = self.state();
        let keys = self.keys().unwrap_or_default();
        SourceStatus {
            keys: keys.len(),
            left_out: keys.left_out(),
            age: state.fetched.map(|fetched| fetched.elapsed()),
            error: state.error.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when there is something to wait for.
    fn ask(&self) -> bool {
        let mut state = self.state();
        if !state.under_way && state.last_wish.is_none_or(|last| last.elapsed() >= BETWEEN) {
            state.last_wish = Some(Instant::now());
            state.under_way = true;
            state.wanted = true;
            self.asked.notify_one();
        }
        state.under_way
    }

    fn begin(&self) {
        let mut state = self.state();
        state.under_way = true;
        state.wanted = false;
    }

    /// Takes what a fetch gave and says when the next one is due. Keys that were there stay when it gave none.
    fn take(&self, outcome: Result<Keys, String>) -> Instant {
        let now = Instant::now();
        let mut state = self.state();
        state.under_way = false;
        let pause = match outcome {
            Ok(keys) => {
                self.keys.store(Some(Arc::new(keys)));
                state.fetched = Some(now);
                state.failures = 0;
                state.error = None;
                FRESH
            }
            Err(why) => {
                let pause = Duration::from_secs(1 << state.failures.min(6)).min(SLOWEST_RETRY);
                state.failures = state.failures.saturating_add(1);
                state.error = Some(why);
                pause
            }
        };
        drop(state);
        self.rounds.send_modify(|rounds| *rounds += 1);
        now + pause
    }

    /// Waits until the next fetch is due or a request asks for one.
    async fn wait(&self, next: Instant) {
        let asked = async {
            loop {
                self.asked.notified().await;
                // A wish that the last fetch has fulfilled is none any more.
                if self.state().wanted {
                    return;
                }
            }
        };
        let _ = timeout_at(next, asked).await;
    }
}

/// Fetches and reads the keys of a source.
async fn fetched(source: &KeySource, fetch: &Fetch) -> Result<Keys, String> {
    let url = match source {
        KeySource::Given(keys) => return Ok(Keys::clone(keys)),
        KeySource::Url(url) => Arc::clone(url),
        KeySource::Discovered(issuer) => {
            let document = fetch(Arc::from(discovery::url(issuer))).await?;
            Arc::from(discovery::keys_url(issuer, &document)?)
        }
    };
    Keys::parse(&fetch(url).await?).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wish_that_came_as_the_fetch_began_is_fulfilled_by_it() {
        let source = Source::new(KeySource::Url(Arc::from("https://id.example/keys")));
        source.begin();
        assert!(source.ask());
        source.asked.notify_one();
        source.take(Ok(Keys::default()));
        let began = Instant::now();
        source.wait(began + FRESH).await;
        assert_eq!(began.elapsed(), FRESH);
    }
}
