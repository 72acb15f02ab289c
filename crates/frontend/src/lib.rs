//! The client's side: listening sockets, and the accepting of connections.
//!
//! Each worker has a listening socket of its own on every address (SO_REUSEPORT); the kernel spreads connections over
//! them. Knows nothing of HTTP.

pub mod accept;
pub mod listener;

pub use accept::accept;
pub use listener::{BindError, bind};
