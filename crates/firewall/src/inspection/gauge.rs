//! Counts what is left of a body once all rules were asked.

use std::sync::Arc;

use super::outcome::{Decision, Outcome};
use super::sizes::{Excess, Sizes};
use crate::explain::Explanation;
use crate::policy::{Mode, Policy};

/// Counts the rest of a body. It needs no request, so it can go along with the body.
#[derive(Debug)]
pub struct Gauge {
    policy: Arc<Policy>,
    sizes: Sizes,
    /// It has told: once is enough.
    told: bool,
}

impl Gauge {
    pub(super) fn new(policy: &Arc<Policy>, sizes: Sizes) -> Self {
        Self { policy: Arc::clone(policy), sizes, told: false }
    }

    /// Takes a piece before it is forwarded. What it gives back, once at most, is that the body is too large: a row,
    /// and whether the request is to be refused.
    pub fn feed(&mut self, piece: &[u8]) -> Option<Outcome> {
        let excess = if self.told { None } else { self.sizes.feed(piece) };
        excess.map(|excess| self.tell(excess))
    }

    /// The body has ended.
    pub fn end(&mut self) -> Option<Outcome> {
        let excess = if self.told { None } else { self.sizes.end() };
        excess.map(|excess| self.tell(excess))
    }

    fn tell(&mut self, excess: Excess) -> Outcome {
        self.told = true;
        let mode = self.policy.mode;
        let (verb, decision) = match mode {
            Mode::Prevention => ("refused", Decision::Block(self.policy.block.clone())),
            Mode::Detection => ("forwarded, as the policy only detects", Decision::Forward),
        };
        let explanation = Explanation { decision: format!("{verb}: {}", excess.text()), ..Explanation::default() };
        Outcome::new(decision, vec![excess.event(mode)], explanation)
    }
}
