//! HAProxy, configured for the same work: members reused, forwarded headers and an id, `option httplog`.

use std::fmt::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::thread::CpuSet;

use super::{Routes, Setup, sessions};
use crate::cli::HaproxyLog;
use crate::load::{host_name, path_prefix};
use crate::tools;

/// Global settings with TLS: tickets are on by default; a cache for what is older than TLS 1.3.
pub(super) const TLS: &str = "  ssl-default-bind-options ssl-min-ver TLSv1.2
  tune.ssl.cachesize 100000
  tune.ssl.lifetime 3600
";

/// Writes the configuration; returns the command that starts HAProxy.
pub(super) fn prepare(setup: &Setup<'_>) -> Result<Vec<String>> {
    let file = setup.folder.join("haproxy.cfg");
    if let Routes::Many { hosts, paths } = setup.routes {
        std::fs::write(setup.folder.join("routes.map"), map(hosts, paths))?;
    }
    std::fs::write(&file, configuration(setup))?;
    let program = tools::find("haproxy").unwrap_or_else(|| "haproxy".into());
    Ok(vec![program.display().to_string(), "-db".into(), "-f".into(), file.display().to_string()])
}

/// Where the log goes.
pub(super) fn log(setup: &Setup<'_>) -> String {
    match setup.haproxy_log {
        HaproxyLog::Stdout => "log stdout format raw local0".to_owned(),
        HaproxyLog::Socket => format!("log {} local0", sink_path(&setup.folder).display()),
    }
}

fn configuration(setup: &Setup<'_>) -> String {
    if let Routes::Bytes(moving) = setup.routes {
        return sessions::haproxy::configuration(setup, moving);
    }
    let folder = setup.folder.display();
    let [first, second] = setup.members;
    let address = setup.address;
    let connections = setup.max_connections();
    let log = log(setup);
    let (bind, scheme, tls) = match setup.certificate {
        None => (String::new(), "http", ""),
        Some(certificate) => (format!(" ssl crt {} alpn h2,http/1.1", certificate.both.display()), "https", TLS),
    };
    let choice = match setup.routes {
        Routes::Many { .. } => format!("use_backend %[base,map_beg({folder}/routes.map,none)]"),
        _ => "default_backend members".to_owned(),
    };
    format!(
        "global
  nbthread 1
  maxconn {connections}
  {log}
{tls}defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
  option http-keep-alive
  http-reuse always
frontend clients
  bind {address} backlog 4096{bind}
  option forwardfor
  http-request set-header X-Forwarded-Proto {scheme}
  http-request set-header X-Request-Id %[rand,hex]%[rand,hex]
  {choice}
backend members
  balance roundrobin
  server a {first} pool-max-conn 2048 pool-purge-delay 300s
  server b {second} pool-max-conn 2048 pool-purge-delay 300s
backend none
  http-request return status 404
"
    )
}

/// One line per host and path prefix, looked up in a tree.
fn map(hosts: u32, paths: u32) -> String {
    let mut out = String::new();
    for host in 0..hosts {
        for path in 0..paths {
            let _ = writeln!(out, "{}{} members", host_name(host), path_prefix(path));
        }
    }
    out
}

/// Where HAProxy's datagrams go, when it logs to a socket.
fn sink_path(folder: &Path) -> std::path::PathBuf {
    folder.join("log.socket")
}

/// A thread that receives and forgets log datagrams, on the load's core.
pub(crate) struct LogSink {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LogSink {
    /// Listens in a proxy's folder.
    pub(crate) fn start(folder: &Path, core: usize) -> Result<LogSink> {
        std::fs::create_dir_all(folder)?;
        let socket = UnixDatagram::bind(sink_path(folder)).context("bind the log socket")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut cores = CpuSet::new();
            cores.set(core);
            let _ = rustix::thread::sched_setaffinity(None, &cores);
            let mut buffer = [0; 4096];
            while !told.load(Ordering::Relaxed) {
                let _ = socket.recv(&mut buffer);
            }
        });
        Ok(LogSink { stop, thread: Some(thread) })
    }
}

impl Drop for LogSink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
