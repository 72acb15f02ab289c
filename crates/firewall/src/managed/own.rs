//! Judges by what a folder of rules decides itself: its own levels, thresholds and rules that deny.

use std::borrow::Cow;
use std::collections::BTreeMap;

use waf::verdict::{Decision, Intervention, Verdict};

use super::catalogue::own::RULE_FOLDER;
use super::findings::{Findings, Telling, family};
use crate::events::{Action, Details};
use crate::explain::{Explanation, Rung};
use crate::policy::Mode;

/// The group of rules that no file of the folder holds: the engine's own.
const GENERAL: &str = "General";

/// Rows for all matches that rules log, reasons, and the end: a rule that denies, drops or redirects refuses the
/// request, which is answered as the policy says.
pub(super) fn judge(verdict: &Verdict, mode: Mode) -> Findings {
    let ladder = ladder(verdict);
    let mut telling = Telling::new(&RULE_FOLDER, mode);
    for found in &verdict.matches {
        let id = found.rule.id;
        let scores = || verdict.scores.iter().any(|step| step.rule == id);
        let action = match verdict.intervention.as_ref().filter(|end| end.rule == id) {
            Some(Intervention { decision: Decision::Allow, .. }) => Action::Allowed,
            Some(_) => telling.refused(),
            None if scores() => Action::Matched,
            None => Action::Log,
        };
        telling.matched(found, group(&found.rule.place.file), action);
    }
    let denied = verdict.intervention.as_ref().filter(|end| end.decision.stops());
    if let Some(end) = denied.filter(|end| verdict.of_rule(end.rule).is_none()) {
        let message = format!("Rule {} refuses the request and does not log", end.rule);
        telling.event(telling.refused(), end.rule, GENERAL.into(), message, Details::default());
    }
    let exhausted = denied.is_none() && verdict.exhausted.is_some();
    if exhausted {
        telling.exhausted();
    }
    let explanation = Explanation { ladder, decision: decision(verdict, denied, mode), ..Explanation::default() };
    telling.finish(verdict, explanation, denied.is_some() || exhausted)
}

/// A file's name without `.conf`, as Azure calls groups of the core rule set.
pub(super) fn group(file: &str) -> Cow<'static, str> {
    file.strip_suffix(".conf").map_or(Cow::Borrowed(GENERAL), |stem| Cow::Owned(stem.to_owned()))
}

/// What each rule added to the scores by level, with the points that the folder gives.
fn ladder(verdict: &Verdict) -> Vec<Rung> {
    let mut order = Vec::new();
    let mut sums: BTreeMap<u32, [(u32, u32); 2]> = BTreeMap::new();
    for step in &verdict.scores {
        let (Some(family), Ok(change)) = (family(&step.score), u32::try_from(step.change)) else { continue };
        let sums = sums.entry(step.rule).or_insert_with(|| {
            order.push(step.rule);
            Default::default()
        });
        if let Some((points, times)) = sums.get_mut(family).filter(|_| change > 0) {
            (*points, *times) = (points.saturating_add(change), *times + 1);
        }
    }
    let mut total = 0_u32;
    let rung = |rule: u32| {
        // A rule for both generations of the core rule set adds to the variables of both.
        let (points, times) = sums.get(&rule)?.iter().max().copied().filter(|(points, _)| *points > 0)?;
        total = total.saturating_add(points);
        Some(Rung { rule, points, times, total })
    };
    order.into_iter().filter_map(rung).collect()
}

fn decision(verdict: &Verdict, denied: Option<&Intervention>, mode: Mode) -> String {
    let verb = if mode == Mode::Prevention { "refused" } else { "forwarded, as the policy only detects" };
    let Some(end) = denied else {
        return match verdict.exhausted {
            Some(_) => format!("{verb}: the work allowed for one request was spent"),
            None => "forwarded: no rule of the folder refuses it".to_owned(),
        };
    };
    let message = verdict.of_rule(end.rule).map(|found| found.message.as_str()).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    format!("{verb}: rule {} of the folder{message}", end.rule)
}
