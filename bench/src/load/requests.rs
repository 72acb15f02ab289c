//! What the load generator asks for: headers as a browser sends them, about 300 bytes.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

/// Which hosts and paths are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Always the same host and path.
    One {
        /// The host.
        host: String,
        /// The path.
        path: String,
    },
    /// Pseudo-randomly one of many hosts and one of many paths.
    Many {
        /// Number of hosts.
        hosts: u32,
        /// Number of path rules per host.
        paths: u32,
    },
}

/// A header field of every request.
pub(super) struct Field {
    /// The name.
    pub(super) name: &'static str,
    /// The name's place in the static table of RFC 7541.
    pub(super) index: u8,
    /// The value.
    pub(super) value: &'static str,
}

/// Header fields of every request, after the host.
pub(super) const FIELDS: [Field; 4] = [
    Field {
        name: "User-Agent",
        index: 58,
        value: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    },
    Field { name: "Accept", index: 19, value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" },
    Field { name: "Accept-Encoding", index: 16, value: "gzip, deflate, br" },
    Field { name: "Cookie", index: 32, value: "session=5f3c1b2e9d7a4c60; theme=light" },
];

/// The name of host number `n`.
pub(crate) fn host_name(n: u32) -> String {
    format!("h{n}.bench.test")
}

/// The path prefix of path rule number `n`, with its slashes.
pub(crate) fn path_prefix(n: u32) -> String {
    format!("/p{n}/")
}

/// Writes requests, one after the other.
pub(crate) struct Requests {
    shape: Shape,
    random: u64,
    text: Vec<u8>,
    /// Everything after the `Host` line.
    rest: String,
}

impl Requests {
    /// A writer for a shape, with cookies beside the usual ones; `close` asks the proxy to close after each.
    pub(crate) fn new(shape: Shape, cookie: &str, close: bool) -> Requests {
        let mut rest: String = FIELDS.iter().map(|field| format!("{}: {}\r\n", field.name, field.value)).collect();
        if !cookie.is_empty() {
            // The usual cookies stand last.
            rest.truncate(rest.trim_end().len());
            rest.push_str(&format!("; {cookie}\r\n"));
        }
        rest.push_str(if close { "Connection: close\r\n\r\n" } else { "\r\n" });
        let mut requests = Requests { shape, random: 0x9e37_79b9_7f4a_7c15, text: Vec::new(), rest };
        if let Shape::One { host, path } = requests.shape.clone() {
            requests.write(&host, &path);
        }
        requests
    }

    /// The next request's bytes.
    pub(crate) fn next(&mut self) -> &[u8] {
        if let Shape::Many { hosts, paths } = self.shape {
            // xorshift: the same sequence in every run and for every proxy.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let host = (self.random >> 33) % u64::from(hosts);
            let path = (self.random >> 11) % u64::from(paths);
            self.text.clear();
            let written =
                write!(self.text, "GET /p{path}/item?id={host} HTTP/1.1\r\nHost: h{host}.bench.test\r\n{}", self.rest);
            debug_assert!(written.is_ok(), "writing to memory cannot fail");
        }
        &self.text
    }

    fn write(&mut self, host: &str, path: &str) {
        self.text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{}", self.rest).into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_requests_use_the_names_that_the_configurations_use() {
        let mut requests = Requests::new(Shape::Many { hosts: 1, paths: 1 }, "", false);
        let text = String::from_utf8(requests.next().to_vec()).expect("requests are ASCII");
        assert!(text.starts_with(&format!("GET {}item?id=0 HTTP/1.1\r\nHost: {}\r\n", path_prefix(0), host_name(0))));
    }

    #[test]
    fn a_request_has_the_size_of_a_browsers() {
        let shape = Shape::One { host: "www.bench.test".into(), path: "/".into() };
        let length = Requests::new(shape.clone(), "", false).next().len();
        assert!((250..=400).contains(&length), "{length} bytes");
        let text = String::from_utf8(Requests::new(shape, "a=b", false).next().to_vec()).expect("requests are ASCII");
        assert!(text.ends_with("theme=light; a=b\r\n\r\n"), "{text}");
    }
}
