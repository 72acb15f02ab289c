//! The load of each row.

use crate::backend::{LARGE_BODY, SMALL_BODY};
use crate::cli::{Cli, Row};
use crate::load::{Shape, Tls};
use crate::sessions::Task;

/// Hosts of the row `many-routes`.
pub(crate) const MANY_HOSTS: u32 = 1_000;
/// Path rules per host of the row `many-routes`.
pub(crate) const MANY_PATHS: u32 = 100;

/// The load of a row.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// Connections kept busy.
    pub(crate) connections: usize,
    /// Requests (or round trips, short sessions, 1,000 bytes of a stream) before counting.
    pub(crate) warmup: u64,
    /// The same, counted per round.
    pub(crate) requests: u64,
    /// What is asked for.
    pub(crate) shape: Shape,
    /// Cookies that clients send beside their own.
    pub(crate) cookie: String,
    /// Expected body length.
    pub(crate) body: usize,
    /// A new connection for each request.
    pub(crate) reconnect: bool,
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Tls>,
    /// HTTP/2 with so many streams at once on each connection; HTTP/1.1 without.
    pub(crate) streams: Option<usize>,
    /// What sessions do, where there are sessions and no requests.
    pub(crate) task: Option<Task>,
    /// Whether TLS is spoken to servers.
    pub(crate) tls_to_servers: bool,
    /// Idle connections at the end.
    pub(crate) idle: usize,
    /// Instructions are counted, not time.
    pub(crate) counts_instructions: bool,
}

impl Work {
    /// The load of a row.
    pub(crate) fn of(row: Row, cli: &Cli) -> Work {
        let plain = Work {
            connections: 64,
            warmup: 20_000,
            requests: 100_000,
            shape: Shape::One { host: "h0.bench.test".into(), path: "/p0/page?id=1".into() },
            cookie: String::new(),
            body: SMALL_BODY,
            reconnect: false,
            tls: None,
            streams: None,
            task: None,
            tls_to_servers: false,
            idle: 0,
            counts_instructions: false,
        };
        let work = plain.of_plain_row(row, cli).with_protocols(row);
        if cli.quick && !work.counts_instructions && work.idle == 0 { work.quicker() } else { work }
    }

    /// Connections, requests and bodies of a row.
    fn of_plain_row(self, row: Row, cli: &Cli) -> Work {
        match row {
            Row::Keepalive64 | Row::Floor | Row::Https64 | Row::Features => self,
            Row::Keepalive512 => Work { connections: 512, ..self },
            Row::Large100k | Row::HttpsLarge100k => Work {
                warmup: 4_000,
                requests: 30_000,
                shape: Shape::One { host: "h0.bench.test".into(), path: "/large/file".into() },
                body: LARGE_BODY,
                ..self
            },
            Row::NewConnection | Row::HttpsFullHandshake | Row::HttpsResumed => {
                Work { warmup: 4_000, requests: 20_000, reconnect: true, ..self }
            }
            Row::ManyRoutes => {
                Work { requests: 60_000, shape: Shape::Many { hosts: MANY_HOSTS, paths: MANY_PATHS }, ..self }
            }
            Row::H2Streams => Work { connections: 8, ..self },
            Row::IdleMemory | Row::HttpsIdleMemory | Row::H2IdleMemory => {
                Work { warmup: 2_000, requests: 10_000, idle: cli.idle_connections as usize, ..self }
            }
            Row::TcpStream | Row::TlsStream | Row::TlsToTlsStream => self.of_streams(Task::Download),
            Row::TcpStreamUp | Row::TlsStreamUp => self.of_streams(Task::Upload),
            Row::TcpStreamBoth => self.of_streams(Task::Both),
            Row::TcpRoundTrip | Row::TlsRoundTrip | Row::TlsToTlsRoundTrip => {
                Work { requests: 200_000, task: Some(Task::RoundTrips), ..self }
            }
            Row::TcpConnect => Work { warmup: 4_000, requests: 20_000, task: Some(Task::Short), ..self },
            Row::TcpIdle | Row::TlsIdle => Work {
                warmup: 2_000,
                requests: 10_000,
                task: Some(Task::RoundTrips),
                idle: cli.idle_connections as usize,
                ..self
            },
            Row::TcpInstructions | Row::TlsInstructions => Work {
                connections: 8,
                warmup: 0,
                requests: 2_000,
                task: Some(Task::RoundTrips),
                counts_instructions: true,
                ..self
            },
            Row::Instructions | Row::FeaturesInstructions | Row::HttpsInstructions | Row::H2Instructions => {
                Work { connections: 8, warmup: 0, requests: 2_000, counts_instructions: true, ..self }
            }
        }
    }

    /// A few streams: of 10 GB the fastest proxy has a second's work.
    fn of_streams(self, task: Task) -> Work {
        Work { connections: 4, warmup: 400_000, requests: 10_000_000, task: Some(task), ..self }
    }

    /// What a row's clients speak, and its servers.
    fn with_protocols(self, row: Row) -> Work {
        /// Streams at once of an HTTP/2 connection.
        const STREAMS: usize = 32;
        match row {
            Row::Https64
            | Row::HttpsFullHandshake
            | Row::HttpsLarge100k
            | Row::HttpsIdleMemory
            | Row::HttpsInstructions
            | Row::TlsRoundTrip
            | Row::TlsIdle
            | Row::TlsInstructions => Work { tls: Some(Tls::Full), ..self },
            Row::HttpsResumed => Work { tls: Some(Tls::Resumed), ..self },
            Row::TlsStream | Row::TlsStreamUp => Work { tls: Some(Tls::Full), ..self.shorter() },
            Row::TlsToTlsStream => Work { tls: Some(Tls::Full), tls_to_servers: true, ..self.shorter() },
            Row::TlsToTlsRoundTrip => Work { tls: Some(Tls::Full), tls_to_servers: true, ..self },
            Row::H2Streams | Row::H2IdleMemory | Row::H2Instructions => {
                Work { tls: Some(Tls::Full), streams: Some(STREAMS), ..self }
            }
            _ => self,
        }
    }

    /// What takes a proxy several times as long for each byte.
    fn shorter(self) -> Work {
        Work { requests: self.requests * 2 / 5, ..self }
    }

    fn quicker(self) -> Work {
        Work { warmup: self.warmup / 5, requests: self.requests / 5, ..self }
    }
}
