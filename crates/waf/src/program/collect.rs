//! From directives to rules: defaults merged, chains joined, operators parsed, places given.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::rule::{CompiledCtl, Flow, Link, LinkTarget, Rule, RuleInfo, Test};
use super::{Library, Settings};
use crate::actions::{Action, Disruption, Phase, Template};
use crate::seclang::{Directive, Document, Fault, Faults, OperatorText, Place, Reader, Setting, TargetItem, Update};
use crate::variables::{Omission, Target};

/// The operator that stands for those that cannot be had.
const NEVER: &str = "noMatch";

/// What the directives of a document come to.
pub(super) struct Collected<'d> {
    pub(super) rules: Vec<Rule>,
    /// Names of markers and their places.
    pub(super) markers: Vec<(String, u32)>,
    pub(super) updates: Vec<(&'d Update, &'d Place)>,
    pub(super) settings: Settings,
    /// What the rule sets call themselves.
    pub(super) signatures: Vec<String>,
    /// Operators that never match for want of something.
    pub(super) unavailable: Vec<Fault>,
    /// Directives that mean nothing here.
    pub(super) without_effect: Vec<Fault>,
}

/// Reads a document from end to end.
pub(super) fn collect<'d>(
    document: &'d Document,
    settings: Settings,
    reader: &dyn Reader,
    library: &mut Library,
    faults: &mut Faults,
) -> Collected<'d> {
    let found = Collected {
        rules: Vec::new(),
        markers: Vec::new(),
        updates: Vec::new(),
        settings,
        signatures: Vec::new(),
        unavailable: Vec::new(),
        without_effect: Vec::new(),
    };
    let mut collecting =
        Collecting { found, defaults: HashMap::new(), open: None, seen: HashSet::new(), reader, library, faults };
    for (order, (directive, place)) in (0u32..).zip(&document.directives) {
        collecting.directive(order, directive, place);
    }
    collecting.end_of_chain();
    collecting.found
}

struct Collecting<'c, 'd> {
    found: Collected<'d>,
    defaults: HashMap<Phase, &'d [(Action, Place)]>,
    /// A chain that waits for its next link.
    open: Option<Rule>,
    seen: HashSet<u32>,
    reader: &'c dyn Reader,
    library: &'c mut Library,
    faults: &'c mut Faults,
}

impl<'d> Collecting<'_, 'd> {
    fn directive(&mut self, order: u32, directive: &'d Directive, place: &'d Place) {
        match directive {
            Directive::Rule(rule) => return self.rule(order, rule),
            Directive::Marker(name) => self.found.markers.push((name.clone(), order)),
            Directive::Default(actions) => self.default(actions, place),
            Directive::Update(update) => self.found.updates.push((update, place)),
            Directive::Setting(Setting::WithoutEffect(why)) => {
                let fault = Fault {
                    place: place.clone(),
                    found: "a directive without effect".to_owned(),
                    wanted: (*why).to_owned(),
                };
                self.found.without_effect.push(fault);
            }
            Directive::Setting(setting) => self.found.settings.apply(setting),
            Directive::Signature(text) => self.found.signatures.push(text.clone()),
        }
        self.end_of_chain();
    }

    fn default(&mut self, actions: &'d [(Action, Place)], place: &Place) {
        let Some(phase) = phase_of(actions) else {
            return self.faults.add(place.clone(), "SecDefaultAction without a phase", "name the phase it is for");
        };
        self.defaults.insert(phase, actions);
    }

    /// A chain that is cut off is no rule.
    fn end_of_chain(&mut self) {
        if let Some(rule) = self.open.take() {
            let found = format!("rule {} ends with chain", rule.info.id);
            self.faults.add(rule.info.place.clone(), found, "a SecRule must follow that continues the chain");
        }
    }

    fn rule(&mut self, order: u32, written: &'d crate::seclang::Rule) {
        let chained = written.actions.iter().any(|(action, _)| matches!(action, Action::Chain));
        let rule = match self.open.take() {
            Some(mut starter) => {
                if let Some(link) = self.link(written, starter.info.phase) {
                    starter.links.push(link);
                }
                self.further_actions(&mut starter, written);
                starter
            }
            None => match self.starter(order, written) {
                Some(rule) => rule,
                None => return,
            },
        };
        if chained {
            self.open = Some(rule);
        } else {
            self.found.rules.push(rule);
        }
    }

    fn starter(&mut self, order: u32, written: &'d crate::seclang::Rule) -> Option<Rule> {
        let id = written.actions.iter().find_map(|(action, _)| match action {
            Action::Id(id) => Some(*id),
            _ => None,
        });
        let Some(id) = id else {
            self.faults.add(written.place.clone(), "a rule without an id", "give it id:NUMBER");
            return None;
        };
        if !self.seen.insert(id) {
            let found = format!("a second rule with id {id}");
            self.faults.add(written.place.clone(), found, "every rule has an id of its own");
        }
        let phase = phase_of(&written.actions).unwrap_or(Phase::RequestBody);
        let info = RuleInfo {
            id,
            phase,
            place: written.place.clone(),
            severity: None,
            tags: Vec::new(),
            version: None,
            operator: written.operator.as_ref().map_or_else(|| Arc::from("SecAction"), described),
            message: Template::default(),
            data: Template::default(),
        };
        let mut rule = Rule {
            info: Arc::new(info),
            order,
            index: 0,
            links: vec![self.link(written, phase)?],
            disruption: Disruption::Pass,
            status: 403,
            log: true,
            flow: Flow::Next,
            only_kept: false,
        };
        for (action, _) in self.defaults.get(&phase).copied().unwrap_or_default().iter().chain(&written.actions) {
            rule.apply(action);
        }
        Some(rule)
    }

    /// Of the actions of a later link, flow and disruption count for the whole chain.
    fn further_actions(&mut self, starter: &mut Rule, written: &crate::seclang::Rule) {
        for (action, place) in &written.actions {
            match action {
                Action::Skip(_) | Action::SkipAfter(_) => starter.apply(action),
                Action::Id(_) | Action::Phase(_) | Action::Disruptive(_) => {
                    let wanted = "id, phase and what happens to the request stand in the chain's first rule";
                    self.faults.add(place.clone(), "an action that a later rule of a chain cannot have", wanted);
                }
                _ => {}
            }
        }
    }

    fn link(&mut self, written: &'d crate::seclang::Rule, phase: Phase) -> Option<Link> {
        let mut link = Link::default();
        for item in &written.targets {
            link.add_target(item);
        }
        let defaults = self.defaults.get(&phase).copied().unwrap_or_default();
        for (action, _) in defaults.iter().chain(&written.actions) {
            link.apply(action);
        }
        if let Some(operator) = &written.operator {
            link.test = Some(self.test(operator)?);
        }
        Some(link)
    }

    fn test(&mut self, written: &OperatorText) -> Option<Test> {
        let file = &written.place.file;
        match self.library.operator(&written.name, &written.argument, file, self.reader) {
            Ok(operator) => {
                if operator.name() == NEVER && !written.name.eq_ignore_ascii_case(NEVER) {
                    let found = format!("operator @{}", written.name);
                    let wanted = "it needs a database, the DNS or a program, and never matches without".to_owned();
                    self.found.unavailable.push(Fault { place: written.place.clone(), found, wanted });
                }
                let argument = Template::parse(&written.argument);
                let argument = argument.constant().is_none().then_some(argument);
                Some(Test { operator, negated: written.negated, argument })
            }
            Err(why) => {
                let found = format!("operator @{}: {why}", written.name);
                self.faults.add(
                    written.place.clone(),
                    found,
                    "an operator the engine knows, with an argument it takes",
                );
                None
            }
        }
    }
}

fn phase_of(actions: &[(Action, Place)]) -> Option<Phase> {
    actions.iter().rev().find_map(|(action, _)| match action {
        Action::Phase(phase) => Some(*phase),
        _ => None,
    })
}

fn described(operator: &OperatorText) -> Arc<str> {
    let negation = if operator.negated { "!" } else { "" };
    Arc::from(format!("{negation}@{} {}", operator.name, operator.argument).trim_end())
}

impl Rule {
    /// Takes up an action that concerns the rule as a whole.
    pub(super) fn apply(&mut self, action: &Action) {
        let info = Arc::make_mut(&mut self.info);
        match action {
            // What `block` means has been set by the default action, which comes first.
            Action::Disruptive(Disruption::Block) => {}
            Action::Disruptive(disruption) => self.disruption = disruption.clone(),
            Action::Status(status) => self.status = *status,
            Action::Log(log) => self.log = *log,
            Action::Message(text) => info.message = text.clone(),
            Action::LogData(text) => info.data = text.clone(),
            Action::Severity(severity) => info.severity = Some(*severity),
            Action::Tag(tag) => info.tags.push(Arc::from(tag.as_str())),
            Action::Version(version) => info.version = Some(Arc::from(version.as_str())),
            Action::Skip(count) => self.flow = Flow::Skip(*count),
            Action::SkipAfter(marker) => self.flow = Flow::AfterMarker(marker.clone()),
            _ => {}
        }
    }
}

impl Link {
    /// Takes up an action that concerns one link.
    pub(super) fn apply(&mut self, action: &Action) {
        match action {
            Action::Transform(Some(transformation)) => self.transformations.push(*transformation),
            Action::Transform(None) => self.transformations.clear(),
            Action::MultiMatch => self.multi_match = true,
            Action::Capture => self.capture = true,
            Action::SetVar(change) => self.changes.push(change.clone()),
            Action::Redact(redaction) => self.redactions.push(redaction.clone()),
            Action::Ctl(ctl) => self.ctls.push(CompiledCtl { ctl: ctl.clone(), rules: None }),
            _ => {}
        }
    }

    pub(super) fn add_target(&mut self, item: &TargetItem) {
        match item {
            TargetItem::Look(target) => self.targets.push(LinkTarget::new(target.clone())),
            TargetItem::Omit(Target { variable, selector, .. }) => {
                self.omissions.push(Omission { variable: *variable, selector: selector.clone() });
            }
        }
    }
}

impl Settings {
    fn apply(&mut self, setting: &Setting) {
        match setting {
            Setting::Engine(mode) => self.mode = *mode,
            Setting::RequestBodyAccess(on) => self.request_body = *on,
            Setting::ResponseBodyAccess(on) => self.response_body = *on,
            Setting::RequestBodyLimit(bytes) => self.request_body_limit = *bytes,
            Setting::ResponseBodyLimit(bytes) => self.response_body_limit = *bytes,
            Setting::ResponseBodyTypes(types) => self.response_types(types),
            Setting::ArgumentSeparator(byte) => self.separator = *byte,
            Setting::ArgumentsLimit(count) => self.arguments = *count,
            Setting::JsonDepthLimit(depth) => self.json_depth = *depth,
            Setting::AsBuilt | Setting::WithoutEffect(_) => {}
        }
    }
    /// The first list takes the place of the default, further ones add to it; an empty one clears it.
    fn response_types(&mut self, types: &[String]) {
        if !self.response_types_named || types.is_empty() {
            self.response_types.clear();
        }
        self.response_types_named = true;
        self.response_types.extend_from_slice(types);
    }
}
