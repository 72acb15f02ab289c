//! `setvar`: what a rule keeps for others.

use super::template::Template;
use crate::program::Slots;
use crate::variables::Variable;

/// A change to a kept value.
#[derive(Clone, Debug)]
pub(crate) struct SetVar {
    pub(crate) variable: Variable,
    pub(crate) key: Template,
    /// Where the value is kept, if the key has no macro in it; known once the program is made.
    pub(crate) slot: Option<u32>,
    pub(crate) change: Change,
}

/// What becomes of the value.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Unset,
    Set(Template),
    Add(Template),
    Subtract(Template),
}

impl SetVar {
    /// Reads `tx.name=value`, `tx.name=+n`, `tx.name=-n`, `tx.name` (one) and `!tx.name`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (unset, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, value) = split_value(text);
        let (collection, key) = name.trim().split_once(['.', ':'])?;
        let variable = Variable::parse(collection).filter(|variable| variable.is_store())?;
        if key.is_empty() {
            return None;
        }
        let change = match value {
            _ if unset => Change::Unset,
            None => Change::Set(Template::parse("1")),
            Some(value) => match (value.strip_prefix('+'), value.strip_prefix('-')) {
                (Some(amount), _) => Change::Add(Template::parse(amount)),
                (_, Some(amount)) => Change::Subtract(Template::parse(amount)),
                _ => Change::Set(Template::parse(value)),
            },
        };
        Some(Self { variable, key: Template::parse(key), slot: None, change })
    }

    /// Reads `NAME=value`, `NAME` (one) and `!NAME`, as `setenv` has them.
    pub(crate) fn parse_env(text: &str) -> Option<Self> {
        let (unset, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, value) = split_value(text);
        let change = match value {
            _ if unset => Change::Unset,
            value => Change::Set(Template::parse(value.unwrap_or("1"))),
        };
        let key = Template::parse(name.trim());
        (!name.trim().is_empty()).then_some(Self { variable: Variable::Env, key, slot: None, change })
    }

    /// Gives every kept value in it its slot.
    pub(crate) fn resolve(&mut self, slots: &mut Slots) {
        self.key.resolve(slots);
        self.slot = self.key.constant().map(|key| slots.of(self.variable, key));
        if let Change::Set(text) | Change::Add(text) | Change::Subtract(text) = &mut self.change {
            text.resolve(slots);
        }
    }
}

/// The value begins at the first `=` outside of a macro.
fn split_value(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setvar_says_what_becomes_of_which_value() {
        for (text, key, change) in [
            ("tx.a=b", "a", "Set"),
            ("TX.a=+%{tx.b}", "a", "Add"),
            ("tx.a=-2", "a", "Subtract"),
            ("tx.a", "a", "Set"),
            ("!ip.a", "a", "Unset"),
        ] {
            let found = SetVar::parse(text).unwrap();
            assert_eq!(found.key.constant(), Some(key.as_bytes()), "{text}");
            assert!(format!("{:?}", found.change).starts_with(change), "{text}");
        }
        for wrong in ["a=b", "args.a=b", "tx.=b", ""] {
            assert!(SetVar::parse(wrong).is_none(), "{wrong}");
        }
    }
}
