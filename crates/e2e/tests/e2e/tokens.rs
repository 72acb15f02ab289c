//! Bearer tokens: who is let in, who the server is told is asking, and where the keys come from.
//!
//! Source: Azure, "JSON Web Token validation in Application Gateway" (json-web-token-overview). Parity: other issuers
//! and places of keys are extensions.

use std::sync::{Arc, Mutex, PoisonError};

use e2e::peer::close;
use e2e::rewrites::{request, rule, when};
use e2e::token::{CLIENT, TENANT, USER, now, published};
use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Gate, Gateway, Signer, Start, Tls};
use serde_json::{Value, json};

const IDENTITY: &str = "x-msft-entra-identity";

/// A listener with TLS whose rule checks tokens: `check` is what further stands in the check.
fn guarded(farm: &Farm, check: &str) -> Document {
    Document::https(farm, &Ca::root("root").server(&["a.com"]))
        .section("entraJWTValidationConfigs", format!("[{{name: check, clientId: {CLIENT}, {check}}}]"))
        .rules(&["{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
             entraJWTValidationConfig: check}"])
}

/// The same with keys in a file, for the tenant of good tokens.
fn with_keys(farm: &Farm, keys: &[&Signer], more: &str) -> Document {
    let document = Document::https(farm, &Ca::root("root").server(&["a.com"]));
    let path = document.file("keys.json", published(keys));
    document
        .section(
            "entraJWTValidationConfigs",
            format!(
                "[{{name: check, tenantId: {TENANT}, clientId: {CLIENT}, gatehouse: {{keyFile: '{}'}}{more}}}]",
                path.display()
            ),
        )
        .rules(&["{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
             entraJWTValidationConfig: check}"])
}

/// Fields that say who is asking.
fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn ask(client: &mut Client, fields: &str) -> e2e::Response {
    client.ask(&format!("GET /p HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"))
}

fn good() -> String {
    format!("{TENANT}:{USER}")
}

/// What is shown, the answer's status, and the log's reason.
fn rows(ec: &Signer, rsa: &Signer) -> Vec<(&'static str, String, u16, &'static str)> {
    let other = Signer::ec("ec");
    let header = |alg: &str, kid: &str| json!({"typ": "JWT", "alg": alg, "kid": kid});
    let tampered = {
        let token = ec.token(json!({}));
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let changed = ec.token(json!({"oid": "00000000-0000-0000-0000-000000000001"}));
        format!("{head}.{}.{signature}", changed.split('.').nth(1).unwrap())
    };
    let (missing, invalid, nobody) = ("token_missing", "token_invalid", "token_without_identity");
    let at = |seconds: i64| now().saturating_add_signed(seconds);
    vec![
        ("good, ES256", bearer(&ec.token(json!({}))), 200, ""),
        ("good, RS256", bearer(&rsa.token(json!({}))), 200, ""),
        ("good, the scheme in another case", format!("authorization: bearer {}\r\n", ec.token(json!({}))), 200, ""),
        (
            "good, of the first version",
            bearer(&ec.token(json!({"iss": format!("https://sts.windows.net/{TENANT}/")}))),
            200,
            "",
        ),
        ("good, for several", bearer(&ec.token(json!({"aud": ["x", CLIENT]}))), 200, ""),
        ("good, expired within the skew", bearer(&ec.token(json!({"exp": at(-30)}))), 200, ""),
        ("good, not yet valid within the skew", bearer(&ec.token(json!({"nbf": at(30)}))), 200, ""),
        ("none", String::new(), 401, missing),
        ("another scheme", "Authorization: Basic YTpi\r\n".to_owned(), 401, ""),
        ("a scheme alone", "Authorization: Bearer\r\n".to_owned(), 401, ""),
        ("nonsense", bearer("a.b.c"), 401, invalid),
        ("two dots", bearer(".."), 401, invalid),
        ("no dots", bearer("abc"), 401, invalid),
        ("very long", bearer(&"a".repeat(8_000)), 401, invalid),
        ("expired", bearer(&ec.token(json!({"exp": at(-120)}))), 401, invalid),
        ("without an end", bearer(&ec.token(json!({"exp": null}))), 401, invalid),
        ("not yet valid", bearer(&ec.token(json!({"nbf": at(120)}))), 401, invalid),
        ("for others", bearer(&ec.token(json!({"aud": "x"}))), 401, invalid),
        ("for nobody", bearer(&ec.token(json!({"aud": null}))), 401, invalid),
        ("of another issuer", bearer(&ec.token(json!({"iss": "https://evil.example/"}))), 401, invalid),
        ("of nobody", bearer(&ec.token(json!({"iss": null}))), 401, invalid),
        (
            "of another tenant",
            bearer(
                &ec.token(json!({"tid": CLIENT, "iss": format!("https://login.microsoftonline.com/{CLIENT}/v2.0")})),
            ),
            401,
            invalid,
        ),
        ("by another key of that name", bearer(&other.token(json!({}))), 401, invalid),
        ("by an unknown key", bearer(&ec.token_with(&header("ES256", "unknown"), json!({}))), 401, invalid),
        ("changed on the way", bearer(&tampered), 401, invalid),
        ("without signature", bearer(&ec.token_with(&header("none", "ec"), json!({}))), 401, invalid),
        ("signed with what is public", bearer(&rsa.token_with(&header("HS256", "rsa"), json!({}))), 401, invalid),
        ("another algorithm than the key's", bearer(&rsa.token_with(&header("ES256", "rsa"), json!({}))), 401, invalid),
        ("good, and nobody is asking", bearer(&ec.token(json!({"oid": null}))), 403, nobody),
    ]
}

#[test]
fn good_tokens_are_let_in_and_their_identity_is_told() {
    let farm = Farm::echo(1);
    let (ec, rsa) = (Signer::ec("ec"), Signer::rsa("rsa"));
    let gateway = Start::workers(1).run(&with_keys(&farm, &[&ec, &rsa], ""));
    let mut client = gateway.secure(&Tls::new()).client;
    let mut h2 = gateway.h2();
    let rows = rows(&ec, &rsa);
    for (at, (what, fields, status, reason)) in rows.iter().enumerate() {
        let before = farm.requests().len();
        // What a client says of itself is not believed.
        let answer = ask(&mut client, &format!("X-MSFT-Entra-Identity: forged\r\n{fields}"));
        assert_eq!(answer.status, *status, "{what}");
        let challenge = answer.field("www-authenticate").map(|text| text.split(' ').next().unwrap());
        assert_eq!(challenge, (*status == 401).then_some("Bearer"), "{what}");
        let mut asked = e2e::h2::get("/p").to_vec();
        asked.push((IDENTITY, "forged"));
        let value = fields.trim_end().split_once(": ").map(|(_, value)| value.to_owned());
        asked.extend(value.as_deref().map(|value| ("authorization", value)));
        let stream = h2.request(&asked);
        assert_eq!(h2.answer(stream).status(), *status, "{what}");
        let seen = &farm.requests()[before..];
        assert_eq!(seen.len(), if *status == 200 { 2 } else { 0 }, "{what}: who is refused reaches no server");
        for seen in seen {
            assert_eq!(seen.field(IDENTITY), Some(good().as_str()), "{what}");
            assert!(seen.head.has("authorization"), "{what}: the token goes on");
        }
        for row in &gateway.wait_rows(at * 2 + 2)[at * 2..] {
            let properties = &row["properties"];
            assert_eq!(properties["httpStatus"], *status, "{what}");
            let logged = properties["reason"].as_str().unwrap_or_default();
            assert!(
                logged == *reason || (reason.is_empty() && logged.starts_with("token_") == (*status != 200)),
                "{what}: {logged}"
            );
            assert!(!row.to_string().contains("eyJ"), "no token in the log: {row}");
        }
    }
}

/// A page of the operator's takes nothing away from what a client has to be told.
#[test]
fn refusals_may_have_a_page() {
    let farm = Farm::echo(1);
    let ec = Signer::ec("ec");
    let page = |status: u16| format!("{{statusCode: HttpStatus{status}, gatehouse: {{content: 'sorry {status}'}}}}");
    let document =
        with_keys(&farm, &[&ec], "").section("customErrorConfigurations", format!("[{}, {}]", page(401), page(403)));
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = ask(&mut client, "");
    assert_eq!((answer.status, answer.text().as_str()), (401, "sorry 401"));
    assert!(answer.head.has("www-authenticate"));
    let answer = ask(&mut client, &bearer(&ec.token(json!({"oid": null}))));
    assert_eq!((answer.status, answer.text().as_str()), (403, "sorry 403"));
}

#[test]
fn where_all_are_let_in_only_good_tokens_have_an_identity() {
    let farm = Farm::echo(1);
    let (ec, rsa) = (Signer::ec("ec"), Signer::rsa("rsa"));
    let gateway = Start::workers(1).run(&with_keys(&farm, &[&ec, &rsa], ", unAuthorizedRequestAction: Allow"));
    let mut client = gateway.secure(&Tls::new()).client;
    for (what, fields, status, _) in rows(&ec, &rsa) {
        let answer = ask(&mut client, &format!("X-MSFT-Entra-Identity: forged\r\n{fields}"));
        assert_eq!(answer.status, 200, "{what}");
        assert!(!answer.head.has("www-authenticate"), "{what}");
        let identity = (status == 200).then(good);
        assert_eq!(farm.last().field(IDENTITY), identity.as_deref(), "{what}");
    }
}

#[test]
fn without_a_check_a_forged_identity_is_taken_out() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(1).run(&Document::new(&farm));
    gateway.client().ask("GET / HTTP/1.1\r\nHost: a.com\r\nX-MSFT-Entra-Identity: forged\r\n\r\n");
    assert_eq!(farm.last().field(IDENTITY), None);
}

#[test]
fn rewrites_see_who_is_asking() {
    let farm = Farm::echo(1);
    let ec = Signer::ec("ec");
    let rules = [rule(
        1,
        &[when("http_req_X-MSFT-Entra-Identity", "^(.*):(.*)$")],
        request(&[("X-User", "{http_req_X-MSFT-Entra-Identity_2}"), ("Authorization", "")]),
    )];
    let document = with_keys(&farm, &[&ec], ", unAuthorizedRequestAction: Allow")
        .rewrites(&rules, "entraJWTValidationConfig: check");
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    let forged = format!("X-MSFT-Entra-Identity: {TENANT}:forged\r\n");
    for (fields, user) in [(bearer(&ec.token(json!({}))), Some(USER)), (String::new(), None)] {
        ask(&mut client, &format!("{forged}{fields}"));
        let seen = farm.last();
        assert_eq!((seen.field("x-user"), seen.head.has("authorization")), (user, false));
    }
}

/// A site of an issuer: its keys are what is put there.
struct Site {
    farm: Farm,
    keys: Arc<Mutex<String>>,
}

impl Site {
    fn new(keys: &[&Signer]) -> Self {
        let keys = Arc::new(Mutex::new(published(keys)));
        let shown = Arc::clone(&keys);
        let farm = Farm::start(1, move |peer, request| {
            let issuer = format!("http://{}", request.field("host").unwrap());
            let body = match request.target.as_str() {
                "/.well-known/openid-configuration" => {
                    json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}).to_string()
                }
                _ => shown.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            };
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))?;
            close()
        });
        Self { farm, keys }
    }

    fn publish(&self, keys: &[&Signer]) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = published(keys);
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.farm.address(0))
    }

    /// How often the keys were asked for.
    fn asked(&self) -> usize {
        self.farm.requests().iter().filter(|request| request.target == "/keys").count()
    }
}

#[test]
fn keys_are_fetched_and_fetched_again_for_a_key_that_is_new() {
    let farm = Farm::echo(1);
    let (one, two, three) = (Signer::ec("one"), Signer::ec("two"), Signer::ec("three"));
    let mut site = Site::new(&[&one]);
    let document = guarded(&farm, &format!("tenantId: {TENANT}, gatehouse: {{jwksUri: '{}'}}", site.url("/keys")));
    let gateway = Start::workers(2).run(&document);
    let status =
        |signer: &Signer| ask(&mut gateway.secure(&Tls::new()).client, &bearer(&signer.token(json!({})))).status;
    for _ in 0..5 {
        assert_eq!(status(&one), 200);
    }
    gateway.apply(&document).unwrap();
    assert_eq!((status(&one), site.asked()), (200, 1), "once for all requests and workers, and kept over a change");
    site.publish(&[&one, &two]);
    assert_eq!((status(&two), status(&one), status(&two)), (200, 200, 200), "the new key is found without waiting");
    for _ in 0..5 {
        assert_eq!(status(&three), 401);
    }
    assert_eq!(site.asked(), 2, "unknown keys are no way to make the gateway ask: once a minute");
    site.farm.kill(0);
    assert_eq!((status(&one), status(&two), status(&three)), (200, 200, 401), "what is known stays good");
    let tokens = serde_json::to_value(gateway.status().tokens).unwrap();
    assert_eq!((tokens[0]["name"].as_str(), tokens[0]["keys"].as_u64()), (Some("check"), Some(2)), "{tokens}");
}

#[test]
fn without_keys_nobody_can_be_let_in_until_they_come() {
    let farm = Farm::echo(1);
    let key = Signer::ec("one");
    let mut site = Site::new(&[&key]);
    let url = site.url("/keys");
    site.farm.kill(0);
    let check = format!("tenantId: {TENANT}, gatehouse: {{jwksUri: '{url}'}}");
    let gateway = Start::workers(1).run(&guarded(&farm, &check));
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = ask(&mut client, &bearer(&key.token(json!({}))));
    assert_eq!((answer.status, answer.field("retry-after")), (503, Some("1")));
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["reason"], "token_keys_missing");
    assert_eq!(ask(&mut client, "").status, 401, "who shows nothing needs no keys");
    assert!(farm.requests().is_empty());
    site.farm.revive(0);
    until_true("the keys to be fetched", || ask(&mut client, &bearer(&key.token(json!({})))).status == 200);
}

/// A source that takes its time: who needs its keys waits, on the same connection nobody else does.
#[test]
fn requests_that_wait_for_keys_hold_up_no_others() {
    let farm = Farm::echo(1);
    let (key, gate) = (Signer::ec("one"), Gate::new());
    let keys = published(&[&key]);
    let site = {
        let gate = gate.clone();
        Farm::start(1, move |peer, _| {
            gate.wait();
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{keys}", keys.len()))?;
            close()
        })
    };
    let check = format!("tenantId: {TENANT}, gatehouse: {{jwksUri: 'http://{}/keys'}}", site.address(0));
    let gateway = Start::workers(1).run(&guarded(&farm, &check));
    let mut h2 = gateway.h2();
    let good = format!("Bearer {}", key.token(json!({})));
    let waiting: Vec<u32> = (0..10)
        .map(|_| {
            let mut fields = e2e::h2::get("/").to_vec();
            fields.push(("authorization", &good));
            h2.request(&fields)
        })
        .collect();
    site.wait_requests(1);
    let refused = h2.request(&e2e::h2::get("/"));
    assert_eq!(h2.answer(refused).status(), 401);
    assert_eq!(ask(&mut gateway.secure(&Tls::new()).client, "").status, 401);
    assert!(waiting.iter().all(|stream| !h2.answers.contains_key(stream)), "these wait");
    gate.open();
    for stream in waiting {
        assert_eq!(h2.answer(stream).status(), 200);
    }
    assert_eq!(site.requests().len(), 1, "one question for all of them");
}

#[test]
fn another_issuer_is_found_by_its_configuration() {
    let farm = Farm::echo(1);
    let key = Signer::rsa("one");
    let site = Site::new(&[&key]);
    let issuer = site.url("");
    let check = format!("gatehouse: {{issuer: '{issuer}'}}");
    let gateway = Start::workers(1).run(&guarded(&farm, &check));
    let mut client = gateway.secure(&Tls::new()).client;
    let rows: [(Value, u16); 3] = [
        (json!({"iss": issuer, "tid": null}), 200),
        (json!({}), 401),
        (json!({"iss": format!("{issuer}/other"), "tid": null}), 401),
    ];
    for (claims, status) in rows {
        assert_eq!(ask(&mut client, &bearer(&key.token(claims.clone()))).status, status, "{claims}");
    }
    assert!(farm.last().field(IDENTITY).is_some());
}

#[test]
fn a_change_of_the_check_holds_from_the_next_request_on() {
    let farm = Farm::echo(1);
    let (one, two) = (Signer::ec("k"), Signer::ec("k"));
    let gateway: Gateway = Start::workers(1).run(&with_keys(&farm, &[&one], ""));
    let mut client = gateway.secure(&Tls::new()).client;
    let mut status = |signer: &Signer| ask(&mut client, &bearer(&signer.token(json!({})))).status;
    assert_eq!((status(&one), status(&two)), (200, 401));
    gateway.apply(&with_keys(&farm, &[&two], "")).unwrap();
    assert_eq!((status(&one), status(&two)), (401, 200), "a key of the same name is another key");
    gateway.apply(&with_keys(&farm, &[&two], ", unAuthorizedRequestAction: Allow")).unwrap();
    assert_eq!((status(&one), status(&two)), (200, 200));
}

#[test]
fn a_path_rule_and_its_neighbours_are_guarded_by_the_rule() {
    let farm = Farm::echo(2);
    let ec = Signer::ec("ec");
    let document = with_keys(&farm, &[&ec], "")
        .paths("pool", &[("a", "/a/*", "pool")])
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 1, httpListener: web, urlPathMap: map, \
         entraJWTValidationConfig: check}"]);
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    for target in ["/a/b", "/", "/%61/b"] {
        for (fields, status) in [(String::new(), 401), (bearer(&ec.token(json!({}))), 200)] {
            let answer = client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"));
            assert_eq!(answer.status, status, "{target}");
        }
    }
}
