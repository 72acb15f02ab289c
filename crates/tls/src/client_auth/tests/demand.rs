//! Handshakes that fail where a good client certificate is demanded.

use std::io;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, HandshakeKind, ServerConnection, SupportedProtocolVersion,
};

use super::*;
use crate::acceptor::{Acceptor, Application, ListenerTls};
use crate::fixtures::{talk, trusting, version_1};
use crate::policy::Policy;
use crate::tickets::Tickets;

/// A client of one version that shows a chain with a key.
fn client(
    version: &'static SupportedProtocolVersion,
    shown: Option<(&[CertificateDer<'static>], &Leaf)>,
) -> ClientConfig {
    let client = trusting(&[version]);
    match shown {
        // Not `with_client_auth_cert`, which compares the key with the certificate.
        Some((chain, leaf)) => {
            let key: PrivateKeyDer<'_> = PrivatePkcs8KeyDer::from(leaf.key.serialize_der()).into();
            let signer = aws_lc_rs::sign::any_supported_type(&key).unwrap();
            let shown = rustls::sign::CertifiedKey::new(chain.to_vec(), signer);
            client.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)))
        }
        None => client.with_no_client_auth(),
    }
}

fn listener(auth: &ClientAuth, application: Application) -> Acceptor {
    let tls = ListenerTls {
        identity: Arc::new(self_signed("server.example", |_| {}).identity()),
        policy: Arc::new(Policy::default()),
        client_auth: Some(Arc::new(auth.clone())),
        application,
    };
    Acceptor::new(&tls, &Tickets::random()).unwrap()
}

fn bytes(auth: &ClientAuth) -> Acceptor {
    listener(auth, Application::Bytes { alpn: Vec::new() })
}

/// How a handshake ended, and a message behind it.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    /// The alert that the client got.
    alert: Option<AlertDescription>,
    /// What the server says of the client's certificate.
    refusal: Option<String>,
    /// Whether the server got what the client sent.
    served: bool,
}

impl Ended {
    fn well() -> Self {
        Self { alert: None, refusal: None, served: true }
    }

    fn refused(alert: AlertDescription, verdict: &str) -> Self {
        Self { alert: Some(alert), refusal: Some(verdict.to_owned()), served: false }
    }
}

/// A handshake, and a message of the client behind it.
fn shake(acceptor: &Acceptor, client: &Arc<ClientConfig>) -> (Ended, ServerConnection) {
    let name = ServerName::try_from("server.example").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(acceptor.config(std::iter::empty())).unwrap();
    io::Write::write_all(&mut client.writer(), b"hello").unwrap();
    let (at_client, at_server) = talk(&mut client, &mut server);
    let alert = match at_client {
        Some(Error::AlertReceived(alert)) => Some(alert),
        _ => None,
    };
    let refusal = at_server.and_then(|error| refusal(&io::Error::new(io::ErrorKind::InvalidData, error)));
    let mut said = [0; 5];
    let served = io::Read::read(&mut server.reader(), &mut said).is_ok_and(|count| &said[..count] == b"hello");
    (Ended { alert, refusal: refusal.map(|verdict| verdict.to_string()), served }, server)
}

#[test]
fn a_client_without_a_good_certificate_gets_the_alert_that_says_why() {
    use AlertDescription as Alert;

    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let (issuing, stale) = (root.intermediate("Issuing"), root.intermediate_with("Stale", expire));
    let beside = root.intermediate("Beside");
    let for_servers = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    let revoked = issuing.leaf("revoked");
    let plain = auth(vec![chain(&root, &[&issuing])]);
    let by_name = ClientAuth { verify_issuer: true, ..plain.clone() };
    let with_list = |list| ClientAuth { crls: vec![list], ..plain.clone() };
    let current = with_list(list(&issuing, &[&revoked], false));
    let old = with_list(list(&issuing, &[], true));
    let missing = with_list(list(&other, &[], false));
    let shallow = ClientAuth { max_depth: 1, ..plain.clone() };
    let two = beside.intermediate("Two");
    let own = self_signed("own", |_| {});
    for (rule, auth, leaf, others, alert, says) in [
        ("good", &plain, issuing.leaf("client"), vec![], None, ""),
        ("good, with its issuer", &plain, beside.leaf("client"), vec![&beside], None, ""),
        ("good by its issuer's name", &by_name, issuing.leaf("client"), vec![], None, ""),
        ("not on the list", &current, issuing.leaf("client"), vec![], None, ""),
        (
            "expired",
            &plain,
            issuing.leaf_with("client", expire),
            vec![],
            Some(Alert::CertificateExpired),
            "certificate has expired",
        ),
        (
            "not yet valid",
            &plain,
            issuing.leaf_with("client", postpone),
            vec![],
            Some(Alert::CertificateExpired),
            "certificate is not yet valid",
        ),
        (
            "issuer expired",
            &plain,
            stale.leaf("client"),
            vec![&stale],
            Some(Alert::CertificateExpired),
            "certificate has expired",
        ),
        ("on the list", &current, revoked, vec![], Some(Alert::CertificateRevoked), "certificate revoked"),
        ("list expired", &old, issuing.leaf("client"), vec![], Some(Alert::UnknownCA), "CRL has expired"),
        (
            "no list of its issuer",
            &missing,
            issuing.leaf("client"),
            vec![],
            Some(Alert::UnknownCA),
            "unable to get certificate CRL",
        ),
        (
            "wrong authority",
            &plain,
            other.leaf("client"),
            vec![],
            Some(Alert::UnknownCA),
            "unable to verify the first certificate",
        ),
        (
            "wrong authority, root sent",
            &plain,
            other.leaf("client"),
            vec![&other],
            Some(Alert::UnknownCA),
            "self-signed certificate in certificate chain",
        ),
        (
            "chain incomplete",
            &plain,
            beside.leaf("client"),
            vec![],
            Some(Alert::UnknownCA),
            "unable to verify the first certificate",
        ),
        ("self-signed", &plain, own, vec![], Some(Alert::UnknownCA), "self-signed certificate"),
        (
            "chain too long",
            &shallow,
            two.leaf("client"),
            vec![&two, &beside],
            Some(Alert::UnknownCA),
            "certificate chain too long",
        ),
        (
            "for servers",
            &plain,
            issuing.leaf_with("client", for_servers),
            vec![],
            Some(Alert::BadCertificate),
            "unsuitable certificate purpose",
        ),
        (
            "another issuer's name",
            &by_name,
            beside.leaf("client"),
            vec![&beside],
            Some(Alert::BadCertificate),
            "issuer DN mismatch",
        ),
        (
            "a namesake of the root",
            &plain,
            Authority::root("Root").leaf("client"),
            vec![],
            Some(Alert::BadCertificate),
            "certificate signature failure",
        ),
        (
            "version 1",
            &plain,
            version_1("client"),
            vec![],
            Some(Alert::BadCertificate),
            "unsupported certificate version, 3 is needed",
        ),
    ] {
        let chain: Vec<_> = std::iter::once(leaf.der.clone()).chain(others.iter().map(|other| other.der())).collect();
        let expected = alert.map_or_else(Ended::well, |alert| Ended::refused(alert, &format!("FAILED:{says}")));
        for version in [&TLS12, &TLS13] {
            let client = Arc::new(client(version, Some((&chain, &leaf))));
            assert_eq!(shake(&bytes(auth), &client).0, expected, "{rule}, {version:?}");
        }
    }
}

#[test]
fn a_client_without_any_is_told_so_as_far_as_its_version_can_say() {
    let auth = auth(vec![chain(&Authority::root("Root"), &[])]);
    for (version, alert) in
        [(&TLS12, AlertDescription::HandshakeFailure), (&TLS13, AlertDescription::CertificateRequired)]
    {
        assert_eq!(shake(&bytes(&auth), &Arc::new(client(version, None))).0, Ended::refused(alert, "NONE"));
    }
}

#[test]
fn a_certificate_without_its_key_is_refused_in_every_mode() {
    let root = Authority::root("Root");
    let strict = auth(vec![chain(&root, &[])]);
    let passthrough = ClientAuth { mode: Mode::Passthrough, ..auth(Vec::new()) };
    let (victim, thief) = (root.leaf("victim"), root.leaf("thief"));
    for auth in [strict, passthrough] {
        for version in [&TLS12, &TLS13] {
            let client = client(version, Some((std::slice::from_ref(&victim.der), &thief)));
            let expected = "FAILED:the client did not prove that it has the certificate's key";
            let ended = shake(&bytes(&auth), &Arc::new(client)).0;
            assert_eq!(ended, Ended::refused(AlertDescription::DecryptError, expected), "{version:?}");
        }
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let auth = auth(vec![chain(&Authority::root("Root"), &[])]);
    let leaf = self_signed("client", |_| {});
    for version in [&TLS12, &TLS13] {
        let client = client(version, Some((&[CertificateDer::from(b"garbage".to_vec())], &leaf)));
        let expected = Ended::refused(AlertDescription::BadCertificate, "FAILED:the certificate cannot be read");
        assert_eq!(shake(&bytes(&auth), &Arc::new(client)).0, expected, "{version:?}");
    }
}

#[test]
fn nothing_is_refused_in_passthrough_or_where_an_answer_can_say_it() {
    let root = Authority::root("Root");
    let passthrough = bytes(&ClientAuth { mode: Mode::Passthrough, ..auth(Vec::new()) });
    let http = listener(&auth(vec![chain(&root, &[])]), Application::Http { http2: true });
    let stranger = self_signed("stranger", expire);
    for acceptor in [passthrough, http] {
        for version in [&TLS12, &TLS13] {
            let shown = client(version, Some((std::slice::from_ref(&stranger.der), &stranger)));
            let (ended, server) = shake(&acceptor, &Arc::new(shown));
            assert_eq!(ended, Ended::well());
            assert_eq!(server.peer_certificates().map(<[_]>::len), Some(1));
            assert_eq!(shake(&acceptor, &Arc::new(client(version, None))).0, Ended::well());
        }
    }
}

#[test]
fn every_handshake_shows_its_certificate_where_one_is_demanded() {
    let root = Authority::root("Root");
    let strict = auth(vec![chain(&root, &[])]);
    let leaf = root.leaf("client");
    let passthrough = ClientAuth { mode: Mode::Passthrough, ..auth(Vec::new()) };
    for (auth, second) in [(&strict, HandshakeKind::Full), (&passthrough, HandshakeKind::Resumed)] {
        let acceptor = bytes(auth);
        for version in [&TLS12, &TLS13] {
            let client = Arc::new(client(version, Some((std::slice::from_ref(&leaf.der), &leaf))));
            for expected in [HandshakeKind::Full, second] {
                let (ended, server) = shake(&acceptor, &client);
                assert_eq!((ended, server.handshake_kind()), (Ended::well(), Some(expected)), "{version:?}");
            }
        }
    }
}

/// What an HTTPS listener has agreed to without a look at the certificate is worth nothing where one is demanded.
#[test]
fn a_session_of_a_listener_that_does_not_refuse_is_not_resumed_by_one_that_does() {
    let auth = auth(vec![chain(&Authority::root("Root"), &[])]);
    let stranger = self_signed("stranger", |_| {});
    let tickets = Tickets::random();
    let listener = |application| {
        let identity = Arc::new(self_signed("server.example", |_| {}).identity());
        let client_auth = Some(Arc::new(auth.clone()));
        let tls = ListenerTls { identity, policy: Arc::new(Policy::default()), client_auth, application };
        Acceptor::new(&tls, &tickets).unwrap()
    };
    let (http, bytes) =
        (listener(Application::Http { http2: false }), listener(Application::Bytes { alpn: Vec::new() }));
    for version in [&TLS12, &TLS13] {
        let client = Arc::new(client(version, Some((std::slice::from_ref(&stranger.der), &stranger))));
        assert_eq!(shake(&http, &client).0, Ended::well());
        assert_eq!(shake(&http, &client).1.handshake_kind(), Some(HandshakeKind::Resumed));
        let expected = Ended::refused(AlertDescription::UnknownCA, "FAILED:self-signed certificate");
        assert_eq!(shake(&bytes, &client).0, expected, "{version:?}");
    }
}

#[test]
fn an_error_that_is_not_about_certificates_says_nothing_of_them() {
    for error in [
        io::Error::from(io::ErrorKind::UnexpectedEof),
        io::Error::new(io::ErrorKind::InvalidData, Error::HandshakeNotComplete),
        io::Error::new(io::ErrorKind::InvalidData, Error::AlertReceived(AlertDescription::UnknownCA)),
    ] {
        assert_eq!(refusal(&error), None, "{error}");
    }
}
