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
    close: bool,
    random: u64,
    text: Vec<u8>,
    /// Everything after the `Host` line.
    rest: String,
}

impl Requests {
    /// A writer for a shape; `close` asks the proxy to close after each.
    pub(crate) fn new(shape: Shape, close: bool) -> Requests {
        let connection = if close { "Connection: close\r\n" } else { "" };
        let rest = format!(
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
             Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
             Accept-Encoding: gzip, deflate, br\r\n\
             Cookie: session=5f3c1b2e9d7a4c60; theme=light\r\n{connection}\r\n"
        );
        let mut requests = Requests { shape, close, random: 0x9e37_79b9_7f4a_7c15, text: Vec::new(), rest };
        if let Shape::One { host, path } = requests.shape.clone() {
            requests.write(&host, &path);
        }
        requests
    }

    /// Whether each request asks for its connection to be closed.
    pub(crate) fn closing(&self) -> bool {
        self.close
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
        let mut requests = Requests::new(Shape::Many { hosts: 1, paths: 1 }, false);
        let text = String::from_utf8(requests.next().to_vec()).expect("requests are ASCII");
        assert!(text.starts_with(&format!("GET {}item?id=0 HTTP/1.1\r\nHost: {}\r\n", path_prefix(0), host_name(0))));
    }

    #[test]
    fn a_request_has_the_size_of_a_browsers() {
        let shape = Shape::One { host: "www.bench.test".into(), path: "/".into() };
        let length = Requests::new(shape, false).next().len();
        assert!((250..=400).contains(&length), "{length} bytes");
    }
}
