//! What a policy sees of a request before its body.

use std::net::IpAddr;

/// The head of a request, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// `GET`.
    pub method: &'r [u8],
    /// Path and query as received.
    pub target: &'r [u8],
    /// `HTTP/1.1`; `HTTP/2.0` over HTTP/2.
    pub protocol: &'r str,
    /// The client.
    pub client: IpAddr,
    /// The client's port.
    pub client_port: u16,
    /// Header fields in their order, names as received.
    pub headers: &'r [(&'r [u8], &'r [u8])],
    /// What the request is called in logs.
    pub id: &'r str,
}

impl<'r> Request<'r> {
    /// The values of a header field, in their order; names do not care for case.
    pub fn header<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'r [u8]> + 's {
        let same = |field: &&(&[u8], &[u8])| field.0.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(same).map(|field| field.1)
    }

    /// The query as received, without `?`; empty where there is none.
    pub fn query(&self) -> &'r [u8] {
        let at = self.target.iter().position(|byte| *byte == b'?');
        at.and_then(|at| self.target.get(at + 1..)).unwrap_or_default()
    }
}
