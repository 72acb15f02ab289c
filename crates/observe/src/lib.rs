//! What the gateway remembers and shows: transaction ids, the coarse clock, the access log, counters, the status board.
//!
//! It stands beside the road of a request, not on it: every step hands facts over and goes on. It records and shows and
//! decides nothing, and it knows neither configuration nor sockets of the data path.

pub mod access_log;
pub mod clock;
pub mod id;
pub mod metrics;
pub mod status;

pub use access_log::{AccessLog, AccessRecord, FirewallRecord, Labels, SessionRecord, WorkerLog};
pub use clock::{Clock, Stamp};
pub use id::{Rng, TransactionId};
pub use metrics::{Metrics, WorkerCounters};
