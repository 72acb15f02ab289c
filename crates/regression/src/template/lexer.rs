//! Tokens of an action.

/// A piece of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A text in quotes, or between backticks.
    Text(String),
    /// A number, or a character by its code point.
    Number(i64),
    /// A name.
    Word(String),
    Bar,
    Open,
    Close,
    /// Fields and variables: part of the language, of no use without data.
    Other(String),
}

/// The tokens up to `}}`, none for a comment, and what stands behind it; `None` where this cannot be an action.
pub(super) fn action(text: &str) -> Option<(Option<Vec<Token>>, &str)> {
    if let Some(comment) = text.trim_start().strip_prefix("/*") {
        let (_, after) = comment.split_once("*/")?;
        let after = after.strip_prefix(" -}}").map(str::trim_start).or_else(|| after.strip_prefix("}}"))?;
        return Some((None, after));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let blank = rest.starts_with([' ', '\t', '\r', '\n']);
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some(after) = rest.strip_prefix("}}") {
            return Some((Some(tokens), after));
        }
        if let Some(after) = rest.strip_prefix("-}}").filter(|_| blank) {
            return Some((Some(tokens), after.trim_start()));
        }
        // Only brackets and bars may follow without a blank, or stand before something else without one.
        let touches = !blank && tokens.last().is_some_and(|token| !matches!(token, Token::Bar | Token::Open));
        let (token, after) = token(rest)?;
        if touches && !matches!(token, Token::Bar | Token::Close) {
            return None;
        }
        tokens.push(token);
        rest = after;
    }
}

fn token(text: &str) -> Option<(Token, &str)> {
    let first = text.chars().next()?;
    let after = &text[first.len_utf8()..];
    match first {
        '|' => Some((Token::Bar, after)),
        '(' => Some((Token::Open, after)),
        ')' => Some((Token::Close, after)),
        '"' => quoted(after, '"').map(|(text, after)| (Token::Text(text), after)),
        '`' => after.split_once('`').map(|(text, after)| (Token::Text(text.to_owned()), after)),
        '\'' => {
            let (text, after) = quoted(after, '\'')?;
            let mut characters = text.chars();
            let character = characters.next().filter(|_| characters.next().is_none())?;
            Some((Token::Number(i64::from(u32::from(character))), after))
        }
        '+' | '-' | '0'..='9' => number(text),
        '.' | '$' => {
            let (name, after) = word(after);
            Some((Token::Other(format!("{first}{name}")), after))
        }
        _ if first.is_alphabetic() || first == '_' => {
            let (name, after) = word(text);
            Some((Token::Word(name.to_owned()), after))
        }
        _ => None,
    }
}

fn word(text: &str) -> (&str, &str) {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(length)
}

fn number(text: &str) -> Option<(Token, &str)> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let (digits, after) = word(&text[sign..]);
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => i64::from_str_radix(hexadecimal, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((Token::Number(if text.starts_with('-') { -value } else { value }), after))
}

/// A text up to its closing quote, escapes resolved.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let character = rest.chars().next()?;
        rest = &rest[character.len_utf8()..];
        match character {
            '\n' => return None,
            '\\' => {
                let (escaped, after) = escape(rest)?;
                out.push(escaped);
                rest = after;
            }
            _ if character == quote => return Some((out, rest)),
            _ => out.push(character),
        }
    }
}

fn escape(text: &str) -> Option<(char, &str)> {
    let digits = |from: usize, count: usize, radix: u32| -> Option<(char, &str)> {
        let code = u32::from_str_radix(text.get(from..from + count)?, radix).ok()?;
        // A byte above 0x7F would be half a character.
        let fits = count > 3 || code < 0x80;
        Some((char::from_u32(code).filter(|_| fits)?, &text[from + count..]))
    };
    let simple = |character: char| Some((character, &text[1..]));
    match text.chars().next()? {
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\u{b}'),
        '\\' => simple('\\'),
        '"' => simple('"'),
        '\'' => simple('\''),
        'x' => digits(1, 2, 16),
        'u' => digits(1, 4, 16),
        'U' => digits(1, 8, 16),
        '0'..='7' => digits(0, 3, 8),
        _ => None,
    }
}
