//! Every server variable with its exact value.

use e2e::ca::sha1;
use e2e::rewrites::{both, request, response, rule, set};
use e2e::{Ca, Client, Dice, Document, Farm, Gateway, H2, Issued, Start, Tls};
use rustls::CipherSuite;
use serde_json::{Value, json};

/// Every variable of a request.
const ALL: &[&str] = &[
    "add_x_forwarded_for_proxy",
    "ciphers_supported",
    "ciphers_used",
    "client_ip",
    "client_port",
    "client_tcp_rtt",
    "client_user",
    "host",
    "cookie_tea",
    "http_method",
    "http_version",
    "query_string",
    "received_bytes",
    "request_query",
    "request_scheme",
    "request_uri",
    "server_port",
    "ssl_connection_protocol",
    "ssl_enabled",
    "uri_path",
    "client_certificate",
    "client_certificate_end_date",
    "client_certificate_fingerprint",
    "client_certificate_issuer",
    "client_certificate_serial",
    "client_certificate_start_date",
    "client_certificate_subject",
    "client_certificate_verification",
];

/// The header that a variable is written into.
fn header(variable: &str) -> String {
    format!("X-V-{}", variable.replace('_', "-"))
}

/// A set that writes every variable into a header of the request, and those of the answer into the answer.
fn all() -> Value {
    let headers: Vec<(String, String)> = ALL.iter().map(|name| (header(name), format!("{{var_{name}}}"))).collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer =
        response(&[("X-Status", "{var_http_status}"), ("X-Sent", "<{var_sent_bytes}>"), ("X-Ip", "{var_client_ip}")]);
    set("all", &[rule(1, &[], both(request(&headers), answer))])
}

fn with_all(document: Document) -> Document {
    document
        .section("rewriteRuleSets", json!([all()]).to_string())
        .rules(&["{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
         rewriteRuleSet: all}"])
}

/// Compares every variable with what is expected: those not named are to be empty, and are therefore absent.
fn check(farm: &Farm, expected: &[(&str, &str)]) {
    let seen = farm.last();
    for (name, _) in expected {
        assert!(ALL.contains(name), "no such variable: {name}");
    }
    let mut failures = Vec::new();
    for name in ALL {
        let expected = expected.iter().find(|(its, _)| its == name).map(|(_, value)| *value);
        let value = seen.field(&header(name));
        let is_right = match expected {
            Some("<number>") => value.is_some_and(|text| text.parse::<u64>().is_ok()),
            expected => value == expected,
        };
        if !is_right {
            failures.push(format!("{name} is {value:?}, not {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.join("\n"), seen.head.text);
}

#[test]
fn over_plain_http_every_variable_has_its_value() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(1).run(&with_all(Document::new(&farm).port(80, "{bind: 0, public: 8080}")));
    let mut client = gateway.client();
    let port = client.address().port().to_string();
    let asked = "POST /app/he%6Clo?id=1&x=%20 HTTP/1.1\r\nHost: Www.a.com:8080\r\nAuthorization: Basic \
                 QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nCookie: a=1; tea=green\r\nX-Forwarded-For: 203.0.113.5\r\n\
                 Content-Length: 3\r\n\r\nabc";
    let answer = client.ask(asked);
    let bytes = asked.len().to_string();
    let plain = [
        ("add_x_forwarded_for_proxy", "203.0.113.5, 127.0.0.1"),
        ("client_ip", "127.0.0.1"),
        ("client_port", port.as_str()),
        ("client_tcp_rtt", "<number>"),
        ("client_user", "Aladdin"),
        ("host", "Www.a.com"),
        ("cookie_tea", "green"),
        ("http_method", "POST"),
        ("http_version", "HTTP/1.1"),
        ("query_string", "id=1&x=%20"),
        ("received_bytes", bytes.as_str()),
        ("request_query", "id=1&x=%20"),
        ("request_scheme", "http"),
        ("request_uri", "/app/he%6Clo?id=1&x=%20"),
        ("server_port", "8080"),
        ("uri_path", "/app/he%6Clo"),
        ("client_certificate_verification", "NONE"),
    ];
    check(&farm, &plain);
    assert_eq!((answer.field("x-status"), answer.field("x-ip")), (Some("200"), Some("127.0.0.1")));
    assert_eq!(answer.field("x-sent"), Some("<0>"), "nothing of the answer has gone out when its head is written");
}

#[test]
fn what_a_request_does_not_have_is_empty() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(1).run(&with_all(Document::new(&farm)));
    let mut client = gateway.client();
    let port = client.address().port().to_string();
    let server_port = gateway.address("web").port().to_string();
    let asked = "GET / HTTP/1.0\r\nAuthorization: Bearer QWxhZGRpbjpvcGVu\r\n\r\n";
    client.ask(asked);
    let bytes = asked.len().to_string();
    check(
        &farm,
        &[
            ("add_x_forwarded_for_proxy", "127.0.0.1"),
            ("client_ip", "127.0.0.1"),
            ("client_port", port.as_str()),
            ("client_tcp_rtt", "<number>"),
            ("host", "127.0.0.1"),
            ("http_method", "GET"),
            ("http_version", "HTTP/1.0"),
            ("received_bytes", bytes.as_str()),
            ("request_scheme", "http"),
            ("request_uri", "/"),
            ("server_port", server_port.as_str()),
            ("uri_path", "/"),
            ("client_certificate_verification", "NONE"),
        ],
    );
}

/// The names of OpenSSL, which access logs use too.
const SUITES: [(CipherSuite, &str); 2] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
];

/// Percent-encoded PEM, worked out here.
fn escaped(issued: &Issued) -> String {
    let pem = issued.alone().pem();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    pem.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A gateway that asks clients for certificates: it demands those of this authority, or looks at whatever comes.
fn asking(farm: &Farm, demanded: Option<&Ca>) -> Gateway {
    let document = Document::https(farm, &Ca::root("root").server(&["a.com"]));
    let document = match demanded {
        Some(ca) => document.client_ca("clients", &ca.pem()).profile(
            "asks",
            "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientAuthMode: Strict}",
        ),
        None => document.profile("asks", "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}"),
    };
    let document =
        document.secure(&[("web", "sslCertificate: cert, sslProfile: asks")]).port(443, "{bind: 0, public: 443}");
    Start::workers(1).run(&with_all(document))
}

#[test]
fn over_tls_every_variable_has_its_value() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let (good, foreign) = (ca.client("good"), Ca::root("others").client("bad"));
    let gateways = [asking(&farm, None), asking(&farm, Some(&ca))];
    let serial = |issued: &Issued| {
        let digits = issued.serial.iter().skip_while(|byte| **byte == 0);
        digits.map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    let mut asked_so_far = [0, 0];
    for (suite, name) in SUITES {
        let version = if name.starts_with("TLS_") { "TLSv1.3" } else { "TLSv1.2" };
        for shown in [None, Some(&good), Some(&foreign)] {
            let is_good = shown.is_some_and(|issued| issued.serial == good.serial);
            let gateway = &gateways[usize::from(is_good)];
            let tls = if version == "TLSv1.3" { Tls::new().tls13() } else { Tls::new().tls12() };
            let tls = shown.iter().fold(tls.suites(&[suite]), |tls, issued| tls.certificate(issued));
            let mut client = gateway.secure(&tls).client;
            let port = client.address().port().to_string();
            let asked = "GET /a?b HTTP/1.1\r\nHost: a.com\r\n\r\n";
            client.ask(asked);
            let bytes = asked.len().to_string();
            asked_so_far[usize::from(is_good)] += 1;
            let row = gateway.wait_rows(asked_so_far[usize::from(is_good)]).pop().unwrap();
            let verdict = row["properties"]["sslClientVerify"].as_str().unwrap();
            match shown {
                None => assert_eq!(verdict, "NONE"),
                Some(_) if is_good => assert_eq!(verdict, "SUCCESS"),
                Some(_) => assert!(verdict.starts_with("FAILED:"), "{verdict}"),
            }
            let (pem, serial, fingerprint) =
                shown.map_or_else(Default::default, |issued| (escaped(issued), serial(issued), sha1(issued.leaf())));
            let mut expected = vec![
                ("add_x_forwarded_for_proxy", "127.0.0.1"),
                ("ciphers_used", name),
                ("client_ip", "127.0.0.1"),
                ("client_port", port.as_str()),
                ("client_tcp_rtt", "<number>"),
                ("host", "a.com"),
                ("http_method", "GET"),
                ("http_version", "HTTP/1.1"),
                ("query_string", "b"),
                ("received_bytes", bytes.as_str()),
                ("request_query", "b"),
                ("request_scheme", "https"),
                ("request_uri", "/a?b"),
                ("server_port", "443"),
                ("ssl_connection_protocol", version),
                ("ssl_enabled", "On"),
                ("uri_path", "/a"),
                ("client_certificate_verification", verdict),
            ];
            // A client may offer more than suites: a signal about renegotiation stands there too.
            let offered = farm.last().field(&header("ciphers_supported")).unwrap().to_owned();
            assert!(offered.split(':').any(|one| one == name), "{offered}");
            expected.push(("ciphers_supported", &offered));
            if shown.is_some() {
                let (issuer, subject) = match is_good {
                    true => ("CN=clients,O=Gatehouse tests", "CN=good,O=Gatehouse tests"),
                    false => ("CN=others,O=Gatehouse tests", "CN=bad,O=Gatehouse tests"),
                };
                expected.extend([
                    ("client_certificate", pem.as_str()),
                    ("client_certificate_end_date", "Jan  1 00:00:00 2060 GMT"),
                    ("client_certificate_fingerprint", fingerprint.as_str()),
                    ("client_certificate_issuer", issuer),
                    ("client_certificate_serial", serial.as_str()),
                    ("client_certificate_start_date", "Jan  1 00:00:00 2020 GMT"),
                    ("client_certificate_subject", subject),
                ]);
            }
            check(&farm, &expected);
        }
    }
}

#[test]
fn over_http_2_the_variables_are_those_of_the_stream() {
    let farm = Farm::echo(1);
    let gateway = asking(&farm, None);
    let tls = Tls::new().tls13().suites(&[CipherSuite::TLS13_AES_128_GCM_SHA256]);
    let mut h2 = H2::over(&tls, gateway.address("web")).begun(&[]);
    let port = h2.wire.local().port().to_string();
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.com:443"),
        (":path", "/a?b"),
        ("cookie", "a=1"),
        ("cookie", "tea=green"),
    ];
    let stream = h2.request(&fields);
    assert_eq!(h2.answer(stream).status(), 200);
    let received = farm.last().field(&header("received_bytes")).unwrap().to_owned();
    assert!(received.parse::<u64>().is_ok_and(|count| count > 0), "{received}");
    let offered = farm.last().field(&header("ciphers_supported")).unwrap().to_owned();
    check(
        &farm,
        &[
            ("add_x_forwarded_for_proxy", "127.0.0.1"),
            ("ciphers_supported", &offered),
            ("ciphers_used", "TLS_AES_128_GCM_SHA256"),
            ("client_ip", "127.0.0.1"),
            ("client_port", port.as_str()),
            ("client_tcp_rtt", "<number>"),
            ("host", "a.com"),
            ("cookie_tea", "green"),
            ("http_method", "GET"),
            ("http_version", "HTTP/2.0"),
            ("query_string", "b"),
            ("received_bytes", &received),
            ("request_query", "b"),
            ("request_scheme", "https"),
            ("request_uri", "/a?b"),
            ("server_port", "443"),
            ("ssl_connection_protocol", "TLSv1.3"),
            ("ssl_enabled", "On"),
            ("uri_path", "/a"),
            ("client_certificate_verification", "NONE"),
        ],
    );
}

/// Variables are read from what a client sends: nothing that comes by chance breaks a head apart.
#[test]
fn heads_by_chance_lead_to_heads_that_can_be_read() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(1).run(&with_all(Document::new(&farm)));
    let mut dice = Dice::new(7);
    let mut served = 0;
    let mut client: Option<Client> = None;
    for round in 0..300 {
        let mut noise = |most: usize| -> String {
            (0..dice.below(most)).map(|_| char::from(u8::try_from(0x20 + dice.below(0x5f)).unwrap())).collect()
        };
        let (path, cookie, user) = (noise(40).replace([' ', '#'], "_"), noise(30), noise(30));
        let asking = client.get_or_insert_with(|| gateway.client());
        asking.send(format!(
            "GET /{path} HTTP/1.1\r\nHost: a.com\r\nCookie: tea={cookie}\r\nAuthorization: Basic {user}\r\n\r\n"
        ));
        let answer = asking.try_answer(false).unwrap_or_else(|broken| panic!("round {round}: {broken:?}"));
        match answer.status {
            200 => served += 1,
            400 => client = None,
            other => panic!("round {round}: {other}"),
        }
    }
    assert!(served > 200, "{served}");
}
