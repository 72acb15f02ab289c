//! `SecRule` and `SecAction`: targets, operator, actions.

use super::document::Reader;
use super::fault::Faults;
use super::lexer::Word;
use super::place::Place;
use super::{TargetItem, actions, targets};
use crate::actions::Action;

/// A rule, or a link of a chain, as it was written.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) place: Place,
    /// Empty for `SecAction`.
    pub(crate) targets: Vec<TargetItem>,
    /// None for `SecAction`, which always matches.
    pub(crate) operator: Option<OperatorText>,
    pub(crate) actions: Vec<(Action, Place)>,
}

/// An operator by name, its argument not yet understood.
#[derive(Clone, Debug)]
pub(crate) struct OperatorText {
    pub(crate) negated: bool,
    pub(crate) name: String,
    pub(crate) argument: String,
    pub(crate) place: Place,
}

pub(super) fn rule(name: &Word<'_>, arguments: &[Word<'_>], reader: &dyn Reader, faults: &mut Faults) -> Option<Rule> {
    let (target_word, operator_word, action_word) = match arguments {
        [targets, operator] => (targets, operator, None),
        [targets, operator, actions] => (targets, operator, Some(actions)),
        _ => {
            let found = format!("SecRule with {} arguments", arguments.len());
            faults.add(name.place(0), found, "SecRule takes targets, an operator and actions; quote what holds blanks");
            return None;
        }
    };
    let targets = targets(target_word, false, reader, faults);
    let actions = action_word.map_or(Some(Vec::new()), |word| actions(word, reader, faults));
    Some(Rule { place: name.place(0), targets: targets?, operator: Some(operator(operator_word)), actions: actions? })
}

pub(super) fn action(
    name: &Word<'_>,
    arguments: &[Word<'_>],
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<Rule> {
    let list = super::directive::one(name, arguments, faults)?;
    let actions = actions(list, reader, faults)?;
    Some(Rule { place: name.place(0), targets: Vec::new(), operator: None, actions })
}

/// `!@name argument`; without a name it is a regular expression. All after the first blank is the argument, untrimmed.
fn operator(word: &Word<'_>) -> OperatorText {
    let text = word.unquoted();
    let place = word.place(0);
    let (negated, rest) = match text.strip_prefix('!') {
        Some(rest) if rest.trim_start().starts_with('@') => (true, rest.trim_start()),
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let (name, argument) = match rest.strip_prefix('@') {
        Some(named) => named.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((named, "")),
        None => ("rx", rest),
    };
    // Rules that were written for Apache double what a pattern needs: Apache reads two backslashes as one. Two of them
    // are a backslash of the pattern to other engines, and are left; four are never meant as four.
    let argument = if name.eq_ignore_ascii_case("rx") { argument.replace(r"\\\\", r"\\") } else { argument.to_owned() };
    OperatorText { negated, name: name.to_owned(), argument, place }
}
