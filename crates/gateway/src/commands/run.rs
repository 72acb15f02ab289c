//! `gatehouse run`: the gateway of a document, until it is told to end.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use admin::{Control, Reloaded, ServeError};
use model::Source;
use model::site::name_server;
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};
use observe::status::StatusReport;
use tokio::signal::unix::{SignalKind, signal};

use super::{PROBLEMS, usage};
use crate::cli::{Documents, Run};
use crate::documents::{Loaded, Purpose, Unreadable, load, load_texts, read_source, state_of};
use crate::last_good::{LastGood, default_socket, state_folder};
use crate::running::{Running, Settings};
use crate::watch::watch;
use crate::{running, terminal};

pub(super) fn run(args: &Run) -> u8 {
    let (loaded, kept) = match first_load(&args.documents) {
        Ok(first) => first,
        Err(code) => return code,
    };
    terminal::note(loaded.problems_text(terminal::colour()).trim_end());
    let log = match open_log(&loaded) {
        Ok(log) => log,
        Err(why) => return usage(&why),
    };
    let origin = Origin::Files { documents: args.documents.clone(), load: load_to_serve };
    start(loaded, log, origin, Some(kept), args.watch)
}

fn load_to_serve(documents: &Documents) -> Result<Loaded, Unreadable> {
    load(documents, Purpose::default())
}

/// Loads the document; when it cannot be used, the one that was applied last. The site file comes first: it says where
/// that one is kept, and without it nobody knows what to listen on.
fn first_load(documents: &Documents) -> Result<(Loaded, LastGood), u8> {
    let site = documents.site.as_deref().map(read_source).transpose().map_err(|unreadable| usage(&unreadable))?;
    let kept = LastGood::new(&state_folder(site.as_ref().and_then(state_of).as_deref()), &documents.document);
    let why = match load_to_serve(documents) {
        Ok(loaded) if loaded.snapshot.is_some() => return Ok((loaded, kept)),
        Ok(loaded) => loaded.problems_text(terminal::colour()),
        Err(unreadable) if !documents.document.exists() => return Err(usage(&unreadable)),
        Err(unreadable) => format!("gatehouse: {unreadable}"),
    };
    terminal::note(why.trim_end());
    let loaded = kept.load().map(|text| {
        let name = format!("{} (as last applied)", documents.document.display());
        let mut sources = vec![Source::new(name, text)];
        sources.extend(documents.with.iter().filter_map(|path| read_source(path).ok()));
        load_texts(sources, site, documents.gateway.clone(), Purpose::default())
    });
    match loaded {
        Some(loaded) if loaded.snapshot.is_some() => {
            terminal::note("gatehouse: running the configuration that was applied last");
            Ok((loaded, kept))
        }
        _ => Err(PROBLEMS),
    }
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
pub(super) fn start(loaded: Loaded, log: AccessLog, origin: Origin, kept: Option<LastGood>, watched: bool) -> u8 {
    // The document itself is not needed any more: of a large one it is most of the memory.
    let Loaded { snapshot, site, text, .. } = loaded;
    let Some(snapshot) = snapshot else { return PROBLEMS };
    let site = site.unwrap_or_default();
    let asked = site.admin.as_ref().and_then(|admin| admin.socket.as_ref()).map(|socket| PathBuf::from(&socket.value));
    let is_asked = asked.is_some();
    let socket = asked.unwrap_or_else(default_socket);
    // Asked again when the socket is made; but by then this one would have taken connections of the other.
    if UnixStream::connect(&socket).is_ok() {
        return usage(&ServeError { path: socket, error: ErrorKind::AddrInUse.into() });
    }
    let service = Service::new(origin, kept, snapshot.identity.checksum.to_string());
    raise_descriptor_limit();
    let settings = Settings {
        workers: site.workers.as_ref().and_then(|workers| usize::try_from(workers.value).ok()).unwrap_or_else(cores),
        log,
        dns: (site.dns.iter())
            .flat_map(|dns| dns.servers.iter())
            .filter_map(|server| name_server(&server.value))
            .collect(),
        ticket_secrets: Vec::new(),
        on_health: Box::new(|change| terminal::note(&format!("gatehouse: {change}"))),
    };
    let running = match Running::start(snapshot, settings) {
        Ok(running) => Arc::new(running),
        Err(error) => return usage(&error),
    };
    let _ = service.running.set(Arc::clone(&running));
    service.keep(&text);
    drop(text);
    announce(&running);
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
                Err(error) if may_do_without(&error, is_asked) => {
                    terminal::note(&format!(
                        "gatehouse: {error}; running without it: `status`, `health` and `reload` cannot reach this \
                     gateway. Another place for it is given in the site file (`admin: {{ socket: ... }}`)"
                    ));
                    service.attend(watched).await;
                    0
                }
                Err(error) => usage(&error),
            };
            let _ = ended.send(code);
            end_at_once_when_told_again().await;
        }
    };
    drop(control.spawn(task));
    let code = end.recv().unwrap_or(PROBLEMS);
    drop(service);
    if !running.stop() {
        terminal::note("gatehouse: the grace period is over; connections that were left were cut");
    }
    code
}

/// Each connection takes a descriptor, and one more towards its server: as many as this user may have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // A system that refuses leaves the limit as it was, which bounds connections earlier and nothing else.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// A second signal while connections finish what they have: the operator does not want to wait.
async fn end_at_once_when_told_again() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    terminal::note("gatehouse: told again to end: connections that were left are cut");
    std::process::exit(i32::from(PROBLEMS));
}

/// Whether to serve although the management socket could not be made. A gateway that cannot be asked is better than
/// none, unless the operator asked for this socket or another gateway has it, which would confuse the two.
fn may_do_without(error: &ServeError, is_asked: bool) -> bool {
    !is_asked && error.error.kind() != ErrorKind::AddrInUse
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

/// Where a document comes from.
pub(super) enum Origin {
    /// From files, by this way of loading them.
    Files {
        /// The files.
        documents: Documents,
        /// How they are loaded, now and again.
        load: fn(&Documents) -> Result<Loaded, Unreadable>,
    },
    /// From this program.
    BuiltIn,
}

impl Origin {
    /// Loads the document again.
    pub(super) fn load(&self) -> Result<Loaded, String> {
        match self {
            Self::Files { documents, load } => load(documents).map_err(|unreadable| unreadable.to_string()),
            Self::BuiltIn => Err("the sample document is built in and does not change".to_owned()),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Files { documents: Documents { document, with, site, .. }, .. } => {
                [document].into_iter().chain(with).chain(site).cloned().collect()
            }
            Self::BuiltIn => Vec::new(),
        }
    }
}

/// The running gateway with what it takes to load its document again.
struct Service {
    running: std::sync::OnceLock<Arc<Running>>,
    origin: Origin,
    /// Where the applied document is kept, if it is to be.
    kept: Option<LastGood>,
    /// The checksum that was loaded last, so that a touched file is not applied again.
    checksum: Mutex<String>,
}

impl Service {
    fn new(origin: Origin, kept: Option<LastGood>, checksum: String) -> Self {
        Self { running: std::sync::OnceLock::new(), origin, kept, checksum: Mutex::new(checksum) }
    }

    fn running(&self) -> Option<Arc<Running>> {
        self.running.get().cloned()
    }

    fn keep(&self, text: &str) {
        if let Some(Err(error)) = self.kept.as_ref().map(|kept| kept.store(text)) {
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
                    if let Some(running) = self.running() {
                        running.log().reopen();
                    }
                    self.reload_in_background(true).await;
                }
                true = changed => self.reload_in_background(false).await,
            }
        }
    }

    fn watch(&self) -> Option<crate::watch::Watch> {
        watch(&self.origin.files())
            .inspect_err(|error| terminal::note(&format!("gatehouse: files cannot be watched: {error}")))
            .ok()
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
        let running = self.running()?;
        let refuse = |why: String| {
            running.refused(&why);
            let revision = running.current().snapshot.identity.revision;
            Some(Reloaded {
                applied: false,
                revision,
                text: format!("{}\nrefused; revision {revision} stays in force", why.trim_end()),
            })
        };
        let loaded = match self.origin.load() {
            Ok(loaded) => loaded,
            Err(why) if matches!(self.origin, Origin::BuiltIn) => {
                let revision = running.current().snapshot.identity.revision;
                return Some(Reloaded { applied: false, revision, text: why });
            }
            Err(why) => return refuse(why),
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
        self.running().map(|running| running.status()).unwrap_or_default()
    }

    fn reload(&self) -> Reloaded {
        let none = || Reloaded { applied: false, revision: 0, text: "the gateway has not started yet".to_owned() };
        self.reload_if(true).unwrap_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_runs_without_its_socket_unless_it_was_asked_for_or_another_has_it() {
        let rows = [
            (ErrorKind::PermissionDenied, false, true),
            (ErrorKind::ReadOnlyFilesystem, false, true),
            (ErrorKind::AddrInUse, false, false),
            (ErrorKind::PermissionDenied, true, false),
        ];
        for (kind, is_asked, expected) in rows {
            let error = ServeError { path: PathBuf::from("admin.sock"), error: kind.into() };
            assert_eq!(may_do_without(&error, is_asked), expected, "{kind} {is_asked}");
        }
    }

    #[test]
    fn the_last_good_document_is_looked_for_where_the_site_file_keeps_it() {
        let folder = std::env::temp_dir().join(format!("gatehouse-first-load-{}", std::process::id()));
        let state = folder.join("state");
        std::fs::create_dir_all(&folder).unwrap();
        let (document, site) = (folder.join("gateway.json"), folder.join("site.yaml"));
        std::fs::write(&document, "{ broken").unwrap();
        std::fs::write(&site, format!("folders: {{state: {}}}\n", state.display())).unwrap();
        LastGood::new(&state, &document).store(crate::sample::DOCUMENT).unwrap();
        let documents = Documents { document, with: vec![], site: Some(site), gateway: None };
        let loaded = first_load(&documents).map(|(loaded, _)| loaded.text);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(loaded, Ok(crate::sample::DOCUMENT.to_owned()));
    }
}
