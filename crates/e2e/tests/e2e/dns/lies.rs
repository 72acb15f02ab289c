//! Answers that are too long, and others that are not as they should be.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// 127.1.0.0 and so on: connections there are refused at once.
fn many(count: u16, shift: usize) -> Vec<IpAddr> {
    let mut all: Vec<_> = (0..count)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            IpAddr::from([127, 1, high, low])
        })
        .collect();
    all.rotate_left(shift % usize::from(count));
    all
}

/// A thousand addresses in another order each time.
#[test]
fn of_a_thousand_addresses_the_same_64_are_used_however_they_are_shuffled() {
    let farm = Farm::echo(1);
    let shift = AtomicUsize::new(0);
    let script = move |_: &Question| {
        let all = many(1000, shift.fetch_add(317, Ordering::SeqCst));
        Says::Cut(Box::new(Says::Addresses(all, 0)))
    };
    let (server, folder) = (NameServer::start(script), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    let first = wait_code(&gateway, "shop.example", "Resolved");
    assert_eq!(first.addresses, many(64, 0));
    assert_eq!(first.left_out.as_deref(), Some("64 of 1000 addresses are used, not more"));
    let ids = gateway.running().current().fleet.server_ids();
    for _ in 0..3 {
        server.wait_asked("shop.example", 4);
        assert_eq!(status(&gateway, "shop.example").addresses, first.addresses);
        assert_eq!(gateway.running().current().fleet.server_ids(), ids);
    }
    assert_eq!(gateway.name_changes().len(), 2, "{:?}", gateway.name_changes());
    assert!(server.asked("shop.example").iter().any(|(_, question)| question.over_tcp));
}

#[test]
fn a_datagram_that_is_cut_is_followed_by_tcp() {
    let farm = Farm::echo(2);
    let (server, folder) = (NameServer::start(always(Says::Cut(Box::new(at(&farm, &[0, 1], 60))))), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    assert_eq!(in_rotation(&gateway), ips(&farm, &[0, 1]));
}

#[test]
fn forged_answers_before_the_true_one_are_passed_over() {
    let farm = Farm::echo(1);
    let forged = Says::addresses(&["127.6.6.6", "::6"], 300);
    let says = Says::All(vec![
        Says::WrongNumber(Box::new(forged.clone())),
        Says::WrongQuestion(Box::new(forged)),
        at(&farm, &[0], 60),
    ]);
    let (server, folder) = (NameServer::start(always(says)), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    assert_eq!(status(&gateway, "shop.example").addresses, [farm.address(0).ip()]);
}

#[test]
fn addresses_that_no_server_can_have_are_left_out_and_said() {
    let farm = Farm::echo(1);
    let says = Says::addresses(&["0.0.0.0", "127.0.0.1", "255.255.255.255", "239.1.2.3", "ff02::1", "fe80::1"], 60);
    let (server, folder) = (NameServer::start(always(says)), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    let found = wait_code(&gateway, "shop.example", "Resolved");
    assert_eq!(found.addresses, [farm.address(0).ip()]);
    let left_out = found.left_out.unwrap();
    for address in ["0.0.0.0", "255.255.255.255", "239.1.2.3"] {
        assert!(left_out.contains(address), "{left_out}");
    }
    assert!(gateway.name_changes().iter().any(|line| line.contains(&left_out)));
}

/// Sixteen aliases and no more; the shortest life of all counts.
#[test]
fn aliases_are_followed_to_their_end() {
    let farm = Farm::echo(1);
    let end = at(&farm, &[0], 90);
    let script = move |question: &Question| {
        let (head, number) = question.name.split('.').next().unwrap().split_at(1);
        match (head, number.parse::<u32>().unwrap()) {
            (_, 0) => end.clone(),
            (head, left) => Says::Alias(format!("{head}{}.example", left - 1), if left == 3 { 20 } else { 90 }),
        }
    };
    let (server, folder) = (NameServer::start(script), Folder::new());
    let gateway = start(&document(&farm, &["a16.example", "b17.example"]), &server, &folder);
    let followed = wait_code(&gateway, "a16.example", "Resolved");
    let next = followed.next_lookup_seconds.unwrap();
    assert!(next <= 18.0, "{followed:?}");
    assert!(wait_code(&gateway, "b17.example", "DnsFailure").error.unwrap().contains("more than 16 aliases"));
}
