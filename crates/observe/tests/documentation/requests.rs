//! Requests in the access log: their fields.

use std::time::Duration;

use observe::access_log::{HttpVersion, Names, TlsInfo, Waf, WafMode, error_info};
use observe::{AccessRecord, Labels, Stamp, TransactionId};
use serde_json::Value;

use crate::page::{all_names, assert_same_names, assert_same_types, example, first_cells, page, part, row};

/// The row of a request of which everything is known.
fn request() -> Value {
    let tls =
        TlsInfo { cipher: "suite", protocol: "TLSv1.3", client_verify: "SUCCESS", fingerprint: "ab", issuer: "CN=x" };
    let record = AccessRecord {
        stamp: &Stamp::of(0),
        labels: &Labels::new(&Names { path_rule: "api", ..Names::default() }),
        client: ([203, 0, 113, 7], 51644).into(),
        method: b"GET",
        original_target: b"/api/cart?x=1",
        path: b"/v1/cart",
        query: b"x=1",
        user_agent: b"curl/7.88.1",
        status: 200,
        version: HttpVersion::Http11,
        received_bytes: 1,
        sent_bytes: 2,
        client_response_time: Duration::ZERO,
        time_taken: Duration::ZERO,
        waf: Some(Waf { mode: WafMode::Prevention, time: Duration::ZERO, policy_id: "/p1" }),
        transaction: &TransactionId::from_bits(1),
        tls: Some(tls),
        servers: &[([10, 0, 0, 6], 8080).into()],
        server_status: Some(200),
        server_latency: Some(Duration::ZERO),
        server_connect_time: Some(Duration::ZERO),
        server_header_time: Some(Duration::ZERO),
        server_tls: Some(("suite", "TLSv1.3")),
        upstream_source_port: Some(40112),
        original_host: b"shop.example",
        host: b"shop.example",
        error_info: error_info::NO_ERROR,
        content_type: b"text/plain",
        reason: "no_live_server",
        detail: "why",
    };
    row("requests", |log| log.record(&record))
}

#[test]
fn every_field_of_a_row_stands_on_the_page() {
    let page = page("access-log.md");
    let fields = part(&page, "## JSON", "## Text");
    let row = request();
    assert_same_names(&first_cells(fields), &all_names(&row));
    let example = example(fields);
    assert_same_types(&example, &row);
    assert_same_types(&example["properties"], &row["properties"]);
}
