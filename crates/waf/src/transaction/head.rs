//! What a request says before its body.

use std::net::IpAddr;

/// The head of a request, apart from its header fields.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h> {
    /// `GET`.
    pub method: &'h [u8],
    /// The target as received: path and query, absolute form, authority or `*`.
    pub target: &'h [u8],
    /// `HTTP/1.1`; `HTTP/2.0` for requests that come over HTTP/2.
    pub protocol: &'h str,
    /// The client.
    pub remote: IpAddr,
    /// The client's port.
    pub remote_port: u16,
    /// What this request is called in logs.
    pub unique_id: &'h str,
}
