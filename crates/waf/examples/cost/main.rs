//! What the rules cost: microseconds for requests of ordinary clients and of attackers, under both generations of the
//! core rule set at paranoia level 1, and milliseconds for requests made to be expensive, at level 4.
//!
//! `cargo run --release -p waf --example cost` prints two tables; a word behind `--` runs only the rows that hold it,
//! a number behind that says how many milliseconds each ordinary row runs.
//! The rule sets are not part of this tree: they are found under `GATEHOUSE_CORPUS`, as for the tests.

#![allow(clippy::print_stdout, reason = "a table for people")]

#[path = "../../tests/core_rule_set/corpus.rs"]
mod corpus;
#[path = "../../tests/hostile/requests.rs"]
mod hostile;
#[path = "../../tests/core_rule_set/ordinary.rs"]
mod ordinary;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use waf::program::{Library, Options, Program};
use waf::verdict::Verdict;

use corpus::{FOUR, THREE};
use hostile::Request;

/// Bytes of a hostile body: as many as rules look at by default.
const BODY: usize = 128 << 10;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let for_long = std::env::args().nth(2).and_then(|millis| millis.parse().ok()).unwrap_or(700);
    for generation in [THREE, FOUR] {
        let Some(folder) = corpus::folder(generation) else { return };
        let plain = compile(&folder, "");
        println!("{}: {} rules at level 1", generation.folder, plain.rule_count());
        for request in ordinary::requests().iter().filter(|request| request.name.contains(&wanted)) {
            let (time, verdict) = fastest(&plain, request, Duration::from_millis(for_long));
            println!("  {:24} {:>9.1} us {}", request.name, time.as_secs_f64() * 1e6, told(&verdict));
        }
        let strict = compile(&folder, generation.setup);
        println!("{}: {} rules at level 4, hostile requests", generation.folder, strict.rule_count());
        for request in hostile::requests(BODY).iter().filter(|request| request.name.contains(&wanted)) {
            let (time, verdict) = fastest(&strict, request, Duration::from_millis(1));
            println!("  {:24} {:>9.1} ms {}", request.name, time.as_secs_f64() * 1e3, told(&verdict));
        }
    }
}

fn compile(folder: &Path, setup: &str) -> Arc<Program> {
    let program = corpus::program(folder, setup, &Options::default(), &mut Library::new());
    program.unwrap_or_else(|faults| panic!("{}", corpus::lines(&faults)))
}

/// The best of many runs: others share the machine, and nothing makes a run faster than it is.
fn fastest(program: &Arc<Program>, request: &Request, for_long: Duration) -> (Duration, Verdict) {
    let mut best = Duration::MAX;
    let began = Instant::now();
    loop {
        let start = Instant::now();
        let verdict = hostile::run(program, request);
        best = best.min(start.elapsed());
        if began.elapsed() > for_long && began.elapsed() > 2 * best {
            return (best, verdict);
        }
    }
}

fn told(verdict: &Verdict) -> String {
    let exhausted = verdict.exhausted.map(|found| format!(", exhausted at {} ({:?})", found.rule, found.bound));
    format!("{:>9} units, {} matches{}", verdict.work, verdict.matches.len(), exhausted.unwrap_or_default())
}
