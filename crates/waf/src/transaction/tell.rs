//! Puts into words what a rule matched.

use super::Transaction;
use super::look::Matched;
use crate::program::{Program, Rule};
use crate::verdict::{MatchedValue, REDACTED, RuleMatch};

/// Bytes of one value that are told.
const SHOWN: usize = 8 << 10;
/// Matches told of one request.
const TOLD: usize = 512;

impl Transaction {
    /// Notes that a rule matched.
    pub(super) fn tell(&mut self, program: &Program, rule: &Rule) {
        if self.verdict.matches.len() >= TOLD {
            self.verdict.omitted += 1;
            return;
        }
        let message = self.expand_told(program, &rule.info.message, rule);
        let data = self.expand_told(program, &rule.info.data, rule);
        let values = self.to_tell.iter().map(|matched| MatchedValue {
            name: shown(&matched.name(&self.contents, &self.store)),
            value: match self.is_secret(program, matched) {
                true => REDACTED.to_owned(),
                false => shown(self.contents.bytes(matched.value)),
            },
        });
        let values = values.collect();
        self.verdict.matches.push(RuleMatch { rule: std::sync::Arc::clone(&rule.info), message, data, values });
    }

    /// Whether a value is never told.
    pub(super) fn is_secret(&self, program: &Program, matched: &Matched) -> bool {
        let key = matched.key(&self.contents, &self.store);
        let mut secrets = program.secrets.iter().chain(&self.redacted);
        secrets.any(|secret| secret.variable == matched.variable && secret.selector.selects(key))
    }

    /// Takes out of what was told what rules forbade to tell later on.
    pub(super) fn redact_told(&mut self) {
        let redacted = std::mem::take(&mut self.redacted);
        for omission in redacted.iter().filter(|omission| omission.variable.is_steady()) {
            self.shelve(omission.variable);
            let entries = self.shelves.values(omission.variable).iter();
            let secret = entries.filter(|entry| omission.selector.selects(self.contents.bytes(entry.key)));
            for entry in secret {
                let key = String::from_utf8_lossy(self.contents.bytes(entry.key));
                let name = match key.is_empty() {
                    true => omission.variable.name().to_owned(),
                    false => format!("{}:{key}", omission.variable.name()),
                };
                let text = String::from_utf8_lossy(self.contents.bytes(entry.value));
                for found in &mut self.verdict.matches {
                    redact(found, &name, &text);
                }
            }
        }
    }
}

/// Takes a value out of a match, by its name and by its text.
fn redact(found: &mut RuleMatch, name: &str, text: &str) {
    for value in found.values.iter_mut().filter(|value| value.name == name) {
        REDACTED.clone_into(&mut value.value);
    }
    for told in [&mut found.message, &mut found.data] {
        if !text.is_empty() && told.contains(text) {
            *told = told.replace(text, REDACTED);
        }
    }
}

/// A text for people, cut where it is too long.
pub(super) fn shown(text: &[u8]) -> String {
    let cut = text.get(..SHOWN).unwrap_or(text);
    String::from_utf8_lossy(cut).into_owned()
}
