//! The rows `instructions` and those that end so: user instructions per request, or per round trip, counted by
//! valgrind's callgrind.
//!
//! A short and a long run of the same load; the difference of the counts over the difference of the requests. Start-up,
//! configuration and the end drop out. Unlike microseconds the figure does not depend on the machine's mood.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::cli::{Row, Target};
use crate::peers::Routes;
use crate::report::{Contender, RowReport};
use crate::rows::Bench;
use crate::tools;
use crate::work::Work;

/// The long run is this many times the short one.
const LONGER: u64 = 3;

/// Counts for every proxy of the run.
pub(crate) fn row(
    bench: &mut Bench<'_>,
    row: Row,
    lineup: &[(Target, Routes)],
    work: &Work,
    failures: &mut Vec<String>,
) -> Result<RowReport> {
    let mut contenders = Vec::new();
    if !tools::has("valgrind") {
        println!("SKIPPED: {}: valgrind is not installed", row.name());
        return Ok(RowReport::new(row, work, contenders));
    }
    for &(target, routes) in lineup {
        match per_request(bench, target, routes, work) {
            Ok(instructions) => {
                let mut contender = Contender::new(target, routes);
                contender.instructions = Some(instructions);
                contenders.push(contender);
            }
            Err(problem) => {
                println!("SKIPPED: {} in {}: {problem:#}", target.name(), row.name());
                failures.push(format!("{} in {}: {problem:#}", target.name(), row.name()));
            }
        }
    }
    Ok(RowReport::new(row, work, contenders))
}

fn per_request(bench: &mut Bench<'_>, target: Target, routes: Routes, work: &Work) -> Result<f64> {
    let long = Work { requests: work.requests * LONGER, ..work.clone() };
    let few = count(bench, target, routes, work)?;
    let many = count(bench, target, routes, &long)?;
    let difference = many.checked_sub(few).context("the longer run took fewer instructions")?;
    Ok(difference as f64 / (long.requests - work.requests) as f64)
}

/// Instructions of a whole life of the proxy with this load.
fn count(bench: &mut Bench<'_>, target: Target, routes: Routes, work: &Work) -> Result<u64> {
    let routes_name = routes.name().unwrap_or("single");
    let counts = bench.folder.join(format!("callgrind-{}-{routes_name}-{}", target.name(), work.requests));
    let started = bench.launch(target, routes, work, Some(counts.clone()))?;
    let report = bench.load(&started.proxy, work)?;
    started.proxy.stop()?;
    if let Some(error) = report.first_error {
        bail!("{} errors, the first: {error}", report.errors);
    }
    read_counts(&counts)
}

fn read_counts(file: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(file).with_context(|| format!("callgrind left no {}", file.display()))?;
    total(&text).with_context(|| format!("no total in {}", file.display()))
}

/// The `totals:` line, or the `summary:` line where a dump has only that.
fn total(text: &str) -> Option<u64> {
    let value = |name: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    value("totals:").or_else(|| value("summary:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_a_dump() {
        assert_eq!(total("events: Ir\nfn=(1)\n1 5\n\ntotals: 1234\n"), Some(1_234));
        assert_eq!(total("summary: 77\n"), Some(77));
        assert_eq!(total("events: Ir\n"), None);
    }
}
