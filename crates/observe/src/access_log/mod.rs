//! The access log: one row for each request and for each TCP or TLS session, as Azure writes them, plus fields of our
//! own. And the firewall log: one row for each thing that the firewall found, among those rows or in a log of its own.
//!
//! A worker writes a row as text straight into a buffer of its own ([`WorkerLog::record`], [`WorkerLog::session`],
//! [`WorkerLog::firewall`]); full buffers and, ten times a second, half-full ones go to one writer thread
//! ([`AccessLog`]). A worker never waits for the log: where the writer cannot keep up, rows are dropped and counted.
//! Request and response fields such as `Authorization`, `Cookie` and `Set-Cookie` cannot be logged: a record of a
//! request has no place for them. What a rule of the firewall found in them can ([`FirewallRecord::detail_data`]),
//! unless its policy hides it.
//!
//! Extension fields of requests, absent from Azure's rows: `reason` (our own word for why the gateway answered itself;
//! left out when it did not), `reasonDetail` (what was seen and expected, where there is more to say) and
//! `pathRuleName` (left out for basic rules and a path map's default). Those of sessions: [`SessionRecord`].

pub mod end_reason;
pub mod error_info;
mod escape;
mod firewall;
pub mod firewall_action;
mod json;
mod labels;
mod line;
mod mask;
mod record;
mod session;
mod sink;
mod text;
mod worker;

pub use firewall::FirewallRecord;
pub use labels::{Labels, Names};
pub use mask::MaskedParameters;
pub use record::{AccessRecord, HttpVersion, TlsInfo, Waf, WafMode};
pub use session::SessionRecord;
pub use sink::{AccessLog, Config, Format, LogState, Target};
pub use worker::WorkerLog;
