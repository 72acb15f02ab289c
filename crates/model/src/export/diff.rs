//! What changed between two documents: by names, so that a member that moved is no change, except where order counts.

use crate::node::{Node, Value};
use crate::read::Document;

use super::{ExportOptions, export, to_compact_json};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where, with members by name: `httpListeners["l1"].hostName`.
    pub path: String,
    /// What stood there, as JSON; `None` when it is new. Secrets read `(secret)`.
    pub before: Option<String>,
    /// What stands there now, as JSON; `None` when it is gone. Secrets read `(secret)`.
    pub after: Option<String>,
}

/// The differences between two documents, in canonical form.
pub fn diff(before: &Document, after: &Document) -> Vec<Change> {
    let options = ExportOptions { extensions: true, secrets: true };
    let (before, after) = (export(before, &options), export(after, &options));
    let mut changes = Vec::new();
    compare("", Some(&before.gateway), Some(&after.gateway), &mut changes);
    members("firewallPolicies", &before.policies, &after.policies, &mut changes);
    changes
}

fn compare(path: &str, before: Option<&Node>, after: Option<&Node>, changes: &mut Vec<Change>) {
    let (Some(a), Some(b)) = (before, after) else {
        if before.is_some() || after.is_some() {
            changes.push(change(path, before, after));
        }
        return;
    };
    match (&a.value, &b.value) {
        (Value::Object(old), Value::Object(new)) => {
            for entry in &old.entries {
                compare(&inside(path, &entry.key), Some(&entry.node), new.get(&entry.key), changes);
            }
            for entry in new.entries.iter().filter(|entry| old.get(&entry.key).is_none()) {
                compare(&inside(path, &entry.key), None, Some(&entry.node), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) if is_named(old) && is_named(new) => members(path, old, new, changes),
        (Value::Array(old), Value::Array(new)) if is_objects(old) && is_objects(new) => {
            for at in 0..old.len().max(new.len()) {
                compare(&format!("{path}[{at}]"), old.get(at), new.get(at), changes);
            }
        }
        _ if a.same_value(b) => {}
        _ => changes.push(change(path, before, after)),
    }
}

fn members(path: &str, old: &[Node], new: &[Node], changes: &mut Vec<Change>) {
    let find = |list: &'_ [Node], name: &str| list.iter().position(|node| name_of(node).eq_ignore_ascii_case(name));
    for member in old {
        let name = name_of(member);
        compare(&format!("{path}[{name:?}]"), Some(member), find(new, name).map(|at| &new[at]), changes);
    }
    for member in new.iter().filter(|member| find(old, name_of(member)).is_none()) {
        compare(&format!("{path}[{:?}]", name_of(member)), None, Some(member), changes);
    }
    // The order of path rules is the order of matching.
    if path.ends_with("pathRules") {
        let kept = |list: &[Node], other: &[Node]| {
            let names = list.iter().map(name_of).filter(|name| find(other, name).is_some());
            names.map(str::to_lowercase).collect::<Vec<_>>()
        };
        let (before, after) = (kept(old, new), kept(new, old));
        if before != after {
            let order = |names: Vec<String>| Some(names.join(", "));
            changes.push(Change { path: format!("{path} (order)"), before: order(before), after: order(after) });
        }
    }
}

/// `properties` is left out of paths: it says nothing.
fn inside(path: &str, key: &str) -> String {
    match (path, key) {
        (_, "properties") => path.to_owned(),
        ("", _) => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

fn is_named(list: &[Node]) -> bool {
    list.iter().all(|node| !name_of(node).is_empty())
}

fn is_objects(list: &[Node]) -> bool {
    list.iter().all(|node| node.as_object().is_some())
}

fn name_of(node: &Node) -> &str {
    node.get("name").and_then(Node::as_str).unwrap_or("")
}

fn change(path: &str, before: Option<&Node>, after: Option<&Node>) -> Change {
    let shown = |node: &Node| to_compact_json(&masked(node));
    Change { path: path.to_owned(), before: before.map(shown), after: after.map(shown) }
}

fn masked(node: &Node) -> Node {
    if node.at.secret {
        return Node::string("(secret)", node.at.clone());
    }
    let mut copy = node.clone();
    match &mut copy.value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item)),
        Value::Object(object) => object.entries.iter_mut().for_each(|entry| entry.node = masked(&entry.node)),
        _ => {}
    }
    copy
}
