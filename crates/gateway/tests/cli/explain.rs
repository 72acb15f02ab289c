//! `gatehouse explain` and `gatehouse test`: where a request would go.

use e2e::{Document, Farm, Folder};
use serde_json::Value;

use crate::command::gatehouse;

/// A gateway with a path rule and an override path.
fn folder() -> Folder {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .settings(&farm, "path: /v1/, hostName: app.internal")
        .listeners(&[("web", "hostName: a.com")])
        .paths("pool", &[("api", "/api/*", "pool")]);
    let folder = Folder::new();
    folder.write("gateway.yaml", document.text());
    folder
}

#[test]
fn a_way_is_explained_in_words() {
    let folder = folder();
    let ended = gatehouse(&folder, &["explain", "GET", "http://a.com/api/x?q=1", "gateway.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for words in ["listener   web", "rule       rule", "pattern /api/*", "GET /v1/x?q=1", "app.internal"] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
}

#[test]
fn a_way_is_explained_in_json() {
    let folder = folder();
    let ended = gatehouse(&folder, &["explain", "--json", "GET", "http://a.com/api/x?q=1", "gateway.yaml"]);
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&json["listener"], &json["rule"], &json["pathRule"]), (&"web".into(), &"rule".into(), &"api".into()));
    let outcome = &json["outcome"];
    assert_eq!((&outcome["pool"], &outcome["path"]), (&"pool".into(), &"/v1/x?q=1".into()));
}

#[test]
fn a_host_that_nobody_takes_is_explained_too() {
    let folder = folder();
    let ended = gatehouse(&folder, &["explain", "GET", "http://b.com/", "gateway.yaml"]);
    assert!(ended.code == 0 && ended.out.contains("404"), "{ended:?}");
    let ended = gatehouse(&folder, &["explain", "GET", "http://b.com/", "-H", "Host: a.com", "gateway.yaml"]);
    assert!(ended.out.contains("listener   web"), "{ended:?}");
}

#[test]
fn assertions_that_hold_pass_and_those_that_do_not_fail() {
    let folder = folder();
    folder.write(
        "cases.yaml",
        "- {request: 'GET http://a.com/api/x', expect: {pool: pool, path: /v1/x, pathRule: api}}\n\
         - {name: other, request: 'GET http://a.com/y', expect: {path: /v1/y, pathRule: ''}}\n",
    );
    let ended = gatehouse(&folder, &["test", "cases.yaml", "gateway.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "2 passed, 0 failed\n"), "{ended:?}");

    folder.write("wrong.yaml", "- {name: odd, request: 'GET http://a.com/api/x', expect: {path: /x}}\n");
    let ended = gatehouse(&folder, &["test", "wrong.yaml", "gateway.yaml"]);
    assert_eq!(ended.code, 1);
    for words in ["FAILED odd", "path: expected \"/x\", found \"/v1/x\"", "0 passed, 1 failed"] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }

    folder.write("typo.yaml", "- {request: 'GET http://a.com/', expect: {pol: pool}}\n");
    let ended = gatehouse(&folder, &["test", "typo.yaml", "gateway.yaml"]);
    assert!(ended.code == 1 && ended.err.contains("did you mean \"pool\"?"), "{ended:?}");
}

#[test]
fn certificates_that_are_in_azure_only_are_not_needed_to_explain_a_way() {
    let folder = Folder::new();
    let document = Document::empty()
        .section("sslCertificates", "[{name: cert, keyVaultSecretId: 'https://v.vault.azure.net/secrets/a'}]")
        .secure(&[("web", "sslCertificate: cert, hostName: a.com")]);
    folder.write("gateway.yaml", document.text());
    let ended = gatehouse(&folder, &["explain", "GET", "https://a.com/", "gateway.yaml"]);
    assert!(ended.code == 0 && ended.out.contains("listener   web"), "{ended:?}");
    folder.write("cases.yaml", "- {request: 'GET https://a.com/', expect: {rule: rule}}\n");
    let ended = gatehouse(&folder, &["test", "cases.yaml", "gateway.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "1 passed, 0 failed\n"), "{ended:?}");
}
