//! Parameters and variables: worked out when first asked for, and never twice.

use crate::node::{Node, Value};
use crate::problem::{Problem, codes, nearest};

use super::evaluate::{Evaluator, Failed, Frame, Outcome, Written};
use super::scope::Lazy;

impl Evaluator<'_> {
    /// The value of a parameter: given, else its default.
    pub(super) fn parameter(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
        if frame.in_function {
            return self.local(written, name, frame);
        }
        let scope = self.scopes[frame.scope].outer.map_or(frame.scope, |outer| self.outermost(outer));
        let key = name.to_lowercase();
        match self.scopes[scope].parameters.get(&key) {
            Some(Lazy::Done(value)) => return Ok(value.clone()),
            Some(Lazy::Failed) => return Err(Failed),
            Some(Lazy::Busy) => return Err(self.circle(written, "parameter", name)),
            Some(Lazy::New) | None => {}
        }
        let template = self.scopes[scope].template;
        let declared = template.get("parameters").and_then(Node::as_object);
        self.budget.spend(declared.map_or(0, |declared| declared.entries.len() / 16));
        let Some(declaration) = declared.and_then(|declared| declared.get(name)) else {
            let names = declared.into_iter().flat_map(|object| &object.entries).map(|entry| entry.key.as_str());
            let suggestion = nearest(name, names).map(str::to_owned);
            let at = self.place(written.at, &written.expression.range);
            let problem = Problem::error(codes::PARAMETER_UNKNOWN, &at, format!("no parameter is named {name:?}"));
            return Err(self.report(problem.suggest(suggestion)));
        };
        self.scopes[scope].parameters.insert(key.clone(), Lazy::Busy);
        let outcome = self.parameter_value(declaration, name, scope);
        self.settle_lazily(&outcome, |evaluator, state| {
            evaluator.scopes[scope].parameters.insert(key, state);
        });
        outcome
    }

    fn parameter_value(&mut self, declaration: &Node, name: &str, scope: usize) -> Outcome {
        let given = self.scopes[scope].given.get(&name.to_lowercase()).cloned();
        let nullable = declaration.get("nullable").and_then(Node::as_bool).unwrap_or(false);
        let mut value = match (given, declaration.as_object().and_then(|object| object.get("defaultValue"))) {
            (Some(given), _) => given,
            (None, Some(default)) => self.node(default, &Frame { scope, ..Frame::default() }),
            (None, None) if nullable => Node::new(Value::Null, declaration.at.clone()),
            (None, None) => {
                let message = format!("the parameter {name:?} has neither a value nor a default");
                let problem = Problem::error(codes::PARAMETER_MISSING, &declaration.at, message);
                let help = "give its value in a parameters file or under `parameters` in the site file";
                return Err(self.report(problem.help(help)));
            }
        };
        if value.at.failed {
            return Err(Failed);
        }
        let kind = declaration.get("type").and_then(Node::as_str).unwrap_or("");
        if kind.to_ascii_lowercase().starts_with("secure") {
            self.hide(&mut value);
        }
        self.check_parameter(&value, declaration, kind, name, nullable)?;
        Ok(value)
    }

    fn check_parameter(
        &mut self,
        value: &Node,
        declaration: &Node,
        kind: &str,
        name: &str,
        nullable: bool,
    ) -> Result<(), Failed> {
        let fits = match kind.to_ascii_lowercase().as_str() {
            "string" | "securestring" => matches!(value.value, Value::String(_)),
            "int" => value.as_i64().is_some(),
            "bool" => matches!(value.value, Value::Bool(_)),
            "array" => matches!(value.value, Value::Array(_)),
            "object" | "secureobject" => matches!(value.value, Value::Object(_)),
            // User-defined types come with `$ref` instead; their checks belong to Bicep.
            _ => true,
        };
        if !(fits || nullable && value.is_null()) {
            let message = format!("the value of the parameter {name:?} has the wrong type");
            let problem = Problem::error(codes::PARAMETER_VALUE, &value.at, message);
            return Err(self.report(problem.found(value.kind()).expected(format!("a value of type {kind}"))));
        }
        let allowed = declaration.get("allowedValues").and_then(Node::as_array);
        if let Some(allowed) = allowed
            && !value.is_null()
            && !allowed.iter().any(|allowed| allowed.same_value(value))
            && !matches!(value.value, Value::Array(_))
        {
            let texts: Vec<&str> = allowed.iter().filter_map(Node::as_str).collect();
            let near =
                value.as_str().filter(|_| !value.at.secret).and_then(|text| nearest(text, texts.iter().copied()));
            let message = format!("the value of the parameter {name:?} is not one of those allowed");
            let listed = allowed.iter().map(crate::export::to_compact_json).collect::<Vec<_>>().join(", ");
            let problem = Problem::error(codes::PARAMETER_VALUE, &value.at, message).found_value(value);
            return Err(self.report(problem.expected(format!("one of {listed}")).suggest(near)));
        }
        Ok(())
    }

    /// Reports values given for parameters that were never declared.
    pub(super) fn check_given(&mut self, scope: usize) {
        let template = self.scopes[scope].template;
        let declared: Vec<&str> = template
            .get("parameters")
            .and_then(Node::as_object)
            .into_iter()
            .flat_map(|object| object.entries.iter().map(|entry| entry.key.as_str()))
            .collect();
        let mut given: Vec<(&String, &Node)> = self.scopes[scope].given.iter().collect();
        given.sort_by_key(|(name, _)| name.as_str());
        let unknown: Vec<Problem> = given
            .into_iter()
            .filter(|(name, _)| !declared.iter().any(|known| known.to_lowercase() == **name))
            .map(|(name, value)| {
                let message = format!("the template has no parameter {name:?}; its value is not used");
                Problem::warning(codes::PARAMETER_UNKNOWN, &value.at, message)
                    .suggest(nearest(name, declared.iter().copied()))
            })
            .collect();
        unknown.into_iter().for_each(|problem| {
            self.report(problem);
        });
    }

    pub(super) fn variable(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
        let scope = self.scopes[frame.scope].outer.map_or(frame.scope, |outer| self.outermost(outer));
        let key = name.to_lowercase();
        match self.scopes[scope].variables.get(&key) {
            Some(Lazy::Done(value)) => {
                let value = value.clone();
                return if self.budget.spend(super::budget::weight(&value)) {
                    Ok(value)
                } else {
                    Err(self.too_complex(written.at))
                };
            }
            Some(Lazy::Failed) => return Err(Failed),
            Some(Lazy::Busy) => return Err(self.circle(written, "variable", name)),
            Some(Lazy::New) | None => {}
        }
        let template = self.scopes[scope].template;
        let declared = template.get("variables").and_then(Node::as_object);
        self.budget.spend(declared.map_or(0, |declared| declared.entries.len() / 16));
        let loops =
            declared.and_then(|declared| declared.get("copy")).filter(|node| super::copy::is_property_loop(node));
        let looped =
            loops.and_then(Node::as_array).into_iter().flatten().find(|item| {
                item.get("name").and_then(Node::as_str).is_some_and(|known| known.eq_ignore_ascii_case(name))
            });
        let plain = declared.and_then(|declared| declared.get(name));
        self.scopes[scope].variables.insert(key.clone(), Lazy::Busy);
        let frame = Frame { scope, ..Frame::default() };
        let outcome = match (plain, looped) {
            (Some(node), _) => match self.node(node, &frame) {
                value if value.at.failed => Err(Failed),
                value => Ok(value),
            },
            (None, Some(item)) => self.variable_loop(item, name, &frame),
            (None, None) => {
                let names = declared.into_iter().flat_map(|object| &object.entries).map(|entry| entry.key.as_str());
                let suggestion = nearest(name, names).map(str::to_owned);
                let at = self.place(written.at, &written.expression.range);
                let problem = Problem::error(codes::VARIABLE_UNKNOWN, &at, format!("no variable is named {name:?}"));
                Err(self.report(problem.suggest(suggestion)))
            }
        };
        self.settle_lazily(&outcome, |evaluator, state| {
            evaluator.scopes[scope].variables.insert(key, state);
        });
        outcome
    }

    /// Remembers an outcome. A failure nobody was told about is worked out again, so that it is told later.
    fn settle_lazily(&mut self, outcome: &Outcome, store: impl FnOnce(&mut Self, Lazy)) {
        let state = match outcome {
            _ if self.muted > 0 => Lazy::New,
            Ok(value) => Lazy::Done(value.clone()),
            Err(Failed) => Lazy::Failed,
        };
        store(self, state);
    }

    fn outermost(&self, scope: usize) -> usize {
        self.scopes[scope].outer.map_or(scope, |outer| self.outermost(outer))
    }

    fn circle(&mut self, written: Written<'_>, what: &str, name: &str) -> Failed {
        let at = self.place(written.at, &written.expression.range);
        let message = format!("the {what} {name:?} needs itself to be worked out");
        self.report(Problem::error(codes::CIRCULAR_EXPRESSION, &at, message))
    }

    fn hide(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(object) => object.entries.iter_mut().for_each(|entry| self.hide(&mut entry.node)),
            Value::Null => {}
            _ => {
                node.at.secret = true;
                self.secrets.extend(node.at.span);
            }
        }
    }
}
