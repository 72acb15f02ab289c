use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn joined(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| fixture(name)).collect()
}

fn base64(data: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(data).into_bytes()
}

fn der(name: &str) -> Vec<u8> {
    match files::content(&fixture(name), LARGEST).unwrap() {
        Content::Certificates(certificates) => certificates[0].to_vec(),
        Content::PrivateKey => panic!("{name}"),
    }
}

#[test]
fn roots_are_read_in_every_form() {
    let bundle = joined(&["root.pem", "mid.pem"]);
    let rows = [
        ("PEM", fixture("root.pem"), 1),
        ("a bundle", bundle.clone(), 2),
        ("DER", der("root.pem"), 1),
        ("base64 of DER", base64(&der("root.pem")), 1),
        ("base64 of PEM", base64(&bundle), 2),
    ];
    for (name, data, count) in rows {
        let roots = read_roots(&data).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(roots.len(), count, "{name}");
        assert_eq!(roots[0].as_ref(), der("root.pem"), "{name}");
    }
}

#[test]
fn what_is_no_root_is_named() {
    let rows = [
        ("empty", b" ".to_vec(), codes::ROOT_INVALID, "the file is empty"),
        ("noise", b"hello".to_vec(), codes::ROOT_INVALID, "this is no certificate file"),
        ("key beside", joined(&["root.pem", "leaf.key"]), codes::ROOT_PRIVATE_KEY, "remove the key"),
        ("key alone", fixture("leaf.sec1.key"), codes::ROOT_PRIVATE_KEY, "expected certificates only"),
        ("request", fixture("leaf.csr"), codes::ROOT_INVALID, "this is a request for a certificate"),
        ("cut", der("root.pem")[..90].to_vec(), codes::ROOT_INVALID, "the certificate ends too early"),
        ("too large", vec![b' '; LARGEST + 1], codes::ROOT_INVALID, "expected at most 1048576"),
    ];
    for (name, data, code, text) in rows {
        let error = read_roots(&data).expect_err(name);
        assert_eq!(error.code, code, "{name}: {error}");
        assert!(error.to_string().contains(text), "{name}: {error}");
    }
}

/// Names of authorities with the place of their issuer; the first is the root.
fn authorities(rows: &[(&str, usize)]) -> Vec<String> {
    let mut made: Vec<(Issuer<'static, KeyPair>, String)> = Vec::new();
    for (name, issuer) in rows {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, *name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = match made.get(*issuer) {
            Some((issuer, _)) => params.signed_by(&key, issuer).unwrap().pem(),
            None => params.self_signed(&key).unwrap().pem(),
        };
        made.push((Issuer::new(params, key), pem));
    }
    made.into_iter().map(|(_, pem)| pem).collect()
}

#[test]
fn the_issuer_of_clients_is_the_end_of_the_longest_chain() {
    const ROOT: usize = usize::MAX;
    let rows: [(&[(&str, usize)], &str); 4] = [
        (&[("Root", ROOT)], "CN=Root"),
        (&[("Root", ROOT), ("Upper", 0), ("Lower", 1)], "CN=Lower"),
        (&[("Root", ROOT), ("Alone", 0), ("Upper", 0), ("Lower", 2)], "CN=Lower"),
        (&[("Root", ROOT), ("First", 0), ("Second", 0)], "CN=First"),
    ];
    for (certificates, expected) in rows {
        let mut pems = authorities(certificates);
        for _ in 0..pems.len() {
            let chain = read_client_chain(pems.concat().as_bytes()).unwrap();
            assert_eq!(chain.intermediates.len(), certificates.len() - 1);
            assert_eq!(Facts::read(&chain.root).unwrap().subject, "CN=Root");
            // Which of two equal ways is first changes with the order.
            if expected != "CN=First" {
                assert_eq!(chain.issuer_text, expected, "{certificates:?}");
                pems.rotate_left(1);
            } else {
                assert_eq!(chain.issuer_text, expected);
            }
        }
    }
}

#[test]
fn certificates_that_are_no_authoritys_are_left_out() {
    let chain = read_client_chain(&base64(&joined(&["leaf.pem", "mid.pem", "root.pem", "root.pem"]))).unwrap();
    assert_eq!(chain.root.as_ref(), der("root.pem"));
    assert_eq!(chain.intermediates, [CertificateDer::from(der("mid.pem"))]);
    assert_eq!(chain.issuer_text, "CN=Fixture Intermediate,O=Fixture");
}

#[test]
fn a_chain_that_azure_refuses_has_azures_code() {
    let two = authorities(&[("One", usize::MAX), ("Other", usize::MAX)]).concat().into_bytes();
    let rows = [
        (b" ".to_vec(), codes::CLIENT_CA_MISSING, "has no data"),
        (joined(&["root.pem", "leaf.key"]), codes::CLIENT_CA_PRIVATE_KEY, "remove the key"),
        (b"hello".to_vec(), codes::CLIENT_CA_INVALID, "this is no certificate file"),
        (fixture("leaf.pem"), codes::CLIENT_CA_NONE, "holds no certificate of an authority"),
        (fixture("mid.pem"), codes::CLIENT_CA_NONE, "the chain of CN=Fixture Intermediate,O=Fixture has no root"),
        (two, codes::CLIENT_CA_SEVERAL, "found CN=One; CN=Other, expected one"),
    ];
    for (data, code, text) in rows {
        let error = read_client_chain(&data).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn lists_of_revoked_certificates_are_read_from_der_and_pem() {
    let pem = fixture("root.crl");
    let list = read_revocation_lists(&pem).unwrap().remove(0);
    assert_eq!(read_revocation_lists(&list).unwrap(), std::slice::from_ref(&list));
    assert_eq!(read_revocation_lists(&[pem.clone(), pem].concat()).unwrap().len(), 2);
    let broken = "-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n";
    for data in [b"".to_vec(), fixture("root.pem"), der("root.pem"), broken.into(), list[..40].to_vec()] {
        assert_eq!(read_revocation_lists(&data).unwrap_err().code, LIST_INVALID);
    }
}
