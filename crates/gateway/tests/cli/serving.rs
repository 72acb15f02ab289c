//! `gatehouse run` and what a running gateway is asked and told: status, health, reload, signals, changed files.

use e2e::wait::until_true;
use e2e::{Document, Farm, Folder, Gate, until};
use rustix::process::Signal;
use serde_json::Value;

use crate::command::{Ended, Serving, gatehouse};

const ARGS: [&str; 3] = ["gateway.yaml", "--site", "site.yaml"];

/// Writes a document and a site file that keeps everything in the folder.
fn write(folder: &Folder, document: &Document) {
    folder.write("gateway.yaml", document.text());
    let more = "admin: {socket: admin.sock}\nfolders: {state: state}\nlog: {access: access.log}\nworkers: 2\n";
    folder.write("site.yaml", document.site() + more);
}

fn start(document: &Document, args: &[&str]) -> (Folder, Serving) {
    let folder = Folder::new();
    write(&folder, document);
    let serving = Serving::start(&folder, &[&ARGS[..], args].concat());
    until_true("the management socket", || folder.path("admin.sock").exists());
    (folder, serving)
}

fn ask(folder: &Folder, question: &str, more: &[&str]) -> Ended {
    gatehouse(folder, &[&[question, "--socket", "admin.sock"][..], more].concat())
}

/// The same gateway with other servers.
fn moved(farm: &Farm, server: usize) -> Document {
    Document::new(farm).pool_of(farm, [server])
}

#[test]
fn a_running_gateway_tells_its_status_and_health() {
    let farm = Farm::echo(1);
    let (folder, serving) = start(&Document::new(&farm), &[]);
    assert_eq!(serving.client().get("a.com", "/").status, 200);
    let status: Value = serde_json::from_str(&ask(&folder, "status", &["--json"]).out).unwrap();
    assert_eq!((&status["gateway"], &status["revision"]), (&"gw".into(), &1.into()));
    assert_eq!(status["bindings"][0]["address"], serving.address().to_string());
    let health: Value = serde_json::from_str(&ask(&folder, "health", &["--json"]).out).unwrap();
    assert!(health.to_string().contains(&farm.address(0).to_string()), "{health}");
    let text = ask(&folder, "health", &[]);
    assert!(text.code == 0 && text.out.contains(&farm.address(0).to_string()), "{text:?}");
    assert!(ask(&folder, "status", &[]).out.contains("gw"));
}

#[test]
fn only_its_owner_may_use_the_management_socket() {
    use std::os::unix::fs::PermissionsExt;

    let farm = Farm::echo(1);
    let (folder, _serving) = start(&Document::new(&farm), &[]);
    let mode = std::fs::metadata(folder.path("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn reload_applies_the_changed_document() {
    let farm = Farm::echo(2);
    let (folder, serving) = start(&moved(&farm, 0), &[]);
    let mut client = serving.client();
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("0"));
    write(&folder, &moved(&farm, 1));
    let ended = ask(&folder, "reload", &[]);
    assert!(ended.code == 0 && ended.out.contains("revision 2 applied"), "{ended:?}");
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"), "on the same connection");
}

#[test]
fn a_document_with_a_mistake_is_refused_and_nothing_changes() {
    let farm = Farm::echo(1);
    let (folder, serving) = start(&Document::new(&farm), &[]);
    let mut client = serving.client();
    let broken = Document::new(&farm).listeners(&[("wbe", "")]);
    write(&folder, &broken);
    let ended = ask(&folder, "reload", &[]);
    assert_eq!(ended.code, 1, "{ended:?}");
    for words in ["ReferenceNotFound", "gateway.yaml:", "did you mean \"wbe\"?", "revision 1 stays in force"] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    assert_eq!(client.get("a.com", "/").status, 200);
    let status: Value = serde_json::from_str(&ask(&folder, "status", &["--json"]).out).unwrap();
    assert!(status["refused"].as_str().unwrap().contains("ReferenceNotFound"), "{status}");
    assert_eq!(status["revision"], 1);
}

#[test]
fn sighup_reloads_the_document_and_opens_the_log_again() {
    let farm = Farm::echo(2);
    let (folder, serving) = start(&moved(&farm, 0), &[]);
    let mut client = serving.client();
    client.get("a.com", "/before");
    let rows = |file: &str| std::fs::read_to_string(folder.path(file)).unwrap_or_default().lines().count();
    until_true("the first row", || rows("access.log") == 1);
    std::fs::rename(folder.path("access.log"), folder.path("old.log")).unwrap();
    write(&folder, &moved(&farm, 1));
    serving.signal(Signal::HUP);
    serving.wait_said("revision 2 applied");
    assert_eq!(client.get("a.com", "/after").field("x-server"), Some("1"));
    until_true("the second row in the new file", || (rows("old.log"), rows("access.log")) == (1, 1));
}

#[test]
fn a_watched_file_is_applied_when_it_changes_and_refused_when_it_is_wrong() {
    let farm = Farm::echo(2);
    let (folder, serving) = start(&moved(&farm, 0), &["--watch"]);
    let mut client = serving.client();
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("0"));
    let mut change = |document: &Document, words: &str| {
        // Written again until it is seen: the watch may begin a moment after the gateway listens.
        until(words, || {
            // Beside it and renamed, as editors do.
            let new = folder.write("gateway.new", document.text());
            std::fs::rename(new, folder.path("gateway.yaml")).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(500));
            serving.said().into_iter().find(|line| line.contains(words))
        });
        client.get("a.com", "/").field("x-server").unwrap().to_owned()
    };
    assert_eq!(change(&moved(&farm, 1), "revision 2 applied"), "1");
    assert_eq!(change(&moved(&farm, 0).listeners(&[("wbe", "")]), "revision 2 stays in force"), "1");
    assert_eq!(change(&moved(&farm, 0), "revision 3 applied"), "0");
}

#[test]
fn sigterm_lets_a_slow_request_finish_and_takes_no_new_ones() {
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Farm::start(1, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    });
    let (folder, mut serving) = start(&Document::new(&farm).limit("shutdownGraceInSec: 15"), &[]);
    let (mut slow, mut idle) = (serving.client(), serving.client());
    idle.get("a.com", "/");
    slow.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(2);
    let address = serving.address();
    serving.signal(Signal::TERM);
    idle.expect_end();
    until_true("the port to be closed", || std::net::TcpStream::connect(address).is_err());
    gate.open();
    let answer = slow.answer();
    assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
    assert_eq!(serving.wait_end(), 0);
    assert!(!folder.path("admin.sock").exists(), "the socket is taken away");
    let log = std::fs::read_to_string(folder.path("access.log")).unwrap();
    assert_eq!(log.lines().count(), 2, "no row is lost: {log}");
}

#[test]
fn what_is_not_done_when_the_grace_is_over_is_cut() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let (_folder, mut serving) = start(&Document::new(&farm).limit("shutdownGraceInSec: 1"), &[]);
    let mut client = serving.client();
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(1);
    serving.signal(Signal::TERM);
    assert!(client.try_answer(false).is_err());
    assert_eq!(serving.wait_end(), 0);
}

#[test]
fn a_gateway_starts_with_what_it_applied_last_when_its_document_is_broken() {
    let farm = Farm::echo(1);
    let (folder, serving) = start(&Document::new(&farm), &[]);
    assert_eq!(serving.client().get("a.com", "/").status, 200);
    until_true("the applied document to be kept", || {
        std::fs::read_dir(folder.path("state")).is_ok_and(|mut files| files.next().is_some())
    });
    serving.signal(Signal::KILL);
    drop(serving);
    folder.write("gateway.yaml", "{\"name\": \"gw\", \"prop");
    let again = Serving::start(&folder, &ARGS);
    again.wait_said("applied last");
    assert_eq!(again.client().get("a.com", "/").status, 200);
}

/// A socket that a killed gateway left behind is no obstacle; one that a living gateway holds is.
#[test]
fn two_gateways_do_not_share_a_management_socket() {
    let farm = Farm::echo(1);
    let (folder, serving) = start(&Document::new(&farm), &[]);
    let second = gatehouse(&folder, &[&["run"][..], &ARGS].concat());
    assert_eq!(second.code, 2, "{second:?}");
    assert_eq!(serving.client().get("a.com", "/").status, 200);
    serving.signal(Signal::KILL);
    drop(serving);
    assert!(folder.path("admin.sock").exists());
    let again = Serving::start(&folder, &ARGS);
    until_true("an answer on the socket", || ask(&folder, "status", &[]).code == 0);
    assert_eq!(again.client().get("a.com", "/").status, 200);
}

/// A template as `az bicep build` writes it, worked out and served.
#[test]
fn a_template_with_parameters_ids_and_copies_runs_and_serves() {
    let farm = Farm::echo(2);
    let id = |kind: &str, name: &str| {
        format!("{{\"id\": \"[resourceId('Microsoft.Network/applicationGateways/{kind}', variables('gw'), {name})]\"}}")
    };
    let index = |loop_name: &str| format!("parameters('sites')[copyIndex('{loop_name}')]");
    let template = format!(
        r#"{{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {{
    "sites": {{"type": "array", "defaultValue": []}}, "servers": {{"type": "array"}}, "port": {{"type": "int"}}
  }},
  "variables": {{"gw": "[format('agw-{{0}}', 'test')]"}},
  "resources": [{{
    "type": "Microsoft.Network/applicationGateways", "apiVersion": "2024-05-01", "name": "[variables('gw')]",
    "properties": {{
      "frontendIPConfigurations": [{{"name": "feip", "properties": {{}}}}],
      "frontendPorts": [{{"name": "p80", "properties": {{"port": 80}}}}],
      "backendHttpSettingsCollection": [
        {{"name": "http", "properties": {{"port": "[parameters('port')]", "protocol": "Http"}}}}
      ],
      "copy": [
        {{"name": "backendAddressPools", "count": "[length(parameters('sites'))]", "input": {{
          "name": "[format('pool-{{0}}', {pools})]",
          "properties": {{"backendAddresses": [
            {{"ipAddress": "[parameters('servers')[copyIndex('backendAddressPools')]]"}}]}}}}}},
        {{"name": "httpListeners", "count": "[length(parameters('sites'))]", "input": {{
          "name": "[format('listener-{{0}}', {listeners})]",
          "properties": {{"protocol": "Http", "hostName": "[format('{{0}}.com', {listeners})]",
            "frontendIPConfiguration": {feip}, "frontendPort": {p80}}}}}}},
        {{"name": "requestRoutingRules", "count": "[length(parameters('sites'))]", "input": {{
          "name": "[format('rule-{{0}}', {rules})]",
          "properties": {{"ruleType": "Basic", "priority": "[add(10, copyIndex('requestRoutingRules'))]",
            "httpListener": {listener}, "backendAddressPool": {pool}, "backendHttpSettings": {http}}}}}}}
      ]
    }}
  }}]
}}"#,
        pools = index("backendAddressPools"),
        listeners = index("httpListeners"),
        rules = index("requestRoutingRules"),
        feip = id("frontendIPConfigurations", "'feip'"),
        p80 = id("frontendPorts", "'p80'"),
        http = id("backendHttpSettingsCollection", "'http'"),
        listener = id("httpListeners", &format!("format('listener-{{0}}', {})", index("requestRoutingRules"))),
        pool = id("backendAddressPools", &format!("format('pool-{{0}}', {})", index("requestRoutingRules"))),
    );
    let folder = Folder::new();
    folder.write("gateway.yaml", template);
    let parameters = format!(
        "{{\"parameters\": {{\"sites\": {{\"value\": [\"shop\", \"blog\"]}}, \"port\": {{\"value\": {}}},
          \"servers\": {{\"value\": [\"127.0.0.1\", \"127.0.0.2\"]}}}}}}",
        farm.port()
    );
    folder.write("parameters.json", parameters);
    folder.write("site.yaml", Document::empty().site() + "admin: {socket: admin.sock}\nfolders: {state: state}\n");
    let serving = Serving::start(&folder, &[&ARGS[..], &["--with", "parameters.json"]].concat());
    let mut client = serving.client();
    assert_eq!(client.get("shop.com", "/").field("x-server"), Some("0"));
    assert_eq!(client.get("blog.com", "/").field("x-server"), Some("1"));
    assert_eq!(client.get("news.com", "/").status, 404);
}
