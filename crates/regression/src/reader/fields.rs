//! The keys of a map, each taken once: what is left at the end is not known.

use crate::yaml::Yaml;

pub(super) struct Fields<'y> {
    what: &'static str,
    entries: Vec<(&'y str, &'y Yaml)>,
}

impl<'y> Fields<'y> {
    /// The keys of a map; `what` names it in messages.
    pub(super) fn of(what: &'static str, node: &'y Yaml) -> Result<Self, String> {
        match node {
            Yaml::Map(entries) => {
                Ok(Self { what, entries: entries.iter().map(|(key, value)| (key.as_str(), value)).collect() })
            }
            other => Err(format!("{what} is {}, not a map", other.kind())),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), String> {
        let keys: Vec<&str> = self.entries.iter().map(|(key, _)| *key).collect();
        if keys.is_empty() { Ok(()) } else { Err(format!("{}: unknown keys {keys:?}", self.what)) }
    }

    /// The value of a key, whatever it is.
    pub(super) fn take(&mut self, key: &str) -> Option<&'y Yaml> {
        let at = self.entries.iter().position(|(name, _)| *name == key)?;
        Some(self.entries.remove(at).1)
    }

    /// A text; a key without a value is none.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<&'y str>, String> {
        match self.take(key) {
            None | Some(Yaml::Null) => Ok(None),
            Some(Yaml::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, "a text", other)),
        }
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str) -> Result<Option<u32>, String> {
        let text = self.text(key)?;
        text.map(|text| text.parse().map_err(|_| format!("{}: {key}: {text:?} is no number", self.what))).transpose()
    }

    /// `true` or `false`.
    pub(super) fn switch(&mut self, key: &str) -> Result<Option<bool>, String> {
        match self.text(key)? {
            None => Ok(None),
            Some("true" | "True" | "TRUE") => Ok(Some(true)),
            Some("false" | "False" | "FALSE") => Ok(Some(false)),
            Some(other) => Err(format!("{}: {key}: {other:?} is neither true nor false", self.what)),
        }
    }

    /// A list.
    pub(super) fn list(&mut self, key: &str) -> Result<Option<&'y [Yaml]>, String> {
        match self.take(key) {
            None | Some(Yaml::Null) => Ok(None),
            Some(Yaml::List(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong(key, "a list", other)),
        }
    }

    /// A list of numbers.
    pub(super) fn numbers(&mut self, key: &str) -> Result<Vec<u32>, String> {
        let items = self.list(key)?.unwrap_or_default();
        items.iter().map(|item| number(item).ok_or_else(|| self.wrong(key, "a list of numbers", item))).collect()
    }

    fn wrong(&self, key: &str, wanted: &str, found: &Yaml) -> String {
        format!("{}: {key} is {}, not {wanted}", self.what, found.kind())
    }
}

/// A number, if it is one.
pub(super) fn number<N: std::str::FromStr>(node: &Yaml) -> Option<N> {
    match node {
        Yaml::Text(text) => text.parse().ok(),
        _ => None,
    }
}
