//! Nothing the operator writes may panic, hang, or leak a secret.

use proptest::prelude::*;

use model::export::{ExportOptions, export};
use model::problem::{TextOptions, render_json, render_sarif, render_text};
use model::{ReadOptions, Source, Sources, read};

const RESOURCE: &str = r#"{"name": "gw", "tags": null, "gatehouse": {"limits": {"maxUrlBytes": 1}}, "properties": {
  "sku": {"name": "WAF_v2", "tier": "WAF_v2", "capacity": 2}, "firewallPolicy": {"id": "waf"},
  "sslCertificates": [{"name": "c", "properties": {"data": "cGZ4", "password": "pässwört-1"}}],
  "frontendPorts": [{"name": "p", "properties": {"port": 443}}],
  "httpListeners": [{"name": "l", "properties": {"protocol": "Https", "frontendPort": {"id": "p"}, "hostNames": ["*.x"]}}],
  "urlPathMaps": [{"name": "m", "properties": {"pathRules": [{"name": "r", "properties": {"paths": ["/a/*"]}}]}}]}}"#;
const TEMPLATE: &str = r#"{"$schema": "deploymentTemplate.json#", "languageVersion": "2.0",
  "parameters": {"n": {"type": "securestring", "defaultValue": "pässwört-1"}, "o": {"type": "object", "defaultValue": {"a": [1, 2]}}},
  "variables": {"id": "[resourceId('Microsoft.Network/applicationGateways', 'gw')]", "copy": [{"name": "v", "count": 2, "input": "[copyIndex('v')]"}]},
  "resources": {"gw": {"type": "Microsoft.Network/applicationGateways", "name": "[toLower('GW')]", "condition": "[not(false())]",
    "properties": {"copy": [{"name": "frontendPorts", "count": "[length(variables('v'))]", "input": {"name": "[format('p{0}', copyIndex('frontendPorts'))]",
      "properties": {"port": "[add(80, variables('v')[copyIndex('frontendPorts')])]"}}}],
      "sslCertificates": [{"name": "c", "properties": {"password": "[parameters('n')]"}}],
      "httpListeners": [{"name": "l", "properties": {"frontendPort": {"id": "[concat(variables('id'), '/frontendPorts/p0')]"}}}]}}}}"#;
const YAML: &str = "name: gw\nx: &a {port: 80}\nfrontendPorts:\n  - name: p\n    <<: *a\nsslCertificates:\n  - name: c\n    password: |\n      pässwört-1\n---\nmanagedRules:\n  managedRuleSets: []\nname: waf\n";
const EXAMPLES: [&str; 3] = [RESOURCE, TEMPLATE, YAML];

/// Reads, renders and exports; what comes out does not matter, only that it does.
fn survive(text: &str) -> String {
    let reading = read(&[Source::new("t", text)], &ReadOptions::default());
    let mut out = render_text(&reading.problems, &reading.sources, &TextOptions::default());
    out.push_str(&render_json(&reading.problems, &reading.sources));
    out.push_str(&render_sarif(&reading.problems, &reading.sources));
    if let Some(document) = &reading.document {
        let exported = export(document, &ExportOptions::default());
        out.push_str(&exported.to_json());
        out.push_str(&exported.to_yaml());
    }
    let (mut sources, mut problems) = (Sources::default(), model::Problems::new());
    let _ = model::site::read_site(Source::new("t", text), &mut sources, &mut problems);
    out
}

#[test]
fn the_examples_themselves_are_good() {
    for text in EXAMPLES {
        let reading = read(&[Source::new("t", text)], &ReadOptions::default());
        assert!(!reading.problems.has_errors(), "{:?}", reading.problems);
    }
}

#[test]
fn a_document_cut_anywhere_is_refused_without_showing_a_secret() {
    for text in EXAMPLES {
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            assert!(!survive(&text[..end]).contains("sswört-1"), "cut at {end}: {}", &text[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_expression_is_survived(inner in "[a-zA-Z0-9'(),.\\[\\] {}:-]{0,60}") {
        survive(&TEMPLATE.replace("toLower('GW')", &inner.replace('"', "")));
    }

    #[test]
    fn any_change_of_an_example_is_survived(
        which in 0..EXAMPLES.len(),
        at in any::<prop::sample::Index>(),
        length in 0..20_usize,
        insert in prop::sample::select(vec!["", "\"", "{", "[", "]", "}", ",", ":", "null", "1e999", "\\u12", "'", "&a", "*a", "\n", "[x()]", "\u{feff}", "- ", "|"]),
    ) {
        let characters: Vec<char> = EXAMPLES[which].chars().collect();
        let start = at.index(characters.len());
        let end = (start + length).min(characters.len());
        let (before, after) = (characters[..start].iter().copied(), characters[end..].iter().copied());
        let changed: String = before.chain(insert.chars()).chain(after).collect();
        survive(&changed);
    }
}
