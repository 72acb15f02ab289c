use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use e2e::Folder;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn hosts(hosts: &str) -> Vec<String> {
    hosts.split_whitespace().map(str::to_owned).collect()
}

fn silent(_: String) {}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A client that trusts a root and asks for a host.
fn verify(root_pem: &str, identity: &Identity, host: &str, now: i64) -> Result<(), webpki::Error> {
    let root: CertificateDer<'_> = tls::trust::read_roots(root_pem.as_bytes()).unwrap().remove(0);
    let anchor = webpki::anchor_from_trusted_cert(&root).unwrap();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.try_into().unwrap()));
    let leaf = webpki::EndEntityCert::try_from(&identity.chain()[0])?;
    let usage = webpki::KeyUsage::server_auth();
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    leaf.verify_for_usage(algorithms, &[anchor], &identity.chain()[1..], time, usage, None, None)?;
    leaf.verify_is_valid_for_subject_name(&ServerName::try_from(host).unwrap())
}

#[test]
fn who_trusts_the_authority_takes_its_certificates_for_names_that_nobody_owns_and_for_no_others() {
    let created = Authority::create(NOW).unwrap();
    // Hosts of the listener, host that a client asks for, whether it is content.
    let rows = [
        ("shop.localhost", "shop.localhost", true),
        ("a.shop.test", "a.shop.test", true),
        ("shop.example", "shop.example", true),
        ("*.shop.internal", "a.shop.internal", true),
        ("", "localhost", true),
        ("", "127.0.0.1", true),
        ("", "::1", true),
        ("shop.localhost", "other.localhost", false),
        ("shop.contoso.com", "shop.contoso.com", false),
        ("notlocalhost", "notlocalhost", false),
        ("10.0.0.1", "10.0.0.1", false),
        ("shop.contoso.com shop.localhost", "shop.localhost", true),
    ];
    for (asked, host, is_content) in rows {
        let identity = created.authority.issue(&Names::of(&hosts(asked)), NOW).unwrap();
        let verified = verify(&created.root_pem, &identity, host, NOW);
        assert_eq!(verified.is_ok(), is_content, "{asked:?} {host}: {verified:?}");
    }
}

#[test]
fn certificates_are_good_for_ninety_days_and_the_authority_for_ten_years() {
    let created = Authority::create(NOW).unwrap();
    let names = Names::of(&hosts("a.test"));
    let identity = created.authority.issue(&names, NOW).unwrap();
    for (days, is_good) in [(-1, true), (0, true), (90, true), (91, false)] {
        let verified = verify(&created.root_pem, &identity, "a.test", NOW + days * DAY);
        assert_eq!(verified.is_ok(), is_good, "after {days} days: {verified:?}");
    }
    let late = NOW + 3500 * DAY;
    let identity = created.authority.issue(&names, late).unwrap();
    assert_eq!(verify(&created.root_pem, &identity, "a.test", late), Ok(()));
}

#[test]
fn the_same_names_get_the_same_certificate_and_other_names_another_one() {
    let ca = DevCa::in_memory(silent);
    let first = ca.issue(&hosts("a.test b.test")).unwrap();
    assert_eq!(ca.issue(&hosts("B.test a.test")).unwrap(), first);
    assert_ne!(ca.issue(&hosts("a.test")).unwrap(), first);
    assert_eq!(ca.file(), None);
}

#[test]
fn a_name_beyond_its_reach_is_said_once() {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let ca = DevCa::in_memory(|text| SAID.lock().unwrap().push(text));
    ca.issue(&hosts("shop.contoso.com")).unwrap();
    ca.issue(&hosts("shop.contoso.com")).unwrap();
    let said = SAID.lock().unwrap();
    assert!(said.len() == 1 && said[0].contains("shop.contoso.com"), "{said:?}");
}

#[test]
fn it_is_made_once_and_its_key_is_its_owners() {
    let state = Folder::new();
    let folder = folder(&state.path("state"));
    let ca = DevCa::in_folder(folder.clone(), silent);
    assert!(!folder.exists(), "nothing is made before it is needed");
    let identity = ca.issue(&hosts("a.test")).unwrap();
    let stored = open(&folder, now()).unwrap();
    assert_eq!(ca.file().as_ref(), Some(&stored.file));
    assert_eq!(verify(&stored.root_pem, &identity, "a.test", now()), Ok(()));
    // Another process.
    let again = DevCa::in_folder(folder.clone(), silent).issue(&hosts("b.test")).unwrap();
    assert_eq!(verify(&stored.root_pem, &again, "b.test", now()), Ok(()));
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(folder.clone()), mode(folder.join("issuer.key"))), (0o700, 0o600));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3, "no key of the root");
}

#[test]
fn processes_that_start_together_use_one_authority() {
    let state = Folder::new();
    let folder = folder(&state.path("state"));
    let barrier = std::sync::Barrier::new(8);
    let roots: Vec<String> = std::thread::scope(|scope| {
        let open = || {
            barrier.wait();
            open(&folder, now()).unwrap().root_pem
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(roots.iter().all(|root| *root == roots[0]));
    assert_eq!(std::fs::read_dir(state.path("state")).unwrap().count(), 1, "nothing is left beside it");
}

type Damage = Box<dyn Fn(&Path)>;

#[test]
fn an_authority_that_cannot_be_used_is_refused_with_the_way_out() {
    let other = Authority::create(now()).unwrap();
    let old = Authority::create(NOW - 3650 * DAY).unwrap();
    let write =
        |file: &'static str, text: String| move |folder: &Path| std::fs::write(folder.join(file), &text).unwrap();
    let open_to_all = |folder: &Path| {
        std::fs::set_permissions(folder.join("issuer.key"), PermissionsExt::from_mode(0o644)).unwrap();
    };
    let all_of_old = move |folder: &Path| {
        std::fs::write(folder.join("issuer.pem"), &old.issuer_pem).unwrap();
        std::fs::write(folder.join("issuer.key"), old.key_pem.as_bytes()).unwrap();
    };
    let rows: [(Damage, &str); 5] = [
        (Box::new(|folder| std::fs::remove_file(folder.join("ca.pem")).unwrap()), "ca.pem: No such file"),
        (Box::new(write("issuer.key", "junk".to_owned())), "without the folder, the next start makes a new one"),
        (Box::new(write("issuer.pem", other.issuer_pem)), "PrivateKeyMismatch"),
        (Box::new(all_of_old), "its time is over"),
        (Box::new(open_to_all), "others can read issuer.key (mode 644)"),
    ];
    for (damage, expected) in rows {
        let state = Folder::new();
        let folder = folder(state.as_ref());
        open(&folder, now()).unwrap();
        damage(&folder);
        let error = open(&folder, now()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("dev-ca cannot be used"), "{error}");
    }
}

#[test]
fn without_a_folder_to_write_to_there_are_certificates_all_the_same() {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let state = Folder::new();
    let taken = state.write("state", "a file where the folder should be");
    let ca = DevCa::in_folder(folder(&taken), |text| SAID.lock().unwrap().push(text));
    ca.issue(&hosts("a.test")).unwrap();
    assert_eq!(ca.file(), None);
    let said = SAID.lock().unwrap();
    assert!(said.len() == 1 && said[0].contains("an authority of this process alone"), "{said:?}");
}
