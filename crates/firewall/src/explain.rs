//! Why a request was treated as it was: every step of its score, what each rule found where, and what would let such
//! requests pass.

mod remedy;
mod verdict;

use std::borrow::Cow;

use serde_json::{Value, json};
use waf::verdict::MatchedValue;

use crate::managed::RuleSet;

pub use remedy::{Exclusions, Remedy, Way};
pub use verdict::Verdict;

/// Points from which on a request is refused; Azure has no setting for it.
pub const THRESHOLD: u32 = 5;

/// The rule that refuses requests for their score.
pub const SCORE_RULE: u32 = 949_110;

/// Bytes of a value that are told.
const SHOWN: usize = 120;
/// Bytes of a value's name that are told; a longer name cannot be excluded as a whole.
const NAMED: usize = 256;
/// Findings that are told of one request.
pub(crate) const TOLD: usize = 100;

/// Why a request was treated as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The score, step by step.
    pub ladder: Vec<Rung>,
    /// What rules found.
    pub findings: Vec<Finding>,
    /// Points from which on the request is refused; none where no score of Azure's decides.
    pub threshold: Option<u32>,
    /// The end of it, in one sentence.
    pub decision: String,
    /// The body was longer than what is inspected; the rest was not looked at.
    pub body_cut: bool,
    /// Findings or steps that were left out because there were too many.
    pub omitted: usize,
}

/// A step of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The rule.
    pub rule: u32,
    /// What it added, once for each value that it matched.
    pub points: u32,
    /// How many values it matched.
    pub times: u32,
    /// What the score came to.
    pub total: u32,
}

/// What a rule found in one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule set.
    pub set: &'static RuleSet,
    /// The rule.
    pub rule: u32,
    /// Its group.
    pub group: Cow<'static, str>,
    /// Its message.
    pub message: String,
    /// The value's name, such as `ARGS:id`.
    pub variable: String,
    /// The value as the rule saw it, cut; `******` where it is a secret.
    pub value: String,
}

impl Explanation {
    /// What the score came to.
    #[must_use]
    pub fn score(&self) -> u32 {
        self.ladder.last().map_or(0, |rung| rung.total)
    }

    /// A rule's step of the score; none for what does not add to it.
    #[must_use]
    pub fn rung(&self, rule: u32) -> Option<&Rung> {
        self.ladder.iter().find(|rung| rung.rule == rule)
    }

    /// What a rule found.
    pub fn found_by(&self, rule: u32) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.rule == rule)
    }

    /// As one line of JSON for logs: as many findings as fit into 8 KiB. Empty where nothing was found.
    #[must_use]
    pub fn line(&self) -> String {
        const MOST: usize = 8 << 10;
        if self.findings.is_empty() {
            return String::new();
        }
        let mut short = self.clone();
        loop {
            let text = short.to_json().to_string();
            if text.len() <= MOST || short.findings.is_empty() {
                return text;
            }
            let kept = short.findings.len() / 2;
            short.omitted += short.findings.len() - kept;
            short.findings.truncate(kept);
        }
    }

    /// As JSON for people and tools.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rungs = self.ladder.iter().map(
            |rung| json!({ "ruleId": rung.rule, "points": rung.points, "times": rung.times, "total": rung.total }),
        );
        json!({
            "decision": self.decision,
            "score": self.score(),
            "threshold": self.threshold,
            "ladder": rungs.collect::<Vec<_>>(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "bodyCut": self.body_cut,
            "omitted": self.omitted,
        })
    }
}

impl Finding {
    pub(crate) fn new(
        set: &'static RuleSet,
        rule: u32,
        group: impl Into<Cow<'static, str>>,
        message: &str,
        matched: &MatchedValue,
    ) -> Self {
        Self {
            set,
            rule,
            group: group.into(),
            message: cut(message, SHOWN),
            variable: cut(&matched.name, NAMED),
            value: cut(&matched.value, SHOWN),
        }
    }

    fn to_json(&self) -> Value {
        let exclusions = self.exclusions().map(|exclusions| exclusions.to_json());
        json!({
            "ruleId": self.rule,
            "ruleGroup": self.group,
            "message": self.message,
            "variable": self.variable,
            "value": self.value,
            "exclusions": exclusions,
        })
    }
}

/// The first bytes of a text, and dots where there are more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < text.len() { "..." } else { "" };
    format!("{}{more}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("short", 120), "short");
        let text = format!("a{}", "é".repeat(100));
        assert_eq!(cut(&text, 120), format!("a{}...", "é".repeat(59)));
    }

    #[test]
    fn the_score_is_the_last_step_of_the_ladder() {
        assert_eq!(Explanation::default().score(), 0);
        let rung = |rule, points, total| Rung { rule, points, times: 1, total };
        let ladder = vec![rung(920_320, 2, 2), rung(942_100, 5, 7)];
        let explanation = Explanation { ladder, ..Explanation::default() };
        assert_eq!((explanation.score(), explanation.rung(942_100).unwrap().points), (7, 5));
        assert_eq!(explanation.to_json()["score"], 7);
    }
}
