//! One directive: its name and what its arguments mean.

use super::document::Reader;
use super::fault::Faults;
use super::lexer::Word;
use super::rule::{self, Rule};
use super::settings::{self, Setting};
use super::updates::{self, Update};
use crate::actions::Action;

/// What a line of a rule file asks for.
#[derive(Debug)]
pub(crate) enum Directive {
    /// `SecRule` and `SecAction`.
    Rule(Box<Rule>),
    /// `SecMarker`: where `skipAfter` goes on.
    Marker(String),
    /// `SecDefaultAction`: what rules of its phase do unless they say otherwise.
    Default(Vec<(Action, super::Place)>),
    /// `SecRuleRemoveBy...` and `SecRuleUpdate...`.
    Update(Update),
    /// How the engine works.
    Setting(Setting),
    /// `SecComponentSignature`: who wrote the rules.
    Signature(String),
}

/// Reads one directive; faults are noted and give none.
pub(super) fn parse(
    name: &Word<'_>,
    arguments: &[Word<'_>],
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<Directive> {
    let lower = name.text.to_ascii_lowercase();
    match lower.as_str() {
        "secrule" => rule::rule(name, arguments, reader, faults).map(Box::new).map(Directive::Rule),
        "secaction" => rule::action(name, arguments, reader, faults).map(Box::new).map(Directive::Rule),
        "secdefaultaction" => {
            let list = one(name, arguments, faults)?;
            super::actions(list, reader, faults).map(Directive::Default)
        }
        "secmarker" => one(name, arguments, faults).map(|word| Directive::Marker(bare(&word.unquoted()))),
        "seccomponentsignature" => one(name, arguments, faults).map(|word| Directive::Signature(word.unquoted())),
        _ => match updates::parse(&lower, name, arguments, reader, faults) {
            Some(update) => update.map(Directive::Update),
            None => settings::parse(&lower, name, arguments, faults).map(Directive::Setting),
        },
    }
}

/// The only argument of a directive that takes one.
pub(super) fn one<'w, 'l>(name: &Word<'l>, arguments: &'w [Word<'l>], faults: &mut Faults) -> Option<&'w Word<'l>> {
    if let [only] = arguments {
        return Some(only);
    }
    let found = format!("{} with {} arguments", name.text, arguments.len());
    faults.add(name.place(0), found, format!("{} takes one; quote it where it holds blanks", name.text));
    None
}

/// A name without the single quotes it may stand in.
pub(super) fn bare(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text).to_owned()
}
