//! Further attempts: when one is made, on which server, and how often.
//!
//! Source: Azure, "Troubleshooting bad gateway errors" (a second member is tried once when the first times out).
//! Parity: other failures and methods are not documented; here what no server has seen may be sent again.

use std::time::{Duration, Instant};

use e2e::peer::close;
use e2e::wait::until_true;
use e2e::{Document, Farm, Gate, Gateway, Start};

const POST: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc";

fn start(document: &Document) -> Gateway {
    Start::workers(1).run(document)
}

#[test]
fn a_refused_connection_leads_to_another_server_for_every_method() {
    let mut farm = Farm::echo(2);
    let gateway = start(&Document::new(&farm));
    farm.kill(0);
    let mut client = gateway.client();
    for _ in 0..4 {
        assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"));
        assert_eq!(client.ask(POST).field("x-server"), Some("1"));
    }
    let routed = format!("{}, {}", farm.address(0), farm.address(1));
    let rows = gateway.wait_rows(8);
    let tried_twice = rows.iter().filter(|row| row["properties"]["serverRouted"] == routed.as_str()).count();
    assert_eq!(tried_twice, 4, "each second turn is that of the dead server");
}

#[test]
fn a_request_with_large_content_may_go_to_another_server_while_none_of_it_was_read() {
    let mut farm = Farm::echo(2);
    let gateway = start(&Document::new(&farm).streaming());
    farm.kill(0);
    let body = "x".repeat(1 << 20);
    for _ in 0..2 {
        let mut client = gateway.client();
        client.send(format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n", body.len()));
        client.send(&body);
        assert_eq!(client.answer().field("x-server"), Some("1"));
    }
}

#[test]
fn as_many_servers_are_tried_as_the_limit_says() {
    let mut farm = Farm::echo(4);
    let document = Document::new(&farm);
    let gateway = start(&document);
    (0..4).for_each(|server| farm.kill(server));
    for (at, (retries, attempts)) in [(0, 1), (1, 2), (2, 3), (3, 4)].into_iter().enumerate() {
        gateway.apply(&document.clone().extension(&format!("maxRetries: {retries}"))).unwrap();
        assert_eq!(gateway.get("a.com", "/").status, 502);
        let row = &gateway.wait_rows(at + 1)[at]["properties"];
        let tried = row["serverRouted"].as_str().unwrap().split(", ").count();
        assert_eq!(tried, attempts, "{row}");
        assert_eq!(row["reason"], "connect_failed");
    }
}

#[test]
fn only_what_may_be_done_twice_is_sent_again_after_a_server_has_seen_it() {
    let farm = Farm::start(2, |peer, request| {
        peer.body(request)?;
        if peer.server == 0 { close() } else { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    });
    let gateway = start(&Document::new(&farm));
    let rows =
        [("GET", 200), ("OPTIONS", 200), ("PUT", 200), ("DELETE", 200), ("POST", 502), ("PATCH", 502), ("LOCK", 502)];
    for (method, status) in rows {
        // Two requests, so that one of them is the closing server's turn.
        let answers: Vec<_> = (0..2)
            .map(|_| {
                gateway.client().ask(&format!("{method} / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc"))
            })
            .collect();
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, status], "{method}");
    }
}

#[test]
fn two_silent_servers_are_504_after_twice_the_request_timeout() {
    let farm = Farm::start(2, |peer, _| peer.hold());
    let gateway = start(&Document::new(&farm).settings(&farm, "requestTimeout: 1"));
    let began = Instant::now();
    assert_eq!(gateway.get("a.com", "/").status, 504);
    let took = began.elapsed();
    assert!((Duration::from_millis(1900)..Duration::from_millis(4500)).contains(&took), "{took:?}");
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!(row["error_info"], "ERRORINFO_UPSTREAM_TIMED_OUT");
    assert_eq!(row["serverRouted"], format!("{}, {}", farm.address(0), farm.address(1)));
    assert_eq!(farm.requests().len(), 2);
}

#[test]
fn one_silent_server_is_504_after_the_request_timeout() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let gateway = start(&Document::new(&farm).settings(&farm, "requestTimeout: 1"));
    let began = Instant::now();
    assert_eq!(gateway.get("a.com", "/").status, 504);
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_millis(3500)).contains(&took), "{took:?}");
    assert_eq!(farm.requests().len(), 1, "there is no second server");
}

#[test]
fn a_post_that_a_silent_server_has_seen_is_not_sent_again() {
    let farm = Farm::start(2, |peer, _| peer.hold());
    let gateway = start(&Document::new(&farm).settings(&farm, "requestTimeout: 1"));
    assert_eq!(gateway.client().ask(POST).status, 504);
    assert_eq!(farm.requests().len(), 1);
}

/// A failed upload once kept its connection, and the end of the content was looked for from its middle: what a client
/// uploads could then be taken for its next request. Which byte the middle is varies, hence several lengths.
#[test]
fn the_rest_of_a_failed_upload_is_never_taken_for_a_request() {
    for pad in 0..10 {
        let gate = Gate::new();
        let farm = {
            let gate = gate.clone();
            // Reads nothing of the content until every buffer on the way is full, and goes.
            Farm::start(1, move |peer, _| {
                gate.wait();
                peer.reset()
            })
        };
        let gateway = start(&Document::new(&farm).streaming());
        let data = "a".repeat(pad) + &"0\r\n\r\n".repeat(4 << 20);
        let head =
            format!("POST / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", data.len() + 1);
        let text = upload(&gateway, head + &data, &gate);
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "pad {pad}: {text}");
        assert!(text.is_empty() || text.contains("\r\nConnection: close\r\n"), "pad {pad}: {text}");
        assert!(farm.requests().iter().all(|request| request.method == "POST"));
    }
}

/// Sends until nobody takes more, opens the gate, and reads to the end.
fn upload(gateway: &Gateway, request: String, gate: &Gate) -> String {
    use std::io::{Read, Write};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let mut stream = std::net::TcpStream::connect(gateway.address("web")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut sender, sent) = (stream.try_clone().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&sent);
    let sending = std::thread::spawn(move || {
        for piece in request.as_bytes().chunks(65_536) {
            if sender.write_all(piece).is_err() {
                return;
            }
            counted.fetch_add(piece.len(), Ordering::Relaxed);
        }
    });
    let (mut before, mut unchanged) = (0, 0);
    until_true("the buffers fill up", || {
        let now = sent.load(Ordering::Relaxed);
        unchanged = if now > 0 && now == before { unchanged + 1 } else { 0 };
        before = now;
        unchanged > 30
    });
    gate.open();
    let mut text = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut text);
    drop(stream);
    sending.join().unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// 300 KiB that a server has read and then closed: kept by the gateway they can be sent again, passed on as they came
/// they cannot.
#[test]
fn content_that_was_buffered_may_be_sent_again() {
    let farm = Farm::start(2, |peer, request| {
        let body = peer.body(request)?;
        if request.target == "/close" && peer.server == 0 {
            return close();
        }
        peer.send(format!(
            "HTTP/1.1 200 OK\r\nX-Server: {}\r\nX-Size: {}\r\nContent-Length: 0\r\n\r\n",
            peer.server,
            body.len()
        ))
    });
    let body = "x".repeat(300 * 1024);
    let rows = [
        ("true", "PUT", true, [200, 200]),
        ("true", "PUT", false, [200, 200]),
        ("true", "POST", true, [200, 502]),
        ("false", "PUT", true, [200, 502]),
        ("false", "PUT", false, [200, 502]),
    ];
    for (buffering, method, has_length, expected) in rows {
        let switch = format!("{{enableRequestBuffering: {buffering}}}");
        let gateway = start(&Document::new(&farm).section("globalConfiguration", switch));
        let mut statuses: Vec<u16> = (0..2)
            .map(|_| {
                let mut client = gateway.client();
                let framing = match has_length {
                    true => format!("Content-Length: {}\r\n\r\n{body}", body.len()),
                    false => format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
                };
                client.send(format!("{method} /close HTTP/1.1\r\nHost: a.com\r\n{framing}"));
                let answer = client.answer();
                if answer.status == 200 {
                    let size = body.len().to_string();
                    assert_eq!((answer.field("x-server"), answer.field("x-size")), (Some("1"), Some(size.as_str())));
                }
                answer.status
            })
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, expected, "{method}, buffering {buffering}, length {has_length}");
    }
}

#[test]
fn what_a_client_has_seen_of_an_answer_is_never_asked_for_again() {
    let farm = Farm::start(2, |peer, _| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        close()
    });
    let gateway = start(&Document::new(&farm));
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert!(client.try_answer(false).is_err());
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["reason"], "response_cut");
    assert_eq!(farm.requests().len(), 1);
}

/// An answer, whatever its status, is an answer.
#[test]
fn a_servers_error_is_no_reason_for_another_attempt() {
    let farm = Farm::canned(2, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let gateway = start(&Document::new(&farm));
    let answer = gateway.get("a.com", "/");
    assert_eq!((answer.status, farm.requests().len()), (503, 1));
    assert!(!answer.head.has("retry-after"), "that is the server's to say");
}
