//! What a configuration is made of, as it was on the disk at one moment: the texts, and the files that the site file
//! names, and the folder of the firewall's rules.

use std::path::{Path, PathBuf};

use model::Source;
use model::schema::Field;
use sha2::{Digest, Sha256};
use snapshot::RuleSets;

use crate::cli::Documents;
use crate::documents::{Loaded, Purpose, Unreadable, compiled, open_site, read_source};
use crate::last_good::state_folder;
use crate::rule_folder::{self, Rules};
use crate::site_files::{self, SiteFiles};

/// The texts and files of a configuration.
pub struct Inputs {
    /// The documents, the main one first.
    pub(crate) documents: Vec<Source>,
    /// The site file. Its name is its path, which the paths in it start from.
    pub(crate) site: Option<Source>,
    /// The gateway to take, when the documents hold several.
    pub(crate) gateway: Option<String>,
    files: SiteFiles,
    rules: Rules,
    paths: Vec<PathBuf>,
    checksum: String,
}

impl Inputs {
    /// Reads the files that the command line names, and those that the site file names.
    ///
    /// # Errors
    /// One of those on the command line cannot be read. What is wrong with the others is told where they are used.
    pub fn read(documents: &Documents) -> Result<Self, Unreadable> {
        let mut sources = vec![read_source(&documents.document)?];
        for path in &documents.beside.with {
            sources.push(read_source(path)?);
        }
        let site = documents.beside.site.as_deref().map(read_source).transpose()?;
        Ok(Self::new(sources, site, documents.beside.gateway.clone()))
    }

    /// Takes texts, the main document first, and reads the files that the site file names.
    pub fn new(documents: Vec<Source>, site: Option<Source>, gateway: Option<String>) -> Self {
        let mut checksum = Sha256::new();
        documents.iter().chain(&site).for_each(|source| add(&mut checksum, source.text.as_bytes()));
        let files = files(&documents, site.as_ref(), gateway.as_deref(), &mut checksum);
        let rules = rules(&documents, site.as_ref(), gateway.as_deref(), &mut checksum);
        let paths = files.paths.iter().chain(&rules.paths).cloned().collect();
        let checksum = checksum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { documents, site, gateway, files, rules, paths, checksum }
    }

    /// The same texts with the files as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(self.documents.clone(), self.site.clone(), self.gateway.clone())
    }

    /// Compiles them.
    pub fn load(self, purpose: &Purpose) -> Loaded {
        compiled(self, purpose)
    }

    /// SHA-256 of all that was read, hexadecimal.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// The text of the main document.
    pub fn text(&self) -> &str {
        self.documents.first().map_or("", |source| &source.text)
    }

    /// The files that the site file names, and those of the firewall's rules.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// What was in the files; it is not here afterwards.
    pub(crate) fn take_files(&mut self) -> SiteFiles {
        self.files.take()
    }

    /// The firewall's rules; they are not here afterwards.
    pub(crate) fn take_rules(&mut self) -> RuleSets {
        std::mem::take(&mut self.rules.sets)
    }
}

/// The files that the site file and the documents name, relative to the folder of the site file, else to that of the
/// main document. What these are mistaken about is told when they are compiled.
fn files(documents: &[Source], site: Option<&Source>, gateway: Option<&str>, checksum: &mut Sha256) -> SiteFiles {
    let named = key_files(documents, site, gateway);
    let folder = folder(documents, site);
    let (site, _) = open_site(site, gateway);
    site_files::read(site.as_ref(), &named, folder, checksum)
}

/// Where relative paths start.
fn folder<'a>(documents: &'a [Source], site: Option<&'a Source>) -> &'a Path {
    let main = site.or(documents.first());
    main.and_then(|source| Path::new(&source.name).parent()).unwrap_or(Path::new(""))
}

/// The firewall's rules, when the documents may need any.
fn rules(documents: &[Source], site: Option<&Source>, gateway: Option<&str>, checksum: &mut Sha256) -> Rules {
    if !documents.iter().any(|source| rule_folder::may_be_asked_for(&source.text)) {
        return Rules::default();
    }
    let folder = folder(documents, site);
    let (site, _) = open_site(site, gateway);
    let folders = site.as_ref().and_then(|site| site.folders.as_ref());
    let named = folders.and_then(|folders| folders.rule_sets.as_ref()).map(|named| folder.join(&named.value));
    // "gatehouse waf install" does not ask the site file where state is kept.
    let state = folders.and_then(|folders| folders.state.as_ref()).map(|state| PathBuf::from(&state.value));
    let states: Vec<PathBuf> = state.into_iter().chain([state_folder(None)]).collect();
    rule_folder::read(named, &rule_folder::usual(&states), checksum)
}

/// The files with keys of token issuers that the documents name. Documents are read for it only when they speak of any:
/// of a large one it is half of the work.
fn key_files(documents: &[Source], site: Option<&Source>, gateway: Option<&str>) -> Vec<Field<String>> {
    const PROPERTY: &[u8] = b"keyfile";
    let names_some = |source: &Source| {
        source.text.as_bytes().windows(PROPERTY.len()).any(|window| window.eq_ignore_ascii_case(PROPERTY))
    };
    if !documents.iter().any(names_some) {
        return Vec::new();
    }
    let (_, options) = open_site(site, gateway);
    let document = model::read(documents, &options).document;
    document.iter().flat_map(|document| snapshot::key_files(document)).cloned().collect()
}

/// Adds a part to a checksum, with its length, so that parts cannot be moved between each other.
pub(crate) fn add(checksum: &mut Sha256, part: &[u8]) {
    checksum.update((part.len() as u64).to_be_bytes());
    checksum.update(part);
}
