//! Values with their places, and the slots that hold them. Equality compares values, never places.

use std::collections::HashSet;
use std::ops::Deref;

use crate::node::{At, Entry, Node, Object, Value};
use crate::problem::{Problem, codes};

use super::{Reader, Shape, Slot, Writer};

/// A value and where the operator wrote it.
#[derive(Debug, Clone, Default)]
pub struct Field<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: At,
}

/// A property that may be absent; `null` is absent.
pub type Opt<T> = Option<Field<T>>;

impl<T> Field<T> {
    /// A value at a place.
    pub fn new(value: T, at: At) -> Self {
        Self { value, at }
    }
}

impl<T> Deref for Field<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self { value, at: At::default() }
    }
}

impl<T: PartialEq> PartialEq for Field<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Shape> Slot for Opt<T> {
    fn kind() -> &'static str {
        T::KIND
    }

    fn read(&mut self, node: &Node, reader: &mut Reader<'_>) {
        if let Some(value) = T::read(node, reader) {
            *self = Some(Field::new(value, T::place(node).clone()));
        }
    }

    fn write(&self, writer: &mut Writer) -> Option<Node> {
        self.as_ref().map(|field| field.value.write(&field.at, writer))
    }

    fn is_set(&self) -> bool {
        self.is_some()
    }
}

/// A list of values; absent and empty read the same but are told apart by [`List::is_given`].
#[derive(Debug, Clone)]
pub struct List<T> {
    /// The items with their places.
    pub items: Vec<Field<T>>,
    /// Where the list stands; `None` when absent.
    pub at: Option<At>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), at: None }
    }
}

impl<T> List<T> {
    /// True when the property was given, even as `[]`.
    pub fn is_given(&self) -> bool {
        self.at.is_some()
    }
}

impl<T> Deref for List<T> {
    type Target = [Field<T>];

    fn deref(&self) -> &[Field<T>] {
        &self.items
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a Field<T>;
    type IntoIter = std::slice::Iter<'a, Field<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().map(Field::from).collect(), at: Some(At::default()) }
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T: Shape> Shape for List<T> {
    const KIND: &'static str = "a list";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Array(nodes) = &node.value else {
            reader.mismatch(node, &format!("a list of which each is {}", T::KIND));
            return None;
        };
        let mut items = Vec::with_capacity(nodes.len());
        for item in nodes.iter().filter(|item| !item.is_null()) {
            items.extend(T::read(item, reader).map(|value| Field::new(value, T::place(item).clone())));
        }
        Some(Self { items, at: Some(node.at.clone()) })
    }

    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        let items = self.items.iter().map(|item| item.value.write(&item.at, writer)).collect();
        Node::new(Value::Array(items), at.clone())
    }
}

impl<T: Shape> Slot for List<T> {
    fn kind() -> &'static str {
        "a list"
    }

    fn read(&mut self, node: &Node, reader: &mut Reader<'_>) {
        if let Some(list) = <Self as Shape>::read(node, reader) {
            *self = list;
        }
    }

    fn write(&self, writer: &mut Writer) -> Option<Node> {
        self.at.as_ref().map(|at| Shape::write(self, at, writer))
    }

    fn is_set(&self) -> bool {
        self.is_given()
    }
}

/// An object whose keys the operator chooses, such as `tags`.
#[derive(Debug, Clone)]
pub struct Map<T> {
    /// Keys and values in the order written.
    pub entries: Vec<(Field<String>, Field<T>)>,
    /// Where the object stands; `None` when absent.
    pub at: Option<At>,
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), at: None }
    }
}

impl<T> Map<T> {
    /// The value under `key`, compared without regard to case.
    pub fn get(&self, key: &str) -> Option<&Field<T>> {
        self.entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }

    /// Keys and values in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&Field<String>, &Field<T>)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// True when there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<T: PartialEq> PartialEq for Map<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.entries.iter().all(|(key, value)| other.get(key).is_some_and(|found| found == value))
    }
}

impl<T: Shape> Slot for Map<T> {
    fn kind() -> &'static str {
        "an object"
    }

    fn read(&mut self, node: &Node, reader: &mut Reader<'_>) {
        let Value::Object(object) = &node.value else {
            reader.mismatch(node, "an object");
            return;
        };
        self.at = Some(node.at.clone());
        let mut seen = HashSet::new();
        for entry in object.entries.iter().filter(|entry| !entry.node.is_null()) {
            let key = Field::new(entry.key.clone(), entry.node.at.with_span(entry.key_span));
            if !seen.insert(entry.key.to_ascii_lowercase()) {
                let message = format!("the key {:?} stands twice in this object", entry.key);
                reader.problems.push(Problem::error(codes::DUPLICATE_KEY, &key.at, message));
            } else if let Some(value) = T::read(&entry.node, reader) {
                self.entries.push((key, Field::new(value, entry.node.at.clone())));
            }
        }
    }

    fn write(&self, writer: &mut Writer) -> Option<Node> {
        let at = self.at.clone()?;
        let entries = self.entries.iter().map(|(key, value)| Entry {
            key: key.value.clone(),
            key_span: key.at.span,
            node: value.value.write(&value.at, writer),
        });
        Some(Node::new(Value::Object(Object { entries: entries.collect() }), at))
    }

    fn is_set(&self) -> bool {
        self.at.is_some()
    }
}
