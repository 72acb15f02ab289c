//! A rule as it runs, and what is told of it.

use std::sync::Arc;

use super::{Filter, List, RuleSet};
use crate::actions::{AllowScope, Ctl, Disruption, Phase, Redaction, SetVar, Severity, Template};
use crate::byte_set::ByteSet;
use crate::operators::Operator;
use crate::seclang::Place;
use crate::transformations::Transformation;
use crate::variables::{Omission, Target};

/// What is told of a rule.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// Its number.
    pub id: u32,
    /// When it runs.
    pub phase: Phase,
    /// Where it was written.
    pub place: Place,
    /// How bad a match is.
    pub severity: Option<Severity>,
    /// What it stands for, in the words of its author.
    pub tags: Vec<Arc<str>>,
    /// Which rule set it belongs to.
    pub version: Option<Arc<str>>,
    /// What its first link asks, as written.
    pub operator: Arc<str>,
    pub(crate) message: Template,
    pub(crate) data: Template,
}

/// A rule with the links of its chain.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) info: Arc<RuleInfo>,
    /// Its place among all rules and markers of the document.
    pub(crate) order: u32,
    /// Its place in sets of rules.
    pub(crate) index: u32,
    pub(crate) links: Vec<Link>,
    pub(crate) disruption: Disruption,
    pub(crate) status: u16,
    pub(crate) log: bool,
    pub(crate) flow: Flow,
    /// It looks only at what rules keep for one another, not at the request.
    pub(crate) only_kept: bool,
}

/// Where evaluation goes on after a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    /// At the first rule of the phase that stands at this place or behind.
    To(u32),
    /// As written; becomes a place before the program is done.
    AfterMarker(String),
    /// As written; becomes a place before the program is done.
    Skip(usize),
}

/// One condition of a chain with its effects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    pub(crate) targets: Vec<LinkTarget>,
    pub(crate) omissions: Vec<Omission>,
    /// What the policy leaves out: values are not looked at, and are still there to be counted.
    pub(crate) exclusions: Vec<Omission>,
    /// None always matches, once.
    pub(crate) test: Option<Test>,
    /// As written; what runs is `list`.
    pub(crate) transformations: Vec<Transformation>,
    pub(crate) list: List,
    pub(crate) multi_match: bool,
    pub(crate) capture: bool,
    pub(crate) changes: Vec<SetVar>,
    pub(crate) ctls: Vec<CompiledCtl>,
    pub(crate) redactions: Vec<Redaction>,
    /// What values have to hold for the operator to match.
    pub(crate) filter: Filter,
    /// The views of all its targets, where the filter decides about every one of them.
    pub(crate) group: Option<u32>,
}

/// What has to hold for the first link of a rule to match, in a nutshell: most rules are passed over after one look at
/// it, and all of them together fit into the fastest memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// The views of all its targets.
    pub(crate) group: u32,
    pub(crate) bit: Option<u32>,
    /// The most telling set of bytes of the filter.
    pub(crate) bytes: Option<ByteSet>,
}

impl Rule {
    /// The gate before it, if it has one.
    pub(crate) fn gate(&self) -> Option<Gate> {
        let first = self.links.first()?;
        let bytes = first.filter.bytes.first().copied();
        first.group.map(|group| Gate { group, bit: first.filter.bit, bytes })
    }
}

/// A target, and where its values are found.
#[derive(Clone, Debug)]
pub(crate) struct LinkTarget {
    pub(crate) target: Target,
    /// The view that holds its values, where these are steady.
    pub(crate) view: Option<u32>,
    /// The slots that it selects, where rules keep its values.
    pub(crate) slots: Box<[u32]>,
}

impl LinkTarget {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, view: None, slots: Box::default() }
    }
}

/// A `ctl` with the rules it means.
#[derive(Clone, Debug)]
pub(crate) struct CompiledCtl {
    pub(crate) ctl: Ctl,
    pub(crate) rules: Option<Arc<RuleSet>>,
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) operator: Arc<Operator>,
    pub(crate) negated: bool,
    /// The argument, where macros stand in it.
    pub(crate) argument: Option<Template>,
}

impl Rule {
    /// Whether a match stops or ends something.
    pub(crate) fn is_disruptive(&self) -> bool {
        !matches!(self.disruption, Disruption::Pass | Disruption::Block)
    }

    /// Whether a match lets the request pass without further looks.
    pub(crate) fn allows(&self) -> Option<AllowScope> {
        match self.disruption {
            Disruption::Allow(scope) => Some(scope),
            _ => None,
        }
    }
}
