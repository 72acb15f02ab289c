//! Fixtures: those beside these tests, and those of the crate `tls`.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

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
