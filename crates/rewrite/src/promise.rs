//! What is known of the response's headers before there is a response.

use crate::edits::Edits;
use crate::set::{Action, Part, Rule, Value};
use crate::{ResponseEdits, ResponseView};

/// What a rule will do to the response, as far as that is known with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise<'a> {
    /// The rule.
    pub rule: &'a str,
    /// The header.
    pub name: String,
    /// Its value as configured; `None` deletes the header.
    pub template: Option<&'a str>,
    /// Its value, where the request alone decides it.
    pub value: Option<Vec<u8>>,
    /// The response may still decide against the rule, or against the field.
    pub depends: bool,
}

impl Edits {
    /// What the pending rules will do to the response, as far as it is known; for whoever explains a request.
    pub fn promises(&self) -> Vec<Promise<'_>> {
        let mut promises = Vec::new();
        for pending in &self.pending {
            let Some(rule) = self.rule(*pending) else { continue };
            let mut kept = pending.kept;
            for action in &rule.response_headers {
                promises.push(self.promise(rule, action, kept));
                kept += action.value.as_ref().map_or(0, |value| value.kept);
            }
        }
        promises
    }

    fn promise<'a>(&'a self, rule: &'a Rule, action: &'a Action, kept: usize) -> Promise<'a> {
        let is_known = |value: &&Value| value.parts.iter().all(|part| part.is_kept() || matches!(part, Part::Text(_)));
        let value = action.value.as_ref().filter(is_known).and_then(|value| {
            let mut scratch = ResponseEdits::default();
            let span = scratch.formed(value, self.kept(kept), self, None, &Nothing)?;
            Some(span.of(&scratch.arena).to_vec())
        });
        Promise {
            rule: &rule.name,
            name: String::from_utf8_lossy(&action.name).into_owned(),
            template: action.value.as_ref().map(|value| &*value.text),
            value,
            depends: !rule.after.is_empty() || action.matcher.is_some(),
        }
    }
}

/// A response that is not there yet.
struct Nothing;

impl ResponseView for Nothing {
    fn status(&self) -> u16 {
        0
    }

    fn sent_bytes(&self) -> u64 {
        0
    }

    fn fields(&self) -> usize {
        0
    }

    fn field(&self, _: usize) -> (&[u8], &[u8]) {
        (b"", b"")
    }
}
