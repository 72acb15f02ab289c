//! Functions on truth values, and comparisons.

use std::cmp::Ordering;

use crate::node::{Node, Number, Value};

use super::{Answer, Function, MANY, Refusal, refuse, truth};

pub(super) const TABLE: &[Function] = &[
    Function { name: "equals", least: 2, most: 2, run: |a| Ok(Value::Bool(a[0].same_value(&a[1]))) },
    Function { name: "not", least: 1, most: 1, run: |a| Ok(Value::Bool(!truth(a, 0)?)) },
    Function { name: "and", least: 2, most: MANY, run: |a| Ok(Value::Bool(truths(a)?.into_iter().all(|t| t))) },
    Function { name: "or", least: 2, most: MANY, run: |a| Ok(Value::Bool(truths(a)?.into_iter().any(|t| t))) },
    Function { name: "greater", least: 2, most: 2, run: |a| Ok(Value::Bool(order(a)?.is_gt())) },
    Function { name: "greaterOrEquals", least: 2, most: 2, run: |a| Ok(Value::Bool(order(a)?.is_ge())) },
    Function { name: "less", least: 2, most: 2, run: |a| Ok(Value::Bool(order(a)?.is_lt())) },
    Function { name: "lessOrEquals", least: 2, most: 2, run: |a| Ok(Value::Bool(order(a)?.is_le())) },
    Function { name: "coalesce", least: 1, most: MANY, run: coalesce },
    Function { name: "true", least: 0, most: 0, run: |_| Ok(Value::Bool(true)) },
    Function { name: "false", least: 0, most: 0, run: |_| Ok(Value::Bool(false)) },
    Function { name: "null", least: 0, most: 0, run: |_| Ok(Value::Null) },
    Function { name: "bool", least: 1, most: 1, run: bool },
];

fn truths(arguments: &[Node]) -> Result<Vec<bool>, Refusal> {
    (0..arguments.len()).map(|at| truth(arguments, at)).collect()
}

/// Numbers by value, strings by their characters.
fn order(arguments: &[Node]) -> Result<Ordering, Refusal> {
    let float = |number: &Number| number.as_str().parse::<f64>().ok();
    match (&arguments[0].value, &arguments[1].value) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => float(a).partial_cmp(&float(b)).map_or_else(|| refuse(0, "a number"), Ok),
        },
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Number(_), _) => refuse(1, "a number, as the first one"),
        (Value::String(_), _) => refuse(1, "a string, as the first one"),
        _ => refuse(0, "a number or a string"),
    }
}

fn coalesce(arguments: &[Node]) -> Answer {
    Ok(arguments.iter().find(|argument| !argument.is_null()).map_or(Value::Null, |first| first.value.clone()))
}

fn bool(arguments: &[Node]) -> Answer {
    match &arguments[0].value {
        Value::Bool(truth) => Ok(Value::Bool(*truth)),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Value::Bool(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Value::Bool(false)),
        Value::Number(number) => Ok(Value::Bool(number.as_i64() != Some(0))),
        _ => refuse(0, "true, false, 1 or 0"),
    }
}
