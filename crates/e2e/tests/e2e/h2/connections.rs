//! The life of an HTTP/2 connection: its requests are counted, a change leaves it alone, and its end is orderly.
//!
//! Source: RFC 9113, section 6.8 (GOAWAY twice); Azure: 1,000 requests on a connection.

use e2e::h2::frame::{Frame, code, flag};
use e2e::h2::get;
use e2e::h2::hpack::block;
use e2e::wait::until_true;
use e2e::{Broken, Farm, Gate, H2, Tls};

use super::Bench;

/// The identifier that says "more may come": the first GOAWAY of an orderly end.
const ANY_STREAM: u32 = (1 << 31) - 1;

#[test]
fn after_a_thousand_requests_a_connection_ends_in_an_orderly_way_and_the_next_goes_on() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let mut served = 0;
    while h2.goaways.is_empty() && served < 1_100 {
        assert_eq!(h2.get("/").status(), 200, "request {served}");
        served += 1;
    }
    assert!((990..=1_000).contains(&served), "GOAWAY after {served} requests");
    until_true("the end of the connection", || matches!(h2.event(), Err(Broken::Closed | Broken::Cut)));
    assert!(h2.goaways.iter().all(|&(_, code)| code == code::NO_ERROR), "{:?}", h2.goaways);
    assert_eq!(h2.goaways.last().map(|&(last, _)| last), Some(2 * served - 1));
    assert_eq!(bench.h2().get("/").status(), 200);
}

/// A bench whose server answers `/slow` when the gate is opened.
fn gated() -> (Bench, Gate) {
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Farm::start(1, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    });
    (Bench::before(farm), gate)
}

#[test]
fn a_gateway_that_stops_says_so_twice_and_finishes_what_has_begun() {
    let (bench, gate) = gated();
    let Bench { gateway, farm } = bench;
    let mut h2 = gateway.h2();
    let stream = h2.request(&get("/slow"));
    farm.wait_requests(1);
    let stopped = gateway.stop_apart();
    while h2.goaways.is_empty() {
        h2.event().unwrap();
    }
    gate.open();
    h2.expect_status(stream, 200);
    h2.expect_closed();
    assert!(stopped.join().unwrap(), "everything ended in time");
    assert_eq!(h2.goaways, [(ANY_STREAM, code::NO_ERROR), (stream, code::NO_ERROR)]);
}

#[test]
fn an_idle_connection_is_told_when_the_gateway_stops() {
    let bench = Bench::new();
    let Bench { gateway, farm: _farm } = bench;
    let mut h2 = gateway.h2();
    h2.get("/");
    let stopped = gateway.stop_apart();
    h2.expect_closed();
    assert!(stopped.join().unwrap());
    assert_eq!(h2.left_with(), Some(code::NO_ERROR));
}

#[test]
fn a_change_of_configuration_leaves_connections_and_requests_alone() {
    let (bench, gate) = gated();
    let mut h2 = bench.h2();
    let stream = h2.request(&get("/slow"));
    bench.farm.wait_requests(1);
    let certificate = e2e::Ca::root("other").server(&["a.com"]);
    let changed = e2e::Document::https(&bench.farm, &certificate)
        .tls_settings(&bench.farm, "")
        .settings(&bench.farm, "requestTimeout: 20, path: /v2");
    bench.gateway.apply(&changed).unwrap();
    assert_eq!(h2.get("/new").field("x-target"), Some("/v2/new"));
    gate.open();
    assert_eq!(h2.answer(stream).field("x-target"), Some("/slow"));
    assert!(h2.goaways.is_empty(), "{:?}", h2.goaways);
}

#[test]
fn a_client_that_takes_leave_gets_the_answers_it_waits_for() {
    let (bench, gate) = gated();
    let mut h2 = bench.h2();
    let stream = h2.request(&get("/slow"));
    bench.farm.wait_requests(1);
    h2.frame(&Frame::goaway(0, code::NO_ERROR));
    gate.open();
    h2.expect_status(stream, 200);
}

#[test]
fn a_client_that_vanishes_ends_the_servers_work_on_all_its_streams() {
    let bench = Bench::before(Farm::start(1, |peer, _| peer.hold()));
    let mut h2 = bench.h2();
    (0..5).for_each(|_| {
        h2.request(&get("/"));
    });
    bench.farm.wait_requests(5);
    h2.wire.reset();
    until_true("the servers' work to end", || bench.farm.left() == 5);
    until_true("the connection to be gone", || bench.gateway.status().counters.client_connections_current == 0);
}

#[test]
fn a_preface_that_does_not_come_and_fields_that_do_not_end_have_a_deadline() {
    let bench = Bench::with(Farm::echo(1), |document| document.limit("requestHeaderTimeoutInSec: 1"));
    let mut mute = bench.silent();
    let mut slow = bench.h2();
    slow.frame(&Frame::headers(1, flag::END_STREAM, block(&get("/"))));
    let mut slower = bench.h2();
    slower.send(&Frame::headers(1, flag::END, block(&get("/"))).bytes()[..20]);
    for (what, h2) in [("no preface", &mut mute), ("fields without end", &mut slow), ("half a frame", &mut slower)] {
        let began = std::time::Instant::now();
        assert!(h2.has_ended(), "{what}: still open after {:?}", began.elapsed());
    }
    assert_eq!(bench.farm.requests().len(), 0);
}

#[test]
fn http_1_1_stays_available_beside_http_2() {
    let bench = Bench::new();
    let mut secure = bench.gateway.secure(&Tls::new().protocols(&["http/1.1"]));
    assert_eq!(secure.protocol.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(secure.client.get("a.com", "/").status, 200);
    let mut h2 = H2::connect(bench.gateway.address("web"));
    assert_eq!(h2.get("/").status(), 200);
    // Neither speaks the other's language.
    let mut confused = bench.gateway.secure(&Tls::new().protocols(&["http/1.1"])).client;
    confused.send(e2e::h2::frame::PREFACE);
    assert_eq!(confused.answer().status, 400);
    let mut upgrade = bench.gateway.secure(&Tls::new()).client;
    let answer = upgrade.ask(
        "GET / HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    );
    assert_eq!(answer.status, 403);
}
