//! The running gateway with what it takes to load its configuration again: when somebody asks, and when a file changes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use admin::{Control, Reloaded};
use observe::status::StatusReport;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Documents;
use crate::documents::{Loaded, Purpose, Unreadable};
use crate::inputs::Inputs;
use crate::last_good::LastGood;
use crate::names;
use crate::running::{self, Running};
use crate::terminal;
use crate::watch::{Watch, watch};

/// The files that a configuration comes from.
pub(super) struct Origin {
    /// The files.
    pub(super) documents: Documents,
    /// How they are read, now and again.
    pub(super) read: fn(&Documents) -> Result<Inputs, Unreadable>,
    /// How they are compiled.
    pub(super) purpose: Purpose,
    /// Whether a changed document or site file is applied by itself. Changed certificates always are.
    pub(super) watched: bool,
}

/// What was applied, and what was looked at.
struct Last {
    /// The checksum of what runs.
    applied: String,
    /// The checksum of what was looked at last, applied or refused, or why it could not be read: the same once more is
    /// no news.
    seen: String,
    /// The files that the site file of what runs names.
    files: Vec<PathBuf>,
    /// Those of what was looked at last: the one that is missing may come.
    files_seen: Vec<PathBuf>,
    /// What runs, where its documents are to stay as they are while its files are read anew.
    inputs: Option<Inputs>,
}

/// The running gateway, and how its configuration is loaded again.
pub(super) struct Service {
    running: Arc<Running>,
    /// `None`: the sample, which is built in.
    origin: Option<Origin>,
    /// Where the applied document is kept, if it is to be.
    kept: Option<LastGood>,
    last: Mutex<Last>,
}

impl Service {
    /// For a gateway that runs these inputs. `seen`: what was looked at in vain before, if that is something else.
    pub(super) fn new(
        running: &Arc<Running>,
        origin: Option<Origin>,
        kept: Option<LastGood>,
        inputs: Inputs,
        seen: Option<String>,
    ) -> Self {
        let applied = inputs.checksum().to_owned();
        let is_watched = origin.as_ref().is_some_and(|origin| origin.watched);
        let seen = seen.filter(|_| is_watched).unwrap_or_else(|| applied.clone());
        let mut last = Last { applied, seen, files: Vec::new(), files_seen: Vec::new(), inputs: None };
        keep(kept.as_ref(), inputs.text());
        last.hold(inputs, is_watched);
        Self { running: Arc::clone(running), origin, kept, last: Mutex::new(last) }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reacts to signals and changed files until the process is to end.
    pub(super) async fn attend(self: &Arc<Self>) {
        let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            terminal::note("gatehouse: signals cannot be received");
            return;
        };
        let mut watch = None;
        loop {
            // What happened before the watch began is looked for afterwards, so that nothing is missed.
            while self.follow(&mut watch) {
                self.in_background(Self::look_again).await;
            }
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
                    self.running.reopen_logs();
                    self.in_background(|service| Some(service.read_all())).await;
                }
                true = changed => self.in_background(Self::look_again).await,
            }
        }
    }

    /// Watches what is to be watched by now; true when that has begun anew.
    fn follow(&self, watching: &mut Option<Watch>) -> bool {
        let mut files = self.origin.as_ref().map(Origin::watched_files).unwrap_or_default();
        let last = self.last();
        files.extend(last.files.iter().chain(&last.files_seen).cloned());
        drop(last);
        if files.is_empty() {
            *watching = None;
            return false;
        }
        if watching.as_ref().is_some_and(|watching| watching.is_for(&files)) {
            return false;
        }
        *watching = watch(&files)
            .inspect_err(|error| terminal::note(&format!("gatehouse: files cannot be watched: {error}")))
            .ok();
        watching.is_some()
    }

    /// Loading compiles, which may take a while: not on the thread that probes.
    async fn in_background(self: &Arc<Self>, reload: fn(&Self) -> Option<Reloaded>) {
        let service = Arc::clone(self);
        let reloaded = tokio::task::spawn_blocking(move || reload(&service)).await;
        if let Ok(Some(reloaded)) = reloaded {
            terminal::note(&format!("gatehouse: {}", reloaded.text.trim_end()));
        }
    }

    /// A watched file may have changed. `None` when there is nothing new.
    fn look_again(&self) -> Option<Reloaded> {
        let origin = self.origin.as_ref()?;
        let mut last = self.last();
        let read = match &last.inputs {
            Some(running) => Ok(running.again()),
            None => (origin.read)(&origin.documents),
        };
        if !last.is_news(&read) {
            return None;
        }
        match read {
            Ok(inputs) if inputs.checksum() == last.applied => {
                self.running.withdraw_refusal();
                last.hold(inputs, origin.watched);
                let revision = self.revision();
                let text = format!("all files are as in revision {revision} again, which stays in force");
                Some(Reloaded { applied: true, revision, text })
            }
            read => Some(self.apply(&mut last, read, origin)),
        }
    }

    /// Somebody asked for it: everything is read and applied, changed or not.
    fn read_all(&self) -> Reloaded {
        let Some(origin) = &self.origin else {
            let text = "the sample document is built in and does not change".to_owned();
            return Reloaded { applied: false, revision: self.revision(), text };
        };
        let mut last = self.last();
        let read = (origin.read)(&origin.documents);
        // Where documents are not watched, a refused one is not what the files of the one that runs are compared with.
        if origin.watched {
            last.is_news(&read);
        }
        self.apply(&mut last, read, origin)
    }

    fn apply(&self, last: &mut Last, read: Result<Inputs, Unreadable>, origin: &Origin) -> Reloaded {
        let inputs = match read {
            Ok(inputs) => inputs,
            Err(unreadable) => return self.refuse(&unreadable.to_string()),
        };
        if origin.watched {
            last.files_seen = inputs.paths().to_vec();
        }
        let loaded = inputs.load(&origin.purpose);
        let warnings = loaded.problems_text(false);
        let Loaded { snapshot: Some(snapshot), inputs, ticket_secrets, page_urls, site, .. } = loaded else {
            return self.refuse(&warnings);
        };
        self.running.use_ticket_secrets(ticket_secrets);
        let sources = self.running.use_name_sources(names::sources(site.as_ref()));
        match self.running.apply(snapshot) {
            Ok((revision, changes)) => {
                last.applied = inputs.checksum().to_owned();
                last.seen.clone_from(&last.applied);
                keep(self.kept.as_ref(), inputs.text());
                last.hold(inputs, origin.watched);
                if let Some(pages) = &origin.purpose.pages {
                    pages.retain(&page_urls);
                }
                Reloaded { applied: true, revision, text: format!("{warnings}revision {revision} applied: {changes}") }
            }
            Err(errors) => {
                self.running.use_name_sources(sources);
                let mut text = String::new();
                let _ = running::write_bind_errors(&errors, &mut text);
                self.refuse(&text)
            }
        }
    }

    fn refuse(&self, why: &str) -> Reloaded {
        self.running.refused(why);
        let revision = self.revision();
        let text = format!("{}\nrefused; revision {revision} stays in force", why.trim_end());
        Reloaded { applied: false, revision, text }
    }

    fn revision(&self) -> u64 {
        self.running.current().snapshot.identity.revision
    }
}

fn keep(kept: Option<&LastGood>, text: &str) {
    if let Some(Err(error)) = kept.map(|kept| kept.store(text)) {
        terminal::note(&format!("gatehouse: the applied configuration could not be kept on disk: {error}"));
    }
}

impl Last {
    /// Whether this is something else than what was looked at before.
    fn is_news(&mut self, read: &Result<Inputs, Unreadable>) -> bool {
        let seen = read.as_ref().map_or_else(Unreadable::to_string, |inputs| inputs.checksum().to_owned());
        std::mem::replace(&mut self.seen, seen) != self.seen
    }

    /// Keeps what runs, as far as it is needed: of a large document it is most of the memory.
    fn hold(&mut self, inputs: Inputs, is_watched: bool) {
        self.files = inputs.paths().to_vec();
        self.files_seen.clear();
        self.inputs = (!is_watched && !self.files.is_empty()).then_some(inputs);
    }
}

impl Origin {
    /// The files named on the command line, where their changes are applied.
    fn watched_files(&self) -> Vec<PathBuf> {
        if !self.watched {
            return Vec::new();
        }
        let Documents { document, beside } = &self.documents;
        [document].into_iter().chain(&beside.with).chain(&beside.site).cloned().collect()
    }
}

impl Control for Service {
    fn status(&self) -> StatusReport {
        self.running.status()
    }

    fn reload(&self) -> Reloaded {
        self.read_all()
    }
}
