//! Handshakes with servers that speak TLS, want a header, or do neither.

use std::future::Future;

use snapshot::HostHeader;
use tls::connector::{ServerTls, Sni, Trust};
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::*;
use crate::fixtures::secured::SecuredServer;

const V1: Option<ProxyVersion> = Some(ProxyVersion::V1);

/// Settings of TLS that send the member's name, as they do without `hostName`.
fn settings(tls: ServerTls) -> Settings {
    Settings { tls: Some(Arc::new(ServerTls { sni: Sni::Server, ..tls })), ..fixtures::bytes(Scheme::Tls) }
}

fn with_header(proxy_header: Option<ProxyVersion>) -> Probe {
    Probe { proxy_header, ..fixtures::probe() }
}

/// Probes the member `a.example` at this address once.
async fn probed(address: SocketAddr, spec: &TargetSpec, security: &Security) -> Outcome {
    let server = server(address, Some("a.example"));
    timeout(PATIENCE, probe(&server, spec, security, &Progress::default())).await.expect("the probe ends")
}

/// The same, while the server does something to its end.
async fn asked<T>(address: SocketAddr, spec: &TargetSpec, serve: impl Future<Output = T>) -> (Outcome, T) {
    let security = Security::new(&spec.settings);
    let both = async { tokio::join!(probed(address, spec, &security), serve) };
    timeout(PATIENCE, both).await.expect("the server ends")
}

/// The same, while the server is ready for more connections than there may be.
async fn asked_beside(address: SocketAddr, spec: &TargetSpec, serve: impl Future<Output = ()>) -> Outcome {
    let security = Security::new(&spec.settings);
    tokio::select! {
        outcome = probed(address, spec, &security) => outcome,
        () = async { serve.await; std::future::pending().await } => unreachable!("it waits for ever"),
    }
}

/// Each probe is a handshake of its own, sends the name, and says goodbye.
#[tokio::test]
async fn a_probe_is_a_whole_handshake_and_an_orderly_end() {
    for version in [&TLS12, &TLS13] {
        let secured = SecuredServer::with(&["a.example"], &[version], false).await;
        // One for all probes, as in a target: it could keep what a shorter handshake needs.
        let security = Security::new(&settings(secured.tls()));
        for header in [None, V1, V1, Some(ProxyVersion::V2), None] {
            let spec = spec(settings(secured.tls()), with_header(header));
            let serve = async {
                let mut stream = secured.accept_behind(header.map_or(b"", ProxyVersion::of_nobody)).await.unwrap();
                let session = stream.get_ref().1;
                let seen = (session.handshake_kind(), session.server_name().map(str::to_owned));
                // An end without close_notify is an error here.
                assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
                seen
            };
            let (outcome, seen) = tokio::join!(probed(secured.address(), &spec, &security), serve);
            assert_eq!(outcome, Ok(Success::Handshake), "{version:?}, {header:?}");
            assert_eq!(seen, (Some(HandshakeKind::Full), Some("a.example".to_owned())), "{version:?}, {header:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_to_the_end_is_well() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let question = Probe { timeout: Duration::from_millis(200), ..fixtures::probe() };
    let spec = spec(settings(secured.tls()), question);
    let (outcome, _open) = asked(secured.address(), &spec, secured.accept()).await;
    assert_eq!(outcome, Ok(Success::Handshake));
}

#[tokio::test]
async fn a_certificate_that_is_not_good_is_the_reason() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let foreign = SecuredServer::new(&["a.example"]).await.tls();
    let named = |host: &str| Probe { name: Some("own".into()), host: Some(host.into()), ..fixtures::probe() };
    for (rule, tls, question, expected) in [
        ("the probe's name is another", secured.tls(), named("b.example"), "CertNameMismatch"),
        ("another authority", foreign.clone(), fixtures::probe(), "RootMismatchNoRootPresented"),
        ("another authority, behind a header", foreign, with_header(V1), "RootMismatchNoRootPresented"),
    ] {
        let spec = spec(settings(tls), question);
        // Behind the header and, should it be asked so, without.
        let serve = async {
            for header in [spec.probe.proxy_header.map_or(&b""[..], ProxyVersion::of_nobody), b""] {
                _ = secured.accept_behind(header).await;
            }
        };
        let outcome = asked_beside(secured.address(), &spec, serve).await;
        assert_eq!(outcome.unwrap_err().code(), expected, "{rule}");
    }
}

/// With TLS 1.3 the handshake is over for the client by then.
#[tokio::test]
async fn a_server_that_refuses_clients_without_certificate_is_not_well() {
    for version in [&TLS12, &TLS13] {
        let secured = SecuredServer::with(&["a.example"], &[version], true).await;
        let spec = spec(settings(secured.tls()), fixtures::probe());
        let (outcome, served) = asked(secured.address(), &spec, secured.accept()).await;
        assert!(served.is_err());
        let failure = outcome.unwrap_err();
        assert_eq!(failure.code(), "TlsHandshakeFailed", "{version:?}: {failure}");
        assert!(failure.to_string().contains("client certificate"), "{version:?}: {failure}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_header_fails_without_one() {
    let secured = SecuredServer::new(&["a.example"]).await;
    for (header, expected) in [(None, Some("TlsHandshakeFailed")), (V1, None)] {
        let spec = spec(settings(secured.tls()), with_header(header));
        let serve = async {
            while let Ok(mut stream) = secured.accept_behind(b"PROXY UNKNOWN\r\n").await {
                _ = stream.read(&mut [0; 16]).await;
            }
        };
        let outcome = asked_beside(secured.address(), &spec, serve).await;
        assert_eq!(outcome.as_ref().err().map(Failure::code), expected, "{header:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_chokes_on_the_header_alone_is_told_from_others() {
    let secured = SecuredServer::new(&["a.example"]).await;
    let foreign = SecuredServer::new(&["a.example"]).await.tls();
    for (rule, tls, header, expected) in [
        ("it shakes hands without it", secured.tls(), V1, Some("ProxyHeaderUnsupported")),
        ("it does not read version 2 either", secured.tls(), Some(ProxyVersion::V2), Some("ProxyHeaderUnsupported")),
        ("without it its certificate is seen, good or not", foreign, V1, Some("ProxyHeaderUnsupported")),
        ("without it there is nothing to choke on", secured.tls(), None, None),
    ] {
        let spec = spec(settings(tls), with_header(header));
        let serve = async {
            for _ in 0..3 {
                if let Ok(mut stream) = secured.accept().await {
                    _ = stream.read(&mut [0; 16]).await;
                }
            }
        };
        let outcome = asked_beside(secured.address(), &spec, serve).await;
        assert_eq!(outcome.as_ref().err().map(Failure::code), expected, "{rule}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_matter_of_the_header() {
    for (rule, says, resets) in [
        ("it closes", &b""[..], false),
        ("it resets", b"", true),
        ("it speaks something else", b"220 mail.example ESMTP\r\n", false),
    ] {
        for header in [None, V1] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let spec = spec(settings(SecuredServer::new(&["a.example"]).await.tls()), with_header(header));
            let serve = async {
                for _ in 0..if header.is_some() { 2 } else { 1 } {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
                    stream.write_all(says).await.unwrap();
                    if resets {
                        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                    }
                }
            };
            let (outcome, ()) = asked(address, &spec, serve).await;
            assert_eq!(outcome.unwrap_err().code(), "TlsHandshakeFailed", "{rule}, {header:?}");
        }
    }
}

/// It has ended its own side at once and still reads: no handshake comes of that.
#[tokio::test]
async fn a_server_that_is_half_open_fails_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let spec = spec(settings(SecuredServer::new(&["a.example"]).await.tls()), fixtures::probe());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.shutdown().await.unwrap();
        stream
    };
    let (outcome, _open) = asked(listener.local_addr().unwrap(), &spec, serve).await;
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code(), "TlsHandshakeFailed");
    assert!(failure.to_string().contains("closed the connection"), "{failure}");
}

#[tokio::test]
async fn a_silent_server_leaves_behind_whether_a_header_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = SecuredServer::new(&["a.example"]).await.tls();
    for (header, expected) in [(None, Step::Tls), (V1, Step::TlsBehindHeader)] {
        let spec = spec(settings(tls.clone()), with_header(header));
        let (security, progress, server) = (Security::new(&spec.settings), Progress::default(), server(address, None));
        let ended = timeout(Duration::from_millis(100), probe(&server, &spec, &security, &progress)).await;
        assert!(ended.is_err(), "{ended:?}");
        assert_eq!(progress.get(), expected);
    }
}

/// The second look, without the header, is not allowed to use up the probe's time: what was found stays the reason.
#[tokio::test]
async fn a_server_that_is_silent_without_the_header_failed_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = SecuredServer::new(&["a.example"]).await.tls();
    let question = Probe { timeout: Duration::from_millis(400), ..with_header(V1) };
    let spec = spec(settings(tls), question.clone());
    let serve = async {
        let (mut first, _) = listener.accept().await.unwrap();
        assert_ne!(first.read(&mut [0; 4096]).await.unwrap(), 0);
        drop(first);
        listener.accept().await.unwrap()
    };
    let asked = asked(listener.local_addr().unwrap(), &spec, serve);
    let (outcome, _open) = timeout(question.timeout, asked).await.expect("the probe ends within its time");
    assert_eq!(outcome.unwrap_err().code(), "TlsHandshakeFailed");
}

#[tokio::test]
async fn tls_that_could_not_be_prepared_is_never_replaced_by_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let spec = spec(fixtures::bytes(Scheme::Tls), fixtures::probe());
    let (outcome, ()) = asked(listener.local_addr().unwrap(), &spec, async {}).await;
    assert_eq!(outcome.unwrap_err().code(), "TlsUnavailable");
}

#[test]
fn the_name_that_is_sent_follows_probe_settings_and_member() {
    let fixed = |name: &str| Sni::Fixed(name.into());
    let probe_of = |name: Option<&str>, host: Option<&str>| Probe {
        name: name.map(Arc::from),
        host: host.map(Arc::from),
        ..fixtures::probe()
    };
    let (default, custom) = (|host| probe_of(None, host), |host| probe_of(Some("own"), host));
    let (member, by_address) = (Some("a.example"), None);
    for (rule, probe, sni, member, expected) in [
        ("default, member by address", default(None), Sni::Server, by_address, None),
        ("default, FQDN", default(None), Sni::Server, member, Some("a.example")),
        ("default, hostName", default(Some("h.example")), fixed("h.example"), member, Some("h.example")),
        ("default, hostName is an address", default(Some("10.0.0.9")), fixed("10.0.0.9"), member, None),
        ("own host", custom(Some("P.example")), fixed("h.example"), member, Some("p.example")),
        ("own host, no hostName", custom(Some("p.example")), Sni::Server, member, Some("p.example")),
        ("own host is an address, hostName", custom(Some("127.0.0.1")), fixed("h.example"), member, Some("h.example")),
        ("own host is an address, FQDN", custom(Some("::1")), Sni::Server, member, Some("a.example")),
        ("own host is an address, and so is the member", custom(Some("127.0.0.1")), Sni::Server, by_address, None),
        ("no host, hostName", custom(None), fixed("h.example"), member, Some("h.example")),
        ("no host, FQDN", custom(None), Sni::Server, member, Some("a.example")),
        ("picked from the settings", custom(Some("h.example")), fixed("h.example"), by_address, Some("h.example")),
    ] {
        let (trust, alpn) = (Trust::WellKnown, Vec::new());
        let tls = ServerTls { trust, check_chain: true, check_name: true, sni, alpn, identity: None };
        let host = probe.host.clone().map_or(HostHeader::Client, HostHeader::Fixed);
        let spec = spec(Settings { host, tls: Some(Arc::new(tls)), ..fixtures::bytes(Scheme::Tls) }, probe);
        let server = server(([10, 0, 0, 4], 636).into(), member);
        assert_eq!(request::server_name(&server, &spec).as_deref(), expected, "{rule}");
    }
}
