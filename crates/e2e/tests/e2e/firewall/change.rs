//! A policy that changes while requests come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use e2e::wait::until_true;
use e2e::{Client, Document, Farm, Gateway};
use serde_json::{Value, json};

use super::{ATTACK, get, refusing, told};

/// Refuses requests with this argument, and attacks.
fn document(farm: &Farm, argument: &str) -> Document {
    let rule = refusing("no", 1, ("QueryString", argument), "Equal", "1");
    Document::new(farm).guarded("Prevention", json!({}), json!([rule]))
}

/// Asks until told to stop, on one connection. Returns how often each status came.
fn load(
    mut client: Client,
    request: String,
    done: &Arc<AtomicUsize>,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<BTreeMap<u16, usize>> {
    let (done, stop) = (Arc::clone(done), Arc::clone(stop));
    std::thread::spawn(move || {
        let mut statuses = BTreeMap::new();
        while !stop.load(Ordering::SeqCst) {
            let answer = client.ask(&request);
            *statuses.entry(answer.status).or_default() += 1;
            done.fetch_add(1, Ordering::SeqCst);
        }
        assert!(client.wire.is_quiet(), "the connection is still open");
        statuses
    })
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n")
}

fn form(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn thirty_changes_under_load_refuse_nothing_harmless_and_let_no_attack_pass() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&document(&farm, "even"));
    let (done, stop) = (Arc::default(), Arc::default());
    let requests = [
        (request("/?q=1"), vec![200]),
        (form("q=1"), vec![200]),
        (request(ATTACK), vec![403]),
        (form("q=%3Cscript%3Ealert(1)%3C/script%3E"), vec![403]),
        (request("/?even=1"), vec![200, 403]),
        (request("/?odd=1"), vec![200, 403]),
    ];
    let loads: Vec<_> =
        requests.iter().map(|(request, _)| load(gateway.client(), request.clone(), &done, &stop)).collect();
    for number in 1..=30 {
        let before = done.load(Ordering::SeqCst);
        gateway.apply(&document(&farm, if number % 2 == 0 { "even" } else { "odd" })).unwrap();
        until_true("requests under each configuration", || done.load(Ordering::SeqCst) > before + 60);
    }
    stop.store(true, Ordering::SeqCst);
    for (load, (request, statuses)) in loads.into_iter().zip(requests) {
        assert_eq!(load.join().unwrap().into_keys().collect::<Vec<_>>(), statuses, "{request}");
    }
    let mut client = gateway.client();
    assert_eq!((get(&mut client, "/?even=1").status, get(&mut client, "/?odd=1").status), (403, 200));
}

#[test]
fn a_request_is_judged_by_the_policy_that_it_came_under() {
    let farm = Farm::echo(1);
    let with = |mode: &str| Document::new(&farm).guarded(mode, json!({}), json!([]));
    let gateway = Gateway::start(&with("Prevention"));
    let mut early = gateway.client();
    let request = form("q=%3Cscript%3Ealert(1)%3C/script%3E");
    let (head, body) = request.split_at(request.find("\r\n\r\n").unwrap() + 4);
    // What asks to be told to go on has been read when it is.
    early.send(head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
    assert_eq!(early.wire.head().unwrap().start, "HTTP/1.1 100 Continue");
    gateway.apply(&with("Detection")).unwrap();
    assert_eq!(gateway.client().ask(&request).status, 200);
    early.send(body);
    assert_eq!(early.answer().status, 403);
    let rows = gateway.wait_rows(2);
    let refused = rows.iter().find(|row| row["properties"]["httpStatus"] == 403).unwrap();
    assert_eq!(refused["properties"]["WAFMode"], "Prevention");
    // Later requests of the same connection come under the new one.
    assert_eq!(early.ask(&request).status, 200);
}

#[test]
fn a_policy_comes_changes_and_goes_on_a_connection() {
    let farm = Farm::echo(1);
    let with = |mode: &str| Document::new(&farm).guarded(mode, json!({}), json!([]));
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    let mut count = 0;
    let mut expect = |status: u16, mode: &Value| {
        assert_eq!(get(&mut client, ATTACK).status, status);
        count += 1;
        assert_eq!(&told(&gateway, count).1["properties"]["WAFMode"], mode);
    };
    expect(200, &Value::Null);
    for (document, status, mode) in [
        (with("Detection"), 200, json!("Detection")),
        (with("Prevention"), 403, json!("Prevention")),
        (with("Detection"), 200, json!("Detection")),
        (Document::new(&farm), 200, Value::Null),
    ] {
        gateway.apply(&document).unwrap();
        expect(status, &mode);
    }
}
