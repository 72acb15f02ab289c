//! Judges what rules found by Azure's points.

use std::borrow::Cow;
use std::collections::BTreeMap;

use waf::verdict::{Decision, Verdict};

use super::findings::{Findings, Telling, family};
use super::{Action, Choice};
use crate::events::{self, Details};
use crate::explain::{Explanation, Rung, SCORE_RULE, THRESHOLD};
use crate::policy::Mode;

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

/// Rows, reasons and the end. Matches of rules that are not on are bookkeeping of the rules.
pub(super) fn judge(choice: &Choice, verdict: &Verdict, mode: Mode) -> Findings {
    let ladder = ladder(choice, verdict);
    let total = ladder.last().map_or(0, |rung| rung.total);
    let mut telling = Telling::new(choice.set, mode);
    for found in &verdict.matches {
        let Some(rule) = choice.rules.get(&found.rule.id) else { continue };
        let action = match rule.action {
            Action::AnomalyScoring => events::Action::Matched,
            Action::Block => telling.refused(),
            Action::Allow => events::Action::Allowed,
            Action::Log | Action::JsChallenge | Action::Captcha => events::Action::Log,
        };
        telling.matched(found, Cow::Borrowed(rule.group), action);
    }
    let end = end(verdict, total);
    // A rule that blocks at once has told of it already.
    match end {
        Some(End::Score) => tell_score(&mut telling, choice, total),
        Some(End::Exhausted) => telling.exhausted(),
        Some(End::Rule(_)) | None => {}
    }
    let decision = decision(end, total, mode);
    let explanation = Explanation { ladder, decision, threshold: Some(THRESHOLD), ..Explanation::default() };
    telling.finish(verdict, explanation, end.is_some())
}

/// The score with Azure's points: rules add to it once for each value they match.
///
/// Azure does not say how often; this is what the authors of the core rule set do.
fn ladder(choice: &Choice, verdict: &Verdict) -> Vec<Rung> {
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
        let active = choice.rules.get(&rule).filter(|rule| rule.action != Action::Log)?;
        // A rule for both generations of the core rule set adds to the variables of both.
        let times = times.get(&rule).and_then(|counts| counts.iter().max()).copied().unwrap_or_default();
        let points = u32::from(active.score).saturating_mul(times);
        total = total.saturating_add(points);
        Some(Rung { rule, points, times, total })
    };
    order.into_iter().filter_map(rung).collect()
}

fn end(verdict: &Verdict, total: u32) -> Option<End> {
    let denied = verdict.intervention.as_ref().filter(|found| found.decision != Decision::Allow);
    if let Some(intervention) = denied {
        return Some(End::Rule(intervention.rule));
    }
    if total >= THRESHOLD {
        return Some(End::Score);
    }
    verdict.exhausted.map(|_| End::Exhausted)
}

fn tell_score(telling: &mut Telling, choice: &Choice, total: u32) {
    let of_owasp = choice.set.kind == "OWASP";
    let group = if of_owasp { "REQUEST-949-BLOCKING-EVALUATION" } else { "BLOCKING-EVALUATION" };
    let message = format!("Inbound Anomaly Score Exceeded (Total Score: {total})");
    let found = format!("Operator GE matched {THRESHOLD} at TX:anomaly_score.");
    let details = Details { message: found, ..Details::default() };
    telling.event(telling.refused(), SCORE_RULE, group.into(), message, details);
}

fn decision(end: Option<End>, total: u32, mode: Mode) -> String {
    let verb = if mode == Mode::Prevention { "refused" } else { "forwarded, as the policy only detects" };
    match end {
        None => format!("forwarded: the score is {total}, below {THRESHOLD}"),
        Some(End::Rule(rule)) => format!("{verb}: rule {rule} blocks at once"),
        Some(End::Score) => format!("{verb}: the score is {total}, {THRESHOLD} or more"),
        Some(End::Exhausted) => format!("{verb}: the work allowed for one request was spent"),
    }
}
