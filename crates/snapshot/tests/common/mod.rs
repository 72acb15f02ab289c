//! Fixtures: those beside these tests, and those of the crate `tls` for documents with certificates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Document;
use model::site::Site;
use snapshot::{Files, key_files};

/// 2027-01-15, within the time of every fixture.
pub(crate) const IN_2027: i64 = 1_800_000_000;

/// A fixture of these tests, or of the crate `tls`.
pub(crate) fn fixture(name: &str) -> std::io::Result<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = fs::read(here.join("tests/fixtures").join(name));
    own.or_else(|_| fs::read(here.join("../tls/tests/fixtures").join(name)))
}

/// Puts the base64 of fixtures where `{{their names}}` stand.
pub(crate) fn with_fixtures(text: &str) -> String {
    let mut parts = text.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("a fixture ends with }}");
        let base64 = match fixture(&format!("{name}.b64")) {
            Ok(base64) => String::from_utf8(base64).expect("base64 is text").replace('\n', ""),
            Err(_) => STANDARD.encode(fixture(name).unwrap_or_else(|error| panic!("{name}: {error}"))),
        };
        text.push_str(&base64);
        text.push_str(rest);
    }
    text
}

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
