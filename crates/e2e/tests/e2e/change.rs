//! A change of configuration: what goes on, what ends, what is refused.

use std::collections::HashSet;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use e2e::wait::until_true;
use e2e::{Client, Document, Farm, Gate, Gateway, Peer, Request};

const VERSIONS: [&str; 2] = ["even", "odd"];

/// Pool, settings, host and path all say which version a request was served by.
fn version(farm: &Farm, number: usize) -> Document {
    let name = VERSIONS[number % 2];
    let rule = format!(
        "{{name: {name}, priority: 10, httpListener: web, backendAddressPool: {name}, backendHttpSettings: {name}}}"
    );
    let settings =
        format!("[{{name: {name}, port: {}, protocol: Http, path: /{name}/, hostName: {name}.internal}}]", farm.port());
    Document::new(farm).pools(farm, &VERSIONS).section("backendHttpSettingsCollection", settings).rules(&[&rule])
}

/// A body in 40 pieces over two seconds, or at once; says in a header what the request looked like.
fn serve(peer: &mut Peer, request: &Request) -> io::Result<()> {
    let seen = format!("{} {} {}", peer.server, request.target, request.field("host").unwrap_or_default());
    let pieces = if request.target.ends_with("/slow") { 40 } else { 1 };
    peer.send(format!("HTTP/1.1 200 OK\r\nX-Seen: {seen}\r\nContent-Length: {}\r\n\r\n", pieces * 100))?;
    for piece in 0..pieces {
        if piece > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        peer.send("x".repeat(100))?;
    }
    Ok(())
}

/// Asks until told to stop, a few requests ahead of their answers, on one connection. Returns how many answers came.
fn load(
    mut client: Client,
    stop: &Arc<AtomicBool>,
    done: &Arc<AtomicUsize>,
    target: &'static str,
    ahead: usize,
) -> JoinHandle<usize> {
    let (stop, done) = (Arc::clone(stop), Arc::clone(done));
    std::thread::spawn(move || {
        let mut count = 0;
        while !stop.load(Ordering::SeqCst) {
            client.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n").repeat(ahead));
            for _ in 0..ahead {
                let answer = client.try_answer(false).expect("no answer is cut and no connection closed");
                assert_eq!(answer.status, 200, "no request fails");
                let whole: Vec<_> = VERSIONS
                    .iter()
                    .enumerate()
                    .map(|(server, name)| format!("{server} /{name}{target} {name}.internal"))
                    .collect();
                let seen = answer.field("x-seen").unwrap().to_owned();
                assert!(whole.contains(&seen), "an answer of two versions: {seen}");
                count += 1;
                done.fetch_add(1, Ordering::SeqCst);
            }
        }
        assert!(client.wire.is_quiet(), "the connection is still open");
        count
    })
}

#[test]
fn a_hundred_changes_under_load_fail_nothing_mix_nothing_and_close_nothing() {
    let farm = Farm::start(2, serve);
    let gateway = Gateway::start(&version(&farm, 0));
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut clients: Vec<_> = (0..4).map(|_| load(gateway.client(), &stop, &done, "/fast", 8)).collect();
    clients.extend((0..4).map(|_| load(gateway.client(), &stop, &done, "/slow", 1)));
    for number in 1..=100 {
        let before = done.load(Ordering::SeqCst);
        let (revision, changes) = gateway.apply(&version(&farm, number)).unwrap();
        assert_eq!(revision, number as u64 + 1);
        assert!(!changes.to_string().is_empty());
        // Once somebody has given up there is nothing to wait for.
        until_true("some requests between two changes", || {
            done.load(Ordering::SeqCst) >= before + 16 || clients.iter().any(JoinHandle::is_finished)
        });
        if clients.iter().any(JoinHandle::is_finished) {
            break;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let counts: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    let total = counts.iter().sum();
    assert_eq!(gateway.status().counters.client_connections, 8);
    // A client has its answer a moment before it is counted.
    until_true("every answer to be counted", || gateway.status().counters.responses.success == total as u64);
    let rows = gateway.wait_rows(total);
    assert_eq!(rows.len(), total, "one row for each request");
    let names: HashSet<_> = rows
        .iter()
        .map(|row| {
            let names = [&row["ruleName"], &row["backendPoolName"], &row["backendSettingName"]];
            names.map(|name| name.as_str().unwrap().to_owned())
        })
        .collect();
    let expected: HashSet<_> = VERSIONS.iter().map(|name| [(); 3].map(|()| (*name).to_owned())).collect();
    assert_eq!(names, expected, "no row is of two versions");
}

#[test]
fn a_request_under_way_to_a_server_that_is_removed_is_finished() {
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Farm::start(2, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    });
    let gateway = Gateway::start(&Document::new(&farm).pool_of(&farm, [0]));
    let mut client = gateway.client();
    client.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(1);
    gateway.apply(&Document::new(&farm).pool_of(&farm, [1])).unwrap();
    assert_eq!(gateway.get("a.com", "/").field("x-server"), Some("1"));
    gate.open();
    assert_eq!(client.answer().field("x-server"), Some("0"));
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"));
    // Connections to the removed server are not kept.
    until_true("one connection to the server that is left", || {
        gateway.status().counters.backend_connections_current <= 2
    });
}

/// Listeners `web` and `alt`, each on a port of its own.
fn two_listeners(farm: &Farm) -> Document {
    Document::new(farm)
        .section("frontendPorts", "[{name: p80, port: 80}, {name: p8080, port: 8080}]")
        .section(
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
              {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]",
        )
        .port(8080, "0")
        .rules(&[
            "{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}",
            "{name: alt, priority: 20, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}",
        ])
}

#[test]
fn a_removed_listener_stops_accepting_and_its_connections_end_after_their_exchange() {
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Farm::start(1, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    });
    let gateway = Gateway::start(&two_listeners(&farm));
    let alt = gateway.address("alt");
    let (mut busy, mut idle, mut fresh) = (Client::connect(alt), Client::connect(alt), Client::connect(alt));
    let mut stays = gateway.client();
    idle.get("a.com", "/");
    stays.get("a.com", "/");
    busy.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(3);
    gateway.apply(&Document::new(&farm)).unwrap();
    until_true("the port to be closed", || TcpStream::connect(alt).is_err());
    idle.expect_end();
    fresh.expect_end();
    gate.open();
    let answer = busy.answer();
    assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
    busy.expect_end();
    assert_eq!(stays.get("a.com", "/").status, 200);
    assert_eq!(gateway.running().address("alt"), None);
}

#[test]
fn what_a_removed_listener_still_serves_is_cut_when_the_drain_timeout_is_over() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let gateway = Gateway::start(&two_listeners(&farm).limit("drainTimeoutInSec: 1"));
    let mut client = Client::connect(gateway.address("alt"));
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(1);
    gateway.apply(&Document::new(&farm).limit("drainTimeoutInSec: 1")).unwrap();
    let ended = client.try_answer(false);
    assert!(ended.as_ref().is_err() || ended.as_ref().is_ok_and(|answer| answer.status >= 500), "{ended:?}");
    until_true("the server's connection to be closed", || farm.left() == 1);
}

#[test]
fn a_port_in_use_refuses_the_whole_change_and_nothing_changes() {
    let farm = Farm::echo(2);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let gateway = Gateway::start(&Document::new(&farm).pool_of(&farm, [0]));
    let address = gateway.address("web");
    let mut client = gateway.client();
    let wanted = two_listeners(&farm).pool_of(&farm, [1]).port(8080, &port.to_string());
    let errors = gateway.apply(&wanted).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].to_string().contains(&format!("127.0.0.1:{port}")), "{}", errors[0]);
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("0"));
    let status = gateway.status();
    assert_eq!((status.revision, status.bindings.len(), gateway.address("web")), (1, 1, address));
    assert!(status.refused.is_some_and(|why| why.contains("another program")));
    // The next change that can be made is made.
    drop(taken);
    until_true("the port to be free", || gateway.apply(&wanted).is_ok());
    assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"));
    assert_eq!(gateway.status().refused, None);
}

#[test]
fn a_listener_that_stays_keeps_its_port_whatever_else_changes() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let address = gateway.address("web");
    for document in [two_listeners(&farm), Document::new(&farm).listeners(&[("web", "hostName: a.com")])] {
        gateway.apply(&document).unwrap();
        assert_eq!(gateway.address("web"), address);
    }
}

#[test]
fn limits_of_a_new_configuration_hold_for_connections_that_are_open() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    let long = format!("/{}", "x".repeat(1000));
    assert_eq!(client.get("a.com", &long).status, 200);
    gateway.apply(&Document::new(&farm).limit("maxUrlBytes: 500")).unwrap();
    assert_eq!(client.get("a.com", &long).status, 414);
}
