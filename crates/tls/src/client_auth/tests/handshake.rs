//! What becomes of handshakes in which a client certificate is asked for.

use std::sync::Arc;

use rcgen::KeyPair;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::duplex;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::fixtures::version_1;

fn key(pair: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(pair.serialize_der()).into()
}

/// A handshake with a server that asks. Returns what the server got, or its error.
async fn shake(
    auth: &ClientAuth,
    version: &'static SupportedProtocolVersion,
    shown: Option<(Vec<CertificateDer<'static>>, &KeyPair)>,
) -> Result<Option<Vec<CertificateDer<'static>>>, String> {
    let authority = Authority::root("Server Root");
    let own = authority.leaf("server.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(AskForCertificate::new(auth))
        .with_single_cert(vec![own.der.clone()], key(&own.key))
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let client = match shown {
        // Not `with_client_auth_cert`, which compares the key with the certificate.
        Some((chain, pair)) => {
            let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key(pair)).unwrap();
            let shown = rustls::sign::CertifiedKey::new(chain, signer);
            client.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)))
        }
        None => client.with_no_client_auth(),
    };
    let (near, far) = duplex(64 * 1024);
    let name = ServerName::try_from("server.example").unwrap();
    let connector = TlsConnector::from(Arc::new(client));
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let (accepted, _connected) = tokio::join!(acceptor.accept(far), connector.connect(name, near));
    let stream = accepted.map_err(|error| error.to_string())?;
    Ok(stream.get_ref().1.peer_certificates().map(<[_]>::to_vec))
}

#[tokio::test]
async fn every_certificate_whose_key_the_client_has_completes_the_handshake() {
    let root = Authority::root("Root");
    let auth = auth(vec![chain(&root, &[])]);
    for version in [&TLS12, &TLS13] {
        for leaf in
            [root.leaf("good"), root.leaf_with("late", expire), self_signed("stranger", |_| {}), version_1("old")]
        {
            let got = shake(&auth, version, Some((vec![leaf.der.clone()], &leaf.key))).await;
            assert_eq!(got, Ok(Some(vec![leaf.der])), "{version:?}");
        }
        assert_eq!(shake(&auth, version, None).await, Ok(None), "{version:?}");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_ends_the_handshake() {
    let root = Authority::root("Root");
    let passthrough = ClientAuth { mode: Mode::Passthrough, ..auth(Vec::new()) };
    let (victim, thief) = (root.leaf("victim"), KeyPair::generate().unwrap());
    for auth in [&auth(vec![chain(&root, &[])]), &passthrough] {
        for version in [&TLS12, &TLS13] {
            let got = shake(auth, version, Some((vec![victim.der.clone()], &thief))).await;
            assert!(got.as_ref().is_err_and(|error| error.contains("BadSignature")), "{version:?}: {got:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_certificate_ends_the_handshake() {
    let auth = auth(vec![chain(&Authority::root("Root"), &[])]);
    let pair = KeyPair::generate().unwrap();
    for version in [&TLS12, &TLS13] {
        let got = shake(&auth, version, Some((vec![CertificateDer::from(b"garbage".to_vec())], &pair))).await;
        assert!(got.is_err(), "{version:?}");
    }
}

#[test]
fn clients_are_told_the_uploaded_authorities_once() {
    use rustls::server::danger::ClientCertVerifier;

    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let issuing = root.intermediate("Issuing");
    let strict = auth(vec![chain(&root, &[&issuing]), chain(&other, &[]), chain(&root, &[])]);
    assert_eq!(AskForCertificate::new(&strict).root_hint_subjects().len(), 3);
    let passthrough = ClientAuth { mode: Mode::Passthrough, ..strict };
    assert!(AskForCertificate::new(&passthrough).root_hint_subjects().is_empty());
    let many = (0..300).map(|n| chain(&Authority::root(&format!("{n}{}", "x".repeat(60))), &[])).collect();
    assert!(AskForCertificate::new(&auth(many)).root_hint_subjects().is_empty(), "more than clients can take");
}
