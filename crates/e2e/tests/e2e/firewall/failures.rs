//! Requests and answers that end too soon while the firewall looks at them.

use e2e::h2::frame::{Frame, code, flag};
use e2e::h2::hpack::block;
use e2e::h2::post;
use e2e::wait::until_true;
use e2e::{Broken, Ca, Client, Document, Farm, Gateway};
use serde_json::json;

use super::folder::whole;
use super::{actions, get, told};

const FORM: &str = "application/x-www-form-urlencoded";
const ATTACK: &str = "q=%3Cscript%3Ealert(1)%3C/script%3E";

fn guarded(document: Document) -> Gateway {
    Gateway::start(&document.guarded("Prevention", json!({}), json!([])))
}

fn idle(gateway: &Gateway) -> bool {
    gateway.status().counters.client_connections_current == 0
}

#[test]
fn a_client_that_leaves_in_the_middle_leaves_nothing_behind() {
    let farm = Farm::echo(1);
    let gateway = guarded(Document::new(&farm));
    let endings: [fn(Client); 2] = [drop, |client| client.wire.reset()];
    for (number, end) in endings.into_iter().enumerate() {
        let mut client = gateway.client();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nExpect: 100-continue\r\n\
             Content-Length: 100\r\n\r\n"
        ));
        // A reset takes away what was not read before it: the head was.
        assert_eq!(client.wire.head().unwrap().start, "HTTP/1.1 100 Continue");
        client.send("a=b");
        end(client);
        let (rows, access) = told(&gateway, number + 1);
        assert_eq!((&access["properties"]["httpStatus"], rows.len()), (&json!(499), 0), "{access}");
        until_true("the end", || idle(&gateway));
    }
    assert!(farm.requests().is_empty());
    assert_eq!(gateway.status().counters.firewall_requests, 2);
    assert_eq!(get(&mut gateway.client(), "/").status, 200);
}

#[test]
fn a_stream_that_is_reset_in_the_middle_ends_alone() {
    let farm = Farm::echo(1);
    let gateway = guarded(Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let mut h2 = gateway.h2();
    for _ in 0..3 {
        let stream = h2.stream();
        let fields = [&post("/form")[..], &[("content-type", FORM)]].concat();
        h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&fields)));
        h2.frame(&Frame::data(stream, 0, "a=b&c="));
        h2.frame(&Frame::reset(stream, code::CANCEL));
        assert_eq!(h2.get("/").status(), 200);
    }
    h2.expect_pong();
    assert!(farm.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn content_that_stops_or_is_malformed_is_answered_as_without_a_policy() {
    let farm = Farm::echo(1);
    let gateway = guarded(Document::new(&farm).limit("requestBodyTimeoutInSec: 1"));
    let chunked =
        format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let plain = format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nContent-Length: 90\r\n\r\n");
    for (number, (request, status)) in [
        (format!("{plain}a=b"), 408),
        (format!("{chunked}3\r\na=b\r\n"), 408),
        (format!("{chunked}3\r\na=b\r\nzz\r\n"), 400),
        (format!("{chunked}3\r\na=bXX"), 400),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = gateway.client();
        client.send(&request);
        assert_eq!(client.answer().status, status, "{request:?}");
        client.expect_end();
        assert!(actions(&told(&gateway, number + 1).0).is_empty(), "{request:?}");
    }
    assert!(farm.requests().is_empty());
    // Whether rules have seen the attack before its end is found to be none is chance; no server sees it.
    let mut client = gateway.client();
    client.send(format!("{chunked}{:x}\r\n{ATTACK}\r\nzz\r\n", ATTACK.len()));
    let status = client.answer().status;
    assert!([400, 403].contains(&status), "{status}");
    client.expect_end();
    assert!(farm.requests().is_empty());
}

/// An answer that rules look at and that the server cuts, or never begins.
#[test]
fn answers_that_end_too_soon_are_cut_as_without_rules() {
    const SETUP: &str = "SecResponseBodyAccess On\nSecResponseBodyMimeType text/plain\n";
    const RULES: &str = "SecRule RESPONSE_BODY \"@contains secret\" \"id:950120,phase:4,deny,log,msg:'content'\"\n";
    let farm = Farm::start(1, |peer, request| {
        match request.target.as_str() {
            "/cut" => peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf")?,
            "/bad" => {
                peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")?;
            }
            "/none" => {}
            _ => return peer.echo(request),
        }
        e2e::peer::close()
    });
    let document = Document::new(&farm).rule_folder(&[("crs-setup.conf", SETUP), ("RESPONSE-950.conf", RULES)]);
    for rules in [Some(whole()), None] {
        let document = match rules {
            Some(rules) => document.clone().managed("Prevention", &rules),
            None => Document::new(&farm),
        };
        let gateway = Gateway::start(&document);
        for target in ["/cut", "/bad"] {
            let mut client = gateway.client();
            client.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
            match client.try_answer(false) {
                Err(Broken::Closed | Broken::Cut) => {}
                Ok(answer) => assert_eq!(answer.status, 502, "{target}"),
                Err(other) => panic!("{target}: {other:?}"),
            }
        }
        assert_eq!(gateway.get("a.com", "/none").status, 502);
        assert_eq!(gateway.get("a.com", "/").status, 200);
        until_true("the end", || idle(&gateway));
        assert!(gateway.firewall_rows().is_empty());
    }
}
