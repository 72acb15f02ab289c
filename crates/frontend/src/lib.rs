//! The client's side: listening sockets, the accepting of connections, and what proxies before us say of them.
//!
//! Each worker has a listening socket of its own on every address (SO_REUSEPORT); the kernel spreads connections over
//! them. Knows nothing of HTTP.

pub mod accept;
pub mod listener;
pub mod proxy_protocol;

pub use accept::accept;
pub use listener::{BindError, KEEPALIVE, bind};
