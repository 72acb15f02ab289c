//! A policy between what is written and what runs.

use std::sync::Arc;

use firewall::challenge::Lifetimes;
use firewall::custom::Rules;
use firewall::managed::{Fault, Managed, Spec};
use firewall::scrubbing::Scrubbing;
use firewall::{Block, Limits, Mode, Policy};
use model::{At, Problem};

use super::places::Places;
use crate::compile::codes;
use crate::compile::context::Context;

/// A policy whose managed rules are still to be made.
pub(in crate::compile) struct Draft<'a> {
    pub(in crate::compile) name: Arc<str>,
    pub(in crate::compile) id: Arc<str>,
    pub(in crate::compile) mode: Mode,
    pub(in crate::compile) limits: Limits,
    pub(in crate::compile) block: Block,
    pub(in crate::compile) clearance: Lifetimes,
    pub(in crate::compile) scrubbing: Scrubbing,
    pub(in crate::compile) custom: Rules,
    pub(in crate::compile) managed: Spec,
    /// Where its managed rules stand in the document.
    pub(in crate::compile) places: Places<'a>,
    /// Where it first asks for countries of addresses.
    pub(in crate::compile) countries: Option<At>,
    /// It is in force: requests meet it.
    pub(in crate::compile) live: bool,
}

impl<'a> Draft<'a> {
    /// An empty policy that detects, at a place.
    pub(in crate::compile) fn new(name: Arc<str>, id: Arc<str>, at: &'a At, live: bool) -> Self {
        Self {
            name,
            id,
            mode: Mode::Detection,
            limits: Limits::default(),
            block: Block::default(),
            clearance: Lifetimes::default(),
            scrubbing: Scrubbing::default(),
            custom: Rules::default(),
            managed: Spec::default(),
            places: Places::Nowhere(at),
            countries: None,
            live,
        }
    }

    /// Reports faults of managed rules, each at the property it is about.
    pub(in crate::compile) fn report(&self, context: &mut Context<'_>, faults: &[Fault]) {
        for fault in faults {
            // What is wrong with all rule sets together is wrong with the rules themselves.
            let code = if fault.at == SETS { codes::RULE_FILE_INVALID } else { codes::WAF_POLICY_INVALID };
            let problem = Problem::error(code, self.places.at(&fault.at), fault.what.clone());
            match code {
                codes::RULE_FILE_INVALID => context.machine_refuses(problem),
                _ => context.problems.push(problem),
            }
        }
    }

    /// The policy with its managed rules.
    pub(super) fn finished(self, managed: Managed) -> Policy {
        Policy {
            name: self.name,
            id: self.id,
            mode: self.mode,
            limits: self.limits,
            block: self.block,
            custom: self.custom,
            clearance: self.clearance,
            managed,
            scrubbing: self.scrubbing,
        }
    }
}

/// Where faults are that belong to no single rule set.
pub(super) const SETS: &str = "managedRuleSets";
