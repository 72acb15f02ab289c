//! The examples do what their pages say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use e2e::{Ca, Folder, Tls};

use crate::command::{Serving, gatehouse};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").canonicalize().unwrap()
}

/// Each example: folder, document, further arguments.
const EXAMPLES: [(&str, &str, &[&str]); 8] = [
    ("bicep", "template.json", &["--with", "parameters.json"]),
    ("canary", "gateway.yaml", &["--site", "site.yaml"]),
    ("dev", "gateway.json", &[]),
    ("exported", "gateway.json", &["--site", "site.yaml"]),
    ("firewall", "gateway.yaml", &["--with", "waf.yaml", "--site", "site.yaml"]),
    ("routing-tests", "gateway.yaml", &[]),
    ("tcp-tls", "gateway.yaml", &[]),
    ("two-sites", "gateway.yaml", &["--site", "site.yaml"]),
];

#[test]
fn every_example_is_in_the_table() {
    let folders: BTreeSet<String> = std::fs::read_dir(root())
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = EXAMPLES.iter().map(|(folder, ..)| (*folder).to_owned()).collect();
    assert_eq!(folders, known);
}

/// The arguments with every file where it is.
fn arguments(example: &str, document: &str, more: &[&str]) -> Vec<String> {
    let place = |file: &str| root().join(example).join(file).display().to_string();
    let mut args = vec![place(document)];
    args.extend(more.iter().map(|arg| if arg.starts_with("--") { (*arg).to_owned() } else { place(arg) }));
    args
}

/// What the site file has to say of certificates: those of some are in Azure only, and `dev` alone issues them.
fn certificates(folder: &Folder, example: &str) -> String {
    let (name, hosts): (_, &[&str]) = match example {
        "dev" => ("dev", &["shop.localhost", "secure.localhost"]),
        "tcp-tls" => ("broker", &["broker.localhost"]),
        _ => return String::new(),
    };
    let issued = Ca::root("root").server(hosts);
    folder.write("tls.crt", issued.pem());
    folder.secret("tls.key", issued.key_pem());
    format!("certificates: {{{name}: {{cert: tls.crt, key: tls.key}}}}\n")
}

#[test]
fn every_example_passes_its_check() {
    let folder = Folder::new();
    for (example, document, more) in EXAMPLES {
        let mut args = vec!["check".to_owned()];
        args.extend(arguments(example, document, more));
        let certificates = certificates(&folder, example);
        if !certificates.is_empty() {
            args.extend(["--site".to_owned(), folder.write("site.yaml", certificates).display().to_string()]);
        }
        let ended = gatehouse(&folder, &args);
        assert_eq!(ended.code, 0, "{example}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(": ok, "), "{example}: {}", ended.out);
    }
}

#[test]
fn the_cases_of_examples_pass() {
    let folder = Folder::new();
    let with_cases = EXAMPLES.iter().filter(|(example, ..)| root().join(example).join("cases.yaml").exists());
    for (example, document, more) in with_cases {
        let cases = root().join(example).join("cases.yaml").display().to_string();
        let ended = gatehouse(&folder, &[vec!["test".to_owned(), cases], arguments(example, document, more)].concat());
        assert!(ended.code == 0 && ended.out.ends_with(" passed, 0 failed\n"), "{example}: {ended:?}");
    }
}

/// Every example starts, with frontends and ports of this machine in place of its own.
#[test]
fn every_example_starts_and_answers() {
    for (example, document, more) in EXAMPLES {
        let folder = Folder::new();
        let args = arguments(example, document, more);
        let checked = gatehouse(&folder, &[&["export".to_owned()][..], &args].concat());
        let exported: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
        // With a policy beside it, what is exported is a list.
        let resources = exported.as_array();
        let is_gateway = |one: &&serde_json::Value| one["type"] == "Microsoft.Network/applicationGateways";
        let gateway = resources.map_or(&exported, |all| all.iter().find(is_gateway).unwrap());
        let properties = &gateway["properties"];
        let names = |section: &str, key: &dyn Fn(&serde_json::Value) -> String| -> Vec<String> {
            properties[section].as_array().unwrap().iter().map(key).collect()
        };
        let frontends = names("frontendIPConfigurations", &|one| format!("{}: [127.0.0.1]", one["name"]));
        let ports = names("frontendPorts", &|one| format!("{}: 0", one["properties"]["port"]));
        // Members that exist only in Azure stay bound as the example's own site file says.
        let own = std::fs::read_to_string(root().join(example).join("site.yaml")).unwrap_or_default();
        let members = own.split_once("\nmembers:\n").map_or("", |(_, rest)| rest.split("\nlog:").next().unwrap());
        let members = if members.is_empty() { String::new() } else { format!("members:\n{members}\n") };
        let certificates = certificates(&folder, example);
        let site = folder.write(
            "site.yaml",
            format!(
                "addresses: {{{}}}\nports: {{{}}}\n{members}{certificates}log: {{access: 'off'}}\n\
                 admin: {{socket: admin.sock}}\n",
                frontends.join(", "),
                ports.join(", ")
            ),
        );
        let mut args: Vec<String> = args.into_iter().take_while(|arg| arg != "--site").collect();
        args.extend(["--site".to_owned(), site.display().to_string()]);
        let serving = Serving::start(&folder, &args);
        let answer = serving.client().get("nobody.invalid", "/");
        assert!([302, 404].contains(&answer.status), "{example}: {}", answer.status);
    }
}

/// `gatehouse dev` issues the certificate of a TLS listener, too, and its protocol is agreed to.
#[test]
fn the_broker_of_the_example_is_served_with_a_certificate_of_this_machine() {
    let folder = Folder::new();
    let ports = "{80: 0, 5432: 0, 8883: 0, 9443: 0}";
    folder.write(
        "site.yaml",
        format!("addresses: {{front: [127.0.0.1]}}\nports: {ports}\nadmin: {{socket: admin.sock}}\n"),
    );
    let document = root().join("tcp-tls/gateway.yaml").display().to_string();
    let serving = Serving::dev(&folder, &[document.as_str(), "--site", "site.yaml"]);
    let broker = Tls::new().name("broker.localhost").protocols(&["mqtt"]).connect(serving.listening("tls://"));
    assert_eq!(broker.protocol.as_deref(), Some(&b"mqtt"[..]));
    serving.listening("tcp://");
}
