//! Error pages of the operator's own.
//!
//! Source: Azure, "Create custom error pages": which statuses, whose page counts, and that pages are fetched with each
//! change of the configuration. Parity: more statuses, pages that stand in the document, a request's id in a page.

use e2e::client::Framing;
use e2e::h2::get;
use e2e::rewrites::{request, rule, set};
use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Folder, Start, Tls};
use gateway::documents::{Loaded, Purpose};
use serde_json::json;

/// A list of pages that say which status they are for, and whose they are.
fn pages(whose: &str, statuses: &[u16]) -> String {
    let page = |status: &u16| {
        format!("{{statusCode: HttpStatus{status}, gatehouse: {{content: '{whose} {status} {{transactionId}}'}}}}")
    };
    format!("[{}]", statuses.iter().map(page).collect::<Vec<_>>().join(", "))
}

const ALL: &[u16] = &[400, 401, 403, 404, 405, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505];

/// Every status that the gateway can answer with, and how a client comes by it.
#[test]
fn every_status_of_the_gateways_own_has_the_operators_page() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let too_large = set(
        "large",
        &[rule(1, &[], request(&[("X-A", &"x".repeat(20_000)), ("X-B", "{http_req_X-A}{http_req_X-A}")]))],
    );
    let document = Document::new(&farm)
        .settings(&farm, "requestTimeout: 1")
        .section("customErrorConfigurations", pages("gateway", ALL))
        .section(
            "backendAddressPools",
            format!("[{{name: pool, backendAddresses: {}}}, {{name: none, backendAddresses: []}}]", farm.members([0])),
        )
        .section("rewriteRuleSets", json!([too_large]).to_string())
        .listeners(&[("web", "hostName: a.com"), ("empty", "hostName: empty.com"), ("large", "hostName: large.com")])
        .rules(&[
            "{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}",
            "{name: empty, priority: 2, httpListener: empty, backendAddressPool: none, backendHttpSettings: http}",
            "{name: large, priority: 3, httpListener: large, backendAddressPool: pool, \
             backendHttpSettings: http, rewriteRuleSet: large}",
        ])
        .limit("requestHeaderTimeoutInSec: 1")
        .limit("maxBodyBytes: 10")
        .limit("maxUrlBytes: 256");
    let gateway = Start::workers(1).run(&document);
    let asked = |line: &str, host: &str, fields: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
    let rows = [
        (400, asked("get /", "a.com", "")),
        (400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (403, asked("GET /", "a.com", "Connection: upgrade\r\nUpgrade: h2c\r\n")),
        (404, asked("GET /", "unknown.com", "")),
        (405, asked("TRACE /", "a.com", "")),
        (408, "GET / HTTP/1.1\r\nHost: a.c".to_owned()),
        (413, asked("POST /", "a.com", "Content-Length: 11\r\n")),
        (414, asked(&format!("GET /{}", "x".repeat(300)), "a.com", "")),
        (417, asked("GET /", "a.com", "Expect: miracles\r\n")),
        (431, asked("GET /", "a.com", &format!("X-A: {}\r\n", "x".repeat(40_000)))),
        (500, asked("GET /", "large.com", "")),
        (501, asked("POST /", "a.com", "Transfer-Encoding: gzip, chunked\r\n")),
        (502, asked("GET /", "empty.com", "")),
        (504, asked("GET /", "a.com", "")),
        (505, "GET / HTTP/3.0\r\nHost: a.com\r\n\r\n".to_owned()),
    ];
    for (at, (status, bytes)) in rows.iter().enumerate() {
        let mut client = Client::connect(gateway.address("web"));
        let answer = client.ask(bytes);
        assert_eq!(answer.status, *status, "{bytes:.60?}");
        let id = answer.field("x-appgw-trace-id").unwrap();
        assert_eq!(answer.text(), format!("gateway {status} {id}"), "{bytes:.60?}");
        assert_eq!((answer.framing, answer.field("content-type")), (Framing::Length, Some("text/html")), "{status}");
        assert_eq!(gateway.wait_rows(at + 1)[at]["properties"]["transactionId"], id, "{status}");
    }
}

/// As soon as a listener has a page it has no other but its own.
#[test]
fn a_listeners_pages_stand_in_place_of_all_of_the_gateways() {
    let farm = Farm::echo(1);
    let own = format!("sslCertificate: cert, customErrorConfigurations: {}", pages("listener", &[502]));
    let document = |own: &str| {
        Document::https(&farm, &Ca::root("root").server(&["a.com"]))
            .section("customErrorConfigurations", pages("gateway", &[403, 502]))
            .secure(&[("web", own)])
            .pool_of(&farm, [])
    };
    let gateway = Start::workers(1).cold().run(&document(&own));
    let rows = [(&own[..], "listener", None), ("sslCertificate: cert", "gateway", Some("gateway"))];
    for (own, of_502, of_403) in rows {
        gateway.apply(&document(own)).unwrap();
        let mut client = gateway.secure(&Tls::new()).client;
        let answer = client.get("a.com", "/");
        assert_eq!((answer.status, answer.text().split(' ').next()), (502, Some(of_502)));
        let answer = client.ask("GET / HTTP/1.1\r\nHost: a.com\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
        assert_eq!(answer.status, 403);
        match of_403 {
            Some(whose) => assert!(answer.text().starts_with(whose), "{}", answer.text()),
            None => assert_eq!(answer.body.len(), 179, "Azure's own page: {}", answer.text()),
        }
    }
}

#[test]
fn a_page_goes_with_every_method_and_protocol() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]))
        .section("customErrorConfigurations", pages("gateway", &[502]))
        .pool_of(&farm, []);
    let gateway = Start::workers(1).cold().run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    let whole = client.get("a.com", "/");
    client.send("HEAD / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let head = client.answer_to_head();
    assert_eq!((head.status, head.field("content-length")), (502, whole.field("content-length")));
    let post = client.ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
    assert!((post.status, post.text().starts_with("gateway 502 ")) == (502, true), "and the connection is in step");
    let mut h2 = gateway.h2();
    let answer = h2.get("/");
    let expected = format!("gateway 502 {}", answer.field("x-appgw-trace-id").unwrap());
    assert_eq!((answer.status(), answer.text()), (502, expected));
    assert_eq!(answer.field("content-length").unwrap(), answer.body.len().to_string());
    let mut fields = get("/");
    fields[0] = (":method", "HEAD");
    let stream = h2.request(&fields);
    let answer = h2.answer(stream);
    assert_eq!((answer.status(), answer.body.len()), (502, 0));
}

#[test]
fn errors_of_servers_pass_as_they_are() {
    let farm = answering_with("502 Bad Gateway");
    let gateway =
        Start::workers(1).run(&Document::new(&farm).section("customErrorConfigurations", pages("gateway", ALL)));
    let answer = gateway.get("a.com", "/");
    assert_eq!((answer.status, answer.text().as_str()), (502, "own"));
    assert_eq!(answer.field("x-own"), Some("1"));
}

fn answering_with(status: &str) -> Farm {
    Farm::canned(1, format!("HTTP/1.1 {status}\r\nX-Own: 1\r\nContent-Length: 3\r\n\r\nown"))
}

/// A site with error pages: what it answers depends on the path.
fn site() -> Farm {
    Farm::start(1, |peer, request| {
        let (status, body) = match request.target.as_str() {
            "/502.html" => ("200 OK", "<p>fetched</p>".to_owned()),
            "/moved.html" => ("302 Found\r\nLocation: /502.html", String::new()),
            "/large.html" => ("200 OK", "x".repeat(1 << 20)),
            "/nearly.htm" => ("200 OK", "x".repeat((1 << 20) - 1)),
            _ => ("404 Not Found", "none".to_owned()),
        };
        peer.send(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))?;
        e2e::peer::close()
    })
}

fn fetching(farm: &Farm, url: &str) -> Document {
    Document::new(farm)
        .pool_of(farm, [])
        .section("customErrorConfigurations", format!("[{{statusCode: HttpStatus502, customErrorPageUrl: '{url}'}}]"))
}

#[test]
fn a_page_is_fetched_when_the_configuration_is_loaded_and_kept_when_its_place_is_away() {
    let (farm, mut site) = (Farm::echo(1), site());
    let url = format!("http://{}/502.html", site.address(0));
    let state = Folder::new();
    let gateway = Start::workers(1).cold().state(state.as_ref()).run(&fetching(&farm, &url));
    let page = |gateway: &e2e::Gateway| gateway.get("a.com", "/").text();
    for _ in 0..3 {
        assert_eq!(page(&gateway), "<p>fetched</p>");
    }
    assert_eq!(site.requests().len(), 1, "requests fetch nothing");
    gateway.apply(&fetching(&farm, &url)).unwrap();
    assert_eq!(site.requests().len(), 2, "a change fetches again");
    site.kill(0);
    let away = fetching(&farm, &url).load_for(gateway.purpose());
    assert!(codes(&away).contains(&"ErrorPageOld".to_owned()), "{}", away.problems_text(false));
    gateway.apply(&fetching(&farm, &url)).unwrap();
    assert_eq!(page(&gateway), "<p>fetched</p>", "the copy");
    drop(gateway);
    let gateway = Start::workers(1).cold().state(state.as_ref()).run(&fetching(&farm, &url));
    assert_eq!(page(&gateway), "<p>fetched</p>", "the copy outlives the process");
    site.revive(0);
    until_true("the page to be fetched again", || {
        !codes(&fetching(&farm, &url).load_for(gateway.purpose())).contains(&"ErrorPageOld".to_owned())
    });
}

fn codes(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(|problem| problem.code.to_string()).collect()
}

#[test]
fn what_cannot_be_a_page_is_a_problem() {
    let (farm, site) = (Farm::echo(1), site());
    let dead = Farm::echo(1).address(0);
    let rows = [
        (format!("http://{}/502.html", site.address(0)), None),
        (format!("http://{}/nearly.htm", site.address(0)), None),
        (format!("http://{}/large.html", site.address(0)), Some(["ErrorPageTooLarge", "ErrorPageUnavailable"])),
        (format!("http://{}/none.html", site.address(0)), Some(["ErrorPageUnavailable"; 2])),
        (format!("http://{dead}/502.html"), Some(["ErrorPageUnavailable"; 2])),
        (format!("http://{}/502.php", site.address(0)), Some(["InvalidErrorPageUrl"; 2])),
        ("ftp://a.com/502.html".to_owned(), Some(["InvalidErrorPageUrl"; 2])),
        ("502.html".to_owned(), Some(["InvalidErrorPageUrl"; 2])),
    ];
    for (url, expected) in rows {
        let loaded = fetching(&farm, &url).load_for(&Purpose::trial());
        let codes = codes(&loaded);
        match expected {
            None => assert!(loaded.snapshot.is_some(), "{url}: {codes:?}"),
            Some(expected) => {
                assert!(loaded.snapshot.is_none(), "{url}: {codes:?}");
                assert!(expected.iter().any(|code| codes.iter().any(|its| its == code)), "{url}: {codes:?}");
            }
        }
    }
}

#[test]
fn the_site_file_may_have_the_page() {
    let farm = Farm::echo(1);
    let url = "https://unreachable.invalid/502.html";
    let document = fetching(&farm, url);
    let path = document.file("502.html", "<p>of this machine</p>");
    let document = document.site_entry(&format!("errorPages: {{'{url}': '{}'}}", path.display()));
    let gateway = Start::workers(1).cold().run(&document);
    assert_eq!(gateway.get("a.com", "/").text(), "<p>of this machine</p>");
}

/// The largest page, to clients that take it all at once and to those that make room for a little at a time.
#[test]
fn large_pages_arrive_whole_over_every_protocol() {
    let farm = Farm::echo(1);
    let page: String = (0..(1 << 20) - 1).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    let url = "https://unreachable.invalid/502.html";
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]))
        .pool_of(&farm, [])
        .section("customErrorConfigurations", format!("[{{statusCode: HttpStatus502, customErrorPageUrl: '{url}'}}]"));
    let path = document.file("502.html", &page);
    let document = document.site_entry(&format!("errorPages: {{'{url}': '{}'}}", path.display()));
    let gateway = Start::workers(1).cold().run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    for _ in 0..3 {
        let answer = client.get("a.com", "/");
        assert!((answer.status, answer.text() == page) == (502, true), "{} bytes", answer.body.len());
    }
    let mut h2 = gateway.h2();
    for _ in 0..3 {
        let answer = h2.get("/");
        assert!((answer.status(), answer.text() == page) == (502, true), "{} bytes", answer.body.len());
    }
    let streams: Vec<u32> = (0..5).map(|_| h2.request(&get("/"))).collect();
    for stream in streams {
        assert_eq!(h2.answer(stream).body.len(), page.len());
    }
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n".repeat(3));
    for _ in 0..3 {
        assert_eq!(client.answer().body.len(), page.len(), "pipelined");
    }
}
