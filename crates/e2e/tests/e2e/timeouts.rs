//! Clients and servers that take too long, or leave.
//!
//! Source: Azure, "HTTP response codes in Application Gateway" (408, 499, 504).

use std::time::{Duration, Instant};

use e2e::wait::until_true;
use e2e::{Broken, Document, Farm, Gateway};

#[test]
fn the_deadline_of_a_head_is_for_the_whole_head_however_it_drips() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).limit("requestHeaderTimeoutInSec: 1"));
    let mut client = gateway.client();
    let began = Instant::now();
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\nX-A: ");
    // A byte now and then, until the gateway has spoken.
    until_true("an answer to a head that never ends", || {
        client.wire.send("x").unwrap_or_default();
        !client.wire.is_quiet()
    });
    let took = began.elapsed();
    let answer = client.answer();
    assert_eq!((answer.status, answer.field("connection")), (408, Some("close")));
    assert!((Duration::from_millis(900)..Duration::from_millis(3000)).contains(&took), "{took:?}");
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["error_info"]), (&408.into(), &"ERRORINFO_CLIENT_TIMED_OUT".into()));
}

#[test]
fn content_that_stops_arriving_is_408_and_the_server_is_let_go() {
    let farm = Farm::start(1, |peer, request| {
        let _ = peer.body(request);
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming().limit("requestBodyTimeoutInSec: 1"));
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 100\r\n\r\nhalf");
    assert_eq!(client.answer().status, 408);
    client.expect_end();
    until_true("the server's connection to be closed", || farm.left() == 1);
}

#[test]
fn an_idle_client_connection_is_closed_silently() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).limit("keepAliveTimeoutInSec: 1"));
    let mut client = gateway.client();
    client.get("a.com", "/");
    client.expect_end();
    assert_eq!(gateway.wait_rows(1).len(), 1, "that is no request");
}

#[test]
fn a_client_that_leaves_while_the_server_thinks_is_499_and_the_server_is_let_go() {
    let farm = Farm::start(2, |peer, _| peer.hold());
    let gateway = Gateway::start(&Document::new(&farm));
    for (at, request) in
        ["GET / HTTP/1.1\r\nHost: a.com\r\n\r\n", "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc"]
            .into_iter()
            .enumerate()
    {
        let mut client = gateway.client();
        client.send(request);
        farm.wait_requests(at + 1);
        drop(client);
        until_true("the server's connection to be closed", || farm.left() == at + 1);
        let row = &gateway.wait_rows(at + 1)[at]["properties"];
        assert_eq!((&row["httpStatus"], &row["error_info"]), (&499.into(), &"ERRORINFO_CLIENT_CLOSED_REQUEST".into()));
    }
    assert_eq!(farm.requests().len(), 2, "nobody is asked in vain");
}

#[test]
fn a_client_that_leaves_in_mid_upload_is_499_and_the_server_sees_a_cut() {
    let farm = Farm::start(1, |peer, request| {
        assert!(peer.body(request).is_err(), "the content cannot be whole");
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    farm.wait_requests(1);
    drop(client);
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["httpStatus"], 499);
    until_true("the server's connection to be closed", || farm.left() == 1);
}

#[test]
fn a_server_that_stops_in_mid_answer_is_cut_off_after_the_request_timeout() {
    let farm = Farm::start(1, |peer, _| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm).settings(&farm, "requestTimeout: 1"));
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(client.try_answer(false).unwrap_err(), Broken::Cut);
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["reason"], "response_stalled");
}

/// The time between two reads counts, not the time of the whole.
#[test]
fn an_answer_may_drip_for_longer_than_the_request_timeout() {
    let farm = Farm::start(1, |peer, _| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")?;
        for piece in ["1", "2", "3", "4", "5", "6", "7", "8"] {
            std::thread::sleep(Duration::from_millis(200));
            peer.send(piece)?;
        }
        Ok(())
    });
    let gateway = Gateway::start(&Document::new(&farm).settings(&farm, "requestTimeout: 1"));
    assert_eq!(gateway.get("a.com", "/").text(), "12345678");
}

#[test]
fn each_setting_has_its_own_request_timeout() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let settings = format!(
        "[{{name: http, port: {0}, protocol: Http, requestTimeout: 1}}, \
         {{name: long, port: {0}, protocol: Http, requestTimeout: 3}}]",
        farm.port()
    );
    let map = "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: \
               [{name: long, paths: [/long], backendAddressPool: pool, backendHttpSettings: long}]}]";
    let document = Document::new(&farm)
        .section("backendHttpSettingsCollection", settings)
        .section("urlPathMaps", map)
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"]);
    let gateway = Gateway::start(&document);
    let began = Instant::now();
    let mut clients = ["/", "/long"].map(|target| {
        let mut client = gateway.client();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
        client
    });
    for (client, seconds) in clients.iter_mut().zip([1.0, 3.0]) {
        assert_eq!(client.answer().status, 504);
        let took = began.elapsed().as_secs_f64();
        assert!((seconds - 0.1..seconds + 1.8).contains(&took), "{took} s and not {seconds}");
    }
}
