//! Names of pool members: where they are resolved, and their last good answers, kept over a restart. A gateway that
//! starts while no DNS server answers goes on with what the one before it knew.

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use backend::ProbeRunner;
use backend::dns::{KEPT_FOR, KnownName, Sources};
use model::site::{Site, name_server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::last_good::document_name;
use crate::{kept, terminal};

/// Names that are kept.
const MAX_NAMES: usize = 10_000;
/// The largest file that is read: so many names with as many addresses as are used.
const MAX_FILE: u64 = 32 << 20;
/// Answers that only became younger are kept so often.
const YOUNGER: Duration = Duration::from_secs(60);
/// Changes that come together are kept together.
const SETTLED: Duration = Duration::from_secs(1);

/// Where names are resolved, as the site file has it. Entries that mean nothing are problems, told elsewhere.
pub fn sources(site: Option<&Site>) -> Sources {
    let Some(dns) = site.and_then(|site| site.dns.as_ref()) else { return Sources::default() };
    let servers = |list: &[model::schema::Field<String>]| {
        list.iter().filter_map(|server| name_server(&server.value)).collect::<Vec<_>>()
    };
    let search: Vec<_> = dns.search.iter().map(|domain| domain.value.clone()).collect();
    Sources {
        servers: servers(&dns.servers),
        forward: dns.forward.iter().map(|(name, list)| (name.value.clone(), servers(&list.value))).collect(),
        search: (!search.is_empty()).then_some(search),
        ..Sources::default()
    }
}

/// The file with the last good answers of one document's names.
#[derive(Debug)]
pub struct KeptNames {
    path: PathBuf,
}

/// A name as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct KeptName {
    name: String,
    addresses: Vec<IpAddr>,
    /// Seconds since 1970.
    resolved: u64,
}

impl KeptNames {
    /// Where the names of the document of this path are kept.
    pub fn new(folder: &Path, document: &Path) -> Self {
        Self { path: folder.join(format!("names-{}.json", document_name(document))) }
    }

    /// What is kept and still to be believed.
    pub(crate) fn load(&self) -> Vec<KnownName> {
        self.load_at(SystemTime::now(), Instant::now())
    }

    fn load_at(&self, now: SystemTime, clock: Instant) -> Vec<KnownName> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
        let kept: Vec<KeptName> = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        kept.into_iter().take(MAX_NAMES).filter_map(|name| name.known(seconds(now), clock)).collect()
    }

    fn store(&self, names: &[KnownName]) -> io::Result<()> {
        self.store_at(names, SystemTime::now(), Instant::now())
    }

    fn store_at(&self, names: &[KnownName], now: SystemTime, clock: Instant) -> io::Result<()> {
        let kept = |name: &KnownName| KeptName {
            name: name.name.to_string(),
            addresses: name.addresses.clone(),
            resolved: seconds(now - clock.saturating_duration_since(name.resolved).min(KEPT_FOR)),
        };
        let kept: Vec<_> = names.iter().take(MAX_NAMES).map(kept).collect();
        kept::write(&self.path, &[&serde_json::to_vec(&kept)?])
    }
}

impl KeptName {
    /// As it is known now; `None` when it is too old, or from a time that has not come yet: the clock was set.
    fn known(self, now: u64, clock: Instant) -> Option<KnownName> {
        let age = Duration::from_secs(now.checked_sub(self.resolved)?);
        let resolved = clock.checked_sub(age).filter(|_| age < KEPT_FOR)?;
        Some(KnownName { name: Arc::from(self.name), addresses: self.addresses, resolved })
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Keeps what is known of names for as long as the gateway runs.
pub(crate) struct Keeper {
    pub(crate) kept: Arc<KeptNames>,
    pub(crate) probes: Arc<ProbeRunner>,
    /// Told when addresses have changed.
    pub(crate) changed: Arc<Notify>,
}

impl Keeper {
    pub(crate) async fn run(self) {
        let (mut last, mut fails) = (Vec::new(), false);
        loop {
            // Whichever is first.
            let _ = tokio::time::timeout(YOUNGER, self.changed.notified()).await;
            tokio::time::sleep(SETTLED).await;
            let known = self.probes.known_names();
            if known == last {
                continue;
            }
            let (kept, names) = (Arc::clone(&self.kept), known.clone());
            // A disk may be slow, and this is the thread of the probes.
            let stored = tokio::task::spawn_blocking(move || kept.store(&names)).await;
            let failure = stored.unwrap_or_else(|error| Err(io::Error::other(error))).err();
            if let Some(error) = failure.as_ref().filter(|_| !fails) {
                terminal::note(&format!("gatehouse: the addresses of names could not be kept on disk: {error}"));
            }
            fails = failure.is_some();
            last = known;
        }
    }
}

/// Keeps what is known at the end.
pub(crate) fn keep_last(kept: &KeptNames, probes: &ProbeRunner) {
    let known = probes.known_names();
    if !known.is_empty() {
        // Where the disk refuses, that was said before.
        let _ = kept.store(&known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, addresses: &[&str], resolved: Instant) -> KnownName {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        KnownName { name: Arc::from(name), addresses, resolved }
    }

    /// Names, addresses and ages in seconds.
    fn rows(names: &[KnownName], clock: Instant) -> Vec<(String, usize, u64)> {
        names
            .iter()
            .map(|name| (name.name.to_string(), name.addresses.len(), (clock - name.resolved).as_secs()))
            .collect()
    }

    #[test]
    fn answers_come_back_as_old_as_they_are_and_never_beyond_the_hour() {
        let folder = e2e::Folder::new();
        let kept = KeptNames::new(&folder.path("state"), Path::new("gateway.json"));
        let (now, clock) = (UNIX_EPOCH + Duration::from_secs(1_800_000_000), Instant::now());
        assert_eq!(kept.load_at(now, clock), []);
        let long_ago = clock.checked_sub(Duration::from_secs(1800)).unwrap();
        let names = [known("a.example", &["10.0.0.1", "::1"], clock), known("b.example", &["10.0.0.2"], long_ago)];
        kept.store_at(&names, now, clock).unwrap();
        let both = |a: u64, b: u64| vec![("a.example".to_owned(), 2, a), ("b.example".to_owned(), 1, b)];
        // Seconds that the new process begins later, and what it believes.
        let rows_later = [
            (0, both(0, 1800)),
            (1799, both(1799, 3599)),
            (1800, both(1800, 3600)[..1].to_vec()),
            (3599, both(3599, 0)[..1].to_vec()),
            (3600, vec![]),
        ];
        for (later, expected) in rows_later {
            let found = kept.load_at(now + Duration::from_secs(later), clock);
            assert_eq!(rows(&found, clock), expected, "{later}");
        }
        // The clock was set back meanwhile.
        assert_eq!(kept.load_at(now - Duration::from_secs(1), clock), rows_from_the_past(&names));
    }

    /// What a clock that was set back leaves: names that are older than what it shows now.
    fn rows_from_the_past(names: &[KnownName]) -> Vec<KnownName> {
        let mut old = names[1].clone();
        old.resolved += Duration::from_secs(1);
        vec![old]
    }

    #[test]
    fn a_file_that_is_not_whole_is_none() {
        let folder = e2e::Folder::new();
        let kept = KeptNames::new(folder.as_ref(), Path::new("gateway.json"));
        for text in
            ["", "{", "[{\"name\": \"a.example\"}]", "[1]", "[{\"name\":\"a\",\"addresses\":[\"x\"],\"resolved\":1}]"]
        {
            std::fs::write(&kept.path, text).unwrap();
            assert_eq!(kept.load(), [], "{text}");
        }
    }

    #[test]
    fn what_the_site_file_says_is_where_names_are_resolved() {
        let site = |text: &str| {
            let source = model::Source::new("site.yaml", text);
            let (mut sources, mut problems) = (model::Sources::new(vec![]), Default::default());
            model::site::read_site(source, &mut sources, &mut problems).unwrap()
        };
        assert_eq!(sources(None), Sources::default());
        assert_eq!(sources(Some(&site("workers: 1"))), Sources::default());
        let text = "dns: {servers: [10.0.0.2, '10.0.0.3:5353'], search: [corp.example], forward: {b.example: ['::1']}}";
        let expected = Sources {
            servers: vec!["10.0.0.2:53".parse().unwrap(), "10.0.0.3:5353".parse().unwrap()],
            search: Some(vec!["corp.example".to_owned()]),
            forward: vec![("b.example".to_owned(), vec!["[::1]:53".parse().unwrap()])],
            ..Sources::default()
        };
        assert_eq!(sources(Some(&site(text))), expected);
    }
}
