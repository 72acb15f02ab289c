use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::dns::Answer;
use crate::fixtures::name_server::{Asked, NameServer, sent};

/// A folder of this test's own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gatehouse-dns-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Files of this folder that do not exist yet, and this server for the rest.
    fn sources(&self, servers: &[&NameServer]) -> Sources {
        Sources {
            servers: servers.iter().map(|server| server.address).collect(),
            hosts: self.0.join("hosts"),
            configuration: self.0.join("resolv.conf"),
            ..Sources::default()
        }
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn look_up(resolver: &SystemResolver, name: &str) -> Vec<String> {
    resolver.lookup(Arc::from(name)).await.all().map(|address| address.to_string()).collect()
}

#[tokio::test]
async fn localhost_needs_no_network() {
    let resolver =
        SystemResolver::new(Sources { servers: vec!["192.0.2.1:53".parse().unwrap()], ..Sources::default() });
    for name in ["localhost", "shop.localhost", "LocalHost."] {
        assert_eq!(look_up(&resolver, name).await, ["127.0.0.1", "::1"]);
    }
}

#[tokio::test]
async fn a_server_of_our_own_is_asked_whatever_case_and_dot_the_name_has() {
    let server = NameServer::knowing(&[("shop.example", 77, "10.9.8.7")]).await;
    let folder = Folder::new();
    let resolver = SystemResolver::new(folder.sources(&[&server]));
    for name in ["shop.example", "Shop.EXAMPLE."] {
        let found = resolver.lookup(Arc::from(name)).await;
        let expected = Answer { addresses: vec!["10.9.8.7".parse().unwrap()], ttl: std::time::Duration::from_secs(77) };
        assert_eq!(found.v4, Ok(expected));
    }
}

#[tokio::test]
async fn the_hosts_file_comes_first_and_is_read_again_when_it_changes() {
    let server = NameServer::knowing(&[("a.example", 60, "10.0.0.1")]).await;
    let folder = Folder::new();
    let resolver = SystemResolver::new(folder.sources(&[&server]));
    let hosts = folder.as_ref().join("hosts");
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.1"]);
    assert!(!resolver.has_changed());

    fs::write(&hosts, "10.0.0.2 a.example\n").unwrap();
    assert!(resolver.has_changed());
    assert!(!resolver.has_changed(), "told once");
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.2"]);
    // The same length within the same moment.
    fs::write(&hosts, "10.0.0.3 a.example\n").unwrap();
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.3"]);
    assert!(resolver.has_changed(), "also what a look-up has noticed is told");
    fs::write(&hosts, "# 10.0.0.3 a.example\n").unwrap();
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.1"]);
    fs::write(&hosts, "0.0.0.0 a.example\n").unwrap();
    let error = resolver.lookup(Arc::from("a.example")).await.v4.unwrap_err();
    assert_eq!(error.text, "the hosts file has no address for it that a server can have");
    fs::remove_file(&hosts).unwrap();
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.1"]);
}

#[tokio::test]
async fn a_single_label_is_looked_for_in_the_search_domains() {
    let server = NameServer::knowing(&[
        ("web.b.example", 60, "10.0.0.1"),
        ("web", 60, "10.0.0.2"),
        ("plain", 60, "10.0.0.3"),
        ("dotted.name", 60, "10.0.0.4"),
    ])
    .await;
    let folder = Folder::new();
    fs::write(folder.as_ref().join("resolv.conf"), "search a.example b.example\n").unwrap();
    let resolver = SystemResolver::new(folder.sources(&[&server]));
    assert_eq!(look_up(&resolver, "web").await, ["10.0.0.1"]);
    assert_eq!(look_up(&resolver, "plain").await, ["10.0.0.3"]);
    assert_eq!(look_up(&resolver, "dotted.name").await, ["10.0.0.4"]);
    let names: Vec<_> = server.asked().iter().map(Asked::name).collect();
    assert!(!names.iter().any(|name| name == "dotted.name.a.example."), "{names:?}");
    let error = resolver.lookup(Arc::from("none")).await.v4.unwrap_err().text;
    assert!(error.ends_with("; looked for none.a.example, none.b.example, none"), "{error}");

    fs::write(folder.as_ref().join("resolv.conf"), "search c.example\n").unwrap();
    assert!(resolver.has_changed());
    assert_eq!(look_up(&resolver, "web").await, ["10.0.0.2"]);
    resolver.change(Sources { search: Some(vec!["B.Example.".to_owned()]), ..folder.sources(&[&server]) });
    assert_eq!(look_up(&resolver, "web").await, ["10.0.0.1"]);
}

/// Another name's addresses would be another server's.
#[tokio::test]
async fn a_search_ends_where_it_is_not_known_whether_there_is_the_name() {
    use hickory_net::proto::op::ResponseCode;

    let server = NameServer::start(|asked| {
        sent(&match asked.name().as_str() {
            "web.a.example." => asked.reply(ResponseCode::ServFail),
            _ => asked.records(&[("web", 60, "10.6.6.6")]),
        })
    })
    .await;
    let folder = Folder::new();
    let sources = Sources { search: Some(vec!["a.example".to_owned()]), ..folder.sources(&[&server]) };
    assert!(look_up(&SystemResolver::new(sources), "web").await.is_empty());
}

#[tokio::test]
async fn names_below_a_domain_have_servers_of_their_own() {
    let all = NameServer::knowing(&[("a.example", 60, "10.0.0.1"), ("xcorp.example", 60, "10.0.0.1")]).await;
    let corp = NameServer::knowing(&[("corp.example", 60, "10.0.0.2"), ("a.corp.example", 60, "10.0.0.2")]).await;
    let deep = NameServer::knowing(&[("a.deep.corp.example", 60, "10.0.0.3")]).await;
    let folder = Folder::new();
    let forward =
        vec![("Corp.Example.".to_owned(), vec![corp.address]), ("deep.corp.example".to_owned(), vec![deep.address])];
    let resolver = SystemResolver::new(Sources { forward, ..folder.sources(&[&all]) });
    let rows = [
        ("a.example", "10.0.0.1"),
        ("xcorp.example", "10.0.0.1"),
        ("corp.example", "10.0.0.2"),
        ("a.corp.example", "10.0.0.2"),
        ("a.deep.corp.example", "10.0.0.3"),
    ];
    for (name, address) in rows {
        assert_eq!(look_up(&resolver, name).await, [address], "{name}");
    }
}

#[tokio::test]
async fn other_sources_are_taken_while_it_runs() {
    let (one, other) = (
        NameServer::knowing(&[("a.example", 60, "10.0.0.1")]).await,
        NameServer::knowing(&[("a.example", 60, "10.0.0.2")]).await,
    );
    let folder = Folder::new();
    let (first, second) = (folder.sources(&[&one]), folder.sources(&[&other]));
    let resolver = SystemResolver::new(first.clone());
    assert_eq!(resolver.change(first.clone()), first);
    assert!(!resolver.has_changed());
    assert_eq!(resolver.change(second), first);
    assert!(resolver.has_changed());
    assert_eq!(look_up(&resolver, "a.example").await, ["10.0.0.2"]);
}
