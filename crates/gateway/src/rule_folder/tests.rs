use super::*;

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn checksum(named: &Path) -> (Rules, String) {
    let mut checksum = Sha256::new();
    let rules = read(Some(named.to_owned()), &[], &mut checksum);
    (rules, checksum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn names(rules: &Rules) -> Vec<(String, String)> {
    let RuleSets::Folder(folder) = &rules.sets else { panic!("{:?}", rules.sets) };
    folder.files.iter().map(|(name, text)| (name.clone(), String::from_utf8_lossy(text).into_owned())).collect()
}

#[test]
fn a_folder_has_its_rules_in_it_or_in_a_folder_of_that_name() {
    let folder = e2e::Folder::new();
    for within in ["", "rules/"] {
        let root = folder.path(if within.is_empty() { "flat" } else { "deep" });
        let at = |name: &str| root.join(format!("{within}{name}"));
        write(&at("REQUEST-942.conf"), b"rules");
        write(&at("words.data"), b"words");
        write(&at("REQUEST-900.conf.example"), b"example");
        write(&at("notes.txt"), b"notes");
        write(&root.join("crs-setup.conf.example"), b"setup");
        let (rules, _) = checksum(&root);
        let expected = [("REQUEST-942.conf", "rules"), ("crs-setup.conf", "setup"), ("words.data", "words")];
        let expected: Vec<_> = expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(names(&rules), expected, "{within:?}");
        assert!(rules.paths.contains(&at("words.data")) && rules.paths.len() == 4, "{:?}", rules.paths);
        write(&root.join("crs-setup.conf"), b"mine");
        assert!(names(&checksum(&root).0).contains(&("crs-setup.conf".to_owned(), "mine".to_owned())));
    }
}

#[test]
fn every_change_of_a_folder_changes_the_checksum() {
    let folder = e2e::Folder::new();
    let root = folder.path("rules");
    write(&root.join("a.conf"), b"one");
    let sums = [
        checksum(&root).1,
        {
            write(&root.join("a.conf"), b"two");
            checksum(&root).1
        },
        {
            write(&root.join("b.conf"), b"");
            checksum(&root).1
        },
        {
            fs::rename(root.join("b.conf"), root.join("c.conf")).unwrap();
            checksum(&root).1
        },
        {
            fs::remove_dir_all(&root).unwrap();
            checksum(&root).1
        },
    ];
    let different: std::collections::BTreeSet<&String> = sums.iter().collect();
    assert_eq!(different.len(), sums.len());
}

#[test]
fn what_cannot_be_read_says_why() {
    let folder = e2e::Folder::new();
    let why = |path: &Path| match checksum(path).0.sets {
        RuleSets::Unreadable { why, .. } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&folder.path("missing")), "there is no such folder or file");
    write(&folder.path("file"), b"");
    assert_eq!(why(&folder.path("file")), "it is not a folder");
    let large = folder.path("large");
    write(&large.join("a.conf"), &vec![b' '; LARGEST as usize + 1]);
    assert_eq!(why(&large), "a.conf: it is larger than 4 MiB");
    let many = folder.path("many");
    (0..=MOST_FILES).for_each(|number| write(&many.join(format!("{number}.data")), b""));
    assert_eq!(why(&many), "it has more than 500 files of rules");
    fs::create_dir_all(folder.path("odd/a.conf")).unwrap();
    assert_eq!(why(&folder.path("odd")), "a.conf: it is not a file");
}

#[test]
fn without_a_name_the_first_usual_folder_that_there_is_counts() {
    let folder = e2e::Folder::new();
    let usual = usual(&[folder.path("mine"), folder.path("all")]);
    let found = read(None, &usual, &mut Sha256::new());
    assert!(matches!(found.sets, RuleSets::Absent));
    assert_eq!(found.paths, usual, "they may come");
    write(&usual[1].join("rules/a.conf"), b"");
    let found = read(None, &usual, &mut Sha256::new());
    let RuleSets::Folder(read) = found.sets else { panic!("{:?}", found.sets) };
    assert_eq!(read.path, usual[1].display().to_string());
}

#[test]
fn only_a_text_that_speaks_of_rule_sets_asks_for_rules() {
    assert!(may_be_asked_for("{\"RuleSetType\": \"OWASP\"}"));
    assert!(!may_be_asked_for("{\"firewallPolicy\": {}}") && !may_be_asked_for("rule"));
}
