//! Fills in macros.

use super::Transaction;
use super::kept::Place;
use crate::actions::{Part, Template};
use crate::program::{Program, Rule};
use crate::variables::Variable;
use crate::verdict::REDACTED;

/// Bytes one text may come to with its macros filled in.
const EXPANDED: usize = 1 << 20;

impl Transaction {
    /// A template's text.
    pub(super) fn expand(&mut self, template: &Template, rule: &Rule) -> Vec<u8> {
        let mut text = Vec::new();
        self.expand_into(template, rule, &mut text);
        text
    }

    /// Does something with a template's text, for which no memory has to be asked.
    pub(super) fn filled_in<T>(
        &mut self,
        template: &Template,
        rule: &Rule,
        act: impl FnOnce(&mut Self, &[u8]) -> T,
    ) -> T {
        let mut text = std::mem::take(&mut self.written);
        self.expand_into(template, rule, &mut text);
        let done = act(self, &text);
        self.written = text;
        done
    }

    /// Writes a template's text over another.
    pub(super) fn expand_into(&mut self, template: &Template, rule: &Rule, text: &mut Vec<u8>) {
        text.clear();
        for part in template.parts() {
            self.expand_part(part, rule, text);
        }
        text.truncate(EXPANDED);
        self.contents.spend(text.len() as u64);
    }

    /// A template's text for people: what is a secret does not stand in it.
    pub(super) fn expand_told(&mut self, program: &Program, template: &Template, rule: &Rule) -> String {
        let secret = self.last.is_some_and(|matched| self.is_secret(program, &matched));
        let mut text = Vec::new();
        for part in template.parts() {
            let hidden = match part {
                Part::Text(_) | Part::OfRule(_) => false,
                Part::Kept { variable, slot, .. } => *variable == Variable::Tx && *slot < 10 && self.captured_secret,
                Part::Value { variable: Variable::MatchedVar, .. } => secret,
                Part::Value { variable, key } => {
                    let key = key.as_deref().unwrap_or_default().as_bytes();
                    program.secrets.iter().any(|s| s.variable == *variable && s.selector.selects(key))
                }
            };
            if hidden {
                text.extend_from_slice(REDACTED.as_bytes());
            } else {
                self.expand_part(part, rule, &mut text);
            }
        }
        self.contents.spend(text.len() as u64);
        super::tell::shown(&text)
    }

    fn expand_part(&mut self, part: &Part, rule: &Rule, text: &mut Vec<u8>) {
        match part {
            Part::Text(piece) => text.extend_from_slice(piece),
            Part::Kept { slot, .. } => self.store.write(Place::Slot(*slot), &self.contents, text),
            Part::Value { variable, key } => self.expand_value(*variable, key.as_deref(), text),
            Part::OfRule(field) => self.expand_rule(field, rule, text),
        }
    }

    fn expand_value(&mut self, variable: Variable, key: Option<&str>, text: &mut Vec<u8>) {
        match variable {
            Variable::MatchedVar => {
                let value = self.last.map(|matched| self.contents.bytes(matched.value));
                text.extend_from_slice(value.unwrap_or_default());
            }
            Variable::MatchedVarName => {
                let name = self.last.map(|matched| matched.name(&self.contents, &self.store));
                text.extend(name.unwrap_or_default());
            }
            variable if variable.is_steady() => {
                self.shelve(variable);
                let mut entries = self.shelves.values(variable).iter();
                let wanted = |id| key.is_none_or(|key| self.contents.bytes(id).eq_ignore_ascii_case(key.as_bytes()));
                let found = entries.find(|entry| wanted(entry.key));
                text.extend_from_slice(found.map_or(b"", |entry| self.contents.bytes(entry.value)));
            }
            variable => {
                let value = self.scalar(variable);
                text.extend_from_slice(value.map_or(b"", |value| self.contents.bytes(value)));
            }
        }
    }

    fn expand_rule(&mut self, field: &str, rule: &Rule, text: &mut Vec<u8>) {
        let info = &rule.info;
        match field {
            "id" => text.extend_from_slice(info.id.to_string().as_bytes()),
            "severity" => {
                text.extend(info.severity.map(|severity| (severity as u8).to_string()).unwrap_or_default().bytes())
            }
            // A message does not hold itself.
            "msg" => {
                for part in info.message.parts().iter().filter(|part| !matches!(part, Part::OfRule(_))) {
                    self.expand_part(part, rule, text);
                }
            }
            _ => {}
        }
    }
}
