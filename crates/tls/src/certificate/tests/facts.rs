//! What is read from a certificate, compared with what `openssl x509` prints of it.

use super::*;

#[test]
fn names_serial_and_addresses_are_those_openssl_prints() {
    let facts = Facts::read(&der("names.pem")).unwrap();
    // openssl x509 -in names.pem -noout -subject -issuer -serial -nameopt RFC2253 -ext authorityInfoAccess
    assert_eq!(facts.subject, r#"CN=\ #1,emailAddress=a@b.example,O=B\C3\BCro\, \"S\C3\BCd\"+OU=a\+b,C=DE"#);
    assert_eq!(facts.issuer, "CN=Fixture Intermediate,O=Fixture");
    assert_eq!(facts.common_name.as_deref(), Some(" #1"));
    assert_eq!(facts.serial, "B0");
    assert_eq!(facts.ocsp_urls, ["http://ocsp.example/x"]);
    assert_eq!(facts.not_after - facts.not_before, 7305 * 86_400);
}

#[test]
fn the_facts_of_a_server_and_of_a_root_are_read() {
    let facts = Facts::read(&der("leaf.pem")).unwrap();
    assert_eq!(facts.names, ["shop.example", "*.shop.example"]);
    assert_eq!(facts.addresses, ["192.0.2.7".parse::<std::net::IpAddr>().unwrap()]);
    assert!(facts.has_alternative_names && !facts.is_ca && !facts.is_self_signed);
    assert_eq!((facts.key, facts.sha1.len(), facts.sha256.len()), (KeyKind::P256, 40, 64));
    let root = Facts::read(&der("root.pem")).unwrap();
    assert!(root.is_ca && root.is_self_signed && !root.has_alternative_names);
    let own_curve = Facts::read(&pem::sections(&fixture("kind_explicit_curve.pem")).unwrap()[1].der).unwrap();
    assert_eq!(own_curve.key, KeyKind::Other);
}

#[test]
fn a_host_is_covered_by_name_wildcard_and_address() {
    let facts = Facts::read(&der("leaf.pem")).unwrap();
    let rows = [
        ("shop.example", true),
        ("SHOP.example.", true),
        ("www.shop.example", true),
        ("a.www.shop.example", false),
        (".shop.example", false),
        ("example", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("[2001:db8::1]", false),
        ("", false),
    ];
    for (host, expected) in rows {
        assert_eq!(facts.covers(host), expected, "{host}");
    }
}

#[test]
fn the_common_name_counts_only_without_alternative_names() {
    let of = |common: &str, names: &[&str]| Facts {
        common_name: Some(common.into()),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        has_alternative_names: !names.is_empty(),
        ..Facts::read(&der("root.pem")).unwrap()
    };
    assert!(of("Shop.example", &[]).covers("shop.example"));
    assert!(!of("shop.example", &["other.example"]).covers("shop.example"));
    assert!(!of("*.example", &[]).covers("shop.example"), "a wildcard under a top-level name");
    assert!(of("*.shop.example", &[]).covers("www.shop.example"));
}

#[test]
fn what_is_no_certificate_says_why() {
    let mut two = der("leaf.pem");
    two.extend(der("mid.pem"));
    let rows: [(&[u8], &str); 4] = [
        (&two, "bytes follow the certificate"),
        (&der("leaf.pem")[..100], "it ends too early"),
        (b"\x30\x03\x02\x01\x05", "it is not X.509"),
        (b"\x3F\x03\x02\x01\x05", "it is not ASN.1"),
    ];
    for (data, expected) in rows {
        assert!(Facts::read(data).unwrap_err().to_string().contains(expected));
    }
}
