//! Look-ups that fail in every way: the last good addresses stay in use, and it is said once.

use super::*;

/// What the server says after its good answers, and what the operator is told.
fn ways() -> [(&'static str, Says, &'static str); 14] {
    let (address, other) = (Says::addresses(&["127.9.9.9"], 60), Says::addresses(&["127.9.9.8"], 60));
    [
        ("servfail", Says::Code(2), "the server failed (SERVFAIL)"),
        ("refused", Says::Code(5), "the server refuses to answer (REFUSED)"),
        ("notimplemented", Says::Code(4), "the server answered: "),
        ("nxdomain", Says::Absent(3, 1), "there is no such name"),
        ("nodata", Says::Absent(0, 1), "the name has no address"),
        ("empty", Says::Addresses(vec![], 60), "the name has no address"),
        ("silent", Says::Nothing, "no answer within 5 s"),
        ("noise", Says::Noise, "the answer makes no sense"),
        ("wrongnumber", Says::WrongNumber(Box::new(address)), "no answer within 5 s"),
        ("wrongquestion", Says::WrongQuestion(Box::new(other)), "no answer within 5 s"),
        ("cut", Says::CutForEver, "the answer makes no sense"),
        ("circle", Says::Alias("circle.example".to_owned(), 60), "more than 16 aliases (CNAME) follow each other"),
        ("nowhere", Says::addresses(&["0.0.0.0", "::"], 60), "no server can have the addresses of the answer"),
        ("everybody", Says::addresses(&["224.0.0.1", "ff02::1"], 60), "no server can have the addresses"),
    ]
}

/// One name for each way to fail, each at the only server, all at once: first well, then not, then well again.
#[test]
fn whatever_goes_wrong_the_last_good_addresses_stay_in_use() {
    let farm = Farm::echo(1);
    let names: Vec<_> = ways().iter().map(|(way, ..)| format!("{way}.example")).collect();
    let list: Vec<_> = names.iter().map(String::as_str).collect();
    let (server, folder) = (NameServer::start(always(at(&farm, &[0], 1))), Folder::new());
    let gateway = start(&document(&farm, &list), &server, &folder);
    names.iter().for_each(|name| drop(wait_code(&gateway, name, "Resolved")));
    let before = gateway.running().current().fleet.server_ids();

    server.follow(|question| {
        let way = question.name.split('.').next().unwrap_or_default();
        let found = ways().into_iter().find(|(name, ..)| *name == way);
        found.map_or(Says::Nothing, |(_, says, _)| says)
    });
    for ((way, _, text), name) in ways().iter().zip(&names) {
        let stale = wait_code(&gateway, name, "Stale");
        assert_eq!(stale.addresses, [farm.address(0).ip()], "{way}");
        let error = stale.error.unwrap();
        assert!(error.contains(text), "{way}: {error}");
        assert!(error.contains(&server.address().to_string()), "{way} says who: {error}");
    }
    // The answers lived for a second.
    until_true("an old answer", || status(&gateway, "silent.example").resolved_seconds_ago.unwrap() > 3.0);
    assert!((0..20).all(|_| gateway.get("a.com", "/").status == 200));
    assert_eq!(gateway.running().current().fleet.server_ids(), before);

    server.follow(always(at(&farm, &[0], 1)));
    // Has every name looked up now, instead of within half a minute.
    folder.write("hosts", "127.0.0.9 other.example\n");
    for name in &names {
        assert_eq!(wait_code(&gateway, name, "Resolved").error, None);
    }
    assert_eq!(gateway.running().current().fleet.server_ids(), before, "no server was made anew");
    let told = gateway.name_changes();
    for name in &names {
        let lines: Vec<_> = told.iter().filter(|line| line.contains(name.as_str())).collect();
        assert_eq!(lines.len(), 3, "each is said once: {lines:?}");
        assert!(lines[0].ends_with("has 1 address; new: 127.0.0.1"), "{lines:?}");
        assert!(lines[1].contains("cannot be resolved: ") && lines[1].ends_with("; 1 address in use until it can"));
        assert!(lines[2].ends_with("can be resolved again"), "{lines:?}");
    }
}

#[test]
fn one_family_that_fails_does_not_lose_the_others_addresses_nor_its_own() {
    let farm = Farm::echo(2);
    let (first, second) = (at(&farm, &[0], 1), at(&farm, &[1], 1));
    let v6 = Says::addresses(&["2001:db8::1"], 1);
    let by_family = |v4: Says, v6: Says| {
        move |question: &Question| if question.kind == e2e::dns::A { v4.clone() } else { v6.clone() }
    };
    let (server, folder) = (NameServer::start(by_family(first.clone(), v6)), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    let expect = |code: &str, addresses: &[&str]| {
        until("these addresses", || {
            let found = status(&gateway, "shop.example");
            let list: Vec<_> = found.addresses.iter().map(ToString::to_string).collect();
            (found.code == code && list == addresses).then_some(())
        });
    };
    expect("Resolved", &["127.0.0.1", "2001:db8::1"]);
    for bad in [Says::Code(2), Says::Nothing, Says::Noise] {
        // IPv4 goes on, IPv6 stays as it was.
        server.follow(by_family(second.clone(), bad.clone()));
        expect("Stale", &["127.0.0.2", "2001:db8::1"]);
        server.follow(by_family(first.clone(), bad));
        expect("Stale", &["127.0.0.1", "2001:db8::1"]);
    }
    let error = status(&gateway, "shop.example").error.unwrap();
    assert!(error.contains("IPv6: the answer makes no sense"), "{error}");
    // Only who has IPv4 addresses may say that there are no others.
    server.follow(by_family(first, Says::Absent(0, 60)));
    expect("Resolved", &["127.0.0.1"]);
}

#[test]
fn a_change_of_the_configuration_during_an_outage_keeps_what_is_known() {
    let farm = Farm::echo(1);
    let (server, folder) = (NameServer::start(always(at(&farm, &[0], 1))), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    server.follow(always(Says::Code(2)));
    wait_code(&gateway, "shop.example", "Stale");
    let changed = DRAINING.replace("requestTimeout: 20", "requestTimeout: 21");
    for document in [
        document(&farm, &["shop.example"]).settings(&farm, &changed),
        document(&farm, &["shop.example", "none.example"]),
        // Gone, and back again.
        Document::new(&farm).settings(&farm, "requestTimeout: 20"),
        document(&farm, &["shop.example"]),
    ] {
        gateway.apply(&document).unwrap();
        until_true("the server in rotation", || !in_rotation(&gateway).is_empty());
        assert_eq!(gateway.get("a.com", "/").status, 200);
    }
    assert_eq!(wait_code(&gateway, "shop.example", "Stale").addresses, [farm.address(0).ip()]);
}
