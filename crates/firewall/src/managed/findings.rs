//! What the rules of a set found in a request: rows and reasons, made of the engine's verdict.
//!
//! Azure's sets and the baseline are judged by Azure's points; a folder of rules decides for itself.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use waf::transaction::{Head, Transaction};
use waf::verdict::{RuleMatch, Verdict};

use super::{Core, Decides, RuleSet, own, points};
use crate::events::{Action, Details, Event};
use crate::explain::{Explanation, Finding, TOLD, cut};
use crate::policy::Mode;
use crate::request::Request;

/// What rules ask besides the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surrounded<'r> {
    /// The time since 1970.
    pub(crate) now: Duration,
    /// The address and port that the client came to, where they were told.
    pub(crate) server: Option<(IpAddr, u16)>,
    /// The target as the request line has it.
    pub(crate) target: &'r [u8],
}

/// Bytes of each text of a row that are told; patterns and values can be long.
const DETAIL: usize = 2 << 10;

/// What was found.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) events: Vec<Event>,
    pub(crate) explanation: Explanation,
    /// The request is to be refused, if the policy refuses any.
    pub(crate) refuses: bool,
}

impl Core {
    /// Runs the rules that look at the head and shows the body as far as it is inspected; `cut`: there was more of it.
    pub(crate) fn begin(&self, request: &Request<'_>, around: &Surrounded<'_>, body: &[u8], cut: bool) -> Transaction {
        let head = Head {
            method: request.method,
            target: around.target,
            protocol: request.protocol,
            remote: request.client,
            remote_port: request.client_port,
            unique_id: request.id,
        };
        let mut transaction = Transaction::new(&self.program, &head, request.headers.iter().copied());
        transaction.set_time(i64::try_from(around.now.as_secs()).unwrap_or(i64::MAX), 0);
        if let Some((address, port)) = around.server {
            transaction.set_server(address, port);
        }
        transaction.request_head();
        transaction.feed_body(body);
        if cut {
            transaction.cut_body();
        }
        transaction
    }

    /// Whether there are rules on answers.
    pub(crate) fn looks_at_answers(&self) -> bool {
        matches!(self.decides, Decides::Rules { of_answers: true })
    }

    /// Makes of a verdict what is told and done.
    pub(crate) fn judge(&self, verdict: &Verdict, mode: Mode) -> Findings {
        match &self.decides {
            Decides::Points(choice) => points::judge(choice, verdict, mode),
            Decides::Rules { .. } => own::judge(verdict, mode),
        }
    }
}

/// Rows and reasons in the making.
pub(super) struct Telling {
    set: &'static RuleSet,
    pub(super) mode: Mode,
    pub(super) events: Vec<Event>,
    findings: Vec<Finding>,
}

impl Telling {
    pub(super) fn new(set: &'static RuleSet, mode: Mode) -> Self {
        Self { set, mode, events: Vec::new(), findings: Vec::new() }
    }

    /// What is done where a request is refused.
    pub(super) fn refused(&self) -> Action {
        if self.mode == Mode::Prevention { Action::Blocked } else { Action::Detected }
    }

    /// Tells of a rule that matched.
    pub(super) fn matched(&mut self, found: &RuleMatch, group: Cow<'static, str>, action: Action) {
        let at = found.values.last().map_or("", |value| value.name.as_str());
        let details = Details {
            message: format!("Warning. {} at {at}.", cut(&operator(&found.rule.operator), DETAIL)),
            data: cut(&found.data, DETAIL),
            file: file(&found.rule.place.file),
            line: found.rule.place.line.to_string(),
        };
        self.event(action, found.rule.id, group.clone(), cut(&found.message, DETAIL), details);
        let of_value = |value| Finding::new(self.set, found.rule.id, group.clone(), &found.message, value);
        self.findings.extend(found.values.iter().map(of_value));
    }

    /// Adds a row of the set.
    pub(super) fn event(
        &mut self,
        action: Action,
        id: u32,
        rule_group: Cow<'static, str>,
        message: String,
        details: Details,
    ) {
        self.events.push(Event {
            action,
            rule_set_type: self.set.kind,
            rule_set_version: self.set.version,
            rule_id: id.to_string(),
            rule_group,
            message,
            details: Some(details),
        });
    }

    /// The work allowed for a request was spent before all rules had run.
    pub(super) fn exhausted(&mut self) {
        self.events.push(Event::mandatory(self.refused(), "The work allowed for one request was spent."));
    }

    /// Adds the reasons to what is there of an explanation.
    pub(super) fn finish(mut self, verdict: &Verdict, explanation: Explanation, refuses: bool) -> Findings {
        let left_out = self.findings.len().saturating_sub(TOLD);
        self.findings.truncate(TOLD);
        let omitted = verdict.omitted + left_out;
        let explanation = Explanation { findings: self.findings, body_cut: verdict.body_cut, omitted, ..explanation };
        Findings { events: self.events, explanation, refuses }
    }
}

/// Where a rule stands: files of a folder as Azure shows them, ours as they are called.
fn file(name: &str) -> String {
    let of_folder = name.ends_with(".conf") && !name.contains('/');
    if of_folder { format!("rules/{name}") } else { name.to_owned() }
}

/// What a rule's operator found, in the words of the log.
fn operator(written: &str) -> String {
    let (negation, bare) = written.strip_prefix('!').map_or(("", written), |bare| ("Negated: ", bare));
    let (name, argument) = bare.split_once(' ').unwrap_or((bare, ""));
    match name.trim_start_matches('@') {
        "rx" => format!("{negation}Pattern match \"{argument}\""),
        "detectSQLi" => format!("{negation}detected SQLi using libinjection"),
        "detectXSS" => format!("{negation}detected XSS using libinjection"),
        name => format!("{negation}Operator {} matched {argument}", name.to_ascii_uppercase()).trim_end().to_owned(),
    }
}

/// Which of the two families of scores by level a score belongs to; none for sums and scores of categories.
pub(super) fn family(score: &str) -> Option<usize> {
    let level = |rest: &str| matches!(rest.as_bytes(), [b'1'..=b'4']);
    if score.strip_prefix("anomaly_score_pl").is_some_and(level) {
        return Some(0);
    }
    score.strip_prefix("inbound_anomaly_score_pl").is_some_and(level).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_by_level_are_told_from_sums_and_categories() {
        for (score, expected) in [
            ("anomaly_score_pl1", Some(0)),
            ("inbound_anomaly_score_pl2", Some(1)),
            ("anomaly_score", None),
            ("anomaly_score_pl9", None),
            ("anomaly_score_pl11", None),
            ("outbound_anomaly_score_pl1", None),
            ("sql_injection_score", None),
        ] {
            assert_eq!(family(score), expected, "{score}");
        }
    }

    #[test]
    fn operators_are_put_into_words() {
        for (written, expected) in [
            ("@rx ^a b$", "Pattern match \"^a b$\""),
            ("@detectSQLi", "detected SQLi using libinjection"),
            ("!@within GET POST", "Negated: Operator WITHIN matched GET POST"),
            ("@validateUtf8Encoding", "Operator VALIDATEUTF8ENCODING matched"),
        ] {
            assert_eq!(operator(written), expected);
        }
    }

    #[test]
    fn files_of_a_folder_are_told_as_azure_does() {
        for (name, told) in [
            ("REQUEST-942-X.conf", "rules/REQUEST-942-X.conf"),
            ("baseline/30-sql.conf", "baseline/30-sql.conf"),
            ("strictness", "strictness"),
        ] {
            assert_eq!(file(name), told);
        }
    }
}
