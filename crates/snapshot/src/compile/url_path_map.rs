//! Path maps: patterns, where they lead, and the default.
//!
//! Source: Azure, "URL path-based routing overview" (url-route-overview): rules are tried in list order; a
//! map needs a default. `pathMatching` under `gatehouse` chooses another order, for one map or all.

use std::collections::HashMap;

use model::extension::PathMatching as Asked;
use model::path_rule::PathRule;
use model::schema::{Field, Named};
use model::url_path_map::UrlPathMap;
use model::{At, Problem};
use routing::{PathMatching, PathPattern, PathTable};

use super::codes;
use super::context::Context;
use super::destination::{self, Destination, destination};

/// A path map whose destinations are still indices.
pub(super) struct Definition {
    pub(super) matching: PathMatching,
    pub(super) default: Destination,
    pub(super) default_rewrite: Option<usize>,
    pub(super) rules: Vec<Rule>,
}

/// One of its rules.
pub(super) struct Rule {
    pub(super) patterns: Vec<PathPattern>,
    pub(super) destination: Destination,
    pub(super) rewrite: Option<usize>,
}

/// All path maps, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.url_path_maps.iter().map(|map| one(context, map)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<UrlPathMap>) -> Definition {
    let gateway = context.gateway;
    let default = destination(
        context,
        &destination::Asked {
            owner: format!("the default of the path map {:?}", asked.name.value),
            at: &asked.name.at,
            pool: &asked.default_backend_address_pool,
            settings: &asked.default_backend_http_settings,
            redirect: &asked.default_redirect_configuration,
            distribution: &asked.default_load_distribution_policy,
            names: destination::DEFAULT_NAMES,
        },
    );
    let default_rewrite = context.link(&gateway.rewrite_rule_sets, &asked.default_rewrite_rule_set).index();
    let mut places = Vec::new();
    let rules = asked.path_rules.iter().map(|rule| path_rule(context, rule, &mut places)).collect();
    let map = Definition { matching: matching(context, asked), default, default_rewrite, rules };
    idle_default(context, asked, &map);
    unreachable(context, asked, &map, &places);
    map
}

fn matching(context: &Context<'_>, asked: &Named<UrlPathMap>) -> PathMatching {
    let whole = &context.gateway.gatehouse.path_matching;
    let chosen: Option<&Field<Asked>> = asked.gatehouse.path_matching.as_ref().or(whole.as_ref());
    match chosen.map(|field| field.value) {
        None | Some(Asked::ListOrder) => PathMatching::ListOrder,
        Some(Asked::ExactFirst) => PathMatching::ExactFirst,
        Some(Asked::LongestPrefix) => PathMatching::LongestPrefix,
    }
}

fn path_rule(context: &mut Context<'_>, asked: &Named<PathRule>, places: &mut Vec<At>) -> Rule {
    let gateway = context.gateway;
    let owner = format!("the path rule {:?}", asked.name.value);
    if asked.paths.is_empty() {
        let problem = Problem::error(codes::PATHS_MISSING, &asked.name.at, format!("{owner} has no paths"));
        context.problems.push(problem.expected("\"paths\" with at least one pattern"));
    }
    let mut patterns = Vec::new();
    for field in &asked.paths {
        match PathPattern::parse(&field.value) {
            Ok(pattern) => {
                patterns.push(pattern);
                places.push(field.at.clone());
            }
            Err(error) => {
                let problem = Problem::error(codes::INVALID_PATH, &field.at, error.to_string());
                let expected = "a path such as \"/images/*\"";
                context.problems.push(problem.found(format!("{:?}", field.value)).expected(expected));
            }
        }
    }
    let destination = destination(
        context,
        &destination::Asked {
            owner,
            at: &asked.name.at,
            pool: &asked.backend_address_pool,
            settings: &asked.backend_http_settings,
            redirect: &asked.redirect_configuration,
            distribution: &asked.load_distribution_policy,
            names: destination::NAMES,
        },
    );
    let rewrite = context.link(&gateway.rewrite_rule_sets, &asked.rewrite_rule_set).index();
    Rule { patterns, destination, rewrite }
}

impl Definition {
    /// The table of this map; `target` makes what a rule's number (`None`: the default) leads to.
    pub(super) fn table<T: Copy>(&self, mut target: impl FnMut(Option<usize>) -> T) -> PathTable<T> {
        let default = target(None);
        let rules = self.rules.iter().enumerate().map(|(number, rule)| (rule, target(Some(number))));
        let rules: Vec<_> = rules.collect();
        let entries = rules
            .into_iter()
            .flat_map(|(rule, target)| rule.patterns.iter().map(move |pattern| (pattern.clone(), target)));
        PathTable::new(self.matching, default, entries)
    }
}

/// Warns about a rewrite set of a default that no request gets to.
fn idle_default(context: &mut Context<'_>, asked: &Named<UrlPathMap>, map: &Definition) {
    let catches_all = |rule: &Rule| rule.patterns.iter().any(|pattern| pattern.as_str() == "/*");
    let winner = map.rules.iter().zip(asked.path_rules.iter()).find(|(rule, _)| catches_all(rule));
    if let (Some((_, winner)), Some(field)) = (winner, &asked.default_rewrite_rule_set) {
        let message = format!(
            "this rewrite set has no effect: the path rule {:?} takes every path, none is left to the default",
            winner.name.value
        );
        context.warn(codes::REWRITE_NO_EFFECT, &field.at, message);
    }
}

/// Warns about patterns that a pattern of another rule takes everything from. Within one rule it
/// does no harm.
fn unreachable(context: &mut Context<'_>, asked: &Named<UrlPathMap>, map: &Definition, places: &[At]) {
    let table = map.table(|number| number);
    let owners: HashMap<_, _> = table.entries().map(|(id, pattern, rule)| (id, (pattern, rule))).collect();
    for found in table.unreachable() {
        let (Some((_, Some(dead))), Some((pattern, Some(winner)))) =
            (owners.get(&found.pattern), owners.get(&found.covered_by))
        else {
            continue;
        };
        let (Some(at), Some(rule)) = (places.get(found.pattern.0 as usize), asked.path_rules.get(*winner)) else {
            continue;
        };
        if dead != winner {
            let message = format!(
                "no request gets here: {:?} of the path rule {:?} takes them all",
                pattern.as_str(),
                rule.name.value
            );
            let problem = Problem::warning(codes::PATH_UNREACHABLE, at, message);
            context.problems.push(problem.help("rules are tried in the order listed: move the narrower one up"));
        }
    }
}

/// Whether the map re-evaluates nothing without condition, somewhere: otherwise no request settles.
pub(super) fn check_reroutes(context: &mut Context<'_>, maps: &[Definition], always_reroutes: &[bool]) {
    let gateway = context.gateway;
    let loops = |set: Option<usize>| set.is_some_and(|set| always_reroutes.get(set).copied().unwrap_or(false));
    for (map, asked) in maps.iter().zip(gateway.url_path_maps.iter()) {
        if loops(map.default_rewrite) && map.rules.iter().all(|rule| loops(rule.rewrite)) {
            let message =
                format!("every rule of the path map {:?} re-evaluates it without a condition", asked.name.value);
            let problem = Problem::error(codes::REROUTE_EVERYWHERE, &asked.name.at, message);
            context.problems.push(problem.help("give one of the rewrites a condition, or take \"reroute\" from it"));
        }
    }
}
