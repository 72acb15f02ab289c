//! A small rule set of our own, compiled in: what stands in where no other one is at hand.
//!
//! It looks for attacks that are told apart from ordinary requests by their form, and leaves the rest alone: every rule
//! is critical and belongs to paranoia level 1. Its scores and the number of its last rule, 949110, are those of the
//! core rule set's third generation, so that what reads scores reads these. What each rule looks for, and what none
//! does, is in `docs/waf-baseline.md`.

use std::ops::RangeInclusive;

use waf::program::{BODY_RULES, STRICTNESS_RULES};
use waf::seclang::{Document, Fault, Reader};

/// What the rule set calls itself.
pub const SIGNATURE: &str = "GATEHOUSE_BASELINE/1.0";

/// The numbers of its rules, but for [`DECISION`] and those that the engine brings along.
pub const IDS: RangeInclusive<u32> = 66_000_000..=66_999_999;

/// The rule that compares the score and refuses.
pub const DECISION: u32 = 949_110;

/// Sets scores up; the rules of the engine, which score too, go behind it.
const SETUP: (&str, &str) = ("baseline/00-setup.conf", include_str!("rules/00-setup.conf"));

/// The rules, in their order.
const FILES: [(&str, &str); 7] = [
    ("baseline/10-protocol.conf", include_str!("rules/10-protocol.conf")),
    ("baseline/20-files.conf", include_str!("rules/20-files.conf")),
    ("baseline/30-sql.conf", include_str!("rules/30-sql.conf")),
    ("baseline/40-script.conf", include_str!("rules/40-script.conf")),
    ("baseline/50-command.conf", include_str!("rules/50-command.conf")),
    ("baseline/60-code.conf", include_str!("rules/60-code.conf")),
    ("baseline/90-score.conf", include_str!("rules/90-score.conf")),
];

/// The rule set, ready to be compiled: the engine's rules for bodies, the set-up, the rules, the decision.
///
/// # Errors
/// None with the files as they are, which a test proves; the engine's own faults otherwise.
pub fn document() -> Result<Document, Vec<Fault>> {
    let (name, text) = SETUP;
    let mut document = Document::parse("baseline/bodies", BODY_RULES, &NoFiles)?
        .followed_by(Document::parse(name, text, &NoFiles)?)
        .followed_by(Document::parse("baseline/strictness", STRICTNESS_RULES, &NoFiles)?);
    for (name, text) in FILES {
        document = document.followed_by(Document::parse(name, text, &NoFiles)?);
    }
    Ok(document)
}

/// The reader to compile the rule set with: it names no files.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Reader for NoFiles {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        Err(format!("the baseline has no file \"{file}\""))
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}
