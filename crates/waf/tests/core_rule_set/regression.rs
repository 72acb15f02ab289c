//! The project's own regression tests, as far as an engine without a server can judge them.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use regex_automata::meta::Regex;
use regression::{Expected, read_folder};
use waf::program::{Library, Options, Program};
use waf::seclang::EngineMode;
use waf::transaction::{Head, Transaction};
use waf::verdict::Verdict;

use crate::corpus::{FOUR, Generation, THREE, folder, lines, program};

/// Cases the engine alone does not judge: set, name, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crs-4", "920620-1", "the server of the tests refuses or joins repeated Content-Type fields"),
    ("crs-3.3", "933111-2", CONTRADICTION),
    ("crs-3.3", "933161-6", CONTRADICTION),
    ("crs-3.3", "942220-2", CONTRADICTION),
];

const CONTRADICTION: &str = "the pattern of the rule does not hold what the case sends";

#[test]
fn generation_3_3_passes_its_own_tests() {
    run(THREE);
}

#[test]
fn generation_4_passes_its_own_tests() {
    run(FOUR);
}

fn run(generation: Generation) {
    let Some(folder) = folder(generation) else { return };
    let options = Options { mode: Some(EngineMode::DetectionOnly), secrets: Vec::new(), ..Options::default() };
    let program = program(&folder, generation.setup, &options, &mut Library::new());
    let program = program.unwrap_or_else(|faults| panic!("{}", lines(&faults)));
    let (mut passed, mut failed, mut elsewhere) = (0_u32, Vec::new(), Vec::new());
    for case in all(&folder.join("tests-given")) {
        let known = EXCEPTIONS.iter().find(|(set, name, _)| *set == generation.folder && *name == case.name);
        match (known, judge(&program, &case)) {
            (_, Ok(true)) => passed += 1,
            (Some((.., reason)), _) => elsewhere.push(format!("{}: {reason}", case.name)),
            (None, Err(reason)) => elsewhere.push(format!("{}: {reason}", case.name)),
            (None, Ok(false)) => failed.push(case.name),
        }
    }
    let judged = passed + u32::try_from(failed.len()).expect("few");
    eprintln!("{}: {passed} of {judged} pass; {} are not judged", generation.folder, elsewhere.len());
    elsewhere.iter().for_each(|case| eprintln!("  not judged: {case}"));
    failed.iter().for_each(|case| eprintln!("  FAILED {case}"));
    assert!(judged > 1000, "the tests were found");
    assert!(passed * 100 >= judged * 99, "{passed} of {judged}");
}

/// What the three cases send, and the pattern their rules have: neither text nor its parts can match it.
#[test]
fn the_cases_that_are_not_judged_contradict_their_rules() {
    let Some(folder) = folder(THREE) else { return };
    let options = Options { mode: Some(EngineMode::DetectionOnly), ..Options::default() };
    let program = program(&folder, THREE.setup, &options, &mut Library::new());
    let program = program.unwrap_or_else(|faults| panic!("{}", lines(&faults)));
    let cases = all(&folder.join("tests-given"));
    for (_, name, _) in EXCEPTIONS.iter().filter(|(set, ..)| *set == THREE.folder) {
        let id: u32 = name.split('-').next().and_then(|id| id.parse().ok()).expect("a name begins with its rule");
        let rule = program.rules().find(|rule| rule.id == id).expect("the rule runs at level 4");
        let pattern = rule.operator.strip_prefix("@rx ").expect("a pattern").trim_matches(['^', '$']);
        let case = cases.iter().find(|case| case.name == *name).expect("the case is there");
        let bare: Vec<u8> = case.request.iter().copied().filter(|byte| *byte != b' ').collect();
        let pattern = Regex::new(pattern).expect("a pattern both engines read");
        assert!(!pattern.is_match(&case.request) && !pattern.is_match(&bare), "{name}");
    }
}

/// One request of a test.
struct Case {
    name: String,
    request: Vec<u8>,
    expected: Expected,
}

fn all(folder: &Path) -> Vec<Case> {
    let read = read_folder(folder).expect("a folder of tests");
    assert!(read.faults.is_empty() && read.others.is_empty(), "{:?} {:?}", read.faults, read.others);
    let mut cases = Vec::new();
    for test in read.tests {
        for stage in test.stages {
            let one = |request: &regression::Request| Case {
                name: test.name.clone(),
                request: request.bytes(),
                expected: stage.expected.clone(),
            };
            cases.extend(stage.requests.iter().map(one));
        }
    }
    cases
}

/// Whether a case passes; an error says why the engine alone cannot tell.
fn judge(program: &Arc<Program>, case: &Case) -> Result<bool, &'static str> {
    let expected = &case.expected;
    let asks_rules = expected.wants_a_finding() || !expected.no_ids.is_empty();
    if expected.error || expected.status == [400] || (!expected.status.is_empty() && !asks_rules) {
        return Err("only the answer of the server is expected");
    }
    let verdict = send(program, &case.request).ok_or("the request line is not one")?;
    let ids: Vec<u32> = verdict.matches.iter().map(|found| found.rule.id).collect();
    let lines: Vec<String> = verdict.matches.iter().map(line).collect();
    if std::env::var("WAF_CASE").is_ok_and(|name| name == case.name) {
        eprintln!("{}\n{expected:?}\n{}", String::from_utf8_lossy(&case.request), lines.join("\n"));
    }
    Ok(expected.failures_of_the_log(&lines, &ids).is_empty())
}

/// What was found, in the form in which the tests look for it.
fn line(found: &waf::verdict::RuleMatch) -> String {
    let names: Vec<&str> = found.values.iter().map(|value| value.name.as_str()).collect();
    let (message, data) = (found.message.escape_default(), found.data.escape_default());
    format!("[id \"{}\"] [msg \"{message}\"] [data \"{data}\"] {names:?}", found.rule.id)
}

/// Feeds a raw request.
pub(crate) fn send(program: &Arc<Program>, request: &[u8]) -> Option<Verdict> {
    let end = request.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(request.len());
    let (head, body) = (&request[..end], request.get(end + 4..).unwrap_or_default());
    let head = String::from_utf8_lossy(head).into_owned();
    let mut head_lines = head.split("\r\n");
    let line = head_lines.next()?;
    let (method, rest) = line.split_once(' ')?;
    let (target, protocol) = rest.rsplit_once(' ')?;
    if method.is_empty() || !protocol.starts_with("HTTP/") {
        return None;
    }
    let headers: Vec<(&[u8], &[u8])> = head_lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.as_bytes(), value.trim().as_bytes()))
        .collect();
    let head = Head {
        method: method.as_bytes(),
        target: target.as_bytes(),
        protocol,
        remote: IpAddr::from([192, 0, 2, 7]),
        remote_port: 40_000,
        unique_id: "case",
    };
    let mut transaction = Transaction::new(program, &head, headers);
    transaction.request_head();
    transaction.feed_body(body);
    transaction.request_body();
    if transaction.stopped().is_none() {
        answer(&mut transaction, target, body);
    }
    Some(transaction.finish(1))
}

/// The server of the tests answers under `/reflect` what the body asks for, else nothing of note.
fn answer(transaction: &mut Transaction, target: &str, body: &[u8]) {
    let asked: serde_json::Value = match target.starts_with("/reflect") {
        true => serde_json::from_slice(body).unwrap_or_default(),
        false => serde_json::Value::Null,
    };
    let status = asked["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in asked["headers"].as_object().into_iter().flatten() {
        headers.push((name.clone(), value.as_str().unwrap_or_default().to_owned()));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), "text/plain".to_owned()));
    }
    let encoded = asked["encodedBody"].as_str().unwrap_or_default();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap_or_default();
    let body = asked["body"].as_str().map_or(decoded, |text| text.as_bytes().to_vec());
    transaction.response_head(status, "HTTP/1.1", headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())));
    transaction.feed_response_body(&body);
    transaction.response_body();
}
