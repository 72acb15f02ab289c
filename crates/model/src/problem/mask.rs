//! Keeps secrets out of excerpts: stars of the same length stand in their place, so that columns stay true.
//!
//! The parsed tree knows where secrets stand. A text that could not be parsed has no tree, so the keys are also looked
//! for in the plain text; there, values of template parameters count as secrets too.

use std::ops::Range;

use crate::source::Sources;

/// The text of a source with its secrets starred out.
pub(super) fn masked(sources: &Sources, index: u32, unparsed: bool) -> String {
    let Some(source) = sources.get(index) else { return String::new() };
    let mut bytes = source.text.clone().into_bytes();
    let keys: &[&[u8]] =
        if unparsed { &[b"password", b"data", b"value", b"defaultvalue"] } else { &[b"password", b"data"] };
    let found = keys.iter().flat_map(|key| values_of(source.text.as_bytes(), key));
    for range in sources.hidden(index).chain(found) {
        let end = range.end.min(bytes.len());
        for byte in bytes.get_mut(range.start..end).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
    }
    // A range covers whole characters, so only a stray boundary could break the encoding.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The stretches that follow `key:` in either syntax.
fn values_of(text: &[u8], key: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at + key.len() <= text.len() {
        let is_key = text[at..at + key.len()].eq_ignore_ascii_case(key)
            && (at == 0 || matches!(text[at - 1], b'"' | b'\'' | b' ' | b'\t' | b'\n' | b'{' | b',' | b'-'));
        at += 1;
        if !is_key {
            continue;
        }
        let mut after = at - 1 + key.len();
        if matches!(text.get(after), Some(b'"' | b'\'')) {
            after += 1;
        }
        after += blanks(&text[after..], b" \t");
        if text.get(after) == Some(&b':') {
            after += 1;
            let Some((range, is_secret)) = value(text, after, at - 1) else { continue };
            // Going on behind the value keeps the work linear, however often the key is repeated inside it.
            at = range.end.max(at);
            ranges.extend(is_secret.then_some(range));
        }
    }
    ranges
}

/// The value and whether it is to be hidden; `None` for lists and objects, inside which to go on looking.
fn value(text: &[u8], from: usize, key: usize) -> Option<(Range<usize>, bool)> {
    let start = from + blanks(&text[from..], b" \t\r\n");
    let range = match text.get(start)? {
        quote @ (b'"' | b'\'') => {
            let end = closing(text, start + 1, *quote);
            let inner = &text[start + 1..end];
            let is_expression = inner.starts_with(b"[") && inner.ends_with(b"]");
            return Some((start..end, !is_expression));
        }
        b'|' | b'>' => start..block_end(text, start, key),
        b'{' | b'[' => return None,
        _ => start..line_end(text, start),
    };
    Some((range, true))
}

fn closing(text: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        match byte {
            _ if byte == quote => return at,
            b'\\' if quote == b'"' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The end of a YAML block: the first line indented no deeper than its key.
fn block_end(text: &[u8], start: usize, key: usize) -> usize {
    let line = text[..key].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let column = blanks(&text[line..], b" -");
    let mut at = line_end(text, start);
    while at < text.len() {
        let next = at + 1;
        let rest = &text[next.min(text.len())..];
        let depth = blanks(rest, b" ");
        let empty = matches!(rest.get(depth), None | Some(b'\n' | b'\r'));
        if depth <= column && !empty {
            break;
        }
        at = line_end(text, next);
    }
    at
}

fn line_end(text: &[u8], from: usize) -> usize {
    text.iter().skip(from).position(|&byte| byte == b'\n').map_or(text.len(), |at| from + at)
}

fn blanks(text: &[u8], kinds: &[u8]) -> usize {
    text.iter().take_while(|byte| kinds.contains(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn a_key_repeated_without_end_is_no_burden() {
        for unit in ["data: |", "\"data\": \"\\\"", "data:", "\n data: >"] {
            let sources = Sources::new(vec![Source::new("t", unit.repeat(200_000))]);
            let start = std::time::Instant::now();
            masked(&sources, 0, false);
            assert!(start.elapsed().as_secs() < 5, "{unit:?}");
        }
    }

    #[test]
    fn secrets_are_starred_out_even_when_the_text_cannot_be_parsed() {
        let rows = [
            (r#"{"password": "hunter2", "x": 1"#, false, r#"{"password": "*******", "x": 1"#),
            (r#"{"Data": "hunter2"#, false, r#"{"Data": "*******"#),
            ("password: hunter2\nname: a", false, "password: *******\nname: a"),
            ("- data: |\n    hunter2\n    hunter2\n  name: a", false, "- data: *\n***********\n***********\n  name: a"),
            (r#"{"password": "[parameters('p')]"}"#, false, r#"{"password": "[parameters('p')]"}"#),
            (r#"{"p": {"value": "hunter2"}"#, true, r#"{"p": {"value": "*******"}"#),
            (r#"{"metadata": "seen"}"#, false, r#"{"metadata": "seen"}"#),
            ("{\"password\":\n\"hunter2", false, "{\"password\":\n\"*******"),
        ];
        for (text, unparsed, expected) in rows {
            let sources = Sources::new(vec![Source::new("t", text)]);
            assert_eq!(masked(&sources, 0, unparsed), expected);
        }
    }
}
