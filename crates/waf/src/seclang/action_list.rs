//! The list of what a rule does: `"id:1,phase:2,t:none,msg:'a, b',setvar:'tx.x=+1'"`.

use super::document::Reader;
use super::fault::Faults;
use super::lexer::Word;
use super::place::Place;
use crate::actions::{self, Action};

/// Reads a list of actions; single quotes protect commas.
pub(crate) fn actions(word: &Word<'_>, reader: &dyn Reader, faults: &mut Faults) -> Option<Vec<(Action, Place)>> {
    let mut list = Vec::new();
    let mut whole = true;
    for item in split(word) {
        let item = item.trimmed();
        if item.text.is_empty() {
            continue;
        }
        match action(&item, reader, faults) {
            Some(action) => list.push((action, item.place(0))),
            None => whole = false,
        }
    }
    whole.then_some(list)
}

fn action(item: &Word<'_>, reader: &dyn Reader, faults: &mut Faults) -> Option<Action> {
    let colon = item.text.find(':');
    let name = item.part(0, colon.unwrap_or(item.text.len())).trimmed();
    let value = colon.map(|colon| without_quotes(&item.part(colon + 1, item.text.len()).trimmed()));
    if let Some(value) = &value
        && name.text.eq_ignore_ascii_case("ctl")
    {
        return actions::ctl(value, reader, faults).map(Action::Ctl);
    }
    let text = value.map(|value| value.unquoted().replace("\\'", "'"));
    match actions::parse(name.text, text.as_deref()) {
        Ok(action) => Some(action),
        Err(fault) => {
            faults.add(item.place(0), fault.found, fault.wanted);
            None
        }
    }
}

fn without_quotes<'l>(value: &Word<'l>) -> Word<'l> {
    let quoted = value.text.len() >= 2 && value.text.starts_with('\'') && value.text.ends_with('\'');
    if quoted { value.part(1, value.text.len() - 1) } else { *value }
}

/// Cuts the list at its commas outside of single quotes.
fn split<'l>(word: &Word<'l>) -> Vec<Word<'l>> {
    let bytes = word.text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut at, mut quoted) = (0, 0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\'' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(word.part(start, at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(word.part(start, bytes.len()));
    parts
}
