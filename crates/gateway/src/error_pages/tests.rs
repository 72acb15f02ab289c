//! Pages of a server on loopback that changes its mind.

use std::collections::HashMap;

use e2e::{Farm, Folder};

use super::*;
use crate::documents::{Purpose, load_texts};

/// What stands under each path; everything else is 404.
#[derive(Clone, Default)]
struct Web(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Web {
    fn start() -> (Self, Farm) {
        let web = Self::default();
        let pages = web.clone();
        let farm = Farm::start(1, move |peer, request| {
            let page = pages.0.lock().unwrap().get(&request.target).cloned();
            let (status, body) = page.map_or(("404 No", Vec::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            peer.send([head.as_bytes(), &body].concat())
        });
        (web, farm)
    }

    fn set(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().insert(path.to_owned(), body.into());
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

fn urls(farm: &Farm, paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| format!("http://{}{path}", farm.address(0))).collect()
}

fn text(fetched: &Fetched, url: &str) -> Result<String, String> {
    fetched.pages[url].clone().map(|page| String::from_utf8_lossy(&page).into_owned())
}

const AWAY: &str = "the answer was 404; 200 is expected";

#[test]
fn a_page_is_fetched_anew_each_time_and_its_copy_stands_in_for_it() {
    let (web, farm) = Web::start();
    let pages = ErrorPages::in_memory();
    let urls = urls(&farm, &["/a.html", "/b.html"]);
    web.set("/a.html", "one");
    let first = pages.fetch(&urls);
    assert_eq!(text(&first, &urls[0]), Ok("one".to_owned()));
    assert_eq!(text(&first, &urls[1]), Err(AWAY.to_owned()));
    web.set("/a.html", "two");
    assert_eq!(text(&pages.fetch(&urls), &urls[0]), Ok("two".to_owned()));
    assert!(first.old.is_empty());
    web.clear();
    let later = pages.fetch(&urls);
    assert_eq!(text(&later, &urls[0]), Ok("two".to_owned()));
    assert_eq!(later.old, [(urls[0].clone(), AWAY.to_owned())]);
    pages.retain(&urls[1..]);
    assert_eq!(text(&pages.fetch(&urls), &urls[0]), Err(AWAY.to_owned()));
}

#[test]
fn a_copy_on_disk_outlives_the_process_if_it_is_whole() {
    let (web, farm) = Web::start();
    let folder = Folder::new();
    let store = || ErrorPages::in_folder(folder.as_ref(), Path::new("gateway.yaml"));
    let urls = urls(&farm, &["/a.html", "/b.html"]);
    web.set("/a.html", "one\ntwo");
    web.set("/b.html", [0xff, b'\n', 0]);
    store().fetch(&urls);
    web.clear();
    let fetched = store().fetch(&urls);
    assert_eq!(text(&fetched, &urls[0]), Ok("one\ntwo".to_owned()));
    assert_eq!(fetched.pages[&urls[1]].as_deref(), Ok(&[0xff, b'\n', 0][..]));
    let other = ErrorPages::in_folder(folder.as_ref(), Path::new("other.yaml"));
    assert!(text(&other.fetch(&urls), &urls[0]).is_err(), "another document has copies of its own");
    let kept = store().folder.unwrap();
    let file = kept.join(file_name(&urls[0]));
    let damaged = fs::read_to_string(&file).unwrap().replace("two", "ten");
    fs::write(file, damaged).unwrap();
    assert!(text(&store().fetch(&urls), &urls[0]).is_err());
    store().retain(&urls[..1]);
    assert_eq!(fs::read_dir(kept).unwrap().count(), 1);
}

#[test]
fn a_page_that_is_too_large_is_told_by_its_size() {
    let (web, farm) = Web::start();
    let urls = urls(&farm, &["/a.html", "/b.html"]);
    web.set("/a.html", vec![b'a'; 1 << 20]);
    web.set("/b.html", vec![b'a'; (1 << 20) + 1]);
    let fetched = ErrorPages::in_memory().fetch(&urls);
    assert_eq!(fetched.pages[&urls[0]].as_ref().map(|page| page.len()), Ok(1 << 20));
    assert_eq!(text(&fetched, &urls[1]), Err("it is larger than 1048576 bytes".to_owned()));
}

#[test]
fn several_pages_are_fetched_at_the_same_time_and_no_more() {
    // Answers come only when so many requests are there as may be.
    let (all_there, seen) = (Arc::new(std::sync::Barrier::new(AT_ONCE)), Arc::new(AtomicUsize::new(0)));
    let (barrier, counted) = (Arc::clone(&all_there), Arc::clone(&seen));
    let most = Arc::new(AtomicUsize::new(0));
    let highest = Arc::clone(&most);
    let farm = Farm::start(1, move |peer, _| {
        highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        barrier.wait();
        counted.fetch_sub(1, Ordering::SeqCst);
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    });
    let paths: Vec<String> = (0..3 * AT_ONCE).map(|number| format!("/{number}.html")).collect();
    let urls = urls(&farm, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    let fetched = ErrorPages::in_memory().fetch(&urls);
    assert!(fetched.pages.len() == urls.len() && fetched.pages.values().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
}

#[test]
fn pages_are_compiled_in_and_an_old_one_is_told_where_it_is_named() {
    let (web, farm) = Web::start();
    let url = urls(&farm, &["/502.html"]).remove(0);
    let document = e2e::Document::new(&farm)
        .section("customErrorConfigurations", format!("[{{statusCode: HttpStatus502, customErrorPageUrl: '{url}'}}]"));
    let purpose = Purpose::trial();
    let load = || {
        let sources = vec![model::Source::new("gateway.yaml", document.text())];
        load_texts(sources, Some(model::Source::new("site.yaml", document.site())), None, purpose.clone())
    };
    let missing = load();
    assert!(missing.snapshot.is_none(), "a page that never came is no page");
    assert!(missing.problems_text(false).contains(AWAY), "{}", missing.problems_text(false));
    web.set("/502.html", "<h1>sorry</h1>");
    let loaded = load();
    assert_eq!((loaded.problems_text(false), loaded.page_urls), (String::new(), vec![url]));
    let pages = loaded.snapshot.unwrap().pages;
    assert_eq!(pages.get(502).map(|page| &page.body[..]), Some(&b"<h1>sorry</h1>"[..]));
    web.clear();
    let old = load();
    let problems: Vec<_> = old.problems.iter().map(|problem| (problem.code, problem.path.as_str())).collect();
    let place = "properties.customErrorConfigurations[0].customErrorPageUrl";
    assert_eq!(problems, [(ERROR_PAGE_OLD, place)], "{}", old.problems_text(false));
    assert_eq!(old.snapshot.unwrap().pages, pages);
}
