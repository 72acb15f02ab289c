//! What documents of tests lead to: files, which are fixtures, and error pages.

mod fixture;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Document;
use model::site::Site;
use snapshot::{Files, key_files};

pub(crate) use fixture::{IN_2027, fixture, with_fixtures};

/// The files that a site file and a document name, which are fixtures.
pub(crate) fn files(site: Option<&Site>, document: Option<&Document>) -> Files {
    let mut files = Files::default();
    let of_site = site.iter().flat_map(|site| site.files()).map(|(path, _)| path);
    for path in of_site.chain(document.into_iter().flat_map(key_files)) {
        let content = fixture(path).map_err(|_| "there is no such file".to_owned());
        files.insert(path.value.clone(), content.map(Into::into));
    }
    files
}

/// What is found where error pages are: `502.html`, `large.html`, and nothing at `gone.html`. Others are not fetched.
pub(crate) fn pages() -> BTreeMap<String, Result<Arc<[u8]>, String>> {
    let rows = [
        ("502.html", Ok(Arc::from(&b"<h1>Sorry</h1>"[..]))),
        ("large.html", Ok(Arc::from(vec![b' '; 1 << 20]))),
        ("gone.html", Err("the server answers 404".to_owned())),
    ];
    rows.into_iter().map(|(name, page)| (format!("https://pages.example/{name}"), page)).collect()
}
