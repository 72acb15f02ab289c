//! `cargo xtask layers`: who may import whom.
//!
//! The table is the one in `ARCHITECTURE.md`; where that page has it, the two must agree. A new edge is a decision and
//! is made in both places, in its own commit.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::summary::Outcome;
use crate::workspace;

/// What a crate may import of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// These and no other.
    Import(&'static [&'static str]),
    /// Anything: it wires or tests the whole.
    ImportAll,
}

/// The table of layers.
const TABLE: [(&str, May); 21] = [
    ("model", May::Import(&[])),
    ("routing", May::Import(&[])),
    ("waf", May::Import(&["regression"])),
    ("firewall", May::Import(&["waf", "regression"])),
    ("rewrite", May::Import(&[])),
    ("jwt", May::Import(&[])),
    ("fetch", May::Import(&[])),
    ("kernel", May::Import(&[])),
    ("observe", May::Import(&[])),
    ("tls", May::Import(&[])),
    ("snapshot", May::Import(&["model", "routing", "tls", "waf", "firewall", "rewrite", "jwt"])),
    ("frontend", May::Import(&["snapshot", "observe"])),
    ("backend", May::Import(&["snapshot", "tls", "observe"])),
    (
        "proxy",
        May::Import(&[
            "frontend", "backend", "snapshot", "routing", "tls", "waf", "firewall", "rewrite", "jwt", "kernel",
            "observe",
        ]),
    ),
    ("admin", May::Import(&["model", "snapshot", "observe"])),
    ("gateway", May::ImportAll),
    ("e2e", May::ImportAll),
    ("regression", May::Import(&[])),
    ("xtask", May::Import(&["regression"])),
    ("bench", May::Import(&["waf"])),
    ("fuzz", May::ImportAll),
];

/// Checks every edge between our crates.
pub(crate) fn check() -> Result<Outcome> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(workspace::root())
        .output()
        .context("start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let edges = edges(&serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?)?;
    let mut problems = problems(&edges);
    let page = workspace::root().join("ARCHITECTURE.md");
    match std::fs::read_to_string(&page) {
        Ok(text) => problems.extend(disagreements(&text)),
        Err(_) => println!("note: no ARCHITECTURE.md to compare the table with"),
    }
    for problem in &problems {
        println!("{problem}");
    }
    let count: usize = edges.values().map(Vec::len).sum();
    Ok(match problems.len() {
        0 => Outcome::Passed(format!("{} crates, {count} edges, all in the table", edges.len())),
        n => Outcome::Failed(format!("{n} problems: see above")),
    })
}

/// Crate -> our crates that it depends on, for whatever reason (a test's dependency is an edge too).
type Edges = BTreeMap<String, Vec<String>>;

fn edges(metadata: &Value) -> Result<Edges> {
    let packages = metadata["packages"].as_array().context("cargo metadata: no packages")?;
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    Ok(packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            (name(package), dependencies.filter(|d| d["path"].is_string()).map(name).collect())
        })
        .collect())
}

fn problems(edges: &Edges) -> Vec<String> {
    let mut out = Vec::new();
    for (from, all) in edges {
        let Some((_, may)) = TABLE.iter().find(|(name, _)| name == from) else {
            out.push(format!("{from}: not in the table of layers"));
            continue;
        };
        let May::Import(allowed) = may else { continue };
        for to in all.iter().filter(|to| !allowed.contains(&to.as_str())) {
            let may = if allowed.is_empty() { "none of our crates".to_owned() } else { allowed.join(", ") };
            out.push(format!("{from} -> {to}: {from} may import {may}"));
        }
    }
    out
}

/// Rows of the page's table that say something else than ours.
fn disagreements(page: &str) -> Vec<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| crate | may import")).skip(2);
    let mut out = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, crates, may, ..] = cells[..] else { continue };
        let names = |cell: &str| -> Vec<String> {
            let mut names: Vec<String> = cell.split([',', ' ']).map(|name| name.trim_matches('`').to_owned()).collect();
            names.retain(|name| !name.is_empty() && name != "none");
            names.sort();
            names
        };
        for name in names(crates.split('(').next().unwrap_or_default()) {
            let Some((_, May::Import(allowed))) = TABLE.iter().find(|(row, _)| *row == name) else { continue };
            let mut allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
            allowed.sort();
            if allowed != names(may) {
                out.push(format!("ARCHITECTURE.md: {name} may import \"{may}\" there, {allowed:?} in xtask"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str) -> Edges {
        Edges::from([(from.to_owned(), vec![to.to_owned()])])
    }

    #[test]
    fn an_edge_that_the_table_does_not_have_is_a_problem() {
        assert_eq!(problems(&edge("proxy", "model")).len(), 1);
        assert_eq!(problems(&edge("frontend", "backend")).len(), 1);
        assert!(problems(&edge("proxy", "backend")).is_empty());
        assert!(problems(&edge("gateway", "model")).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_a_problem() {
        assert_eq!(problems(&edge("newcomer", "model")), ["newcomer: not in the table of layers"]);
    }

    #[test]
    fn only_dependencies_with_a_path_are_edges() {
        let metadata = serde_json::json!({ "packages": [{ "name": "proxy", "dependencies": [
            { "name": "backend", "path": "/x" }, { "name": "bytes", "path": null },
        ] }] });
        assert_eq!(edges(&metadata).expect("well-formed"), edge("proxy", "backend"));
    }

    #[test]
    fn a_page_that_says_something_else_is_a_problem() {
        let page = |row: &str| format!("# A\n\n| crate | may import (ours) |\n|---|---|\n{row}\n\nmore");
        assert!(disagreements(&page("| model, `routing` | none |")).is_empty());
        assert!(disagreements(&page("| gateway (binary) | all; wiring only |")).is_empty());
        assert_eq!(disagreements(&page("| admin | model, proxy |")).len(), 1);
    }
}
