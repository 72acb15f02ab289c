//! From a document to a program, step by step.

use super::constant;
use super::prefilter::Gathering;
use super::rule::{Flow, Rule};
use super::{Library, List, Options, Program, Settings, Slots, Views, collect, update};
use crate::actions::Phase;
use crate::seclang::{Document, EngineMode, Fault, Faults, Reader};
use crate::variables::TargetKind;

/// Bytes of a request's body that are looked at unless something else is said; Azure's default, 128 KB.
const BODY_LIMIT: usize = 128 << 10;
/// Bytes of a response's body that are looked at unless something else is said.
const RESPONSE_LIMIT: usize = 512 << 10;

/// Work allowed for one request, and more for each byte of its bodies; and the same for memory, in bytes.
const WORK: u64 = 8 << 20;
const WORK_BYTE: u64 = 128;
const MEMORY: usize = 16 << 20;
const MEMORY_BYTE: usize = 48;

pub(super) fn compile(
    document: &Document,
    options: &Options,
    reader: &dyn Reader,
    library: &mut Library,
) -> Result<Program, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut collected = collect::collect(document, settings(), reader, library, &mut faults);
    let written = collected.rules.len();
    update::updates(&mut collected.rules, &collected.updates, reader, &mut faults);
    update::policy(&mut collected.rules, options);
    override_settings(&mut collected.settings, options);

    let mut rules = collected.rules;
    for (index, rule) in (0u32..).zip(&mut rules) {
        rule.index = index;
    }
    flows(&mut rules, &collected.markers, &mut faults);
    update::ctl_sets(&mut rules, reader, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_vec());
    }

    let mut slots = Slots::default();
    rules.iter_mut().for_each(|rule| resolve(rule, &mut slots));
    let mut phases = by_phase(rules);
    let initial = constant::fold(&mut phases, &slots);
    let rule_count = phases.iter().map(Vec::len).sum();
    let mut program = Program {
        phases,
        gates: Default::default(),
        slots,
        initial,
        views: Views::default(),
        request_filter: super::Prefilter::default(),
        response_filter: super::Prefilter::default(),
        settings: collected.settings,
        secrets: options.secrets.clone(),
        scratches: crate::transaction::Scratches::default(),
        rule_count,
        written,
        signatures: collected.signatures,
        unavailable: collected.unavailable,
        without_effect: collected.without_effect,
    };
    look(&mut program);
    Ok(program)
}

fn settings() -> Settings {
    Settings {
        mode: EngineMode::On,
        request_body: true,
        response_body: false,
        request_body_limit: BODY_LIMIT,
        response_body_limit: RESPONSE_LIMIT,
        response_types: ["text/plain", "text/html", "text/xml"].map(str::to_owned).to_vec(),
        response_types_named: false,
        separator: b'&',
        arguments: 1000,
        json_depth: 64,
        budget: WORK,
        response_budget: 0,
        memory: MEMORY,
    }
}

fn override_settings(settings: &mut Settings, options: &Options) {
    if let Some(mode) = options.mode {
        settings.mode = mode;
    }
    if let Some(limit) = options.request_body_limit {
        settings.request_body_limit = limit;
    }
    let request = if settings.request_body { settings.request_body_limit } else { 0 };
    let response = if settings.response_body { settings.response_body_limit } else { 0 };
    let budget = |bytes: usize| options.budget.unwrap_or((bytes as u64).saturating_mul(WORK_BYTE).saturating_add(WORK));
    (settings.budget, settings.response_budget) = (budget(request), budget(response));
    let bytes = request.saturating_add(response);
    settings.memory = bytes.saturating_mul(MEMORY_BYTE).saturating_add(MEMORY);
}

/// Turns the names of markers and numbers of rules into places. A marker may stand among rules of any phase.
fn flows(rules: &mut [Rule], markers: &[(String, u32)], faults: &mut Faults) {
    let places: Vec<(Phase, u32)> = rules.iter().map(|rule| (rule.info.phase, rule.order)).collect();
    for (at, rule) in rules.iter_mut().enumerate() {
        let target = match &rule.flow {
            Flow::AfterMarker(name) => {
                let marker = markers.iter().find(|(marker, place)| marker == name && *place > rule.order);
                let Some((_, place)) = marker else {
                    let found = format!("skipAfter:{name} in rule {}", rule.info.id);
                    faults.add(rule.info.place.clone(), found, "a SecMarker of this name must follow");
                    continue;
                };
                *place
            }
            Flow::Skip(count) => {
                let later = places.get(at + 1..).unwrap_or_default().iter();
                let same = later.filter(|(phase, _)| *phase == rule.info.phase);
                same.map(|(_, order)| *order).nth(*count).unwrap_or(u32::MAX)
            }
            Flow::Next | Flow::To(_) => continue,
        };
        rule.flow = Flow::To(target);
    }
}

fn resolve(rule: &mut Rule, slots: &mut Slots) {
    let info = std::sync::Arc::make_mut(&mut rule.info);
    info.message.resolve(slots);
    info.data.resolve(slots);
    if let crate::actions::Disruption::Redirect(target) = &mut rule.disruption {
        target.resolve(slots);
    }
    for link in &mut rule.links {
        link.changes.iter_mut().for_each(|change| change.resolve(slots));
        if let Some(argument) = link.test.as_mut().and_then(|test| test.argument.as_mut()) {
            argument.resolve(slots);
        }
        for entry in &link.targets {
            if let crate::variables::Selector::Key(key) = &entry.target.selector
                && entry.target.variable.is_store()
            {
                slots.of(entry.target.variable, key);
            }
        }
    }
}

fn by_phase(rules: Vec<Rule>) -> [Vec<Rule>; Phase::COUNT] {
    let mut phases: [Vec<Rule>; Phase::COUNT] = Default::default();
    for rule in rules {
        if let Some(phase) = phases.get_mut(rule.info.phase as usize) {
            phase.push(rule);
        }
    }
    phases
}

/// Gives every target its view or its slots, and every operator its filter.
fn look(program: &mut Program) {
    let (mut request, mut response) = (Gathering::default(), Gathering::default());
    for rule in program.phases.iter_mut().flatten() {
        let of_response = !rule.info.phase.is_request();
        let gathering = if of_response { &mut response } else { &mut request };
        for link in &mut rule.links {
            link.list = List::new(&link.transformations);
            for entry in &mut link.targets {
                let target = &entry.target;
                if target.kind == TargetKind::Values {
                    let steps = if link.multi_match { &[] } else { link.transformations.as_slice() };
                    entry.view = program.views.of(target.variable, &target.selector, steps, of_response);
                }
                if target.variable.is_store() {
                    entry.slots = program.slots.selected(target.variable, &target.selector);
                }
            }
            let steady = link.targets.iter().any(|entry| entry.view.is_some());
            let operator = link.test.as_ref().filter(|_| steady).map(|test| &test.operator);
            link.filter = operator.map(|operator| gathering.add(operator)).unwrap_or_default();
            let negated = link.test.as_ref().is_some_and(|test| test.negated);
            let views: Option<Box<[u32]>> = link.targets.iter().map(|entry| entry.view).collect();
            let views =
                views.filter(|views| !views.is_empty() && !negated && !link.multi_match && !link.filter.is_open());
            link.group = views.and_then(|views| program.views.group(views));
        }
        let mut targets = rule.links.iter().flat_map(|link| &link.targets);
        rule.only_kept = targets.all(|entry| !entry.target.variable.is_of_request());
    }
    program.gates = program.phases.each_ref().map(|rules| rules.iter().map(Rule::gate).collect());
    program.request_filter = request.finish();
    program.response_filter = response.finish();
}
