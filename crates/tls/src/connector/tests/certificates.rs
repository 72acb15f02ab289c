//! Which certificates are taken, and what the others are called.

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa};

use super::*;

fn authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn for_clients(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

#[tokio::test]
async fn a_chain_to_a_trusted_root_is_good() {
    let root = Authority::root("Root");
    let (one, two) = (root.intermediate("One"), Authority::root("Two"));
    let (leaf, direct) = (one.leaf("shop.example"), root.leaf("shop.example"));
    for server in [
        FakeServer::new(&leaf, &[&one]),
        FakeServer::new(&leaf, &[&one, &root]),
        FakeServer::new(&leaf, &[&root, &one]),
        FakeServer::new(&direct, &[]),
    ] {
        let made = outcome(&trusting(&[&two, &root]), &server).await.unwrap();
        assert_eq!(made.sni.as_deref(), Some("shop.example"));
        assert_eq!(made.version, rustls::ProtocolVersion::TLSv1_3);
    }
}

/// Chain, trust (with custom roots or without), class, and a part of the text.
struct Row {
    rule: &'static str,
    server: FakeServer,
    tls: ServerTls,
    class: Class,
    says: &'static str,
}

fn row(rule: &'static str, server: FakeServer, tls: ServerTls, class: Class, says: &'static str) -> Row {
    Row { rule, server, tls, class, says }
}

fn rows() -> Vec<Row> {
    let public = || strict(Trust::WellKnown);
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let (one, namesake) = (root.intermediate("One"), Authority::root("Root"));
    let late_one = root.intermediate_with("Late One", expire);
    let late_root = Authority::root_with("Late Root", expire);
    let below = one.intermediate("Below");
    let no_authority = root.intermediate_with("No Authority", |params| params.is_ca = IsCa::NoCa);
    let short = root.intermediate_with("Short", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let short_below = short.intermediate("Short Below");
    let leaf = one.leaf("shop.example");
    let own = |change: fn(&mut CertificateParams)| FakeServer::new(&self_signed("shop.example", change), &[]);
    let of_one = |change: fn(&mut CertificateParams)| FakeServer::new(&one.leaf_with("shop.example", change), &[&one]);
    let mut headless = FakeServer::new(&leaf, &[]);
    headless.chain = vec![one.der(), root.der()];
    let mut turned = FakeServer::new(&leaf, &[]);
    turned.chain = vec![root.der(), one.der(), leaf.der.clone()];
    let mut odd = FakeServer::new(&leaf, &[]);
    odd.chain = vec![CertificateDer::from(b"garbage".to_vec())];
    let mut empty = FakeServer::new(&leaf, &[]);
    empty.chain = Vec::new();
    let trusting_root = || trusting(&[&root]);
    vec![
        row(
            "another name",
            FakeServer::new(&one.leaf("b.example"), &[&one]),
            trusting_root(),
            Class::CertNameMismatch,
            "has the names b.example, not shop.example",
        ),
        row(
            "expired",
            of_one(expire),
            trusting_root(),
            Class::CertDateInvalid,
            "the server's certificate, CN=shop.example, expired on 2020-01-01T00:00:00Z",
        ),
        row(
            "not yet valid",
            of_one(postpone),
            trusting_root(),
            Class::CertDateInvalid,
            "CN=shop.example, is not valid before 4000-01-01T00:00:00Z",
        ),
        row("expired, of nobody known", own(expire), trusting_root(), Class::CertDateInvalid, "expired on"),
        row(
            "expired intermediate",
            FakeServer::new(&late_one.leaf("shop.example"), &[&late_one]),
            trusting_root(),
            Class::CertDateInvalid,
            "the intermediate that the server sends, CN=Late One, expired",
        ),
        row(
            "expired root",
            FakeServer::new(&late_root.leaf("shop.example"), &[]),
            trusting(&[&late_root]),
            Class::CertDateInvalid,
            "the trusted root CN=Late Root expired",
        ),
        row(
            "intermediate missing",
            FakeServer::new(&leaf, &[]),
            trusting_root(),
            Class::IntermediateMissing,
            "issued by CN=One, which is missing",
        ),
        row(
            "intermediate missing, root sent",
            FakeServer::new(&leaf, &[&root]),
            trusting_root(),
            Class::IntermediateMissing,
            "issued by CN=One, which is missing",
        ),
        row(
            "self-signed, no authority",
            own(|_| {}),
            trusting_root(),
            Class::IntermediateMissing,
            "self-signed but no authority",
        ),
        row(
            "self-signed, no authority, public",
            own(|_| {}),
            public(),
            Class::IntermediateMissing,
            "self-signed but no authority",
        ),
        row(
            "no leaf",
            headless,
            trusting_root(),
            Class::LeafMissing,
            "CN=One is an authority (CA:TRUE), and so are all others",
        ),
        row("no certificate at all", empty, trusting_root(), Class::LeafMissing, "sends no certificate"),
        row(
            "leaf last",
            turned,
            trusting_root(),
            Class::LeafNotFirst,
            "CN=shop.example, is number 3 of the chain it sends; CN=Root, an authority, comes first",
        ),
        row(
            "public, issuer unknown",
            FakeServer::new(&root.leaf("shop.example"), &[]),
            public(),
            Class::LeafNotWellKnown,
            "issued by CN=Root, which is no well-known authority",
        ),
        row(
            "public, private root sent",
            FakeServer::new(&root.leaf("shop.example"), &[&root]),
            public(),
            Class::LeafNotWellKnown,
            "issued by CN=Root, which is no well-known authority",
        ),
        row(
            "public, self-signed authority",
            own(authority),
            public(),
            Class::LeafNotWellKnown,
            "is self-signed and so from no well-known authority",
        ),
        row(
            "public, private intermediate",
            FakeServer::new(&leaf, &[&one]),
            public(),
            Class::IntermediateNotWellKnown,
            "goes up to CN=One, and CN=Root is no well-known authority",
        ),
        row(
            "public, private intermediate and root",
            FakeServer::new(&leaf, &[&one, &root]),
            public(),
            Class::IntermediateNotWellKnown,
            "goes up to CN=Root, and CN=Root is no",
        ),
        row(
            "another root, not sent",
            FakeServer::new(&leaf, &[&one]),
            trusting(&[&other]),
            Class::RootMismatchNoRootPresented,
            "ends at CN=One, issued by CN=Root, which is not one",
        ),
        row(
            "another root, sent",
            FakeServer::new(&leaf, &[&one, &root]),
            trusting(&[&other]),
            Class::RootMismatchRootPresented,
            "ends at the root CN=Root, which is not one",
        ),
        row(
            "another self-signed authority",
            own(authority),
            trusting_root(),
            Class::RootMismatchRootPresented,
            "is self-signed and is not one of the trusted roots",
        ),
        row(
            "a root of that name",
            FakeServer::new(&leaf, &[&one]),
            trusting(&[&namesake]),
            Class::RootMismatchNoRootPresented,
            "has the name of the issuer of CN=One, but another key",
        ),
        row(
            "a root of that name, sent",
            FakeServer::new(&leaf, &[&one, &root]),
            trusting(&[&namesake]),
            Class::RootMismatchRootPresented,
            "but another key",
        ),
        row(
            "an intermediate in place of the root, root sent",
            FakeServer::new(&leaf, &[&one, &root]),
            trusting(&[&one]),
            Class::RootMismatchRootPresented,
            "ends at the root CN=Root",
        ),
        row(
            "an intermediate of that name",
            FakeServer::new(&leaf, &[&root.intermediate("One")]),
            trusting_root(),
            Class::CertVerifyOther(7),
            "CN=shop.example says that CN=One issued it, but",
        ),
        row(
            "for clients",
            of_one(for_clients),
            trusting_root(),
            Class::CertVerifyOther(26),
            "must have serverAuth (OpenSSL error 26)",
        ),
        row(
            "issued by no authority",
            FakeServer::new(&no_authority.leaf("shop.example"), &[&no_authority]),
            trusting_root(),
            Class::CertVerifyOther(24),
            "OpenSSL error 24",
        ),
        row(
            "too long for its authority",
            FakeServer::new(&short_below.leaf("shop.example"), &[&short_below, &short]),
            trusting_root(),
            Class::CertVerifyOther(25),
            "OpenSSL error 25",
        ),
        row(
            "two intermediates, one missing",
            FakeServer::new(&below.leaf("shop.example"), &[&below]),
            trusting_root(),
            Class::RootMismatchNoRootPresented,
            "ends at CN=Below, issued by CN=One",
        ),
        row(
            "version 1",
            FakeServer::new(&version_1("shop.example"), &[]),
            trusting_root(),
            Class::CertVerifyOther(1),
            "version 1",
        ),
        row("garbage", odd, trusting_root(), Class::CertVerifyOther(1), "cannot be read"),
    ]
}

#[tokio::test]
async fn what_is_wrong_with_a_chain_has_a_class_and_words() {
    let rows = rows();
    assert_eq!(rows.len(), 31);
    for Row { rule, server, tls, class, says } in rows {
        let error = outcome(&tls, &server).await.expect_err(rule);
        assert_eq!(error.class, class, "{rule}: {error}");
        assert!(error.text.contains(says), "{rule}: {error}");
    }
}

#[tokio::test]
async fn names_are_matched_as_azure_does() {
    let root = Authority::root("Root");
    let only_common_name = |params: &mut CertificateParams| params.subject_alt_names.clear();
    let rename = |name: &'static str| {
        move |params: &mut CertificateParams| {
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
        }
    };
    let connector = Connector::new(&trusting(&[&root])).unwrap();
    for (rule, leaf, name, good) in [
        ("the name", root.leaf("shop.example"), Some("shop.example"), true),
        ("case does not matter", root.leaf("Shop.Example"), Some("shop.example"), true),
        ("a wildcard for one label", root.leaf("*.shop.example"), Some("a.shop.example"), true),
        ("not for none", root.leaf("*.shop.example"), Some("shop.example"), false),
        ("not for two", root.leaf("*.shop.example"), Some("a.b.shop.example"), false),
        ("the common name", root.leaf_with("shop.example", only_common_name), Some("shop.example"), true),
        (
            "not the common name beside alternative names",
            root.leaf_with("b.example", rename("shop.example")),
            Some("shop.example"),
            false,
        ),
        ("another common name", root.leaf_with("b.example", only_common_name), Some("shop.example"), false),
        ("the address", root.leaf("10.0.0.4"), None, true),
        ("another address", root.leaf("10.0.0.5"), None, false),
        ("a name where the address is wanted", root.leaf("shop.example"), None, false),
        ("an address where a name is wanted", root.leaf("10.0.0.4"), Some("shop.example"), false),
    ] {
        let made = shake(&connector, name, &FakeServer::new(&leaf, &[]).config()).await;
        match made {
            Ok(made) => {
                assert!(good, "{rule}");
                assert_eq!(made.sni.as_deref(), name, "{rule}");
            }
            Err(error) => assert_eq!((error.class, good), (Class::CertNameMismatch, false), "{rule}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_mismatch_says_which_names_there_are() {
    let root = Authority::root("Root");
    let many: Vec<_> = (1..8).map(|n| format!("n{n}.example")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let named =
        |names: &[&str]| root.leaf_with("x", |own| own.subject_alt_names = params("x", names).subject_alt_names);
    for (leaf, name, says) in [
        (named(&many), Some("shop.example"), "n1.example, n2.example, n3.example, n4.example, n5.example and 2 more"),
        (named(&["10.0.0.9"]), Some("shop.example"), "has the names 10.0.0.9, not shop.example"),
        (named(&[]), Some("shop.example"), "has the common name x and no alternative names, not shop.example"),
        (
            named(&["a.example"]),
            None,
            "no name was sent to the server, so its certificate must have the address 10.0.0.4",
        ),
    ] {
        let connector = Connector::new(&trusting(&[&root])).unwrap();
        let error = shake(&connector, name, &FakeServer::new(&leaf, &[]).config()).await.unwrap_err();
        assert!(error.text.contains(says), "{error}");
    }
}

#[tokio::test]
async fn an_uploaded_certificate_is_good_as_a_leaf_after_date_and_name() {
    let roots = |leaf: &Leaf| strict(Trust::Roots(vec![leaf.der.clone()]));
    for (rule, leaf, expected) in [
        ("an authority", self_signed("shop.example", authority), None),
        ("no authority", self_signed("shop.example", |_| {}), None),
        ("of version 1", version_1("shop.example"), None),
        ("expired", self_signed("shop.example", expire), Some(Class::CertDateInvalid)),
        ("another name", self_signed("b.example", authority), Some(Class::CertNameMismatch)),
    ] {
        let made = outcome(&roots(&leaf), &FakeServer::new(&leaf, &[])).await;
        assert_eq!(made.err().map(|error| error.class), expected, "{rule}");
    }
}

#[tokio::test]
async fn an_uploaded_intermediate_is_good_where_nothing_stands_above_it() {
    let root = Authority::root("Root");
    let one = root.intermediate("One");
    let leaf = one.leaf("shop.example");
    for server in [FakeServer::new(&leaf, &[]), FakeServer::new(&leaf, &[&one])] {
        assert!(outcome(&trusting(&[&one]), &server).await.is_ok());
    }
    let both = FakeServer::new(&leaf, &[&one, &root]);
    assert!(outcome(&trusting(&[&one, &root]), &both).await.is_ok());
}

#[tokio::test]
async fn a_renewed_root_is_good_while_one_of_its_certificates_is() {
    let old = Authority::root_with("Root", expire);
    let new = old.renewed();
    let leaf = old.leaf("shop.example");
    for roots in [[&old, &new], [&new, &old]] {
        assert!(outcome(&trusting(&roots), &FakeServer::new(&leaf, &[])).await.is_ok());
    }
}

#[tokio::test]
async fn each_check_can_be_switched_off() {
    let root = Authority::root("Root");
    let other = Authority::root("Other");
    let stranger = self_signed("b.example", expire);
    let (named, good) = (other.leaf("shop.example"), root.leaf("b.example"));
    for (rule, leaf, check_chain, check_name, expected) in [
        ("no chain, no dates", &self_signed("shop.example", expire), false, true, None),
        ("no chain, still the name", &stranger, false, true, Some(Class::CertNameMismatch)),
        ("no name, still the chain", &named, true, false, Some(Class::IntermediateMissing)),
        ("no name, still the dates", &root.leaf_with("b.example", expire), true, false, Some(Class::CertDateInvalid)),
        ("no name", &good, true, false, None),
        ("neither", &stranger, false, false, None),
        ("neither, version 1", &version_1("old"), false, false, None),
    ] {
        for versions in [vec![&TLS13], vec![&TLS12]] {
            let tls = ServerTls { check_chain, check_name, ..trusting(&[&root]) };
            let server = FakeServer { versions, ..FakeServer::new(leaf, &[]) };
            let made = outcome(&tls, &server).await;
            assert_eq!(made.err().map(|error| error.class), expected, "{rule}");
        }
    }
}

#[tokio::test]
async fn keys_that_are_too_weak_are_named() {
    let [root, leaf] = weak();
    let mut server = FakeServer::new(&self_signed("shop.example", |_| {}), &[]);
    server.chain = vec![leaf];
    for (check_chain, number, says) in [
        (true, 67, "the authority CN=Weak has an RSA key of 1024 bits"),
        (false, 66, "the server's certificate has an RSA key of 1024 bits"),
    ] {
        let tls = ServerTls { check_chain, check_name: false, ..strict(Trust::Roots(vec![root.clone()])) };
        let error = outcome(&tls, &server).await.unwrap_err();
        assert_eq!(error.class, Class::CertVerifyOther(number));
        assert!(error.text.starts_with(says), "{error}");
    }
}
