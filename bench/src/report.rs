//! What came out: tables on the terminal, JSON for scripts, a block of Markdown for the documentation.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::cli::{Row, Target};
use crate::load::{Handshakes, LoadReport};
use crate::machine::Machine;
use crate::peers::Routes;
use crate::sessions::Task;
use crate::titles::title;
use crate::tools;
use crate::work::Work;

/// The results of one row.
#[derive(Debug, Serialize)]
pub(crate) struct RowReport {
    /// The row's name.
    pub(crate) row: String,
    /// What it measures.
    pub(crate) title: String,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// How many of them per round.
    pub(crate) requests: u64,
    /// One entry for each proxy (and configuration).
    pub(crate) contenders: Vec<Contender>,
    #[serde(skip)]
    kind: Kind,
    /// Whether each request has a handshake of its own.
    #[serde(skip)]
    handshakes: bool,
}

/// Which columns a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Time, throughput, latency.
    Speed,
    /// Time per GB, throughput.
    Stream,
    /// Memory per idle connection.
    Memory,
    /// Instructions per request.
    Instructions,
}

/// One proxy in one configuration.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Contender {
    /// The name in tables.
    pub(crate) label: String,
    /// All rounds.
    pub(crate) rounds: Vec<LoadReport>,
    /// User instructions per request, where they were counted.
    pub(crate) instructions: Option<f64>,
    /// System calls per unit, where they were counted.
    pub(crate) calls: Option<f64>,
    #[serde(skip)]
    target: Target,
    #[serde(skip)]
    routes: Routes,
}

impl Contender {
    /// A proxy without results yet.
    pub(crate) fn new(target: Target, routes: Routes) -> Contender {
        let name = target.name();
        let label = routes.name().map_or_else(|| name.clone(), |routes| format!("{name}, {routes}"));
        Contender { label, rounds: Vec::new(), instructions: None, calls: None, target, routes }
    }

    fn median(&self, figure: impl Fn(&LoadReport) -> f64) -> f64 {
        median(self.rounds.iter().map(figure).collect())
    }

    /// The figure that ratios are made of.
    fn cost(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Speed | Kind::Stream => self.median(|r| r.proxy_us),
            Kind::Memory => self.median(bytes_per_connection),
            Kind::Instructions => self.instructions.unwrap_or(f64::NAN),
        }
    }

    /// Our cost over another's: of each round, then the median, since a machine's speed drifts over a run but less
    /// within a round; where rounds are missing, of the medians.
    fn ratio(&self, other: &Contender, kind: Kind) -> f64 {
        if kind.is_timed() && self.rounds.len() == other.rounds.len() {
            let pairs = self.rounds.iter().zip(&other.rounds);
            median(pairs.map(|(ours, theirs)| ours.proxy_us / theirs.proxy_us).collect())
        } else {
            self.cost(kind) / other.cost(kind)
        }
    }

    /// Our cost over that of whichever of others was cheapest, round by round as in [`Contender::ratio`].
    fn ratio_to_best(&self, others: &[&Contender], kind: Kind) -> f64 {
        let least = |costs: &mut dyn Iterator<Item = f64>| costs.fold(f64::INFINITY, f64::min);
        if kind.is_timed() && others.iter().all(|other| other.rounds.len() == self.rounds.len()) {
            let best = |round: usize| least(&mut others.iter().map(|other| other.rounds[round].proxy_us));
            median(self.rounds.iter().enumerate().map(|(round, ours)| ours.proxy_us / best(round)).collect())
        } else {
            self.cost(kind) / least(&mut others.iter().map(|other| other.cost(kind)))
        }
    }

    /// How far the rounds lie apart, as a share of the median.
    fn spread(&self) -> f64 {
        let costs = self.rounds.iter().map(|r| r.proxy_us);
        let (low, high) = costs.fold((f64::MAX, 0.0_f64), |(low, high), cost| (low.min(cost), high.max(cost)));
        (high - low) / self.cost(Kind::Speed)
    }
}

impl RowReport {
    /// The results of a row.
    pub(crate) fn new(row: Row, work: &Work, contenders: Vec<Contender>) -> RowReport {
        let kind = match work {
            work if work.counts_instructions => Kind::Instructions,
            work if work.idle > 0 => Kind::Memory,
            work if work.task.is_some_and(Task::streams) => Kind::Stream,
            _ => Kind::Speed,
        };
        let unit = match work.task {
            None => "req",
            Some(Task::RoundTrips) => "round trip",
            Some(Task::Short) => "session",
            Some(Task::Download | Task::Upload | Task::Both) => "KB",
        };
        let handshakes = work.reconnect && work.tls.is_some();
        let (row, title) = (row.name(), title(row, work));
        RowReport { row, title, unit, requests: work.requests, contenders, kind, handshakes }
    }

    /// Lines like `gatehouse / nginx 0.86`.
    fn ratios(&self) -> Vec<String> {
        let find = |target, routes: Option<&str>| {
            self.contenders.iter().find(|c| c.target == target && c.routes.name() == routes)
        };
        let mut out = Vec::new();
        for (contender, routes) in self.contenders.iter().filter_map(|c| Some((c, c.routes.name()?))) {
            if let Some(one) = find(contender.target, None) {
                let name = contender.target.name();
                out.push(format!("{name} {routes} / {name} {:.2}", contender.ratio(one, self.kind)));
            }
        }
        let peers: Vec<&Contender> = self.contenders.iter().filter(|c| c.target != Target::Gatehouse).collect();
        for &theirs in &peers {
            // Beside ours in the same configuration; where only theirs has one, beside ours as it is.
            let (ours, suffix) = match theirs.routes.name() {
                Some("many") => (find(Target::Gatehouse, Some("many")), " (many)".to_owned()),
                Some(name) => (find(Target::Gatehouse, None), format!(" ({name})")),
                None => (find(Target::Gatehouse, None), String::new()),
            };
            if let Some(ours) = ours {
                let ratio = ours.ratio(theirs, self.kind);
                out.push(format!("gatehouse / {}{suffix} {ratio:.2}", theirs.target.name()));
            }
        }
        let rivals: Vec<&Contender> =
            peers.into_iter().filter(|c| c.target != Target::Floor && c.routes.name() != Some("many")).collect();
        if let (Some(ours), true) = (find(Target::Gatehouse, None), rivals.len() > 1) {
            out.push(format!("gatehouse / the best of the others {:.2}", ours.ratio_to_best(&rivals, self.kind)));
        }
        out
    }

    fn header(&self) -> Vec<String> {
        let unit = self.unit;
        let timed = |cost: &str, rate: &str, middle: &[&str], per: &str| {
            let mut out: Vec<String> = ["proxy", cost, "spread", "x floor", rate].map(str::to_owned).to_vec();
            out.extend(middle.iter().map(|&name| name.to_owned()));
            out.extend(["RSS MiB", "core used", "by others"].map(str::to_owned));
            out.extend([format!("load {per}"), format!("backend {per}"), "errors".to_owned()]);
            out
        };
        let mut header = match self.kind {
            Kind::Speed => timed(&format!("CPU us/{unit}"), &format!("{unit}/s"), &["p50 us", "p99 us"], "us"),
            Kind::Stream => timed("CPU s/GB", "GB/s", &[], "s/GB"),
            Kind::Memory => ["proxy", "bytes/connection", "before MiB", "after MiB", "still open", "errors"]
                .map(str::to_owned)
                .to_vec(),
            Kind::Instructions => vec!["proxy".to_owned(), format!("instructions/{unit}")],
        };
        if self.handshakes {
            header.push("resumed".to_owned());
        }
        if self.counts_calls() {
            header.push(if self.kind == Kind::Stream { "calls/MB".to_owned() } else { format!("calls/{unit}") });
        }
        header
    }

    fn counts_calls(&self) -> bool {
        self.contenders.iter().any(|contender| contender.calls.is_some())
    }

    fn cells(&self, contender: &Contender) -> Vec<String> {
        let errors: u64 = contender.rounds.iter().map(|r| r.errors).sum();
        let mut out = vec![contender.label.clone()];
        match self.kind {
            Kind::Speed | Kind::Stream => {
                let floor = self.contenders.iter().find(|c| c.target == Target::Floor);
                let decimals = if self.kind == Kind::Stream { 3 } else { 2 };
                let figure = |value: f64| format!("{value:.decimals$}");
                out.extend([
                    figure(contender.cost(self.kind)),
                    percent(contender.spread()),
                    floor.map_or_else(|| "-".to_owned(), |floor| format!("{:.2}", contender.ratio(floor, self.kind))),
                ]);
                let rate = contender.median(|r| r.requests as f64 / r.seconds);
                if self.kind == Kind::Stream {
                    out.push(format!("{:.2}", rate / 1e6));
                } else {
                    out.push(format!("{rate:.0}"));
                    out.push(format!("{:.0}", contender.median(|r| r.p50_us)));
                    out.push(format!("{:.0}", contender.median(|r| r.p99_us)));
                }
                out.extend([
                    format!("{:.1}", contender.median(|r| r.resident_kib as f64 / 1024.0)),
                    percent(contender.median(|r| r.proxy_share)),
                    percent(contender.median(|r| (r.core_share - r.proxy_share).max(0.0))),
                    figure(contender.median(|r| r.load_us)),
                    figure(contender.median(|r| r.backend_us)),
                    errors.to_string(),
                ]);
            }
            Kind::Memory => {
                let idle = |figure: fn(&crate::load::IdleReport) -> f64| {
                    contender.median(|r| r.idle.as_ref().map_or(f64::NAN, figure))
                };
                out.extend([
                    format!("{:.0}", contender.cost(self.kind)),
                    format!("{:.1}", idle(|i| i.before_kib as f64 / 1024.0)),
                    format!("{:.1}", idle(|i| i.after_kib as f64 / 1024.0)),
                    format!("{:.0}", idle(|i| i.connections as f64)),
                    errors.to_string(),
                ]);
            }
            Kind::Instructions => out.push(format!("{:.0}", contender.cost(self.kind))),
        }
        if self.handshakes {
            out.push(resumed(contender.rounds.iter().map(|r| r.handshakes)));
        }
        if self.counts_calls() {
            // Units of streams are 1,000 bytes.
            let per = if self.kind == Kind::Stream { 1_000.0 } else { 1.0 };
            out.push(contender.calls.map_or_else(|| "-".to_owned(), |calls| format!("{:.2}", calls * per)));
        }
        out
    }
}

impl Kind {
    /// Whether the figure is a time, which drifts with the machine's speed.
    fn is_timed(self) -> bool {
        matches!(self, Kind::Speed | Kind::Stream)
    }
}

/// How many handshakes resumed a session.
fn resumed(rounds: impl Iterator<Item = Handshakes>) -> String {
    let (full, resumed) = rounds.fold((0, 0), |(full, resumed), one| (full + one.full, resumed + one.resumed));
    format!("{resumed} of {}", full + resumed)
}

/// The table of a row, for a terminal.
pub(crate) fn table(report: &RowReport) -> String {
    let mut lines = vec![report.header()];
    lines.extend(report.contenders.iter().map(|contender| report.cells(contender)));
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let mut out = format!("{}: {}\n", report.row, report.title);
    for line in &lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let written = if column == 0 { write!(out, "{cell:<width$}") } else { write!(out, "  {cell:>width$}") };
            debug_assert!(written.is_ok(), "writing to memory cannot fail");
        }
        out.push('\n');
    }
    for ratio in report.ratios() {
        out.push_str(&ratio);
        out.push('\n');
    }
    if report.contenders.iter().any(|c| c.median(|r| r.core_share - r.proxy_share) > 0.05) {
        out.push_str("note: others used more than 5 % of the proxy's core; run again on a quiet machine\n");
    }
    out
}

/// Where results are written.
pub(crate) fn folder() -> PathBuf {
    tools::workspace().join("target/bench")
}

/// Writes one JSON file for each row and one block of Markdown for all.
pub(crate) fn write(machine: &Machine, reports: &[RowReport]) -> Result<()> {
    #[derive(Serialize)]
    struct File<'a> {
        machine: &'a Machine,
        #[serde(flatten)]
        report: &'a RowReport,
    }
    let folder = folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    for report in reports {
        let path = folder.join(format!("{}.json", report.row));
        std::fs::write(&path, serde_json::to_string_pretty(&File { machine, report })?)?;
    }
    std::fs::write(folder.join("performance.md"), markdown(machine, reports))?;
    Ok(())
}

fn markdown(machine: &Machine, reports: &[RowReport]) -> String {
    let mut out = format!("Measured on {}; medians of interleaved rounds.\n", machine.line());
    for report in reports {
        let header = report.header();
        out.push_str(&format!(
            "\n**{}**: {}\n\n| {} |\n|{}\n",
            report.row,
            report.title,
            header.join(" | "),
            "---|".repeat(header.len())
        ));
        for contender in &report.contenders {
            out.push_str(&format!("| {} |\n", report.cells(contender).join(" | ")));
        }
        let ratios = report.ratios();
        if !ratios.is_empty() {
            out.push_str(&format!("\nRatios: {}.\n", ratios.join(", ")));
        }
    }
    out
}

/// Growth of the resident memory per idle connection.
fn bytes_per_connection(report: &LoadReport) -> f64 {
    report.idle.as_ref().map_or(f64::NAN, |idle| {
        idle.after_kib.saturating_sub(idle.before_kib) as f64 * 1024.0 / idle.connections.max(1) as f64
    })
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => (values[middle - 1] + upper) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_does_not_follow_one_wild_round() {
        assert_eq!(median(vec![900.0, 2.0, 1.0]), 2.0);
        assert_eq!(median(vec![4.0, 2.0]), 3.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn ratios_are_of_cpu_per_request() {
        let contender = |target, proxy_us| {
            let rounds = vec![LoadReport { proxy_us, seconds: 1.0, ..LoadReport::default() }];
            Contender { rounds, ..Contender::new(target, Routes::Single) }
        };
        let work = Work::of(Row::Keepalive64, &clap::Parser::parse_from(["bench"]));
        let mut contenders = vec![contender(Target::Gatehouse, 12.0), contender(Target::Nginx, 16.0)];
        let report = RowReport::new(Row::Keepalive64, &work, contenders.clone());
        assert_eq!(report.ratios(), ["gatehouse / nginx 0.75"]);
        assert_eq!(table(&report).lines().count(), 5);
        contenders.push(contender(Target::Haproxy, 15.0));
        let ratios = RowReport::new(Row::Keepalive64, &work, contenders).ratios();
        let expected =
            ["gatehouse / nginx 0.75", "gatehouse / haproxy 0.80", "gatehouse / the best of the others 0.80"];
        assert_eq!(ratios, expected);
    }

    #[test]
    fn a_machine_that_slows_down_between_rounds_does_not_change_a_ratio() {
        let contender = |costs: &[f64]| {
            let round = |&proxy_us: &f64| LoadReport { proxy_us, ..LoadReport::default() };
            let rounds = costs.iter().map(round).collect();
            Contender { rounds, ..Contender::new(Target::Nginx, Routes::Single) }
        };
        let ratio = contender(&[5.0, 10.0, 40.0]).ratio(&contender(&[10.0, 20.0, 80.0]), Kind::Speed);
        assert_eq!(ratio, 0.5);
    }
}
