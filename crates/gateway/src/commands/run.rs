//! `gatehouse run`: the gateway of a document, until it is told to end.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use admin::{Control, ServeError};
use model::Source;
use observe::AccessLog;
use tokio::signal::unix::{SignalKind, signal};

use super::logs::Logs;
use super::service::{Origin, Service};
use super::{PROBLEMS, usage};
use crate::cli::{Documents, Run};
use crate::documents::{Loaded, Purpose, read_source, state_of};
use crate::inputs::Inputs;
use crate::last_good::{LastGood, default_socket, state_folder};
use crate::names::{self, KeptNames};
use crate::running::{Running, Settings};
use crate::terminal;

pub(super) fn run(args: &Run) -> u8 {
    let First { loaded, purpose, kept, kept_names, seen } = match first_load(&args.documents) {
        Ok(first) => first,
        Err(code) => return code,
    };
    terminal::note(loaded.problems_text(terminal::colour()).trim_end());
    let Logs { access: log, firewall: firewall_log } = match Logs::open(loaded.site.as_ref()) {
        Ok(logs) => logs,
        Err(why) => return usage(&why),
    };
    let documents = args.documents.clone();
    let origin = Origin { documents, read: Inputs::read, purpose, watched: args.watch };
    let (origin, kept, kept_names) = (Some(origin), Some(kept), Some(kept_names));
    start(Start { loaded, log, firewall_log, origin, kept, kept_names, seen })
}

/// What is run first.
struct First {
    loaded: Loaded,
    /// How it was compiled, and what follows will be.
    purpose: Purpose,
    kept: LastGood,
    kept_names: KeptNames,
    /// What could not be run, in whose place this is.
    seen: Option<String>,
}

/// Loads the document; when it cannot be used, the one that was applied last. The site file comes first: it says where
/// that one is kept, and without it nobody knows what to listen on.
fn first_load(documents: &Documents) -> Result<First, u8> {
    let site =
        documents.beside.site.as_deref().map(read_source).transpose().map_err(|unreadable| usage(&unreadable))?;
    let state = state_folder(site.as_ref().and_then(state_of).as_deref());
    let kept = LastGood::new(&state, &documents.document);
    let kept_names = KeptNames::new(&state, &documents.document);
    let purpose = Purpose::serving(&state, &documents.document);
    let read = Inputs::read(documents);
    let seen = Some(read.as_ref().map_or_else(ToString::to_string, |inputs| inputs.checksum().to_owned()));
    let why = match read.map(|inputs| inputs.load(&purpose)) {
        Ok(loaded) if loaded.snapshot.is_some() => {
            return Ok(First { loaded, purpose, kept, kept_names, seen: None });
        }
        Ok(loaded) => loaded.problems_text(terminal::colour()),
        Err(unreadable) if !documents.document.exists() => return Err(usage(&unreadable)),
        Err(unreadable) => format!("gatehouse: {unreadable}"),
    };
    terminal::note(why.trim_end());
    let loaded = kept.load().map(|text| {
        let name = format!("{} (as last applied)", documents.document.display());
        let mut sources = vec![Source::new(name, text)];
        sources.extend(documents.beside.with.iter().filter_map(|path| read_source(path).ok()));
        Inputs::new(sources, site, documents.beside.gateway.clone()).load(&purpose)
    });
    match loaded {
        Some(loaded) if loaded.snapshot.is_some() => {
            terminal::note("gatehouse: running the configuration that was applied last");
            Ok(First { loaded, purpose, kept, kept_names, seen })
        }
        _ => Err(PROBLEMS),
    }
}

/// What a gateway is started with.
pub(super) struct Start {
    /// What is to run.
    pub(super) loaded: Loaded,
    /// The access log.
    pub(super) log: AccessLog,
    /// The firewall's log, where it is another one.
    pub(super) firewall_log: Option<AccessLog>,
    /// Where it comes from; `None` when it is built in.
    pub(super) origin: Option<Origin>,
    /// Where the applied document is kept, if it is to be.
    pub(super) kept: Option<LastGood>,
    /// Where the addresses of names are kept, if they are to be.
    pub(super) kept_names: Option<KeptNames>,
    /// What could not be run, in whose place this is.
    pub(super) seen: Option<String>,
}

/// Starts the gateway and stays until it is told to end.
pub(super) fn start(Start { loaded, log, firewall_log, origin, kept, kept_names, seen }: Start) -> u8 {
    // The document itself is not needed any more: of a large one it is most of the memory.
    let Loaded { snapshot, site, inputs, ticket_secrets, page_urls, document, problems, sources } = loaded;
    drop((document, problems, sources));
    let Some(snapshot) = snapshot else { return PROBLEMS };
    let sources = names::sources(site.as_ref());
    let site = site.unwrap_or_default();
    let asked = site.admin.as_ref().and_then(|admin| admin.socket.as_ref()).map(|socket| PathBuf::from(&socket.value));
    let is_asked = asked.is_some();
    let socket = asked.unwrap_or_else(default_socket);
    // Asked again when the socket is made; but by then this one would have taken connections of the other.
    if UnixStream::connect(&socket).is_ok() {
        return usage(&ServeError { path: socket, error: ErrorKind::AddrInUse.into() });
    }
    raise_descriptor_limit();
    let settings = Settings {
        workers: site.workers.as_ref().and_then(|workers| usize::try_from(workers.value).ok()).unwrap_or_else(cores),
        log,
        firewall_log,
        names: sources,
        kept_names,
        ticket_secrets,
        on_health: Box::new(|change| terminal::note(&format!("gatehouse: {change}"))),
        on_name: Box::new(|change| terminal::note(&format!("gatehouse: {change}"))),
    };
    let running = match Running::start(snapshot, settings) {
        Ok(running) => Arc::new(running),
        Err(error) => return usage(&error),
    };
    if let Some(pages) = origin.as_ref().and_then(|origin| origin.purpose.pages.as_ref()) {
        pages.retain(&page_urls);
    }
    let service = Arc::new(Service::new(&running, origin, kept, inputs, seen));
    announce(&running);
    let control = running.control().clone();
    let (ended, end) = std::sync::mpsc::sync_channel(1);
    let task = {
        let service = Arc::clone(&service);
        async move {
            let _ = ended.send(attend(&service, &socket, is_asked).await);
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

/// Answers at the management socket and reacts to signals and changed files until the process is to end.
async fn attend(service: &Arc<Service>, socket: &Path, is_asked: bool) -> u8 {
    match admin::serve(socket, Arc::clone(service) as Arc<dyn Control>) {
        Ok(_) => {
            service.attend().await;
            let _ = std::fs::remove_file(socket);
            0
        }
        Err(error) if may_do_without(&error, is_asked) => {
            terminal::note(&format!(
                "gatehouse: {error}; running without it: `status`, `health` and `reload` cannot reach this gateway. \
                 Another place for it is given in the site file (`admin: {{ socket: ... }}`)"
            ));
            service.attend().await;
            0
        }
        Err(error) => usage(&error),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Beside;

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
        let text = e2e::Document::empty().text();
        LastGood::new(&state, &document).store(&text).unwrap();
        let documents = Documents { document, beside: Beside { site: Some(site), ..Beside::default() } };
        let loaded = first_load(&documents).map(|first| first.loaded.inputs.text().to_owned());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(loaded, Ok(text));
    }
}
