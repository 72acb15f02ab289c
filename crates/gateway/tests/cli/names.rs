//! Names of pool members, as the command shows, says and keeps them.

use e2e::wait::until_true;
use e2e::{Document, Farm, Folder, NameServer, Says};
use serde_json::Value;

use crate::command::{Serving, gatehouse};

const ARGS: [&str; 3] = ["gateway.yaml", "--site", "site.yaml"];

/// A document with one name, and a site file that says who knows it.
fn write(folder: &Folder, farm: &Farm, server: &NameServer) {
    let document = Document::new(farm)
        .section("backendAddressPools", "[{name: pool, backendAddresses: [{fqdn: shop.example}]}]")
        .site_entry(&format!("dns: {{servers: ['{}']}}", server.address()));
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site() + "admin: {socket: admin.sock}\nfolders: {state: state}\n");
}

fn start(folder: &Folder) -> Serving {
    let serving = Serving::start(folder, &ARGS);
    until_true("the management socket", || folder.path("admin.sock").exists());
    serving
}

/// State and addresses of the name.
fn name(folder: &Folder) -> (String, Value) {
    let health = gatehouse(folder, &["health", "--json", "--socket", "admin.sock"]);
    let health: Value = serde_json::from_str(&health.out).unwrap();
    let name = &health[0]["names"][0];
    assert_eq!(name["name"], "shop.example");
    (name["code"].as_str().unwrap().to_owned(), name["addresses"].clone())
}

fn knows(address: &'static str) -> NameServer {
    NameServer::start(move |_| Says::addresses(&[address], 300))
}

#[test]
fn other_name_servers_apply_with_a_reload_and_their_answers_outlive_the_process() {
    let (farm, folder) = (Farm::echo(2), Folder::new());
    let (one, other, silent) = (knows("127.0.0.1"), knows("127.0.0.2"), NameServer::start(|_| Says::Nothing));
    write(&folder, &farm, &one);
    let serving = start(&folder);
    serving.wait_said("gatehouse: the name shop.example has 1 address; new: 127.0.0.1");
    assert_eq!(name(&folder), ("Resolved".to_owned(), serde_json::json!(["127.0.0.1"])));
    let table = gatehouse(&folder, &["health", "--socket", "admin.sock"]).out;
    assert!(table.lines().any(|line| line.starts_with("shop.example  Resolved")), "{table}");

    write(&folder, &farm, &other);
    assert_eq!(gatehouse(&folder, &["reload", "--socket", "admin.sock"]).code, 0);
    serving.wait_said("gatehouse: the name shop.example has 1 address; new: 127.0.0.2; gone: 127.0.0.1");
    let kept = || {
        let files = std::fs::read_dir(folder.path("state")).unwrap().map(|entry| entry.unwrap().path());
        let names = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        names.map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>()
    };
    until_true("the answer on the disk", || kept().contains("127.0.0.2"));
    // Dropped is killed: nothing is kept at the end.
    drop(serving);
    std::fs::remove_file(folder.path("admin.sock")).unwrap();

    write(&folder, &farm, &silent);
    let again = start(&folder);
    again.wait_said("server 127.0.0.2:");
    assert_eq!(name(&folder).1, serde_json::json!(["127.0.0.2"]));
    assert_eq!(again.client().get("a.com", "/").status, 200);
}
