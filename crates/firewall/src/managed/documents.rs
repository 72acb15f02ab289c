//! The texts that programs are made of, in the order in which they are compiled.

use std::sync::Arc;

use waf::program::{BODY_RULES, STRICTNESS_RULES};
use waf::seclang::{Document, Fault as RuleFault, Place, Reader};

use super::inventory::InFolder;
use super::own;
use crate::baseline::{self, NoFiles};

/// What the core rule set wants to know before it runs: that somebody set it up, which levels are used, and what
/// severities are worth, without which a folder that lacks the rule set's own initialization would score nothing.
/// Azure's sets are of levels 1 and 2; which single rules are on is not decided by the level.
const SETUP: &str = "SecDefaultAction \"phase:1,log,auditlog,pass\"\n\
    SecDefaultAction \"phase:2,log,auditlog,pass\"\n\
    SecAction \"id:900990,phase:1,pass,nolog,t:none,setvar:tx.crs_setup_version=1,\
    setvar:tx.paranoia_level=2,setvar:tx.blocking_paranoia_level=2,setvar:tx.detection_paranoia_level=2,\
    setvar:tx.critical_anomaly_score=5,setvar:tx.error_anomaly_score=4,\
    setvar:tx.warning_anomaly_score=3,setvar:tx.notice_anomaly_score=2\"\n";

/// The file of a folder that sets its rules up.
const SETUP_FILE: &str = "crs-setup.conf";

/// The files with rules on requests.
const REQUESTS: &str = "REQUEST-*.conf";

/// Where rules come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'r> {
    /// There is no folder.
    Builtin,
    /// A folder.
    Folder(&'r dyn Reader),
}

impl<'r> Source<'r> {
    pub(super) fn reader(&self) -> &'r dyn Reader {
        match self {
            Self::Builtin => &NoFiles,
            Self::Folder(reader) => *reader,
        }
    }

    /// Whether there are rules that Azure's tables can choose from.
    pub(super) fn has_request_rules(&self) -> bool {
        let is_one = |file: &String| file.starts_with("REQUEST-") && file.ends_with(".conf");
        self.files().is_ok_and(|files| files.iter().any(is_one))
    }

    /// For Azure's sets: the folder's rules on requests, behind what a policy puts before them.
    pub(super) fn of_requests(&self, before: &str) -> Result<Document, Vec<RuleFault>> {
        let setup = Document::parse("setup", &[SETUP, BODY_RULES, before].concat(), self.reader())?;
        let strict = Document::parse("strictness", STRICTNESS_RULES, self.reader())?;
        let rules = Document::read_all(&[REQUESTS], self.reader())?;
        if rules.rule_count() == 0 {
            return Err(vec![no_rules(REQUESTS)]);
        }
        Ok(setup.followed_by(strict).followed_by(rules))
    }

    /// The baseline.
    pub(super) fn baseline(&self, before: &str) -> Result<Document, Vec<RuleFault>> {
        let before = Document::parse("policy", before, &NoFiles)?;
        Ok(before.followed_by(baseline::document()?))
    }

    /// The folder as it is written: the engine's rules, its set-up, if it has one, or another in its place, and all its
    /// files by name. What the policy says of bodies counts more than what the set-up says.
    pub(super) fn whole(&self, setup: Option<&str>, before: &str) -> Result<Document, Vec<RuleFault>> {
        let own = || self.reader().read(SETUP_FILE).unwrap_or_default();
        let setup = setup.map_or_else(|| String::from_utf8_lossy(&own()).into_owned(), str::to_owned);
        let mut document = Document::parse("engine", BODY_RULES, self.reader())?
            .followed_by(Document::parse(SETUP_FILE, &setup, self.reader())?)
            .followed_by(Document::parse("policy", before, self.reader())?)
            .followed_by(Document::parse("strictness", STRICTNESS_RULES, self.reader())?);
        for file in self.rule_files()? {
            document = document.followed_by(Document::read(&file, self.reader())?);
        }
        Ok(document)
    }

    /// The rules of the folder with their groups, and the engine's own.
    pub(super) fn in_folder(&self) -> Result<Vec<InFolder>, Vec<RuleFault>> {
        let mut rules = Vec::new();
        let mut add = |group: &str, document: &Document| {
            let group: Arc<str> = group.into();
            rules.extend(document.ids().map(|id| InFolder { id, group: Arc::clone(&group) }));
        };
        add(&own::group("strictness"), &Document::parse("strictness", STRICTNESS_RULES, self.reader())?);
        for file in self.rule_files()? {
            add(&own::group(&file), &Document::read(&file, self.reader())?);
        }
        Ok(rules)
    }

    /// The folder's files of rules in the order of their names, without its set-up.
    fn rule_files(&self) -> Result<Vec<String>, Vec<RuleFault>> {
        let mut files = self.files()?;
        files.retain(|file| file.ends_with(".conf") && file != SETUP_FILE);
        files.sort();
        if files.is_empty() { Err(vec![no_rules("*.conf")]) } else { Ok(files) }
    }

    fn files(&self) -> Result<Vec<String>, Vec<RuleFault>> {
        self.reader().list("").map_err(|why| {
            let place = Place { file: Arc::from("*.conf"), line: 1, column: 1 };
            vec![RuleFault { place, found: why, wanted: "a folder that can be read".to_owned() }]
        })
    }
}

fn no_rules(pattern: &str) -> RuleFault {
    let place = Place { file: Arc::from(pattern), line: 1, column: 1 };
    let wanted = "a folder with the rules of the core rule set".to_owned();
    RuleFault { place, found: "no rules".to_owned(), wanted }
}
