//! The journey of a request: from an accepted connection to its row in the access log.
//!
//! The only place that knows the order of the steps (`http/exchange.rs`). It reads the snapshot and never the model,
//! and does its work on one thread per core that shares nothing with the others but the snapshot pointer.

pub mod buffer;
pub mod failure;
pub mod http;
pub mod io;
pub mod serve;
pub mod tcp;
pub mod timer;
pub mod tls;
pub mod view;
pub mod worker;
