//! Directives that change rules that stand elsewhere: removals, targets, actions.

use super::document::Reader;
use super::fault::Faults;
use super::lexer::Word;
use super::place::Place;
use super::{TargetItem, actions, targets};
use crate::actions::Action;

/// Ids and ranges of ids, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleNumbers(Vec<(u32, u32)>);

impl RuleNumbers {
    /// Reads `942100`, `942100-942200`, and lists of these with blanks or commas between.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|part| !part.is_empty());
        let ranges: Option<Vec<_>> = parts.map(range).collect();
        ranges.filter(|ranges| !ranges.is_empty()).map(Self)
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&id))
    }
}

fn range(text: &str) -> Option<(u32, u32)> {
    let text = text.trim_matches(['"', '\'']);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

/// Which rules are meant.
#[derive(Clone, Debug)]
pub(crate) enum RuleChoice {
    /// By id.
    Numbers(RuleNumbers),
    /// Those of which a tag matches this regular expression.
    Tag(String),
    /// Those of which the message matches this regular expression.
    Message(String),
}

/// A change to rules that stand elsewhere.
#[derive(Debug)]
pub(crate) enum Update {
    /// They are not there.
    Remove(RuleChoice),
    /// They look at more or at less.
    Targets(RuleChoice, Vec<TargetItem>),
    /// Those that look at one of the second targets look at the first ones instead.
    Replaced(RuleChoice, Vec<TargetItem>, Vec<TargetItem>),
    /// They, or one link of their chain, counted from zero, do something else.
    Actions(RuleChoice, usize, Vec<(Action, Place)>),
}

impl Update {
    /// Which rules are meant.
    pub(crate) fn choice(&self) -> &RuleChoice {
        match self {
            Self::Remove(choice)
            | Self::Targets(choice, _)
            | Self::Replaced(choice, ..)
            | Self::Actions(choice, ..) => choice,
        }
    }
}

/// Reads one of these directives; the outer none says that it is another.
pub(super) fn parse(
    lower: &str,
    name: &Word<'_>,
    arguments: &[Word<'_>],
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<Option<Update>> {
    let rest = lower.strip_prefix("secrule")?;
    let (kind, by) = rest.split_once("by")?;
    let found = match kind {
        "remove" => choice(by, name, arguments, faults).map(Update::Remove),
        "updatetarget" => target_update(by, name, arguments, reader, faults),
        "updateaction" if by == "id" => action_update(name, arguments, reader, faults),
        _ => return None,
    };
    Some(found)
}

/// `SecRuleUpdateTargetBy...`: rules, what they look at, and, if that takes the place of something, of what.
fn target_update(
    by: &str,
    name: &Word<'_>,
    arguments: &[Word<'_>],
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<Update> {
    let (which, items, replaced) = match arguments {
        [which, items] => (which, items, None),
        [which, items, replaced] => (which, items, Some(replaced)),
        _ => return wrong_count(name, arguments, faults),
    };
    let which = choice(by, name, &[*which], faults);
    let items = targets(items, true, reader, faults);
    let Some(word) = replaced else { return Some(Update::Targets(which?, items?)) };
    let replaced = targets(word, true, reader, faults)?;
    if items.iter().flatten().chain(&replaced).any(|item| matches!(item, TargetItem::Omit(_))) {
        faults.add(word.place(0), "an omission where targets are replaced", "targets without an exclamation mark");
        return None;
    }
    Some(Update::Replaced(which?, items?, replaced))
}

/// `SecRuleUpdateActionById`: rules, or one rule and the number of a link of its chain, and what they do.
fn action_update(name: &Word<'_>, arguments: &[Word<'_>], reader: &dyn Reader, faults: &mut Faults) -> Option<Update> {
    let [which, list] = arguments else { return wrong_count(name, arguments, faults) };
    let list = actions(list, reader, faults);
    let text = which.unquoted();
    let Some((id, offset)) = text.split_once(':') else {
        return Some(Update::Actions(choice("id", name, &[*which], faults)?, 0, list?));
    };
    match (id.trim().parse(), offset.trim().parse()) {
        (Ok(id), Ok(offset)) => Some(Update::Actions(RuleChoice::Numbers(RuleNumbers(vec![(id, id)])), offset, list?)),
        _ => {
            faults.add(which.place(0), format!("\"{text}\""), "an id and the number of a link, such as 942100:1");
            None
        }
    }
}

fn wrong_count<T>(name: &Word<'_>, words: &[Word<'_>], faults: &mut Faults) -> Option<T> {
    let found = format!("{} with {} arguments", name.text, words.len());
    faults.add(name.place(0), found, "it takes the rules meant and the change");
    None
}

fn choice(by: &str, name: &Word<'_>, words: &[Word<'_>], faults: &mut Faults) -> Option<RuleChoice> {
    let text = words.iter().map(Word::unquoted).collect::<Vec<_>>().join(" ");
    let found = match by {
        "id" => RuleNumbers::parse(&text).map(RuleChoice::Numbers),
        "tag" if !text.is_empty() => Some(RuleChoice::Tag(text.clone())),
        "msg" if !text.is_empty() => Some(RuleChoice::Message(text.clone())),
        _ => None,
    };
    if found.is_none() {
        let place = words.first().unwrap_or(name).place(0);
        let wanted = if by == "id" { "ids such as 942100 or 942100-942199" } else { "a regular expression" };
        faults.add(place, format!("\"{text}\" after {}", name.text), wanted);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_numbers_are_ids_and_ranges() {
        let numbers = RuleNumbers::parse("1, 5-7 \"9-9\"").unwrap();
        let inside: Vec<u32> = (0..12).filter(|id| numbers.contains(*id)).collect();
        assert_eq!(inside, [1, 5, 6, 7, 9]);
        for wrong in ["", "a", "7-5", "1-", "-"] {
            assert_eq!(RuleNumbers::parse(wrong), None, "{wrong}");
        }
    }
}
