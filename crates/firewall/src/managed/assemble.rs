//! Puts programs together: a folder of rules, Azure's table, and what a policy changes.

use std::collections::HashSet;
use std::sync::Arc;

use waf::program::{BODY_RULES, Exclusion, Library, Options, Override, Program, Rules, STRICTNESS_RULES};
use waf::seclang::{Document, EngineMode, Fault as RuleFault, Reader};

use super::bots::Bots;
use super::catalogue::{self, Purpose, RuleSet};
use super::{Action, Choice, Core, Fault, Managed, Remarks, SetSpec, Spec};
use crate::policy::{Limits, Mode};
use crate::scrubbing::Scrubbing;
use crate::selection;

/// What the core rule set wants to know before it runs: that somebody set it up, and which levels are used. Azure's
/// sets are of levels 1 and 2; which single rules are on is not decided by the level.
const SETUP: &str = "SecDefaultAction \"phase:1,log,auditlog,pass\"\n\
    SecDefaultAction \"phase:2,log,auditlog,pass\"\n\
    SecAction \"id:900990,phase:1,pass,nolog,t:none,setvar:tx.crs_setup_version=1,\
    setvar:tx.paranoia_level=2,setvar:tx.blocking_paranoia_level=2,setvar:tx.detection_paranoia_level=2\"\n";

/// Rules of the folder that Azure's sets do without: packages for applications, reputation, denial of service, and the
/// evaluation of the score, which is done here with Azure's points.
const LEFT_OUT: [(u32, u32); 4] = [(903_000, 905_999), (910_000, 910_999), (912_000, 912_999), (949_000, 999_999)];

/// Where the numbers of rules for exceptions begin; the core rule set uses none of these.
const EXCEPTIONS: u32 = 890_000;

/// Exceptions in a policy. Source: Azure subscription limits, read 2026-11-22.
const MOST_EXCEPTIONS: usize = 60;

/// Makes the managed rules of policies out of one folder of rules.
///
/// Operators are parsed once and shared by all that it makes; it lives as long as one reading of the configuration.
pub struct Builder<'r> {
    reader: &'r dyn Reader,
    library: Library,
    /// The rules that can run, and whether they detect something.
    rules: Vec<(u32, bool)>,
    /// All rules in the folder.
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
    /// Reads the rules in a folder: its files `REQUEST-*.conf` and the phrase lists they name.
    ///
    /// # Errors
    /// Everything in them that the engine does not know; or that there are none.
    pub fn new(reader: &'r dyn Reader) -> Result<Self, Vec<RuleFault>> {
        let (library, written) = (Library::new(), HashSet::new());
        let mut builder = Self { reader, library, rules: Vec::new(), written, version: None };
        let document = builder.document("", "")?;
        builder.written = document.ids().collect();
        let program = Program::compile(&document, &Options::default(), reader, &mut builder.library)?;
        builder.rules = program.rules().map(|rule| (rule.id, rule.severity.is_some())).collect();
        builder.version = program.signatures().first().cloned();
        Ok(builder)
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
                Purpose::Core => self.rules.iter().any(|(id, _)| *id == rule.id),
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
        let sets: Vec<&'static RuleSet> = choices.iter().map(|choice| choice.set).collect();
        let missing = choices.iter().flat_map(|choice| self.missing_of(choice)).collect();
        let (mut core, mut bots) = (None, None);
        for choice in choices {
            match choice.set.purpose() {
                Purpose::Core => core = Some(choice),
                Purpose::Bots => bots = Some(choice),
                Purpose::Excess => {}
            }
        }
        let exceptions = exceptions(spec, &sets, &mut remarks);
        let bots = bots.map(|choice| Bots::new(choice, &exceptions));
        let core = core.map(|choice| {
            let changes = Changes::new(spec, &sets, &exceptions, &mut remarks);
            self.core(choice, changes, mode, limits, scrubbing, &mut remarks)
        });
        if !remarks.faults.is_empty() {
            return Err(remarks.faults);
        }
        Ok(Built { managed: Managed { core: core.flatten(), bots }, warnings: remarks.warnings, missing })
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
            .document(&before, &changes.after)
            .and_then(|document| Program::compile(&document, &options, self.reader, &mut self.library));
        match compiled {
            Ok(program) => Some(Core { program: Arc::new(program), choice }),
            Err(faults) => {
                remarks.faults.extend(faults.iter().map(|fault| Fault::new("managedRuleSets", fault.to_string())));
                None
            }
        }
    }

    /// The rules with something before and something behind them.
    fn document(&self, before: &str, after: &str) -> Result<Document, Vec<RuleFault>> {
        let setup = [SETUP, BODY_RULES, before].concat();
        let setup = Document::parse("setup", &setup, self.reader)?;
        let strict = Document::parse("strictness", STRICTNESS_RULES, self.reader)?;
        let rules = Document::read_all(&["REQUEST-*.conf"], self.reader)?;
        if rules.rule_count() == 0 {
            let place = waf::seclang::Place { file: Arc::from("REQUEST-*.conf"), line: 1, column: 1 };
            let wanted = "a folder with the rules of the core rule set".to_owned();
            return Err(vec![RuleFault { place, found: "no rules".to_owned(), wanted }]);
        }
        let after = Document::parse("exclusions", after, self.reader)?;
        Ok(setup.followed_by(strict).followed_by(rules).followed_by(after))
    }

    /// Rules that detect something and are not on, those that are left out altogether, and other actions.
    fn overrides(&self, choice: &Choice) -> Vec<(Rules, Override)> {
        let off = |(id, detects): &&(u32, bool)| *detects && !choice.rules.contains_key(id);
        let off = self.rules.iter().filter(off).map(|(id, _)| *id).collect();
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

/// Exclusions and exceptions in the engine's terms.
struct Changes {
    exclusions: Vec<Exclusion>,
    before: String,
    after: String,
}

impl Changes {
    fn new(spec: &Spec, sets: &[&'static RuleSet], exceptions: &Exceptions<'_>, remarks: &mut Remarks) -> Self {
        let mut changes = Self { exclusions: Vec::new(), before: String::new(), after: String::new() };
        for (index, exclusion) in spec.exclusions.iter().enumerate() {
            let at = format!("exclusions[{index}].exclusionManagedRuleSets");
            let ids = selection::select(&exclusion.scopes, sets, &at, remarks);
            changes.after.extend(exclusion.directive(ids.clone()));
            changes.exclusions.extend(exclusion.exclusions(ids));
        }
        for (number, (exception, ids)) in (EXCEPTIONS..).zip(exceptions) {
            changes.before.push_str(&exception.rule(number, ids));
        }
        changes
    }
}

/// Exceptions with the rules they mean.
pub(super) type Exceptions<'s> = Vec<(&'s crate::exceptions::Spec, Vec<u32>)>;

fn exceptions<'s>(spec: &'s Spec, sets: &[&'static RuleSet], remarks: &mut Remarks) -> Exceptions<'s> {
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
        list.push((exception, selection::select(&exception.scopes, sets, &at, remarks)));
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

/// Rules outside of the numbers of the core rule set and the engine's own.
fn is_of_microsoft(id: u32) -> bool {
    !(200_000..=200_999).contains(&id) && !(900_000..=999_999).contains(&id)
}
