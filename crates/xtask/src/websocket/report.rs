//! What came of a run of the suite, and how two runs differ.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Verdicts that are no failure. `NON-STRICT`: right, though not as soon as it might be. `INFORMATIONAL`: the standard
/// says nothing.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];

/// The client itself went wrong: the case says nothing about anybody. There are some in its version 0.1.0.
const UNJUDGED: &str = "ERROR";

/// The verdicts of a run by case: on what was said, and on how it ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report(BTreeMap<String, [String; 2]>);

impl Report {
    /// Reads the index that the client has written.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("index.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let index: Value = serde_json::from_str(text).context("the client's report")?;
        let agents = index.as_object().context("the client's report is no object")?;
        let cases = agents.values().filter_map(Value::as_object).flatten();
        let verdict = |case: &Value, name: &str| case[name].as_str().unwrap_or("MISSING").to_owned();
        let one =
            |(id, case): (&String, &Value)| (id.clone(), [verdict(case, "behavior"), verdict(case, "behaviorClose")]);
        Ok(Self(cases.map(one).collect()))
    }

    /// How many cases were run.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many cases the client could not judge.
    pub(super) fn unjudged(&self) -> usize {
        self.0.values().filter(|[said, _]| said == UNJUDGED).count()
    }

    /// A line for each case that went wrong.
    pub(super) fn failures(&self) -> Vec<String> {
        let judged = self.0.iter().filter(|(_, [said, _])| said != UNJUDGED);
        let bad = judged.filter(|(_, verdicts)| verdicts.iter().any(|verdict| !GOOD.contains(&verdict.as_str())));
        bad.map(|(id, [said, ended])| format!("case {id}: {said}, at its end {ended}")).collect()
    }

    /// A line for each case that another run judges differently, or does not have.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let ids: std::collections::BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let text = |report: &Self, id: &String| {
            report.0.get(id).map_or_else(|| "not run".to_owned(), |[said, ended]| format!("{said}/{ended}"))
        };
        ids.into_iter()
            .map(|id| (id, text(self, id), text(other, id)))
            .filter(|(_, one, two)| one != two)
            .map(|(id, one, two)| format!("case {id}: {one} without the gateway, {two} through it"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(cases: &[(&str, &str, &str)]) -> Report {
        let case = |(id, said, ended): &(&str, &str, &str)| {
            format!("\"{id}\": {{\"behavior\": \"{said}\", \"behaviorClose\": \"{ended}\", \"duration\": 1}}")
        };
        let cases: Vec<_> = cases.iter().map(case).collect();
        Report::parse(&format!("{{\"127.0.0.1:1\": {{{}}}}}", cases.join(", "))).expect("well-formed")
    }

    #[test]
    fn what_is_not_good_is_a_failure() {
        let report = report(&[
            ("1.1", "OK", "OK"),
            ("1.2", "NON-STRICT", "INFORMATIONAL"),
            ("1.3", "FAILED", "OK"),
            ("1.4", "OK", "UNCLEAN"),
            ("1.5", "ERROR", "FAILED"),
        ]);
        assert_eq!((report.count(), report.failures().len(), report.unjudged()), (5, 2, 1));
        assert!(Report::parse("[]").is_err());
    }

    #[test]
    fn cases_that_differ_or_are_missing_are_told() {
        let alone = report(&[("1.1", "OK", "OK"), ("1.2", "OK", "OK"), ("1.3", "NON-STRICT", "OK")]);
        let through = report(&[("1.1", "OK", "OK"), ("1.3", "OK", "OK"), ("1.4", "OK", "OK")]);
        assert_eq!(alone.differences(&through).len(), 3);
        assert!(alone.differences(&alone).is_empty());
    }
}
