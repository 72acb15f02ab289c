//! What became of a request under a policy, in one word.

use crate::inspection::{Decision, Outcome};

/// What became of a request under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It went on, and would have in [`Prevention`](crate::Mode::Prevention).
    Passed,
    /// It went on because the policy only detects.
    Detected,
    /// The client was asked to prove something first.
    Challenged,
    /// It was refused.
    Blocked,
}

impl Verdict {
    /// Of an inspection.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match outcome.decision {
            Decision::Block(_) => Self::Blocked,
            Decision::Challenge(_) => Self::Challenged,
            Decision::Forward => {
                let detected = outcome.events.iter().any(|event| event.action.name() == "Detected");
                if detected { Self::Detected } else { Self::Passed }
            }
        }
    }

    /// Of a word that the firewall log has for what was done; `None` for one that decides nothing. Of several rows the
    /// greatest counts.
    #[must_use]
    pub fn of_action(word: &str) -> Option<Self> {
        Some(match word {
            "Blocked" | "JSChallengeBlock" | "CAPTCHABlock" => Self::Blocked,
            "JSChallengeIssued" | "CAPTCHAIssued" => Self::Challenged,
            "Detected" => Self::Detected,
            "Allowed" => Self::Passed,
            _ => return None,
        })
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Detected => "detected",
            Self::Challenged => "challenged",
            Self::Blocked => "blocked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Kind;
    use crate::events::{Action, Event};
    use crate::explain::Explanation;
    use crate::policy::Block;

    #[test]
    fn the_word_follows_from_decision_and_rows() {
        for (decision, action, expected) in [
            (Decision::Forward, Action::Matched, Verdict::Passed),
            (Decision::Forward, Action::Log, Verdict::Passed),
            (Decision::Forward, Action::Detected, Verdict::Detected),
            (Decision::Forward, Action::Custom("Detected"), Verdict::Detected),
            (Decision::Block(Block::default()), Action::Blocked, Verdict::Blocked),
            (Decision::Challenge(Kind::Script), Action::Custom("JSChallengeIssued"), Verdict::Challenged),
        ] {
            let event = Event::mandatory(action, "");
            let outcome = Outcome { decision, events: vec![event], explanation: Explanation::default(), answer: None };
            assert_eq!(Verdict::of(&outcome), expected, "{outcome:?}");
        }
    }

    #[test]
    fn words_of_the_log_decide_or_say_nothing() {
        for (words, expected) in [
            (&["Matched", "Blocked"][..], Some(Verdict::Blocked)),
            (&["Matched", "Detected"], Some(Verdict::Detected)),
            (&["JSChallengeValid", "Log"], None),
            (&["JSChallengeIssued"], Some(Verdict::Challenged)),
            (&["Allowed"], Some(Verdict::Passed)),
        ] {
            let found = words.iter().filter_map(|word| Verdict::of_action(word)).max();
            assert_eq!(found, expected, "{words:?}");
        }
    }
}
