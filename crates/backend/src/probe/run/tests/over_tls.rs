//! Probes of servers that speak TLS.

use snapshot::HostHeader;
use tls::connector::{Connector, ServerTls, Sni};

use super::*;

fn https(tls: ServerTls) -> Settings {
    Settings { scheme: Scheme::Https, tls: Some(Arc::new(tls)), ..fixtures::settings() }
}

/// Probes a server once, which answers 200. Returns the outcome, the name it was sent and the request.
async fn probed(
    secured: &SecuredServer,
    spec: &TargetSpec,
    name: Option<&str>,
) -> (Outcome, Option<(Option<String>, String)>) {
    let security = Security::new(&spec.settings);
    let server = server(secured.address(), name);
    let progress = Progress::default();
    let serve = async {
        let mut stream = secured.accept().await.ok()?;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        stream.write_all(&response("200 OK", "well")).await.unwrap();
        stream.flush().await.unwrap();
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        Some((name, String::from_utf8(request).unwrap()))
    };
    tokio::join!(probe(&server, spec, &security, &progress), serve)
}

#[tokio::test]
async fn a_probe_goes_over_tls_to_the_name_of_the_member() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let question = Probe { host: Some("127.0.0.1".into()), host_port: true, ..fixtures::probe() };
    let spec = spec(https(secured.tls()), &question);
    let (outcome, served) = probed(&secured, &spec, Some("a.example")).await;
    assert_eq!(outcome, Ok(Success::Status(200)));
    let (name, request) = served.unwrap();
    assert_eq!(name.as_deref(), Some("a.example"));
    assert!(request.contains(&format!("\r\nHost: 127.0.0.1:{}\r\n", secured.address().port())), "{request}");
}

#[tokio::test]
async fn every_probe_looks_at_the_certificate() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let spec = spec(https(secured.tls()), &fixtures::probe());
    let security = Security::new(&spec.settings);
    for _ in 0..3 {
        let server = server(secured.address(), Some("a.example"));
        let progress = Progress::default();
        let serve = async {
            let mut stream = secured.accept().await.unwrap();
            let mut request = [0; 4096];
            assert_ne!(stream.read(&mut request).await.unwrap(), 0);
            stream.write_all(&response("200 OK", "")).await.unwrap();
            stream.flush().await.unwrap();
            stream.get_ref().1.handshake_kind()
        };
        let (outcome, kind) = tokio::join!(probe(&server, &spec, &security, &progress), serve);
        assert_eq!(outcome, Ok(Success::Status(200)));
        assert_eq!(kind, Some(tokio_rustls::rustls::HandshakeKind::Full));
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_good_is_the_reason() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let (good, strict) = (secured.tls(), fixtures::probe());
    let foreign = SecuredServer::new(&["a.example"]).await.tls();
    let unchecked = ServerTls { check_name: false, ..good.clone() };
    for (tls, name, expected) in [
        (good.clone(), Some("b.example"), Some("CertNameMismatch")),
        (good, None, Some("CertNameMismatch")),
        (foreign, Some("a.example"), Some("RootMismatchNoRootPresented")),
        (unchecked, None, None),
    ] {
        let (outcome, _) = probed(&secured, &spec(https(tls), &strict), name).await;
        assert_eq!(outcome.as_ref().err().map(Failure::code), expected, "{outcome:?}");
    }
}

#[tokio::test]
async fn plain_http_on_a_port_for_tls_is_named() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(listener.local_addr().unwrap(), Some("a.example"));
    let spec = spec(https(secured.tls()), &fixtures::probe());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 16]).await.unwrap(), 0);
        stream.write_all(&response("400 Bad Request", "")).await.unwrap();
        stream
    };
    let (security, progress) = (Security::new(&spec.settings), Progress::default());
    let (outcome, _stream) = tokio::join!(probe(&server, &spec, &security, &progress), serve);
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code(), "TlsHandshakeFailed");
    assert!(failure.to_string().contains("plain HTTP"), "{failure}");
}

#[tokio::test]
async fn tls_that_could_not_be_prepared_is_never_replaced_by_plain_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings { scheme: Scheme::Https, tls: None, ..fixtures::settings() };
    let (spec, progress) = (spec(settings, &fixtures::probe()), Progress::default());
    let server = server(listener.local_addr().unwrap(), None);
    let outcome = probe(&server, &spec, &Security::new(&spec.settings), &progress).await;
    assert_eq!(outcome.unwrap_err().code(), "TlsUnavailable");
    // A connection would be waiting by now.
    let accepted = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(accepted.is_err(), "nobody connected");
}

#[test]
fn the_name_that_is_sent_follows_probe_settings_and_member() {
    let fixed = |name: &str| Sni::Fixed(name.into());
    let host = |name: &str| HostHeader::Fixed(name.into());
    let probe_of = |name: Option<&str>, host: Option<&str>| Probe {
        name: name.map(Arc::from),
        host: host.map(Arc::from),
        ..fixtures::probe()
    };
    let (default, custom) = (|host| probe_of(None, host), |host| probe_of(Some("own"), host));
    let (member, by_address) = (Some("a.example"), None);
    for (rule, probe, settings_host, sni, member, expected) in [
        ("default, member by address", default(Some("127.0.0.1")), HostHeader::Client, Sni::Client, by_address, None),
        ("default, FQDN", default(Some("127.0.0.1")), HostHeader::Client, Sni::Client, member, Some("a.example")),
        (
            "default, hostName",
            default(Some("h.example")),
            host("h.example"),
            fixed("h.example"),
            member,
            Some("h.example"),
        ),
        (
            "default, sniName",
            default(Some("127.0.0.1")),
            HostHeader::Client,
            fixed("s.example"),
            member,
            Some("s.example"),
        ),
        ("default, both", default(Some("h.example")), host("h.example"), fixed("s.example"), member, Some("s.example")),
        ("default, from the address", default(None), HostHeader::Server, Sni::Server, member, Some("a.example")),
        ("default, from the address by address", default(None), HostHeader::Server, Sni::Server, by_address, None),
        ("own host", custom(Some("P.example")), host("h.example"), fixed("s.example"), member, Some("p.example")),
        ("own host is an address", custom(Some("127.0.0.1")), HostHeader::Client, Sni::Client, member, None),
        (
            "picked from hostName",
            custom(Some("h.example")),
            host("h.example"),
            fixed("h.example"),
            member,
            Some("h.example"),
        ),
        (
            "picked, with sniName",
            custom(Some("h.example")),
            host("h.example"),
            fixed("s.example"),
            member,
            Some("s.example"),
        ),
        ("picked from the address", custom(None), HostHeader::Server, Sni::Server, member, Some("a.example")),
    ] {
        let tls = ServerTls {
            trust: tls::connector::Trust::WellKnown,
            check_chain: true,
            check_name: true,
            sni,
            alpn: Vec::new(),
            identity: None,
        };
        let settings = Settings { host: settings_host, ..https(tls) };
        let server = server(([10, 0, 0, 4], 443).into(), member);
        let spec = spec(settings, &probe);
        assert_eq!(request::server_name(&server, &spec).as_deref(), expected, "{rule}");
    }
}

#[test]
fn a_connector_is_there_for_https_alone() {
    let plain = Security::new(&fixtures::settings());
    assert!(matches!(plain, Security::Plain));
    let tls = ServerTls {
        trust: tls::connector::Trust::WellKnown,
        check_chain: true,
        check_name: true,
        sni: Sni::Client,
        alpn: Vec::new(),
        identity: None,
    };
    assert!(Connector::new(&tls).is_ok());
    assert!(matches!(Security::new(&https(tls)), Security::Tls(_)));
}
