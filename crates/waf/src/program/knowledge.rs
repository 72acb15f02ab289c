//! What is known, before any request, of the values rules keep.

use crate::actions::{Change, Part, SetVar, Template};
use crate::program::{Link, Slots};
use crate::variables::{Selector, TargetKind};

/// A value that is the same for every request, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The same for all: this, or nothing.
    Is(Option<Vec<u8>>),
    /// Depends on the request.
    Open,
}

/// What is known of each slot at a point of the program.
#[derive(Clone, Debug)]
pub(super) struct Knowledge<'s> {
    pub(super) values: Vec<Known>,
    pub(super) slots: &'s Slots,
}

impl<'s> Knowledge<'s> {
    pub(super) fn new(slots: &'s Slots) -> Self {
        Self { values: vec![Known::Is(None); slots.len()], slots }
    }

    pub(super) fn get(&self, slot: u32) -> &Known {
        self.values.get(slot as usize).unwrap_or(&Known::Open)
    }

    pub(super) fn set(&mut self, slot: u32, known: Known) {
        if let Some(value) = self.values.get_mut(slot as usize) {
            *value = known;
        }
    }

    /// Nothing is known any more of what a change may write.
    pub(super) fn forget(&mut self, change: &SetVar) {
        if let Some(slot) = change.slot {
            return self.set(slot, Known::Open);
        }
        let prefix = match change.key.parts().first() {
            Some(Part::Text(text)) => text.to_ascii_lowercase(),
            _ => Vec::new(),
        };
        for slot in 0..u32::try_from(self.values.len()).unwrap_or(0) {
            let (variable, name) = self.slots.name(slot);
            if variable == change.variable && name.to_ascii_lowercase().starts_with(&prefix) {
                self.set(slot, Known::Open);
            }
        }
    }

    /// A template's text, where all of it is known.
    pub(super) fn text(&self, template: &Template) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for part in template.parts() {
            match part {
                Part::Text(piece) => text.extend_from_slice(piece),
                Part::Kept { slot, .. } => match self.get(*slot) {
                    Known::Is(value) => text.extend(value.iter().flatten()),
                    Known::Open => return None,
                },
                Part::Value { .. } | Part::OfRule(_) => return None,
            }
        }
        Some(text)
    }

    /// What a change makes of its slot, where that is known.
    pub(super) fn outcome(&self, change: &SetVar) -> Option<(u32, Known)> {
        let slot = change.slot?;
        let now = || match self.get(slot) {
            Known::Is(value) => Some(crate::transaction::number(value.as_deref().unwrap_or_default())),
            Known::Open => None,
        };
        let sum = |template: &Template, sign: i64| {
            let amount = crate::transaction::number(&self.text(template)?);
            let sum = now()?.saturating_add(amount.saturating_mul(sign));
            Some(sum.to_string().into_bytes())
        };
        let value = match &change.change {
            Change::Unset => return Some((slot, Known::Is(None))),
            Change::Set(template) => self.text(template),
            Change::Add(template) => sum(template, 1),
            Change::Subtract(template) => sum(template, -1),
        };
        Some((slot, value.map_or(Known::Open, |value| Known::Is(Some(value)))))
    }

    /// How many of a link's values match, where that is known.
    pub(super) fn matches(&self, link: &Link) -> Option<usize> {
        let Some(test) = &link.test else { return Some(1) };
        let argument = match &test.argument {
            Some(template) => self.text(template)?,
            None => test.operator.argument().as_bytes().to_vec(),
        };
        if link.multi_match || link.capture || !link.omissions.is_empty() || !link.exclusions.is_empty() {
            return None;
        }
        let mut count = 0;
        for entry in &link.targets {
            let target = &entry.target;
            let Selector::Key(key) = &target.selector else { return None };
            let slot = self.slots.find(&(target.variable, key.to_ascii_lowercase().into_boxed_slice()))?;
            let Known::Is(value) = self.get(slot) else { return None };
            let value = match target.kind {
                TargetKind::Count => Some(vec![b'0' + u8::from(value.is_some())]),
                TargetKind::Values => value.clone(),
            };
            let Some(value) = value else { continue };
            let changed = link.transformations.iter().fold(std::borrow::Cow::from(value), |v, t| t.apply(v));
            count += usize::from(test.operator.matches(&changed, &argument, None) != test.negated);
        }
        Some(count)
    }
}
