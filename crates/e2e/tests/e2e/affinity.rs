//! Cookies that bind a client to a server.
//!
//! Source: Azure, "Backend settings", cookie-based affinity: `ApplicationGatewayAffinity`, and
//! `ApplicationGatewayAffinityCORS` for requests from other sites.

use e2e::rewrites::rule;
use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Folder, Gateway, Response, Start, Tls};
use serde_json::json;

const NAME: &str = "ApplicationGatewayAffinity";

fn bound(farm: &Farm) -> Document {
    Document::new(farm).settings(farm, "requestTimeout: 20, cookieBasedAffinity: Enabled")
}

/// The same with TLS: then there are two cookies.
fn secure(farm: &Farm, more: &str) -> Document {
    Document::https(farm, &Ca::root("root").server(&["a.com"]))
        .settings(farm, &format!("requestTimeout: 20, cookieBasedAffinity: Enabled{more}"))
}

fn start(document: &Document) -> Gateway {
    Start::workers(1).run(document)
}

/// Asks with these cookies, or with none.
fn ask(client: &mut Client, cookies: &str) -> Response {
    let cookies = if cookies.is_empty() { String::new() } else { format!("Cookie: {cookies}\r\n") };
    client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\n{cookies}\r\n"))
}

fn server(answer: &Response) -> usize {
    assert_eq!(answer.status, 200);
    answer.field("x-server").unwrap().parse().unwrap()
}

/// The value of the first cookie.
fn value(answer: &Response) -> String {
    let cookies = answer.head.all("set-cookie");
    let first = cookies.iter().find_map(|cookie| cookie.strip_prefix(&format!("{NAME}=")));
    first.unwrap_or_else(|| panic!("no cookie: {cookies:?}")).split(';').next().unwrap().to_owned()
}

/// The cookie that binds to each of these servers.
fn values(client: &mut Client, count: usize) -> Vec<String> {
    let mut values = vec![String::new(); count];
    for _ in 0..count {
        let answer = ask(client, "");
        values[server(&answer)] = value(&answer);
    }
    assert!(values.iter().all(|value| value.len() == 32), "{values:?}");
    values
}

#[test]
fn there_are_two_cookies_over_tls_and_one_without() {
    let farm = Farm::echo(2);
    let gateway = start(&secure(&farm, ""));
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = ask(&mut client, "");
    let cookies = answer.head.all("set-cookie");
    let value = value(&answer);
    assert_eq!(
        cookies,
        [format!("{NAME}CORS={value}; Path=/; SameSite=None; Secure"), format!("{NAME}={value}; Path=/")]
    );
    assert!(value.len() == 32 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{value}");
    let mut h2 = gateway.h2();
    let answer = h2.get("/");
    let of_two: Vec<&str> =
        answer.heads[0].iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    assert_eq!(of_two.len(), 2, "{of_two:?}");
    assert!(of_two[0].starts_with(&format!("{NAME}CORS=")) && of_two[1].starts_with(&format!("{NAME}=")), "{of_two:?}");
    let gateway = start(&bound(&farm));
    let answer = ask(&mut gateway.client(), "");
    let value = self::value(&answer);
    assert_eq!(answer.head.all("set-cookie"), [format!("{NAME}={value}; Path=/")]);
}

#[test]
fn cookies_stand_behind_those_of_the_server_and_addresses_do_not_show() {
    let farm = Farm::canned(2, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n");
    let gateway = start(&bound(&farm));
    let answer = gateway.get("a.com", "/");
    let cookies = answer.head.all("set-cookie");
    assert_eq!(cookies[..2], ["a=1", "b=2"]);
    assert!(cookies[2].starts_with(&format!("{NAME}=")));
    assert!(!answer.head.text.contains("127.0.0"), "{}", answer.head.text);
}

#[test]
fn without_affinity_there_are_no_cookies_and_a_clients_own_means_nothing() {
    let farm = Farm::echo(2);
    let gateway = start(&bound(&farm));
    let values = values(&mut gateway.client(), 2);
    gateway.apply(&Document::new(&farm)).unwrap();
    let mut client = gateway.client();
    let servers: Vec<usize> = (0..4)
        .map(|_| {
            let answer = ask(&mut client, &format!("{NAME}={}", values[0]));
            assert!(!answer.head.has("set-cookie"));
            server(&answer)
        })
        .collect();
    assert!(servers == [0, 1, 0, 1] || servers == [1, 0, 1, 0], "{servers:?}");
}

/// What a client sends, whether it is bound by it to server 1, and whether it gets a new cookie.
#[test]
fn a_valid_cookie_of_either_name_binds_and_is_not_repeated() {
    let farm = Farm::echo(3);
    let gateway = start(&secure(&farm, ""));
    let mut client = gateway.secure(&Tls::new()).client;
    let values = values(&mut client, 3);
    let (one, other) = (&values[1], &values[2]);
    let garbage = "0".repeat(32);
    let rows = [
        (format!("{NAME}={one}"), true),
        (format!("{NAME}CORS={one}"), true),
        (format!("{NAME}={one}; {NAME}CORS={one}"), true),
        (format!("a=b; {NAME}={one}; c=d"), true),
        (format!("{NAME}={one}; {NAME}CORS={other}"), true),
        (format!("{NAME}CORS={one}; {NAME}={garbage}"), true),
        (format!("{NAME}={garbage}; {NAME}={one}"), true),
        (format!("{NAME}={garbage}"), false),
        (format!("{NAME}="), false),
        (NAME.to_owned(), false),
        (format!("{NAME}={}", &one[..31]), false),
        (format!("{NAME}={one}0"), false),
        (format!("{NAME}={}", one.to_uppercase()), one.to_uppercase() == *one),
        (format!("{}={one}", NAME.to_lowercase()), false),
        (format!("X{NAME}={one}"), false),
        (format!("{NAME}X={one}"), false),
        (format!("other={one}"), false),
        (format!("{NAME}={}", "a".repeat(10_000)), false),
    ];
    for (cookies, is_bound) in &rows {
        let mut servers = Vec::new();
        let mut fresh = 0;
        for _ in 0..3 {
            let answer = ask(&mut client, cookies);
            servers.push(server(&answer));
            let set = answer.head.all("set-cookie").len();
            assert!(set == 0 || set == 2, "both cookies or none: {}", answer.head.text);
            fresh += usize::from(set > 0);
        }
        servers.sort_unstable();
        let expected = if *is_bound { (vec![1, 1, 1], 0) } else { (vec![0, 1, 2], 3) };
        assert_eq!((servers, fresh), expected, "{cookies}");
    }
    let cookies = format!("a=1; {NAME}={one}");
    ask(&mut client, &cookies);
    assert_eq!(farm.last().field("cookie"), Some(cookies.as_str()), "cookies go on to the server");
}

/// HTTP/2 clients may send every cookie in a field of its own.
#[test]
fn cookies_in_fields_of_their_own_bind_too() {
    let farm = Farm::echo(3);
    let gateway = start(&secure(&farm, ""));
    let values = values(&mut gateway.secure(&Tls::new()).client, 3);
    let mut h2 = gateway.h2();
    let cookie = format!("{NAME}={}", values[1]);
    let mut fields = e2e::h2::get("/").to_vec();
    fields.extend([("cookie", "a=1"), ("cookie", cookie.as_str()), ("cookie", "b=2")]);
    for _ in 0..3 {
        let stream = h2.request(&fields);
        let answer = h2.answer(stream);
        assert_eq!((answer.field("x-server"), answer.field("set-cookie")), (Some("1"), None));
    }
    assert_eq!(farm.last().field("cookie"), Some(format!("a=1; {cookie}; b=2").as_str()));
}

#[test]
fn cookies_may_have_another_name_and_more_attributes() {
    let farm = Farm::echo(1);
    let rows = [
        (", affinityCookieName: shop", "shop", "; Path=/", "; Path=/; SameSite=None; Secure"),
        (
            ", gatehouse: {affinity: {httpOnly: true, secure: true, sameSite: Lax, maxAgeInSec: 60, domain: a.com, \
             path: /shop}}",
            NAME,
            "; Path=/shop; Domain=a.com; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "; Path=/shop; Domain=a.com; Max-Age=60; HttpOnly; SameSite=None; Secure",
        ),
    ];
    for (more, name, attributes, cors) in rows {
        let gateway = start(&secure(&farm, more));
        let mut client = gateway.secure(&Tls::new()).client;
        let answer = ask(&mut client, "");
        let cookies = answer.head.all("set-cookie");
        let value = cookies[1].strip_prefix(&format!("{name}=")).unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(cookies, [format!("{name}CORS={value}{cors}"), format!("{name}={value}{attributes}")]);
        let again = ask(&mut client, &format!("{name}CORS={value}"));
        assert!(!again.head.has("set-cookie"));
    }
}

#[test]
fn a_rewrite_of_the_answer_may_add_attributes() {
    let farm = Farm::echo(2);
    let header = json!({
        "headerName": "Set-Cookie",
        "headerValue": "{capt_header_value_matcher}; HttpOnly",
        "headerValueMatcher": {"pattern": format!("^{NAME}=.*$")},
    });
    let rules = [rule(1, &[], json!({"responseHeaderConfigurations": [header]}))];
    let document = secure(&farm, "").rewrites(&rules, "");
    let gateway = start(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = ask(&mut client, "");
    let value = value(&answer);
    let expected =
        [format!("{NAME}CORS={value}; Path=/; SameSite=None; Secure"), format!("{NAME}={value}; Path=/; HttpOnly")];
    assert_eq!(answer.head.all("set-cookie"), expected);
    assert_eq!(server(&ask(&mut client, &format!("{NAME}={value}"))), server(&answer));
}

#[test]
fn clients_of_a_server_that_is_down_get_another_and_a_new_cookie() {
    let mut farm = Farm::echo(2);
    let document = bound(&farm)
        .section(
            "probes",
            "[{name: probe, protocol: Http, path: /health, host: a.com, interval: 1, timeout: 1, \
              unhealthyThreshold: 1}]",
        )
        .settings(&farm, "requestTimeout: 20, cookieBasedAffinity: Enabled, probe: probe");
    let gateway = start(&document);
    let mut client = gateway.client();
    let values = values(&mut client, 2);
    let cookie = format!("{NAME}={}", values[0]);
    farm.kill(0);
    until_true("the server to be found down", || {
        let answer = ask(&mut client, &cookie);
        // Before it is found down, a further attempt has brought the request to the other one: the same to the client.
        assert_eq!((server(&answer), value(&answer) == values[1]), (1, true));
        gateway.changes().iter().any(|change| change.contains("is down"))
    });
    let answer = ask(&mut client, &cookie);
    assert_eq!((server(&answer), value(&answer)), (1, values[1].clone()));
    farm.revive(0);
    until_true("the server to be back", || server(&ask(&mut client, &cookie)) == 0);
    assert!(!ask(&mut client, &cookie).head.has("set-cookie"), "the old cookie is good again");
}

#[test]
fn a_further_attempt_on_another_server_binds_to_that_one() {
    let mut farm = Farm::echo(2);
    let gateway = start(&bound(&farm));
    let mut client = gateway.client();
    let values = values(&mut client, 2);
    farm.kill(0);
    let answer = ask(&mut client, &format!("{NAME}={}", values[0]));
    assert_eq!((server(&answer), value(&answer)), (1, values[1].clone()));
    let answer = ask(&mut client, &format!("{NAME}={}", values[1]));
    assert_eq!((server(&answer), answer.head.has("set-cookie")), (1, false));
}

/// A removed server keeps its bound clients for the drain timeout, gets no others, and is let go afterwards.
#[test]
fn a_removed_server_keeps_its_bound_clients_for_the_drain_timeout() {
    let farm = Farm::echo(2);
    let settings =
        "requestTimeout: 20, cookieBasedAffinity: Enabled, connectionDraining: {enabled: true, drainTimeoutInSec: 3}";
    let document = Document::new(&farm).settings(&farm, settings);
    let gateway = start(&document);
    let mut client = gateway.client();
    let values = values(&mut client, 2);
    let cookie = format!("{NAME}={}", values[0]);
    gateway.apply(&document.clone().pool_of(&farm, [1])).unwrap();
    let began = std::time::Instant::now();
    for _ in 0..5 {
        let answer = ask(&mut client, &cookie);
        assert_eq!((server(&answer), answer.head.has("set-cookie")), (0, false));
        assert_eq!(server(&ask(&mut client, "")), 1);
    }
    until_true("the server to be let go", || server(&ask(&mut client, &cookie)) == 1);
    let took = began.elapsed().as_millis();
    assert!((2_500..8_000).contains(&took), "{took} ms");
    let answer = ask(&mut client, &cookie);
    assert_eq!(value(&answer), values[1], "the cookie is replaced");
    gateway.apply(&document).unwrap();
    gateway.settle();
    assert_eq!(server(&ask(&mut client, &cookie)), 0, "a server that is there again has its cookie again");
}

#[test]
fn a_cookie_of_another_pool_or_of_other_settings_binds_to_nothing() {
    let farm = Farm::echo(2);
    let (first, second) = (farm.members([0, 1]), farm.members([0, 1]));
    let settings = format!(
        "[{{name: http, port: {0}, protocol: Http, cookieBasedAffinity: Enabled}}, \
         {{name: other, port: {0}, protocol: Http, cookieBasedAffinity: Enabled}}]",
        farm.port()
    );
    let document = bound(&farm)
        .section(
            "backendAddressPools",
            format!("[{{name: pool, backendAddresses: {first}}}, {{name: second, backendAddresses: {second}}}]"),
        )
        .section("backendHttpSettingsCollection", settings)
        .listeners(&[("web", "hostName: a.com"), ("other", "hostName: b.com")])
        .rules(&[
            "{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}",
            "{name: other, priority: 2, httpListener: other, backendAddressPool: pool, backendHttpSettings: other}",
        ]);
    let gateway = start(&document);
    let mut client = gateway.client();
    let values = values(&mut client, 2);
    for _ in 0..2 {
        let answer = client.ask(&format!("GET / HTTP/1.1\r\nHost: b.com\r\nCookie: {NAME}={}\r\n\r\n", values[0]));
        assert!(answer.head.has("set-cookie"), "a server under other settings is another");
    }
}

#[test]
fn gateways_with_one_key_agree_and_others_do_not() {
    let farm = Farm::echo(2);
    let keys = Folder::new();
    let key = keys.secret("affinity.key", "k".repeat(32));
    let shared = bound(&farm).site_entry(&format!("affinity: {{key: '{}'}}", key.display()));
    let gateways = [start(&shared), start(&shared), start(&bound(&farm))];
    let of_first = values(&mut gateways[0].client(), 2);
    assert_eq!(values(&mut gateways[1].client(), 2), of_first);
    assert_ne!(values(&mut gateways[2].client(), 2), of_first);
    let mut client = gateways[1].client();
    for _ in 0..3 {
        assert_eq!(server(&ask(&mut client, &format!("{NAME}={}", of_first[1]))), 1);
    }
    keys.secret("affinity.key", "n".repeat(32));
    gateways[0].apply(&shared).unwrap();
    assert_ne!(values(&mut gateways[0].client(), 2), of_first, "a new key makes new cookies");
}

#[test]
fn a_restart_keeps_cookies_good() {
    let farm = Farm::echo(3);
    let folder = Folder::new();
    let start = || Start::workers(1).state(folder.as_ref()).run(&bound(&farm));
    let before = values(&mut start().client(), 3);
    assert_eq!(values(&mut start().client(), 3), before);
    let other = Folder::new();
    let elsewhere = Start::workers(1).state(other.as_ref()).run(&bound(&farm));
    assert_ne!(values(&mut elsewhere.client(), 3), before);
}

#[test]
fn the_gateways_own_answers_bind_nobody() {
    let mut farm = Farm::echo(1);
    let gateway = start(&bound(&farm));
    let cookie = values(&mut gateway.client(), 1).remove(0);
    farm.kill(0);
    let answer = ask(&mut gateway.client(), &format!("{NAME}={cookie}"));
    assert_eq!((answer.status, answer.head.has("set-cookie")), (502, false));
}
