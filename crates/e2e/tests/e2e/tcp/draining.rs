//! What ends sessions that others began: a change that takes what they stand on, or a server that is not well.
//!
//! Source: Azure, tcp-tls-proxy-overview: sessions drain for 30 seconds. Parity: here only those that a change
//! concerns, unless `azureStrict` asks for what Azure does; the time can be set.

use std::time::{Duration, Instant};

use e2e::sides::SERVER_NAME;
use e2e::wait::until_true;
use e2e::{Document, End, Farm, Gate, Gateway, Sides, Wire, talk};

use super::{each, post};

/// How late the end may be on a busy machine.
const LATE: Duration = Duration::from_secs(5);

/// Settings whose sessions drain within a second.
fn drains(sides: Sides, name: &'static str, more: &str) -> (&'static str, &'static str, String) {
    let (name, protocol, more) = sides.setting(name, more);
    (name, protocol, format!("{more}, gatehouse: {{drainTimeoutInSec: 1}}"))
}

fn document(sides: Sides, farm: &Farm) -> Document {
    sides
        .document(farm)
        .byte_settings(farm, &[drains(sides, "bytes", "timeout: 20")])
        .pool_of(farm, [0])
        .limit("drainTimeoutInSec: 1")
}

/// Says something, and hears it again.
#[track_caller]
fn chat(client: &mut Wire) {
    client.send("hello").unwrap();
    client.expect("hello");
}

/// Talks on until the session ends; returns how it did and how many bytes went before. Draining waits for no quiet.
fn chat_on(client: &mut Wire) -> (End, usize) {
    let mut total = 0;
    loop {
        std::thread::sleep(Duration::from_millis(20));
        if client.send("x").is_err() {
            return (client.to_end().unwrap().1, total);
        }
        match client.some(1).unwrap() {
            piece if piece.is_empty() => return (End::Fin, total),
            piece => total += piece.len(),
        }
    }
}

/// A change, and how a document looks after it. There is a second farm with the same addresses and another port.
type Change = (&'static str, fn(Sides, &Farm, &Farm) -> Document);

/// Each takes something that a session of [`document`] stands on.
const CHANGES: &[Change] = &[
    ("the server is removed from its pool", |sides, farm, _| document(sides, farm).pool_of(farm, [1])),
    ("its pool is empty", |sides, farm, _| document(sides, farm).pool_of(farm, [])),
    ("the rule has another pool", |sides, farm, _| {
        let pools = format!(
            "[{{name: pool, backendAddresses: {}}}, {{name: other, backendAddresses: {}}}]",
            farm.members([0]),
            farm.members([1])
        );
        document(sides, farm).section("backendAddressPools", pools).byte_rules(&[("rule", "web", "other", "bytes")])
    }),
    ("the rule has other settings", |sides, farm, _| {
        let settings = [drains(sides, "bytes", "timeout: 20"), drains(sides, "others", "timeout: 20")];
        document(sides, farm).byte_settings(farm, &settings).byte_rules(&[("rule", "web", "pool", "others")])
    }),
    ("servers are to hear who the client is", |sides, farm, _| {
        let settings = drains(sides, "bytes", "timeout: 20, enableL4ClientIpPreservation: true");
        document(sides, farm).byte_settings(farm, &[settings])
    }),
    ("servers are on another port", |sides, farm, other| {
        document(sides, farm).byte_settings(other, &[drains(sides, "bytes", "timeout: 20")])
    }),
    ("servers are spoken to in the other protocol", |sides, farm, _| {
        let other = Sides { server_tls: !sides.server_tls, ..sides };
        let document = other.trusting(document(sides, farm));
        document.byte_settings(farm, &[drains(other, "bytes", "timeout: 20")])
    }),
    ("servers are called by another name", |sides, farm, _| {
        // Without TLS there is no name to call them by, and so another pool instead.
        if !sides.server_tls {
            return document(sides, farm).pool_of(farm, [1]);
        }
        let (name, protocol, more) = drains(sides, "bytes", "timeout: 20");
        document(sides, farm).byte_settings(farm, &[(name, protocol, more.replace(SERVER_NAME, "other.internal"))])
    }),
    ("the listener has no rule", |sides, farm, _| document(sides, farm).byte_rules(&[])),
    ("the listener is on another port", |sides, farm, _| {
        let certificate = if sides.client_tls { "sslCertificate: front" } else { "" };
        document(sides, farm).byte_listeners(&[("web", 1434, sides.listener(), certificate)])
    }),
    ("the listener is another one", |sides, farm, _| {
        let certificate = if sides.client_tls { "sslCertificate: front" } else { "" };
        document(sides, farm)
            .byte_listeners(&[("other", 1433, sides.listener(), certificate)])
            .byte_rules(&[("rule", "other", "pool", "bytes")])
    }),
];

#[test]
fn a_change_that_takes_what_sessions_stand_on_ends_them_after_the_drain_time() {
    each(|sides| {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                CHANGES.iter().map(|change| (change.0, scope.spawn(|| changed(sides, change)))).collect();
            for (name, thread) in threads {
                assert!(thread.join().is_ok(), "{sides}: {name}");
            }
        });
    });
}

fn changed(sides: Sides, (name, change): &Change) {
    let (tell, told) = post();
    let farm = sides.farm(2, move |peer| {
        talk::echo(peer)?;
        tell.send(()).unwrap();
        Ok(())
    });
    let other = sides.farm(1, talk::echo);
    let gateway = Gateway::start(&document(sides, &farm));
    let (mut quiet, mut busy) = (sides.connect(&gateway), sides.connect(&gateway));
    chat(&mut quiet);
    chat(&mut busy);
    let began = Instant::now();
    gateway.apply(&change(sides, &farm, &other)).unwrap();
    chat(&mut quiet);
    let (end, said) = chat_on(&mut busy);
    let took = began.elapsed();
    assert_eq!(end, End::Fin, "{sides}: {name}");
    assert!((Duration::from_secs(1)..LATE).contains(&took), "{sides}: {name}: the end came after {took:?}");
    quiet.expect_end(End::Fin);
    drop((quiet, busy));
    // The servers hear an end as well, not a reset.
    told.next();
    told.next();
    let mut rows = gateway.session_rows(2);
    rows.sort_by_key(|row| row.received);
    rows.iter().for_each(|row| assert_eq!(row.outcome(), ("200", "drained"), "{sides}: {name}: {}", row.row));
    assert_eq!(rows[0].bytes(), [10; 4], "{sides}: {name}");
    assert!(rows[1].received >= 5 + said as u64, "{sides}: {name}: {}", rows[1].row);
}

#[test]
fn who_stays_after_the_end_is_reset_five_seconds_later() {
    each(|sides| {
        let gate = Gate::new();
        let (go, (tell, told)) = (gate.clone(), post());
        let farm = sides.farm(2, move |peer| {
            let end = peer.wire.to_end()?.1;
            go.wait();
            until_true("the reset at the server", || peer.wire.stream().take_error().unwrap().is_some());
            tell.send(end).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&document(sides, &farm));
        let mut client = sides.connect(&gateway);
        farm.wait_visits(1);
        gateway.apply(&document(sides, &farm).pool_of(&farm, [1])).unwrap();
        client.expect_end(End::Fin);
        let began = Instant::now();
        // A reset after the end is no end any more; it shows as an error of the socket.
        until_true("the reset", || client.stream().take_error().unwrap().is_some());
        let took = began.elapsed();
        assert!((Duration::from_millis(4_500)..5 * LATE / 2).contains(&took), "{sides}: the reset came after {took:?}");
        gate.open();
        assert_eq!(told.next(), End::Fin, "{sides}: what the server heard before its reset");
        gateway.session_row().check("200", "drained", 0, 0);
    });
}

#[test]
fn sessions_of_a_server_that_is_not_well_drain() {
    each(|sides| {
        let mut farm = sides.farm(2, talk::name);
        let probe = "interval: 1, timeout: 1, unhealthyThreshold: 1";
        let document = sides
            .document(&farm)
            .byte_settings_probed(&farm, &[drains(sides, "bytes", "timeout: 20")], probe)
            .pool_of(&farm, [0, 1]);
        let gateway = e2e::Start::workers(1).run(&document);
        let mut clients = [sides.connect(&gateway), sides.connect(&gateway)];
        let servers = clients.each_mut().map(|client| client.some(1).unwrap()[0]);
        assert_ne!(servers[0], servers[1], "each has its own");
        let [mut well, mut ill] = clients;
        if servers[0] == b'0' {
            std::mem::swap(&mut well, &mut ill);
        }
        farm.set_well(0, false);
        ill.expect_end(End::Fin);
        drop(ill);
        let row = gateway.session_row();
        row.check("200", "drained", 0, 1);
        assert_eq!(row.server, farm.address(0).to_string());
        chat(&mut well);
        // New sessions go to the other one.
        for _ in 0..3 {
            sides.connect(&gateway).expect("1");
        }
    });
}

#[test]
fn in_azures_way_every_change_ends_every_session() {
    each(|sides| {
        let farm = sides.farm(1, talk::echo);
        let document = document(sides, &farm).extension("azureStrict: true");
        let gateway = Gateway::start(&document);
        let mut client = sides.connect(&gateway);
        chat(&mut client);
        let began = Instant::now();
        gateway.apply(&document.extension("serverHeader: other")).unwrap();
        chat(&mut client);
        let mut new = sides.connect(&gateway);
        client.expect_end(End::Fin);
        let took = began.elapsed();
        assert!((Duration::from_secs(1)..LATE).contains(&took), "{sides}: the end came after {took:?}");
        drop(client);
        gateway.session_row().check("200", "drained", 10, 10);
        chat(&mut new);
    });
}

/// What ends first ends a session: one that its ends close while it drains has ended like any.
#[test]
fn a_session_may_end_by_itself_while_it_drains() {
    let farm = Sides::TCP.farm(2, talk::echo);
    let document = document(Sides::TCP, &farm);
    let gateway = Gateway::start(&document);
    let mut client = Sides::TCP.connect(&gateway);
    chat(&mut client);
    gateway.apply(&document.pool_of(&farm, [1])).unwrap();
    client.finish();
    client.expect_end(End::Fin);
    gateway.session_row().check("200", "closed", 5, 5);
}
