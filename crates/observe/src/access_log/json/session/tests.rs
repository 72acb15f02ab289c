use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::Stamp;
use crate::access_log::{Labels, Names, TlsInfo, end_reason};

static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    Labels::new(&Names {
        resource_id: "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW",
        listener: "sql-listener",
        rule: "sql-rule",
        pool: "sql-pool",
        settings: "sql-settings",
        instance: "appgw_0",
        path_rule: "",
    })
});
static STAMP: LazyLock<Stamp> = LazyLock::new(|| Stamp::of(1_795_333_995));

/// A session over TLS to a server of plain TCP, as most that end well.
pub(in crate::access_log) fn example() -> SessionRecord<'static> {
    SessionRecord {
        stamp: &STAMP,
        labels: &LABELS,
        client: ([203, 0, 113, 7], 50412).into(),
        received_bytes: 5120,
        sent_bytes: 20480,
        upstream_sent_bytes: 5120,
        upstream_received_bytes: 20480,
        session_time: Duration::from_micros(12_345_678),
        upstream_session_time: Duration::from_micros(12_340_001),
        tls: Some(TlsInfo {
            cipher: "TLS_AES_128_GCM_SHA256",
            protocol: "TLSv1.3",
            client_verify: "NONE",
            fingerprint: "",
            issuer: "",
        }),
        server: Some(([10, 0, 0, 5], 1433).into()),
        status: 200,
        end_reason: end_reason::CLOSED,
        server_name: "db.example",
        alpn: b"tds/8.0",
        server_tls: None,
        connect_time: Some(Duration::from_micros(1_900)),
        first_byte_time: Some(Duration::from_micros(3_100)),
        attempts: 1,
        detail: "",
    }
}

fn row_of(record: &SessionRecord<'_>, ended: bool) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let len = write(&mut bytes, record, ended);
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

fn parsed(record: &SessionRecord<'_>) -> Value {
    serde_json::from_str(&row_of(record, true)).unwrap()
}

/// Every row of [`LABELS`] up to the client's address.
const HEAD: &str = concat!(
    r#"{"timeStamp":"2026-11-22T07:53:15+00:00","#,
    r#""resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW","#,
    r#""listenerName":"sql-listener","ruleName":"sql-rule","backendPoolName":"sql-pool","#,
    r#""backendSettingName":"sql-settings","operationName":"ApplicationGatewayAccess","#,
    r#""category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_0","#,
);

#[test]
fn a_row_has_the_fields_of_azure_in_its_order_and_ours_after_them() {
    let properties = concat!(
        r#""clientIP":"203.0.113.7","clientPort":50412,"protocol":"TCP","receivedBytes":5120,"sentBytes":20480,"#,
        r#""sessionTime":"12.345","upstreamSentBytes":5120,"upstreamReceivedBytes":20480,"#,
        r#""upstreamSessionTime":"12.340","sslCipher":"TLS_AES_128_GCM_SHA256","sslProtocol":"TLSv1.3","#,
        r#""sslClientVerify":"NONE","sslClientCertificateFingerprint":"","sslClientCertificateIssuerName":"","#,
        r#""serverRouted":"10.0.0.5:1433","serverStatus":"200","endReason":"closed","sni":"db.example","#,
        r#""alpn":"tds/8.0","connectTime":"0.001","firstByteTime":"0.003","attempts":1}}"#,
        "\n",
    );
    assert_eq!(row_of(&example(), true), format!("{HEAD}{properties}"));
}

#[test]
fn a_session_that_had_no_server_leaves_empty_strings_and_zeros() {
    let record = SessionRecord {
        received_bytes: 0,
        sent_bytes: 0,
        upstream_sent_bytes: 0,
        upstream_received_bytes: 0,
        session_time: Duration::from_micros(999),
        upstream_session_time: Duration::ZERO,
        tls: None,
        server: None,
        status: 502,
        end_reason: end_reason::NO_LIVE_SERVER,
        server_name: "",
        alpn: b"",
        connect_time: None,
        first_byte_time: None,
        attempts: 0,
        ..example()
    };
    let properties = concat!(
        r#""clientIP":"203.0.113.7","clientPort":50412,"protocol":"TCP","receivedBytes":0,"sentBytes":0,"#,
        r#""sessionTime":"0.000","upstreamSentBytes":0,"upstreamReceivedBytes":0,"upstreamSessionTime":"","#,
        r#""sslCipher":"","sslProtocol":"","sslClientVerify":"NONE","sslClientCertificateFingerprint":"","#,
        r#""sslClientCertificateIssuerName":"","serverRouted":"","serverStatus":"502","#,
        r#""endReason":"no_live_server","attempts":0}}"#,
        "\n",
    );
    assert_eq!(row_of(&record, true), format!("{HEAD}{properties}"));
}

#[test]
fn a_session_that_goes_on_has_no_status_and_no_end() {
    let row: Value = serde_json::from_str(&row_of(&example(), false)).unwrap();
    assert_eq!(row["properties"]["serverStatus"], "");
    assert!(row["properties"].get("endReason").is_none());
    assert_eq!(row["properties"]["receivedBytes"], 5120);
}

#[test]
fn what_is_known_of_the_server_and_of_the_end_stands_after_azures_fields() {
    let record = SessionRecord {
        server_tls: Some(("ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2")),
        status: 502,
        end_reason: end_reason::BACKEND_CERTIFICATE_NAME,
        attempts: 3,
        detail: "expected \"a\"",
        ..example()
    };
    let row = row_of(&record, true);
    let ours = concat!(
        r#""serverStatus":"502","endReason":"backend_certificate_name","sni":"db.example","alpn":"tds/8.0","#,
        r#""backendSslProtocol":"TLSv1.2","backendSslCipher":"ECDHE-RSA-AES256-GCM-SHA384","connectTime":"0.001","#,
        r#""firstByteTime":"0.003","attempts":3,"detail":"expected \"a\""}}"#,
    );
    assert!(row.trim_end().ends_with(ours), "{row}");
}

#[test]
fn numbers_and_strings_are_mixed_as_in_azures_rows() {
    let strings = "instanceId clientIP protocol sessionTime upstreamSessionTime sslCipher sslProtocol sslClientVerify \
                   sslClientCertificateFingerprint sslClientCertificateIssuerName serverRouted serverStatus endReason \
                   sni alpn backendSslProtocol backendSslCipher connectTime firstByteTime detail";
    let numbers = "clientPort receivedBytes sentBytes upstreamSentBytes upstreamReceivedBytes attempts";
    let row = parsed(&SessionRecord { server_tls: Some(("suite", "TLSv1.3")), detail: "why", ..example() });
    let properties = row["properties"].as_object().unwrap();
    assert!(strings.split_whitespace().all(|name| properties[name].is_string()));
    assert!(numbers.split_whitespace().all(|name| properties[name].is_number()));
    let named = strings.split_whitespace().count() + numbers.split_whitespace().count();
    assert_eq!(properties.len(), named, "a field that no list names: {properties:?}");
}

#[test]
fn a_client_certificate_fills_its_fields() {
    let tls = TlsInfo { client_verify: "SUCCESS", fingerprint: "ab", issuer: "CN=\"x\"", ..example().tls.unwrap() };
    let row = parsed(&SessionRecord { tls: Some(tls), ..example() });
    let properties = &row["properties"];
    assert_eq!(properties["sslClientVerify"], "SUCCESS");
    assert_eq!(properties["sslClientCertificateFingerprint"], "ab");
    assert_eq!(properties["sslClientCertificateIssuerName"], "CN=\"x\"");
}

#[test]
fn the_longest_record_is_one_valid_line_within_32_kib() {
    for field in ["a".repeat(40_000), "\u{1b}".repeat(40_000)] {
        let labels = Labels::new(&Names {
            resource_id: &field,
            listener: &field,
            rule: &field,
            pool: &field,
            settings: &field,
            instance: &field,
            path_rule: &field,
        });
        let record = SessionRecord {
            labels: &labels,
            tls: Some(TlsInfo { client_verify: &field, fingerprint: &field, issuer: &field, ..example().tls.unwrap() }),
            server_name: &field,
            alpn: field.as_bytes(),
            detail: &field,
            server_tls: Some(("suite", "TLSv1.3")),
            received_bytes: u64::MAX,
            session_time: Duration::MAX,
            attempts: u32::MAX,
            ..example()
        };
        let row = row_of(&record, true);
        assert!(row.len() <= MAX_LINE && row.ends_with("}}\n") && row.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(value["properties"]["endReason"], "closed");
        assert_eq!(value["properties"]["attempts"], u32::MAX);
    }
}

proptest::proptest! {
    #[test]
    fn whatever_a_client_says_of_itself_stays_one_line_of_json(
        alpn in proptest::collection::vec(proptest::num::u8::ANY, 1..256),
        name in "\\PC{1,255}",
    ) {
        let row = row_of(&SessionRecord { alpn: &alpn, server_name: &name, ..example() }, true);
        let value: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(row.bytes().filter(|byte| *byte < 0x20 || *byte == 0x7f).collect::<Vec<_>>(), b"\n");
        assert_eq!(value["properties"]["sni"], name);
        assert_eq!(value["properties"]["alpn"], String::from_utf8_lossy(&alpn).as_ref());
    }
}
