//! Whole-gateway tests on real sockets: one gateway, fake servers and raw clients in each test.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::type_complexity, reason = "the row of a table has the type that the table gives it")]

mod access_log;
mod affinity;
mod answers;
mod balance;
mod bodies;
mod buffering;
mod change;
mod dedicated;
mod distribution;
mod dns;
mod drain_cuts;
mod draining;
mod error_pages;
mod events;
mod firewall;
mod forwarded;
mod h2;
mod hosts;
mod limits;
mod messages;
mod override_path;
mod paths;
mod pooled;
mod probes;
mod redirects;
mod retries;
mod rewrites;
mod tcp;
mod tcp_tls;
mod timeouts;
mod tls;
mod tokens;
mod tunnel;
mod websocket;
