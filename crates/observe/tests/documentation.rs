//! The page of the access log has every reason why a session ends, and every field of a session's row.

#![allow(clippy::unwrap_used, reason = "helpers of tests; a failure is meant to end the test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use observe::access_log::{Config, Names, Target, TlsInfo, end_reason};
use observe::{AccessLog, Labels, SessionRecord, Stamp};
use serde_json::Value;

/// The page's part about sessions.
fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access-log.md");
    let page = fs::read_to_string(page).unwrap();
    page.split_once("\n## Sessions\n").unwrap().1.to_owned()
}

/// What stands between backticks in the first cells of a table, below its heading.
fn first_cells(text: &str) -> Vec<&str> {
    let rows = text.lines().skip_while(|line| !line.starts_with("|---"));
    let first = rows.filter(|line| line.starts_with("| `")).filter_map(|line| line.split(" | ").next());
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The row of a session of which everything is known, as the log writes it.
fn row(file: &Path) -> Value {
    let log = AccessLog::start(Config { target: Target::File(file.to_owned()), ..Config::default() }).unwrap();
    let tls =
        TlsInfo { cipher: "suite", protocol: "TLSv1.3", client_verify: "SUCCESS", fingerprint: "ab", issuer: "CN=x" };
    log.worker().session(&SessionRecord {
        stamp: &Stamp::of(0),
        labels: &Labels::new(&Names::default()),
        client: ([203, 0, 113, 7], 50412).into(),
        received_bytes: 1,
        sent_bytes: 2,
        upstream_sent_bytes: 1,
        upstream_received_bytes: 2,
        session_time: Duration::from_secs(1),
        upstream_session_time: Duration::from_secs(1),
        tls: Some(tls),
        server: Some(([10, 0, 0, 5], 1433).into()),
        status: 200,
        end_reason: end_reason::CLOSED,
        server_name: "db.example",
        alpn: b"tds/8.0",
        server_tls: Some(("suite", "TLSv1.3")),
        connect_time: Some(Duration::ZERO),
        first_byte_time: Some(Duration::ZERO),
        attempts: 1,
        detail: "why",
    });
    assert!(log.shutdown(Duration::from_secs(20)));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn names(row: &Value) -> Vec<&str> {
    row["properties"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_table_of_ends_is_the_list_of_ends() {
    let page = page();
    let (_, ends) = page.split_once("\n### Why a session ended\n").unwrap();
    assert_eq!(first_cells(ends), end_reason::ALL);
}

#[test]
fn every_field_of_a_row_stands_on_the_page_and_in_its_example() {
    let folder = std::env::temp_dir().join(format!("gatehouse-documentation-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let row = row(&folder.join("access.json"));
    fs::remove_dir_all(&folder).unwrap();

    let page = page();
    let (fields, _) = page.split_once("\n### Why a session ended\n").unwrap();
    for name in names(&row) {
        assert!(fields.contains(&format!("`{name}`")), "{name} is not explained");
    }
    for name in first_cells(fields) {
        assert!(row["properties"].get(name).is_some(), "{name} is explained and never written");
    }
    let example = fields.split("```json\n").nth(1).unwrap().split("```").next().unwrap().replace('\n', "");
    let example: Value = serde_json::from_str(&example).unwrap();
    for name in names(&example) {
        assert_eq!(
            example["properties"][name].is_string(),
            row["properties"][name].is_string(),
            "{name} has another type in the example"
        );
    }
}
