//! The rule set of a folder finds and decides what the folder does when the engine runs it alone, over all requests
//! that the authors of the core rule set test with.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firewall::challenge::{Clearances, Lifetimes};
use firewall::events::{Place, Scope};
use firewall::inspection::{Decision, Inspection, Services, Step};
use firewall::managed::bots::Unknown;
use firewall::managed::{Builder, SetSpec, Spec};
use firewall::rate::Counters;
use firewall::scrubbing::Scrubbing;
use firewall::{Block, Limits, Mode, Policy, Request, custom, geo};
use waf::program::{Library, Options, Program};
use waf::seclang::EngineMode;
use waf::transaction::{Head, Transaction};
use waf::verdict::Verdict;

use corpus::{FOUR, Files, Generation, THREE, folder, lines, program};

#[allow(dead_code, reason = "shared with the engine's tests, which use all of it")]
#[path = "../../../waf/tests/core_rule_set/corpus.rs"]
mod corpus;

#[test]
fn generation_3_3_is_run_as_the_engine_runs_it() {
    compare(THREE);
}

#[test]
fn generation_4_is_run_as_the_engine_runs_it() {
    compare(FOUR);
}

fn compare(generation: Generation) {
    let Some(folder) = folder(generation) else { return };
    let cases = cases(&folder.join("tests-given"));
    // At the highest level every rule tells; at the lowest the score decides.
    for (mode, setup) in [(Mode::Detection, generation.setup), (Mode::Prevention, "")] {
        let (engine, policy) = (engine(&folder, setup, mode), policy(&folder, setup, mode));
        let (mut found, mut refused) = (0, 0);
        for case in &cases {
            let Some(parts) = Parts::read(case) else { continue };
            let verdict = parts.run(&engine);
            let ids: Vec<String> = verdict.matches.iter().map(|found| found.rule.id.to_string()).collect();
            let (blocks, rows) = parts.inspect(&policy);
            let text = String::from_utf8_lossy(case);
            assert_eq!(rows, ids, "{mode:?}\n{text}");
            assert_eq!(blocks, verdict.is_stopped(), "{mode:?}\n{text}");
            (found, refused) = (found + ids.len(), refused + usize::from(blocks));
        }
        eprintln!("{} {mode:?}: {found} rows, {refused} of {} refused", generation.folder, cases.len());
        assert!(cases.len() > 1000 && found > 1000, "the cases were found");
        assert_eq!(refused > 300, mode == Mode::Prevention, "{refused}");
    }
}

fn cases(folder: &Path) -> Vec<Vec<u8>> {
    let tests = regression::read_folder(folder).expect("a folder of tests").tests;
    let stages = tests.iter().flat_map(|test| &test.stages);
    stages.flat_map(|stage| &stage.requests).map(regression::Request::bytes).collect()
}

fn engine(folder: &Path, setup: &str, mode: Mode) -> Arc<Program> {
    let mode = if mode == Mode::Prevention { EngineMode::On } else { EngineMode::DetectionOnly };
    let options = Options { mode: Some(mode), ..Options::default() };
    program(folder, setup, &options, &mut Library::new()).unwrap_or_else(|faults| panic!("{}", lines(&faults)))
}

fn policy(folder: &Path, setup: &str, mode: Mode) -> Arc<Policy> {
    let files = Files(PathBuf::from(folder).join("rules"));
    let example = std::fs::read_to_string(folder.join("crs-setup.conf.example")).expect("a set-up");
    let builder = Builder::new(&files).unwrap_or_else(|faults| panic!("{}", lines(&faults)));
    let mut builder = builder.with_setup(Some(format!("{setup}\n{example}")));
    let set = SetSpec { kind: "Gatehouse_RuleFolder".to_owned(), version: "1.0".to_owned(), overrides: Vec::new() };
    let spec = Spec { sets: vec![set], ..Spec::default() };
    let limits = Limits { max_body: None, max_upload: None, ..Limits::default() };
    let built = builder.build(&spec, mode, &limits, &Scrubbing::default());
    Arc::new(Policy {
        name: "folder".into(),
        id: "/policies/folder".into(),
        mode,
        limits,
        block: Block::default(),
        custom: custom::Rules::default(),
        clearance: Lifetimes::default(),
        managed: built.unwrap_or_else(|faults| panic!("{faults:?}")).managed,
        scrubbing: Scrubbing::default(),
    })
}

/// A raw request in its parts.
struct Parts<'r> {
    method: &'r str,
    target: &'r str,
    protocol: &'r str,
    headers: Vec<(&'r [u8], &'r [u8])>,
    body: &'r [u8],
}

impl<'r> Parts<'r> {
    /// `None` for one whose first line is none, or that is no text.
    fn read(request: &'r [u8]) -> Option<Self> {
        let end = request.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(request.len());
        let mut lines = std::str::from_utf8(request.get(..end)?).ok()?.split("\r\n");
        let (method, rest) = lines.next()?.split_once(' ')?;
        let (target, protocol) = rest.rsplit_once(' ')?;
        if method.is_empty() || !protocol.starts_with("HTTP/") {
            return None;
        }
        let fields = lines.filter_map(|line| line.split_once(':'));
        let headers = fields.map(|(name, value)| (name.as_bytes(), value.trim().as_bytes())).collect();
        Some(Self { method, target, protocol, headers, body: request.get(end + 4..).unwrap_or_default() })
    }

    fn run(&self, program: &Arc<Program>) -> Verdict {
        let head = Head {
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            protocol: self.protocol,
            remote: IpAddr::from([192, 0, 2, 7]),
            remote_port: 40_000,
            unique_id: "case",
        };
        let mut transaction = Transaction::new(program, &head, self.headers.iter().copied());
        transaction.request_head();
        transaction.feed_body(self.body);
        transaction.request_body();
        transaction.finish(0)
    }

    /// Whether the policy refuses it, and the rules of all rows.
    fn inspect(&self, policy: &Arc<Policy>) -> (bool, Vec<String>) {
        let request = Request {
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            protocol: self.protocol,
            client: IpAddr::from([192, 0, 2, 7]),
            client_port: 40_000,
            headers: &self.headers,
            id: "case",
        };
        let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
        let services = Services {
            counters: &counters,
            countries: &geo::Nowhere,
            clearances: &clearances,
            reputation: &Unknown,
            now: Duration::ZERO,
        };
        let place = Place { scope: Scope::Global, name: "Global".into() };
        let mut inspection = Inspection::new(policy, &place, &request, &services);
        if matches!(inspection.head(), Step::WantsBody) && !self.body.is_empty() {
            inspection.body(self.body);
        }
        let outcome = inspection.finish();
        // Rules that only log run last, also where nothing answers.
        let rest = outcome.answer.map(|answer| answer.end().events).unwrap_or_default();
        let rows = outcome.events.iter().chain(&rest).map(|event| event.rule_id.clone()).collect();
        (matches!(outcome.decision, Decision::Block(_)), rows)
    }
}
