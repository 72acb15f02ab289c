//! Managing a running gateway: status, health, reload.
//!
//! For now over a unix socket that only its owner can open: one JSON object in, one out, each on a line. The gateway
//! hands in a [`Control`]; this crate knows neither the data plane nor how a reload is done.

mod client;
mod protocol;
mod server;

pub use client::{RequestError, request};
pub use protocol::{Reloaded, Request, Response};
pub use server::{Control, ServeError, serve};
