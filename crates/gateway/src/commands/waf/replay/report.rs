//! What came of all requests: how many ended how, and because of which rules. Bounded, however many there are.

use std::collections::BTreeMap;

use firewall::Mode;
use firewall::explain::Verdict;
use snapshot::explain::{Screening, place};

use super::record::{Origin, Record, Source};
use super::tally::{Cause, Example, Group};

/// Lines that are no requests and are told.
const SKIPPED: usize = 3;

/// What came of all requests.
#[derive(Debug)]
pub(super) struct Report {
    /// Two policies are compared.
    pub(super) compares: bool,
    /// Examples that are kept of each rule and value.
    examples: usize,
    /// Requests that were judged.
    pub(super) judged: u64,
    /// Requests that no policy was asked about, by the reason.
    pub(super) left: BTreeMap<&'static str, u64>,
    /// Lines that are no requests, by the reason; and where the first ones stand.
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) skipped_at: Vec<(String, String)>,
    /// Policies that judged, with mode and place, such as `shop-waf (Detection) of the gateway`; whether as the one
    /// after.
    pub(super) policies: BTreeMap<(bool, String), u64>,
    /// Requests by what became of them before, where that is known, and now.
    pub(super) groups: BTreeMap<(Option<Verdict>, Verdict), Group>,
    /// Requests out of logs, which leave out much.
    pub(super) from_logs: bool,
    /// Of some only rows of the firewall log were there.
    pub(super) from_firewall_log: bool,
}

impl Report {
    pub(super) fn new(compares: bool, examples: usize) -> Self {
        Self {
            compares,
            examples,
            judged: 0,
            left: BTreeMap::new(),
            skipped: BTreeMap::new(),
            skipped_at: Vec::new(),
            policies: BTreeMap::new(),
            groups: BTreeMap::new(),
            from_logs: false,
            from_firewall_log: false,
        }
    }

    /// No request was found.
    pub(super) fn is_empty(&self) -> bool {
        self.judged == 0 && self.left.is_empty()
    }

    /// What is said then.
    pub(super) fn nothing(&self, transaction: Option<&str>) -> String {
        if let Some(id) = transaction {
            return format!("gatehouse: no request is called {id:?} there");
        }
        let first = self.skipped_at.first().map(|(at, why)| format!("; {at}: {why}"));
        format!("gatehouse: there is no request{}", first.unwrap_or_default())
    }

    /// Notes what a request is out of.
    pub(super) fn note(&mut self, source: Source) {
        self.from_logs |= source != Source::Raw;
        self.from_firewall_log |= source == Source::Firewall;
    }

    /// A line is no request.
    pub(super) fn skip(&mut self, origin: &Origin, why: &str) {
        *self.skipped.entry(why.to_owned()).or_default() += 1;
        if self.skipped_at.len() < SKIPPED {
            self.skipped_at.push((origin.to_string(), why.to_owned()));
        }
    }

    /// No policy was asked.
    pub(super) fn leave(&mut self, reason: &'static str) {
        *self.left.entry(reason).or_default() += 1;
    }

    /// A policy was; of two, the one before or after.
    pub(super) fn judged_by(&mut self, is_after: bool, screening: &Screening) {
        let mode = if screening.mode == Mode::Prevention { "Prevention" } else { "Detection" };
        let policy = format!("{} ({mode}) of {}", screening.policy, place(&screening.place));
        *self.policies.entry((is_after, policy)).or_default() += 1;
    }

    /// Adds a request.
    pub(super) fn add(
        &mut self,
        ends: (Option<Verdict>, Verdict),
        record: &Record,
        screening: Option<&Screening>,
        causes: &[Cause],
    ) {
        self.judged += 1;
        let group = self.groups.entry(ends).or_default();
        group.requests += 1;
        if !is_told(ends, self.compares) {
            return;
        }
        group.add(causes, self.examples, &example(record, screening));
    }
}

/// Whether the rules of a group are told: in a comparison those of what changes, else those of what does not pass.
pub(super) fn is_told((from, to): (Option<Verdict>, Verdict), compares: bool) -> bool {
    let changes = from.is_some_and(|from| from != to);
    changes || (!compares && to != Verdict::Passed)
}

/// The URL is told as the policy wants it told.
fn example(record: &Record, screening: Option<&Screening>) -> Example {
    let target = screening.map_or(record.path.as_str(), |screening| &screening.target);
    Example {
        origin: record.origin.to_string(),
        id: record.id.clone(),
        request: format!("{} {}{target}", record.method, record.host),
        value: None,
    }
}
