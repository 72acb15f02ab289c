//! What a template can see: its parameters, variables and resources. Each is worked out when first asked for.

use std::collections::HashMap;

use crate::form::Kind;
use crate::node::Node;
use crate::read::ReadOptions;
use crate::resource_id::full_id;

/// Where a template is deployed.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) subscription: String,
    pub(super) resource_group: String,
    pub(super) location: String,
    pub(super) deployment: String,
}

impl Place {
    pub(super) fn new(options: &ReadOptions) -> Self {
        let or = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        Self {
            subscription: or(&options.subscription, "00000000-0000-0000-0000-000000000000"),
            resource_group: or(&options.resource_group, "resource-group"),
            location: or(&options.location, "local"),
            deployment: "gatehouse".to_owned(),
        }
    }

    /// The full id of a resource in this place.
    pub(super) fn id(&self, resource_type: &str, name: &str) -> String {
        full_id(&self.subscription, &self.resource_group, resource_type, name)
    }
}

/// A value in the course of being worked out.
#[derive(Debug, Clone, Default)]
pub(super) enum Lazy {
    /// Not asked for yet.
    #[default]
    New,
    /// Being worked out now; asking again is a circle.
    Busy,
    /// Worked out.
    Done(Node),
    /// Cannot be worked out, and a problem says so.
    Failed,
}

/// One template with what it can see.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) template: &'a Node,
    pub(super) place: Place,
    /// The scope whose parameters and variables count, for nested templates evaluated in the outer scope.
    pub(super) outer: Option<usize>,
    pub(super) given: HashMap<String, Node>,
    pub(super) parameters: HashMap<String, Lazy>,
    pub(super) variables: HashMap<String, Lazy>,
    pub(super) instances: Option<Vec<usize>>,
    /// How many templates stand around this one.
    pub(super) nesting: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(template: &'a Node, place: Place) -> Self {
        Self {
            template,
            place,
            outer: None,
            given: HashMap::new(),
            parameters: HashMap::new(),
            variables: HashMap::new(),
            instances: None,
            nesting: 0,
        }
    }

    /// Gives a parameter its value; a later one wins.
    pub(super) fn give(&mut self, name: &str, value: Node) {
        self.given.insert(name.to_lowercase(), value);
    }

    /// Gives the parameters of `{name: {value: ...}}`. References to a key vault stay unknown.
    pub(super) fn give_from_file(&mut self, parameters: &Node) {
        for entry in parameters.as_object().into_iter().flat_map(|object| &object.entries) {
            if let Some(value) = entry.node.as_object().and_then(|object| object.get("value")) {
                self.give(&entry.key, value.clone());
            }
        }
    }
}

/// One resource a template deploys; a loop makes several of one text.
#[derive(Debug)]
pub(super) struct Instance<'a> {
    pub(super) scope: usize,
    pub(super) node: &'a Node,
    /// The key in a template whose resources are an object.
    pub(super) symbolic: Option<String>,
    pub(super) resource_type: String,
    pub(super) kind: Option<Kind>,
    pub(super) name: Node,
    pub(super) id: String,
    pub(super) loops: Vec<Turn>,
    /// False for resources that exist already, and for those whose condition does not hold.
    pub(super) deployed: bool,
    pub(super) body: Lazy,
    /// The scope of a nested template, once made; `Some(None)` when there is none.
    pub(super) child: Option<Option<usize>>,
}

/// One turn of a loop.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) name: String,
    pub(super) index: i64,
}
