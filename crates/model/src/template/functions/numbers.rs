//! Functions on whole numbers.

use crate::node::{Node, Number, Value};

use super::{Answer, Function, MANY, Refusal, number, refuse, refuse_all, whole};

pub(super) const TABLE: &[Function] = &[
    Function { name: "add", least: 2, most: 2, run: |a| checked(a, i64::checked_add) },
    Function { name: "sub", least: 2, most: 2, run: |a| checked(a, i64::checked_sub) },
    Function { name: "mul", least: 2, most: 2, run: |a| checked(a, i64::checked_mul) },
    Function { name: "div", least: 2, most: 2, run: |a| checked(a, i64::checked_div) },
    Function { name: "mod", least: 2, most: 2, run: |a| checked(a, i64::checked_rem) },
    Function { name: "min", least: 1, most: MANY, run: |a| picked(a, |numbers| numbers.iter().min().copied()) },
    Function { name: "max", least: 1, most: MANY, run: |a| picked(a, |numbers| numbers.iter().max().copied()) },
    Function { name: "int", least: 1, most: 1, run: int },
    Function { name: "float", least: 1, most: 1, run: float },
];

fn checked(arguments: &[Node], operation: fn(i64, i64) -> Option<i64>) -> Answer {
    match operation(whole(arguments, 0)?, whole(arguments, 1)?) {
        Some(result) => number(result),
        None => refuse_all("the result is no whole number of 64 bits"),
    }
}

fn picked(arguments: &[Node], pick: fn(&[i64]) -> Option<i64>) -> Answer {
    let numbers: Result<Vec<i64>, Refusal> = match arguments {
        [Node { value: Value::Array(items), .. }] => (0..items.len()).map(|at| whole(items, at)).collect(),
        _ => (0..arguments.len()).map(|at| whole(arguments, at)).collect(),
    };
    pick(&numbers?).map_or_else(|| refuse(0, "a list that is not empty"), number)
}

fn int(arguments: &[Node]) -> Answer {
    match &arguments[0].value {
        Value::String(text) => text.trim().parse().map_or_else(|_| refuse(0, "a whole number"), number),
        Value::Number(value) => match value.as_str().parse::<f64>() {
            Ok(float) if value.as_i64().is_none() && float.abs() < 9e15 => number(float.trunc() as i64),
            _ => number(whole(arguments, 0)?),
        },
        _ => refuse(0, "a whole number or its text"),
    }
}

fn float(arguments: &[Node]) -> Answer {
    match &arguments[0].value {
        Value::Number(value) => Ok(Value::Number(value.clone())),
        Value::String(text) if crate::syntax::is_number(text.trim()) => {
            Ok(Value::Number(Number::from_text(text.trim())))
        }
        _ => refuse(0, "a number or its text"),
    }
}
