//! Small documents and the problems they have, line by line.
//!
//! Every file in `cases` but `base.yaml` holds cases. A case begins with `=== the rule it proves`, and
//! gives whole sections of a gateway; sections it does not give come from `base.yaml`. `#! error Code`
//! at the end of a line is a problem of that line; on a line of its own, one of a section that came
//! from `base.yaml`. `=== name [azure]` asks whether Azure takes the document, `[dev]` is for a
//! developer's machine, `[issuer]` has an authority of its own, `[rules]`, `[broken rules]` and
//! `[unreadable rules]` have rules of the firewall, `[2050]` is read in that year and not in 2027. What
//! follows a line `--- policy` is a WAF policy beside the document, and what follows `--- site` the site file. `{{x}}`
//! is the base64 of the fixture `x`; the files that are named are fixtures, too, and `pages` says what URLs lead to.

#[path = "common/assemble.rs"]
mod assemble;
mod common;
#[path = "common/rules.rs"]
mod rules;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::problem::Problem;
use model::site::{Site, read_site};
use model::{Problems, ReadOptions, Source, read};
use snapshot::{Environment, Issuer, Mode, RuleSets, compile, merged};
use tls::certificate::{CertificateError, Identity, read_pem};

use assemble::assemble;
use common::{IN_2027, files, fixture, pages, with_fixtures};

/// How many cases there are; a case that is not run is worse than none.
const CASES: usize = 336;

#[test]
fn every_case_has_the_problems_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let base = fs::read_to_string(folder.join("base.yaml")).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for file in files.iter().filter(|file| !file.ends_with("base.yaml")) {
        let text = fs::read_to_string(file).unwrap();
        let (preface, cases) = text.split_once("=== ").unwrap_or((&text, ""));
        assert!(
            preface.lines().all(|line| line.is_empty() || line.starts_with('#')),
            "{} begins with a case",
            file.display()
        );
        for case in cases.split("\n=== ") {
            count += 1;
            if let Err(failure) = run(&base, case) {
                failures.push(format!("{}: {failure}", file.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
    assert_eq!(count, CASES, "cases came or went: say so above");
}

/// 2050-01-01, after it.
const IN_2050: i64 = 2_524_608_000;

/// Issues the same certificate whatever it is asked for.
#[derive(Debug)]
struct Authority;

impl Issuer for Authority {
    fn issue(&self, names: &[String]) -> Result<Identity, CertificateError> {
        assert!(!names.is_empty());
        let (leaf, key) = (fixture("leaf.pem").expect("a fixture"), fixture("leaf.key").expect("a fixture"));
        read_pem(&leaf, Some(&key), None, IN_2027).map(|read| read.identity)
    }
}

fn run(base: &str, case: &str) -> Result<(), String> {
    let case = &with_fixtures(case);
    let (title, text) = case.split_once('\n').unwrap_or((case, ""));
    let (text, site) = text.split_once("--- site\n").unwrap_or((text, ""));
    let (text, policy) = text.split_once("--- policy\n").unwrap_or((text, ""));
    let (document, offset) = assemble(base, text);
    let expected = expected(&[("", text), ("policy ", policy), ("site ", site)]);

    let mut sources = vec![Source::new("document", document)];
    if !policy.is_empty() {
        sources.push(Source::new("policy", policy));
    }
    let mut reading = read(&sources, &ReadOptions::default());
    let mut problems = std::mem::take(&mut reading.problems);
    let site_file: Option<Site> =
        if site.is_empty() { None } else { read_site(Source::new("site", site), &mut reading.sources, &mut problems) };
    let environment = Environment {
        local_addresses: vec![IpAddr::from([10, 9, 9, 9])],
        mode: if title.contains("[dev]") { Mode::Dev } else { Mode::Run },
        target_azure: title.contains("[azure]"),
        files: files(site_file.as_ref(), reading.document.as_ref()),
        now: if title.contains("[2050]") { IN_2050 } else { IN_2027 },
        issuer: title.contains("[issuer]").then(|| Arc::new(Authority) as Arc<dyn Issuer>),
        affinity_key: None,
        pages: pages(),
        rule_sets: rule_sets(title),
        ..Environment::default()
    };
    let mut all = Problems::new();
    if let Some(document) = &reading.document {
        let compiled = compile(document, site_file.as_ref(), &environment);
        assert_eq!(
            compiled.snapshot.is_some(),
            !compiled.problems.has_errors() && !environment.target_azure,
            "{title}: a snapshot is given exactly when there is no error"
        );
        all = merged(problems, compiled.problems);
    }
    let place = |problem: &Problem| {
        let Some(span) = problem.span else { return "elsewhere".to_owned() };
        let Some(source) = reading.sources.get(span.source) else { return "nowhere".to_owned() };
        let (line, _) = source.line_column(span.start as usize);
        match source.name.as_str() {
            "document" if line > offset => format!("line {}", line - offset),
            "document" => "elsewhere".to_owned(),
            other => format!("{other} line {line}"),
        }
    };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for problem in all.iter() {
        found.entry(place(problem)).or_default().push(format!("{} {}", problem.severity.as_str(), problem.code));
    }
    found.values_mut().for_each(|list| list.sort());
    if found == expected {
        return Ok(());
    }
    let lines: Vec<_> = all.iter().map(|problem| format!("    {}: {problem}", place(problem))).collect();
    Err(format!("{title}\n  expected {expected:?}\n  found    {found:?}\n{}", lines.join("\n")))
}

/// The firewall's rules that a case has.
fn rule_sets(title: &str) -> RuleSets {
    if title.contains("[rules]") {
        rules::folder(rules::SQLI)
    } else if title.contains("[broken rules]") {
        rules::folder("SecRule ARGS \"@noSuchOperator a\" \"id:942100,phase:2,block\"\n")
    } else if title.contains("[unreadable rules]") {
        RuleSets::Unreadable { path: "/rules".to_owned(), why: "this user may not".to_owned() }
    } else {
        RuleSets::Absent
    }
}

fn expected(texts: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (prefix, text) in texts {
        for (number, line) in (1..).zip(text.lines()) {
            let Some((before, marks)) = line.split_once("#!") else { continue };
            let place =
                if before.trim().is_empty() { "elsewhere".to_owned() } else { format!("{prefix}line {number}") };
            for mark in marks.split(',') {
                expected.entry(place.clone()).or_default().push(mark.trim().to_owned());
            }
        }
    }
    expected.values_mut().for_each(|list| list.sort());
    expected
}
