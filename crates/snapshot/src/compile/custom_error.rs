//! Custom error pages of the gateway and of listeners.
//!
//! Source: Azure, "Create custom error pages" (custom-error, read 2026-11-22): an `.htm` or `.html` page of less than
//! 1 MB at a public URL, fetched when the configuration is applied; a listener with pages of its own has none of the
//! gateway's. Parity: a page may also stand in the document (`gatehouse.content`) or in a file of this machine (site
//! file, `errorPages`), and more statuses have one.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use model::custom_error::{CustomError, CustomErrorStatusCode};
use model::schema::Field;
use model::site::Site;
use model::{Document, List, Problem};
use routing::UrlTarget;

use super::codes;
use super::context::{Context, text};
use crate::{Page, Pages};

/// The first size that is too large, in bytes.
const TOO_LARGE: usize = 1 << 20;

/// The pages that are served.
#[derive(Default)]
pub(super) struct Served {
    pub(super) gateway: Pages,
    /// Of every listener, in the document's order; `None`: the gateway's.
    pub(super) listeners: Vec<Option<Pages>>,
}

/// The URLs of all error pages that have to be fetched before `document` is compiled: those that neither the document
/// nor the site file has the page for, each once.
pub fn page_urls(document: &Document, site: Option<&Site>) -> Vec<String> {
    let gateway = &document.gateway;
    let own = gateway.http_listeners.iter().flat_map(|listener| &listener.custom_error_configurations);
    let pages = gateway.custom_error_configurations.iter().chain(own);
    let wanted = pages.filter(|page| content(page).is_none());
    let urls = wanted.filter_map(|page| Some(text(&page.custom_error_page_url)?.value.trim()));
    let urls = urls.filter(|url| is_page_url(url) && file(site, url).is_none());
    urls.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

/// Checks and reads the pages of the gateway and of every listener.
pub(super) fn all(context: &mut Context<'_>) -> Served {
    let gateway = context.gateway;
    let mut reported = HashSet::new();
    let own = pages(context, &gateway.custom_error_configurations, &mut reported);
    let mut listeners = Vec::new();
    for listener in &gateway.http_listeners {
        let list = &listener.custom_error_configurations;
        let own = pages(context, list, &mut reported);
        listeners.push((!list.is_empty()).then_some(own));
    }
    Served { gateway: own, listeners }
}

/// The pages of one list. A URL that is wrong in itself is reported at every place, one that gives no page once.
fn pages<'a>(context: &mut Context<'a>, list: &'a List<CustomError>, reported: &mut HashSet<&'a str>) -> Pages {
    let (mut pages, mut seen) = (Pages::default(), HashSet::new());
    for asked in list {
        let status = status(context, asked, &mut seen);
        let url = url(context, asked);
        let Some(body) = body(context, asked, url, reported) else { continue };
        if let Some(status) = status {
            pages.insert(status, Page::new(body));
        }
    }
    pages
}

fn status(
    context: &mut Context<'_>,
    asked: &Field<CustomError>,
    seen: &mut HashSet<CustomErrorStatusCode>,
) -> Option<u16> {
    let Some(status) = &asked.status_code else {
        context.missing(&asked.at, "statusCode", "this error page");
        return None;
    };
    if !seen.insert(status.value) {
        let message = format!("there is a page for {} already", status.value);
        context.error(codes::DUPLICATE_ERROR_PAGE, &status.at, message);
    }
    let message = match status.value {
        CustomErrorStatusCode::HttpStatus404 => Some("Azure lists this status but has no custom page for it"),
        other if !other.is_azures() => Some("Azure has no custom page for this status"),
        _ => None,
    };
    if let Some(message) = message {
        let problem = Problem::warning(codes::ERROR_PAGE_STATUS, &status.at, message);
        context.azure_refuses(problem.help("this gateway has one"));
    }
    Some(status.value.status())
}

/// The URL, which may be absent where the document has the page itself and Azure is not meant.
fn url<'a>(context: &mut Context<'_>, asked: &'a Field<CustomError>) -> Option<&'a Field<String>> {
    let Some(url) = text(&asked.custom_error_page_url) else {
        if content(asked).is_none() || context.environment.target_azure {
            context.missing(&asked.at, "customErrorPageUrl", "this error page");
        }
        return None;
    };
    if is_page_url(url.value.trim()) {
        return Some(url);
    }
    let problem = Problem::error(codes::INVALID_ERROR_PAGE, &url.at, "this cannot be an error page");
    let expected = "a public URL that ends in \".htm\" or \".html\"";
    context.problems.push(problem.found(format!("{:?}", url.value)).expected(expected));
    None
}

/// The page: from the site file, from the document, or as it was fetched.
fn body<'a>(
    context: &mut Context<'a>,
    asked: &'a Field<CustomError>,
    url: Option<&'a Field<String>>,
    reported: &mut HashSet<&'a str>,
) -> Option<Arc<[u8]>> {
    if let Some(path) = url.and_then(|url| file(context.site, url.value.trim())) {
        let read = context.file(path)?;
        return sized(context, path, Arc::from(read));
    }
    if let Some(written) = content(asked) {
        return sized(context, written, Arc::from(written.value.as_bytes()));
    }
    let url = url?;
    let fetched = context.environment.pages.get(url.value.trim());
    let is_first = reported.insert(url.value.trim());
    match fetched {
        Some(Ok(page)) => sized(context, url, Arc::clone(page)),
        Some(Err(why)) if is_first => {
            let message = format!("the error page cannot be fetched: {why}");
            let problem = Problem::error(codes::ERROR_PAGE_UNAVAILABLE, &url.at, message);
            let problem = problem.found(format!("{:?}", url.value)).help(own_page(&url.value));
            context.machine_refuses(problem);
            None
        }
        None if is_first => {
            let message = "the error page was not fetched: whether it is there, nobody knows yet";
            let problem = Problem::warning(codes::ERROR_PAGE_NOT_FETCHED, &url.at, message);
            context.problems.push(problem.help("\"check --fetch\" tries it now; a gateway does when it starts"));
            None
        }
        Some(Err(_)) | None => None,
    }
}

fn own_page(url: &str) -> String {
    format!("give the page of this machine in the site file:\nerrorPages:\n  {:?}: FILE", url.trim())
}

fn sized(context: &mut Context<'_>, at: &Field<String>, page: Arc<[u8]>) -> Option<Arc<[u8]>> {
    if page.len() < TOO_LARGE {
        return Some(page);
    }
    let problem = Problem::error(codes::ERROR_PAGE_SIZE, &at.at, "this error page is too large");
    context.problems.push(problem.found(format!("{} bytes", page.len())).expected("less than 1 MB (1048576 bytes)"));
    None
}

/// What the document itself has for a page.
fn content(asked: &CustomError) -> Option<&Field<String>> {
    text(&asked.gatehouse.as_ref()?.content)
}

/// The file of this machine that stands for a URL. Paths of URLs have upper and lower case.
fn file<'a>(site: Option<&'a Site>, url: &str) -> Option<&'a Field<String>> {
    let mut files = site?.error_pages.iter();
    files.find(|(key, _)| key.value.trim() == url).map(|(_, path)| path)
}

/// Whether this can be the URL of a page.
pub(super) fn is_page_url(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    UrlTarget::parse(url).is_ok() && (path.ends_with(".htm") || path.ends_with(".html"))
}
