//! The resources of a template, and what `reference` can say about them before anything is deployed.

use crate::node::{At, Node, Object, Value};
use crate::problem::{Problem, codes, nearest};
use crate::resource_id::interleaved;

use super::evaluate::{Evaluator, Failed, Frame, Outcome, Written, failed};
use super::scope::{Instance, Lazy, Scope};

/// The type of templates inside templates.
const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
/// The most resources of one deployment; a loop in a loop can ask for many.
const MAX_INSTANCES: usize = 20_000;
/// The deepest nesting of templates.
const MAX_NESTING: usize = 8;
/// Keys of a resource that are instructions to Azure, not part of it.
const INSTRUCTIONS: &[&str] = &["copy", "condition", "dependsOn", "apiVersion", "existing", "comments"];

impl<'a> Evaluator<'a> {
    pub(super) fn instance(&self, index: usize) -> &Instance<'a> {
        &self.resources[index]
    }

    /// The resources of a scope, loops unrolled.
    pub(super) fn instances(&mut self, scope: usize) -> Vec<usize> {
        if let Some(known) = &self.scopes[scope].instances {
            return known.clone();
        }
        // Names cannot depend on `reference`; whoever tries sees no resources yet instead of a circle.
        self.scopes[scope].instances = Some(Vec::new());
        let template = self.scopes[scope].template;
        let resources: Vec<(Option<&str>, &'a Node)> = match template.get("resources").map(|node| &node.value) {
            Some(Value::Array(items)) => items.iter().map(|item| (None, item)).collect(),
            Some(Value::Object(object)) => {
                object.entries.iter().map(|entry| (Some(entry.key.as_str()), &entry.node)).collect()
            }
            _ => Vec::new(),
        };
        let mut instances = Vec::new();
        for (symbolic, node) in resources {
            let frame = Frame { scope, ..Frame::default() };
            let Some(looped) = node.get("copy") else {
                instances.extend(self.add_instance(node, symbolic, &frame));
                continue;
            };
            let Ok(turns) = self.turns(looped, &frame) else { continue };
            let name = looped.get("name").and_then(Node::as_str).unwrap_or("");
            for index in 0..turns {
                instances.extend(self.add_instance(node, symbolic, &frame.turn(name, index)));
            }
        }
        self.scopes[scope].instances = Some(instances.clone());
        instances
    }

    fn add_instance(&mut self, node: &'a Node, symbolic: Option<&str>, frame: &Frame) -> Option<usize> {
        if self.resources.len() >= MAX_INSTANCES {
            self.too_complex(&node.at);
            return None;
        }
        let Some(resource_type) = node.get("type").and_then(Node::as_str) else {
            self.report(Problem::error(codes::INVALID_TEMPLATE, &node.at, "this resource has no type"));
            return None;
        };
        let holds = match node.get("condition") {
            Some(condition) => match self.node(condition, frame).value {
                Value::Bool(holds) => holds,
                Value::String(text) => text.eq_ignore_ascii_case("true"),
                _ => false,
            },
            None => true,
        };
        let exists = node.get("existing").and_then(Node::as_bool).unwrap_or(false);
        let kind = super::kind(resource_type);
        // The names of resources that do not run here may depend on what only Azure knows.
        let silent = kind.is_none();
        self.muted += usize::from(silent);
        let name = node.get("name").map_or_else(|| failed(&node.at), |name| self.node(name, frame));
        self.muted -= usize::from(silent);
        let id = self.scopes[frame.scope].place.id(resource_type, name.as_str().unwrap_or(""));
        self.resources.push(Instance {
            scope: frame.scope,
            node,
            symbolic: symbolic.map(str::to_owned),
            resource_type: resource_type.to_owned(),
            kind,
            name,
            id,
            loops: frame.loops.clone(),
            deployed: holds && !exists,
            body: Lazy::New,
            child: None,
        });
        Some(self.resources.len() - 1)
    }

    fn frame(&self, instance: usize) -> Frame {
        let instance = &self.resources[instance];
        Frame { scope: instance.scope, loops: instance.loops.clone(), ..Frame::default() }
    }

    /// A resource with its expressions worked out.
    pub(super) fn body(&mut self, instance: usize) -> Node {
        match &self.resources[instance].body {
            Lazy::Done(body) => return body.clone(),
            Lazy::Busy => {
                let at = self.resources[instance].node.at.clone();
                self.report(Problem::error(codes::CIRCULAR_EXPRESSION, &at, "this resource refers to itself"));
                return failed(&at);
            }
            Lazy::New | Lazy::Failed => {}
        }
        self.resources[instance].body = Lazy::Busy;
        let frame = self.frame(instance);
        let node = self.resources[instance].node;
        let mut body = Object::default();
        for entry in node.as_object().into_iter().flat_map(|object| &object.entries) {
            if INSTRUCTIONS.iter().any(|key| key.eq_ignore_ascii_case(&entry.key)) {
                continue;
            }
            let value = match entry.key.eq_ignore_ascii_case("name") {
                true => self.resources[instance].name.clone(),
                false => self.node(&entry.node, &frame),
            };
            body.entries.push(crate::node::Entry { key: entry.key.clone(), key_span: entry.key_span, node: value });
        }
        let body = Node::new(Value::Object(body), node.at.clone());
        self.resources[instance].body = if self.muted == 0 { Lazy::Done(body.clone()) } else { Lazy::New };
        body
    }

    /// The scope of a template nested in a deployment resource.
    pub(super) fn child_scope(&mut self, instance: usize) -> Option<usize> {
        if !self.resources[instance].resource_type.eq_ignore_ascii_case(DEPLOYMENTS) {
            return None;
        }
        if let Some(known) = self.resources[instance].child {
            return known;
        }
        let (node, scope) = (self.resources[instance].node, self.resources[instance].scope);
        let frame = self.frame(instance);
        let properties = node.get("properties");
        let Some(template) = properties.and_then(|properties| properties.get("template")) else {
            let message =
                "this nested deployment has its template elsewhere; only templates inside the document are read";
            let deployed = self.resources[instance].deployed;
            if deployed {
                self.report(Problem::warning(codes::NOT_KNOWN_BEFORE_DEPLOYMENT, &node.at, message));
            }
            self.resources[instance].child = Some(None);
            return None;
        };
        let nesting = self.scopes[scope].nesting;
        if nesting >= MAX_NESTING {
            self.too_complex(&node.at);
            return None;
        }
        let mut place = self.scopes[scope].place.clone();
        place.deployment = self.resources[instance].name.as_str().unwrap_or("").to_owned();
        for (key, part) in [("resourceGroup", &mut place.resource_group), ("subscriptionId", &mut place.subscription)] {
            if let Some(Value::String(text)) = node.get(key).map(|node| self.node(node, &frame).value) {
                *part = text;
            }
        }
        let mut child = Scope::new(template, place);
        child.nesting = nesting + 1;
        let options = properties.and_then(|properties| properties.get("expressionEvaluationOptions"));
        let inner = options.and_then(|options| options.get("scope")).and_then(Node::as_str);
        if inner.is_some_and(|scope| scope.eq_ignore_ascii_case("inner")) {
            if let Some(parameters) = properties.and_then(|properties| properties.get("parameters")) {
                let parameters = self.node(parameters, &frame);
                child.give_from_file(&parameters);
            }
        } else {
            child.outer = Some(scope);
        }
        let child = self.add_scope(child);
        self.resources[instance].child = Some(Some(child));
        self.check_given(child);
        Some(child)
    }

    /// `reference(name or id, [version], ['Full'])`.
    pub(super) fn reference(&mut self, written: Written<'_>, arguments: &[Node], frame: &Frame) -> Outcome {
        let Some(wanted) = arguments.first().and_then(Node::as_str) else {
            let at = self.place(written.at, &written.expression.range);
            let problem =
                Problem::error(codes::FUNCTION_ARGUMENTS, &at, "reference: the first argument is a name or an id");
            return Err(self.report(problem));
        };
        let full = arguments.get(2).and_then(Node::as_str).is_some_and(|word| word.eq_ignore_ascii_case("Full"));
        let Some(instance) = self.find_resource(wanted, frame.scope) else {
            return Err(self.no_resource(written, wanted, frame.scope));
        };
        let properties = if self.resources[instance].resource_type.eq_ignore_ascii_case(DEPLOYMENTS) {
            self.deployment_outputs(instance)
        } else {
            // What Azure alone knows about other resources shows where it is used.
            self.muted += 1;
            let body = self.body(instance);
            self.muted -= 1;
            if full {
                return Ok(self.with_identity(body, instance));
            }
            body.get("properties")
                .cloned()
                .unwrap_or_else(|| Node::new(Value::Object(Object::default()), body.at.clone()))
        };
        if !full {
            return Ok(properties);
        }
        let mut whole = Object::default();
        whole.push("properties", properties);
        Ok(self.with_identity(Node::new(Value::Object(whole), At::default()), instance))
    }

    fn with_identity(&self, body: Node, instance: usize) -> Node {
        let instance = &self.resources[instance];
        let mut body = body;
        if let Value::Object(object) = &mut body.value {
            for (key, text) in [("id", &instance.id), ("type", &instance.resource_type)] {
                if object.get(key).is_none() {
                    object.push(key, Node::string(text.clone(), At::default()));
                }
            }
        }
        body
    }

    fn deployment_outputs(&mut self, instance: usize) -> Node {
        let at = self.resources[instance].node.at.clone();
        let Some(child) = self.child_scope(instance) else { return failed(&at) };
        let template = self.scopes[child].template;
        let mut outputs = Object::default();
        self.muted += 1;
        for entry in template.get("outputs").and_then(Node::as_object).into_iter().flat_map(|object| &object.entries) {
            let frame = Frame { scope: child, ..Frame::default() };
            let value = match (entry.node.get("value"), entry.node.get("copy")) {
                (Some(value), _) => self.node(value, &frame),
                (None, Some(looped)) => {
                    self.variable_loop(looped, "", &frame).unwrap_or_else(|Failed| failed(&looped.at))
                }
                (None, None) => failed(&entry.node.at),
            };
            let mut output = Object::default();
            output.push("value", value);
            outputs.push(entry.key.clone(), Node::new(Value::Object(output), entry.node.at.clone()));
        }
        self.muted -= 1;
        let mut properties = Object::default();
        properties.push("outputs", Node::new(Value::Object(outputs), at.clone()));
        Node::new(Value::Object(properties), at)
    }

    /// The resource with this symbolic name, name, id, or end of an id; the own template's first.
    pub(super) fn find_resource(&mut self, wanted: &str, scope: usize) -> Option<usize> {
        let own = self.instances(scope);
        self.budget.spend(self.resources.len() / 16);
        let wanted = wanted.trim_end_matches('/');
        let matches = |instance: &Instance<'_>| {
            let by_symbol = instance.symbolic.as_deref().is_some_and(|symbol| symbol.eq_ignore_ascii_case(wanted));
            let name = instance.name.as_str().unwrap_or("");
            by_symbol
                || (!name.is_empty() && name.eq_ignore_ascii_case(wanted))
                || instance.id.eq_ignore_ascii_case(wanted)
                || interleaved(&instance.resource_type, name).eq_ignore_ascii_case(wanted)
        };
        let in_own = own.iter().copied().find(|&index| matches(&self.resources[index]));
        let anywhere = || self.resources.iter().position(|instance| instance.id.eq_ignore_ascii_case(wanted));
        in_own.or_else(anywhere).or_else(|| {
            // `type/name` without interleaving, as `dependsOn` lists often have it.
            own.iter().copied().find(|&index| {
                let instance = &self.resources[index];
                let name = instance.name.as_str().unwrap_or("");
                format!("{}/{name}", instance.resource_type).eq_ignore_ascii_case(wanted)
            })
        })
    }

    fn no_resource(&mut self, written: Written<'_>, wanted: &str, scope: usize) -> Failed {
        let at = self.place(written.at, &written.expression.range);
        if wanted.contains("/providers/") {
            let message = "the resource is not part of this template, so what it looks like is known only in Azure";
            let problem = Problem::error(codes::NOT_KNOWN_BEFORE_DEPLOYMENT, &at, message);
            return self.report(problem.help("write the value itself, or make it a parameter"));
        }
        let instances = self.instances(scope);
        let names: Vec<String> = instances
            .iter()
            .map(|&index| &self.resources[index])
            .filter_map(|instance| instance.symbolic.clone().or_else(|| instance.name.as_str().map(str::to_owned)))
            .collect();
        let message = format!("no resource of this template is named {wanted:?}");
        let problem = Problem::error(codes::RESOURCE_NOT_FOUND, &at, message);
        self.report(problem.suggest(nearest(wanted, names.iter().map(String::as_str))))
    }
}
