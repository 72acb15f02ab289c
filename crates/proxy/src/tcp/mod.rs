//! Sessions of TCP and TLS: one client connection, one server connection, bytes both ways.
//!
//! [`session`] knows the order of the steps: who comes (a PROXY header, a TLS handshake, or the name in a client's own
//! hello), where it goes ([`select`]), the server ([`dial`]), the bytes ([`relay`]), the end ([`close`]) and the row
//! ([`row`]). Nothing is kept for another client.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview) and "Client IP preservation"
//! (proxy-protocol-header), read 2026-11-22. What those pages leave open is in docs/parity.md.

pub mod session;

mod close;
mod dial;
mod end;
mod hello;
mod relay;
mod row;
mod sealed;
mod select;
