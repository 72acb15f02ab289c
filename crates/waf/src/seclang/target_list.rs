//! The list of what a rule looks at: `ARGS|!ARGS:token|&REQUEST_HEADERS:Host|TX:/^header_/|XML:/*`.

use super::document::Reader;
use super::fault::Faults;
use super::lexer::Word;
use crate::variables::{Selector, Target, TargetKind, Variable};

/// One entry of the list.
#[derive(Clone, Debug)]
pub(crate) enum TargetItem {
    /// Values or a count to look at.
    Look(Target),
    /// Values to leave out.
    Omit(Target),
}

/// Reads a list of targets. Entries are separated by `|`, in updates also by commas.
pub(crate) fn targets(
    word: &Word<'_>,
    commas: bool,
    reader: &dyn Reader,
    faults: &mut Faults,
) -> Option<Vec<TargetItem>> {
    let mut items = Vec::new();
    let mut whole = true;
    for part in split(word, commas) {
        match target(&part.trimmed(), reader, faults) {
            Some(item) => items.push(item),
            None => whole = false,
        }
    }
    whole.then_some(items)
}

/// One target without the list around it, as `ctl` names it.
pub(crate) fn target(word: &Word<'_>, reader: &dyn Reader, faults: &mut Faults) -> Option<TargetItem> {
    let text = word.unquoted();
    let (omit, rest) = text.strip_prefix('!').map_or((false, text.as_str()), |rest| (true, rest));
    let (kind, rest) = rest.strip_prefix('&').map_or((TargetKind::Values, rest), |rest| (TargetKind::Count, rest));
    let (name, key) = rest.split_once(':').map_or((rest, None), |(name, key)| (name, Some(key)));
    let Some(variable) = Variable::parse(name) else {
        faults.add(word.place(0), format!("variable \"{name}\""), "it is not one the engine knows");
        return None;
    };
    let Some((variable, key)) = variable.with_key(key) else {
        let wanted = if variable == Variable::Xml { "XML:/* or XML://@*" } else { "leave the key out" };
        faults.add(word.place(0), format!("\"{rest}\""), wanted);
        return None;
    };
    let selector = match Selector::parse(key, reader) {
        Ok(selector) => selector,
        Err(why) => {
            faults.add(word.place(0), format!("the selector of \"{rest}\": {why}"), "mend the regular expression");
            return None;
        }
    };
    let target = Target { variable, selector, kind };
    Some(if omit { TargetItem::Omit(target) } else { TargetItem::Look(target) })
}

/// Cuts the list outside of `/.../`; a regular expression ends at a slash before a separator or the end.
fn split<'l>(word: &Word<'l>, commas: bool) -> Vec<Word<'l>> {
    let bytes = word.text.as_bytes();
    let separator = |byte: u8| byte == b'|' || (commas && byte == b',');
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        if separator(*byte) {
            parts.push(word.part(start, at));
            start = at + 1;
        } else if *byte == b':' && !is_xml(&bytes[start..at]) {
            at = expression_end(bytes, at + 1, separator).unwrap_or(at);
        }
        at += 1;
    }
    parts.push(word.part(start, bytes.len()));
    parts
}

fn is_xml(name: &[u8]) -> bool {
    let name = name.iter().copied().skip_while(|byte| b"!& ".contains(byte));
    name.map(|byte| byte.to_ascii_uppercase()).eq(*b"XML")
}

/// The last byte of the regular expression that starts at `at`, if one does.
fn expression_end(bytes: &[u8], at: usize, separator: impl Fn(u8) -> bool) -> Option<usize> {
    let quoted = bytes.get(at) == Some(&b'\'');
    let start = at + usize::from(quoted);
    if bytes.get(start) != Some(&b'/') {
        return None;
    }
    let ends = |at: usize| {
        let after = if quoted { bytes.get(at + 1) == Some(&b'\'') } else { true };
        after && bytes.get(at + 1 + usize::from(quoted)).is_none_or(|byte| separator(*byte))
    };
    (start + 1..bytes.len())
        .find(|at| bytes[*at] == b'/' && bytes[at - 1] != b'\\' && ends(*at))
        .map(|at| at + usize::from(quoted))
}
