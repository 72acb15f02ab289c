//! Challenges: a page instead of an answer, a proof, a clearance.
//!
//! Source: Azure, `waf-javascript-challenge`, read 2026-11-22.

use e2e::{Client, Document, Farm, Gateway, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{actions, told};

fn rule() -> Value {
    json!([{
        "name": "browsers", "priority": 1, "ruleType": "MatchRule", "action": "JSChallenge",
        "matchConditions": [{ "matchVariables": [{ "variableName": "RequestUri" }], "operator": "BeginsWith",
                              "matchValues": ["/members"] }],
    }])
}

fn ask(client: &mut Client, fields: &str) -> Response {
    client.ask(&format!("GET /members HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"))
}

/// What the page's script does.
fn solved(page: &str) -> String {
    let value = |name: &str| {
        let start = page.find(&format!("data-{name}=\"")).unwrap() + name.len() + 7;
        page[start..].split('"').next().unwrap().to_owned()
    };
    let (puzzle, bits) = (value("puzzle"), value("bits").parse::<u32>().unwrap());
    let is_right = |number: &u64| {
        let hash = Sha256::digest(format!("{puzzle}:{number}"));
        u32::from_be_bytes(hash[..4].try_into().unwrap()).leading_zeros() >= bits
    };
    let number = (0..).find(is_right).unwrap();
    format!("{puzzle}:{number}")
}

fn send(client: &mut Client, proof: &str) -> Response {
    client.ask(&format!(
        "POST /.gatehouse/challenge HTTP/1.1\r\nHost: a.com\r\nOrigin: http://a.com\r\n\
         Content-Length: {}\r\n\r\n{proof}",
        proof.len()
    ))
}

#[test]
fn a_client_that_proves_itself_is_let_in_for_a_while() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), rule()));
    let mut client = gateway.client();
    let page = ask(&mut client, "");
    assert_eq!((page.status, page.field("cache-control")), (403, Some("no-store")));
    assert!(page.field("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let (rows, access) = told(&gateway, 1);
    assert_eq!(actions(&rows), [("JSChallengeIssued".to_owned(), "browsers".to_owned())]);
    assert_eq!(access["properties"]["reason"], "waf_challenge");
    let passed = send(&mut client, &solved(&page.text()));
    assert_eq!((passed.status, passed.body.len()), (204, 0));
    let cookie = passed.field("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("appgw_azwaf_jsclearance="), "{cookie}");
    assert_eq!(actions(&told(&gateway, 2).0)[0].0, "JSChallengePass");
    assert_eq!(ask(&mut client, &format!("Cookie: {cookie}\r\n")).status, 200);
    assert_eq!(actions(&told(&gateway, 3).0)[0].0, "JSChallengeValid");
    assert_eq!(ask(&mut client, &format!("Cookie: {cookie}0\r\n")).status, 403);
    assert_eq!(farm.requests().len(), 1, "neither the challenge nor its proof goes to a server");
    // The same cookie from another address is worth nothing.
    let mut other = Client::connect_from([127, 0, 0, 9].into(), gateway.address("web"));
    assert_eq!(ask(&mut other, &format!("Cookie: {cookie}\r\n")).status, 403);
}

#[test]
fn a_proof_that_is_none_is_refused() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), rule()));
    let mut client = gateway.client();
    let page = ask(&mut client, "").text();
    let good = solved(&page);
    let (puzzle, _) = good.rsplit_once(':').unwrap();
    for proof in ["", "x", &format!("{puzzle}:"), &format!("{puzzle}:1x"), &good.replacen('1', "2", 1)] {
        let answer = send(&mut client, proof);
        assert_eq!((answer.status, answer.field("set-cookie")), (403, None), "{proof:?}");
    }
    let answer = send(&mut gateway.client(), &"x".repeat(5000));
    assert_eq!((answer.status, answer.text().as_str()), (403, "size"));
    assert_eq!(client.ask("GET /.gatehouse/challenge HTTP/1.1\r\nHost: a.com\r\n\r\n").status, 403);
}

#[test]
fn without_a_policy_the_place_of_proofs_is_a_path_like_any_other() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    assert_eq!(send(&mut gateway.client(), "x").status, 200);
    assert_eq!(farm.requests().len(), 1);
}
