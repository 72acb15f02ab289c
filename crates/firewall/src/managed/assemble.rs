//! Puts programs together: rules of a folder or our own, Azure's table, and what a policy changes.

use std::collections::HashSet;
use std::sync::Arc;

use waf::Phase;
use waf::program::{Exclusion, Library, Options, Override, Program, RuleInfo, Rules};
use waf::seclang::{Document, EngineMode, Fault as RuleFault, Reader};

use super::bots::Bots;
use super::catalogue::own::BASELINE;
use super::catalogue::{self, Purpose, RuleSet};
use super::documents::Source;
use super::{Action, Choice, Core, Decides, Fault, Inventory, Managed, Remarks, SetSpec, Spec};
use crate::policy::{Limits, Mode};
use crate::scrubbing::Scrubbing;
use crate::selection;

/// Rules of the folder that Azure's sets do without: packages for applications, reputation, denial of service, and the
/// evaluation of the score, which is done here with Azure's points.
const LEFT_OUT: [(u32, u32); 4] = [(903_000, 905_999), (910_000, 910_999), (912_000, 912_999), (949_000, 999_999)];

/// Where the numbers of rules for exceptions begin; the core rule set uses none of these.
const EXCEPTIONS: u32 = 890_000;

/// Exceptions in a policy. Source: Azure subscription limits, read 2026-11-22.
const MOST_EXCEPTIONS: usize = 60;

/// Makes the managed rules of policies out of one folder of rules, or without one.
///
/// Operators are parsed once and shared by all that it makes; it lives as long as one reading of the configuration.
pub struct Builder<'r> {
    source: Source<'r>,
    /// In place of the folder's own.
    setup: Option<String>,
    library: Library,
    /// The rules on requests that can run, and whether they detect something.
    rules: Vec<(u32, bool)>,
    /// All rules on requests in the folder.
    written: HashSet<u32>,
    version: Option<String>,
}

/// What was made.
#[derive(Debug)]
pub struct Built {
    /// The rules.
    pub managed: Managed,
    /// What was asked for and has no effect.
    pub warnings: Vec<Fault>,
    /// Rules that are on and cannot be had.
    pub missing: Vec<Missing>,
}

/// A rule that Azure has and that is not run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its number.
    pub id: u32,
    /// Its group.
    pub group: &'static str,
    /// Why.
    pub reason: Reason,
}

/// Why a rule cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is Microsoft's own and not public.
    NotPublic,
    /// The folder of rules does not have it.
    NotInFolder,
    /// The folder has it, at a paranoia level or behind a setting of its own that Azure does not use.
    NeverRuns,
}

impl<'r> Builder<'r> {
    /// Reads the rules in a folder: its files `REQUEST-*.conf` and the phrase lists they name. A folder that has only
    /// other rules serves `Gatehouse_RuleFolder` alone.
    ///
    /// # Errors
    /// Everything in them that the engine does not know; or that there are none.
    pub fn new(reader: &'r dyn Reader) -> Result<Self, Vec<RuleFault>> {
        let mut builder = Self { source: Source::Folder(reader), ..Self::builtin() };
        if !builder.source.has_request_rules() {
            builder.source.in_folder()?;
            return Ok(builder);
        }
        let document = builder.source.of_requests("")?;
        builder.written = document.ids().collect();
        let program = Program::compile(&document, &Options::default(), reader, &mut builder.library)?;
        builder.rules = program.rules().map(|rule| (rule.id, rule.severity.is_some())).collect();
        builder.version = program.signatures().first().cloned();
        Ok(builder)
    }

    /// Without a folder: the baseline stands in for Azure's sets against attacks, with a warning. What a policy changes
    /// about their rules has no effect, and exclusions and exceptions of some of them are of all of the baseline.
    #[must_use]
    pub fn builtin() -> Self {
        let (library, written) = (Library::new(), HashSet::new());
        Self { source: Source::Builtin, setup: None, library, rules: Vec::new(), written, version: None }
    }

    /// Sets the folder up otherwise, for `Gatehouse_RuleFolder`: text in the rule language in place of its
    /// `crs-setup.conf`; `None` leaves that in its place.
    #[must_use]
    pub fn with_setup(self, text: Option<String>) -> Self {
        Self { setup: text, ..self }
    }

    /// What the rules call themselves, such as `OWASP_CRS/3.3.10`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The rules of a set, on or off, that cannot be had.
    #[must_use]
    pub fn missing(&self, set: &'static RuleSet) -> Vec<Missing> {
        let mut missing = Vec::new();
        for rule in set.rules().filter(|rule| !rule.group.is_empty()) {
            let there = match set.purpose() {
                Purpose::Core => set.is_own() || self.rules.iter().any(|(id, _)| *id == rule.id),
                Purpose::Bots => super::bots::is_known(rule.id),
                Purpose::Excess => false,
            };
            let of_microsoft = set.purpose() != Purpose::Core || is_of_microsoft(rule.id);
            let reason = match (of_microsoft, self.written.contains(&rule.id)) {
                (true, _) => Reason::NotPublic,
                (false, true) => Reason::NeverRuns,
                (false, false) => Reason::NotInFolder,
            };
            if !there {
                missing.push(Missing { id: rule.id, group: rule.group, reason });
            }
        }
        missing
    }

    /// Makes the managed rules of a policy.
    ///
    /// # Errors
    /// What is wrong with the policy, or with the rules as it changes them.
    pub fn build(
        &mut self,
        spec: &Spec,
        mode: Mode,
        limits: &Limits,
        scrubbing: &Scrubbing,
    ) -> Result<Built, Vec<Fault>> {
        let mut remarks = Remarks::default();
        let choices = choices(&spec.sets, &mut remarks);
        let mut inventory = self.inventory(&choices, &mut remarks);
        let (mut core, mut bots, mut missing) = (None, None, Vec::new());
        for choice in choices {
            let choice = self.stand_in(choice, &mut inventory, &mut remarks);
            missing.extend(self.missing_of(&choice));
            match choice.set.purpose() {
                Purpose::Core => core = Some(choice),
                Purpose::Bots => bots = Some(choice),
                Purpose::Excess => {}
            }
        }
        let exceptions = exceptions(spec, &inventory, &mut remarks);
        let bots = bots.map(|choice| Bots::new(choice, &exceptions));
        let changes = Changes::new(spec, &inventory, &exceptions, &mut remarks);
        // What is wrong with the policy is said before its rules are compiled.
        let core = core.filter(|_| remarks.faults.is_empty());
        let core = core.map(|choice| self.core(choice, changes, mode, limits, scrubbing, &mut remarks));
        if !remarks.faults.is_empty() {
            return Err(remarks.faults);
        }
        Ok(Built { managed: Managed { core: core.flatten(), bots }, warnings: remarks.warnings, missing })
    }

    /// The rules that a policy can name.
    fn inventory(&self, choices: &[Choice], remarks: &mut Remarks) -> Inventory {
        let sets: Vec<&'static RuleSet> = choices.iter().map(|choice| choice.set).collect();
        let mut folder = Vec::new();
        if sets.iter().any(|set| set.is_folder()) {
            match (self.source, self.source.in_folder()) {
                (Source::Builtin, _) => remarks.put(false, "managedRuleSets", NO_FOLDER.to_owned()),
                (Source::Folder(_), Ok(rules)) => folder = rules,
                (Source::Folder(_), Err(faults)) => remarks.of_rules(&faults),
            }
        }
        Inventory::new(sets, folder)
    }

    /// The baseline, where a set of Azure's would need a folder.
    fn stand_in(&self, choice: Choice, inventory: &mut Inventory, remarks: &mut Remarks) -> Choice {
        let set = choice.set;
        let needs_folder = set.purpose() == Purpose::Core && !set.is_own();
        if !needs_folder || matches!(self.source, Source::Folder(_)) {
            return choice;
        }
        let what = format!(
            "there is no folder of rules: {} {} is run as {} {}, on which overrides of its rules have no effect",
            set.kind, set.version, BASELINE.kind, BASELINE.version
        );
        remarks.put(true, "managedRuleSets", what);
        inventory.replace(set);
        Choice::by_default(&BASELINE)
    }

    fn core(
        &mut self,
        choice: Choice,
        changes: Changes,
        mode: Mode,
        limits: &Limits,
        scrubbing: &Scrubbing,
        remarks: &mut Remarks,
    ) -> Option<Core> {
        let mut options = Options {
            mode: Some(if mode == Mode::Prevention { EngineMode::On } else { EngineMode::DetectionOnly }),
            overrides: self.overrides(&choice),
            exclusions: changes.exclusions,
            request_body_limit: Some(limits.inspected_body),
            ..Options::default()
        };
        options.secrets.extend(scrubbing.secrets());
        let access = if limits.inspects_body { "On" } else { "Off" };
        let before = format!("SecRequestBodyAccess {access}\n{}", changes.before);
        let compiled = self
            .document(choice.set, &before)
            .and_then(|document| Program::compile(&document, &options, self.source.reader(), &mut self.library));
        match compiled {
            Ok(program) => {
                let decides = match choice.set.is_folder() {
                    true => Decides::Rules { of_answers: program.rules().any(is_of_answers) },
                    false => Decides::Points(choice),
                };
                Some(Core { program: Arc::new(program), decides })
            }
            Err(faults) => {
                remarks.of_rules(&faults);
                None
            }
        }
    }

    fn document(&self, set: &RuleSet, before: &str) -> Result<Document, Vec<RuleFault>> {
        if set.is_folder() {
            return self.source.whole(self.setup.as_deref(), before);
        }
        if set.is_own() { self.source.baseline(before) } else { self.source.of_requests(before) }
    }

    /// Rules that detect something and are not on, those that are left out altogether, and other actions. A folder
    /// keeps all its rules as they are.
    fn overrides(&self, choice: &Choice) -> Vec<(Rules, Override)> {
        if choice.set.is_folder() {
            return Vec::new();
        }
        let off = |id: &u32| !choice.rules.contains_key(id);
        let off = match choice.set.is_own() {
            true => choice.set.rules().map(|rule| rule.id).filter(off).collect(),
            false => self.rules.iter().filter(|(_, detects)| *detects).map(|(id, _)| *id).filter(off).collect(),
        };
        let with = |action| {
            let rules = choice.rules.iter().filter(move |(_, rule)| rule.action == action);
            Rules::Ids(rules.map(|(id, _)| *id).collect())
        };
        let mut list = vec![
            (Rules::Ids(off), Override::Disable),
            (with(Action::Block), Override::Deny),
            (with(Action::Log), Override::LogOnly),
        ];
        list.extend(LEFT_OUT.map(|(first, last)| (Rules::Range(first, last), Override::Disable)));
        list
    }

    fn missing_of(&self, choice: &Choice) -> Vec<Missing> {
        let mut missing = self.missing(choice.set);
        missing.retain(|rule| choice.rules.contains_key(&rule.id));
        missing
    }
}

/// What is wrong where the rules of a folder are asked for and there is none.
const NO_FOLDER: &str = "there is no folder of rules for Gatehouse_RuleFolder 1.0; Gatehouse_Baseline 1.0 needs none";

/// Exclusions and exceptions in the engine's terms.
struct Changes {
    exclusions: Vec<Exclusion>,
    before: String,
}

impl Changes {
    fn new(spec: &Spec, inventory: &Inventory, exceptions: &Exceptions<'_>, remarks: &mut Remarks) -> Self {
        let mut changes = Self { exclusions: Vec::new(), before: String::new() };
        for (index, exclusion) in spec.exclusions.iter().enumerate() {
            let at = format!("exclusions[{index}].exclusionManagedRuleSets");
            let ids = selection::select(&exclusion.scopes, inventory, &at, remarks);
            changes.exclusions.extend(exclusion.exclusions(&ids));
        }
        for (number, (exception, ids)) in (EXCEPTIONS..).zip(exceptions) {
            changes.before.push_str(&exception.rule(number, ids));
        }
        changes
    }
}

/// Exceptions with the rules they mean.
pub(super) type Exceptions<'s> = Vec<(&'s crate::exceptions::Spec, Vec<u32>)>;

fn exceptions<'s>(spec: &'s Spec, inventory: &Inventory, remarks: &mut Remarks) -> Exceptions<'s> {
    let mut list = Vec::new();
    if spec.exceptions.len() > MOST_EXCEPTIONS {
        let what = format!("{} exceptions; a policy may have {MOST_EXCEPTIONS}", spec.exceptions.len());
        remarks.put(false, "exceptions", what);
    }
    for (index, exception) in spec.exceptions.iter().enumerate() {
        let at = format!("exceptions[{index}]");
        if let Some(fault) = exception.fault(&at) {
            remarks.faults.push(fault);
            continue;
        }
        let at = format!("{at}.exceptionManagedRuleSets");
        list.push((exception, selection::select(&exception.scopes, inventory, &at, remarks)));
    }
    list
}

/// The rule sets of a policy, at most one for each purpose.
fn choices(specs: &[SetSpec], remarks: &mut Remarks) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut seen = HashSet::new();
    for (index, spec) in specs.iter().enumerate() {
        let at = format!("managedRuleSets[{index}]");
        let Some(found) = catalogue::find(&spec.kind, &spec.version) else {
            remarks.put(false, &at, format!("there is no rule set {} {}", spec.kind, spec.version));
            continue;
        };
        if !seen.insert(found.set.purpose() as u8) {
            let what = format!("{} beside another rule set of its kind", spec.kind);
            remarks.put(false, &at, what);
            continue;
        }
        if found.replaced {
            let what = format!("{} {} is run as {}", spec.kind, spec.version, found.set.version);
            remarks.put(true, &at, what);
        }
        choices.push(Choice::new(found.set, spec, found.replaced, &at, remarks));
    }
    choices
}

fn is_of_answers(rule: &RuleInfo) -> bool {
    matches!(rule.phase, Phase::ResponseHead | Phase::ResponseBody)
}

/// Rules outside of the numbers of the core rule set and the engine's own.
fn is_of_microsoft(id: u32) -> bool {
    !(200_000..=200_999).contains(&id) && !(900_000..=999_999).contains(&id)
}
