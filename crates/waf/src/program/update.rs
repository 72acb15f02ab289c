//! Applies what stands elsewhere to the rules: `SecRuleRemove...`, `SecRuleUpdate...`, and the policy's own changes.

use super::options::{Options, Override};
use super::rule::{Link, LinkTarget, Rule};
use super::rule_set::RuleSet;
use crate::actions::{Action, Change, Disruption, Part, Template};
use crate::operators::Operator;
use crate::seclang::{Faults, Place, Reader, RuleChoice, TargetItem, Update};

/// A choice of rules that can be asked about each.
pub(super) enum Chosen<'c> {
    Numbers(&'c crate::seclang::RuleNumbers),
    Tag(Operator),
    Message(Operator),
}

impl<'c> Chosen<'c> {
    pub(super) fn new(choice: &'c RuleChoice, reader: &dyn Reader) -> Result<Self, String> {
        Ok(match choice {
            RuleChoice::Numbers(numbers) => Self::Numbers(numbers),
            RuleChoice::Tag(text) => Self::Tag(super::parse_operator("rx", text, reader)?),
            RuleChoice::Message(text) => Self::Message(super::parse_operator("rx", text, reader)?),
        })
    }

    pub(super) fn contains(&self, rule: &Rule) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.contains(rule.info.id),
            Self::Tag(pattern) => rule.info.tags.iter().any(|tag| found(pattern, tag.as_bytes())),
            Self::Message(pattern) => found(pattern, &template_text(&rule.info.message)),
        }
    }
}

fn found(pattern: &Operator, text: &[u8]) -> bool {
    pattern.matches(text, pattern.argument().as_bytes(), None)
}

/// The fixed text of a template.
fn template_text(template: &Template) -> Vec<u8> {
    let texts = template.parts().iter().map(|part| match part {
        Part::Text(text) => &**text,
        _ => &[],
    });
    texts.collect::<Vec<_>>().concat()
}

/// Applies the directives that change rules, wherever they stand.
pub(super) fn updates(rules: &mut Vec<Rule>, list: &[(&Update, &Place)], reader: &dyn Reader, faults: &mut Faults) {
    for (update, place) in list {
        let chosen = match Chosen::new(update.choice(), reader) {
            Ok(chosen) => chosen,
            Err(why) => {
                faults.add((*place).clone(), why, "a regular expression");
                continue;
            }
        };
        match update {
            Update::Remove(_) => rules.retain(|rule| !chosen.contains(rule)),
            Update::Targets(_, items) => {
                rules.iter_mut().filter(|rule| chosen.contains(rule)).for_each(|rule| more_targets(rule, items));
            }
            Update::Replaced(_, items, replaced) => {
                let concerned = rules.iter_mut().filter(|rule| chosen.contains(rule));
                concerned.filter_map(|rule| rule.links.first_mut()).for_each(|link| replace(link, items, replaced));
            }
            Update::Actions(_, offset, actions) => {
                for rule in rules.iter_mut().filter(|rule| chosen.contains(rule)) {
                    change_actions(rule, *offset, actions, place, faults);
                }
            }
        }
    }
}

/// What a rule does as a whole stands in its first link; the others have effects and transformations of their own.
fn change_actions(rule: &mut Rule, offset: usize, actions: &[(Action, Place)], place: &Place, faults: &mut Faults) {
    let Some(link) = rule.links.get_mut(offset) else {
        let found = format!("link {offset} of rule {}, which has {}", rule.info.id, rule.links.len());
        return faults.add((*place).clone(), found, "links are counted from 0");
    };
    actions.iter().for_each(|(action, _)| link.apply(action));
    for (action, place) in actions {
        match action {
            Action::Id(_) | Action::Phase(_) | Action::Chain => {
                let wanted = "what a rule is called, when it runs and what follows it stays as it was written";
                faults.add(place.clone(), "an action that cannot be changed from elsewhere", wanted);
            }
            Action::Disruptive(_) if offset > 0 => {
                let wanted = "what happens to the request stands in the chain's first rule, link 0";
                faults.add(place.clone(), "an action that a later rule of a chain cannot have", wanted);
            }
            action if offset == 0 || matches!(action, Action::Skip(_) | Action::SkipAfter(_)) => rule.apply(action),
            _ => {}
        }
    }
}

/// Puts targets in the place of others; a rule that does not look at those stays as it is.
fn replace(link: &mut Link, items: &[TargetItem], replaced: &[TargetItem]) {
    let same = |entry: &LinkTarget, item: &TargetItem| {
        let TargetItem::Look(target) = item else { return false };
        let (mine, other) = (&entry.target, target);
        mine.variable == other.variable && mine.kind == other.kind && mine.selector.is_same(&other.selector)
    };
    let before = link.targets.len();
    link.targets.retain(|entry| !replaced.iter().any(|item| same(entry, item)));
    if link.targets.len() < before {
        items.iter().for_each(|item| link.add_target(item));
    }
}

/// New targets go to the first link; what is left out, to all that look at the variable.
fn more_targets(rule: &mut Rule, items: &[TargetItem]) {
    for item in items {
        match item {
            TargetItem::Look(_) => rule.links.iter_mut().take(1).for_each(|link| link.add_target(item)),
            TargetItem::Omit(target) => {
                let concerned = rule.links.iter_mut().filter(|link| looks_at(link, target.variable));
                concerned.for_each(|link| link.add_target(item));
            }
        }
    }
}

fn looks_at(link: &Link, variable: crate::variables::Variable) -> bool {
    link.targets.iter().any(|entry| entry.target.variable == variable)
}

/// Applies what the policy changes.
pub(super) fn policy(rules: &mut Vec<Rule>, options: &Options) {
    for (which, change) in &options.overrides {
        if *change == Override::Disable {
            rules.retain(|rule| !which.contain(rule.info.id));
            continue;
        }
        for rule in rules.iter_mut().filter(|rule| which.contain(rule.info.id)) {
            override_rule(rule, *change);
        }
    }
    for exclusion in &options.exclusions {
        let variable = exclusion.omission.variable;
        for rule in rules.iter_mut().filter(|rule| exclusion.rules.contain(rule.info.id)) {
            for link in rule.links.iter_mut().filter(|link| looks_at(link, variable)) {
                link.exclusions.push(exclusion.omission.clone());
            }
        }
    }
}

fn override_rule(rule: &mut Rule, change: Override) {
    match change {
        Override::Disable => {}
        Override::Deny => rule.disruption = Disruption::Deny,
        Override::Allow => rule.disruption = Disruption::Allow(crate::actions::AllowScope::All),
        Override::LogOnly => {
            rule.disruption = Disruption::Pass;
            for link in &mut rule.links {
                link.changes.retain(|set| !matches!(set.change, Change::Add(_) | Change::Subtract(_)));
            }
        }
    }
}

/// Gives every `ctl` the set of the rules it means.
pub(super) fn ctl_sets(rules: &mut [Rule], reader: &dyn Reader, faults: &mut Faults) {
    let sets: Vec<Vec<Vec<Option<RuleSet>>>> = rules
        .iter()
        .map(|rule| {
            let of_link = |link: &Link| -> Vec<Option<RuleSet>> {
                link.ctls.iter().map(|ctl| ctl_set(&ctl.ctl, rule, rules, reader, faults)).collect()
            };
            rule.links.iter().map(of_link).collect()
        })
        .collect();
    for (rule, sets) in rules.iter_mut().zip(sets) {
        for (link, sets) in rule.links.iter_mut().zip(sets) {
            for (ctl, set) in link.ctls.iter_mut().zip(sets) {
                ctl.rules = set.map(std::sync::Arc::new);
            }
        }
    }
}

fn ctl_set(
    ctl: &crate::actions::Ctl,
    rule: &Rule,
    rules: &[Rule],
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<RuleSet> {
    use crate::actions::Ctl;
    let (Ctl::RemoveRules(choice) | Ctl::RemoveTarget(choice, _)) = ctl else { return None };
    match Chosen::new(choice, reader) {
        Ok(chosen) => Some(rules.iter().filter(|other| chosen.contains(other)).map(|other| other.index).collect()),
        Err(why) => {
            faults.add(rule.info.place.clone(), why, "a regular expression");
            None
        }
    }
}
