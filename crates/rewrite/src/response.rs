//! A pass over a response: what was left for it is decided and done.

use crate::edits::{Edits, Pending, Span};
use crate::form::MOST_TOTAL;
use crate::set::{Action, Rule};
use crate::{ResponseEdits, ResponseView};

impl Edits {
    /// Decides and does what was left for the response. Call it once, with clear `out`, when the head of the response
    /// is there; a response of the gateway's own making is not rewritten.
    pub fn respond<V: ResponseView + ?Sized>(&self, view: &V, out: &mut ResponseEdits) {
        for pending in &self.pending {
            let Some(rule) = self.rule(*pending) else { continue };
            out.slots.clear();
            out.slots.resize(rule.slots, Span::default());
            if rule.after.iter().all(|check| out.holds(check, view)) {
                let mut kept = pending.kept;
                for action in &rule.response_headers {
                    self.act(action, kept, view, out);
                    kept += action.value.as_ref().map_or(0, |value| value.kept);
                }
            }
            out.overflowed |= out.arena.len() > MOST_TOTAL;
            if out.overflowed {
                return;
            }
        }
    }

    pub(crate) fn rule(&self, pending: Pending) -> Option<&Rule> {
        self.sets.get(pending.set)?.inner.rules.get(pending.rule)
    }

    pub(crate) fn kept(&self, from: usize) -> impl Iterator<Item = Span> + '_ {
        self.kept.iter().skip(from).copied()
    }

    fn act<V: ResponseView + ?Sized>(&self, action: &Action, kept: usize, view: &V, out: &mut ResponseEdits) {
        if action.matcher.is_some() {
            return self.act_on_some(action, kept, view, out);
        }
        let first = out.values.len();
        if let Some(value) = &action.value {
            let Some(span) = out.formed(value, self.kept(kept), self, None, view) else { return };
            out.values.extend(Some(span).filter(|span| !span.is_empty()));
        }
        out.replace(&action.name, first);
    }

    /// Replaces or deletes those fields of a name whose values the matcher means; none of them: nothing.
    fn act_on_some<V: ResponseView + ?Sized>(&self, action: &Action, kept: usize, view: &V, out: &mut ResponseEdits) {
        let Some(matcher) = &action.matcher else { return };
        let old = out.current(&action.name, view);
        let first = out.values.len();
        let mut hit = false;
        for at in old..first {
            let span = out.values.get(at).copied().unwrap_or_default();
            let found = matcher.pattern.captures(span.of(&out.arena), matcher.pattern.groups(), &mut out.groups);
            if found == matcher.negate {
                out.values.push(span);
                continue;
            }
            hit = true;
            if let Some(value) = &action.value {
                let matched = found.then_some(span);
                let Some(span) = out.formed(value, self.kept(kept), self, matched, view) else { return };
                out.values.extend(Some(span).filter(|span| !span.is_empty()));
            }
        }
        if hit {
            out.replace(&action.name, first);
        }
    }
}
