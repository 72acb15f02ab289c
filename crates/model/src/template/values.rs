//! The functions that look at the template itself: parameters, variables, ids, loops, conditions, lambdas.

use crate::node::{At, Node, Number, Object, Value};
use crate::problem::{Problem, codes, nearest};
use crate::resource_id::full_id;

use super::evaluate::{Evaluator, Failed, Frame, Outcome, Written, failed};
use super::expression::{Expression, Kind};
use super::scope::Lazy;

/// The names handled here, for suggestions.
pub(super) const SPECIAL: &[&str] = &[
    "parameters",
    "variables",
    "if",
    "copyIndex",
    "reference",
    "resourceId",
    "subscriptionResourceId",
    "extensionResourceId",
    "tenantResourceId",
    "subscription",
    "resourceGroup",
    "deployment",
    "resourceInfo",
    "tryGet",
    "lambda",
    "lambdaVariables",
    "map",
    "filter",
    "toObject",
];

/// Functions whose results exist only in Azure. `list...` ones are told by their names.
pub(super) const ONLY_AZURE: &[&str] = &[
    "environment",
    "utcNow",
    "newGuid",
    "providers",
    "pickZones",
    "tenant",
    "managementGroup",
    "deployer",
    "getSecret",
    "dateTimeAdd",
    "dateTimeFromEpoch",
    "dateTimeToEpoch",
    "references",
    "managementGroupResourceId",
];

impl Evaluator<'_> {
    /// Works a call out that needs more than the values of its arguments; `None` for every other one.
    pub(super) fn special(
        &mut self,
        written: Written<'_>,
        name: &str,
        list: &[Expression],
        frame: &Frame,
    ) -> Option<Outcome> {
        let lower = name.to_ascii_lowercase();
        let (least, most) = match lower.as_str() {
            "parameters" | "variables" | "lambdavariables" | "resourceinfo" => (1, 1),
            "if" => (3, 3),
            "copyindex" => (0, 2),
            "reference" => (1, 3),
            "resourceid" | "subscriptionresourceid" | "tenantresourceid" => (2, usize::MAX),
            "extensionresourceid" => (3, usize::MAX),
            "subscription" | "resourcegroup" | "deployment" => (0, 0),
            "tryget" => (2, usize::MAX),
            "map" | "filter" => (2, 2),
            "toobject" => (2, 3),
            "lambda" => {
                let at = self.place(written.at, &written.expression.range);
                let problem = Problem::error(
                    codes::FUNCTION_ARGUMENTS,
                    &at,
                    "a lambda stands only inside map, filter or toObject",
                );
                return Some(Err(self.report(problem)));
            }
            _ => return None,
        };
        if !(least..=most).contains(&list.len()) {
            return Some(Err(self.wrong_count(written, name, least, most)));
        }
        Some(match lower.as_str() {
            "if" => self.condition(written, list, frame),
            "map" | "filter" | "toobject" => self.over_list(written, &lower, list, frame),
            _ => match self.arguments(written, list, frame) {
                Ok(arguments) => self.with_values(written, &lower, &arguments, frame),
                Err(Failed) => Err(Failed),
            },
        })
    }

    fn with_values(&mut self, written: Written<'_>, name: &str, arguments: &[Node], frame: &Frame) -> Outcome {
        match name {
            "parameters" => match arguments[0].as_str() {
                Some(name) => self.parameter(written, name, frame),
                None => Err(self.bad_argument(written, "the name of a parameter is a string")),
            },
            "variables" => match arguments[0].as_str() {
                Some(name) => self.variable(written, name, frame),
                None => Err(self.bad_argument(written, "the name of a variable is a string")),
            },
            "lambdavariables" => self.local(written, arguments[0].as_str().unwrap_or(""), frame),
            "copyindex" => self.copy_index(written, arguments, frame),
            "reference" => self.reference(written, arguments, frame),
            "resourceinfo" => self.resource_info(written, arguments, frame),
            "tryget" => Ok(try_get(arguments)),
            "subscription" | "resourcegroup" | "deployment" => Ok(self.surroundings(name, frame)),
            _ => self.id(written, name, arguments, frame),
        }
    }

    fn bad_argument(&mut self, written: Written<'_>, message: &str) -> Failed {
        let at = self.place(written.at, &written.expression.range);
        self.report(Problem::error(codes::FUNCTION_ARGUMENTS, &at, message))
    }

    /// Only the branch taken is worked out, as Azure does.
    fn condition(&mut self, written: Written<'_>, list: &[Expression], frame: &Frame) -> Outcome {
        let condition = self.expression(Written { expression: &list[0], ..written }, frame)?;
        match condition.as_bool() {
            Some(holds) => self.expression(Written { expression: &list[if holds { 1 } else { 2 }], ..written }, frame),
            None => {
                Err(self
                    .bad_argument(Written { expression: &list[0], ..written }, "if: the condition is true or false"))
            }
        }
    }

    /// The value of a parameter: given, else its default.
    fn parameter(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
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
        if !fits && !(nullable && value.is_null()) {
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

    fn variable(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
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

    fn copy_index(&mut self, written: Written<'_>, arguments: &[Node], frame: &Frame) -> Outcome {
        let (name, offset) = match arguments {
            [] => (None, 0),
            [Node { value: Value::String(name), .. }] => (Some(name), 0),
            [Node { value: Value::Number(number), .. }] => (None, number.as_i64().unwrap_or(0)),
            [Node { value: Value::String(name), .. }, Node { value: Value::Number(number), .. }] => {
                (Some(name), number.as_i64().unwrap_or(0))
            }
            _ => return Err(self.bad_argument(written, "copyIndex takes the name of a loop and a number to add")),
        };
        let turn = match name {
            Some(name) => frame.loops.iter().rev().find(|turn| turn.name.eq_ignore_ascii_case(name)),
            None => frame.loops.last(),
        };
        match turn.and_then(|turn| turn.index.checked_add(offset)) {
            Some(index) => Ok(Node::new(Value::Number(Number::from(index)), At::default())),
            None => {
                let at = self.place(written.at, &written.expression.range);
                let problem =
                    Problem::error(codes::INVALID_COPY, &at, "copyIndex stands outside of the loop it asks for");
                let near = name.and_then(|name| nearest(name, frame.loops.iter().map(|turn| turn.name.as_str())));
                Err(self.report(problem.suggest(near)))
            }
        }
    }

    fn surroundings(&self, name: &str, frame: &Frame) -> Node {
        let place = &self.scopes[frame.scope].place;
        let subscription = format!("/subscriptions/{}", place.subscription);
        let group = format!("{subscription}/resourceGroups/{}", place.resource_group);
        let pairs: Vec<(&str, String)> = match name {
            "subscription" => vec![
                ("id", subscription),
                ("subscriptionId", place.subscription.clone()),
                ("tenantId", "00000000-0000-0000-0000-000000000000".to_owned()),
                ("displayName", "local".to_owned()),
            ],
            "resourcegroup" => vec![
                ("id", group),
                ("name", place.resource_group.clone()),
                ("type", "Microsoft.Resources/resourceGroups".to_owned()),
                ("location", place.location.clone()),
            ],
            _ => vec![("name", place.deployment.clone()), ("location", place.location.clone())],
        };
        let mut object = Object::default();
        pairs.into_iter().for_each(|(key, text)| object.push(key, Node::string(text, At::default())));
        if name == "resourcegroup" {
            object.push("tags", Node::new(Value::Object(Object::default()), At::default()));
        }
        Node::new(Value::Object(object), At::default())
    }

    /// `resourceId` and its kin: optional scopes, then the type, then one name per part of the type.
    fn id(&mut self, written: Written<'_>, function: &str, arguments: &[Node], frame: &Frame) -> Outcome {
        let mut texts = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument.as_str() {
                Some(text) => texts.push(text),
                None => return Err(self.bad_argument(written, "the parts of an id are strings")),
            }
        }
        let place = self.scopes[frame.scope].place.clone();
        let (base, rest) = match function {
            "extensionresourceid" => (Some(texts[0].to_owned()), &texts[1..]),
            _ => (None, &texts[..]),
        };
        let Some(at) = rest.iter().position(|text| text.contains('/')) else {
            return Err(
                self.bad_argument(written, "one argument has to be a resource type such as 'Microsoft.Network/probes'")
            );
        };
        let (scopes, kind, names) = (&rest[..at], rest[at], &rest[at + 1..]);
        let wanted = kind.split('/').count() - 1;
        let given = names.iter().flat_map(|name| name.split('/')).count();
        if given != wanted || scopes.len() > 2 {
            let message = format!("the type {kind:?} needs as many names as it has parts after the namespace");
            let at = self.place(written.at, &written.expression.range);
            let problem = Problem::error(codes::FUNCTION_ARGUMENTS, &at, message);
            return Err(self.report(problem.found(format!("{given} names")).expected(format!("{wanted} names"))));
        }
        let name = names.join("/");
        let path = crate::resource_id::interleaved(kind, &name);
        let id = match (function, scopes) {
            ("extensionresourceid", _) => {
                format!("{}/providers/{path}", base.unwrap_or_default().trim_end_matches('/'))
            }
            ("tenantresourceid", _) => format!("/providers/{path}"),
            ("subscriptionresourceid", [.., subscription]) => format!("/subscriptions/{subscription}/providers/{path}"),
            ("subscriptionresourceid", []) => format!("/subscriptions/{}/providers/{path}", place.subscription),
            (_, []) => place.id(kind, &name),
            (_, [group]) => full_id(&place.subscription, group, kind, &name),
            (_, [subscription, group, ..]) => full_id(subscription, group, kind, &name),
        };
        Ok(Node::string(id, At::default()))
    }

    fn resource_info(&mut self, written: Written<'_>, arguments: &[Node], frame: &Frame) -> Outcome {
        let found = arguments[0].as_str().and_then(|name| self.find_resource(name, frame.scope));
        let Some(index) = found else {
            let at = self.place(written.at, &written.expression.range);
            return Err(self.report(Problem::error(
                codes::RESOURCE_NOT_FOUND,
                &at,
                "no resource of this template has this name",
            )));
        };
        let instance = self.instance(index);
        let mut object = Object::default();
        object.push("id", Node::string(instance.id.clone(), At::default()));
        object.push("name", instance.name.clone());
        object.push("type", Node::string(instance.resource_type.clone(), At::default()));
        Ok(Node::new(Value::Object(object), At::default()))
    }

    fn local(&mut self, written: Written<'_>, name: &str, frame: &Frame) -> Outcome {
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
    fn over_list(&mut self, written: Written<'_>, name: &str, list: &[Expression], frame: &Frame) -> Outcome {
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

/// The value behind keys and numbers, or null.
fn try_get(arguments: &[Node]) -> Node {
    let mut at = &arguments[0];
    for key in &arguments[1..] {
        let next = match (&at.value, &key.value) {
            (Value::Object(object), Value::String(name)) => object.get(name),
            (Value::Array(items), Value::Number(number)) => {
                number.as_i64().and_then(|index| usize::try_from(index).ok()).and_then(|index| items.get(index))
            }
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return Node::default(),
        }
    }
    at.clone()
}
