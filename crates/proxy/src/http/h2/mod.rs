//! HTTP/2 with clients (RFC 9113), on the `h2` crate: frames, header compression and flow control are its work. Here:
//! what a connection may cost, and each stream as an exchange like any other.

pub mod budget;
pub mod connection;
pub mod down;
pub mod ends;
pub mod meter;
pub mod request;
