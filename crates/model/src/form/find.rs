//! From parsed texts to resources: wrappers taken off, templates worked out.

use crate::node::{Node, Value};
use crate::problem::{Problem, Problems, codes};
use crate::read::ReadOptions;
use crate::resource_id::ResourceId;
use crate::source::Sources;
use crate::template::{self, Deployment};

use super::{Form, Found, kind_by_type, kind_of};

/// Finds the gateways and firewall policies in parsed texts.
pub(crate) fn resources(
    roots: &[Node],
    options: &ReadOptions,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Found> {
    let parameter_files: Vec<&Node> = roots.iter().filter_map(parameter_file).collect();
    let mut finder = Finder { parameter_files, options, sources, problems, found: Vec::new() };
    for root in roots.iter().filter(|root| parameter_file(root).is_none()) {
        finder.look(root, &ResourceId::default());
    }
    finder.found
}

struct Finder<'a> {
    parameter_files: Vec<&'a Node>,
    options: &'a ReadOptions,
    sources: &'a mut Sources,
    problems: &'a mut Problems,
    found: Vec<Found>,
}

impl Finder<'_> {
    fn look(&mut self, node: &Node, id: &ResourceId) {
        if let Value::Array(items) = &node.value {
            items.iter().for_each(|item| self.look(item, id));
            return;
        }
        if let (Some(body), Some(path)) = (node.get("body"), node.get("path").or(node.get("url"))) {
            let path = path.as_str().unwrap_or("");
            self.look(body, &ResourceId::parse(path.split("://").last().unwrap_or(path)));
            return;
        }
        if let Some(items) = node.get("value").and_then(Node::as_array) {
            items.iter().for_each(|item| self.look(item, id));
            return;
        }
        if is_template(node) {
            self.deploy(node, None);
            return;
        }
        if let Some(properties) = node.get("properties")
            && let Some(template) = properties.get("template")
        {
            self.deploy(template, properties.get("parameters"));
            return;
        }
        self.resource(node, id);
    }

    fn deploy(&mut self, template: &Node, own: Option<&Node>) {
        let parameters: Vec<&Node> = own.into_iter().chain(self.parameter_files.iter().copied()).collect();
        let deployment = Deployment { template, parameters: &parameters };
        self.found.extend(template::evaluate(deployment, self.options, self.sources, self.problems));
    }

    fn resource(&mut self, node: &Node, id: &ResourceId) {
        let by_path = id.resource_type.as_deref().and_then(kind_by_type);
        if let Some(kind) = by_path.or_else(|| kind_of(node)) {
            let form = if node.get("properties").is_some() { Form::Resource } else { Form::Flat };
            self.found.push(Found { kind, node: node.clone(), id: id.clone(), form });
            return;
        }
        if node.get("type").is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.contains('/'))) {
            // A resource of another type beside the gateway: nothing to do with us.
            return;
        }
        let message = "this is neither a resource this gateway runs nor a template";
        let problem = Problem::error(codes::UNKNOWN_FORM, &node.at, message).found(node.kind());
        let expected = "an application gateway, a firewall policy, a template, or a list of them";
        self.problems.push(problem.expected(expected));
    }
}

/// `resources` makes a template, whatever `$schema` says.
fn is_template(node: &Node) -> bool {
    let schema = node.get("$schema").and_then(Node::as_str).unwrap_or("").to_ascii_lowercase();
    let has_resources =
        node.get("resources").is_some_and(|node| matches!(node.value, Value::Array(_) | Value::Object(_)));
    schema.contains("deploymenttemplate") || (has_resources && node.get("type").is_none() && kind_of(node).is_none())
}

/// The parameters of a parameters file.
fn parameter_file(node: &Node) -> Option<&Node> {
    let schema = node.get("$schema").and_then(Node::as_str).unwrap_or("").to_ascii_lowercase();
    let parameters = node.get("parameters")?;
    let is_file = schema.contains("deploymentparameters") || (node.get("resources").is_none() && schema.is_empty());
    let all_given = parameters.as_object()?.entries.iter().all(|entry| {
        entry.node.as_object().is_some_and(|object| object.get("value").is_some() || object.get("reference").is_some())
    });
    (is_file && all_given && node.get("properties").is_none()).then_some(parameters)
}
