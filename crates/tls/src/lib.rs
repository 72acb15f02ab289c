//! Certificates, TLS policies, client authentication and TLS to servers.
//!
//! Pure: no sockets, no files, and the time comes in as an argument. The one clock is that of session tickets, whose
//! keys change with it.

pub mod acceptor;
pub mod certificate;
pub mod client_auth;
pub mod connector;
pub mod hello;
pub mod ja4;
pub mod policy;
pub mod revocation;
pub mod tickets;
pub mod trust;

mod anchors;
mod calendar;
mod chain;
mod der;
mod signature;

#[cfg(test)]
mod fixtures;
