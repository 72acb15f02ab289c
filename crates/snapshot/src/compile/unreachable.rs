//! Rules that no client reaches, because rules of better priority take all their hosts.

use std::collections::BTreeMap;

use model::schema::Field;
use model::{At, Problem};
use routing::shadowed;

use super::Parts;
use super::codes;
use super::context::Context;
use super::host_name::Hosts;

/// A rule with the hosts of its listener.
struct Entry<'a> {
    name: &'a Field<String>,
    priority: u32,
    hosts: &'a Hosts,
}

/// Rules by frontend and port.
type Groups<'a> = BTreeMap<(usize, usize), Vec<Entry<'a>>>;

/// Looks at the rules of every frontend and port.
pub(super) fn check(context: &mut Context<'_>, parts: &Parts) {
    let gateway = context.gateway;
    // A listener with a wrong host has its problem already, and would look like a basic one.
    let http =
        parts.rules.iter().zip(gateway.request_routing_rules.iter()).filter_map(|(rule, asked)| {
            Some((parts.listeners.get(rule.listener?)?.place()?, &asked.name, rule.priority))
        });
    let bytes = parts.layer4.rules.iter().zip(gateway.routing_rules.iter()).filter_map(|(rule, asked)| {
        Some((parts.layer4.listeners.get(rule.listener?)?.place()?, &asked.name, rule.priority))
    });
    let (mut of_http, mut of_bytes) = (Groups::new(), Groups::new());
    for ((frontend, port, hosts), name, priority) in http {
        of_http.entry((frontend, port)).or_default().push(Entry { name, priority, hosts });
    }
    for ((frontend, port, hosts), name, priority) in bytes {
        let here = of_bytes.entry((frontend, port)).or_default();
        // Two with the same names are an error already.
        if !here.iter().any(|other| same(other.hosts, hosts)) {
            here.push(Entry { name, priority, hosts });
        }
    }
    for mut rules in of_http.into_values() {
        rules.sort_by_key(|rule| rule.priority);
        shadowed_rules(context, &rules);
    }
    for mut rules in of_bytes.into_values() {
        // Who takes any name comes last, whatever its priority.
        rules.sort_by_key(|rule| (rule.hosts.is_empty(), rule.priority));
        shadowed_rules(context, &rules);
    }
}

fn same(one: &Hosts, other: &Hosts) -> bool {
    one.len() == other.len() && one.iter().all(|(host, _)| other.iter().any(|(other, _)| other == host))
}

/// Looks at the rules of one frontend and port, best priority first.
fn shadowed_rules(context: &mut Context<'_>, rules: &[Entry<'_>]) {
    let (mut patterns, mut owners) = (Vec::new(), Vec::new());
    for (rule, entry) in rules.iter().enumerate() {
        for (pattern, at) in entry.hosts {
            patterns.push(Some(pattern.clone()));
            owners.push((rule, Some(at)));
        }
        if entry.hosts.is_empty() {
            patterns.push(None);
            owners.push((rule, None));
        }
    }
    let mut dead: BTreeMap<usize, Vec<(Option<&At>, usize)>> = BTreeMap::new();
    for (entry, by) in shadowed(&patterns) {
        let (Some((rule, at)), Some((winner, _))) = (owners.get(entry), owners.get(by)) else { continue };
        if rule != winner {
            dead.entry(*rule).or_default().push((*at, *winner));
        }
    }
    for (rule, entries) in dead {
        let hosts = owners.iter().filter(|(owner, _)| *owner == rule).count();
        let Some(asked) = rules.get(rule) else { continue };
        let winner = |index: usize| rules.get(index).map_or("", |rule| rule.name.as_str());
        if entries.len() == hosts {
            let mut winners: Vec<_> = entries.iter().map(|(_, by)| format!("{:?}", winner(*by))).collect();
            winners.dedup();
            let message = format!(
                "no client reaches the rule {:?}: {} is tried first and takes them all",
                asked.name.value,
                winners.join(", ")
            );
            let problem = Problem::warning(codes::RULE_UNREACHABLE, &asked.name.at, message);
            context.problems.push(problem.help(
                "give exact hosts small priorities, wildcards larger ones, and listeners without hosts the largest",
            ));
            continue;
        }
        for (at, by) in entries {
            let message = format!(
                "no client gets here by this host: the rule {:?} is tried first and takes them all",
                winner(by)
            );
            context.warn(codes::RULE_UNREACHABLE, at.unwrap_or(&asked.name.at), message);
        }
    }
}
