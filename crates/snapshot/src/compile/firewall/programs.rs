//! Managed rules of policies: from the rules on this machine, or the baseline in their place.

use std::sync::Arc;

use firewall::Mode;
use firewall::managed::catalogue::{self, Purpose};
use firewall::managed::{Action, Builder, Built, Fault, GroupOverride, Managed, Missing, Reason, RuleSet, SetSpec};
use model::{At, Problem};

use super::draft::{Draft, SETS};
use super::machine::Asked;
use crate::compile::codes;
use crate::compile::context::Context;
use crate::compile::rule_sets::RuleSets;
use crate::compile::unsupported::Feature;

/// The rule against bots that asks for a list of bad addresses.
const MALICIOUS: u32 = 100_100;

/// Rule numbers that one message lists.
const LISTED: usize = 12;

/// Makes managed rules; what policies share is made once.
#[derive(Default)]
pub(super) struct Programs<'a> {
    builders: Builders<'a>,
    /// The text that stands in for the set-up of the folder, once it was read.
    setup: Option<Option<Arc<str>>>,
}

#[derive(Default)]
struct Builders<'a> {
    builtin: Option<Builder<'a>>,
    /// `Some(None)`: its rules are wrong, and problems say so.
    folder: Option<Option<Builder<'a>>>,
}

/// Where a policy's rules come from.
enum Source<'a> {
    Builtin,
    Folder(&'a crate::RuleFolder),
}

impl<'a> Programs<'a> {
    /// Notes what a policy that is in force asks of this machine.
    pub(super) fn asks(&self, draft: &Draft<'_>, asked: &mut Asked) {
        if !draft.live {
            return;
        }
        asked.countries.extend(draft.countries.clone());
        asked.setup |= draft.managed.sets.iter().any(is_folder);
        for (index, set) in draft.managed.sets.iter().enumerate() {
            let is_bots = found(set).is_some_and(|set| set.purpose() == Purpose::Bots);
            let off = |group: &GroupOverride| match group.rules.is_empty() {
                true => group.group.eq_ignore_ascii_case("BadBots"),
                false => group.rules.iter().any(|rule| rule.id == MALICIOUS && !rule.enabled),
            };
            if is_bots && !set.overrides.iter().any(off) {
                asked.bad_addresses.push(draft.places.at(&format!("{SETS}[{index}]")).clone());
            }
        }
    }

    /// The managed rules of a policy. `None`: something is wrong, and problems say what.
    pub(super) fn managed(&mut self, context: &mut Context<'a>, draft: &Draft<'_>) -> Option<Managed> {
        own_sets(context, draft);
        excess(context, draft);
        if !draft.live || context.environment.target_azure {
            self.check(context, draft);
            return None;
        }
        let source = source(context, draft)?;
        let setup = self.setup(context, draft);
        let built = self.built(context, draft, &source, setup.as_deref())?;
        warn(context, draft, &built.warnings);
        missing(context, draft, &built.missing);
        Some(built.managed.clone())
    }

    /// Looks for mistakes that need no rules to be seen, where the rules are not run.
    fn check(&mut self, context: &mut Context<'a>, draft: &Draft<'_>) {
        if draft.managed.sets.iter().any(is_folder) {
            return;
        }
        let builder = self.builders.builtin.get_or_insert_with(Builder::builtin);
        match builder.build(&draft.managed, draft.mode, &draft.limits, &draft.scrubbing) {
            Ok(built) => {
                let warnings: Vec<_> = built.warnings.into_iter().filter(|warning| warning.at != SETS).collect();
                warn(context, draft, &warnings);
            }
            Err(faults) => draft.report(context, &faults),
        }
    }

    fn built(
        &mut self,
        context: &mut Context<'a>,
        draft: &Draft<'_>,
        source: &Source<'a>,
        setup: Option<&str>,
    ) -> Option<Arc<Built>> {
        let digest = match source {
            Source::Builtin => "",
            Source::Folder(folder) => &folder.digest,
        };
        let Draft { managed, mode, limits, scrubbing, .. } = draft;
        let key = format!("{digest} {setup:?} {mode:?} {limits:?} {scrubbing:?} {managed:?}");
        let cache = &context.environment.firewall_cache;
        if let Some(built) = cache.get(&key) {
            return Some(built);
        }
        let builder = match source {
            Source::Builtin => self.builders.builtin.get_or_insert_with(Builder::builtin),
            Source::Folder(folder) => self.builders.folder(context, folder, setup)?,
        };
        match builder.build(managed, *mode, limits, scrubbing) {
            Ok(built) => {
                let built = Arc::new(built);
                cache.put(key, Arc::clone(&built));
                Some(built)
            }
            Err(faults) => {
                draft.report(context, &faults);
                None
            }
        }
    }

    /// The site file's set-up, for policies that run the folder as it is written.
    fn setup(&mut self, context: &mut Context<'a>, draft: &Draft<'_>) -> Option<Arc<str>> {
        if !draft.managed.sets.iter().any(is_folder) {
            return None;
        }
        let read = |context: &mut Context<'a>| {
            let path = context.site?.firewall.as_ref()?.setup.as_ref()?;
            Some(Arc::from(String::from_utf8_lossy(context.file(path)?)))
        };
        self.setup.get_or_insert_with(|| read(context)).clone()
    }
}

impl<'a> Builders<'a> {
    /// The builder over the folder; mistakes in its rules are reported once.
    fn folder(
        &mut self,
        context: &mut Context<'a>,
        folder: &'a crate::RuleFolder,
        setup: Option<&str>,
    ) -> Option<&mut Builder<'a>> {
        if self.folder.is_none() {
            let builder = match Builder::new(folder) {
                Ok(builder) => Some(builder),
                Err(faults) => {
                    let at = folder_at(context);
                    for fault in faults {
                        let problem = Problem::error(codes::RULE_FILE_INVALID, &at, fault.to_string());
                        context.machine_refuses(problem.help(format!("the folder is {}", folder.path)));
                    }
                    None
                }
            };
            self.folder = Some(builder);
        }
        let builder = self.folder.take()??.with_setup(setup.map(str::to_owned));
        self.folder.insert(Some(builder)).as_mut()
    }
}

/// Where the site file names the folder.
fn folder_at(context: &Context<'_>) -> At {
    let folders = context.site.and_then(|site| site.folders.as_ref());
    folders.and_then(|folders| folders.rule_sets.as_ref()).map_or_else(At::default, |folder| folder.at.clone())
}

/// Where a policy's rules come from; what is not there is reported.
fn source<'a>(context: &mut Context<'a>, draft: &Draft<'_>) -> Option<Source<'a>> {
    let needy = draft.managed.sets.iter().position(|set| needs_folder(set) || is_folder(set));
    let Some(needy) = needy else { return Some(Source::Builtin) };
    let set = draft.managed.sets.get(needy)?;
    let at = draft.places.at(&format!("{SETS}[{needy}]"));
    let named = format!("{} {}", set.kind, set.version);
    match &context.environment.rule_sets {
        RuleSets::Folder(folder) => return Some(Source::Folder(folder)),
        RuleSets::Unreadable { path, why } => {
            let message = format!("cannot read the rules of {named}: {why}");
            let problem = Problem::error(codes::RULE_SETS_UNREADABLE, at, message);
            context.machine_refuses(problem.found(path.clone()));
        }
        RuleSets::Absent if !is_folder(set) && context.may_stand_in() => return Some(Source::Builtin),
        RuleSets::Absent => {
            let message = format!("the rules of {named} are not on this machine");
            let problem = Problem::error(codes::RULE_SETS_MISSING, at, message);
            context.machine_refuses(problem.help(OTHER_WAYS));
        }
    }
    None
}

/// What to do where there are no rules.
const OTHER_WAYS: &str = "\"gatehouse waf install\" fetches the core rule set; or name a folder of rules in the site \
                          file (folders.ruleSets), or use the rule set Gatehouse_Baseline 1.0, which needs none";

/// The rule set that is meant, if there is one.
fn found(set: &SetSpec) -> Option<&'static RuleSet> {
    catalogue::find(&set.kind, &set.version).map(|found| found.set)
}

/// Whether its rules come out of a folder.
fn needs_folder(set: &SetSpec) -> bool {
    found(set).is_some_and(|set| set.purpose() == Purpose::Core && !set.is_own())
}

/// Whether it is the folder as it is written.
fn is_folder(set: &SetSpec) -> bool {
    found(set).is_some_and(|set| set.is_own() && set.rules().next().is_none())
}

/// Azure does not know our rule sets.
fn own_sets(context: &mut Context<'_>, draft: &Draft<'_>) {
    if !context.environment.target_azure {
        return;
    }
    for (index, set) in draft.managed.sets.iter().enumerate() {
        if found(set).is_some_and(RuleSet::is_own) {
            let at = draft.places.at(&format!("{SETS}[{index}]"));
            let message = format!("Azure has no rule set {} {}", set.kind, set.version);
            let problem = Problem::error(codes::WAF_POLICY_INVALID, at, message);
            context.problems.push(problem.expected("such as Microsoft_DefaultRuleSet 2.2"));
        }
    }
}

/// Rules against excessive requests do not run here.
fn excess(context: &mut Context<'_>, draft: &Draft<'_>) {
    for (index, set) in draft.managed.sets.iter().enumerate() {
        let Some(known) = found(set).filter(|set| set.purpose() == Purpose::Excess) else { continue };
        let rules = set.overrides.iter().flat_map(|group| &group.rules);
        let off = rules.clone().filter(|rule| !rule.enabled).count();
        let quiet = rules.filter(|rule| rule.enabled && rule.action == Some(Action::Log)).count();
        let blocks = draft.mode == Mode::Prevention && off + quiet < known.rules().count();
        let feature = if blocks { Feature::BlockingExcess } else { Feature::LoggingExcess };
        context.uses(feature, draft.places.at(&format!("{SETS}[{index}]")), draft.live);
    }
}

/// What was asked for and has no effect, or another one.
fn warn(context: &mut Context<'_>, draft: &Draft<'_>, warnings: &[Fault]) {
    for warning in warnings {
        let at = draft.places.at(&warning.at);
        if warning.at == SETS {
            let problem = Problem::warning(codes::RULE_SETS_MISSING, at, warning.what.clone());
            context.problems.push(problem.help(OTHER_WAYS));
        } else {
            context.warn(codes::WAF_POLICY_NO_EFFECT, at, warning.what.clone());
        }
    }
}

/// Rules that are on in Azure and cannot be had here: one warning for each rule set and reason.
fn missing(context: &mut Context<'_>, draft: &Draft<'_>, missing: &[Missing]) {
    for (index, set) in draft.managed.sets.iter().enumerate() {
        let Some(known) = found(set).filter(|set| set.purpose() != Purpose::Excess) else { continue };
        let at = draft.places.at(&format!("{SETS}[{index}]"));
        for (reason, what) in REASONS {
            let of_set = |one: &&Missing| one.reason == *reason && known.rules().any(|rule| rule.id == one.id);
            let ids: Vec<u32> = missing.iter().filter(of_set).map(|one| one.id).collect();
            if !ids.is_empty() {
                let (rules, are) = if ids.len() == 1 { ("rule", "is") } else { ("rules", "are") };
                let message = format!("{} {rules} of {} {} that {are} on {what}", ids.len(), known.kind, known.version);
                let problem = Problem::warning(codes::RULES_MISSING, at, message);
                context.problems.push(problem.found(listed(&ids)).help(HELP_MISSING));
            }
        }
    }
}

const REASONS: &[(Reason, &str)] = &[
    (Reason::NotPublic, "cannot be had outside of Azure"),
    (Reason::NotInFolder, "cannot be found in the folder of rules"),
    (Reason::NeverRuns, "never run as the folder of rules has them"),
];

const HELP_MISSING: &str = "they find nothing here; an override that switches them off makes this quiet";

fn listed(ids: &[u32]) -> String {
    let shown: Vec<String> = ids.iter().take(LISTED).map(u32::to_string).collect();
    match ids.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
