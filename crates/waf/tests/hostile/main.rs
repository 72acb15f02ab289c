//! Requests made to be expensive: each costs a bounded amount of work, whatever it holds. Counted work is asserted;
//! what it comes to in milliseconds is printed by the example `cost`.

#[path = "../core_rule_set/corpus.rs"]
mod corpus;
mod requests;

use std::sync::Arc;

use waf::program::{BODY_RULES, Library, Options, Program, STRICTNESS_RULES};
use waf::seclang::{Document, Reader};
use waf::transaction::{Progress, Transaction};
use waf::verdict::Bound;

use corpus::{FOUR, THREE};
use requests::Request;

/// Bytes of a body in these tests: what is quadratic shows at this size too, and an unoptimised build gets through.
const BODY: usize = 8 << 10;

/// What one look may cost beyond the budget, in units: a long value, looked through or transformed once.
const OVERSHOT: u64 = 16 * (BODY as u64 + 32 * 1024);

/// Both generations at paranoia level 4, where the corpus is at hand, and rules of every kind.
fn programs(options: &Options) -> Vec<(&'static str, Arc<Program>)> {
    let mut library = Library::new();
    let mut programs = vec![("rules of every kind", own(OWN, options))];
    for generation in [THREE, FOUR] {
        let Some(folder) = corpus::folder(generation) else { continue };
        let program = corpus::program(&folder, generation.setup, options, &mut library);
        programs.push((generation.folder, program.unwrap_or_else(|faults| panic!("{}", corpus::lines(&faults)))));
    }
    programs
}

struct NoFiles;

impl Reader for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files here".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

fn own(rules: &str, options: &Options) -> Arc<Program> {
    let text = format!("{BODY_RULES}\n{STRICTNESS_RULES}\n{rules}");
    let document = Document::parse("own.conf", &text, &NoFiles).unwrap_or_else(|faults| panic!("{faults:?}"));
    let program = Program::compile(&document, options, &NoFiles, &mut Library::new());
    Arc::new(program.unwrap_or_else(|faults| panic!("{faults:?}")))
}

const OWN: &str = r#"
    SecRule ARGS|ARGS_NAMES|XML:/*|REQUEST_HEADERS|REQUEST_COOKIES "@rx ^(?:(a+)(?=a|$))+(?<!a)$" \
        "id:1,phase:2,pass,capture,t:none,t:urlDecodeUni"
    SecRule ARGS|XML:/* "@rx (?:[^<]{0,50}<){2,40}x[a-z]{100}" "id:2,phase:2,pass,capture"
    SecRule ARGS "@rx ." "id:3,phase:2,pass,capture,multiMatch,t:lowercase,t:urlDecodeUni,t:htmlEntityDecode,\
        setvar:'tx.seen_%{MATCHED_VAR_NAME}=%{TX.0}'"
    SecRule TX:/^seen_/ "@unconditionalMatch" "id:4,phase:2,pass,setvar:'tx.all=%{tx.all}%{MATCHED_VAR}'"
    SecRule ARGS|REQUEST_HEADERS "@detectSQLi" "id:5,phase:2,pass,t:none,t:urlDecodeUni,t:removeNulls,t:cmdLine"
    SecRule ARGS|XML:/* "@detectXSS" "id:6,phase:2,pass,t:utf8toUnicode,t:urlDecodeUni,t:jsDecode,t:cssDecode"
    SecRule ARGS_NAMES "@rx %{tx.all}" "id:7,phase:2,pass"
    SecRule MATCHED_VARS|&ARGS|ARGS_COMBINED_SIZE "@ge 0" "id:8,phase:2,pass"
"#;

#[test]
fn no_request_costs_more_work_than_its_budget() {
    let options = Options { request_body_limit: Some(BODY), ..Options::default() };
    let budget = (8 << 20) + 128 * BODY as u64;
    let mut count = 0;
    for (rules, program) in programs(&options) {
        for request in requests::requests(BODY) {
            let verdict = requests::run(&program, &request);
            let limit = budget + OVERSHOT;
            assert!(verdict.work <= limit, "{rules}: {}: {} of {limit}", request.name, verdict.work);
            count += 1;
        }
    }
    assert!(count >= requests::requests(BODY).len());
}

#[test]
fn a_budget_that_runs_out_ends_the_work_and_says_where() {
    const SMALL: u64 = 200_000;
    let options = Options { request_body_limit: Some(BODY), budget: Some(SMALL), ..Options::default() };
    let mut exhausted = 0;
    for (rules, program) in programs(&options) {
        for request in requests::requests(BODY) {
            let verdict = requests::run(&program, &request);
            // Rules over what was found may go on for another 1 Mi.
            let limit = SMALL + OVERSHOT + (1 << 20);
            assert!(verdict.work <= limit, "{rules}: {}: {} of {limit}", request.name, verdict.work);
            let Some(found) = verdict.exhausted else { continue };
            exhausted += 1;
            assert_eq!(found.bound, Bound::Work, "{rules}: {}", request.name);
            assert!(found.work <= verdict.work && program.rules().any(|rule| rule.id == found.rule));
        }
    }
    assert!(exhausted > 20, "only {exhausted} requests were expensive");
}

#[test]
fn transformations_that_let_values_grow_end_where_memory_does() {
    let rules = format!("SecRule ARGS \"@rx x\" \"id:1,phase:2,pass,{}t:lowercase\"", "t:hexEncode,".repeat(40));
    let program = own(&rules, &Options { budget: Some(u64::MAX), ..Options::default() });
    let request = requests::requests(BODY).into_iter().find(|request| request.name == "form, one long value");
    let verdict = requests::run(&program, &request.expect("the name is in the list"));
    assert_eq!(verdict.exhausted.expect("2^40 times the length does not fit").bound, Bound::Memory);
}

/// Runs the body's rules in pieces of so much work; the verdict, told, and the number of pieces.
fn in_pieces(program: &Arc<Program>, request: &Request, work: u64) -> (String, usize) {
    let mut transaction = Transaction::new(program, &request.head(), request.fields());
    transaction.request_head();
    transaction.feed_body(&request.body);
    let mut pieces = 1;
    while transaction.request_body_step(work) == Progress::More {
        pieces += 1;
    }
    (format!("{:?}", transaction.finish(0)), pieces)
}

#[test]
fn a_body_in_pieces_gets_the_same_verdict() {
    let options = Options { request_body_limit: Some(BODY), ..Options::default() };
    for (rules, program) in programs(&options) {
        let mut most = 0;
        for request in requests::requests(BODY).iter().step_by(5) {
            let whole = format!("{:?}", requests::run(&program, request));
            for work in [1, 50_000] {
                let (verdict, pieces) = in_pieces(&program, request, work);
                assert_eq!(verdict, whole, "{rules}: {}", request.name);
                most = most.max(pieces);
            }
        }
        assert!(most > 8, "{rules}: at most {most} pieces");
    }
}
