//! A rewrite set, compiled: conditions sorted by when they can be decided, captures given places.

use std::fmt;
use std::sync::Arc;

use crate::rule::Matcher;
use crate::template::Piece;
use crate::variable::Source;
use crate::{Condition, HeaderAction, Phase, RuleSpec, Server, Template, UrlAction};

/// Rules that belong together, in the order in which they run. Cheap to clone.
#[derive(Clone)]
pub struct RewriteSet {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) name: Box<str>,
    pub(crate) rules: Box<[Rule]>,
}

/// A rule, compiled.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Box<str>,
    /// Conditions on the request.
    pub(crate) before: Box<[Check]>,
    /// Conditions on the response.
    pub(crate) after: Box<[Check]>,
    /// How many captures it keeps.
    pub(crate) slots: usize,
    pub(crate) request_headers: Box<[Action]>,
    pub(crate) response_headers: Box<[Action]>,
    pub(crate) path: Option<Value>,
    pub(crate) query: Option<Value>,
    pub(crate) reroute: bool,
}

/// A condition with the captures that are wanted of it.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) condition: Condition,
    /// Groups, and the slots they go to.
    pub(crate) wanted: Box<[(usize, usize)]>,
    /// The highest of those groups; 0 where there are none.
    pub(crate) last: usize,
}

/// A header to set or delete.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: Box<[u8]>,
    pub(crate) is_host: bool,
    pub(crate) value: Option<Value>,
    pub(crate) matcher: Option<Matcher>,
}

/// A value to be formed.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) text: Box<str>,
    pub(crate) parts: Box<[Part]>,
    /// How many parts are known with the request.
    pub(crate) kept: usize,
}

/// A part of a value.
#[derive(Debug)]
pub(crate) enum Part {
    Text(Box<[u8]>),
    Variable(Source, Phase),
    Slot(usize, Phase),
    Matched(usize),
}

impl RewriteSet {
    /// Compiles rules into a set.
    pub fn new(name: &str, mut rules: Vec<RuleSpec>) -> Self {
        rules.sort_by_key(|rule| rule.sequence);
        let rules = rules.into_iter().map(Rule::new).collect();
        Self { inner: Arc::new(Inner { name: name.into(), rules }) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Whether a rule asks for this server variable: some cost something to know.
    pub fn uses(&self, variable: Server) -> bool {
        let wanted = Source::Server(variable);
        self.inner.rules.iter().any(|rule| rule.sources().any(|source| *source == wanted))
    }
}

impl Rule {
    /// Every variable it asks for.
    fn sources(&self) -> impl Iterator<Item = &Source> {
        let checks = self.before.iter().chain(&self.after).map(|check| &check.condition.variable.source);
        let actions = self.request_headers.iter().chain(&self.response_headers);
        let values = actions.filter_map(|action| action.value.as_ref()).chain(&self.path).chain(&self.query);
        let parts = values.flat_map(|value| &value.parts).filter_map(|part| match part {
            Part::Variable(source, _) => Some(source),
            Part::Text(_) | Part::Slot(..) | Part::Matched(_) => None,
        });
        checks.chain(parts)
    }

    fn new(spec: RuleSpec) -> Self {
        let needs_response = spec.phase() == Phase::Response;
        let mut slots = Slots::default();
        let response_headers = slots.actions(spec.response_headers);
        // Where the response decides, the request has left: its actions never run.
        let request_headers = if needs_response { Vec::new() } else { spec.request_headers };
        let request_headers = slots.actions(request_headers);
        let UrlAction { path, query, reroute } = spec.url.filter(|_| !needs_response).unwrap_or_default();
        let (path, query) = (path.map(|path| slots.value(path)), query.map(|query| slots.value(query)));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (at, condition) in spec.conditions.into_iter().enumerate() {
            let phase = condition.phase();
            let check = Check::new(condition, &slots, at);
            if phase == Phase::Request { before.push(check) } else { after.push(check) }
        }
        let reroute = reroute && path.is_some();
        Self {
            name: spec.name.into(),
            before: before.into(),
            after: after.into(),
            slots: slots.0.len(),
            request_headers,
            response_headers,
            path,
            query,
            reroute,
        }
    }
}

impl Check {
    fn new(condition: Condition, slots: &Slots, at: usize) -> Self {
        let wanted = slots.0.iter().enumerate().filter(|(_, (condition, _))| *condition == at);
        let wanted: Box<[_]> = wanted.map(|(slot, (_, group))| (*group, slot)).collect();
        let last = wanted.iter().map(|(group, _)| *group).max().unwrap_or_default();
        Self { condition, wanted, last }
    }
}

/// The captures of a rule: condition and group of each.
#[derive(Default)]
struct Slots(Vec<(usize, usize)>);

impl Slots {
    fn actions(&mut self, actions: Vec<HeaderAction>) -> Box<[Action]> {
        let action = |action: HeaderAction| Action {
            is_host: action.name.eq_ignore_ascii_case("host"),
            name: action.name.into_bytes().into(),
            value: action.value.map(|value| self.value(value)),
            matcher: action.matcher,
        };
        actions.into_iter().map(action).collect()
    }

    fn value(&mut self, template: Template) -> Value {
        let text = template.as_str().into();
        let kept = template.pieces.iter().filter(|piece| piece.phase() == Some(Phase::Request)).count();
        let parts = template.pieces.into_iter().map(|piece| self.part(piece)).collect();
        Value { text, parts, kept }
    }

    fn part(&mut self, piece: Piece) -> Part {
        match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Variable(source, phase) => Part::Variable(source, phase),
            Piece::Matched(group) => Part::Matched(group),
            Piece::Capture { condition, group, phase } => {
                let known = self.0.iter().position(|slot| *slot == (condition, group));
                let slot = known.unwrap_or_else(|| {
                    self.0.push((condition, group));
                    self.0.len() - 1
                });
                Part::Slot(slot, phase)
            }
        }
    }
}

impl Part {
    /// Whether it is known with the request, and is not text.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Variable(_, Phase::Request) | Self::Slot(_, Phase::Request))
    }
}

impl fmt::Debug for RewriteSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<_> = self.inner.rules.iter().map(|rule| &rule.name).collect();
        formatter.debug_struct("RewriteSet").field("name", &self.inner.name).field("rules", &rules).finish()
    }
}
