//! Load distribution policies: pools with weights, and three ways to choose among their servers.
//!
//! Source: the REST schema of `loadDistributionPolicies`; there is no page about them. Parity: the share of a pool is
//! its weight times its servers; one settings resource goes with all of its pools.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use e2e::wait::until_true;
use e2e::{Client, Document, Farm, Gate, Gateway, Peer, Request, Start};
use snapshot::explain::{Outcome, Question, explain};
use snapshot::{Algorithm, Scheme};

/// Pools `a`, `b` and so on of these servers, with these weights, under one policy.
fn document(farm: &Farm, algorithm: &str, pools: &[(&[usize], u32)]) -> Document {
    let name = |at: usize| char::from(b'a' + u8::try_from(at).unwrap());
    let list: Vec<String> = pools
        .iter()
        .enumerate()
        .map(|(at, (servers, _))| {
            format!("{{name: {}, backendAddresses: {}}}", name(at), farm.members(servers.iter().copied()))
        })
        .collect();
    let targets: Vec<String> = pools
        .iter()
        .enumerate()
        .map(|(at, (_, weight))| {
            format!("{{name: t{at}, backendAddressPool: {}, weightPerServer: {weight}}}", name(at))
        })
        .collect();
    Document::new(farm)
        .section("backendAddressPools", format!("[{}]", list.join(", ")))
        .section(
            "loadDistributionPolicies",
            format!(
                "[{{name: policy, loadDistributionAlgorithm: {algorithm}, loadDistributionTargets: [{}]}}]",
                targets.join(", ")
            ),
        )
        .rules(&[
            "{name: rule, priority: 10, httpListener: web, loadDistributionPolicy: policy, backendHttpSettings: http}",
        ])
}

fn server(client: &mut Client) -> usize {
    client.get("a.com", "/").field("x-server").unwrap().parse().unwrap()
}

fn counts(servers: impl IntoIterator<Item = usize>, count: usize) -> Vec<usize> {
    let mut counts = vec![0; count];
    servers.into_iter().for_each(|server| counts[server] += 1);
    counts
}

/// With one worker every turn of so many requests as the weights add up to has exactly the shares.
#[test]
fn shares_of_turns_are_the_weights_times_the_servers() {
    let farm = Farm::echo(3);
    let rows: [(&[(&[usize], u32)], [usize; 3]); 5] = [
        (&[(&[0], 9), (&[1], 1)], [9, 1, 0]),
        (&[(&[0, 1], 2), (&[2], 1)], [2, 2, 1]),
        (&[(&[0], 1), (&[1], 1), (&[2], 1)], [1, 1, 1]),
        (&[(&[0, 1], 1), (&[2], 6)], [1, 1, 6]),
        (&[(&[0], 100), (&[1, 2], 50)], [100, 50, 50]),
    ];
    let gateway = Start::workers(1).run(&Document::new(&farm));
    for (pools, expected) in rows {
        gateway.apply(&document(&farm, "RoundRobin", pools)).unwrap();
        gateway.settle();
        let mut client = gateway.client();
        let turn: usize = expected.iter().sum();
        let servers: Vec<usize> = (0..2 * turn).map(|_| server(&mut client)).collect();
        for half in servers.chunks(turn) {
            assert_eq!(counts(half.iter().copied(), 3), expected, "{pools:?}: {servers:?}");
        }
    }
    // Smooth: the many do not come all at once.
    gateway.apply(&document(&farm, "RoundRobin", &[(&[0], 3), (&[1], 1)])).unwrap();
    let mut client = gateway.client();
    let servers: String = (0..16).map(|_| server(&mut client).to_string()).collect();
    assert!(!servers.contains("0000"), "{servers}");
}

/// Every worker keeps turns of its own, so that the whole differs by a few requests.
#[test]
fn over_four_workers_shares_are_near_the_weights() {
    let farm = Farm::echo(3);
    let gateway = Start::workers(4).run(&document(&farm, "RoundRobin", &[(&[0], 6), (&[1, 2], 2)]));
    // Few requests on each connection: also then no server is everybody's first.
    let mut servers = Vec::new();
    for _ in 0..250 {
        let mut client = gateway.client();
        servers.extend((0..4).map(|_| server(&mut client)));
    }
    let counts = counts(servers, 3);
    for (count, expected) in counts.iter().zip([600, 200, 200]) {
        assert!(count.abs_diff(expected) * 10 <= expected, "{counts:?}");
    }
}

fn down(gateway: &Gateway) -> usize {
    gateway.changes().iter().filter(|change| change.contains("is down")).count()
}

#[test]
fn a_server_that_is_down_has_no_share() {
    let mut farm = Farm::echo(3);
    let probe =
        "[{name: probe, protocol: Http, path: /health, host: a.com, interval: 1, timeout: 1, unhealthyThreshold: 1}]";
    let document = document(&farm, "RoundRobin", &[(&[0], 2), (&[1, 2], 1)])
        .section("probes", probe)
        .settings(&farm, "requestTimeout: 20, probe: probe");
    let gateway = Start::workers(1).run(&document);
    farm.kill(2);
    until_true("the server to be found down", || down(&gateway) == 1);
    let mut client = gateway.client();
    assert_eq!(counts((0..6).map(|_| server(&mut client)), 3), [4, 2, 0]);
    farm.kill(0);
    until_true("the other to be found down", || down(&gateway) == 2);
    assert_eq!(counts((0..6).map(|_| server(&mut client)), 3), [0, 6, 0]);
    farm.kill(1);
    until_true("all to be found down", || down(&gateway) == 3);
    assert_eq!(client.get("a.com", "/").status, 502);
}

#[test]
fn the_log_names_the_pool_that_was_chosen() {
    let farm = Farm::echo(2);
    let gateway = Start::workers(1).run(&document(&farm, "RoundRobin", &[(&[0], 1), (&[1], 1)]));
    let mut client = gateway.client();
    let servers: Vec<usize> = (0..6).map(|_| server(&mut client)).collect();
    for (row, server) in gateway.wait_rows(6).iter().zip(servers) {
        assert_eq!(
            (row["backendPoolName"].as_str(), row["backendSettingName"].as_str()),
            (Some(["a", "b"][server]), Some("http"))
        );
        assert_eq!(row["properties"]["serverRouted"], farm.address(server).to_string());
    }
}

/// A server that holds its requests has few, however many it would have by turns.
#[test]
fn the_server_with_the_fewest_requests_takes_the_next() {
    let gate = Gate::new();
    let farm = {
        let gate = gate.clone();
        Farm::start(3, move |peer: &mut Peer, request: &Request| {
            if peer.server == 0 && request.target == "/hold" {
                gate.wait();
            }
            peer.echo(request)
        })
    };
    let gateway = Start::workers(2).run(&document(&farm, "LeastConnections", &[(&[0], 1), (&[1], 1), (&[2], 2)]));
    let mut held: Vec<Client> = Vec::new();
    // Until server 0 holds one.
    while !farm.requests().iter().any(|request| request.server == 0) {
        let mut client = gateway.client();
        client.send("GET /hold HTTP/1.1\r\nHost: a.com\r\n\r\n");
        until_true("the request to be at a server, or answered", || farm.requests().len() > held.len());
        held.push(client);
        assert!(held.len() < 100, "server 0 gets nothing");
    }
    let before = farm.requests().len();
    let mut client = gateway.client();
    let servers: Vec<usize> = (0..40).map(|_| server(&mut client)).collect();
    let counts = counts(servers, 3);
    assert_eq!(counts[0], 0, "while it holds one: {counts:?}");
    assert!(counts[1] > 0 && counts[2] > 0, "the others take turns: {counts:?}");
    assert_eq!(farm.requests().len(), before + 40);
    gate.open();
    for client in &mut held {
        assert_eq!(client.answer().status, 200);
    }
    until_true("the server to have its share again", || server(&mut client) == 0);
}

/// Requests under way are counted over all workers, and weighed.
#[test]
fn requests_under_way_stand_in_the_proportion_of_the_weights() {
    let gate = Gate::new();
    let farm = {
        let gate = gate.clone();
        Farm::start(2, move |peer: &mut Peer, request: &Request| {
            gate.wait();
            peer.echo(request)
        })
    };
    let gateway = Start::workers(4).run(&document(&farm, "LeastConnections", &[(&[0], 3), (&[1], 1)]));
    let mut clients: Vec<Client> = Vec::new();
    for at in 1..=40 {
        let mut client = gateway.client();
        client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
        clients.push(client);
        farm.wait_requests(at);
    }
    let counts = counts(farm.requests().iter().map(|request| request.server), 2);
    assert_eq!(counts, [30, 10]);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
}

/// Host and log are those of the server that answers in the end.
#[test]
fn a_further_attempt_may_lead_to_another_pool_and_has_its_host() {
    let mut farm = Farm::echo(2);
    let document = document(&farm, "RoundRobin", &[(&[0], 1), (&[1], 1)])
        .settings(&farm, "requestTimeout: 20, pickHostNameFromBackendAddress: true, path: /v1");
    let gateway = Start::workers(1).run(&document);
    farm.kill(0);
    let mut client = gateway.client();
    for at in 0..4 {
        let answer =
            client.ask("POST /p HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test/1\r\nContent-Length: 3\r\n\r\nabc");
        let seen = farm.last();
        assert_eq!((answer.status, seen.field("host"), seen.target.as_str()), (200, Some("127.0.0.2"), "/v1/p"));
        let row = gateway.wait_rows(at + 1).pop().unwrap();
        let properties = &row["properties"];
        assert_eq!((row["backendPoolName"].as_str(), properties["host"].as_str()), (Some("b"), Some("127.0.0.2")));
        assert_eq!(
            (properties["userAgent"].as_str(), properties["originalHost"].as_str()),
            (Some("test/1"), Some("a.com"))
        );
    }
}

/// A WebSocket is a request under way for as long as it is open.
#[test]
fn open_websockets_count_as_requests_under_way() {
    use e2e::websocket::{agree, echo, open, say};
    let farm = Farm::start(2, |peer: &mut Peer, request: &Request| {
        if !request.head.has("upgrade") {
            return peer.echo(request);
        }
        agree(peer, request)?;
        echo(peer, request)
    });
    let gateway = Start::workers(2).run(&document(&farm, "LeastConnections", &[(&[0], 3), (&[1], 1)]));
    let mut clients: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = gateway.client();
            open(&mut client, "/");
            client
        })
        .collect();
    let opened = || counts(farm.requests().iter().map(|request| request.server), 2);
    assert_eq!(opened(), [15, 5]);
    clients.iter_mut().for_each(|client| say(client, "still here"));
    drop(clients);
    until_true("their ends to be noticed", || gateway.status().counters.websockets_current == 0);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..8 {
        let mut client = gateway.client();
        open(&mut client, "/");
        clients.push(client);
    }
    assert_eq!(opened(), [21, 7], "those that ended count no more");
}

/// Which server each of 100 clients is sent to.
fn by_client(gateway: &Gateway) -> BTreeMap<IpAddr, usize> {
    (1..=100)
        .map(|last| {
            let ip = IpAddr::V4(Ipv4Addr::new(127, 0, 1, last));
            let mut client = Client::connect_from(ip, gateway.address("web"));
            let first = server(&mut client);
            assert_eq!(server(&mut client), first, "{ip}");
            (ip, first)
        })
        .collect()
}

#[test]
fn a_client_keeps_its_server_and_only_those_of_a_lost_server_move() {
    let farm = Farm::echo(4);
    let pools: &[(&[usize], u32)] = &[(&[0, 1], 1), (&[2], 1), (&[3], 3)];
    let start = || Start::workers(2).run(&document(&farm, "IpHash", pools));
    let gateway = start();
    let before = by_client(&gateway);
    assert_eq!(by_client(&gateway), before, "stable");
    assert_eq!(by_client(&start()), before, "another gateway agrees");
    let counts = counts(before.values().copied(), 4);
    assert!(counts[..3].iter().all(|count| (5..35).contains(count)) && counts[3] > 30, "weights count: {counts:?}");
    gateway.apply(&document(&farm, "IpHash", &[(&[0], 1), (&[2], 1), (&[3], 3)])).unwrap();
    gateway.settle();
    for (client, now) in by_client(&gateway) {
        match before[&client] {
            1 => assert_ne!(now, 1),
            other => assert_eq!(now, other, "{client} had no reason to move"),
        }
    }
    gateway.apply(&document(&farm, "IpHash", pools)).unwrap();
    gateway.settle();
    assert_eq!(by_client(&gateway), before, "and back");
}

#[test]
fn a_dead_server_sends_its_clients_elsewhere_by_a_further_attempt() {
    let mut farm = Farm::echo(3);
    let gateway = Start::workers(1).run(&document(&farm, "IpHash", &[(&[0, 1, 2], 1)]));
    let before = by_client(&gateway);
    farm.kill(1);
    let servers: Vec<usize> = before
        .iter()
        .map(|(ip, was)| {
            let now = server(&mut Client::connect_from(*ip, gateway.address("web")));
            assert!(*was == 1 || now == *was, "{ip} had no reason to move");
            now
        })
        .collect();
    let counts = counts(servers, 3);
    assert!(counts[1] == 0 && counts[0] > 10 && counts[2] > 10, "{counts:?}");
}

#[test]
fn an_affinity_cookie_counts_more_than_the_policy() {
    let farm = Farm::echo(3);
    for algorithm in ["RoundRobin", "LeastConnections", "IpHash"] {
        let document = document(&farm, algorithm, &[(&[0], 100), (&[1, 2], 1)])
            .settings(&farm, "requestTimeout: 20, cookieBasedAffinity: Enabled");
        let gateway = Start::workers(1).run(&document);
        let mut cookies: BTreeMap<usize, String> = BTreeMap::new();
        for last in 1..=250 {
            let ip = IpAddr::V4(Ipv4Addr::new(127, 0, 1, last));
            let answer = Client::connect_from(ip, gateway.address("web")).get("a.com", "/");
            let server: usize = answer.field("x-server").unwrap().parse().unwrap();
            let cookie = answer.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
            assert_eq!(cookies.entry(server).or_insert_with(|| cookie.clone()), &cookie);
        }
        assert!(cookies.len() > 1, "{algorithm}: {cookies:?}");
        let mut client = gateway.client();
        for (server, cookie) in &cookies {
            for _ in 0..3 {
                let answer = client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nCookie: {cookie}\r\n\r\n"));
                assert_eq!(answer.field("x-server"), Some(server.to_string().as_str()), "{algorithm}");
                assert!(!answer.head.has("set-cookie"), "{algorithm}");
            }
        }
    }
}

#[test]
fn path_rules_and_defaults_of_maps_may_have_a_policy() {
    let farm = Farm::echo(3);
    let map = "[{name: map, defaultLoadDistributionPolicy: policy, defaultBackendHttpSettings: http, pathRules: \
               [{name: one, paths: [/one/*], backendAddressPool: c, backendHttpSettings: http}, \
               {name: two, paths: [/two/*], loadDistributionPolicy: policy, backendHttpSettings: http}]}]";
    let document = document(&farm, "RoundRobin", &[(&[0], 1), (&[1], 1), (&[2], 1)])
        .section(
            "loadDistributionPolicies",
            "[{name: policy, loadDistributionAlgorithm: RoundRobin, loadDistributionTargets: \
             [{name: t, backendAddressPool: a, weightPerServer: 3}, \
             {name: u, backendAddressPool: b, weightPerServer: 1}]}]",
        )
        .section("urlPathMaps", map)
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"]);
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.client();
    for (path, expected) in [("/one/x", [0, 0, 8]), ("/two/x", [6, 2, 0]), ("/", [6, 2, 0])] {
        let servers = (0..8)
            .map(|_| client.get("a.com", path).field("x-server").unwrap().parse().unwrap())
            .collect::<Vec<usize>>();
        assert_eq!(counts(servers, 3), expected, "{path}");
    }
}

#[test]
fn explain_tells_of_the_policy() {
    let farm = Farm::echo(3);
    let snapshot = document(&farm, "IpHash", &[(&[0], 8), (&[1, 2], 1)]).snapshot();
    let outcome = explain(&snapshot, &Question::get(Scheme::Http, 80, "a.com", "/")).outcome;
    let Outcome::Forward(forward) = outcome else { panic!("{outcome:?}") };
    let policy = forward.distribution.unwrap();
    assert_eq!((policy.name.as_str(), policy.algorithm), ("policy", Algorithm::IpHash));
    let pools: Vec<_> =
        forward.pools.iter().map(|pool| (pool.name.as_str(), pool.weight, pool.percent, pool.members.len())).collect();
    assert_eq!(pools, [("a", 8, 80, 1), ("b", 1, 20, 2)]);
}

/// The wait is for the first verdict of any pool's servers.
#[test]
fn a_request_at_a_cold_start_waits_for_a_verdict() {
    let farm = Farm::echo(2);
    let gateway = Start::workers(1).cold().run(&document(&farm, "LeastConnections", &[(&[0], 1), (&[1], 1)]));
    let answer = e2e::gateway::within(Duration::from_secs(5), "an answer", || gateway.get("a.com", "/"));
    assert_eq!(answer.status, 200);
}
