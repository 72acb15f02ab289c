//! The settings' timeout: how long nothing may move either way.
//!
//! Source: Azure, configuration-http-settings, tab "Backend Settings": time-out, "no bytes in either direction".

use std::time::{Duration, Instant};

use e2e::{Document, End, Farm, Gate, Gateway, Sides, talk};
use socket2::{SockRef, TcpKeepalive};

use super::{each, each_way, post};

/// How late an end may be on a busy machine.
const LATE: Duration = Duration::from_secs(4);

fn document(sides: Sides, farm: &Farm, seconds: u64) -> Document {
    sides.document(farm).byte_settings(farm, &[sides.setting("bytes", &format!("timeout: {seconds}"))])
}

#[track_caller]
fn check(began: Instant, seconds: u64, what: &str) {
    let (took, least) = (began.elapsed(), Duration::from_secs(seconds));
    assert!((least..least + LATE).contains(&took), "{what}: the end came after {took:?}");
}

#[test]
fn a_session_where_nothing_moves_ends_on_both_sides_in_an_orderly_way() {
    each(|sides| {
        for greeting in ["", "hello"] {
            let (tell, told) = post();
            let farm = sides.farm(1, move |peer| {
                tell.send(peer.wire.to_end()?).unwrap();
                Ok(())
            });
            let gateway = Gateway::start(&document(sides, &farm, 1));
            let mut client = sides.connect(&gateway);
            let began = Instant::now();
            client.send(greeting).unwrap();
            client.expect_end(End::Fin);
            check(began, 1, "a quiet session");
            drop(client);
            assert_eq!(told.next(), (greeting.as_bytes().to_vec(), End::Fin), "{sides}");
            gateway.session_row().check("200", "idle", greeting.len(), 0);
        }
    });
}

#[test]
fn bytes_either_way_keep_a_session_alive() {
    each_way(|sides, client_speaks| {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            if !client_speaks {
                for _ in 0..6 {
                    std::thread::sleep(Duration::from_millis(250));
                    peer.send("x")?;
                }
            }
            tell.send(peer.wire.to_end()?.1).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&document(sides, &farm, 1));
        let mut client = sides.connect(&gateway);
        let began = Instant::now();
        if client_speaks {
            for _ in 0..6 {
                std::thread::sleep(Duration::from_millis(250));
                client.send("x").unwrap();
            }
        } else {
            client.expect("xxxxxx");
        }
        assert!(began.elapsed() > Duration::from_millis(1_400));
        let last = Instant::now();
        client.expect_end(End::Fin);
        // The last byte was under way for a moment.
        check(last - Duration::from_millis(50), 1, "after the last byte");
        drop(client);
        assert_eq!(told.next(), End::Fin, "{sides}");
        let (up, down) = if client_speaks { (6, 0) } else { (0, 6) };
        gateway.session_row().check("200", "idle", up, down);
    });
}

#[test]
fn half_a_session_may_not_be_idle_for_longer() {
    each_way(|sides, client_ends| {
        let gate = Gate::new();
        let (go, (tell, told)) = (gate.clone(), post());
        let farm = sides.farm(1, move |peer| {
            if !client_ends {
                peer.wire.finish();
            }
            tell.send(peer.wire.to_end()?.1).unwrap();
            go.wait();
            Ok(())
        });
        let gateway = Gateway::start(&document(sides, &farm, 1));
        let mut client = sides.connect(&gateway);
        let began = Instant::now();
        if client_ends {
            client.finish();
        }
        // One of these ends is the other side's own, the other one is the gateway's.
        assert_eq!((client.to_end(), told.next()), (Ok((Vec::new(), End::Fin)), End::Fin), "{sides}");
        check(began, 1, "the half that is left");
        drop(client);
        gate.open();
        gateway.session_row().check("200", "idle", 0, 0);
    });
}

/// Source: docs/parity.md: probes of TCP carry no payload, so they are no bytes.
#[test]
fn keep_alive_probes_of_tcp_are_no_bytes() {
    let farm = Sides::TCP.farm(1, |peer| {
        probe(&SockRef::from(peer.wire.stream()));
        talk::echo(peer)
    });
    let gateway = Gateway::start(&document(Sides::TCP, &farm, 3));
    let mut client = Sides::TCP.connect(&gateway);
    probe(&SockRef::from(client.stream()));
    let began = Instant::now();
    client.expect_end(End::Fin);
    check(began, 3, "with probes every second");
}

fn probe(socket: &SockRef<'_>) {
    let every = Duration::from_secs(1);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(every).with_interval(every)).unwrap();
}

/// Source: docs/parity.md: a new timeout is for new sessions.
#[test]
fn a_timeout_holds_for_the_session_that_it_began_with() {
    each(|sides| {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&document(sides, &farm, 1));
        let mut old = sides.connect(&gateway);
        farm.wait_visits(1);
        let began = Instant::now();
        gateway.apply(&document(sides, &farm, 20)).unwrap();
        let mut new = sides.connect(&gateway);
        old.expect_end(End::Fin);
        check(began - Duration::from_millis(200), 1, "the old session");
        assert!(new.is_quiet(), "{sides}: the new session has twenty seconds");
        new.send("hello").unwrap();
        new.expect("hello");
    });
}
