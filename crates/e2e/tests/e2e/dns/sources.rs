//! Several name servers, domains with servers of their own, and the hosts file.

use std::time::{Duration, Instant};

use gateway::names;

use super::*;

/// A gateway that asks all of these in turn.
#[track_caller]
fn start_all(document: &Document, servers: &[&NameServer], folder: &Folder) -> Gateway {
    Start::workers(1).names(of(servers, folder)).run(document)
}

#[test]
fn a_server_that_fails_lies_or_is_silent_does_not_cost_the_answer_of_another() {
    let farm = Farm::echo(1);
    for bad in [
        Says::Nothing,
        Says::Code(2),
        Says::Code(5),
        Says::Absent(3, 3600),
        Says::Absent(0, 3600),
        Says::Noise,
        Says::CutForEver,
        Says::addresses(&["0.0.0.0"], 300),
    ] {
        let (one, other) = (NameServer::start(always(bad.clone())), NameServer::start(always(at(&farm, &[0], 1))));
        let folder = Folder::new();
        let began = Instant::now();
        let gateway = start_all(&document(&farm, &["shop.example"]), &[&one, &other], &folder);
        assert_eq!(gateway.get("a.com", "/").status, 200, "{bad:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{bad:?}: {:?}", began.elapsed());
        assert!(!one.asked("shop.example").is_empty(), "{bad:?}: the first was asked first");
        other.wait_asked("shop.example", 2);
        let found = status(&gateway, "shop.example");
        assert_eq!((found.code, found.error), ("Resolved", None), "{bad:?}");
        assert_eq!(gateway.name_changes().len(), 1, "{bad:?}: {:?}", gateway.name_changes());
    }
}

#[test]
fn servers_that_fail_in_turn_are_no_outage() {
    let farm = Farm::echo(1);
    let good = at(&farm, &[0], 0);
    let (one, other) = (NameServer::start(always(good.clone())), NameServer::start(always(Says::Nothing)));
    let folder = Folder::new();
    let gateway = start_all(&document(&farm, &["shop.example"]), &[&one, &other], &folder);
    for _ in 0..2 {
        one.follow(always(Says::Absent(3, 60)));
        other.follow(always(good.clone()));
        other.wait_asked("shop.example", 3);
        one.follow(always(good.clone()));
        other.follow(always(Says::Nothing));
        one.wait_asked("shop.example", 3);
    }
    assert_eq!(gateway.name_changes().len(), 1, "{:?}", gateway.name_changes());
}

#[test]
fn the_site_file_says_which_servers_know_which_names() {
    let farm = Farm::echo(2);
    let (all, corp) = (NameServer::start(always(at(&farm, &[0], 60))), NameServer::start(always(at(&farm, &[1], 60))));
    let site = format!(
        "dns: {{servers: ['{}'], search: [corp.example], forward: {{Corp.Example: ['{}']}}}}",
        all.address(),
        corp.address()
    );
    let document = document(&farm, &["shop.example", "web.corp.example", "intra"]).site_entry(&site);
    let sources = names::sources(document.load().site.as_ref());
    let gateway = Start::workers(1).names(sources).run(&document);
    let rows = [("shop.example", 0), ("web.corp.example", 1), ("intra", 1)];
    for (name, server) in rows {
        assert_eq!(status(&gateway, name).addresses, [farm.address(server).ip()], "{name}");
    }
    assert!(!corp.asked("intra.corp.example").is_empty());
    assert!(all.asked("web.corp.example").is_empty() && all.asked("intra").is_empty());
}

#[test]
fn other_servers_are_asked_as_soon_as_the_site_file_names_them() {
    let farm = Farm::echo(2);
    let start_at = |server: usize| NameServer::start(always(at(&farm, &[server], 300)));
    let (one, other, folder) = (start_at(0), start_at(1), Folder::new());
    let gateway = start_all(&document(&farm, &["shop.example"]), &[&one], &folder);
    wait_servers(&gateway, &farm, &[0]);
    gateway.running().use_name_sources(of(&[&other], &folder));
    wait_servers(&gateway, &farm, &[1]);
}

#[test]
fn the_hosts_file_needs_no_server_and_is_read_again_when_it_changes() {
    let farm = Farm::echo(3);
    let (server, folder) = (NameServer::start(always(at(&farm, &[2], 300))), Folder::new());
    folder.write("hosts", "127.0.0.1 Shop.Example # the first\n");
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    wait_servers(&gateway, &farm, &[0]);
    folder.write("hosts", "127.0.0.2 shop.example\n");
    wait_servers(&gateway, &farm, &[1]);
    folder.write("hosts", "127.0.0.1 shop.example\n127.0.0.2 other shop.example\n");
    wait_servers(&gateway, &farm, &[0, 1]);
    assert_eq!(server.asked("shop.example").len(), 0);
    folder.write("hosts", "# nothing\n");
    wait_servers(&gateway, &farm, &[2]);
    assert!(gateway.name_changes().iter().all(|line| !line.contains("cannot")));
}
