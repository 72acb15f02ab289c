//! Certificates, keys and other files that the site file names: replaced while the gateway runs, refused when they are
//! broken, shown with the time they are good for.

use std::os::unix::fs::symlink;
use std::path::Path;

use e2e::ca::Dates;
use e2e::wait::until_true;
use e2e::{Ca, Document, Farm, Folder, Issued, Tls, Wish};
use serde_json::Value;

use crate::command::{Ended, Serving, gatehouse};

const ARGS: [&str; 3] = ["gateway.yaml", "--site", "site.yaml"];

/// A gateway whose certificate is in `tls.crt` and `tls.key` of its folder, or of one below it.
struct Site {
    folder: Folder,
    document: Document,
    more: String,
}

impl Site {
    fn new(farm: &Farm, below: &str, more: &str) -> Self {
        let document = Document::new(farm)
            .section("sslCertificates", "[{name: cert, keyVaultSecretId: 'https://v.vault.azure.net/secrets/a'}]")
            .secure(&[("web", "sslCertificate: cert")]);
        let more = format!(
            "certificates: {{cert: {{cert: {below}tls.crt, key: {below}tls.key}}}}\n\
             admin: {{socket: admin.sock}}\nfolders: {{state: state}}\nlog: {{access: 'off'}}\n{more}"
        );
        let site = Self { folder: Folder::new(), document, more };
        site.write();
        site
    }

    fn write(&self) {
        self.folder.write("gateway.yaml", self.document.text());
        self.folder.write("site.yaml", self.document.site() + &self.more);
    }

    /// Puts files in place by a rename, as tools that renew certificates do.
    fn replace(&self, certificate: &str, key: &str) {
        for (name, text) in [("tls.key", key), ("tls.crt", certificate)] {
            let new = self.folder.secret(&format!("{name}.new"), text);
            std::fs::rename(new, self.folder.path(name)).unwrap();
        }
    }

    fn renew(&self, issued: &Issued) {
        self.replace(&issued.pem(), &issued.key_pem());
    }

    fn start(&self, args: &[&str]) -> Serving {
        let serving = Serving::start(&self.folder, &[&ARGS[..], args].concat());
        until_true("the management socket", || self.folder.path("admin.sock").exists());
        serving
    }

    fn ask(&self, question: &str, more: &[&str]) -> Ended {
        gatehouse(&self.folder, &[&[question, "--socket", "admin.sock"][..], more].concat())
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.ask("status", &["--json"]).out).unwrap()
    }
}

fn shows(serving: &Serving, issued: &Issued) -> bool {
    Tls::new().connect(serving.secure_address()).shows(issued)
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart_and_connections_go_on() {
    let (farm, ca) = (Farm::echo(2), Ca::root("root"));
    let [first, second] = [ca.server(&["a.com"]), ca.server(&["a.com"])];
    let mut site = Site::new(&farm, "", "");
    site.renew(&first);
    let serving = site.start(&[]);
    let mut before = Tls::new().connect(serving.secure_address());
    assert!(before.shows(&first));
    // Without --watch, a changed document is not for now.
    site.document = site.document.clone().section("backendAddressPools", "[{name: pool, backendAddresses: []}]");
    site.write();
    site.renew(&second);
    serving.wait_said("revision 2 applied");
    assert!(shows(&serving, &second));
    assert_eq!(before.client.get("a.com", "/").status, 200, "the document is the one that was loaded");
}

#[test]
fn with_watch_a_certificate_and_a_document_are_applied_alike() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let [first, second] = [ca.server(&["a.com"]), ca.server(&["a.com"])];
    let mut site = Site::new(&farm, "", "");
    site.renew(&first);
    let serving = site.start(&["--watch"]);
    site.renew(&second);
    serving.wait_said("revision 2 applied");
    assert!(shows(&serving, &second));
    site.document = site.document.clone().section("backendAddressPools", "[{name: pool, backendAddresses: []}]");
    site.write();
    serving.wait_said("revision 3 applied");
    let mut client = Tls::new().connect(serving.secure_address()).client;
    assert_eq!(client.get("a.com", "/").status, 502);
}

#[test]
fn broken_files_are_refused_and_what_runs_goes_on() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let [first, second] = [ca.server(&["a.com"]), ca.server(&["a.com"])];
    let site = Site::new(&farm, "", "");
    site.renew(&first);
    let serving = site.start(&[]);
    let rows = [
        (second.pem(), first.key_pem(), "PrivateKeyMismatch"),
        (first.pem(), String::new(), "CertificateFileEmpty"),
        ("junk".to_owned(), first.key_pem(), "CertificateFileUnknown"),
    ];
    for (certificate, key, code) in rows {
        site.replace(&certificate, &key);
        serving.wait_said(code);
        assert!(shows(&serving, &first), "{code}");
        assert!(site.status()["refused"].as_str().unwrap().contains(code), "{code}");
    }
    // Back to what runs: nothing is refused any more, and nothing is applied.
    site.renew(&first);
    serving.wait_said("all files are as in revision 1 again");
    assert_eq!((&site.status()["refused"], &site.status()["revision"]), (&Value::Null, &1.into()));
    site.renew(&second);
    serving.wait_said("revision 2 applied");
    assert!(shows(&serving, &second));
}

#[test]
fn a_file_that_went_missing_is_read_when_it_comes_back() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let [first, second] = [ca.server(&["a.com"]), ca.server(&["a.com"])];
    let site = Site::new(&farm, "below/", "");
    let fill = |issued: &Issued| {
        std::fs::create_dir(site.folder.path("new")).unwrap();
        site.folder.secret("new/tls.crt", issued.pem());
        site.folder.secret("new/tls.key", issued.key_pem());
        std::fs::rename(site.folder.path("new"), site.folder.path("below")).unwrap();
    };
    fill(&first);
    let serving = site.start(&[]);
    std::fs::remove_dir_all(site.folder.path("below")).unwrap();
    serving.wait_said("there is no such file");
    assert!(shows(&serving, &first));
    fill(&second);
    serving.wait_said("revision 2 applied");
    assert!(shows(&serving, &second));
}

/// All files of a mounted Kubernetes secret are links through one link, which is replaced.
#[test]
fn a_mounted_secret_is_followed_through_every_change() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let site = Site::new(&farm, "mount/", "");
    let mount = |version: u32, issued: &Issued| {
        let version = format!("..{version}");
        std::fs::create_dir_all(site.folder.path(&format!("mount/{version}"))).unwrap();
        site.folder.secret(&format!("mount/{version}/tls.crt"), issued.pem());
        site.folder.secret(&format!("mount/{version}/tls.key"), issued.key_pem());
        symlink(version, site.folder.path("mount/..data_tmp")).unwrap();
        std::fs::rename(site.folder.path("mount/..data_tmp"), site.folder.path("mount/..data")).unwrap();
    };
    let first = ca.server(&["a.com"]);
    mount(1, &first);
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), site.folder.path(&format!("mount/{name}"))).unwrap();
    }
    let serving = site.start(&[]);
    assert!(shows(&serving, &first));
    for version in 2..5 {
        let next = ca.server(&["a.com"]);
        mount(version, &next);
        std::fs::remove_dir_all(site.folder.path(&format!("mount/..{}", version - 1))).unwrap();
        serving.wait_said(&format!("revision {version} applied"));
        assert!(shows(&serving, &next), "{version}");
    }
}

#[test]
fn gateways_that_share_ticket_keys_resume_each_others_sessions() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let issued = ca.server(&["a.com"]);
    let start = |key: u8| {
        let site = Site::new(&farm, "", "tls: {ticketKeys: [tickets.key]}\n");
        site.renew(&issued);
        site.folder.secret("tickets.key", [key; 32]);
        let serving = site.start(&[]);
        (site, serving)
    };
    let [(_one, first), (two, second)] = [start(1), start(2)];
    let resumes = || {
        let tls = Tls::new().tls13();
        let mut secure = tls.connect(first.secure_address());
        // Tickets come with the first answer.
        secure.client.get("a.com", "/");
        assert!(tls.sessions().tickets() > 0);
        tls.connect(second.secure_address()).resumed
    };
    assert!(!resumes(), "their keys differ");
    two.folder.secret("tickets.key", [1; 32]);
    second.wait_said("revision 2 applied");
    assert!(resumes());
    two.folder.secret("tickets.key", [1; 31]);
    second.wait_said("TicketKeyTooShort");
    assert!(resumes(), "the key before stays");
}

#[test]
fn a_key_that_others_may_read_is_refused_until_it_is_closed() {
    use std::os::unix::fs::PermissionsExt;

    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let site = Site::new(&farm, "", "");
    site.renew(&ca.server(&["a.com"]));
    let serving = site.start(&[]);
    let mode = |mode| std::fs::set_permissions(site.folder.path("tls.key"), PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    serving.wait_said("KeyFileExposed");
    mode(0o600);
    serving.wait_said("all files are as in revision 1 again");
}

#[test]
fn status_lists_certificates_with_the_days_they_have_left() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let wish = Wish::server(&["a.com", "www.a.com", "127.0.0.1"]).dates(Dates::Expired);
    let site = Site::new(&farm, "", "");
    site.renew(&ca.issue(&wish));
    let serving = site.start(&[]);
    serving.wait_said("CertificateExpired");
    let status = site.status();
    let certificate = &status["certificates"][0];
    assert_eq!(certificate["name"], "cert");
    assert_eq!(certificate["names"], serde_json::json!(["a.com", "www.a.com", "127.0.0.1"]));
    assert_eq!(certificate["usedBy"], serde_json::json!(["web"]));
    assert_eq!(certificate["notAfter"], "2010-01-01T00:00:00Z");
    assert!(certificate["daysLeft"].as_i64().unwrap() < -5000);
    let text = site.ask("status", &[]).out;
    let row = text.lines().find(|line| line.starts_with("cert ")).unwrap();
    assert!(row.contains("listener web") && row.ends_with("a.com, www.a.com, 127.0.0.1"), "{text}");
}

#[test]
fn a_certificate_that_is_in_azure_only_is_refused_with_the_lines_that_bind_it() {
    let site = Site::new(&Farm::echo(1), "", "");
    site.folder.write("site.yaml", site.document.site() + "admin: {socket: admin.sock}\n");
    let ended = gatehouse(&site.folder, &[&["run"][..], &ARGS].concat());
    assert_eq!(ended.code, 1, "{ended:?}");
    for words in ["CertificateNotBound", "certificates:", "cert: { pfx: FILE"] {
        assert!(ended.err.contains(words), "{words}: {}", ended.err);
    }
    assert!(!ended.err.contains("listening"), "{}", ended.err);
}

/// What was refused when somebody asked is not forgotten because a certificate was touched.
#[test]
fn a_refused_document_does_not_keep_certificates_from_being_renewed() {
    let (farm, ca) = (Farm::echo(1), Ca::root("root"));
    let [first, second] = [ca.server(&["a.com"]), ca.server(&["a.com"])];
    let site = Site::new(&farm, "", "");
    site.renew(&first);
    let serving = site.start(&[]);
    site.folder.write("gateway.yaml", "{ broken");
    assert_eq!(site.ask("reload", &[]).code, 1);
    site.renew(&second);
    serving.wait_said("revision 2 applied");
    assert!(shows(&serving, &second));
}
