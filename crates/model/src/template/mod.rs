//! Templates: parameters, variables, loops and expressions worked out, so that plain resources remain.
//!
//! What only Azure can know is a problem with its place, never a guess. Values keep the place of the text they came
//! from, so a mistake in a parameter's default is shown there, not where the parameter is used. Resources other than
//! gateways and firewall policies are worked out only as far as `reference` asks for them.
//!
//! Source: Azure Resource Manager, "Understand the structure and syntax of ARM templates", "Resource iteration",
//! "Linked and nested templates".

mod budget;
mod copy;
mod evaluate;
mod expression;
mod functions;
mod lambdas;
mod parameters;
mod resources;
mod scope;
mod values;

use crate::form::{Form, Found, Kind};
use crate::node::{Node, Value};
use crate::problem::{Problem, Problems, codes};
use crate::read::ReadOptions;
use crate::resource_id::ResourceId;
use crate::source::Sources;

use evaluate::Evaluator;
use scope::{Place, Scope};

/// A template with the values of its parameters, as found in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployment<'a> {
    /// The template.
    pub(crate) template: &'a Node,
    /// `{name: {value: ...}}`, from a deployment request or parameter file.
    pub(crate) parameters: &'a [&'a Node],
}

/// Works a template out into the gateways and firewall policies it deploys.
pub(crate) fn evaluate(
    deployment: Deployment<'_>,
    options: &ReadOptions,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Found> {
    let place = Place::new(options);
    let mut scope = Scope::new(deployment.template, place);
    for parameters in deployment.parameters {
        scope.give_from_file(parameters);
    }
    for (name, value) in options.parameters.iter() {
        // They come from another reading, whose places would point into the wrong text here.
        scope.give(name, value.value.clone().displaced());
    }
    let mut evaluator = Evaluator::new(sources);
    let top = evaluator.add_scope(scope);
    evaluator.check_given(top);
    let found = evaluator.deployed(top);
    let (own_problems, secrets) = evaluator.finish();
    let silent = !own_problems.has_errors();
    problems.append(own_problems);
    secrets.into_iter().for_each(|span| sources.hide(span));
    for found in &found {
        if silent && let Some(failed) = first_failed(&found.node) {
            let message = "this value cannot be worked out before deployment";
            problems.push(Problem::error(codes::NOT_KNOWN_BEFORE_DEPLOYMENT, &failed.at, message));
        }
    }
    found
}

impl Evaluator<'_> {
    /// The gateways and firewall policies of a template and of those nested in it.
    fn deployed(&mut self, scope: usize) -> Vec<Found> {
        let mut found = Vec::new();
        for instance in self.instances(scope) {
            let (kind, id) = (self.instance(instance).kind, self.instance(instance).id.clone());
            if !self.instance(instance).deployed {
                continue;
            }
            if let Some(child) = self.child_scope(instance) {
                found.extend(self.deployed(child));
            } else if let Some(kind) = kind {
                let node = self.body(instance);
                found.push(Found { kind, node, id: ResourceId::parse(&id), form: Form::Template });
            }
        }
        found
    }
}

fn first_failed(node: &Node) -> Option<&Node> {
    match &node.value {
        _ if node.at.failed => Some(node),
        Value::Array(items) => items.iter().find_map(first_failed),
        Value::Object(object) => object.entries.iter().find_map(|entry| first_failed(&entry.node)),
        _ => None,
    }
}

/// The kind of resource a type stands for, when this gateway reads it.
fn kind(resource_type: &str) -> Option<Kind> {
    crate::form::kind_by_type(resource_type)
}

#[cfg(test)]
mod tests;
