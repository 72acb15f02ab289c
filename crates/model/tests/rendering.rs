//! Problems as people and programs see them. `UPDATE_GOLDEN=1 cargo test -p model` writes the goldens anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests; a failure is meant to end the test")]

use std::path::PathBuf;

use model::problem::{TextOptions, render_json, render_sarif, render_text};
use model::{Problems, ReadOptions, Reading, Source, read};

const JSON: &str = r#"{
  "name": "gw",
  "frontendPorts": [{"name": "port80", "properties": {"prt": 80}}],
  "sslCertificates": [
    {"name": "shop", "properties": {"password": "hunter2", "data": 5, "keyVaultSecretId": 7.5}}
  ],
  "httpListeners": [
    {"name": "l1", "properties": {"protocol": "Htps", "frontendPort": {"id": "prt80"}, "hostName": "é", "hostNames": "*"}},
    {"name": "L1", "properties": {"protocol": "Http"}}
  ]
}
"#;
const YAML: &str = "name: gw\nfrontendPorts:\n  - name: port80\n    port: eighty\nsslCertificates:\n  - name: c\n    password: [hunter2]\n";
const TRUNCATED: &str = "{\n  \"sslCertificates\": [{\"password\": \"hunter2\", \"name\": ";
const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "parameters": { "pw": { "type": "securestring", "defaultValue": "hunter2" }, "size": { "type": "int" } },
  "resources": [
    {
      "type": "Microsoft.Network/applicationGateways",
      "name": "[concat('gw', toLowr('X'))]",
      "properties": { "enableHttp2": "[parameters('pw')]", "reservedCapacity": "[parameters('size')]" }
    }
  ]
}
"#;

fn reading(name: &str, text: &str) -> Reading {
    let mut reading = read(&[Source::new(name, text)], &ReadOptions::default());
    let mut unresolved = Problems::new();
    if let Some(document) = &reading.document {
        for listener in &document.gateway.http_listeners {
            if let Some(port) = &listener.frontend_port {
                document.gateway.frontend_ports.resolve(port, document.name(), &mut unresolved);
            }
        }
    }
    reading.problems.append(unresolved);
    reading
}

fn golden(name: &str, actual: &str) {
    assert!(!actual.contains("hunter2"), "{name} shows a secret:\n{actual}");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{name} differs; UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn text_shows_place_excerpt_and_what_would_do() {
    for (name, text) in
        [("gateway.json", JSON), ("gateway.yaml", YAML), ("truncated.json", TRUNCATED), ("template.json", TEMPLATE)]
    {
        let reading = reading(name, text);
        golden(&format!("{name}.txt"), &render_text(&reading.problems, &reading.sources, &TextOptions::default()));
    }
}

#[test]
fn json_and_sarif_carry_the_same_for_programs() {
    let reading = reading("gateway.json", JSON);
    golden("gateway.json.problems.json", &render_json(&reading.problems, &reading.sources));
    golden("gateway.json.sarif", &render_sarif(&reading.problems, &reading.sources));
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let reading = reading("gateway.json", JSON);
    let render = |color| render_text(&reading.problems, &reading.sources, &TextOptions { color });
    assert!(render(true).contains('\u{1b}') && !render(false).contains('\u{1b}'));
}

#[test]
fn a_thousand_problems_on_one_long_line_render_quickly() {
    let items: Vec<String> = (0..20_000).map(|n| format!("{{\"name\": \"p{n}\", \"prt\": 1}}")).collect();
    let text = format!("{{\"frontendPorts\": [{}]}}", items.join(", "));
    let start = std::time::Instant::now();
    let reading = reading("long.json", &text);
    let shown = render_text(&reading.problems, &reading.sources, &TextOptions::default());
    assert!(shown.ends_with("... and 19000 more problems\n"));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
