//! `gatehouse check`: all problems at once, each with its place and what would do.

use e2e::{Document, Folder};
use serde_json::Value;

use crate::command::gatehouse;

const TEN: &str = "name: gw
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{name: feip}]
  frontendPorts:
    - {name: p80, port: 80}
    - {name: p81, port: 99999}
  backendAddressPools:
    - {name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}
    - {name: pool, backendAddresses: []}
  backendHttpSettingsCollection:
    - {name: http, port: 80, protocol: Htp}
    - {name: slow, port: 80, protocol: Http, requestTimeout: soon}
  probes:
    - {name: probe, protocol: Http, host: a.com, path: health}
  httpListeners:
    - {name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http}
    - {name: alt, frontendIPConfiguration: feip, frontendPort: p82, protocol: Http}
    - {name: old, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: 'a.*.com'}
  redirectConfigurations:
    - {name: away, redirectType: Found, targetUrl: 'not a url'}
  requestRoutingRules:
    - {name: one, priority: 10, httpListener: wbe, backendAddressPool: pool, backendHttpSettings: http}
    - {name: two, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}
";

/// Line, code and suggestion of each of the ten mistakes.
const MISTAKES: [(u64, &str, Option<&str>); 10] = [
    (7, "OutOfRange", None),
    (10, "DuplicateName", None),
    (12, "UnknownValue", Some("Http")),
    (13, "TypeMismatch", None),
    (15, "InvalidProbePath", None),
    (18, "ReferenceNotFound", Some("p80")),
    (19, "InvalidHostName", None),
    (21, "InvalidRedirectUrl", None),
    (23, "ReferenceNotFound", Some("web")),
    (24, "DuplicatePriority", None),
];

#[test]
fn ten_different_mistakes_are_printed_at_once_each_with_its_line() {
    let folder = Folder::new();
    folder.write("gateway.yaml", TEN);
    let ended = gatehouse(&folder, &["check", "gateway.yaml"]);
    assert_eq!(ended.code, 1);
    for (line, code, suggestion) in MISTAKES {
        let heading = ended.out.split("\n\n").find(|part| {
            part.starts_with(&format!("error[{code}]")) && part.contains(&format!("gateway.yaml:{line}:"))
        });
        let problem = heading.unwrap_or_else(|| panic!("no {code} in line {line}:\n{}", ended.out));
        if let Some(suggestion) = suggestion {
            assert!(problem.contains(&format!("did you mean {suggestion:?}?")), "{problem}");
        }
    }
    assert!(ended.out.contains("10 errors"), "{}", ended.out);
}

#[test]
fn json_names_the_same_places() {
    let folder = Folder::new();
    folder.write("gateway.yaml", TEN);
    let ended = gatehouse(&folder, &["check", "--format", "json", "gateway.yaml"]);
    let problems: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    let errors: Vec<_> = problems
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .map(|problem| {
            let suggestion = problem["suggestion"].as_str();
            assert_eq!(problem["source"], "gateway.yaml");
            (problem["line"].as_u64().unwrap(), problem["code"].as_str().unwrap(), suggestion)
        })
        .collect();
    assert_eq!((ended.code, errors), (1, MISTAKES.to_vec()));
}

#[test]
fn sarif_names_the_same_places() {
    let folder = Folder::new();
    folder.write("gateway.yaml", TEN);
    let ended = gatehouse(&folder, &["check", "--format", "sarif", "gateway.yaml"]);
    let log: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &log["version"]), (1, &"2.1.0".into()));
    let run = &log["runs"][0];
    assert!(run["tool"]["driver"]["name"].is_string());
    let errors: Vec<_> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["level"] == "error")
        .map(|result| {
            let region = &result["locations"][0]["physicalLocation"]["region"];
            (region["startLine"].as_u64().unwrap(), result["ruleId"].as_str().unwrap())
        })
        .collect();
    assert_eq!(errors, MISTAKES.map(|(line, code, _)| (line, code)));
}

#[test]
fn a_document_without_mistakes_is_ok() {
    let folder = Folder::new();
    let document = Document::empty();
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site());
    let ended = gatehouse(&folder, &["check", "gateway.yaml", "--site", "site.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(ended.out.contains("gw: ok, 1 listener, 1 rule, 1 pool"), "{}", ended.out);
}

#[test]
fn a_mistake_in_the_site_file_is_named_there() {
    let folder = Folder::new();
    folder.write("gateway.yaml", Document::empty().text());
    folder.write("site.yaml", "addresses: {feip: [127.0.0.1]}\nprots: {80: 8080}\nworkers: 0\n");
    let ended = gatehouse(&folder, &["check", "gateway.yaml", "--site", "site.yaml"]);
    assert_eq!(ended.code, 1);
    for expected in ["site.yaml:2:", "did you mean \"ports\"?", "site.yaml:3:"] {
        assert!(ended.out.contains(expected), "{expected}: {}", ended.out);
    }
}
