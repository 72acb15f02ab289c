//! Functions on strings.

use crate::export::to_compact_json;
use crate::node::{At, Node, Value};

use super::{Answer, Function, MANY, Refusal, number, refuse, refuse_all, size, string, text};

pub(super) const TABLE: &[Function] = &[
    Function { name: "concat", least: 1, most: MANY, run: concat },
    Function { name: "format", least: 1, most: MANY, run: format },
    Function { name: "toLower", least: 1, most: 1, run: |a| string(text(a, 0)?.to_lowercase()) },
    Function { name: "toUpper", least: 1, most: 1, run: |a| string(text(a, 0)?.to_uppercase()) },
    Function { name: "trim", least: 1, most: 1, run: |a| string(text(a, 0)?.trim()) },
    Function { name: "replace", least: 3, most: 3, run: replace },
    Function { name: "split", least: 2, most: 2, run: split },
    Function { name: "join", least: 2, most: 2, run: join },
    Function { name: "substring", least: 2, most: 3, run: substring },
    Function { name: "padLeft", least: 2, most: 3, run: pad_left },
    Function { name: "startsWith", least: 2, most: 2, run: |a| compare(a, |whole, part| whole.starts_with(part)) },
    Function { name: "endsWith", least: 2, most: 2, run: |a| compare(a, |whole, part| whole.ends_with(part)) },
    Function { name: "indexOf", least: 2, most: 2, run: |a| index(&hits(a)?, |hits| hits.iter().position(|hit| *hit)) },
    Function {
        name: "lastIndexOf",
        least: 2,
        most: 2,
        run: |a| index(&hits(a)?, |hits| hits.iter().rposition(|hit| *hit)),
    },
    Function { name: "string", least: 1, most: 1, run: |a| string(spelled(&a[0])) },
];

/// Puts strings one after the other, or lists.
fn concat(arguments: &[Node]) -> Answer {
    if arguments.iter().all(|argument| argument.as_array().is_some()) {
        let items = arguments.iter().filter_map(Node::as_array).flatten().cloned();
        return Ok(Value::Array(items.collect()));
    }
    let mut out = String::new();
    for (at, argument) in arguments.iter().enumerate() {
        match &argument.value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => out.push_str(&spelled(argument)),
            _ => return refuse(at, "a string; lists cannot be mixed with strings"),
        }
    }
    string(out)
}

/// `{0}` and `{0:D3}`, `{{` for a brace.
fn format(arguments: &[Node]) -> Answer {
    let mut out = String::new();
    let mut rest = text(arguments, 0)?;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            out.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let end = rest[at..].find('}').map(|end| at + end).filter(|_| rest[at..].starts_with('{'));
        let Some(end) = end else { return refuse(0, "a format string with matching braces") };
        out.push_str(&formatted(&rest[at + 1..end], arguments)?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    string(out)
}

fn formatted(hole: &str, arguments: &[Node]) -> Result<String, Refusal> {
    let (index, style) = hole.split_once(':').unwrap_or((hole, ""));
    let Some(argument) = index.trim().parse::<usize>().ok().and_then(|index| arguments.get(index.checked_add(1)?))
    else {
        return refuse(0, "a format string whose numbers name the arguments after it");
    };
    if style.is_empty() {
        return Ok(if argument.is_null() { String::new() } else { spelled(argument) });
    }
    let width = style.get(1..).filter(|width| width.len() <= 2).map(|width| width.parse::<usize>().unwrap_or(0));
    match (style.get(..1), width, argument.as_i64()) {
        (Some("D" | "d"), Some(width), Some(value)) => {
            Ok(format!("{}{:0width$}", if value < 0 { "-" } else { "" }, value.unsigned_abs()))
        }
        (Some("X"), Some(width), Some(value)) => Ok(format!("{value:0width$X}")),
        (Some("x"), Some(width), Some(value)) => Ok(format!("{value:0width$x}")),
        _ => refuse(0, "a format string with the styles D and X only"),
    }
}

fn replace(arguments: &[Node]) -> Answer {
    let (whole, old, new) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    if old.is_empty() {
        return refuse(1, "a string that is not empty");
    }
    const LONGEST: usize = 1 << 20;
    if whole.matches(old).count().saturating_mul(new.len()) > LONGEST {
        return refuse_all("the result is too long");
    }
    string(whole.replace(old, new))
}

fn split(arguments: &[Node]) -> Answer {
    let whole = text(arguments, 0)?;
    let delimiters: Vec<&str> = match &arguments[1].value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Node::as_str).collect(),
        _ => return refuse(1, "a string or a list of strings"),
    };
    let delimiters: Vec<&str> = delimiters.into_iter().filter(|delimiter| !delimiter.is_empty()).collect();
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < whole.len() {
        match delimiters.iter().find(|delimiter| whole[at..].starts_with(**delimiter)) {
            Some(delimiter) => {
                parts.push(&whole[start..at]);
                at += delimiter.len();
                start = at;
            }
            None => at += whole[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.push(&whole[start..]);
    Ok(Value::Array(parts.into_iter().map(|part| Node::string(part, At::default())).collect()))
}

fn join(arguments: &[Node]) -> Answer {
    let items = super::list(arguments, 0)?;
    string(items.iter().map(spelled).collect::<Vec<_>>().join(text(arguments, 1)?))
}

fn substring(arguments: &[Node]) -> Answer {
    let characters: Vec<char> = text(arguments, 0)?.chars().collect();
    let start = size(arguments, 1)?;
    let length = if arguments.len() > 2 { size(arguments, 2)? } else { characters.len().saturating_sub(start) };
    match start.checked_add(length).and_then(|end| characters.get(start..end)) {
        Some(part) => string(part.iter().collect::<String>()),
        None => refuse(1, "a start and a length within the string"),
    }
}

fn pad_left(arguments: &[Node]) -> Answer {
    const WIDEST: usize = 10_000;
    let value = match &arguments[0].value {
        Value::String(_) | Value::Number(_) => spelled(&arguments[0]),
        _ => return refuse(0, "a string or a whole number"),
    };
    let width = size(arguments, 1)?;
    if width > WIDEST {
        return refuse(1, "at most 10000");
    }
    let pad = if arguments.len() > 2 { text(arguments, 2)? } else { " " };
    let mut pads = pad.chars();
    let (Some(pad), None) = (pads.next(), pads.next()) else { return refuse(2, "one character") };
    let missing = width.saturating_sub(value.chars().count());
    string(std::iter::repeat_n(pad, missing).chain(value.chars()).collect::<String>())
}

/// Without regard to case, as Azure does.
fn compare(arguments: &[Node], test: fn(&str, &str) -> bool) -> Answer {
    Ok(Value::Bool(test(&text(arguments, 0)?.to_lowercase(), &text(arguments, 1)?.to_lowercase())))
}

fn index(hits: &[bool], search: fn(&[bool]) -> Option<usize>) -> Answer {
    number(search(hits).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

/// Where a part stands in a string, without regard to case as Azure does, or an item in a list.
fn hits(arguments: &[Node]) -> Result<Vec<bool>, Refusal> {
    if let Value::Array(items) = &arguments[0].value {
        return Ok(items.iter().map(|item| item.same_value(&arguments[1])).collect());
    }
    let (whole, part) = (text(arguments, 0)?.to_lowercase(), text(arguments, 1)?.to_lowercase());
    Ok(whole.char_indices().map(|(at, _)| whole[at..].starts_with(&part)).collect())
}

/// A value as `string()` spells it.
pub(super) fn spelled(node: &Node) -> String {
    match &node.value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        _ => to_compact_json(node),
    }
}
