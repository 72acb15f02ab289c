//! Templates in the content of requests: `{{ "+" | repeat 34 }}`.
//!
//! The runner hands content to the template language of its own language, with a library of text functions. What that
//! language does not take for a template (`{{constructor.constructor('x')()}}`) is a payload and stays as it is; what
//! it takes for one and is not known here is not understood.

mod functions;
mod lexer;

use functions::Value;
use lexer::Token;

/// More than any body that is inspected.
const LONGEST: usize = 16 << 20;

/// Why an action has no value.
enum Trouble {
    /// The template language does not take it: the whole content is no template.
    NoTemplate,
    /// It is a template, with something that is not known here.
    NotUnderstood(String),
}

/// Content with its templates carried out.
///
/// # Errors
///
/// A template that is not understood.
pub(crate) fn expand(text: &str) -> Result<String, String> {
    match carried_out(text) {
        Ok(out) => Ok(out),
        Err(Trouble::NoTemplate) => Ok(text.to_owned()),
        Err(Trouble::NotUnderstood(why)) => Err(format!("template: {why}")),
    }
}

fn carried_out(text: &str) -> Result<String, Trouble> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, action)) = rest.split_once("{{") {
        let trims = action.starts_with("- ");
        out.push_str(if trims { before.trim_end() } else { before });
        let action = if trims { &action[1..] } else { action };
        let (tokens, after) = lexer::action(action).ok_or(Trouble::NoTemplate)?;
        // A comment is an action without a token; any other empty one is no template.
        if let Some(tokens) = tokens {
            out.push_str(&pipeline(&tokens)?.text());
        }
        rest = after;
        if out.len() > LONGEST {
            return Err(Trouble::NotUnderstood(format!("more than {LONGEST} bytes")));
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// `a | b c`: each command gets the value before it as its last argument.
fn pipeline(tokens: &[Token]) -> Result<Value, Trouble> {
    let mut before = None;
    for command in split_at_bars(tokens) {
        before = Some(self::command(command, before)?);
    }
    before.ok_or(Trouble::NoTemplate)
}

fn split_at_bars(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Bar if depth == 0 => {
                parts.push(&tokens[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[begin..]);
    parts
}

fn command(tokens: &[Token], before: Option<Value>) -> Result<Value, Trouble> {
    let (first, rest) = tokens.split_first().ok_or(Trouble::NoTemplate)?;
    if let Token::Word(name) = first {
        let mut arguments = operands(rest)?;
        arguments.extend(before);
        return functions::call(name, &arguments);
    }
    let mut values = operands(tokens)?;
    match (values.pop(), values.is_empty(), before) {
        (Some(value), true, None) => Ok(value),
        // A value can be given neither arguments nor what comes through a bar.
        _ => Err(Trouble::NoTemplate),
    }
}

fn operands(mut tokens: &[Token]) -> Result<Vec<Value>, Trouble> {
    let mut values = Vec::new();
    while let Some((first, rest)) = tokens.split_first() {
        tokens = rest;
        values.push(match first {
            Token::Text(text) => Value::Text(text.clone()),
            Token::Number(number) => Value::Number(*number),
            Token::Word(name) => functions::call(name, &[])?,
            Token::Open => {
                let length = closing(rest).ok_or(Trouble::NoTemplate)?;
                tokens = &rest[length + 1..];
                pipeline(&rest[..length])?
            }
            Token::Other(what) => return Err(Trouble::NotUnderstood(format!("{what:?}"))),
            Token::Close | Token::Bar => return Err(Trouble::NoTemplate),
        });
    }
    Ok(values)
}

/// How many tokens stand before the bracket that closes one before them.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return Some(at),
            Token::Close => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_carried_out() {
        for (text, out) in [
            ("plain", "plain"),
            ("foo=%3d{{ \"+\" | repeat 4 }}", "foo=%3d++++"),
            ("{{repeat 2 \"ab\"}}-{{\"x\"|repeat 3|upper}}", "abab-XXX"),
            ("{{ (repeat 2 \"a\") | cat \"b\" }}", "b aa"),
            ("a {{- \"b\" -}} c", "abc"),
            ("a{{/* a remark */}}b", "ab"),
            ("{{ `a\\b` }}", "a\\b"),
            ("{{ \"a\\tb\\x41\\u00e4\" }}", "a\tbAä"),
            ("{{ 'a' }} {{ 0x10 }} {{ -3 }}", "97 16 -3"),
            ("{{ printf \"%s=%d\" \"a\" 7 }}", "a=7"),
            ("{{ add 1 2 3 }} {{ mul 2 (sub 5 2) }} {{ len \"abc\" }}", "6 6 3"),
            ("{{ b64enc \"ab\" }} {{ b64dec \"YWI=\" }}", "YWI= ab"),
            ("{{ trimSuffix \"c\" \"abc\" | quote }}", "\"ab\""),
            ("{{ randAlphaNum 12 | len }}", "12"),
            ("{{ urlquery \"a b<\" }}", "a+b%3C"),
        ] {
            assert_eq!(expand(text), Ok(out.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_payload_that_is_no_template_is_sent_as_it_is() {
        for text in [
            "{{constructor.constructor('alert(1)')()}}",
            "a={{7*7}}",
            "{{",
            "{{ \"open }}",
            "a={{}}",
            "{{ \"a\" | }}",
            "{{ \"a\" \"b\" }}",
            "{{''.__class__.__mro__}}",
            "{{ \"a\" | repeat 2 }} and {{7*7}}",
        ] {
            assert_eq!(expand(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_template_that_is_not_known_is_not_understood() {
        for text in [
            "{{ env \"USER\" }}",
            "{{ range until 5 }}x{{ end }}",
            "{{ .Values }}",
            "{{ $x }}",
            "{{ repeat 2 }}",
            "{{ repeat \"a\" 2 }}",
            "{{ printf \"%09.3f\" 1 }}",
            "{{ repeat 99999999 \"a\" }}",
        ] {
            assert!(expand(text).is_err(), "{text}: {:?}", expand(text));
        }
    }
}
