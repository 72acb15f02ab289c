//! Certificates of listeners in every form in which they are kept, and those that are refused before they do harm.
//!
//! Source: Azure, "Overview of TLS termination", supported certificates; PKCS#12 (RFC 7292). The files are written by
//! `openssl`, so that no reader of ours reads what a writer of ours has written.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::ca::Dates;
use e2e::openssl::is_there;
use e2e::{Ca, Document, Farm, Folder, Gateway, Issued, Tls, Wish};

/// Runs `openssl` in a folder. Panics when it fails.
#[track_caller]
fn openssl(folder: &Folder, arguments: &str) {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A folder with `chain.pem` (the certificate and those above it), `leaf.pem`, `key.pem` and `roots.pem`.
fn laid_out(issued: &Issued, above: &Ca) -> Folder {
    let folder = Folder::new();
    folder.write("chain.pem", issued.pem());
    folder.write("leaf.pem", issued.alone().pem());
    folder.write("above.pem", above.chain_pem());
    folder.secret("key.pem", issued.key_pem());
    folder
}

fn exported(folder: &Folder, arguments: &str) -> String {
    openssl(folder, &format!("pkcs12 -export -out out.pfx -inkey key.pem {arguments}"));
    STANDARD.encode(std::fs::read(folder.path("out.pfx")).unwrap())
}

#[test]
fn pfx_files_of_every_make_are_read() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let issuing = Ca::root("root").intermediate("issuing");
    let issued = issuing.issue(&Wish::server(&["a.com"]).rsa());
    let folder = laid_out(&issued, &issuing);
    let new = "-in leaf.pem -certfile above.pem";
    let rows = [
        ("today's default", format!("{new} -passout pass:secret1"), "secret1"),
        (
            "3DES with SHA-1",
            format!("{new} -passout pass:secret1 -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1"),
            "secret1",
        ),
        ("AES-128", format!("{new} -passout pass:secret1 -certpbe AES-128-CBC -keypbe AES-128-CBC"), "secret1"),
        ("certificates in the clear", format!("{new} -passout pass:secret1 -certpbe NONE"), "secret1"),
        ("no password", format!("{new} -passout pass:"), ""),
        ("no chain", "-in leaf.pem -passout pass:secret1".to_owned(), "secret1"),
        ("the chain without its root", "-in chain.pem -passout pass:secret1".to_owned(), "secret1"),
        ("the chain in another order", "-in leaf.pem -certfile turned.pem -passout pass:secret1".to_owned(), "secret1"),
        ("a name", format!("{new} -passout pass:secret1 -name friendly -caname one"), "secret1"),
        ("a password with other letters", format!("{new} -passout pass:s3cr\u{e9}t-!x"), "s3cr\u{e9}t-!x"),
    ];
    folder.write("turned.pem", [Ca::root("nobody").pem(), issuing.chain_pem()].concat());
    let mut failures = Vec::new();
    for (what, arguments, password) in &rows {
        let document = Document::https(&farm, &issued).pfx("cert", &exported(&folder, arguments), password);
        let loaded = document.load();
        if loaded.snapshot.is_none() {
            failures.push(format!("{what}: {}", loaded.problems_text(false)));
            continue;
        }
        let gateway = Gateway::start(&document);
        let secure = gateway.secure(&Tls::new());
        if !secure.shows(&issued) {
            failures.push(format!("{what}: another certificate"));
        }
        let expected = if *what == "no chain" { &issued.chain[..1] } else { &issued.chain[..] };
        if !secure.chain.starts_with(expected) {
            failures.push(format!("{what}: a chain of {} certificates, not in order", secure.chain.len()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn keys_of_every_kind_are_served() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let rows = [
        ("P-256", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"),
        ("P-384", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem"),
        ("P-521", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out key.pem"),
        ("RSA 2048", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem"),
        ("RSA 3072", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out key.pem"),
        ("Ed25519", "genpkey -algorithm ED25519 -out key.pem"),
        ("EC in SEC1 form", "ecparam -name prime256v1 -genkey -noout -out key.pem"),
        ("RSA in PKCS#1 form", "genrsa -traditional -out key.pem 2048"),
    ];
    for (what, arguments) in rows {
        let folder = Folder::new();
        openssl(&folder, arguments);
        openssl(
            &folder,
            "req -x509 -new -key key.pem -subj /CN=a.com -addext subjectAltName=DNS:a.com -days 30 -out leaf.pem",
        );
        let plain = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
        let documents = [
            plain.clone().pfx("cert", &exported(&folder, "-in leaf.pem -passout pass:secret1"), "secret1"),
            plain.certificate_paths("cert", &folder.path("leaf.pem"), &folder.private("key.pem")),
        ];
        for document in documents {
            let gateway = Gateway::start(&document);
            for tls in [Tls::new().tls12(), Tls::new().tls13()] {
                assert_eq!(gateway.secure(&tls).client.get("a.com", "/").status, 200, "{what}");
            }
        }
    }
}

/// What is said of a document whose certificate cannot be used. Panics when it can.
#[track_caller]
fn refused(document: &Document) -> String {
    let loaded = document.load();
    let text = loaded.problems_text(false);
    assert!(loaded.snapshot.is_none(), "it was taken: {text}");
    text
}

#[test]
fn what_cannot_be_served_is_refused_with_its_reason_and_no_secret() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let issued = root.issue(&Wish::server(&["a.com"]).rsa());
    let folder = laid_out(&issued, &root);
    let https = || Document::https(&farm, &issued);
    let good = exported(&folder, "-in leaf.pem -passout pass:secret1");
    openssl(&folder, "pkcs12 -export -nokeys -in leaf.pem -passout pass:secret1 -out keyless.pfx");
    let keyless = STANDARD.encode(std::fs::read(folder.path("keyless.pfx")).unwrap());
    openssl(&folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem");
    openssl(&folder, "req -x509 -new -key weak.pem -subj /CN=a.com -days 30 -out weak-leaf.pem");
    openssl(&folder, "pkcs12 -export -inkey weak.pem -in weak-leaf.pem -passout pass:secret1 -out weak.pfx");
    let weak = STANDARD.encode(std::fs::read(folder.path("weak.pfx")).unwrap());
    let strange = root.server(&["a.com"]);
    let mismatched = folder.secret("other.key", strange.key_pem());
    let open = folder.write("open.key", issued.key_pem());
    let rows = [
        ("a wrong password", https().pfx("cert", &good, "other1")),
        ("no password for one that has one", https().pfx("cert", &good, "")),
        ("no PFX", https().pfx("cert", &STANDARD.encode("this is no PFX"), "secret1")),
        ("no base64", https().pfx("cert", "'%%%%'", "secret1")),
        ("half a PFX", https().pfx("cert", &good[..good.len() / 8 * 4], "secret1")),
        ("no key in it", https().pfx("cert", &keyless, "secret1")),
        ("RSA with 1024 bits", https().pfx("cert", &weak, "secret1")),
        ("another's key", https().certificate_paths("cert", &folder.path("leaf.pem"), &mismatched)),
        ("a key that everybody may read", https().certificate_paths("cert", &folder.path("leaf.pem"), &open)),
        (
            "a file that is not there",
            https().certificate_paths("cert", &folder.path("none.pem"), &folder.path("none.key")),
        ),
    ];
    for (what, document) in rows {
        let text = refused(&document);
        assert!(!text.contains("secret1") && !text.contains("PRIVATE"), "{what}: {text}");
        let key = issued.key_pem();
        let line = key.lines().nth(2).unwrap();
        assert!(!text.contains(line), "{what}: the key is shown");
    }
}

/// A certificate that is out of date is a reason to warn, and none to leave a site without one.
#[test]
fn an_expired_certificate_is_served_with_a_warning() {
    let farm = Farm::echo(1);
    for dates in [Dates::Expired, Dates::NotYet] {
        let issued = Ca::root("root").issue(&Wish::server(&["a.com"]).dates(dates));
        let document = Document::https(&farm, &issued);
        let text = document.load().problems_text(false);
        assert!(text.contains("warning"), "{text}");
        assert!(Gateway::start(&document).secure(&Tls::new()).shows(&issued));
    }
}
