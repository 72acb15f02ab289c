//! Files to a snapshot: reading, checking, compiling, with every problem on the way.

use std::io::Read;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::problem::{Problem, Problems};
use model::site::{Site, read_site};
use model::{At, Document, ReadOptions, Source, Sources};
use sha2::{Digest, Sha256};
use snapshot::compile::{Environment, Mode, compile};
use snapshot::{Snapshot, merged};

use crate::cli::Documents;
use crate::terminal;

/// The largest file that is read, in bytes. A gateway with every Azure limit used up has about 1 MiB.
const MAX_FILE: u64 = 16 << 20;

/// How a document is to be compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Purpose {
    /// Frontends without a binding listen on loopback, not on all addresses.
    pub loopback: bool,
    /// Azure's limits are errors.
    pub azure: bool,
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
    /// The text of the main document, to be kept once it was applied.
    pub text: String,
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
pub fn load(documents: &Documents, purpose: Purpose) -> Result<Loaded, Unreadable> {
    let mut sources = vec![read_source(&documents.document)?];
    for path in &documents.with {
        sources.push(read_source(path)?);
    }
    let site = documents.site.as_deref().map(read_source).transpose()?;
    Ok(load_texts(sources, site, documents.gateway.clone(), purpose))
}

/// The folder that a site file keeps state in. Needed before the document is read; what is wrong with the site file
/// is reported with the document's problems.
pub fn state_of(site: &Source) -> Option<PathBuf> {
    let site = read_site(site.clone(), &mut Sources::new(Vec::new()), &mut Problems::new())?;
    Some(PathBuf::from(&site.folders.as_ref()?.state.as_ref()?.value))
}

/// Compiles texts, the main document first.
pub fn load_texts(sources: Vec<Source>, site: Option<Source>, gateway: Option<String>, purpose: Purpose) -> Loaded {
    let text = sources.first().map(|source| source.text.clone()).unwrap_or_default();
    let checksum = checksum(sources.iter().chain(&site).map(|source| source.text.as_str()));
    let (site, site_problems, options, site_source) = open_site(site, gateway);
    let mut reading = model::read(&sources, &options);
    // The site file's problems point into its own text, which comes after the documents'.
    let site = match (site, site_source) {
        (Some(_), Some(source)) => read_site(source, &mut reading.sources, &mut reading.problems),
        (site, _) => {
            reading.problems.append(site_problems);
            site
        }
    };
    let mut loaded = Loaded {
        document: reading.document,
        site,
        snapshot: None,
        problems: reading.problems,
        sources: reading.sources,
        text,
    };
    if let Some(document) = &loaded.document {
        let environment = Environment {
            local_addresses: local_addresses(document),
            mode: if purpose.loopback { Mode::Dev } else { Mode::Run },
            target_azure: purpose.azure,
        };
        let compiled = compile(document, loaded.site.as_ref(), &environment);
        loaded.problems = merged(std::mem::take(&mut loaded.problems), compiled.problems);
        loaded.snapshot = compiled.snapshot.filter(|_| !loaded.problems.has_errors());
    } else if !loaded.problems.has_errors() {
        loaded.problems.push(Problem::error(
            "NoGateway",
            &At::default(),
            "there is no application gateway in the document",
        ));
    }
    if let Some(snapshot) = &mut loaded.snapshot {
        snapshot.identity.checksum = Arc::from(checksum);
    }
    loaded
}

/// The site file is read twice: first for the template parameters in it, which the document needs, and then for its
/// problems, which need the document's texts before it.
fn open_site(site: Option<Source>, gateway: Option<String>) -> (Option<Site>, Problems, ReadOptions, Option<Source>) {
    let mut options = ReadOptions { gateway, ..ReadOptions::default() };
    let Some(source) = site else { return (None, Problems::new(), options, None) };
    let mut problems = Problems::new();
    let read = read_site(source.clone(), &mut Sources::new(Vec::new()), &mut problems);
    if let Some(site) = &read {
        options.parameters = site.parameters.clone();
    }
    // A placeholder when it could not be read, so that it is read again for its problems.
    (Some(read.unwrap_or_default()), Problems::new(), options, Some(source))
}

/// The private addresses of the document's frontends that this machine has: those a socket can be bound to.
fn local_addresses(document: &Document) -> Vec<IpAddr> {
    let frontends = document.gateway.frontend_ip_configurations.iter();
    let addresses = frontends.filter_map(|frontend| frontend.private_ip_address.as_ref()?.value.parse().ok());
    addresses.filter(|ip: &IpAddr| UdpSocket::bind(SocketAddr::new(*ip, 0)).is_ok()).collect()
}

fn checksum<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
