use std::net::SocketAddr;
use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::access_log::{Labels, Names, TlsInfo, Waf, error_info};
use crate::{Stamp, TransactionId};

static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    Labels::new(&Names {
        resource_id: "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW",
        listener: "web",
        rule: "shop",
        pool: "shop-servers",
        settings: "plain",
        instance: "appgw_0",
        path_rule: "",
    })
});
static STAMP: LazyLock<Stamp> = LazyLock::new(|| Stamp::of(1_795_333_995));
static TRANSACTION: LazyLock<TransactionId> =
    LazyLock::new(|| TransactionId::from_bits(0x592d_1649_f75a_8d48_0a3c_4dc6_a975_309d));
static SERVERS: LazyLock<[SocketAddr; 1]> = LazyLock::new(|| [([10, 0, 0, 4], 80).into()]);

/// A request as most are.
pub(in crate::access_log) fn example<'a>(use_it: impl FnOnce(AccessRecord<'a>)) {
    let ms = std::time::Duration::from_micros;
    use_it(AccessRecord {
        stamp: &STAMP,
        labels: &LABELS,
        client: ([185, 42, 129, 24], 45057).into(),
        method: b"GET",
        original_target: b"/cart?x=1",
        path: b"/cart",
        query: b"x=1",
        user_agent: b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
            Chrome/130.0 Safari/537.36",
        status: 200,
        version: HttpVersion::Http11,
        received_bytes: 184,
        sent_bytes: 1466,
        client_response_time: ms(0),
        time_taken: ms(34_267),
        waf: None,
        transaction: &TRANSACTION,
        tls: None,
        servers: &*SERVERS,
        server_status: Some(200),
        server_latency: Some(ms(28_900)),
        server_connect_time: Some(ms(0)),
        server_header_time: Some(ms(28_000)),
        server_tls: None,
        upstream_source_port: Some(21564),
        original_host: b"shop.example",
        host: b"shop.example",
        error_info: error_info::NO_ERROR,
        content_type: b"application/json",
        reason: "",
        detail: "",
    });
}

/// The row of a record, with its newline.
fn row(record: &AccessRecord<'_>) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let len = write(&mut bytes, record);
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

fn parsed(record: &AccessRecord<'_>) -> Value {
    serde_json::from_str(&row(record)).unwrap()
}

#[test]
fn a_row_has_the_fields_of_azure_in_its_order() {
    let expected = concat!(
        r#"{"timeStamp":"2026-11-22T07:53:15+00:00","#,
        r#""resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW","#,
        r#""listenerName":"web","ruleName":"shop","backendPoolName":"shop-servers","backendSettingName":"plain","#,
        r#""operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","#,
        r#""properties":{"instanceId":"appgw_0","clientIP":"185.42.129.24","clientPort":45057,"httpMethod":"GET","#,
        r#""originalRequestUriWithArgs":"/cart?x=1","requestUri":"/cart","requestQuery":"x=1","#,
        r#""userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "#,
        r#"Chrome/130.0 Safari/537.36","httpStatus":200,"httpVersion":"HTTP/1.1","receivedBytes":184,"#,
        r#""sentBytes":1466,"clientResponseTime":0.000,"timeTaken":0.034,"WAFEvaluationTime":"0.000","#,
        r#""transactionId":"592d1649f75a8d480a3c4dc6a975309d","sslEnabled":"off","sslCipher":"","sslProtocol":"","#,
        r#""sslClientVerify":"NONE","sslClientCertificateFingerprint":"","sslClientCertificateIssuerName":"","#,
        r#""serverRouted":"10.0.0.4:80","serverStatus":"200","serverResponseLatency":"0.028","#,
        r#""serverConnectTime":"0.000","serverHeaderTime":"0.028","upstreamSourcePort":"21564","#,
        r#""originalHost":"shop.example","host":"shop.example","error_info":"ERRORINFO_NO_ERROR","#,
        r#""contentType":"application/json"}}"#,
        "\n",
    );
    example(|record| assert_eq!(row(&record), expected));
}

#[test]
fn numbers_and_strings_are_mixed_as_in_azures_rows() {
    let strings = "instanceId clientIP httpMethod originalRequestUriWithArgs requestUri requestQuery userAgent \
                   httpVersion WAFEvaluationTime transactionId sslEnabled sslCipher sslProtocol sslClientVerify \
                   sslClientCertificateFingerprint sslClientCertificateIssuerName serverRouted serverStatus \
                   serverResponseLatency serverConnectTime serverHeaderTime upstreamSourcePort originalHost host \
                   error_info contentType";
    let numbers = "clientPort httpStatus receivedBytes sentBytes clientResponseTime timeTaken";
    example(|record| {
        let row = parsed(&record);
        let properties = row["properties"].as_object().unwrap();
        assert!(strings.split_whitespace().all(|name| properties[name].is_string()));
        assert!(numbers.split_whitespace().all(|name| properties[name].is_number()));
        let named = strings.split_whitespace().count() + numbers.split_whitespace().count();
        assert_eq!(properties.len(), named, "a field that no list names: {properties:?}");
    });
}

#[test]
fn what_is_absent_is_an_empty_string() {
    example(|mut record| {
        (record.servers, record.server_status, record.server_latency) = (&[], None, None);
        (record.server_connect_time, record.server_header_time, record.upstream_source_port) = (None, None, None);
        (record.user_agent, record.content_type, record.query) = (b"", b"", b"");
        let row = parsed(&record);
        for name in "serverRouted serverStatus serverResponseLatency serverConnectTime serverHeaderTime \
                     upstreamSourcePort userAgent contentType requestQuery"
            .split_whitespace()
        {
            assert_eq!(row["properties"][name], "", "{name}");
        }
    });
}

#[test]
fn extension_fields_stand_only_where_they_say_something() {
    let labels = Labels::new(&Names { path_rule: "img\"s", ..Names::default() });
    example(|mut record| {
        let row = parsed(&record);
        assert!(row["properties"].get("reason").is_none() && row["properties"].get("pathRuleName").is_none());
        (record.reason, record.labels, record.detail) = ("no_live_server", &labels, "expected \"a\"");
        let row = parsed(&record);
        assert_eq!(row["properties"]["reasonDetail"], "expected \"a\"");
        assert!(row["properties"].get("backendSslCipher").is_none());
        record.server_tls = Some(("ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2"));
        let row = parsed(&record);
        assert_eq!(row["properties"]["backendSslCipher"], "ECDHE-RSA-AES256-GCM-SHA384");
        assert_eq!(row["properties"]["backendSslProtocol"], "TLSv1.2");
        assert_eq!(row["properties"]["reason"], "no_live_server");
        assert_eq!(row["properties"]["pathRuleName"], "img\"s");
    });
}

#[test]
fn firewall_and_tls_fill_their_fields() {
    example(|mut record| {
        let time = std::time::Duration::from_millis(12_345);
        record.waf = Some(Waf { mode: WafMode::Prevention, time, policy_id: "/subscriptions/0/\"p1\"" });
        record.tls = Some(TlsInfo {
            cipher: "ECDHE-RSA-AES256-GCM-SHA384",
            protocol: "TLSv1.2",
            client_verify: "SUCCESS",
            fingerprint: "ab",
            issuer: "CN=\"x\"",
        });
        let row = parsed(&record);
        let properties = &row["properties"];
        assert_eq!(properties["WAFMode"], "Prevention");
        assert_eq!(properties["WAFEvaluationTime"], "12.345");
        assert_eq!(properties["WAFPolicyID"], "/subscriptions/0/\"p1\"");
        assert!(self::row(&record).contains(r#""WAFEvaluationTime":"12.345","WAFMode":"Prevention","WAFPolicyID":""#));
        assert_eq!(properties["sslEnabled"], "on");
        assert_eq!(properties["sslCipher"], "ECDHE-RSA-AES256-GCM-SHA384");
        assert_eq!(properties["sslClientVerify"], "SUCCESS");
        assert_eq!(properties["sslClientCertificateIssuerName"], "CN=\"x\"");
    });
}

#[test]
fn addresses_print_as_people_write_them() {
    let servers = ["10.0.0.4:80".parse().unwrap(), "[::1]:8080".parse().unwrap()];
    example(|mut record| {
        for (client, ip) in
            [("[2001:db8::1]:9", "2001:db8::1"), ("[::ffff:10.0.0.9]:9", "10.0.0.9"), ("1.22.255.0:9", "1.22.255.0")]
        {
            record.client = client.parse().unwrap();
            assert_eq!(parsed(&record)["properties"]["clientIP"], ip);
        }
        record.servers = &servers;
        assert_eq!(parsed(&record)["properties"]["serverRouted"], "10.0.0.4:80, [::1]:8080");
    });
}

#[test]
fn the_longest_record_is_one_valid_line_within_32_kib() {
    let (plain, nasty) = (vec![b'a'; 40_000], vec![0x1b; 40_000]);
    for field in [&plain, &nasty] {
        let label = String::from_utf8_lossy(field);
        let labels = Labels::new(&Names {
            resource_id: &label,
            listener: &label,
            rule: &label,
            pool: &label,
            settings: &label,
            instance: &label,
            path_rule: &label,
        });
        let servers = [(std::net::Ipv6Addr::from(u128::MAX), 65535).into(); 100];
        example(|mut record| {
            record.labels = &labels;
            (record.method, record.original_target, record.path, record.query) = (field, field, field, field);
            (record.user_agent, record.original_host, record.host, record.content_type) = (field, field, field, field);
            (record.servers, record.reason) = (&servers, "reason");
            record.detail = std::str::from_utf8(field).unwrap_or("detail");
            record.waf = Some(Waf { mode: WafMode::Detection, time: std::time::Duration::MAX, policy_id: &label });
            let row = row(&record);
            assert!(row.len() <= MAX_LINE && row.ends_with("}}\n") && row.matches('\n').count() == 1);
            let value: Value = serde_json::from_str(&row).unwrap();
            assert_eq!(value["properties"]["reason"], "reason");
            assert_eq!(value["properties"]["serverStatus"], "200");
        });
    }
}

proptest::proptest! {
    #[test]
    fn whatever_a_peer_sends_stays_one_line_of_json(
        field in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
        text in "\\PC{0,40}",
    ) {
        example(|mut record| {
            (record.path, record.user_agent) = (&field, text.as_bytes());
            let row = row(&record);
            let value: Value = serde_json::from_str(&row).unwrap();
            assert_eq!(row.bytes().filter(|byte| *byte < 0x20 || *byte == 0x7f).collect::<Vec<_>>(), b"\n");
            let properties = &value["properties"];
            assert_eq!(properties["userAgent"].as_str().unwrap(), text);
            let read = properties["requestUri"].as_str().unwrap();
            assert_eq!(read, String::from_utf8_lossy(&field));
        });
    }
}
