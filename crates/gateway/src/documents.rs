//! Files to a snapshot: reading, checking, compiling, with every problem on the way.

use std::io::Read;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firewall::events::{Place, Scope};
use model::problem::{Problem, Problems};
use model::site::{Site, read_site};
use model::{At, Document, ReadOptions, Source, Sources};
use snapshot::compile::{Environment, Issuer, Mode, compile, firewall_policy};
use snapshot::{FirewallCache, Guard, Snapshot, merged, page_urls};

use crate::affinity::MachineKey;
use crate::cli::Documents;
use crate::dev_ca::DevCa;
use crate::error_pages::ErrorPages;
use crate::inputs::Inputs;
use crate::site_files::SiteFiles;
use crate::terminal;
use crate::tickets::TicketSecrets;

/// The largest file that is read, in bytes. A gateway with every Azure limit used up has about 1 MiB.
const MAX_FILE: u64 = 16 << 20;

/// How a document is to be compiled.
#[derive(Clone, Debug, Default)]
pub struct Purpose {
    /// Frontends without a binding listen on loopback, not on all addresses.
    pub loopback: bool,
    /// Azure's limits are errors.
    pub azure: bool,
    /// Who issues certificates that are in Azure only.
    pub issuer: Option<Arc<dyn Issuer>>,
    /// Who fetches error pages. `None`: nobody does, and a warning says so.
    pub pages: Option<Arc<ErrorPages>>,
    /// A firewall policy that is wanted whether it is in force anywhere or not.
    pub policy: Option<String>,
    /// Who has the secret of affinity cookies where the site file names none. Needed to serve.
    pub affinity: Option<Arc<MachineKey>>,
    /// Where the firewall's rules are not on this machine, the baseline is run in their place.
    pub stand_in_rules: bool,
    /// Programs of the firewall from earlier times; what shares it need not make them again.
    pub firewall_cache: FirewallCache,
}

impl Purpose {
    /// To serve a document, with a folder for what is kept.
    pub fn serving(state: &Path, document: &Path) -> Self {
        Self {
            pages: Some(Arc::new(ErrorPages::in_folder(state, document))),
            affinity: Some(Arc::new(MachineKey::in_folder(state))),
            ..Self::default()
        }
    }

    /// To serve, and to keep nothing beyond the process.
    pub fn trial() -> Self {
        Self {
            pages: Some(Arc::new(ErrorPages::in_memory())),
            affinity: Some(Arc::new(MachineKey::in_memory())),
            ..Self::default()
        }
    }

    /// To look where requests go, for which certificates that are in Azure only, and rules of the firewall, need not be
    /// here.
    pub fn routing() -> Self {
        Self { issuer: Some(Arc::new(DevCa::in_memory(drop))), stand_in_rules: true, ..Self::default() }
    }
}

/// What came of files: a snapshot when there was no error, and everything that was found.
pub struct Loaded {
    /// The document as read; `None` when it could not be.
    pub document: Option<Document>,
    /// The site file.
    pub site: Option<Site>,
    /// What can be run.
    pub snapshot: Option<Snapshot>,
    /// Everything that was found.
    pub problems: Problems,
    /// The texts, for printing problems.
    pub sources: Sources,
    /// Secrets of session tickets, the first encrypts.
    pub ticket_secrets: TicketSecrets,
    /// The URLs of its error pages that were to be fetched.
    pub page_urls: Vec<String>,
    /// What it was loaded from; the contents of files were compiled and are not kept.
    pub inputs: Inputs,
}

/// A file that cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    path: PathBuf,
    why: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "cannot read {}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Reads a text file, within the size limit.
pub fn read_file(path: &Path) -> Result<String, Unreadable> {
    let unreadable = |why: String| Unreadable { path: path.to_owned(), why };
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unreadable("there is no such file".to_owned()),
        std::io::ErrorKind::PermissionDenied => unreadable("this user may not".to_owned()),
        _ => unreadable(error.to_string()),
    })?;
    let mut text = String::new();
    let read = file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => unreadable("it is not UTF-8 text".to_owned()),
        std::io::ErrorKind::IsADirectory => unreadable("it is a folder".to_owned()),
        _ => unreadable(error.to_string()),
    })?;
    if read as u64 > MAX_FILE {
        return Err(unreadable(format!("it is larger than {} MiB, more than any gateway's document", MAX_FILE >> 20)));
    }
    Ok(text)
}

/// Reads a file that holds a document, or a part of one.
pub fn read_source(path: &Path) -> Result<Source, Unreadable> {
    Ok(Source::new(path.display().to_string(), read_file(path)?))
}

/// Reads the files that the command line names and compiles them.
pub fn load(documents: &Documents, purpose: &Purpose) -> Result<Loaded, Unreadable> {
    Ok(compiled(Inputs::read(documents)?, purpose))
}

/// Compiles texts, the main document first.
pub fn load_texts(sources: Vec<Source>, site: Option<Source>, gateway: Option<String>, purpose: Purpose) -> Loaded {
    compiled(Inputs::new(sources, site, gateway), &purpose)
}

/// The folder that a site file keeps state in. Needed before the document is read; what is wrong with the site file
/// is reported with the document's problems.
pub fn state_of(site: &Source) -> Option<PathBuf> {
    let site = read_site(site.clone(), &mut Sources::new(Vec::new()), &mut Problems::new())?;
    Some(PathBuf::from(&site.folders.as_ref()?.state.as_ref()?.value))
}

/// Compiles what was read.
pub fn compiled(mut inputs: Inputs, purpose: &Purpose) -> Loaded {
    let (site, options) = open_site(inputs.site.as_ref(), inputs.gateway.as_deref());
    let mut reading = model::read(&inputs.documents, &options);
    // The site file's problems point into its own text, which comes after the documents'.
    let site = match (site, &inputs.site) {
        (Some(_), Some(source)) => read_site(source.clone(), &mut reading.sources, &mut reading.problems),
        (site, _) => site,
    };
    let SiteFiles { files, ticket_secrets, .. } =
        take_files(&mut inputs, site.as_ref(), purpose, &mut reading.problems);
    let rule_sets = inputs.take_rules();
    let mut loaded = Loaded {
        document: reading.document,
        site,
        snapshot: None,
        problems: reading.problems,
        sources: reading.sources,
        ticket_secrets,
        page_urls: Vec::new(),
        inputs,
    };
    if let Some(document) = &loaded.document {
        loaded.page_urls = page_urls(document, loaded.site.as_ref());
        let fetched = purpose.pages.as_ref().map(|pages| pages.fetch(&loaded.page_urls)).unwrap_or_default();
        fetched.problems(document).for_each(|problem| loaded.problems.push(problem));
        let environment = Environment {
            local_addresses: local_addresses(document),
            mode: if purpose.loopback { Mode::Dev } else { Mode::Run },
            target_azure: purpose.azure,
            files,
            now: jiff::Timestamp::now().as_second(),
            issuer: purpose.issuer.clone(),
            affinity_key: purpose.affinity.as_ref().and_then(|key| key.wanted(document)),
            pages: fetched.pages,
            rule_sets,
            stand_in_rules: purpose.stand_in_rules,
            firewall_cache: purpose.firewall_cache.clone(),
        };
        let compiled = compile(document, loaded.site.as_ref(), &environment);
        loaded.problems = merged(std::mem::take(&mut loaded.problems), compiled.problems);
        loaded.snapshot = compiled.snapshot.filter(|_| !loaded.problems.has_errors());
        if let Some(name) = &purpose.policy {
            add_policy(&mut loaded, &environment, name);
        }
    } else if !loaded.problems.has_errors() {
        loaded.problems.push(Problem::error(
            "NoGateway",
            &At::default(),
            "there is no application gateway in the document",
        ));
    }
    if let Some(snapshot) = &mut loaded.snapshot {
        snapshot.identity.checksum = Arc::from(loaded.inputs.checksum());
    }
    loaded
}

/// Adds a firewall policy that is in force nowhere, so that it can be asked by its name.
fn add_policy(loaded: &mut Loaded, environment: &Environment, name: &str) {
    let (Some(document), Some(snapshot)) = (&loaded.document, &mut loaded.snapshot) else { return };
    let guards = &mut snapshot.firewalls.guards;
    if guards.iter().any(|guard| guard.policy.name.eq_ignore_ascii_case(name)) {
        return;
    }
    let (policy, problems) = firewall_policy(document, loaded.site.as_ref(), environment, name);
    if let Some(policy) = policy {
        guards.push(Guard { policy, place: Place { scope: Scope::Global, name: Arc::from("Global") } });
    }
    loaded.problems = merged(std::mem::take(&mut loaded.problems), problems);
}

/// The contents of the files, which are needed once, with what is wrong with the files themselves. This machine's files
/// are no concern of Azure.
fn take_files(inputs: &mut Inputs, site: Option<&Site>, purpose: &Purpose, problems: &mut Problems) -> SiteFiles {
    let taken = inputs.take_files();
    if let Some(site) = site.filter(|_| !purpose.azure) {
        problems.append(taken.problems(site));
    }
    taken
}

/// The site file is read twice: first for the template parameters in it, which the document needs, and then for its
/// problems, which need the document's texts before it.
pub(crate) fn open_site(source: Option<&Source>, gateway: Option<&str>) -> (Option<Site>, ReadOptions) {
    let mut options = ReadOptions { gateway: gateway.map(str::to_owned), ..ReadOptions::default() };
    let Some(source) = source else { return (None, options) };
    let read = read_site(source.clone(), &mut Sources::new(Vec::new()), &mut Problems::new());
    if let Some(site) = &read {
        options.parameters = site.parameters.clone();
    }
    // A placeholder when it could not be read, so that it is read again for its problems.
    (Some(read.unwrap_or_default()), options)
}

/// The private addresses of the document's frontends that this machine has: those a socket can be bound to.
fn local_addresses(document: &Document) -> Vec<IpAddr> {
    let frontends = document.gateway.frontend_ip_configurations.iter();
    let addresses = frontends.filter_map(|frontend| frontend.private_ip_address.as_ref()?.value.parse().ok());
    addresses.filter(|ip: &IpAddr| UdpSocket::bind(SocketAddr::new(*ip, 0)).is_ok()).collect()
}

impl Loaded {
    /// The problems as text for a terminal, with the counts at the end; empty when there is none.
    pub fn problems_text(&self, colour: bool) -> String {
        if self.problems.is_empty() {
            return String::new();
        }
        let options = model::problem::TextOptions { color: colour };
        let mut text = model::problem::render_text(&self.problems, &self.sources, &options);
        let errors = self.problems.error_count();
        let counts = [(errors, "error"), (self.problems.len() - errors, "warning")];
        let counts: Vec<_> = counts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| terminal::count(number, what))
            .collect();
        text.push_str(&counts.join(", "));
        text.push('\n');
        text
    }
}
