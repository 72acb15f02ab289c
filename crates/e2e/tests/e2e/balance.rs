//! How requests are spread over servers.
//!
//! Source: Azure, "How an application gateway works": round robin over the healthy servers, for each instance.

use e2e::{Document, Farm, Gateway, Start};

#[test]
fn with_one_worker_servers_take_turns_strictly() {
    let farm = Farm::echo(3);
    let gateway = Start::workers(1).run(&Document::new(&farm));
    let mut clients = [gateway.client(), gateway.client()];
    let servers: String =
        (0..12).map(|number| clients[number % 2].get("a.com", "/").field("x-server").unwrap().to_owned()).collect();
    assert_eq!(servers, "012012012012");
}

/// Each worker takes turns strictly by itself, so that the shares of the whole differ by one request for each worker.
#[test]
fn with_two_workers_shares_are_even() {
    let farm = Farm::echo(2);
    let gateway = Gateway::start(&Document::new(&farm));
    for _ in 0..20 {
        let mut client = gateway.client();
        (0..5).for_each(|_| drop(client.get("a.com", "/")));
    }
    let first = farm.requests().iter().filter(|request| request.server == 0).count();
    assert!((49..=51).contains(&first), "{first} of 100");
}

#[test]
fn a_target_keeps_its_own_turn() {
    let farm = Farm::echo(2);
    let document = Document::new(&farm).section(
        "backendAddressPools",
        format!("[{{name: a, backendAddresses: {0}}}, {{name: b, backendAddresses: {0}}}]", farm.members(0..2)),
    );
    let gateway = Start::workers(1).run(&document.paths("a", &[("b", "/b", "b")]));
    let mut client = gateway.client();
    let servers: String = ["/a", "/b", "/a", "/b", "/a", "/b"]
        .map(|target| client.get("a.com", target).field("x-server").unwrap().to_owned())
        .concat();
    assert_eq!(servers, "001100");
}
