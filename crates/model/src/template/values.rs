//! The functions that look at the template itself or at its surroundings: ids, loops, conditions.

use crate::node::{At, Node, Number, Object, Value};
use crate::problem::{Problem, codes, nearest};
use crate::resource_id::full_id;

use super::evaluate::{Evaluator, Failed, Frame, Outcome, Written};
use super::expression::Expression;

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

    pub(super) fn bad_argument(&mut self, written: Written<'_>, message: &str) -> Failed {
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
