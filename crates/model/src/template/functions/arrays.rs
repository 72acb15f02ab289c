//! Functions on lists and objects.

use crate::node::{At, Entry, Node, Number, Object, Value};

use super::{Answer, Function, MANY, number, refuse, size, text, whole};

pub(super) const TABLE: &[Function] = &[
    Function { name: "createArray", least: 0, most: MANY, run: |a| Ok(Value::Array(a.to_vec())) },
    Function { name: "createObject", least: 0, most: MANY, run: create_object },
    Function { name: "array", least: 1, most: 1, run: array },
    Function { name: "union", least: 1, most: MANY, run: union },
    Function { name: "intersection", least: 1, most: MANY, run: intersection },
    Function { name: "length", least: 1, most: 1, run: length },
    Function { name: "empty", least: 1, most: 1, run: empty },
    Function { name: "first", least: 1, most: 1, run: |a| end(a, |items| items.first(), |text| text.chars().next()) },
    Function {
        name: "last",
        least: 1,
        most: 1,
        run: |a| end(a, |items| items.last(), |text| text.chars().next_back()),
    },
    Function { name: "contains", least: 2, most: 2, run: contains },
    Function { name: "range", least: 2, most: 2, run: range },
    Function { name: "take", least: 2, most: 2, run: |a| part(a, |at, length| 0..at.min(length)) },
    Function { name: "skip", least: 2, most: 2, run: |a| part(a, |at, length| at.min(length)..length) },
    Function { name: "items", least: 1, most: 1, run: items },
    Function { name: "objectKeys", least: 1, most: 1, run: object_keys },
    Function { name: "flatten", least: 1, most: 1, run: flatten },
    Function { name: "shallowMerge", least: 1, most: 1, run: shallow_merge },
];

/// The longest list `range` makes; Azure's bound.
const MAX_RANGE: i64 = 10_000;

fn create_object(arguments: &[Node]) -> Answer {
    if arguments.len() % 2 == 1 {
        return refuse(arguments.len() - 1, "followed by a value: keys and values come in pairs");
    }
    let mut object = Object::default();
    for (at, pair) in arguments.chunks(2).enumerate() {
        object.push(text(arguments, 2 * at)?, pair[1].clone());
    }
    Ok(Value::Object(object))
}

fn array(arguments: &[Node]) -> Answer {
    match &arguments[0].value {
        Value::Array(_) => Ok(arguments[0].value.clone()),
        _ => Ok(Value::Array(arguments.to_vec())),
    }
}

/// Lists: every item once. Objects: all keys, the last value wins, objects within objects likewise.
fn union(arguments: &[Node]) -> Answer {
    if let Value::Object(first) = &arguments[0].value {
        let mut object = first.clone();
        for (at, argument) in arguments.iter().enumerate().skip(1) {
            let Value::Object(next) = &argument.value else { return refuse(at, "an object, as the first one") };
            merge(&mut object, next);
        }
        return Ok(Value::Object(object));
    }
    let mut union: Vec<Node> = Vec::new();
    for at in 0..arguments.len() {
        for item in super::list(arguments, at)? {
            if !union.iter().any(|known| known.same_value(item)) {
                union.push(item.clone());
            }
        }
    }
    Ok(Value::Array(union))
}

fn merge(into: &mut Object, from: &Object) {
    for entry in &from.entries {
        let known = into.entries.iter_mut().find(|known| known.key.eq_ignore_ascii_case(&entry.key));
        match (known, &entry.node.value) {
            (Some(Entry { node: Node { value: Value::Object(inner), .. }, .. }), Value::Object(next)) => {
                merge(inner, next)
            }
            (Some(known), _) => known.node = entry.node.clone(),
            (None, _) => into.entries.push(entry.clone()),
        }
    }
}

fn intersection(arguments: &[Node]) -> Answer {
    let rest = &arguments[1..];
    if let Value::Object(first) = &arguments[0].value {
        let common = |entry: &&Entry| {
            rest.iter().all(|other| {
                other.as_object().and_then(|o| o.get(&entry.key)).is_some_and(|n| n.same_value(&entry.node))
            })
        };
        return Ok(Value::Object(Object { entries: first.entries.iter().filter(common).cloned().collect() }));
    }
    let common = |item: &&Node| {
        rest.iter().all(|other| other.as_array().is_some_and(|items| items.iter().any(|other| other.same_value(item))))
    };
    Ok(Value::Array(super::list(arguments, 0)?.iter().filter(common).cloned().collect()))
}

fn length(arguments: &[Node]) -> Answer {
    let length = match &arguments[0].value {
        Value::Array(items) => items.len(),
        Value::Object(object) => object.entries.len(),
        Value::String(text) => text.chars().count(),
        _ => return refuse(0, "a string, a list or an object"),
    };
    number(i64::try_from(length).unwrap_or(i64::MAX))
}

fn empty(arguments: &[Node]) -> Answer {
    Ok(Value::Bool(match &arguments[0].value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.entries.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => return refuse(0, "a string, a list or an object"),
    }))
}

/// Of an empty list null, of an empty string the empty string, as Azure does.
fn end(arguments: &[Node], of_list: fn(&[Node]) -> Option<&Node>, of_text: fn(&str) -> Option<char>) -> Answer {
    match &arguments[0].value {
        Value::Array(items) => Ok(of_list(items).map_or(Value::Null, |item| item.value.clone())),
        Value::String(text) => super::string(of_text(text).map(String::from).unwrap_or_default()),
        _ => refuse(0, "a string or a list"),
    }
}

fn contains(arguments: &[Node]) -> Answer {
    Ok(Value::Bool(match &arguments[0].value {
        Value::Array(items) => items.iter().any(|item| item.same_value(&arguments[1])),
        Value::Object(object) => object.get(text(arguments, 1)?).is_some(),
        Value::String(whole) => whole.contains(text(arguments, 1)?),
        _ => return refuse(0, "a string, a list or an object"),
    }))
}

fn range(arguments: &[Node]) -> Answer {
    let (start, count) = (whole(arguments, 0)?, whole(arguments, 1)?);
    if !(0..=MAX_RANGE).contains(&count) || start.checked_add(count).is_none() {
        return refuse(1, "0 to 10000");
    }
    let numbers = (start..start + count).map(|value| Node::new(Value::Number(Number::from(value)), At::default()));
    Ok(Value::Array(numbers.collect()))
}

fn part(arguments: &[Node], range: fn(usize, usize) -> std::ops::Range<usize>) -> Answer {
    // A negative count counts as none, as Azure does.
    let count = if whole(arguments, 1)? < 0 { 0 } else { size(arguments, 1)? };
    match &arguments[0].value {
        Value::Array(items) => Ok(Value::Array(items[range(count, items.len())].to_vec())),
        Value::String(text) => {
            let characters: Vec<char> = text.chars().collect();
            super::string(characters[range(count, characters.len())].iter().collect::<String>())
        }
        _ => refuse(0, "a string or a list"),
    }
}

/// Keys and values as a list of objects, ordered by key as Azure does.
fn items(arguments: &[Node]) -> Answer {
    let Value::Object(object) = &arguments[0].value else { return refuse(0, "an object") };
    let mut entries: Vec<&Entry> = object.entries.iter().collect();
    entries.sort_by_key(|entry| entry.key.to_lowercase());
    let items = entries.into_iter().map(|entry| {
        let mut item = Object::default();
        item.push("key", Node::string(entry.key.clone(), entry.node.at.with_span(entry.key_span)));
        item.push("value", entry.node.clone());
        Node::new(Value::Object(item), entry.node.at.clone())
    });
    Ok(Value::Array(items.collect()))
}

fn object_keys(arguments: &[Node]) -> Answer {
    let Value::Object(object) = &arguments[0].value else { return refuse(0, "an object") };
    let keys =
        object.entries.iter().map(|entry| Node::string(entry.key.clone(), entry.node.at.with_span(entry.key_span)));
    Ok(Value::Array(keys.collect()))
}

fn flatten(arguments: &[Node]) -> Answer {
    let lists = super::list(arguments, 0)?;
    match lists.iter().map(Node::as_array).collect::<Option<Vec<_>>>() {
        Some(lists) => Ok(Value::Array(lists.into_iter().flatten().cloned().collect())),
        None => refuse(0, "a list of lists"),
    }
}

fn shallow_merge(arguments: &[Node]) -> Answer {
    let mut merged = Object::default();
    for item in super::list(arguments, 0)? {
        let Value::Object(object) = &item.value else { return refuse(0, "a list of objects") };
        for entry in &object.entries {
            merged.entries.retain(|known| !known.key.eq_ignore_ascii_case(&entry.key));
            merged.entries.push(entry.clone());
        }
    }
    Ok(Value::Object(merged))
}
