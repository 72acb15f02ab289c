//! Files that cannot be used: each has its code, says what was found and what would do.

use super::*;

type Case = (&'static str, Result<Read, CertificateError>, &'static str, &'static str);

fn pem(certificates: &[&str], key: Option<&str>, password: Option<&str>) -> Result<Read, CertificateError> {
    read_pem(&joined(certificates), key.map(fixture).as_deref(), password, NOW)
}

fn check(rows: Vec<Case>) {
    for (name, result, code, text) in rows {
        let error = result.expect_err(name);
        let shown = error.to_string();
        assert_eq!(error.code, code, "{name}: {shown}");
        assert!(shown.contains(text), "{name}: {shown}");
        assert!(codes::ALL.iter().any(|(known, _)| *known == code), "{code}");
        assert!(!shown.contains("secret") && !shown.contains("wrong"), "{name} tells a password: {shown}");
    }
}

#[test]
fn a_broken_pfx_is_named() {
    let modern = fixture("modern.pfx.b64");
    let read = |data: &[u8], password| read_pfx(data, password, NOW);
    let cut = |length: usize| modern[..length].to_vec();
    let text = fixture("leaf.p7b");
    check(vec![
        ("empty", read(b"", None), codes::FILE_EMPTY, "the file is empty"),
        ("blank", read(b" \r\n", None), codes::FILE_EMPTY, "the file is empty"),
        (
            "too large",
            read(&vec![0x30; LARGEST + 1], None),
            codes::FILE_TOO_LARGE,
            "65537 bytes, expected at most 65536",
        ),
        ("noise", read(&[7; 300], None), codes::FILE_UNKNOWN, "expected a PFX"),
        ("cut", read(&cut(1000), Some("secret")), codes::PFX_DAMAGED, "the PFX ends after 1000 of "),
        ("cut at once", read(&cut(20), Some("secret")), codes::PFX_DAMAGED, "ends after 20 of"),
        (
            "PEM",
            read(&fixture("leaf.pem"), None),
            codes::FILE_WRONG_KIND,
            "this is PEM, expected a PFX; name it as `cert`",
        ),
        ("base64", read(&base64_of(&modern), Some("secret")), codes::FILE_BASE64, "base64 -d"),
        ("wrong password", read(&modern, Some("wrong")), codes::PFX_PASSWORD, "does not open the PFX"),
        ("wrong, old", read(&fixture("legacy.pfx.b64"), Some("wrong")), codes::PFX_PASSWORD, "does not open"),
        ("wrong, no sum", read(&fixture("without_sum.pfx.b64"), Some("wrong")), codes::PFX_PASSWORD, "does not open"),
        ("no password", read(&modern, None), codes::PFX_PASSWORD_MISSING, "expected its password"),
        ("no password, no sum", read(&fixture("without_sum.pfx.b64"), None), codes::PFX_PASSWORD_MISSING, "password"),
        ("damaged", read(&damaged(&modern), Some("secret")), codes::PFX_PASSWORD, "a damaged file looks the same"),
        ("no key", read(&fixture("without_key.pfx.b64"), Some("secret")), codes::KEY_NOT_IN_FILE, "export it again"),
        (
            "no certificate",
            read(&fixture("without_certificate.pfx.b64"), Some("secret")),
            codes::CERTIFICATE_NOT_IN_FILE,
            "the PFX holds no certificate",
        ),
        ("RC4", read(&fixture("rc4.pfx.b64"), Some("secret")), codes::PFX_PROTECTION, "protected by RC4"),
        ("DER certificate", read(&der("leaf.pem"), None), codes::FILE_WRONG_KIND, "a certificate without its key"),
        ("PKCS#7", read(&super::decoded(&body(&text)), None), codes::FILE_WRONG_KIND, "openssl pkcs7 -print_certs"),
        (
            "key store",
            read(&[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2], None),
            codes::FILE_WRONG_KIND,
            "keytool -importkeystore",
        ),
    ]);
}

fn base64_of(data: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(data).into_bytes()
}

/// One bit of the sealed content is another.
fn damaged(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data[900] ^= 1;
    data
}

/// The base64 lines of a PEM file.
fn body(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter(|line| !line.starts_with('-')).collect::<String>().into_bytes()
}

#[test]
fn a_broken_pem_is_named() {
    let text = |name: &str| String::from_utf8(fixture(name)).unwrap();
    let with_key = |certificate: String| read_pem(certificate.as_bytes(), Some(&fixture("leaf.key")), None, NOW);
    let leaf = text("leaf.pem");
    let without_end = leaf.replace("-----END CERTIFICATE-----", "");
    let scratched = leaf.replacen("MII", "M?I", 1);
    let cut = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        &String::from_utf8(body(leaf.as_bytes())).unwrap()[..400]
    );
    let noise = "-----BEGIN CERTIFICATE-----\nAQIDBAUGBwgJCg==\n-----END CERTIFICATE-----\n";
    let short = der("leaf.pem")[..200].to_vec();
    let many = "-----BEGIN X-----\nAQID\n-----END X-----\n".repeat(300);
    check(vec![
        ("empty", with_key(String::new()), codes::FILE_EMPTY, "the file is empty"),
        ("no PEM", with_key("hello there".into()), codes::FILE_UNKNOWN, "expected \"-----BEGIN CERTIFICATE-----\""),
        ("no end", with_key(without_end), codes::PEM_DAMAGED, "has no line -----END CERTIFICATE-----"),
        ("not base64", with_key(scratched), codes::PEM_DAMAGED, "line 2 is not base64"),
        (
            "cut",
            with_key(cut),
            codes::CERTIFICATE_DAMAGED,
            "certificate 1 of the file cannot be read: it ends too early",
        ),
        (
            "no ASN.1",
            with_key(noise.into()),
            codes::CERTIFICATE_DAMAGED,
            "certificate 1 of the file cannot be read: it is not X.509",
        ),
        (
            "DER cut",
            read_pem(&short, Some(&fixture("leaf.key")), None, NOW),
            codes::CERTIFICATE_DAMAGED,
            "after 200 bytes",
        ),
        ("too many parts", with_key(many), codes::FILE_TOO_LARGE, "more than 256 parts"),
        ("PFX", read_pem(&fixture("modern.pfx.b64"), None, None, NOW), codes::FILE_WRONG_KIND, "this is a PFX"),
        ("request", pem(&["leaf.csr"], Some("leaf.key"), None), codes::FILE_WRONG_KIND, "this is a request"),
        ("request in DER", read_pem(&der("leaf.csr"), None, None, NOW), codes::FILE_WRONG_KIND, "this is a request"),
        ("PKCS#7", pem(&["leaf.p7b"], Some("leaf.key"), None), codes::FILE_WRONG_KIND, "openssl pkcs7 -print_certs"),
        (
            "revocations",
            read_pem(&der("root.crl"), None, None, NOW),
            codes::FILE_WRONG_KIND,
            "a list of revoked certificates",
        ),
        ("key alone", pem(&["leaf.key"], None, None), codes::CERTIFICATE_NOT_IN_FILE, "found PRIVATE KEY"),
        ("key in DER", read_pem(&der("leaf.key"), None, None, NOW), codes::FILE_WRONG_KIND, "a private key without"),
        (
            "no key",
            pem(&["leaf.pem"], None, None),
            codes::KEY_NOT_IN_FILE,
            "there is a certificate, but no private key",
        ),
        ("certificate as key", pem(&["leaf.pem"], Some("mid.pem"), None), codes::KEY_NOT_IN_FILE, "found CERTIFICATE"),
        ("public key", pem(&["leaf.pem"], Some("leaf.pub"), None), codes::KEY_NOT_IN_FILE, "this is the public key"),
        (
            "public key in DER",
            read_pem(&fixture("leaf.pem"), Some(&der("leaf.pub")), None, NOW),
            codes::KEY_NOT_IN_FILE,
            "this is the public key",
        ),
        (
            "other key",
            pem(&["leaf.pem"], Some("kind_p_384.pem"), None),
            codes::KEY_MISMATCH,
            "CN=shop.example,O=Fixture (EC P-256)",
        ),
        ("encrypted", pem(&["leaf.pem"], Some("leaf.aes.key"), None), codes::KEY_PASSWORD_MISSING, "openssl pkey -in"),
        (
            "wrong password",
            pem(&["leaf.pem"], Some("leaf.aes.key"), Some("wrong")),
            codes::KEY_PASSWORD,
            "does not open",
        ),
        ("scrypt", pem(&["leaf.pem"], Some("leaf.scrypt.key"), Some("secret")), codes::KEY_PROTECTION, "with scrypt"),
        (
            "old encryption",
            pem(&["leaf.pem"], Some("leaf.dek.key"), Some("secret")),
            codes::KEY_PROTECTION,
            "openssl pkcs8 -topk8",
        ),
        (
            "two keys",
            pem(&["kind_p_384.pem", "kind_p_521.pem"], None, None),
            codes::SEVERAL_KEYS,
            "CN=p_384.example; CN=p_521.example",
        ),
    ]);
}

#[test]
fn a_key_that_tls_cannot_use_is_named() {
    let read = |name: &str| read_any(&fixture(name), None, NOW);
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAQID\n-----END OPENSSH PRIVATE KEY-----\n";
    let noise = "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
    let with_key = |key: &str| read_pem(&fixture("leaf.pem"), Some(key.as_bytes()), None, NOW);
    check(vec![
        ("RSA 1024", read("kind_rsa_1024.pem"), codes::KEY_SIZE, "found RSA 1024, expected 2048 to 8192 bits"),
        ("DSA", read("kind_dsa.pem"), codes::KEY_KIND, "found DSA, expected RSA with 2048 to 8192 bits"),
        ("secp256k1", read("kind_secp256k1.pem"), codes::KEY_KIND, "found EC secp256k1"),
        ("P-224", read("kind_p_224.pem"), codes::KEY_KIND, "found EC P-224"),
        ("brainpool", read("kind_brainpoolp256r1.pem"), codes::KEY_KIND, "found EC brainpoolP256r1"),
        ("Ed448", read("kind_ed448.pem"), codes::KEY_KIND, "found Ed448"),
        ("SSH", with_key(ssh), codes::KEY_KIND, "ssh-keygen -p -m PKCS8"),
        ("noise", with_key(noise), codes::KEY_DAMAGED, "the private key cannot be read"),
    ]);
}
