//! What comes of an inspection.

use super::answer::Answer;
use crate::challenge::Kind;
use crate::events::{Action, Event};
use crate::explain::Explanation;
use crate::policy::Block;

/// Rows told of one request. Real requests have a handful; one made to fill the log has no more.
pub(super) const MOST_ROWS: usize = 256;

/// What comes of an inspection.
#[derive(Debug)]
pub struct Outcome {
    /// What is to be done.
    pub decision: Decision,
    /// Rows for the firewall log: at most 256. Where there would be more, rows that only match are left out, and the
    /// last row says how many.
    pub events: Vec<Event>,
    /// Why.
    pub explanation: Explanation,
    /// The answer is to be shown too: the request goes on, and the folder has rules on answers. Never with Azure's rule
    /// sets and the baseline.
    pub answer: Option<Box<Answer>>,
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Forward,
    /// It is answered with a status and a body; without a body of the policy's own, with the gateway's page.
    Block(Block),
    /// It is answered with a challenge.
    Challenge(Kind),
}

impl Outcome {
    pub(super) fn new(decision: Decision, events: Vec<Event>, mut explanation: Explanation) -> Self {
        if explanation.decision.is_empty() {
            "forwarded: no rule ends it".clone_into(&mut explanation.decision);
        }
        Self { decision, events: bounded(events), explanation, answer: None }
    }
}

/// Leaves out rows that decide nothing where there are too many.
fn bounded(mut events: Vec<Event>) -> Vec<Event> {
    let mut over = (events.len() + 1).saturating_sub(MOST_ROWS);
    if events.len() <= MOST_ROWS {
        return events;
    }
    let left_out = over;
    let mut kept = Vec::with_capacity(MOST_ROWS);
    // From behind: the first finds are the ones that explain the rest.
    while let Some(event) = events.pop() {
        let decides = !matches!(event.action, Action::Matched | Action::Log);
        if decides || over == 0 {
            kept.push(event);
        } else {
            over -= 1;
        }
    }
    kept.reverse();
    kept.truncate(MOST_ROWS - 1);
    kept.push(Event::left_out(left_out));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_bounded_and_those_that_decide_stay() {
        let row = |action: Action, what: usize| Event { rule_id: what.to_string(), ..Event::mandatory(action, "x") };
        for (matches, rows) in [(0, 1), (255, 256), (256, 256), (500, 256)] {
            let mut events: Vec<Event> = (0..matches).map(|number| row(Action::Matched, number)).collect();
            events.push(row(Action::Blocked, 949_110));
            let outcome = Outcome::new(Decision::Forward, events, Explanation::default());
            assert_eq!(outcome.events.len(), rows, "{matches}");
            let blocked = outcome.events.iter().find(|event| event.action == Action::Blocked).unwrap();
            assert_eq!(blocked.rule_id, "949110");
            let left_out = (matches + 1).checked_sub(MOST_ROWS).filter(|over| *over > 0).map(|over| over + 1);
            let last = &outcome.events.last().unwrap().message;
            let expected = left_out.map(|count| format!("{count} more rows are left out"));
            assert_eq!(Some(last).filter(|last| last.contains("left out")).cloned(), expected, "{matches}");
        }
    }
}
