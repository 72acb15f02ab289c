//! A gateway in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backend::dns::Sources;
use frontend::BindError;
use gateway::documents::Purpose;
use gateway::names::KeptNames;
use gateway::{Running, Settings};
use observe::AccessLog;
use observe::access_log::{Config, Target};
use observe::status::StatusReport;
use serde_json::Value;
use snapshot::difference::Difference;

use crate::client::{Client, Response};
use crate::document::Document;
use crate::folder::Folder;
use crate::h2::H2;
use crate::tls::{Secure, Tls};
use crate::wait::{until, until_true};

/// How a gateway is started.
pub struct Start {
    workers: usize,
    log: Option<PathBuf>,
    firewall_log: Option<PathBuf>,
    cold: bool,
    ticket_secrets: Vec<Vec<u8>>,
    purpose: Purpose,
    names: Sources,
    kept_names: Option<KeptNames>,
}

impl Start {
    /// With this many workers.
    pub fn workers(workers: usize) -> Self {
        Self {
            workers,
            log: None,
            firewall_log: None,
            cold: false,
            ticket_secrets: Vec::new(),
            purpose: Purpose::trial(),
            names: Sources::default(),
            kept_names: None,
        }
    }

    /// With this state folder, where a gateway before it may have left something.
    pub fn state(self, folder: &Path) -> Self {
        let document = Path::new("gateway.yaml");
        Self { purpose: Purpose::serving(folder, document), kept_names: Some(KeptNames::new(folder, document)), ..self }
    }

    /// With names resolved there.
    pub fn names(self, names: Sources) -> Self {
        Self { names, ..self }
    }

    /// With the access log there.
    pub fn log(self, path: impl Into<PathBuf>) -> Self {
        Self { log: Some(path.into()), ..self }
    }

    /// With the firewall's rows in a log of their own.
    pub fn firewall_log(self, path: impl Into<PathBuf>) -> Self {
        Self { firewall_log: Some(path.into()), ..self }
    }

    /// Without waiting for the probes' first verdicts.
    pub fn cold(self) -> Self {
        Self { cold: true, ..self }
    }

    /// With secrets of session tickets that other gateways have too.
    pub fn ticket_secrets(self, secrets: &[&[u8]]) -> Self {
        Self { ticket_secrets: secrets.iter().map(|secret| secret.to_vec()).collect(), ..self }
    }

    /// Starts it.
    #[track_caller]
    pub fn run(self, document: &Document) -> Gateway {
        let folder = Folder::new();
        let log = self.log.unwrap_or_else(|| folder.path("access.log"));
        let open = |path: &PathBuf| {
            AccessLog::start(Config { target: Target::File(path.clone()), ..Config::default() }).unwrap()
        };
        let changes = Arc::new(Mutex::new(Vec::new()));
        let (seen, heard) = (Arc::clone(&changes), Arc::default());
        let names = Arc::clone(&heard);
        let settings = Settings {
            workers: self.workers,
            log: open(&log),
            firewall_log: self.firewall_log.as_ref().map(open),
            names: self.names,
            kept_names: self.kept_names,
            ticket_secrets: self.ticket_secrets.into_iter().map(Into::into).collect(),
            on_health: Box::new(move |change| {
                told(&seen).push(change.to_string());
            }),
            on_name: Box::new(move |change| told(&names).push(change.to_string())),
        };
        let purpose = self.purpose;
        let running = Running::start(document.snapshot_for(&purpose), settings).unwrap();
        let gateway = Gateway { running: Some(running), log, changes, name_changes: heard, purpose, folder };
        if !self.cold {
            gateway.settle();
        }
        gateway
    }
}

/// A running gateway; dropping it stops it.
pub struct Gateway {
    running: Option<Running>,
    log: PathBuf,
    changes: Arc<Mutex<Vec<String>>>,
    name_changes: Arc<Mutex<Vec<String>>>,
    purpose: Purpose,
    /// A folder of its own.
    pub folder: Folder,
}

impl Gateway {
    /// Starts a gateway with two workers and waits until its servers have been probed.
    #[track_caller]
    pub fn start(document: &Document) -> Self {
        Start::workers(2).run(document)
    }

    /// The gateway itself.
    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Waits until every server has a verdict.
    #[track_caller]
    pub fn settle(&self) {
        until_true("the probes' first verdicts", || {
            self.running().current().fleet.targets().iter().all(|target| !target.undecided())
        });
    }

    /// Where a listener can be reached.
    #[track_caller]
    pub fn address(&self, listener: &str) -> SocketAddr {
        self.running().address(listener).unwrap_or_else(|| panic!("no listener {listener}"))
    }

    /// A connection to the listener `web`.
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(self.address("web"))
    }

    /// An HTTP/2 connection to the listener `web`, begun.
    #[track_caller]
    pub fn h2(&self) -> H2 {
        H2::connect(self.address("web"))
    }

    /// A TLS connection to the listener `web`.
    #[track_caller]
    pub fn secure(&self, tls: &Tls) -> Secure {
        tls.connect(self.address("web"))
    }

    /// Asks on a new connection.
    #[track_caller]
    pub fn get(&self, host: &str, target: &str) -> Response {
        self.client().get(host, target)
    }

    /// Applies another document.
    #[track_caller]
    pub fn apply(&self, document: &Document) -> Result<(u64, Difference), Vec<BindError>> {
        self.running().apply(document.snapshot_for(&self.purpose))
    }

    /// How its documents are compiled: with the secrets and copies that it keeps.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The status board.
    pub fn status(&self) -> StatusReport {
        self.running().status()
    }

    /// What was said of servers' health.
    pub fn changes(&self) -> Vec<String> {
        told(&self.changes).clone()
    }

    /// What was said of names' addresses.
    pub fn name_changes(&self) -> Vec<String> {
        told(&self.name_changes).clone()
    }

    /// Where the access log is.
    pub fn log(&self) -> &PathBuf {
        &self.log
    }

    /// The access log's rows so far. Panics when a line is not one JSON object.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        let mut rows = rows(&std::fs::read_to_string(&self.log).unwrap());
        rows.retain(|row| !is_of_firewall(row));
        rows
    }

    /// The firewall's rows so far, in the same file; those of a request are there when its access row is.
    #[track_caller]
    pub fn firewall_rows(&self) -> Vec<Value> {
        let mut rows = rows(&std::fs::read_to_string(&self.log).unwrap());
        rows.retain(is_of_firewall);
        rows
    }

    /// Waits for so many rows.
    #[track_caller]
    pub fn wait_rows(&self, count: usize) -> Vec<Value> {
        until("rows in the access log", || Some(self.rows()).filter(|rows| rows.len() >= count))
    }

    /// Stops it; true when its connections had ended in time.
    pub fn stop(mut self) -> bool {
        self.running.take().unwrap().stop()
    }

    /// Stops it in a thread of its own; the result says whether its connections had ended in time.
    pub fn stop_apart(mut self) -> std::thread::JoinHandle<bool> {
        let running = self.running.take().unwrap();
        std::thread::spawn(move || running.stop())
    }
}

fn told(lines: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_of_firewall(row: &Value) -> bool {
    row["category"] == "ApplicationGatewayFirewallLog"
}

/// Rows of a log's text; a last line that is not complete yet is left out.
#[track_caller]
pub fn rows(text: &str) -> Vec<Value> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// Runs something that should be over within so long. Panics when it is not.
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let began = std::time::Instant::now();
    let result = work();
    assert!(began.elapsed() <= limit, "{what} took {:?}, longer than {limit:?}", began.elapsed());
    result
}
