//! Functions a template makes itself: lambdas over lists, and user-defined functions.

use crate::node::{At, Node, Object, Value};
use crate::problem::{Problem, codes, nearest};

use super::evaluate::{Evaluator, Failed, Frame, Outcome, Written, failed};
use super::expression::{Expression, Kind};

impl Evaluator<'_> {
    pub(super) fn local(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
        let found = frame.locals.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((_, value)) => Ok(value.clone()),
            None => {
                let at = self.place(written.at, &written.expression.range);
                let problem =
                    Problem::error(codes::VARIABLE_UNKNOWN, &at, format!("no argument is named {name:?} here"));
                Err(self.report(problem.suggest(nearest(name, frame.locals.iter().map(|(known, _)| known.as_str())))))
            }
        }
    }

    /// `map`, `filter` and `toObject`: a list and one or two lambdas.
    pub(super) fn over_list(
        &mut self,
        written: Written<'_>,
        name: &str,
        list: &[Expression],
        frame: &Frame,
    ) -> Outcome {
        let items = self.expression(Written { expression: &list[0], ..written }, frame)?;
        let Value::Array(items) = items.value else {
            return Err(self.bad_argument(Written { expression: &list[0], ..written }, "the first argument is a list"));
        };
        let (mut out, mut object) = (Vec::new(), Object::default());
        for item in items {
            let result = self.lambda(Written { expression: &list[1], ..written }, &item, frame)?;
            match name {
                "map" => out.push(result),
                "filter" if result.as_bool() == Some(true) => out.push(item),
                "filter" => {}
                _ => {
                    let value = match list.get(2) {
                        Some(lambda) => self.lambda(Written { expression: lambda, ..written }, &item, frame)?,
                        None => item,
                    };
                    object.push(result.as_str().unwrap_or(""), value);
                }
            }
        }
        let value = if name == "toobject" { Value::Object(object) } else { Value::Array(out) };
        Ok(Node::new(value, At::default()))
    }

    /// `lambda('x', body)` with its argument.
    fn lambda(&mut self, written: Written<'_>, argument: &Node, frame: &Frame) -> Outcome {
        let parts = match &written.expression.kind {
            Kind::Call { name, arguments, .. } if name.eq_ignore_ascii_case("lambda") => &arguments[..],
            _ => &[],
        };
        let [Expression { kind: Kind::Text(name), .. }, .., body] = parts else {
            return Err(self.bad_argument(written, "a lambda should stand here: lambda('name', value)"));
        };
        if !self.budget.spend(super::budget::weight(argument)) {
            return Err(self.too_complex(written.at));
        }
        let mut frame = frame.clone();
        frame.locals.push((name.clone(), argument.clone()));
        self.expression(Written { expression: body, ..written }, &frame)
    }

    /// `namespace.name(...)`: a function the template defines.
    pub(super) fn user_function(
        &mut self,
        written: Written<'_>,
        namespace: &str,
        name: &str,
        list: &[Expression],
        frame: &Frame,
    ) -> Outcome {
        let template = self.scopes[frame.scope].template;
        let spaces = template.get("functions").and_then(Node::as_array).unwrap_or_default();
        let space = spaces.iter().find(|space| {
            space.get("namespace").and_then(Node::as_str).is_some_and(|known| known.eq_ignore_ascii_case(namespace))
        });
        let Some(function) = space.and_then(|space| space.get("members")).and_then(|members| members.get(name)) else {
            let at = self.place(written.at, &written.expression.range);
            let message = format!("the template defines no function \"{namespace}.{name}\"");
            return Err(self.report(Problem::error(codes::UNKNOWN_FUNCTION, &at, message)));
        };
        let parameters = function.get("parameters").and_then(Node::as_array).unwrap_or_default();
        if parameters.len() != list.len() {
            return Err(self.wrong_count(written, &format!("{namespace}.{name}"), parameters.len(), parameters.len()));
        }
        let arguments = self.arguments(written, list, frame)?;
        let names =
            parameters.iter().map(|parameter| parameter.get("name").and_then(Node::as_str).unwrap_or("").to_owned());
        let inner =
            Frame { scope: frame.scope, locals: names.zip(arguments).collect(), in_function: true, ..Frame::default() };
        let output = function.get("output").and_then(|output| output.as_object()?.get("value"));
        let value = output.map_or_else(|| failed(&function.at), |value| self.node(value, &inner));
        if value.at.failed { Err(Failed) } else { Ok(value) }
    }
}
