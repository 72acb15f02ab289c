//! Counters: one set for each worker, written by that worker alone, summed only when somebody looks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::access_log::{end_reason, firewall_action};

/// Names of the counters as the metrics page and the status board print them. Prometheus style: unit at the end,
/// `_total` for what only grows.
pub mod names {
    /// Requests whose head was read, refused ones included.
    pub const REQUESTS: &str = "appgw_requests_total";
    /// Responses to clients; label `class`: `1xx` to `5xx`, `other`.
    pub const RESPONSES: &str = "appgw_response_status_total";
    /// Requests that the gateway answered itself; label `reason`.
    pub const REFUSED: &str = "appgw_refused_total";
    /// Bytes read from clients, heads included.
    pub const BYTES_RECEIVED: &str = "appgw_received_bytes_total";
    /// Bytes sent to clients, heads included.
    pub const BYTES_SENT: &str = "appgw_sent_bytes_total";
    /// Client connections accepted.
    pub const CLIENT_CONNECTIONS: &str = "appgw_client_connections_total";
    /// Client connections open now.
    pub const CLIENT_CONNECTIONS_CURRENT: &str = "appgw_client_connections";
    /// Connections opened to servers.
    pub const BACKEND_OPENED: &str = "appgw_backend_connections_total";
    /// Requests that found an idle connection to their server.
    pub const BACKEND_REUSED: &str = "appgw_backend_connections_reused_total";
    /// Connections to servers that exist now, idle ones included.
    pub const BACKEND_CURRENT: &str = "appgw_backend_connections";
    /// WebSocket connections that servers agreed to.
    pub const TUNNELS: &str = "appgw_websockets_total";
    /// WebSocket connections that are open now.
    pub const TUNNELS_CURRENT: &str = "appgw_websockets";
    /// TCP and TLS sessions: client connections that listeners of those protocols accepted, refused ones included.
    pub const SESSIONS: &str = "appgw_sessions_total";
    /// TCP and TLS sessions that are open now.
    pub const SESSIONS_CURRENT: &str = "appgw_sessions";
    /// TCP and TLS sessions that ended; label `reason`.
    pub const SESSIONS_ENDED: &str = "appgw_sessions_ended_total";
    /// Payload from clients in sessions.
    pub const SESSION_BYTES_RECEIVED: &str = "appgw_session_received_bytes_total";
    /// Payload to clients in sessions.
    pub const SESSION_BYTES_SENT: &str = "appgw_session_sent_bytes_total";
    /// Seconds that ended sessions lasted, added up. Azure's Connection Lifetime is this divided by
    /// [`SESSIONS_ENDED`].
    pub const SESSION_SECONDS: &str = "appgw_session_seconds_total";
    /// Ended sessions that had a server.
    pub const SERVER_SESSIONS: &str = "appgw_backend_sessions_total";
    /// Seconds that the server connections of ended sessions lasted, added up. Azure's Backend Session Duration is this
    /// divided by [`SERVER_SESSIONS`].
    pub const SERVER_SESSION_SECONDS: &str = "appgw_backend_session_seconds_total";
    /// Requests that a firewall policy was asked about.
    pub const FIREWALL_REQUESTS: &str = "appgw_waf_requests_total";
    /// What firewall policies found in them, one for each row of the firewall log, written or not; label `action`: one
    /// of [`firewall_action`](crate::access_log::firewall_action).
    pub const FIREWALL_ROWS: &str = "appgw_waf_rows_total";
    /// Second attempts at a server.
    pub const RETRIES: &str = "appgw_retries_total";
    /// Access-log lines that were dropped because the writer could not keep up or the disk refused them.
    pub const LOG_LINES_DROPPED: &str = "appgw_access_log_lines_dropped_total";
    /// The same of the firewall log, where it is a log of its own.
    pub const FIREWALL_LOG_LINES_DROPPED: &str = "appgw_waf_log_lines_dropped_total";
}

/// How many refusal reasons can be told apart. Reasons beyond count as the last one.
pub const MAX_REASONS: usize = 96;

/// A number with one writer. Adding costs a load, an addition and a store: no locked instruction.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds. Only the owning worker may call it; a second writer would lose counts.
    #[inline]
    pub fn add(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
    }

    /// Takes away (for what exists now). Only the owning worker may call it.
    #[inline]
    pub fn sub(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_sub(count), Ordering::Relaxed);
    }

    /// The present value.
    pub fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One worker's counters, on cache lines of their own so that workers do not slow each other.
#[derive(Debug)]
#[repr(align(128))]
pub struct WorkerCounters {
    /// [`names::REQUESTS`].
    pub requests: Counter,
    /// [`names::BYTES_RECEIVED`].
    pub bytes_received: Counter,
    /// [`names::BYTES_SENT`].
    pub bytes_sent: Counter,
    /// [`names::CLIENT_CONNECTIONS`].
    pub client_connections: Counter,
    /// [`names::CLIENT_CONNECTIONS_CURRENT`]; goes down as well.
    pub client_connections_current: Counter,
    /// [`names::BACKEND_OPENED`].
    pub backend_opened: Counter,
    /// [`names::BACKEND_REUSED`].
    pub backend_reused: Counter,
    /// [`names::BACKEND_CURRENT`]; goes down as well.
    pub backend_current: Counter,
    /// [`names::RETRIES`].
    pub retries: Counter,
    /// [`names::TUNNELS`].
    pub tunnels: Counter,
    /// [`names::TUNNELS_CURRENT`]; goes down as well.
    pub tunnels_current: Counter,
    /// [`names::SESSIONS`]; see [`session_began`](Self::session_began).
    sessions: Counter,
    /// [`names::SESSIONS_CURRENT`]; goes down as well.
    sessions_current: Counter,
    /// [`names::SESSION_BYTES_RECEIVED`]; added to while bytes move.
    pub session_bytes_received: Counter,
    /// [`names::SESSION_BYTES_SENT`]; added to while bytes move.
    pub session_bytes_sent: Counter,
    /// [`names::SESSION_SECONDS`]. Microseconds: many sessions last less than a millisecond.
    session_micros: Counter,
    /// [`names::SERVER_SESSIONS`].
    server_sessions: Counter,
    /// [`names::SERVER_SESSION_SECONDS`].
    server_session_micros: Counter,
    /// [`names::FIREWALL_REQUESTS`].
    pub firewall_requests: Counter,
    /// Ticks of the worker, ten a second while it makes progress: what a watchdog looks at.
    pub ticks: Counter,
    /// By class: `[other, 1xx, 2xx, 3xx, 4xx, 5xx]`.
    responses: [Counter; 6],
    refused: [Counter; MAX_REASONS],
    /// [`names::SESSIONS_ENDED`], numbered as [`end_reason::ALL`].
    session_ends: [Counter; end_reason::ALL.len()],
    /// [`names::FIREWALL_ROWS`], numbered as [`firewall_action::ALL`].
    firewall_rows: [Counter; firewall_action::ALL.len()],
}

impl Default for WorkerCounters {
    fn default() -> Self {
        Self {
            requests: Counter::default(),
            bytes_received: Counter::default(),
            bytes_sent: Counter::default(),
            client_connections: Counter::default(),
            client_connections_current: Counter::default(),
            backend_opened: Counter::default(),
            backend_reused: Counter::default(),
            backend_current: Counter::default(),
            retries: Counter::default(),
            tunnels: Counter::default(),
            tunnels_current: Counter::default(),
            sessions: Counter::default(),
            sessions_current: Counter::default(),
            session_bytes_received: Counter::default(),
            session_bytes_sent: Counter::default(),
            session_micros: Counter::default(),
            server_sessions: Counter::default(),
            server_session_micros: Counter::default(),
            firewall_requests: Counter::default(),
            ticks: Counter::default(),
            responses: std::array::from_fn(|_| Counter::default()),
            refused: std::array::from_fn(|_| Counter::default()),
            session_ends: std::array::from_fn(|_| Counter::default()),
            firewall_rows: std::array::from_fn(|_| Counter::default()),
        }
    }
}

impl WorkerCounters {
    /// Counts a response to a client by its class.
    #[inline]
    pub fn response(&self, status: u16) {
        let class = usize::from(status / 100);
        self.responses[if class < 6 { class } else { 0 }].add(1);
    }

    /// Counts a request that the gateway refused, by the number of its reason in the registry's list.
    #[inline]
    pub fn refusal(&self, reason: usize) {
        self.refused[reason.min(MAX_REASONS - 1)].add(1);
    }

    /// Counts a thing that the firewall found, by the word for what was done: one of [`firewall_action`]; others count
    /// as `other`.
    pub fn firewall_row(&self, action: &str) {
        self.firewall_rows[firewall_action::number(action)].add(1);
    }

    /// Counts a TCP or TLS session that began: a client connection that was accepted. Each is to end with
    /// [`session_ended`](Self::session_ended), also where it is refused at once.
    pub fn session_began(&self) {
        self.sessions.add(1);
        self.sessions_current.add(1);
    }

    /// Counts the end of a session: its reason, one of [`end_reason`] (others count as `internal`), how long it lasted,
    /// and how long its server connection did, `None` where there was no connection to a server.
    pub fn session_ended(&self, end_reason: &str, lasted: Duration, server_lasted: Option<Duration>) {
        let last = end_reason::ALL.len() - 1;
        let number = end_reason::ALL.iter().position(|&known| known == end_reason).unwrap_or(last);
        self.session_ends[number].add(1);
        self.sessions_current.sub(1);
        self.session_micros.add(micros(lasted));
        if let Some(lasted) = server_lasted {
            self.server_sessions.add(1);
            self.server_session_micros.add(micros(lasted));
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// All workers' counters.
#[derive(Debug)]
pub struct Metrics {
    reasons: &'static [&'static str],
    workers: Mutex<Vec<Arc<WorkerCounters>>>,
}

impl Metrics {
    /// A registry whose refusal reasons are numbered as in the list (at most [`MAX_REASONS`]).
    pub fn new(reasons: &'static [&'static str]) -> Self {
        debug_assert!(reasons.len() <= MAX_REASONS, "raise MAX_REASONS");
        Self { reasons, workers: Mutex::new(Vec::new()) }
    }

    /// Counters for one more worker. They stay in the sums when the worker ends.
    pub fn worker(&self) -> Arc<WorkerCounters> {
        let counters = Arc::new(WorkerCounters::default());
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counters));
        counters
    }

    /// The sums over all workers.
    pub fn totals(&self) -> Totals {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |pick: &dyn Fn(&WorkerCounters) -> &Counter| {
            workers.iter().fold(0_u64, |sum, worker| sum.wrapping_add(pick(worker).load()))
        };
        Totals {
            requests: sum(&|w| &w.requests),
            responses: std::array::from_fn(|class| sum(&|w| &w.responses[class])),
            refused: (self.reasons.iter().enumerate())
                .map(|(number, &reason)| (reason, sum(&|w| &w.refused[number.min(MAX_REASONS - 1)])))
                .filter(|&(_, count)| count > 0)
                .collect(),
            bytes_received: sum(&|w| &w.bytes_received),
            bytes_sent: sum(&|w| &w.bytes_sent),
            client_connections: sum(&|w| &w.client_connections),
            client_connections_current: sum(&|w| &w.client_connections_current),
            backend_opened: sum(&|w| &w.backend_opened),
            backend_reused: sum(&|w| &w.backend_reused),
            backend_current: sum(&|w| &w.backend_current),
            retries: sum(&|w| &w.retries),
            tunnels: sum(&|w| &w.tunnels),
            tunnels_current: sum(&|w| &w.tunnels_current),
            sessions: sum(&|w| &w.sessions),
            sessions_current: sum(&|w| &w.sessions_current),
            session_ends: (end_reason::ALL.iter().enumerate())
                .map(|(number, &reason)| (reason, sum(&|w| &w.session_ends[number])))
                .filter(|&(_, count)| count > 0)
                .collect(),
            session_bytes_received: sum(&|w| &w.session_bytes_received),
            session_bytes_sent: sum(&|w| &w.session_bytes_sent),
            session_micros: sum(&|w| &w.session_micros),
            server_sessions: sum(&|w| &w.server_sessions),
            server_session_micros: sum(&|w| &w.server_session_micros),
            firewall_requests: sum(&|w| &w.firewall_requests),
            firewall_rows: (firewall_action::ALL.iter().enumerate())
                .map(|(number, &action)| (action, sum(&|w| &w.firewall_rows[number])))
                .filter(|&(_, count)| count > 0)
                .collect(),
        }
    }
}

/// Sums over all workers at one moment. Not one instant: workers go on counting while they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// [`names::REQUESTS`].
    pub requests: u64,
    /// [`names::RESPONSES`]: `[other, 1xx, 2xx, 3xx, 4xx, 5xx]`.
    pub responses: [u64; 6],
    /// [`names::REFUSED`]: reasons that occurred, in the registry's order.
    pub refused: Vec<(&'static str, u64)>,
    /// [`names::BYTES_RECEIVED`].
    pub bytes_received: u64,
    /// [`names::BYTES_SENT`].
    pub bytes_sent: u64,
    /// [`names::CLIENT_CONNECTIONS`].
    pub client_connections: u64,
    /// [`names::CLIENT_CONNECTIONS_CURRENT`].
    pub client_connections_current: u64,
    /// [`names::BACKEND_OPENED`].
    pub backend_opened: u64,
    /// [`names::BACKEND_REUSED`].
    pub backend_reused: u64,
    /// [`names::BACKEND_CURRENT`].
    pub backend_current: u64,
    /// [`names::RETRIES`].
    pub retries: u64,
    /// [`names::TUNNELS`].
    pub tunnels: u64,
    /// [`names::TUNNELS_CURRENT`].
    pub tunnels_current: u64,
    /// [`names::SESSIONS`].
    pub sessions: u64,
    /// [`names::SESSIONS_CURRENT`].
    pub sessions_current: u64,
    /// [`names::SESSIONS_ENDED`]: reasons that occurred, in the order of [`end_reason::ALL`].
    pub session_ends: Vec<(&'static str, u64)>,
    /// [`names::SESSION_BYTES_RECEIVED`].
    pub session_bytes_received: u64,
    /// [`names::SESSION_BYTES_SENT`].
    pub session_bytes_sent: u64,
    /// [`names::SESSION_SECONDS`], in microseconds.
    pub session_micros: u64,
    /// [`names::SERVER_SESSIONS`].
    pub server_sessions: u64,
    /// [`names::SERVER_SESSION_SECONDS`], in microseconds.
    pub server_session_micros: u64,
    /// [`names::FIREWALL_REQUESTS`].
    pub firewall_requests: u64,
    /// [`names::FIREWALL_ROWS`]: actions that occurred, in the order of [`firewall_action::ALL`].
    pub firewall_rows: Vec<(&'static str, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_the_sums_over_the_workers() {
        let metrics = Metrics::new(&["no_host", "no_server", "never"]);
        let (one, two) = (metrics.worker(), metrics.worker());
        one.requests.add(3);
        two.requests.add(4);
        one.response(200);
        two.response(204);
        two.response(502);
        one.response(999);
        two.refusal(1);
        one.client_connections_current.add(5);
        one.client_connections_current.sub(2);
        drop(one);

        let totals = metrics.totals();
        assert_eq!(totals.requests, 7);
        assert_eq!(totals.responses, [1, 0, 2, 0, 0, 1]);
        assert_eq!(totals.refused, [("no_server", 1)]);
        assert_eq!(totals.client_connections_current, 3);
    }

    #[test]
    fn a_reason_beyond_the_list_counts_as_the_last() {
        let counters = WorkerCounters::default();
        counters.refusal(1000);
        assert_eq!(counters.refused[MAX_REASONS - 1].load(), 1);
    }

    #[test]
    fn sessions_are_counted_from_their_beginning_to_their_end() {
        let metrics = Metrics::new(&[]);
        let (one, two) = (metrics.worker(), metrics.worker());
        one.session_began();
        one.session_began();
        two.session_began();
        one.session_bytes_received.add(10);
        two.session_bytes_sent.add(20);
        one.session_ended(end_reason::CLOSED, Duration::from_micros(400), Some(Duration::from_micros(300)));
        two.session_ended(end_reason::NO_LIVE_SERVER, Duration::from_micros(700), None);

        let totals = metrics.totals();
        assert_eq!((totals.sessions, totals.sessions_current), (3, 1));
        assert_eq!(totals.session_ends, [("closed", 1), ("no_live_server", 1)]);
        assert_eq!((totals.session_bytes_received, totals.session_bytes_sent), (10, 20));
        assert_eq!((totals.session_micros, totals.server_sessions, totals.server_session_micros), (1_100, 1, 300));
    }

    #[test]
    fn an_end_that_no_list_names_counts_as_internal() {
        let metrics = Metrics::new(&[]);
        let worker = metrics.worker();
        worker.session_began();
        worker.session_ended("what is this", Duration::ZERO, None);
        assert_eq!(metrics.totals().session_ends, [(end_reason::INTERNAL, 1)]);
    }

    #[test]
    fn findings_of_the_firewall_are_counted_by_what_was_done() {
        let metrics = Metrics::new(&[]);
        let (one, two) = (metrics.worker(), metrics.worker());
        one.firewall_requests.add(2);
        two.firewall_requests.add(1);
        for action in ["Matched", "Blocked", "JSChallengeIssued", "Matched"] {
            one.firewall_row(action);
        }
        two.firewall_row("Matched");
        two.firewall_row("matched");
        let totals = metrics.totals();
        assert_eq!(totals.firewall_requests, 3);
        let expected = [("Blocked", 1), ("Matched", 3), ("JSChallengeIssued", 1), ("other", 1)];
        assert_eq!(totals.firewall_rows, expected);
    }

    #[test]
    fn workers_do_not_share_cache_lines() {
        assert_eq!(align_of::<WorkerCounters>(), 128);
        assert_eq!(size_of::<WorkerCounters>() % 128, 0);
    }
}
