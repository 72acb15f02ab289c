//! Reads published example bodies, when they lie beside the tree; says so loudly when they do not.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use model::catalog::catalog;
use model::problem::{TextOptions, render_text};
use model::{ReadOptions, Source, read};
use serde_json::Value;

/// The folder named by GATEHOUSE_CORPUS; relative names start at the workspace.
fn examples() -> Option<PathBuf> {
    let corpus = std::env::var("GATEHOUSE_CORPUS").unwrap_or_else(|_| "../shared".to_owned());
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join(corpus).join("spec/examples");
    if folder.is_dir() {
        return Some(folder);
    }
    // Straight to the file descriptor: the test runner keeps back what a passing test prints.
    let missing = format!("!!! NOT TESTED: {} does not exist; set GATEHOUSE_CORPUS\n", folder.display());
    std::io::stderr().write_all(missing.as_bytes()).expect("standard error takes a line");
    None
}

#[test]
fn every_example_body_reads_without_errors() {
    let Some(folder) = examples() else { return };
    let rows = [
        ("ApplicationGatewayCreate.request.json", "gateway"),
        ("ApplicationGatewayCreate.response200.json", "gateway"),
        ("WafPolicyCreateOrUpdate.request.json", "policy"),
        ("l4-gateway.request.json", "gateway"),
        ("cli.create.deployment.json", "gateway"),
        ("cli.subresource.put.json", "gateway"),
    ];
    let mut failures = Vec::new();
    for (name, what) in rows {
        let source = Source::new(name, std::fs::read_to_string(folder.join(name)).unwrap());
        let reading = read(&[source], &ReadOptions::default());
        let expected = if what == "policy" { &["GatewayMissing"][..] } else { &[] };
        let codes: Vec<&str> = reading.problems.iter().map(|problem| problem.code).collect();
        if codes != expected {
            failures.push(render_text(&reading.problems, &reading.sources, &TextOptions::default()));
        }
    }
    println!("{} example bodies read", rows.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_property_of_the_published_model_is_known() {
    let Some(folder) = examples() else { return };
    let text = std::fs::read_to_string(folder.join("arm-model.json")).unwrap();
    let published: Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for kind in catalog() {
        let definition = published["definitions"][kind.definition].as_object().unwrap();
        for (name, property) in definition {
            let known = kind.properties.iter().find(|known| known.name == name.as_str());
            let known = known.unwrap_or_else(|| panic!("{}.{name} is not in {}", kind.definition, kind.name));
            assert_eq!(known.required, property["required"] == true, "{}.{name}: required", kind.definition);
            if property["readOnly"] == true {
                assert!(known.read_only, "{}.{name}: read-only", kind.definition);
            }
            compared += 1;
        }
    }
    let known: BTreeSet<&str> = catalog().iter().map(|kind| kind.definition).collect();
    let missing: Vec<String> = reachable(&published, "ApplicationGateway")
        .into_iter()
        .chain(reachable(&published, "WebApplicationFirewallPolicy"))
        .filter(|name| !known.contains(name.as_str()))
        // Envelopes are `Named`, references are `Reference`.
        .filter(|name| published["definitions"][name]["properties"].is_null() && !is_reference(&published, name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    println!("{compared} properties of {} definitions compared", known.len());
}

fn is_reference(published: &Value, name: &str) -> bool {
    published["definitions"][name].as_object().is_some_and(|keys| keys.keys().eq(["id"]))
}

fn reachable(published: &Value, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        let Some(definition) = published["definitions"][&name].as_object() else { continue };
        if seen.insert(name) {
            let kinds = definition.values().filter_map(|property| property["type"].as_str());
            open.extend(kinds.flat_map(|kind| kind.split(|c: char| !c.is_alphanumeric())).map(str::to_owned));
        }
    }
    seen
}
