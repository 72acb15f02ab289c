//! `gatehouse dev`: HTTPS without a certificate of one's own.

use e2e::{Document, Farm, Folder, Tls, openssl};

use crate::command::{Serving, gatehouse};

/// What `gatehouse dev` runs by itself, at ports that the system chose and with servers of the test.
fn sample(folder: &Folder, farm: &Farm) -> Serving {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/dev/gateway.json");
    let site = format!(
        "ports: {{80: {{bind: 0, public: 8080}}, 443: {{bind: 0, public: 8443}}}}\n\
         parameters: {{backendPort: {}}}\nadmin: {{socket: admin.sock}}\n",
        farm.port()
    );
    folder.write("site.yaml", site);
    Serving::dev(folder, &[document, "--site", "site.yaml"])
}

fn trusted(folder: &Folder) -> String {
    let printed = gatehouse(folder, &["dev", "trust", "--print"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    printed.out
}

#[test]
fn the_sample_serves_https_and_http2_and_redirects_to_it() {
    let (folder, farm) = (Folder::new(), Farm::echo(2));
    let serving = sample(&folder, &farm);
    let mut secure = Tls::new().name("shop.localhost").connect(serving.secure_address());
    let answer = secure.client.get("shop.localhost", "/api/cart");
    assert_eq!((answer.status, answer.field("x-target")), (200, Some("/v1/cart")));
    let h2 = Tls::new().name("shop.localhost").protocols(&["h2"]).connect(serving.secure_address());
    assert_eq!(h2.protocol.as_deref(), Some(&b"h2"[..]));
    let redirect = serving.client().get("secure.localhost", "/a?x=1");
    let expected = Some("https://secure.localhost:8443/a?x=1");
    assert_eq!((redirect.status, redirect.field("location")), (301, expected));
}

/// Another program judges: `openssl` with nothing but the printed certificate.
#[test]
fn who_trusts_the_printed_certificate_trusts_the_sites() {
    if !openssl::is_there() {
        return;
    }
    let (folder, farm) = (Folder::new(), Farm::echo(2));
    let serving = sample(&folder, &farm);
    let ca = folder.write("trusted.pem", trusted(&folder)).display().to_string();
    let verified = |host: &str, with: &[&str]| {
        let arguments = [&["-servername", host, "-verify_hostname", host][..], with].concat();
        openssl::s_client(serving.secure_address(), &arguments, "").text.contains("Verify return code: 0 (ok)")
    };
    let nothing = ["-no-CAfile", "-no-CApath", "-no-CAstore"];
    assert!(verified("shop.localhost", &["-CAfile", &ca]));
    assert!(verified("secure.localhost", &["-CAfile", &ca]));
    assert!(!verified("shop.localhost", &nothing));
    assert!(!verified("other.localhost", &["-CAfile", &ca]));
}

#[test]
fn a_document_with_a_key_vault_certificate_runs_and_keeps_its_certificate_over_reloads() {
    let folder = Folder::new();
    let document = Document::empty()
        .section("sslCertificates", "[{name: cert, keyVaultSecretId: 'https://v.vault.azure.net/secrets/a'}]")
        .secure(&[("web", "sslCertificate: cert, hostName: shop.contoso.com")]);
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site() + "admin: {socket: admin.sock}\n");
    let serving = Serving::dev(&folder, &["gateway.yaml", "--site", "site.yaml"]);
    serving.wait_said("clients refuse its certificate for shop.contoso.com");
    serving.wait_said("certificates that are in Azure only are issued here");
    let shown = || Tls::new().name("shop.contoso.com").connect(serving.secure_address()).chain;
    let before = shown();
    let reloaded = gatehouse(&folder, &["reload", "--socket", "admin.sock"]);
    assert!(reloaded.out.contains("revision 2 applied"), "{reloaded:?}");
    assert_eq!(shown(), before);
    let said = serving.said().iter().filter(|line| line.contains("clients refuse")).count();
    assert_eq!(said, 1, "said once");
}

#[test]
fn trust_is_explained_and_nothing_is_changed() {
    let folder = Folder::new();
    let explained = gatehouse(&folder, &["dev", "trust"]);
    assert_eq!(explained.code, 0, "{explained:?}");
    let file = folder.path("state/gatehouse/dev-ca/ca.pem");
    for words in [&format!("curl --cacert {}", file.display()), "Debian", "macOS", "Windows", "NODE_EXTRA_CA_CERTS="] {
        assert!(explained.out.contains(words), "{words}: {}", explained.out);
    }
    let printed = trusted(&folder);
    assert_eq!(printed, std::fs::read_to_string(file).unwrap());
    assert_eq!(trusted(&folder), printed, "made once");
}

#[test]
fn a_document_without_https_makes_no_authority() {
    let folder = Folder::new();
    let document = Document::empty();
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site() + "admin: {socket: admin.sock}\n");
    let _serving = Serving::dev(&folder, &["gateway.yaml", "--site", "site.yaml"]);
    assert!(!folder.path("state").exists());
}
