//! The answer to a request, on its way through the rules of a folder.

use std::fmt;
use std::sync::Arc;

use waf::Phase;
use waf::transaction::Transaction;
use waf::verdict::Verdict;

use super::outcome::{Decision, Outcome};
use crate::managed::Findings;
use crate::policy::{Mode, Policy};

/// An answer that the rules of a folder look at, after the request it belongs to.
///
/// The host shows its head, then as much of its body as is wanted, then its end. What it holds is what the engine holds
/// of the request, and the answer's body as far as it is looked at (`SecResponseBodyLimit`, 512 KiB unless the folder
/// says otherwise). Rules run at once: they are few, and there is no slice of them.
pub struct Answer {
    policy: Arc<Policy>,
    transaction: Transaction,
    /// Matches and steps of scores that belong to the request.
    told: (usize, usize),
    headed: bool,
}

impl Answer {
    pub(super) fn new(policy: &Arc<Policy>, transaction: Transaction) -> Self {
        let verdict = transaction.verdict();
        let told = (verdict.matches.len(), verdict.scores.len());
        Self { policy: Arc::clone(policy), transaction, told, headed: false }
    }

    /// Shows the head, with names of fields as they came, and runs the rules that look at it (phase 3).
    pub fn head<'h>(&mut self, status: u16, protocol: &str, fields: impl IntoIterator<Item = (&'h [u8], &'h [u8])>) {
        self.headed = true;
        self.transaction.response_head(status, protocol, fields);
    }

    /// Whether rules look at the body; the answer is to be held back then. Not for types that the rules do not name,
    /// and not where the head has decided.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        self.headed && self.transaction.wants_response_body()
    }

    /// Takes a piece of the body; `false`: no more of it is looked at.
    pub fn body(&mut self, piece: &[u8]) -> bool {
        self.transaction.feed_response_body(piece)
    }

    /// The body has ended, or no more of it is looked at: runs what is left (phases 4 and 5). Its rows are those of the
    /// answer alone. Without a head, where there was no answer, only rules that log run.
    #[must_use]
    pub fn end(mut self) -> Outcome {
        if self.headed {
            self.transaction.response_body();
        }
        let verdict = of_answer(self.transaction.finish(0), self.told);
        let policy = self.policy;
        let mode = policy.mode;
        let Some(core) = &policy.managed.core else {
            return Outcome::new(Decision::Forward, Vec::new(), Default::default());
        };
        let Findings { events, explanation, refuses } = core.judge(&verdict, mode);
        let refused = refuses && mode == Mode::Prevention;
        let decision = if refused { Decision::Block(policy.block.clone()) } else { Decision::Forward };
        Outcome::new(decision, events, explanation)
    }
}

/// A verdict without what was told of the request.
fn of_answer(mut verdict: Verdict, (matches, scores): (usize, usize)) -> Verdict {
    let later = |phase: Phase| !matches!(phase, Phase::RequestHead | Phase::RequestBody);
    verdict.matches.drain(..matches.min(verdict.matches.len()));
    verdict.scores.drain(..scores.min(verdict.scores.len()));
    verdict.intervention = verdict.intervention.filter(|found| later(found.phase));
    verdict.exhausted = verdict.exhausted.filter(|found| later(found.phase));
    verdict
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("headed", &self.headed).finish_non_exhaustive()
    }
}
