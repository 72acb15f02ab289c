//! A gateway in front of real servers: one listener for each way through it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::document::Document;
use crate::gateway::Gateway;
use crate::session_row::SessionRow;
use crate::wait::until_true;

use super::certificates;

/// A way through the gateway: a listener, a rule and settings that bear one name.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The name.
    pub name: &'a str,
    /// Whether the gateway ends the client's TLS.
    pub client_tls: bool,
    /// Whether it begins TLS to the server.
    pub server_tls: bool,
    /// The server's port.
    pub port: u16,
    /// Further properties of the listener.
    pub listener: &'a str,
    /// Further properties of the settings.
    pub settings: &'a str,
    /// Further extensions of the settings.
    pub extension: &'a str,
}

impl<'a> Way<'a> {
    /// Bytes as they are.
    pub fn through(name: &'a str, port: u16) -> Self {
        Self { name, client_tls: false, server_tls: false, port, listener: "", settings: "", extension: "" }
    }

    /// TLS ends at the gateway.
    pub fn offload(name: &'a str, port: u16) -> Self {
        Self { client_tls: true, ..Self::through(name, port) }
    }
}

/// Bytes between two changes.
const BETWEEN: u64 = 20_000;
/// The most changes at a time.
const CHANGES: u16 = 20;

/// A session that a change ends by mistake is gone after a second.
const DRAIN: &str = "drainTimeoutInSec: 1";
/// Longer than that, however coarse the clock of drains.
const AFTER_DRAIN: Duration = Duration::from_millis(2500);

/// A gateway whose listeners lead to servers on this machine.
pub struct Front<'a> {
    ways: Vec<Way<'a>>,
    base: Document,
    /// The gateway.
    pub gateway: Gateway,
}

impl<'a> Front<'a> {
    /// Starts it, with the certificates of [`certificates`].
    #[track_caller]
    pub fn start(ways: &[Way<'a>]) -> Self {
        let base = Document::empty()
            .section("httpListeners", "[]")
            .section("requestRoutingRules", "[]")
            .section("backendHttpSettingsCollection", "[]")
            .section("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 127.0.0.1}]}]")
            .certificate("cert", &certificates::front())
            .root("root", certificates::servers().pem());
        let gateway = Gateway::start(&with(base.clone(), ways));
        Self { ways: ways.to_vec(), base, gateway }
    }

    /// Where a way begins.
    #[track_caller]
    pub fn address(&self, way: &str) -> SocketAddr {
        self.gateway.address(way)
    }

    /// Its port, as clients take it.
    #[track_caller]
    pub fn port(&self, way: &str) -> String {
        self.address(way).port().to_string()
    }

    /// Makes several changes, and waits for as long as sessions would have that one of them ended.
    #[track_caller]
    pub fn change_and_outlast(&self) {
        (1..=5).for_each(|number| self.change(number));
        std::thread::sleep(AFTER_DRAIN);
    }

    /// Changes what has nothing to do with any session so far: in place of the last such way there is another, to a
    /// server that is not there.
    #[track_caller]
    pub fn change(&self, number: u16) {
        let name = format!("new{number}");
        let ways = [&self.ways[..], &[Way::through(&name, 9)]].concat();
        let (_, changes) = self.gateway.apply(&with(self.base.clone(), &ways)).unwrap();
        assert_eq!(changes.targets.added.len(), 1, "no change: {changes}");
    }

    /// Makes changes while somebody is at work, and between any two of them bytes of sessions pass. Returns how many
    /// there were.
    #[track_caller]
    pub fn change_while(&self, mut at_work: impl FnMut() -> bool) -> u16 {
        let passed = || {
            let counters = self.gateway.status().counters;
            counters.session_received_bytes + counters.session_sent_bytes
        };
        let mut count = 0;
        while count < CHANGES {
            let before = passed();
            until_true("bytes between two changes", || passed() > before + BETWEEN || !at_work());
            if !at_work() {
                return count;
            }
            count += 1;
            self.change(count);
        }
        count
    }

    /// Waits until all sessions have ended, and returns their rows. Panics when there were not so many, or when the
    /// gateway ended one.
    #[track_caller]
    pub fn ended(&self, count: usize) -> Vec<SessionRow> {
        until_true("all sessions to end", || self.gateway.status().counters.sessions_current == 0);
        let rows = self.gateway.session_rows(count);
        // A server that is told goodbye may go before it has read the end of TLS, and before the client's own end is
        // here: that is a reset.
        let ends = ["closed", "reset_after_end", "client_reset", "server_reset"];
        let by_programs = |row: &SessionRow| ends.contains(&&*row.end);
        for row in &rows {
            assert!(row.status == "200" && by_programs(row), "{}", row.row);
        }
        rows
    }
}

/// Listeners, settings and rules for these ways.
fn with(document: Document, ways: &[Way<'_>]) -> Document {
    let protocol = |is_tls| if is_tls { "Tls" } else { "Tcp" };
    let settings = |way: &Way<'_>| {
        let trust = if way.server_tls { "hostName: localhost, trustedRootCertificates: [root]" } else { "" };
        let own = format!("gatehouse: {{{}}}", joined(&[DRAIN, way.extension]));
        let (protocol, more) = (protocol(way.server_tls), joined(&["timeout: 60", trust, way.settings, &own]));
        format!("{{name: {}, port: {}, protocol: {protocol}, {more}}}", way.name, way.port)
    };
    let settings: Vec<_> = ways.iter().map(settings).collect();
    let certificate = |way: &Way<'_>| if way.client_tls { "sslCertificate: cert" } else { "" };
    let more: Vec<_> = ways.iter().map(|way| joined(&[certificate(way), way.listener])).collect();
    let listeners: Vec<_> = (7001..)
        .zip(ways.iter().zip(&more))
        .map(|(port, (way, more))| (way.name, port, protocol(way.client_tls), more.as_str()))
        .collect();
    let rules: Vec<_> = ways.iter().map(|way| (way.name, way.name, "pool", way.name)).collect();
    document
        .section("backendSettingsCollection", format!("[{}]", settings.join(", ")))
        .byte_listeners(&listeners)
        .byte_rules(&rules)
}

/// Properties with commas between them.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().filter(|part| !part.is_empty()).copied().collect();
    parts.join(", ")
}
