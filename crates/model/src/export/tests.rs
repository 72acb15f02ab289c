use super::*;
use crate::read::{ReadOptions, read};
use crate::source::Source;

const GATEWAY: &str = r#"{
  "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/gw",
  "location": "westeurope", "etag": "W/1", "zones": null,
  "gatehouse": {"serverHeader": "x"},
  "properties": {
    "provisioningState": "Succeeded",
    "sslCertificates": [{"name": "c", "properties": {"data": "cGZ4", "password": "hunter2"}}],
    "trustedRootCertificates": [{"name": "r", "properties": {"data": "cm9vdA=="}}],
    "httpListeners": [{"name": "l1", "Properties": {"Protocol": "http", "hostNames": ["a: b", "on"], "sslCertificate": "c"}}],
    "urlPathMaps": [{"name": "m", "pathRules": [
      {"name": "r1", "paths": ["/a"], "gatehouse": {}}, {"name": "r2", "paths": ["/b"]}]}]
  }}"#;

fn document(text: &str) -> Document {
    let reading = read(&[Source::new("t", text)], &ReadOptions::default());
    assert!(!reading.problems.has_errors(), "{:?}", reading.problems);
    reading.document.unwrap()
}

#[test]
fn the_canonical_form_is_azures_own_and_leaves_secrets_out() {
    let exported = export(&document(GATEWAY), &ExportOptions::default());
    let expected = r#"{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/gw","type":"Microsoft.Network/applicationGateways","name":"gw","location":"westeurope","properties":{"trustedRootCertificates":[{"name":"r","properties":{"data":"cm9vdA=="}}],"sslCertificates":[{"name":"c","properties":{}}],"httpListeners":[{"name":"l1","properties":{"protocol":"Http","sslCertificate":{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/gw/sslCertificates/c"},"hostNames":["a: b","on"]}}],"urlPathMaps":[{"name":"m","properties":{"pathRules":[{"name":"r1","properties":{"paths":["/a"]}},{"name":"r2","properties":{"paths":["/b"]}}]}}]}}"#;
    assert_eq!(to_compact_json(&exported.gateway), expected);
    assert_eq!(exported.left_out, ["gatehouse", "properties.urlPathMaps[0].pathRules[0].gatehouse"]);
}

#[test]
fn an_error_page_in_the_document_is_left_out_for_azure() {
    let text = r#"{"name": "gw", "type": "Microsoft.Network/applicationGateways", "properties": {
      "customErrorConfigurations": [{"statusCode": "HttpStatus502", "customErrorPageUrl": "https://a/b.html",
        "gatehouse": {"content": "x"}}]}}"#;
    let document = document(text);
    let of = |extensions| export(&document, &ExportOptions { extensions, secrets: false });
    let (azures, whole) = (of(false), of(true));
    assert_eq!(azures.left_out, ["properties.customErrorConfigurations[0].gatehouse"]);
    assert!(!azures.to_json().contains("gatehouse") && azures.to_json().contains("b.html"));
    assert!(whole.left_out.is_empty() && whole.to_json().contains(r#""content": "x""#));
}

#[test]
fn what_is_written_reads_the_same() {
    let first = document(GATEWAY);
    let options = ExportOptions { extensions: true, secrets: true };
    let exported = export(&first, &options);
    for text in [exported.to_json(), exported.to_yaml()] {
        let again = document(&text);
        assert_eq!(diff(&first, &again), []);
        assert_eq!(export(&again, &options).to_json(), exported.to_json());
        assert_eq!(again.gateway.ssl_certificates[0].password.as_ref().unwrap().expose(), "hunter2");
    }
}

#[test]
fn differences_go_by_name_and_hide_secrets() {
    let before = document(GATEWAY);
    type Row = (&'static str, &'static str, &'static [(&'static str, Option<&'static str>, Option<&'static str>)]);
    let rows: &[Row] = &[
        ("\"l1\"", "\"L1\"", &[("httpListeners[\"l1\"].name", Some("\"l1\""), Some("\"L1\""))]),
        ("\"http\"", "\"https\"", &[("httpListeners[\"l1\"].protocol", Some("\"Http\""), Some("\"Https\""))]),
        ("hunter2", "hunter3", &[("sslCertificates[\"c\"].password", Some("\"(secret)\""), Some("\"(secret)\""))]),
        (
            "[\"/a\"]",
            "[\"/a\", \"/c\"]",
            &[("urlPathMaps[\"m\"].pathRules[\"r1\"].paths", Some("[\"/a\"]"), Some("[\"/a\",\"/c\"]"))],
        ),
        ("\"sslCertificate\": \"c\"", "\"sslCertificate\": {\"id\": \"sslCertificates/c\"}", &[]),
        (
            "{\"name\": \"r1\", \"paths\": [\"/a\"], \"gatehouse\": {}}, {\"name\": \"r2\", \"paths\": [\"/b\"]}",
            "{\"name\": \"r2\", \"paths\": [\"/b\"]}, {\"name\": \"r1\", \"paths\": [\"/a\"], \"gatehouse\": {}}",
            &[("urlPathMaps[\"m\"].pathRules (order)", Some("r1, r2"), Some("r2, r1"))],
        ),
        (
            ", {\"name\": \"r2\", \"paths\": [\"/b\"]}",
            "",
            &[(
                "urlPathMaps[\"m\"].pathRules[\"r2\"]",
                Some("{\"name\":\"r2\",\"properties\":{\"paths\":[\"/b\"]}}"),
                None,
            )],
        ),
    ];
    for (old, new, expected) in rows {
        assert!(GATEWAY.contains(old), "{old}");
        let changes = diff(&before, &document(&GATEWAY.replace(old, new)));
        let changes: Vec<_> =
            changes.iter().map(|c| (c.path.as_str(), c.before.as_deref(), c.after.as_deref())).collect();
        assert_eq!(changes, *expected, "{old} -> {new}");
    }
}
