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

/// A gateway whose default path is sent on by query, with rewrites of every kind.
fn rewriting() -> Folder {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .section(
            "rewriteRuleSets",
            r#"[{name: by-query, rewriteRules: [
                {name: shoes, ruleSequence: 100,
                 conditions: [{variable: var_query_string, pattern: "category=(shoes)"}],
                 actionSet: {
                   requestHeaderConfigurations: [{headerName: X-Category, headerValue: "{var_query_string_1}"},
                                                 {headerName: X-Secret, headerValue: ""},
                                                 {headerName: X-Client, headerValue: "{var_client_ip}"}],
                   responseHeaderConfigurations: [{headerName: X-Frame-Options, headerValue: DENY},
                                                  {headerName: Via, headerValue: "{http_resp_Via}, us"}],
                   urlConfiguration: {modifiedPath: "/api{var_uri_path}", modifiedQueryString: "", reroute: true}}},
                {name: beta, ruleSequence: 200, conditions: [{variable: var_cookie_beta, pattern: "^1$"}],
                 actionSet: {requestHeaderConfigurations: [{headerName: X-Beta, headerValue: "1"}]}}]}]"#,
        )
        .listeners(&[("web", "hostName: a.com")])
        .paths("pool", &[("api", "/api/*", "pool")]);
    let folder = Folder::new();
    let text = document
        .text()
        .replace("defaultBackendAddressPool:", "defaultRewriteRuleSet: by-query, defaultBackendAddressPool:");
    folder.write("gateway.yaml", text);
    folder
}

const ASK: [&str; 10] = [
    "explain",
    "GET",
    "http://a.com/list?category=shoes",
    "gateway.yaml",
    "-H",
    "X-Secret: s",
    "-H",
    "Cookie: beta=2",
    "--from",
    "203.0.113.7",
];

#[test]
fn rewrites_are_explained_in_words() {
    let folder = rewriting();
    let ended = gatehouse(&folder, &ASK);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for words in [
        "rewrites   by-query",
        "shoes: fires",
        "beta: does not fire: var_cookie_beta is \"2\", which does not match \"^1$\"",
        "path map   looked up again with /api/list: path rule api, pattern /api/*",
        "header     X-Category: shoes\n",
        "header     X-Secret: deleted, was s",
        "header     X-Client: 203.0.113.7",
        "path       /list becomes /api/list",
        "query      category=shoes is dropped",
        "answer     X-Frame-Options: DENY",
        "answer     Via: {http_resp_Via}, us",
        "GET /api/list over http",
    ] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
}

#[test]
fn rewrites_are_explained_in_json() {
    let folder = rewriting();
    let ended = gatehouse(&folder, &[&ASK[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    let rewrites = &json["rewrites"];
    assert_eq!(rewrites["passes"][0]["rules"][1]["fate"], "fails");
    assert_eq!(rewrites["passes"][0]["rerouted"]["pathRule"], "api");
    assert_eq!((&rewrites["path"], &rewrites["query"]), (&"/api/list".into(), &"".into()));
    assert_eq!(rewrites["headers"][1], serde_json::json!({"name": "X-Secret", "before": "s", "after": null}));
    assert_eq!((&json["outcome"]["path"], &json["page"]), (&"/api/list".into(), &Value::Null));
}

#[test]
fn headers_that_no_server_would_see_are_refused() {
    let folder = folder();
    for header in ["X_A: 1", "nothing", ": x", "Host: a b"] {
        let ended = gatehouse(&folder, &["explain", "GET", "http://a.com/", "-H", header, "gateway.yaml"]);
        assert_eq!(ended.code, 2, "{header}: {ended:?}");
    }
}

#[test]
fn rewrites_can_be_asserted() {
    let folder = rewriting();
    folder.write(
        "cases.yaml",
        "- request: GET http://a.com/list?category=shoes\n\
         \u{20} headers: {X-Secret: s, X-Other: o, Cookie: beta=1}\n\
         \u{20} from: 203.0.113.7\n\
         \u{20} expect:\n\
         \u{20}   rewrites: [shoes, beta]\n\
         \u{20}   reroutedTo: api\n\
         \u{20}   path: /api/list\n\
         \u{20}   headers: {X-Category: shoes, X-Secret: '', X-Other: o, X-Beta: 1, Host: a.com}\n\
         \u{20}   responseHeaders: {X-Frame-Options: DENY, Via: '{http_resp_Via}, us', Server: ''}\n\
         - request: GET http://a.com/list\n\
         \u{20} expect: {rewrites: [], reroutedTo: '', affinity: '', distribution: '', token: ''}\n\
         - request: GET http://a.com/list?category=shoes\n\
         \u{20} from: 203.0.113.7\n\
         \u{20} expect: {headers: {x-client: 203.0.113.7}}\n",
    );
    let ended = gatehouse(&folder, &["test", "cases.yaml", "gateway.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "3 passed, 0 failed\n"), "{ended:?}");
    folder.write(
        "wrong.yaml",
        "- {request: 'GET http://a.com/list', expect: {rewrites: beta, headers: {X-Beta: 1}}}\n\
         - {request: 'GET http://a.com/list', from: somewhere, expect: {pool: pool}}\n\
         - {request: 'GET http://a.com/list', headers: {X_A: 1}, expect: {pool: pool}}\n",
    );
    let ended = gatehouse(&folder, &["test", "wrong.yaml", "gateway.yaml"]);
    assert_eq!(ended.code, 1);
    for words in
        ["rewrites: expected \"beta\", found none", "headers.X-Beta: expected \"1\", found none", "0 passed, 3 failed"]
    {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    assert!(ended.err.contains("\"somewhere\" is not an address") && ended.err.contains("X_A"), "{}", ended.err);
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

/// TCP, TLS to servers, and TLS that passes through by name.
fn sessions() -> Folder {
    let folder = Folder::new();
    let document = Document::empty()
        .section("sslCertificates", "[{name: cert, keyVaultSecretId: 'https://v.vault.azure.net/secrets/a'}]")
        .section("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}]")
        .section(
            "frontendPorts",
            "[{name: p80, port: 80}, {name: tls, port: 636}, {name: tcp, port: 5432}, {name: by-name, port: 443}]",
        )
        .section(
            "backendSettingsCollection",
            "[{name: sealed, port: 9, protocol: Tls, hostName: ldap.internal, enableL4ClientIpPreservation: true}, \
              {name: plain, port: 9, protocol: Tcp, timeout: 60}]",
        )
        .section(
            "listeners",
            "[{name: ldap, frontendIPConfiguration: feip, frontendPort: tls, protocol: Tls, sslCertificate: cert, \
               hostNames: [ldap.example]}, \
              {name: db, frontendIPConfiguration: feip, frontendPort: tcp, protocol: Tcp, \
               gatehouse: {acceptProxyProtocol: [203.0.113.0/24]}}, \
              {name: blue, frontendIPConfiguration: feip, frontendPort: by-name, protocol: Tcp, \
               hostNames: [blue.example]}]",
        )
        .section(
            "routingRules",
            "[{name: ldap, priority: 100, listener: ldap, backendAddressPool: pool, backendSettings: sealed}, \
              {name: db, priority: 101, listener: db, backendAddressPool: pool, backendSettings: plain}, \
              {name: blue, priority: 102, listener: blue, backendAddressPool: pool, backendSettings: plain}]",
        );
    folder.write("gateway.yaml", document.text());
    folder
}

#[test]
fn a_session_is_explained_in_words() {
    let folder = sessions();
    let rows: [(&[&str], &[&str]); 5] = [
        (
            &["tls://ldap.example:636"],
            &[
                "tls://ldap.example:636\n  arrives    tls on ",
                "listener   ldap\n  rule       ldap\n",
                "begins     with a PROXY protocol header, version 1\n",
                "sends      bytes over tls: the name ldap.internal, checked against public roots\n",
                "probe      default: shakes hands with ldap.internal at port 9, with a PROXY protocol header\n",
                "             every 30 s, 30 s at most; 3 failures take a server out\n",
                "waits      5 s to connect, 20 s without a byte, 30 s once its way is gone\n",
            ],
        ),
        (&["tls://www.example:636"], &["unknown_server_name: ", "alert unrecognized_name"]),
        (&["tcp://ldap.example:636"], &["not_tls: "]),
        (
            &["tcp://db:5432", "--from", "203.0.113.7"],
            &["begins     with a PROXY protocol header, which is required from 203.0.113.7", "bytes as they come"],
        ),
        (
            &["tls://blue.example:443"],
            &["shows      the server's certificate: TLS passes through\n", "rule       blue"],
        ),
    ];
    for (asked, expected) in rows {
        let ended = gatehouse(&folder, &[&["explain"], asked, &["gateway.yaml"]].concat());
        assert_eq!(ended.code, 0, "{asked:?}: {}", ended.err);
        for words in expected {
            assert!(ended.out.contains(words), "{words}: {}", ended.out);
        }
    }
}

#[test]
fn a_session_is_explained_in_json() {
    let folder = sessions();
    let told = |url: &str| -> Value {
        let ended = gatehouse(&folder, &["explain", url, "gateway.yaml", "--json"]);
        serde_json::from_str(&ended.out).unwrap()
    };
    let found = told("tls://ldap.example:636");
    let outcome = &found["outcome"];
    assert_eq!((&outcome["kind"], &outcome["pool"]), (&"session".into(), &"pool".into()));
    assert_eq!((&outcome["serverTls"]["name"], &outcome["idleTimeoutInSec"]), (&"ldap.internal".into(), &20.into()));
    assert_eq!((&outcome["proxyHeader"]["version"], &outcome["probe"]["proxyHeader"]), (&1.into(), &1.into()));
    let found = told("tls://www.example:636");
    assert_eq!(
        (&found["outcome"]["kind"], &found["outcome"]["endReason"]),
        (&"refused".into(), &"unknown_server_name".into())
    );
}

#[test]
fn sessions_can_be_asserted() {
    let folder = sessions();
    folder.write(
        "cases.yaml",
        "- {request: 'tls://ldap.example:636', expect: {listener: ldap, pool: pool, settings: sealed, \
            serverName: ldap.internal, endReason: ''}}\n\
         - {request: 'tls://www.example:636', expect: {rule: '', endReason: unknown_server_name}}\n",
    );
    let ended = gatehouse(&folder, &["test", "cases.yaml", "gateway.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "2 passed, 0 failed\n"), "{ended:?}");
}

#[test]
fn a_request_without_a_method_is_a_get() {
    let folder = folder();
    let ended = gatehouse(&folder, &["explain", "http://a.com/api/x", "gateway.yaml"]);
    assert!(ended.out.starts_with("GET http://a.com/api/x\n"), "{ended:?}");
    for asked in
        [&["tcp://a", "gateway.yaml"][..], &["tls://a:1/x", "gateway.yaml"], &["http://a/"], &["a", "b", "c", "d"]]
    {
        let ended = gatehouse(&folder, &[&["explain"], asked].concat());
        assert_eq!(ended.code, 2, "{asked:?}: {ended:?}");
    }
}
