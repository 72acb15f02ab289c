//! What the rules of a set found in a request: Azure's points, rows and reasons, made of the engine's verdict.

use std::collections::BTreeMap;

use waf::transaction::{Head, Transaction};
use waf::verdict::{Decision, RuleMatch, Verdict};

use super::{Action, Active, Core};
use crate::events::{self, Details, Event};
use crate::explain::{Explanation, Finding, Rung, THRESHOLD, TOLD, cut};
use crate::policy::Mode;
use crate::request::Request;

/// The rule that refuses requests for their score.
pub(crate) const ANOMALY: u32 = 949_110;

/// A body as far as it is inspected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'b> {
    pub(crate) bytes: &'b [u8],
    /// There was more of it.
    pub(crate) cut: bool,
}

/// Bytes of a row's details that are told; patterns and values can be long.
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
    /// Runs the rules.
    pub(crate) fn inspect(&self, request: &Request<'_>, body: Seen<'_>, mode: Mode) -> Findings {
        let head = Head {
            method: request.method,
            target: request.target,
            protocol: request.protocol,
            remote: request.client,
            remote_port: request.client_port,
            unique_id: request.id,
        };
        let mut transaction = Transaction::new(&self.program, &head, request.headers.iter().copied());
        transaction.request_head();
        transaction.feed_body(body.bytes);
        if body.cut {
            // One byte beyond the limit tells the engine that the end is missing, which is then no error.
            transaction.feed_body(b" ");
        }
        transaction.request_body();
        self.judge(&transaction.finish(0), mode)
    }

    /// Makes of a verdict what is told and done.
    pub(crate) fn judge(&self, verdict: &Verdict, mode: Mode) -> Findings {
        let ladder = self.ladder(verdict);
        let total = ladder.last().map_or(0, |rung| rung.total);
        let mut events = Vec::new();
        let mut findings = Vec::new();
        for (found, rule) in self.active(verdict) {
            events.push(self.event(found, rule, mode));
            let of_value = |value| Finding::new(self.choice.set, found.rule.id, rule.group, &found.message, value);
            findings.extend(found.values.iter().map(of_value));
        }
        let left_out = findings.len().saturating_sub(TOLD);
        findings.truncate(TOLD);
        let ended = self.ended(verdict, total);
        if let Some(end) = &ended {
            events.extend(self.last_event(end, total, mode));
        }
        let explanation = Explanation {
            ladder,
            findings,
            decision: decision(ended.as_ref(), total, mode),
            body_cut: verdict.body_cut,
            omitted: verdict.omitted + left_out,
        };
        Findings { events, explanation, refuses: ended.is_some() }
    }

    /// Matches of rules that are on; what else rules tell is bookkeeping.
    fn active<'v>(&'v self, verdict: &'v Verdict) -> impl Iterator<Item = (&'v RuleMatch, &'v Active)> {
        verdict.matches.iter().filter_map(|found| Some((found, self.choice.rules.get(&found.rule.id)?)))
    }

    /// The score with Azure's points: rules add to it once for each value they match.
    ///
    /// Azure does not say how often; this is what the authors of the core rule set do.
    fn ladder(&self, verdict: &Verdict) -> Vec<Rung> {
        let mut times: BTreeMap<u32, [u32; 2]> = BTreeMap::new();
        let mut order = Vec::new();
        for step in verdict.scores.iter().filter(|step| step.change > 0) {
            let Some(family) = family(&step.score) else { continue };
            let counts = times.entry(step.rule).or_insert_with(|| {
                order.push(step.rule);
                [0, 0]
            });
            if let Some(count) = counts.get_mut(family) {
                *count += 1;
            }
        }
        let mut total = 0_u32;
        let rung = |rule: u32| {
            let active = self.choice.rules.get(&rule).filter(|rule| rule.action != Action::Log)?;
            // A rule for both generations of the core rule set adds to the variables of both.
            let times = times.get(&rule).and_then(|counts| counts.iter().max()).copied().unwrap_or_default();
            let points = u32::from(active.score).saturating_mul(times);
            total = total.saturating_add(points);
            Some(Rung { rule, points, times, total })
        };
        order.into_iter().filter_map(rung).collect()
    }

    fn ended(&self, verdict: &Verdict, total: u32) -> Option<End> {
        let denied = verdict.intervention.as_ref().filter(|found| found.decision != Decision::Allow);
        if let Some(intervention) = denied {
            return Some(End::Rule(intervention.rule));
        }
        if total >= THRESHOLD {
            return Some(End::Score);
        }
        verdict.exhausted.map(|_| End::Exhausted)
    }

    fn event(&self, found: &RuleMatch, rule: &Active, mode: Mode) -> Event {
        let action = match (rule.action, mode) {
            (Action::AnomalyScoring, _) => events::Action::Matched,
            (Action::Block, Mode::Prevention) => events::Action::Blocked,
            (Action::Block, Mode::Detection) => events::Action::Detected,
            (Action::Allow, _) => events::Action::Allowed,
            (Action::Log, _) => events::Action::Log,
        };
        let at = found.values.last().map_or("", |value| value.name.as_str());
        let details = Details {
            message: format!("Warning. {} at {at}.", cut(&operator(&found.rule.operator), DETAIL)),
            data: cut(&found.data, DETAIL),
            file: format!("rules/{}", found.rule.place.file),
            line: found.rule.place.line.to_string(),
        };
        self.managed_event(action, found.rule.id, rule.group, found.message.clone(), Some(details))
    }

    /// What ends the request beside its matches: a rule that blocks at once has told of it already.
    fn last_event(&self, end: &End, total: u32, mode: Mode) -> Option<Event> {
        let action = if mode == Mode::Prevention { events::Action::Blocked } else { events::Action::Detected };
        match end {
            End::Rule(_) => None,
            End::Exhausted => Some(Event::mandatory(action, "The work allowed for one request was spent.")),
            End::Score => {
                let of_owasp = self.choice.set.kind == "OWASP";
                let group = if of_owasp { "REQUEST-949-BLOCKING-EVALUATION" } else { "BLOCKING-EVALUATION" };
                let message = format!("Inbound Anomaly Score Exceeded (Total Score: {total})");
                let found = format!("Operator GE matched {THRESHOLD} at TX:anomaly_score.");
                let details = Details { message: found, ..Details::default() };
                Some(self.managed_event(action, ANOMALY, group, message, Some(details)))
            }
        }
    }

    fn managed_event(
        &self,
        action: events::Action,
        id: u32,
        group: &'static str,
        message: String,
        details: Option<Details>,
    ) -> Event {
        Event {
            action,
            rule_set_type: self.choice.set.kind,
            rule_set_version: self.choice.set.version,
            rule_id: id.to_string(),
            rule_group: group,
            message,
            details,
        }
    }
}

/// What ends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A rule that blocks at once.
    Rule(u32),
    /// The score.
    Score,
    /// Its rules could not all be run.
    Exhausted,
}

/// Which of the two families of scores by level a score belongs to; none for sums and scores of categories.
fn family(score: &str) -> Option<usize> {
    let level = |rest: &str| matches!(rest.as_bytes(), [b'1'..=b'4']);
    if score.strip_prefix("anomaly_score_pl").is_some_and(level) {
        return Some(0);
    }
    score.strip_prefix("inbound_anomaly_score_pl").is_some_and(level).then_some(1)
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

fn decision(end: Option<&End>, total: u32, mode: Mode) -> String {
    let verb = if mode == Mode::Prevention { "refused" } else { "forwarded, as the policy only detects" };
    match end {
        None => format!("forwarded: the score is {total}, below {THRESHOLD}"),
        Some(End::Rule(rule)) => format!("{verb}: rule {rule} blocks at once"),
        Some(End::Score) => format!("{verb}: the score is {total}, {THRESHOLD} or more"),
        Some(End::Exhausted) => format!("{verb}: the work allowed for one request was spent"),
    }
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
}
