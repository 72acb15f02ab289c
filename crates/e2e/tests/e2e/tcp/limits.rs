//! Who is turned away: more clients than there is room for, and clients that do not speak as their listener does.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use e2e::gateway::within;
use e2e::wait::until_true;
use e2e::{Client, End, Gateway, Sides, Tls, Wire, talk};

use super::each;

fn from(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Says something and hears it again: the session is known to every worker now.
fn chat(client: &mut Wire) {
    client.send("hello").unwrap();
    client.expect("hello");
}

/// The end of a connection that was turned away before anything was said, TLS or not.
#[track_caller]
fn turned_away(gateway: &Gateway, source: IpAddr) {
    match Client::try_connect_from(source, gateway.address("web")) {
        Ok(mut client) => client.wire.expect_end(End::Reset),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn a_client_more_than_the_gateway_takes_is_reset() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm).limit("maxConnections: 3"));
        let mut clients: Vec<Wire> = (0..3).map(|_| sides.connect(&gateway)).collect();
        clients.iter_mut().for_each(chat);
        turned_away(&gateway, from(2));
        let row = gateway.session_row();
        row.check("503", "overloaded", 0, 0);
        assert_eq!((row.server.as_str(), row.property("clientIP")), ("", &"127.0.0.2".into()), "{sides}: {}", row.row);
        clients.iter_mut().for_each(chat);
        // Who leaves makes room.
        clients.truncate(2);
        gateway.session_rows(2);
        let mut client = sides.connect(&gateway);
        chat(&mut client);
        assert_eq!(gateway.status().counters.sessions_current, 3);
    }
}

#[test]
fn a_client_with_more_connections_than_one_may_have_is_reset_and_others_are_not() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm).limit("maxConnectionsPerClient: 2"));
        let mut mine: Vec<Wire> = (0..2).map(|_| sides.connect(&gateway)).collect();
        mine.iter_mut().for_each(chat);
        turned_away(&gateway, from(1));
        gateway.session_row().check("503", "overloaded", 0, 0);
        let mut other = Client::connect_from(from(2), gateway.address("web")).wire;
        if sides.client_tls {
            let socket = other.stream().try_clone().unwrap();
            other = Tls::new().over(socket).unwrap().client.wire;
        }
        chat(&mut other);
    }
}

#[test]
fn what_is_not_tls_is_turned_away_where_tls_is_spoken() {
    for sides in [Sides { client_tls: true, server_tls: false }, Sides::TLS] {
        for noise in [
            "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n",
            "EHLO a.com\r\n",
            "\x00\x00\x00\x08\x04\u{10}/xxxx",
            "\r\n\r\n\r\n",
        ] {
            let farm = sides.farm(1, talk::echo);
            let gateway = Gateway::start(&sides.document(&farm));
            let mut client = gateway.client().wire;
            client.send(noise).unwrap();
            // An alert may come before the end; whichever end, it comes at once.
            let (heard, _) = within(Duration::from_secs(5), "the end", || client.to_end()).unwrap();
            assert!(heard.is_empty() || heard[0] == 21, "{sides}, {noise:?}: {heard:?}");
            let row = gateway.session_row();
            assert_eq!(row.outcome(), ("400", "not_tls"), "{sides}, {noise:?}: {}", row.row);
            assert_eq!((row.sent, row.upstream_sent, row.upstream_received), (0, 0, 0), "{noise:?}: {}", row.row);
            assert_eq!((row.server.as_str(), farm.visits().len()), ("", 0), "{sides}, {noise:?}: no server was asked");
        }
    }
}

/// Half a hello, or none: whoever says nothing is let go when the time of a handshake is over, and no server was asked.
#[test]
fn a_client_that_does_not_shake_hands_is_let_go() {
    each(|sides| {
        const HELLOS: [&[u8]; 3] = [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"];
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm).limit("tlsHandshakeTimeoutInSec: 1"));
        let mut clients = HELLOS.map(|hello| {
            let mut client = gateway.client().wire;
            client.send(hello).unwrap();
            client
        });
        if !sides.client_tls {
            // To TCP they are clients like any: the server hears what they say.
            for (client, hello) in clients.iter_mut().zip(HELLOS) {
                client.expect(hello);
            }
            assert_eq!(clients[0].poll(Duration::from_millis(1_500)), Ok(false), "{sides}");
            assert!(clients.iter_mut().all(Wire::is_quiet), "{sides}");
            return;
        }
        for client in &mut clients {
            within(Duration::from_secs(5), "the handshake's time", || client.to_end()).unwrap();
        }
        assert_eq!(farm.visits().len(), 0);
        let counters = || gateway.status().counters;
        until_true("them to be counted out", || counters().client_connections_current == 0);
        assert_eq!((counters().sessions_current, counters().backend_connections), (0, 0), "{sides}");
    });
}

/// Clients that never shake hands take their places and nobody else's; others are served meanwhile.
#[test]
fn clients_without_a_hello_hold_up_nobody() {
    let sides = Sides::TLS;
    let farm = sides.farm(1, talk::echo);
    let gateway = Gateway::start(&sides.document(&farm));
    let silent: Vec<_> = (0..200).map(|_| gateway.client()).collect();
    let mut client = within(Duration::from_secs(5), "a handshake among the silent", || sides.connect(&gateway));
    chat(&mut client);
    assert_eq!(farm.visits().len(), 1, "no server is asked for clients that have not come in");
    drop(silent);
}
