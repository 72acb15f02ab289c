//! What goes wrong, or well, around certificates.

use super::*;

/// What a connection comes to whose other end says these bytes and closes, or resets when there are none.
async fn answered(bytes: &'static [u8]) -> ServerTlsError {
    let (near, mut far) = duplex(64 * 1024);
    let connector = Connector::new(&strict(Trust::WellKnown)).unwrap();
    let serve = async {
        let mut hello = [0; 64];
        far.read_exact(&mut hello).await.unwrap();
        far.write_all(bytes).await.unwrap();
        drop(far);
    };
    let ((), connected) = tokio::join!(serve, connector.connect(Some("shop.example"), ADDRESS, near));
    connected.err().unwrap()
}

#[tokio::test]
async fn a_server_that_ends_the_handshake_is_quoted() {
    const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    // ServerHello of TLS 1.1.
    const OLD: &[u8] = &[
        22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 0, 0xc0, 0x2f, 0,
    ];
    for (rule, bytes, class, says) in [
        ("closed", &b""[..], Class::Closed, "closed the connection within the TLS handshake"),
        ("HTTP", HTTP, Class::TlsHandshakeFailed, "it may speak plain HTTP"),
        ("alert 40", &[21, 3, 3, 0, 2, 2, 40], Class::TlsHandshakeFailed, "alert handshake_failure (40)"),
        (
            "alert 70",
            &[21, 3, 1, 0, 2, 2, 70],
            Class::TlsHandshakeFailed,
            "alert protocol_version (70); TLS 1.3, and 1.2",
        ),
        (
            "alert 112",
            &[21, 3, 3, 0, 2, 2, 112],
            Class::TlsHandshakeFailed,
            "unrecognized_name (112); the name shop.example",
        ),
        (
            "alert 80",
            &[21, 3, 3, 0, 2, 2, 80],
            Class::TlsHandshakeFailed,
            "internal_error (80); the server has a fault",
        ),
        ("alert 99", &[21, 3, 3, 0, 2, 2, 99], Class::TlsHandshakeFailed, "(99)"),
        ("TLS 1.1", OLD, Class::TlsHandshakeFailed, "no common version of TLS"),
    ] {
        let error = answered(bytes).await;
        assert_eq!(error.class, class, "{rule}: {error}");
        assert!(error.text.contains(says), "{rule}: {error}");
        assert_eq!(class.code(), "TlsHandshakeFailed");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused_whatever_is_switched_off() {
    let root = Authority::root("Root");
    let (victim, thief) = (root.leaf("shop.example"), root.leaf("thief.example"));
    for versions in [vec![&TLS13], vec![&TLS12]] {
        let server = FakeServer { key: key(&thief.key), versions, ..FakeServer::new(&victim, &[]) };
        let careless = ServerTls { check_chain: false, check_name: false, ..trusting(&[]) };
        for tls in [trusting(&[&root]), careless] {
            let error = outcome(&tls, &server).await.unwrap_err();
            assert_eq!(error.class, Class::TlsHandshakeFailed);
            assert!(error.text.contains("could not prove that it has the key"), "{error}");
        }
    }
}

#[tokio::test]
async fn tls_1_2_is_spoken_where_there_is_no_other() {
    let root = Authority::root("Root");
    let server = FakeServer { versions: vec![&TLS12], ..FakeServer::new(&root.leaf("shop.example"), &[]) };
    let made = outcome(&trusting(&[&root]), &server).await.unwrap();
    assert_eq!(made.version, rustls::ProtocolVersion::TLSv1_2);
}

#[tokio::test]
async fn the_next_handshake_goes_on_from_the_last_unless_a_whole_one_is_wanted() {
    let root = Authority::root("Root");
    for versions in [vec![&TLS13], vec![&TLS12]] {
        let server = FakeServer { versions, ..FakeServer::new(&root.leaf("shop.example"), &[]) }.config();
        let connector = Connector::new(&trusting(&[&root])).unwrap();
        for resumed in [false, true, true] {
            assert_eq!(shake(&connector, Some("shop.example"), &server).await.unwrap().resumed, resumed);
        }
        let whole = Connector { config: Arc::clone(&connector.whole), ..connector };
        assert!(!shake(&whole, Some("shop.example"), &server).await.unwrap().resumed);
    }
}

#[tokio::test]
async fn protocols_are_offered_and_a_server_may_agree_to_one() {
    let root = Authority::root("Root");
    let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
    for (offered, spoken, expected) in [
        (names(&["postgresql"]), names(&["postgresql"]), Some(&b"postgresql"[..])),
        (names(&["mqtt", "postgresql"]), names(&["postgresql", "mqtt"]), Some(b"postgresql")),
        (names(&["postgresql"]), names(&[]), None),
        (names(&[]), names(&["postgresql"]), None),
    ] {
        let server = FakeServer { alpn: spoken, ..FakeServer::new(&root.leaf("shop.example"), &[]) };
        let alpn = offered.iter().map(|name| name.as_slice().into()).collect();
        let made = outcome(&ServerTls { alpn, ..trusting(&[&root]) }, &server).await.unwrap();
        assert_eq!(made.alpn.as_deref(), expected, "{offered:?}");
    }
    let server = FakeServer { alpn: names(&["mqtt"]), ..FakeServer::new(&root.leaf("shop.example"), &[]) };
    let tls = ServerTls { alpn: vec![b"postgresql".as_slice().into()], ..trusting(&[&root]) };
    let error = outcome(&tls, &server).await.unwrap_err();
    assert_eq!(error.class, Class::TlsHandshakeFailed);
    assert!(error.text.contains("no_application_protocol (120); it speaks none of the protocols offered"), "{error}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_the_one_there_is() {
    let (root, clients) = (Authority::root("Root"), Authority::root("Clients"));
    let own = clients.leaf("gateway");
    for versions in [vec![&TLS13], vec![&TLS12]] {
        let server =
            FakeServer { versions, clients: Some(clients.der()), ..FakeServer::new(&root.leaf("shop.example"), &[]) };
        let without = trusting(&[&root]);
        let error = outcome(&without, &server).await.unwrap_err();
        assert_eq!(error.class, Class::TlsHandshakeFailed);
        assert!(
            error.text.contains("alert certificate_required (116)") || error.text.contains("handshake_failure"),
            "{error}"
        );
        let with = ServerTls { identity: Some(own.identity()), ..without };
        assert!(outcome(&with, &server).await.is_ok());
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_sent_is_said() {
    let connector = Connector::new(&strict(Trust::WellKnown)).unwrap();
    let (near, _far) = duplex(64);
    let error = connector.connect(Some("b\u{fc}.example"), ADDRESS, near).await.err().unwrap();
    assert!(error.text.contains("b\\u{fc}.example is no DNS name"), "{error}");
}

#[test]
fn roots_that_cannot_be_read_are_refused_beforehand() {
    let tls = strict(Trust::Roots(vec![CertificateDer::from(b"garbage".to_vec())]));
    let error = Connector::new(&tls).unwrap_err();
    assert_eq!(error.code, crate::certificate::codes::ROOT_INVALID);
    assert!(error.message.contains("root 1"), "{error}");
}
