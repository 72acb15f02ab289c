//! Every operator against the public vectors, and what is said of names and arguments.

use proptest::prelude::*;

use super::{Captures, Environment, NAMES, Operator, OperatorFault, UNAVAILABLE};
use crate::{corpus, vectors};

/// Files of a folder.
struct Folder(std::path::PathBuf);

impl Environment for Folder {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(file)).map_err(|fault| fault.to_string())
    }
}

struct NoFiles;

impl Environment for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files here".to_owned())
    }
}

fn operator(name: &str, argument: &str) -> Operator {
    Operator::parse(name, argument, &NoFiles).unwrap()
}

/// Files of vectors that describe one engine alone.
const OTHER_ENGINE: &[(&str, &str)] =
    &[("validateSchema", "schemas are refused when rules are loaded: the engine has no parser for them")];

/// Networks that are none; the other engine passes over them, here the rule is refused when it is loaded.
const REFUSED_NETWORKS: &[&str] = &["10.0.0.0/100"];

#[test]
fn the_public_vectors_pass() {
    let Some(folder) = corpus::find("unit-vectors/operators") else { return };
    let files = Folder(folder.join("op"));
    let (mut run, mut failed, mut refused) = (0, Vec::new(), Vec::new());
    for (file, bytes) in corpus::files(&folder, "json") {
        if OTHER_ENGINE.iter().any(|(name, _)| *name == file) {
            assert!(matches!(Operator::parse(&file, "x", &NoFiles), Err(OperatorFault::Unavailable { .. })), "{file}");
            continue;
        }
        for (place, vector) in vectors::parse(&bytes).iter().enumerate() {
            run += 1;
            let argument = vector.text("param");
            let operator = match Operator::parse(vector.text("name"), argument, &files) {
                Ok(operator) => operator,
                Err(_) if REFUSED_NETWORKS.contains(&argument) => {
                    refused.push(argument.to_owned());
                    continue;
                }
                Err(fault) => {
                    failed.push(format!("{file} {place}: {fault}"));
                    continue;
                }
            };
            // A NUL byte is written as in C here.
            let value = with_nulls(&vector.bytes("input"));
            let mut captures = Captures::new();
            let found = operator.matches(&value, argument.as_bytes(), Some(&mut captures));
            let groups: Vec<_> = captures.iter().map(|group| String::from_utf8_lossy(group).into_owned()).collect();
            let groups_fit = vector.captures().is_none_or(|wanted| wanted == groups);
            let plain = operator.matches(&value, argument.as_bytes(), None);
            if found != vector.matches() || plain != found || !groups_fit {
                failed.push(format!("{file} {place}: {argument} on {} gives {found} {groups:?}", value.escape_ascii()));
            }
            check_literals(&operator, &value, found);
        }
    }
    println!("{run} vectors of operators, {} with arguments that are refused", refused.len());
    assert!(run > 3800, "only {run} vectors");
    assert!(failed.is_empty(), "{} of {run}:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(refused, REFUSED_NETWORKS);
}

/// The value with every backslash and zero as a NUL byte.
fn with_nulls(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(place) = memchr::memmem::find(rest, br"\0") {
        out.extend_from_slice(&rest[..place]);
        out.push(0);
        rest = &rest[place + 2..];
    }
    out.extend_from_slice(rest);
    out
}

/// A value that matches holds one of the operator's literals.
fn check_literals(operator: &Operator, value: &[u8], found: bool) {
    if let (Some(literals), true) = (operator.literals(), found) {
        let value = value.to_ascii_lowercase();
        assert!(literals.iter().any(|literal| memchr::memmem::find(&value, literal).is_some()), "{operator:?}");
    }
}

#[test]
fn names_are_found_whatever_their_case() {
    for (name, _) in NAMES {
        let argument = match *name {
            name if name.ends_with("Nid") => "us x",
            name if name.starts_with("ipMatch") => "::1",
            "validateByteRange" => "1-255",
            _ => "x",
        };
        match Operator::parse(&name.to_ascii_uppercase(), argument, &NoFiles) {
            Ok(operator) => assert_eq!((operator.name(), operator.argument()), (*name, argument)),
            Err(fault) => assert!(matches!(fault, OperatorFault::File { .. }), "{name}: {fault}"),
        }
    }
}

#[test]
fn faults_say_what_is_wrong() {
    for (name, argument, wanted) in [
        ("rxx", "", "there is no operator @rxx"),
        ("RBL", "dnsbl.example.org", "@rbl is not available: it needs an answer of the DNS for every request"),
        ("geolookup", "", "@geoLookup is not available: it needs a database of addresses"),
        ("ipMatch", "10.0.0.300", "@ipMatch: \"10.0.0.300\" is no address or network"),
        ("pm", "  ", "@pm: there is no phrase to look for"),
        ("pmFromFile", "a.data", "@pmFromFile: a.data: there are no files here"),
        ("rx", "(a", "@rx: the pattern cannot be read: unclosed group"),
        ("rx", r"[z-a]", "@rx: the pattern cannot be read: the range z-a is the wrong way round"),
        ("rx", r"(?:a{1000}){1000}", "@rx: the pattern needs more than 10 MiB of states"),
    ] {
        assert_eq!(Operator::parse(name, argument, &NoFiles).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn every_unavailable_operator_is_told_from_an_unknown_one() {
    for (name, _) in UNAVAILABLE {
        assert!(matches!(Operator::parse(name, "", &NoFiles), Err(OperatorFault::Unavailable { .. })), "{name}");
    }
}

#[test]
fn captures_are_what_was_found() {
    for (name, argument, value, wanted) in [
        ("rx", "(a)(x)?(b)", "cabd", vec!["ab", "a", "", "b"]),
        ("rx", "(a)|(b)", "zzz", vec![]),
        ("pm", "union select", "a SELECT", vec!["SELECT"]),
        ("detectSQLi", "", "1' or '1'='1", vec!["s&sos"]),
        ("detectXSS", "", "<script>", vec!["<script>"]),
        ("verifyCC", r"\d{13,16}", "x 4916545704601136 y", vec!["4916545704601136"]),
        ("contains", "a", "a", vec![]),
    ] {
        let mut captures = Captures::new();
        captures.push(b"of an earlier match");
        operator(name, argument).matches(value.as_bytes(), argument.as_bytes(), Some(&mut captures));
        let found: Vec<_> = captures.iter().map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        assert_eq!(found, wanted, "{name} {argument}");
    }
}

#[test]
fn the_expanded_argument_counts() {
    let within = operator("within", "%{tx.allowed}");
    assert!(within.matches(b"|GET|", b"|GET|HEAD|", None) && !within.matches(b"|PUT|", b"|GET|HEAD|", None));
    assert!(operator("ge", "%{tx.limit}").matches(b"7", b"5", None));
    let rx = operator("rx", "^(?:%{tx.charsets})$");
    assert!(rx.matches(b"utf-8", b"^(?:utf-8|ascii)$", None) && !rx.matches(b"utf-7", b"^(?:utf-8|ascii)$", None));
    assert!(rx.matches(b"utf-7", b"^(?:utf-7)$", None) && !rx.matches(b"(", b"(", None));
    assert_eq!((within.literals(), rx.literals()), (None, None));
}

#[test]
fn words_stand_alone() {
    let word = operator("containsWord", "or");
    for (value, wanted) in [("1 or 1", true), ("order", false), ("for, or", true), ("or", true), ("_or", false)] {
        assert_eq!(word.matches(value.as_bytes(), b"or", None), wanted, "{value}");
    }
}

#[test]
fn encodings_are_checked() {
    for (name, value, wanted) in [
        ("validateUrlEncoding", b"a%20b".as_slice(), false),
        ("validateUrlEncoding", b"100%", true),
        ("validateUtf8Encoding", "\u{1f600}".as_bytes(), false),
        ("validateUtf8Encoding", b"\xC0\xAF", true),
        ("validateUtf8Encoding", b"\xED\xA0\x80", true),
        ("validateUtf8Encoding", b"\xF4\x90\x80\x80", true),
    ] {
        assert_eq!(operator(name, "").matches(value, b"", None), wanted, "{name} {}", value.escape_ascii());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(value in prop::collection::vec(any::<u8>(), 0..200), argument in "[ -~]{0,20}") {
        for (name, _) in NAMES {
            if let Ok(operator) = Operator::parse(name, &argument, &NoFiles) {
                let mut captures = Captures::new();
                let found = operator.matches(&value, argument.as_bytes(), Some(&mut captures));
                prop_assert_eq!(operator.matches(&value, argument.as_bytes(), None), found);
            }
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_a_fault(pattern in PATTERN, value in "[ -~]{0,20}") {
        if let Ok(operator) = Operator::parse("rx", &pattern, &NoFiles) {
            let found = operator.matches(value.as_bytes(), pattern.as_bytes(), None);
            check_literals(&operator, value.as_bytes(), found);
        }
    }
}

const PATTERN: &str = r"([ -~]|\\[a-zA-Z0-9]|\(\?|\[\^?|é){0,25}";
