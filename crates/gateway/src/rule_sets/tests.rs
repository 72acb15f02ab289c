use std::os::unix::fs::symlink;

use e2e::Folder;

use super::*;

/// Programs that answer as the real ones do: a "package" is a folder that is copied.
struct Fake {
    folder: Folder,
    tools: Tools,
}

impl Fake {
    fn new(apt_get: &str) -> Self {
        let folder = Folder::new();
        fs::create_dir_all(folder.path("package/usr/share/modsecurity-crs/rules")).unwrap();
        fs::create_dir_all(folder.path("package/etc/modsecurity/crs")).unwrap();
        folder.write("package/usr/share/modsecurity-crs/rules/a.conf", "SecAction \"id:1\"");
        folder.write("package/usr/share/modsecurity-crs/rules/b.data", "phrase");
        folder.write("package/usr/share/modsecurity-crs/rules/README", "no rules");
        folder.write("package/etc/modsecurity/crs/crs-setup.conf", "# setup");
        let package = folder.path("package");
        let apt_get = folder.write("apt-get", apt_get);
        let dpkg_deb = folder.write(
            "dpkg-deb",
            format!("case $1 in\n--field) cat \"$2\" ;;\n--extract) cp -R '{}' \"$3\" ;;\nesac\n", package.display()),
        );
        let shell = |script: &Path| vec!["sh".to_owned(), script.display().to_string()];
        let tools = Tools { apt_get: shell(&apt_get), dpkg_deb: shell(&dpkg_deb) };
        Self { folder, tools }
    }

    fn install(&self) -> Result<Installed> {
        install(&self.tools, None, &self.folder.path("state/rule-sets"))
    }

    /// What is left of the work, beside the rules.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path("state/rule-sets")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

const GOOD: &str = "printf 'Package: modsecurity-crs\\nVersion: 3.3.4-1\\n' > modsecurity-crs_3.3.4-1_all.deb";

#[test]
fn the_rules_of_the_package_are_in_the_folder_and_nothing_else_is() {
    let fake = Fake::new(GOOD);
    let installed = fake.install().unwrap();
    let folder = fake.folder.path("state/rule-sets/modsecurity-crs");
    let (version, replaced) = ("3.3.4-1".to_owned(), false);
    assert_eq!(installed, Installed { folder: folder.clone(), version, rules: 1, lists: 1, replaced });
    assert_eq!(fs::read(folder.join("rules/a.conf")).unwrap(), b"SecAction \"id:1\"");
    assert_eq!(fs::read(folder.join("crs-setup.conf")).unwrap(), b"# setup");
    assert_eq!(fs::read_dir(folder.join("rules")).unwrap().count(), 2);
    assert_eq!(fake.left(), ["modsecurity-crs"]);
}

#[test]
fn rules_that_are_there_are_replaced_as_a_whole() {
    let fake = Fake::new(GOOD);
    fake.install().unwrap();
    fake.folder.write("state/rule-sets/modsecurity-crs/rules/old.conf", "");
    assert!(fake.install().unwrap().replaced);
    assert!(!fake.folder.path("state/rule-sets/modsecurity-crs/rules/old.conf").exists());
    assert_eq!(fake.left(), ["modsecurity-crs"]);
}

#[test]
fn a_package_file_at_hand_needs_no_download() {
    let fake = Fake::new("exit 1");
    let package = fake.folder.write("x.deb", "Package: modsecurity-crs\nVersion: 3.3.2\n");
    let installed = install(&fake.tools, Some(&package), &fake.folder.path("state/rule-sets")).unwrap();
    assert_eq!(installed.version, "3.3.2");
}

#[test]
fn a_link_in_a_package_is_not_followed() {
    let fake = Fake::new(GOOD);
    let secret = fake.folder.write("secret", "secret");
    symlink(secret, fake.folder.path("package/usr/share/modsecurity-crs/rules/c.conf")).unwrap();
    // As the real program does, links are unpacked as links.
    assert_eq!(fake.install().unwrap().rules, 1);
    assert!(!fake.folder.path("state/rule-sets/modsecurity-crs/rules/c.conf").exists());
}

#[test]
fn what_goes_wrong_is_told_and_leaves_what_was_there() {
    let cases = [
        ("echo 'W: a warning' >&2; echo 'E: Unable to locate package' >&2; exit 100", "E: Unable to locate package"),
        ("exit 0", "apt-get has left no package"),
        ("printf 'Package: other\\nVersion: 1\\n' > other_1_all.deb", "is the package \"other\""),
    ];
    for (apt_get, expected) in cases {
        let fake = Fake::new(GOOD);
        fake.install().unwrap();
        fake.folder.write("apt-get", apt_get);
        let error = format!("{:#}", fake.install().unwrap_err());
        assert!(error.contains(expected) && !error.contains("a warning"), "{error}");
        assert_eq!(fake.left(), ["modsecurity-crs"], "{apt_get}");
    }
}

#[test]
fn a_machine_without_the_program_is_told_so() {
    let fake = Fake::new(GOOD);
    let tools = Tools { apt_get: vec!["no-such-program-at-all".to_owned()], ..Tools::default() };
    let error = install(&tools, None, &fake.folder.path("state/rule-sets")).unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("there is no no-such-program-at-all on this machine"), "{error}");
    assert!(error.contains("--package FILE"), "{error}");
}
