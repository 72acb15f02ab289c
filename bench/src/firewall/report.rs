//! The table: CPU of each request in both engines, and the ratio.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::worker::Cost;
use crate::machine::Machine;
use crate::report::{folder, median};

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    /// Where the rules come from.
    pub(crate) rules: String,
    /// Our engine.
    pub(crate) ours: String,
    /// The peer's version, if it could be had.
    pub(crate) theirs: Option<String>,
    /// The requests.
    pub(crate) rows: Vec<Row>,
    /// Processes that wanted a core, on average over a minute, at the end of the run: ours is one of them.
    pub(crate) load: f64,
}

/// A request.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    name: &'static str,
    /// Our engine.
    pub(crate) ours: Rounds,
    /// The peer.
    pub(crate) theirs: Rounds,
}

/// Rounds of one engine on one request.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Rounds {
    microseconds: Vec<f64>,
    stops: bool,
}

impl Rounds {
    /// Keeps a round.
    pub(crate) fn add(&mut self, cost: Cost) {
        self.microseconds.push(cost.nanoseconds as f64 / 1_000.0);
        self.stops = cost.stops;
    }

    fn cells(&self) -> [String; 3] {
        let low = self.microseconds.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.microseconds.iter().copied().fold(0.0, f64::max);
        let middle = median(self.microseconds.clone());
        if self.microseconds.is_empty() {
            return ["-", "-", "-"].map(str::to_owned);
        }
        let answer = if self.stops { "refused" } else { "passes" };
        [format!("{middle:.1}"), format!("{:.0} %", (high - low) / middle * 100.0), answer.to_owned()]
    }
}

impl Row {
    /// A request without rounds yet.
    pub(crate) fn new(name: &'static str) -> Row {
        Row { name, ours: Rounds::default(), theirs: Rounds::default() }
    }

    /// Ours over theirs, of each round, then the median.
    fn ratio(&self) -> f64 {
        let rounds = self.ours.microseconds.iter().zip(&self.theirs.microseconds);
        median(rounds.map(|(ours, theirs)| ours / theirs).collect())
    }
}

/// The table, for people and for the documentation alike.
pub(crate) fn table(measured: &Measured) -> String {
    let mut out = "| request | Gatehouse us | spread | | libmodsecurity us | spread | | ratio |\n".to_owned();
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for row in &measured.rows {
        let [ours, spread, answer] = row.ours.cells();
        let [theirs, their_spread, their_answer] = row.theirs.cells();
        let ratio = if row.theirs.microseconds.is_empty() { "-".to_owned() } else { format!("{:.2}", row.ratio()) };
        out.push_str(&format!(
            "| {} | {ours} | {spread} | {answer} | {theirs} | {their_spread} | {their_answer} | {ratio} |\n",
            row.name
        ));
        if measured.theirs.is_some() && row.ours.stops != row.theirs.stops {
            out.push_str("note: the engines do not agree on the request above\n");
        }
    }
    out.push_str(&format!("load average at the end: {:.2}\n", measured.load));
    out
}

/// Writes the figures as JSON; returns where.
pub(crate) fn write(machine: &Machine, measured: &Measured) -> Result<PathBuf> {
    #[derive(Serialize)]
    struct File<'a> {
        processor: &'a str,
        #[serde(flatten)]
        measured: &'a Measured,
    }
    let folder = folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let path = folder.join("firewall.json");
    let text = serde_json::to_string_pretty(&File { processor: &machine.processor, measured })?;
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// The load average of the last minute.
pub(crate) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_rounds_and_disagreement_is_told() {
        let mut row = Row::new("a request");
        for (ours, theirs) in [(10_000, 20_000), (20_000, 40_000), (30_000, 30_000)] {
            row.ours.add(Cost { nanoseconds: ours, stops: true });
            row.theirs.add(Cost { nanoseconds: theirs, stops: false });
        }
        assert_eq!(row.ratio(), 0.5);
        let theirs = Some("v".to_owned());
        let table = table(&Measured { rules: String::new(), ours: String::new(), theirs, rows: vec![row], load: 1.0 });
        assert!(table.contains("| a request | 20.0 | 100 % | refused | 30.0 | 67 % | passes | 0.50 |"), "{table}");
        assert!(table.contains("do not agree"), "{table}");
    }
}
