//! `gatehouse run`: the gateway of a document, until it is told to end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use admin::{Control, Reloaded};
use model::Source;
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};
use observe::status::StatusReport;
use tokio::signal::unix::{SignalKind, signal};

use super::{PROBLEMS, usage};
use crate::cli::{Documents, Run};
use crate::documents::{Loaded, Purpose, load, load_texts};
use crate::last_good::{LastGood, default_socket, state_folder};
use crate::running::{Running, Settings};
use crate::watch::watch;
use crate::{running, terminal};

pub(super) fn run(args: &Run) -> u8 {
    let purpose = Purpose::default();
    let loaded = match first_load(&args.documents, purpose) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    terminal::note(loaded.problems_text(terminal::colour()).trim_end());
    let log = match open_log(&loaded) {
        Ok(log) => log,
        Err(why) => return usage(&why),
    };
    let service = Service::new(args.documents.clone(), purpose, &loaded);
    start(loaded, log, service, args.watch)
}

/// Loads the document; when it cannot be used, the one that was applied last.
fn first_load(documents: &Documents, purpose: Purpose) -> Result<Loaded, u8> {
    let why = match load(documents, purpose) {
        Ok(loaded) if loaded.snapshot.is_some() => return Ok(loaded),
        Ok(loaded) => loaded.problems_text(terminal::colour()),
        Err(unreadable) if !documents.document.exists() => return Err(usage(&unreadable)),
        Err(unreadable) => format!("gatehouse: {unreadable}"),
    };
    terminal::note(why.trim_end());
    let site = documents.site.as_ref().and_then(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(Source::new(path.display().to_string(), text))
    });
    let kept = LastGood::new(&state_folder(None), &documents.document).load();
    if let Some(text) = kept {
        let name = format!("{} (as last applied)", documents.document.display());
        let loaded = load_texts(vec![Source::new(name, text)], site, documents.gateway.clone(), purpose);
        if loaded.snapshot.is_some() {
            terminal::note("gatehouse: running the configuration that was applied last");
            return Ok(loaded);
        }
    }
    Err(PROBLEMS)
}

/// The access log that the site file asks for; standard output in JSON without one.
fn open_log(loaded: &Loaded) -> Result<AccessLog, String> {
    let asked = loaded.site.as_ref().and_then(|site| site.log.as_ref());
    let access = asked.and_then(|log| log.access.as_ref()).map_or("stdout", |access| access.value.as_str());
    let target = match access {
        "off" => return Ok(AccessLog::off()),
        "stdout" => Target::Stdout,
        path => Target::File(PathBuf::from(path)),
    };
    let text = asked.and_then(|log| log.format.as_ref()).is_some_and(|format| format.value.as_str() == "text");
    let colour = terminal::colour_out() && access == "stdout";
    let format = if text { Format::Text { colour } } else { Format::Json };
    let config = Config { target, format, masked: MaskedParameters::default(), ..Config::default() };
    AccessLog::start(config).map_err(|error| format!("cannot write the access log to {access}: {error}"))
}

/// Starts the gateway and stays until it is told to end.
pub(super) fn start(loaded: Loaded, log: AccessLog, service: Service, watched: bool) -> u8 {
    let Some(snapshot) = loaded.snapshot else { return PROBLEMS };
    raise_descriptor_limit();
    let site = loaded.site.unwrap_or_default();
    let settings = Settings {
        workers: site.workers.as_ref().and_then(|workers| usize::try_from(workers.value).ok()).unwrap_or_else(cores),
        log,
        dns: site
            .dns
            .iter()
            .flat_map(|dns| dns.servers.iter())
            .filter_map(|server| dns_server(&server.value))
            .collect(),
        on_health: Box::new(|change| terminal::note(&format!("gatehouse: {change}"))),
    };
    let running = match Running::start(snapshot, settings) {
        Ok(running) => Arc::new(running),
        Err(error) => return usage(&error),
    };
    let _ = service.running.set(Arc::clone(&running));
    service.keep(&loaded.text);
    announce(&running);
    let socket = site.admin.as_ref().and_then(|admin| admin.socket.as_ref());
    let socket = socket.map_or_else(default_socket, |socket| PathBuf::from(&socket.value));
    let service = Arc::new(service);
    let control = running.control().clone();
    let (ended, end) = std::sync::mpsc::sync_channel(1);
    let task = {
        let service = Arc::clone(&service);
        async move {
            let code = match admin::serve(&socket, Arc::clone(&service) as Arc<dyn Control>) {
                Ok(_) => {
                    service.attend(watched).await;
                    let _ = std::fs::remove_file(&socket);
                    0
                }
                Err(error) => usage(&error),
            };
            let _ = ended.send(code);
        }
    };
    drop(control.spawn(task));
    let code = end.recv().unwrap_or(PROBLEMS);
    drop(service);
    finish(running);
    code
}

/// Each connection takes a descriptor, and one more towards its server: as many as this user may have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // A system that refuses leaves the limit as it was, which bounds connections earlier and nothing else.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn finish(running: Arc<Running>) {
    // The management task may hold the gateway for a moment longer.
    let mut running = running;
    for _ in 0..200 {
        match Arc::try_unwrap(running) {
            Ok(running) => {
                if !running.stop() {
                    terminal::note("gatehouse: the grace period is over; connections that were left were cut");
                }
                return;
            }
            Err(shared) => running = shared,
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn dns_server(text: &str) -> Option<std::net::SocketAddr> {
    text.parse().ok().or_else(|| text.parse().ok().map(|ip: std::net::IpAddr| (ip, 53).into()))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn announce(running: &Running) {
    let status = running.status();
    for binding in &status.bindings {
        terminal::note(&format!(
            "gatehouse: listening on {}://{} ({})",
            binding.scheme,
            binding.address,
            binding.listeners.join(", ")
        ));
    }
}

/// The running gateway with what it takes to load its document again.
pub(super) struct Service {
    running: std::sync::OnceLock<Arc<Running>>,
    documents: Documents,
    purpose: Purpose,
    kept: LastGood,
    /// The checksum that was loaded last, so that a touched file is not applied again.
    checksum: Mutex<String>,
}

impl Service {
    pub(super) fn new(documents: Documents, purpose: Purpose, loaded: &Loaded) -> Self {
        let folder = loaded
            .site
            .as_ref()
            .and_then(|site| site.folders.as_ref()?.state.as_ref().map(|state| PathBuf::from(&state.value)));
        let kept = LastGood::new(&state_folder(folder.as_deref()), &documents.document);
        let checksum =
            loaded.snapshot.as_ref().map(|snapshot| snapshot.identity.checksum.to_string()).unwrap_or_default();
        Self { running: std::sync::OnceLock::new(), documents, purpose, kept, checksum: Mutex::new(checksum) }
    }

    fn keep(&self, text: &str) {
        if let Err(error) = self.kept.store(text) {
            terminal::note(&format!("gatehouse: the applied configuration could not be kept on disk: {error}"));
        }
    }

    /// Reacts to signals and changed files until the process is to end.
    async fn attend(self: &Arc<Self>, watched: bool) {
        let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            terminal::note("gatehouse: signals cannot be received");
            return;
        };
        let mut watch = watched.then(|| self.watch()).flatten();
        loop {
            let changed = async {
                match &mut watch {
                    Some(watch) => watch.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hangup.recv() => {
                    if let Some(running) = self.running.get() {
                        running.log().reopen();
                    }
                    self.reload_in_background(true).await;
                }
                true = changed => self.reload_in_background(false).await,
            }
        }
    }

    fn watch(&self) -> Option<crate::watch::Watch> {
        let mut files = vec![self.documents.document.clone()];
        files.extend(self.documents.with.iter().cloned());
        files.extend(self.documents.site.iter().cloned());
        watch(&files).inspect_err(|error| terminal::note(&format!("gatehouse: files cannot be watched: {error}"))).ok()
    }

    /// Loading compiles, which may take a while: not on the thread that probes.
    async fn reload_in_background(self: &Arc<Self>, always: bool) {
        let service = Arc::clone(self);
        let reloaded = tokio::task::spawn_blocking(move || service.reload_if(always)).await;
        if let Ok(Some(reloaded)) = reloaded {
            terminal::note(&format!("gatehouse: {}", reloaded.text.trim_end()));
        }
    }

    /// `None` when nothing has changed and it need not be applied again.
    fn reload_if(&self, always: bool) -> Option<Reloaded> {
        let running = self.running.get()?;
        let refuse = |why: String| {
            running.refused(&why);
            let revision = running.current().snapshot.identity.revision;
            Some(Reloaded {
                applied: false,
                revision,
                text: format!("{}\nrefused; revision {revision} stays in force", why.trim_end()),
            })
        };
        let loaded = match load(&self.documents, self.purpose) {
            Ok(loaded) => loaded,
            Err(unreadable) => return refuse(unreadable.to_string()),
        };
        let warnings = loaded.problems_text(false);
        let Some(snapshot) = loaded.snapshot else { return refuse(warnings) };
        let mut known = self.checksum.lock().unwrap_or_else(PoisonError::into_inner);
        if !always && *known == *snapshot.identity.checksum {
            return None;
        }
        let checksum = snapshot.identity.checksum.to_string();
        match running.apply(snapshot) {
            Ok((revision, changes)) => {
                *known = checksum;
                self.keep(&loaded.text);
                Some(Reloaded {
                    applied: true,
                    revision,
                    text: format!("{warnings}revision {revision} applied: {changes}"),
                })
            }
            Err(errors) => {
                let mut text = String::new();
                let _ = running::write_bind_errors(&errors, &mut text);
                refuse(text)
            }
        }
    }
}

impl Control for Service {
    fn status(&self) -> StatusReport {
        self.running.get().map(|running| running.status()).unwrap_or_default()
    }

    fn reload(&self) -> Reloaded {
        let none = || Reloaded { applied: false, revision: 0, text: "the gateway has not started yet".to_owned() };
        self.reload_if(true).unwrap_or_else(none)
    }
}
