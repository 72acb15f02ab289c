//! The first look-ups, and what they make of names.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn every_address_of_a_name_is_a_server_with_its_own_health() {
    let farm = Farm::echo(3);
    let all = at(&farm, &[0, 1, 2], 60);
    let (server, folder) = (NameServer::start(always(all)), Folder::new());
    let gateway = start(&document(&farm, &["Shop.Example."]), &server, &folder);
    assert_eq!(in_rotation(&gateway), ips(&farm, &[0, 1, 2]));
    farm.set_health(1, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    wait_servers(&gateway, &farm, &[0, 2]);
    let mut client = gateway.client();
    let mut served: Vec<_> = (0..6).map(|_| client.get("a.com", "/").field("x-server").unwrap().to_owned()).collect();
    served.sort_unstable();
    assert_eq!(served, ["0", "0", "0", "2", "2", "2"]);
    // Asked for once each, in lower case and without the last dot.
    assert_eq!(server.asked("shop.example").len(), 2);
}

#[test]
fn a_gateway_starts_and_answers_at_once_while_a_name_does_not_resolve_yet() {
    let farm = Farm::echo(1);
    for says in [Says::Nothing, Says::Absent(3, 1), Says::Code(2)] {
        let (server, folder) = (NameServer::start(always(says.clone())), Folder::new());
        let began = Instant::now();
        let gateway = Start::workers(1).names(of(&[&server], &folder)).cold().run(&document(&farm, &["shop.example"]));
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        if !matches!(says, Says::Nothing) {
            wait_code(&gateway, "shop.example", "DnsFailure");
            assert_eq!(gateway.get("a.com", "/").status, 502);
        }
        server.follow(always(at(&farm, &[0], 60)));
        wait_servers(&gateway, &farm, &[0]);
        assert_eq!(gateway.get("a.com", "/").status, 200);
    }
}

#[test]
fn addresses_of_both_families_are_servers() {
    let farm = Farm::echo(2);
    // A server's IPv4 address as IPv6 has it is that address.
    let both = Says::addresses(&["127.0.0.1", "::ffff:127.0.0.2", "2001:db8::1"], 60);
    let (server, folder) = (NameServer::start(always(both)), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    wait_servers(&gateway, &farm, &[0, 1]);
    let addresses: Vec<_> = status(&gateway, "shop.example").addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1", "127.0.0.2", "2001:db8::1"]);
}

#[test]
fn health_shows_what_is_known_of_each_name() {
    let farm = Farm::echo(2);
    let addresses = at(&farm, &[0, 1], 200);
    let script = move |question: &Question| match question.name.as_str() {
        "shop.example" => addresses.clone(),
        _ => Says::Absent(3, 60),
    };
    let (server, folder) = (NameServer::start(script), Folder::new());
    let gateway = start(&document(&farm, &["shop.example", "none.example"]), &server, &folder);
    let found = wait_code(&gateway, "shop.example", "Resolved");
    let next = found.next_lookup_seconds.unwrap();
    assert!((150.0..180.0).contains(&next) && found.resolved_seconds_ago.unwrap() < 20.0, "{found:?}");
    let none = wait_code(&gateway, "none.example", "DnsFailure");
    assert!((20.0..33.0).contains(&none.next_lookup_seconds.unwrap()), "{none:?}");
    let why = format!("there is no such name ({})", server.address());
    assert!(none.error.as_ref().unwrap().contains(&why), "{none:?}");

    let text = gateway.status().health.to_string();
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(row("shop.example").contains("Resolved") && row("shop.example").contains("127.0.0.1, 127.0.0.2"), "{text}");
    assert!(row("none.example").contains("DnsFailure") && row("none.example").contains(&why), "{text}");
}
