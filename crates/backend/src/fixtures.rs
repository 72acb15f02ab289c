//! Snapshots and resolvers for this crate's tests.

pub(crate) mod name_server;
pub(crate) mod secured;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use snapshot::{AffinityKey, HostHeader, Member, Pool, Probe, ProbeMatch, Scheme, Settings, Snapshot, Target};

use crate::affinity::Marker;
use crate::dns::{Found, Lookup, LookupError, LookupFuture};
use crate::health::Verdicts;
use crate::server::Server;
use crate::target::TargetKey;

/// The default probe, quicker: every 5 s, 4 s at most, two failures.
pub(crate) fn probe() -> Probe {
    Probe {
        name: None,
        host: None,
        path: "/health".into(),
        port: None,
        host_port: false,
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(4),
        unhealthy_threshold: 2,
        min_servers: 0,
        accept: ProbeMatch::default(),
        user_agent: "test-probe".into(),
        proxy_header: None,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        name: "plain".into(),
        port: 80,
        scheme: Scheme::Http,
        tls: None,
        request_timeout: Duration::from_secs(20),
        path: None,
        host: HostHeader::Client,
        affinity: None,
        dedicated: false,
        drains_unhealthy: false,
        drain_timeout: Duration::from_secs(30),
        proxy_header: None,
    }
}

/// Settings of TCP or TLS.
pub(crate) fn bytes(scheme: Scheme) -> Settings {
    Settings { scheme, dedicated: true, drains_unhealthy: true, ..settings() }
}

/// What the marks of servers are made with in tests that look at single servers.
pub(crate) fn marked<T>(make: impl FnOnce(&Marker<'_>) -> T) -> T {
    let key = TargetKey { pool: "pool".into(), settings: "plain".into() };
    make(&Marker::new(&key, &AffinityKey(Arc::from(*b"secret"))))
}

/// A server at port 80 that no probe has seen.
pub(crate) fn server(ip: &str, name: Option<&str>) -> Server {
    marked(|marker| Server::new(marker, ip.parse().unwrap(), 80, name.map(Arc::from), Verdicts::new(false)))
}

/// One pool `pool` with one settings object `plain`. Members that are no addresses are names.
pub(crate) fn snapshot(members: &[&str], settings: Settings, probe: Probe) -> Snapshot {
    let member = |text: &&str| match text.parse::<IpAddr>() {
        Ok(ip) => Member::Address(ip),
        Err(_) => Member::Name(Arc::from(*text)),
    };
    let mut snapshot = Snapshot::default();
    let pool = snapshot.pools.push(Pool { name: "pool".into(), members: members.iter().map(member).collect() });
    let settings = snapshot.settings.push(settings);
    snapshot.targets.push(Target { pool, settings, probe });
    snapshot
}

/// A resolver that answers from a table and counts.
#[derive(Default)]
pub(crate) struct Zone {
    answers: Mutex<HashMap<String, Found>>,
    asked: Mutex<Vec<String>>,
    has_changed: AtomicBool,
}

impl Zone {
    pub(crate) fn set(&self, name: &str, addresses: &[&str], ttl: u64) {
        let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.answer(name, Found::addresses(&addresses, Duration::from_secs(ttl)));
    }

    pub(crate) fn fail(&self, name: &str, error: &str) {
        self.answer(name, Found::failed(LookupError::new(error)));
    }

    pub(crate) fn answer(&self, name: &str, found: Found) {
        self.answers.lock().unwrap().insert(name.to_owned(), found);
    }

    /// Has every name looked up again.
    pub(crate) fn announce_change(&self) {
        self.has_changed.store(true, Ordering::Relaxed);
    }

    /// How often anything was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Lookup for Zone {
    fn lookup(&self, name: Arc<str>) -> LookupFuture {
        self.asked.lock().unwrap().push(name.to_string());
        let answer = self.answers.lock().unwrap().get(&*name).cloned();
        Box::pin(async move { answer.unwrap_or_else(|| Found::failed(LookupError::new("no such name"))) })
    }

    fn has_changed(&self) -> bool {
        self.has_changed.swap(false, Ordering::Relaxed)
    }
}
