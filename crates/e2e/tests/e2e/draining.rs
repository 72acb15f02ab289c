//! Servers that leave: what they have begun is finished, and nobody notices.
//!
//! Source: Azure, "Backend settings", connection draining. Parity: a change of configuration leaves alone what it does
//! not touch, unless `azureStrict` asks for what Azure does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::rewrites::{both, request, response, rule};
use e2e::wait::until_true;
use e2e::{Broken, Client, Document, Farm, Gate, Gateway, Peer, Request, Start};

const DRAINING: &str = "requestTimeout: 20, connectionDraining: {enabled: true, drainTimeoutInSec: 1}";

/// Asks on kept connections until told to stop; returns how many answers came. Panics when one fails.
fn load(
    gateway: &Gateway,
    clients: usize,
    stop: &Arc<AtomicBool>,
    done: &Arc<AtomicUsize>,
) -> Vec<std::thread::JoinHandle<()>> {
    (0..clients)
        .map(|_| {
            let (mut client, stop, done) = (gateway.client(), Arc::clone(stop), Arc::clone(done));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let answer = client.ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
                    assert_eq!(answer.status, 200, "no request fails");
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect()
}

/// Every server is replaced, one by one and then all at once, and the old ones end once they have been let go.
#[test]
fn all_servers_are_replaced_under_load_and_no_request_fails() {
    let mut farm = Farm::echo(8);
    let with = |farm: &Farm, servers: &[usize]| {
        Document::new(farm).settings(farm, DRAINING).pool_of(farm, servers.iter().copied())
    };
    let gateway = Start::workers(2).run(&with(&farm, &[0, 1]));
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let threads = load(&gateway, 6, &stop, &done);
    let steps: [(&[usize], &[usize]); 5] =
        [(&[1, 2], &[0]), (&[2, 3], &[1]), (&[3, 4], &[2]), (&[6, 7], &[3, 4]), (&[5, 6], &[7])];
    for (servers, gone) in steps {
        let before = done.load(Ordering::SeqCst);
        gateway.apply(&with(&farm, servers)).unwrap();
        gateway.settle();
        until_true("the load to go on", || done.load(Ordering::SeqCst) > before + 50);
        let seen = farm.requests().len();
        until_true("the servers in use", || {
            let requests = farm.requests();
            servers.iter().all(|server| requests[seen..].iter().any(|request| request.server == *server))
        });
        let requests = farm.requests();
        assert!(requests[seen..].iter().all(|request| servers.contains(&request.server)), "a removed server is asked");
        // Nothing is under way to them any more.
        gone.iter().for_each(|server| farm.kill(*server));
    }
    stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().expect("no request fails");
    }
    assert!(gateway.rows().iter().all(|row| row["properties"]["httpStatus"] == 200));
}

/// Policies, rewrites, cookies and pools come and go while requests are under way.
#[test]
fn what_a_configuration_has_may_come_and_go_under_load() {
    let farm = Farm::echo(4);
    let members = |servers: &[usize]| farm.members(servers.iter().copied());
    let version = |number: usize| {
        let document = Document::new(&farm)
            .settings(
                &farm,
                if number.is_multiple_of(2) { DRAINING } else { "requestTimeout: 20, cookieBasedAffinity: Enabled" },
            )
            .section(
                "backendAddressPools",
                format!(
                    "[{{name: pool, backendAddresses: {}}}, {{name: other, backendAddresses: {}}}]",
                    members(&[number % 4, (number + 1) % 4]),
                    members(&[(number + 2) % 4])
                ),
            );
        match number % 3 {
            0 => document,
            1 => document.rewrites(&[rule(1, &[], both(request(&[("X-Set", "1")]), response(&[("X-Set", "1")])))], ""),
            _ => document
                .section(
                    "loadDistributionPolicies",
                    "[{name: policy, loadDistributionAlgorithm: LeastConnections, loadDistributionTargets: \
                     [{name: a, backendAddressPool: pool}, {name: b, backendAddressPool: other, weightPerServer: 3}]}]",
                )
                .rules(&["{name: rule, priority: 10, httpListener: web, loadDistributionPolicy: policy, \
                         backendHttpSettings: http}"]),
        }
    };
    let gateway = Start::workers(2).run(&version(0));
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let threads = load(&gateway, 6, &stop, &done);
    for number in 1..40 {
        let before = done.load(Ordering::SeqCst);
        gateway.apply(&version(number)).unwrap();
        until_true("the load to go on", || done.load(Ordering::SeqCst) > before + 5);
    }
    stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().expect("no request fails");
    }
}

/// Half of an answer at once, the rest when the gate opens.
fn halting(gate: &Gate, count: usize) -> Farm {
    let gate = gate.clone();
    Farm::start(count, move |peer: &mut Peer, request: &Request| -> io::Result<()> {
        if request.target != "/slow" {
            return peer.echo(request);
        }
        peer.send(format!("HTTP/1.1 200 OK\r\nX-Server: {}\r\nContent-Length: 8\r\n\r\nhalf", peer.server))?;
        gate.wait();
        peer.send("half")
    })
}

/// Begins a slow answer and reads its head.
fn slow(gateway: &Gateway) -> Client {
    let mut client = gateway.client();
    client.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(client.try_head().unwrap().status, 200);
    client
}

#[test]
fn a_removed_server_finishes_what_it_has_begun_within_the_drain_timeout() {
    let gate = Gate::new();
    let farm = halting(&gate, 2);
    let long = DRAINING.replace("drainTimeoutInSec: 1", "drainTimeoutInSec: 30");
    let document = Document::new(&farm).settings(&farm, &long);
    let gateway = Start::workers(1).run(&document.clone().pool_of(&farm, [0]));
    let mut client = slow(&gateway);
    gateway.apply(&document.clone().pool_of(&farm, [1])).unwrap();
    let health = serde_json::to_string(&gateway.status().health).unwrap();
    assert!(health.contains("draining"), "{health}");
    gateway.settle();
    assert_eq!(gateway.get("a.com", "/").field("x-server"), Some("1"));
    gate.open();
    client.wire.exactly(8, |_| {}).unwrap();
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"), "the client's connection goes on");
}

/// A change that concerns neither listener, settings nor servers.
fn changed(document: &Document) -> Document {
    document
        .clone()
        .section("redirectConfigurations", "[{name: unused, redirectType: Found, targetUrl: 'https://b.com/'}]")
        .extension("serverHeader: other")
}

#[test]
fn a_change_that_does_not_concern_them_leaves_connections_and_answers_alone() {
    let gate = Gate::new();
    let farm = halting(&gate, 1);
    let document = Document::new(&farm).settings(&farm, DRAINING);
    let gateway = Start::workers(1).run(&document);
    let mut idle = gateway.client();
    idle.get("a.com", "/");
    let mut client = slow(&gateway);
    for round in 0..4 {
        gateway.apply(&if round % 2 == 0 { changed(&document) } else { document.clone() }).unwrap();
        idle.get("a.com", "/");
    }
    let connections = farm.connections();
    // Longer than the drain timeout.
    std::thread::sleep(Duration::from_millis(2500));
    gate.open();
    client.wire.exactly(8, |_| {}).unwrap();
    idle.get("a.com", "/");
    assert_eq!(farm.connections(), connections, "no connection to the server was given up");
}

#[test]
fn in_azures_way_every_change_cuts_what_is_under_way_after_the_drain_timeout() {
    let gate = Gate::new();
    let farm = halting(&gate, 1);
    let document = Document::new(&farm).settings(&farm, DRAINING).extension("azureStrict: true");
    let gateway = Start::workers(1).run(&document);
    let mut client = slow(&gateway);
    let began = Instant::now();
    gateway.apply(&changed(&document)).unwrap();
    let mut other = gateway.client();
    assert_eq!(other.get("a.com", "/").status, 200);
    assert_eq!(client.wire.exactly(8, |_| {}), Err(Broken::Cut));
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_millis(6000)).contains(&took), "{took:?}");
    let rows = gateway.wait_rows(2);
    let row = rows.iter().find(|row| row["properties"]["requestUri"] == "/slow").unwrap();
    assert_eq!(row["properties"]["reason"], "drained");
    assert_eq!(other.get("a.com", "/").status, 200);
    gate.open();
}

#[test]
fn without_draining_a_removed_server_has_thirty_seconds() {
    let gate = Gate::new();
    let farm = halting(&gate, 2);
    let document = Document::new(&farm);
    let gateway = Start::workers(1).run(&document.clone().pool_of(&farm, [0]));
    let mut client = slow(&gateway);
    gateway.apply(&document.pool_of(&farm, [1])).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    gate.open();
    client.wire.exactly(8, |_| {}).unwrap();
}
