//! Classes of characters, `[...]`, as PCRE reads them bytewise.

use super::pattern::PatternFault;
use super::translate::{Dialect, Reader, push_byte};

/// A member of a class.
enum Item {
    Byte(u8),
    /// A set written as our engines write it; no end of a range.
    Set(String),
}

/// Translates what stands behind an opening bracket.
pub(super) fn translate(reader: &mut Reader, dialect: Dialect, out: &mut String) -> Result<(), PatternFault> {
    out.push('[');
    if reader.skip("^") {
        out.push('^');
    }
    let mut items = Vec::new();
    // A closing bracket that comes first is a member.
    if reader.skip("]") {
        items.push(Item::Byte(b']'));
    }
    loop {
        let Some(character) = reader.next() else {
            return Err(PatternFault::Syntax("a class is not closed".to_owned()));
        };
        match character {
            ']' => break,
            '-' => range(reader, dialect, &mut items, out)?,
            other => read(other, reader, dialect, &mut items)?,
        }
    }
    write(&mut items, out);
    out.push(']');
    Ok(())
}

/// A hyphen: the middle of a range if bytes stand on both sides, else itself.
fn range(reader: &mut Reader, dialect: Dialect, items: &mut Vec<Item>, out: &mut String) -> Result<(), PatternFault> {
    let first = match items.last() {
        Some(Item::Byte(first)) if !reader.rest().starts_with(']') => *first,
        _ => {
            items.push(Item::Byte(b'-'));
            return Ok(());
        }
    };
    let mut behind = Vec::new();
    if let Some(character) = reader.next() {
        read(character, reader, dialect, &mut behind)?;
    }
    let mut behind = behind.into_iter();
    match behind.next() {
        Some(Item::Byte(last)) if first <= last => {
            items.pop();
            write(items, out);
            push_byte(first, out);
            out.push('-');
            push_byte(last, out);
        }
        Some(Item::Byte(last)) => {
            let problem = format!("the range {}-{} is the wrong way round", first.escape_ascii(), last.escape_ascii());
            return Err(PatternFault::Syntax(problem));
        }
        Some(set) => items.extend([Item::Byte(b'-'), set]),
        None => items.push(Item::Byte(b'-')),
    }
    // The second and later bytes of a character beyond ASCII.
    items.extend(behind);
    // What ends a range begins no other.
    if matches!(items.last(), None | Some(Item::Set(_))) {
        items.push(Item::Set(String::new()));
    }
    Ok(())
}

/// Writes and forgets the members read so far.
fn write(items: &mut Vec<Item>, out: &mut String) {
    for item in items.drain(..) {
        match item {
            Item::Byte(byte) if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            Item::Byte(byte) => push_byte(byte, out),
            Item::Set(set) => out.push_str(&set),
        }
    }
}

/// Reads one member that is no hyphen.
fn read(character: char, reader: &mut Reader, dialect: Dialect, items: &mut Vec<Item>) -> Result<(), PatternFault> {
    match character {
        '[' => {
            let name = reader.rest().strip_prefix(':').and_then(|rest| rest.split_once(":]")).map(|(name, _)| name);
            match name.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'^')) {
                Some(name) if NAMED.contains(&name.trim_start_matches('^')) => {
                    reader.until(":]");
                    items.push(Item::Set(format!("[:{name}:]")));
                }
                Some(name) => return Err(PatternFault::Syntax(format!("there is no class [:{name}:]"))),
                None => items.push(Item::Byte(b'[')),
            }
        }
        '\\' => escape(reader, dialect, items)?,
        other => push(other, items),
    }
    Ok(())
}

/// The classes that have names.
const NAMED: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Behind a backslash, in a class.
fn escape(reader: &mut Reader, dialect: Dialect, items: &mut Vec<Item>) -> Result<(), PatternFault> {
    let Some(character) = reader.next() else {
        return Err(PatternFault::Syntax("a backslash stands at the end".to_owned()));
    };
    let set = |set: &str| Item::Set(set.to_owned());
    match (character, dialect) {
        ('d', Dialect::Backtracking) => items.push(set("0-9")),
        ('s', Dialect::Backtracking) => items.push(set(r"\x09-\x0D\x20")),
        ('w', Dialect::Backtracking) => items.push(set("0-9A-Za-z_")),
        ('d' | 's' | 'w' | 'D' | 'S' | 'W', _) => items.push(Item::Set(format!(r"\{character}"))),
        ('h', _) => items.push(set(r"\t\x20\xA0")),
        ('v', _) => items.push(set(r"\n\x0B\x0C\r\x85")),
        ('b', _) => items.push(Item::Byte(0x08)),
        ('Q', _) => reader.until(r"\E").chars().for_each(|character| push(character, items)),
        ('E', _) => {}
        ('0'..='9', _) => items.push(Item::Byte(octal(character, reader)?)),
        _ => match single(character, reader)? {
            Some(byte) => items.push(Item::Byte(byte)),
            None => push(character, items),
        },
    }
    Ok(())
}

/// A character that stands for itself, as its bytes.
fn push(character: char, items: &mut Vec<Item>) {
    items.extend(character.encode_utf8(&mut [0; 4]).bytes().map(Item::Byte));
}

/// The byte of an escape that stands for one byte, in classes and outside; `None` if the character escapes itself.
pub(super) fn single(character: char, reader: &mut Reader) -> Result<Option<u8>, PatternFault> {
    let byte = match character {
        'a' => 0x07,
        'e' => 0x1B,
        'f' => 0x0C,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        '0' => octal(character, reader)?,
        'x' => hexadecimal(reader)?,
        'c' => match reader.next().and_then(|next| u8::try_from(next).ok()) {
            Some(next) if next.is_ascii() => next.to_ascii_uppercase() ^ 0x40,
            _ => return Err(PatternFault::Syntax(r"\c wants an ASCII character".to_owned())),
        },
        _ => return Ok(None),
    };
    Ok(Some(byte))
}

/// `\x`, up to two digits, or any number of them in braces.
fn hexadecimal(reader: &mut Reader) -> Result<u8, PatternFault> {
    let digits = if reader.skip("{") { reader.until("}") } else { reader.run(2, |next| next.is_ascii_hexdigit()) };
    if digits.is_empty() {
        return Ok(0);
    }
    u8::from_str_radix(digits, 16).map_err(|_| PatternFault::Syntax(format!(r"\x{{{digits}}} is no byte")))
}

/// Up to three octal digits, the first being read already.
pub(super) fn octal(first: char, reader: &mut Reader) -> Result<u8, PatternFault> {
    let digits = format!("{first}{}", reader.run(2, |next| ('0'..='7').contains(&next)));
    u8::from_str_radix(&digits, 8).map_err(|_| PatternFault::Syntax(format!(r"\{digits} is no byte")))
}
