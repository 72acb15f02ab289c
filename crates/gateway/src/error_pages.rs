//! Error pages that are elsewhere: fetched whenever a configuration is loaded, with a copy for when they are away.
//!
//! Source: Azure, "Create custom error pages" (custom-error, read 2026-11-22): pages are fetched with each change of the
//! configuration and not in between. Parity: Azure refuses the change when a page cannot be fetched; here the copy that
//! was fetched last does, and a warning says so.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fetch::{Fetcher, Limits};
use model::problem::Problem;
use model::{At, Document};
use snapshot::compile::codes::ERROR_PAGE_OLD;

use crate::last_good::document_name;
use crate::{kept, terminal};

/// A page is below 1 MB; the byte beyond is how one is known to be larger.
const LARGEST: u64 = 1 << 20;
/// For one page.
const PATIENCE: Duration = Duration::from_secs(10);
/// For all of them: somebody waits for the configuration.
const ALTOGETHER: Duration = Duration::from_secs(30);
/// Pages that are fetched at the same time.
const AT_ONCE: usize = 8;

/// Fetches error pages and keeps them.
#[derive(Debug)]
pub struct ErrorPages {
    fetcher: Fetcher,
    /// Where copies are kept; `None`: in memory only.
    folder: Option<PathBuf>,
    last: Mutex<BTreeMap<String, Arc<[u8]>>>,
}

/// What came of some URLs.
#[derive(Debug, Default)]
pub struct Fetched {
    /// A page for each URL, or why there is none.
    pub pages: BTreeMap<String, Result<Arc<[u8]>, String>>,
    /// The URLs whose page is a copy from before, and why.
    pub old: Vec<(String, String)>,
}

impl ErrorPages {
    /// Copies are kept in memory.
    pub fn in_memory() -> Self {
        Self { fetcher: Fetcher::default(), folder: None, last: Mutex::default() }
    }

    /// Copies are kept in the state folder too, apart from those of other documents.
    pub fn in_folder(state: &Path, document: &Path) -> Self {
        let folder = state.join(format!("error-pages-{}", document_name(document)));
        Self { folder: Some(folder), ..Self::in_memory() }
    }

    /// Fetches the pages at these URLs. Blocks, for half a minute at most.
    pub fn fetch(&self, urls: &[String]) -> Fetched {
        let mut fetched = Fetched::default();
        for (url, outcome) in self.fetch_all(urls) {
            let page = match outcome {
                Ok(content) => Ok(self.keep(&url, content)),
                Err(why) => match self.copy(&url) {
                    Some(copy) => {
                        fetched.old.push((url.clone(), why));
                        Ok(copy)
                    }
                    None => Err(why),
                },
            };
            fetched.pages.insert(url, page);
        }
        fetched
    }

    /// Forgets the pages of all other URLs.
    pub fn retain(&self, urls: &[String]) {
        self.last().retain(|url, _| urls.contains(url));
        let files = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        for file in files.filter(|file| !urls.iter().any(|url| *file.file_name() == *file_name(url))) {
            // One that stays is found again next time.
            let _ = fs::remove_file(file.path());
        }
    }

    fn last(&self) -> MutexGuard<'_, BTreeMap<String, Arc<[u8]>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch_all(&self, urls: &[String]) -> Vec<(String, Result<Vec<u8>, String>)> {
        let (next, outcomes, end) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Instant::now() + ALTOGETHER);
        let work = || {
            while let Some(url) = urls.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = self.fetch_one(url, end.saturating_duration_since(Instant::now()));
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((url.clone(), outcome));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..urls.len().min(AT_ONCE) {
                scope.spawn(work);
            }
        });
        let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcomes.sort();
        outcomes
    }

    fn fetch_one(&self, url: &str, left: Duration) -> Result<Vec<u8>, String> {
        if left.is_zero() {
            return Err(format!("the other pages took {} s", ALTOGETHER.as_secs()));
        }
        let limits = Limits { bytes: LARGEST, time: PATIENCE.min(left) };
        self.fetcher.get(url, &limits).map_err(|error| error.to_string())
    }

    /// Keeps a page, on disk if it is another one than before.
    fn keep(&self, url: &str, content: Vec<u8>) -> Arc<[u8]> {
        let page: Arc<[u8]> = Arc::from(content);
        let before = self.last().insert(url.to_owned(), Arc::clone(&page));
        if let Some(folder) = self.folder.as_ref().filter(|_| before.as_ref() != Some(&page)) {
            let sum = kept::checksum(&page);
            if let Err(error) = kept::write(&folder.join(file_name(url)), &[sum.as_bytes(), b"\n", &page]) {
                terminal::note(&format!("gatehouse: the error page {url} could not be kept on disk: {error}"));
            }
        }
        page
    }

    /// The page that was fetched last.
    fn copy(&self, url: &str) -> Option<Arc<[u8]>> {
        if let Some(page) = self.last().get(url) {
            return Some(Arc::clone(page));
        }
        let mut text = Vec::new();
        let file = fs::File::open(self.folder.as_ref()?.join(file_name(url))).ok()?;
        file.take(2 * LARGEST).read_to_end(&mut text).ok()?;
        let end = text.iter().position(|byte| *byte == b'\n')?;
        let (sum, page) = (text.get(..end)?, text.get(end + 1..)?);
        if kept::checksum(page).as_bytes() != sum {
            return None;
        }
        let page: Arc<[u8]> = Arc::from(page);
        self.last().insert(url.to_owned(), Arc::clone(&page));
        Some(page)
    }
}

fn file_name(url: &str) -> String {
    kept::name(url.as_bytes(), 32)
}

impl Fetched {
    /// A warning for each page that is a copy, where the document names it first.
    pub fn problems<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = Problem> + 'a {
        self.old.iter().map(|(url, why)| {
            let message =
                format!("the error page cannot be fetched, and the copy that was fetched last is used: {why}");
            Problem::warning(ERROR_PAGE_OLD, &place(document, url), message).found(format!("{url:?}"))
        })
    }
}

/// Where a document names a page.
fn place(document: &Document, url: &str) -> At {
    let gateway = &document.gateway;
    let own = gateway.http_listeners.iter().flat_map(|listener| listener.custom_error_configurations.iter());
    let mut pages = gateway.custom_error_configurations.iter().chain(own);
    let named = pages.find_map(|page| page.custom_error_page_url.as_ref().filter(|field| field.value.trim() == url));
    named.map(|field| field.at.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
