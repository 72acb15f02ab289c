//! HTTP/1.1 and HTTP/1.0 with clients.

pub mod connection;
pub mod ends;
pub mod request;
