//! Sessions in the access log: their fields, and the reasons why they end.

use std::time::Duration;

use observe::access_log::{Names, TlsInfo, end_reason};
use observe::{Labels, SessionRecord, Stamp};
use serde_json::Value;

use crate::page::{assert_same_names, assert_same_types, example, first_cells, names, page, part, row};

/// The row of a session of which everything is known.
fn session() -> Value {
    let tls =
        TlsInfo { cipher: "suite", protocol: "TLSv1.3", client_verify: "SUCCESS", fingerprint: "ab", issuer: "CN=x" };
    let record = SessionRecord {
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
    };
    row("sessions", |log| log.session(&record))
}

#[test]
fn the_table_of_ends_is_the_list_of_ends() {
    let page = page("access-log.md");
    let (_, ends) = page.split_once("\n### Why a session ended\n").unwrap();
    assert_eq!(first_cells(ends), end_reason::ALL);
}

#[test]
fn every_field_of_a_row_stands_on_the_page_and_in_its_example() {
    let page = page("access-log.md");
    let fields = part(&page, "## Sessions", "### Why a session ended");
    let row = session();
    let own = first_cells(fields);
    // Fields that requests have as well are only named here.
    let shared: Vec<_> = names(&row["properties"]).into_iter().filter(|name| !own.contains(name)).collect();
    let intro = fields.split_once("|---").unwrap().0;
    for name in &shared {
        assert!(intro.contains(&format!("`{name}`")), "{name} is not explained");
    }
    assert_same_names(&[own, shared].concat(), &names(&row["properties"]));
    assert_same_types(&example(fields)["properties"], &row["properties"]);
}
