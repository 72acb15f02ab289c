//! Things with a name: the envelope `{name, id, etag, type, properties}` around a struct, and collections of them.
//!
//! Both shapes of the envelope are read, and any mixture: properties under `properties`, as the management API shows
//! them, or beside the name, as the command line prints them.

use std::collections::HashMap;
use std::ops::Deref;

use crate::node::{At, Entry, Node, Object, Value};
use crate::problem::{Problem, Problems, codes, nearest};
use crate::reference::{Reference, Target};

use super::read::Filling;
use super::{Field, Opt, Reader, Resource, Shape, Slot, Writer, write_properties};

/// A named resource; the properties themselves are reached directly, as if they were fields.
#[derive(Debug, Clone)]
pub struct Named<T: Resource> {
    /// Its name, or the last part of its id when only that was given.
    pub name: Field<String>,
    /// Its full id, when given.
    pub id: Opt<String>,
    /// The revision it was read at; means nothing here.
    pub etag: Opt<String>,
    /// The resource type, when given.
    pub resource_type: Opt<String>,
    /// What stands under `gatehouse`.
    pub gatehouse: T::Extension,
    /// Where `gatehouse` stands; `None` when absent.
    pub gatehouse_at: Option<At>,
    /// Where the whole object stands.
    pub at: At,
    /// Its properties.
    pub properties: T,
}

impl<T: Resource> Default for Named<T> {
    fn default() -> Self {
        Self::new(String::new(), T::default())
    }
}

impl<T: Resource> Named<T> {
    /// A resource that stands in no text.
    pub fn new(name: impl Into<String>, properties: T) -> Self {
        Self {
            name: Field::from(name.into()),
            id: None,
            etag: None,
            resource_type: None,
            gatehouse: T::Extension::default(),
            gatehouse_at: None,
            at: At::default(),
            properties,
        }
    }
}

impl<T: Resource> Deref for Named<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.properties
    }
}

impl<T: Resource> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.properties == other.properties && self.gatehouse == other.gatehouse
    }
}

/// Reads an envelope; the name stays empty when neither name nor id is given.
pub(crate) fn read_resource<T: Resource>(node: &Node, reader: &mut Reader<'_>) -> Option<Named<T>> {
    let Value::Object(object) = &node.value else {
        reader.mismatch(node, "an object");
        return None;
    };
    let mut named = Named::<T> { at: node.at.clone(), ..Named::default() };
    let mut name = None;
    let mut extensions = Vec::new();
    let mut filling = Filling::new(T::table(), named.properties.slots_mut());
    let mut extra: Vec<&Entry> = Vec::new();
    for entry in &object.entries {
        let slot: Option<&mut Opt<String>> = match entry.key.to_ascii_lowercase().as_str() {
            "name" => Some(&mut name),
            "id" => Some(&mut named.id),
            "etag" => Some(&mut named.etag),
            "type" => Some(&mut named.resource_type),
            _ => None,
        };
        match slot {
            Some(slot) if !entry.node.is_null() => slot.read(&entry.node, reader),
            Some(_) => {}
            None => extra.push(entry),
        }
    }
    for entry in extra {
        if entry.key.eq_ignore_ascii_case("properties") {
            match &entry.node.value {
                Value::Object(inner) => inner.entries.iter().for_each(|entry| {
                    take::<T>(entry, &mut filling, &mut extensions, reader);
                }),
                Value::Null => {}
                _ => reader.mismatch(&entry.node, "an object"),
            }
        } else {
            take::<T>(entry, &mut filling, &mut extensions, reader);
        }
    }
    filling.finish(&node.at, reader);
    for extension in extensions {
        if let Some(read) = super::read_object(extension, reader) {
            named.gatehouse = read;
            named.gatehouse_at = Some(extension.at.clone());
        }
    }
    named.name = match (name, &named.id) {
        (Some(name), id) => {
            check_id(&name, id.as_ref(), reader.problems);
            name
        }
        (None, Some(id)) => Field::new(last_segment(id).to_owned(), id.at.clone()),
        (None, None) => Field::new(String::new(), node.at.clone()),
    };
    Some(named)
}

fn take<'n, T: Resource>(
    entry: &'n Entry,
    filling: &mut Filling<'_>,
    extensions: &mut Vec<&'n Node>,
    reader: &mut Reader<'_>,
) {
    if filling.take(entry, reader) {
        return;
    }
    if entry.key.eq_ignore_ascii_case("gatehouse") {
        if !entry.node.is_null() {
            extensions.push(&entry.node);
        }
        return;
    }
    let envelope = ["name", "id", "etag", "type"];
    let is_known = envelope.iter().chain(T::IGNORED).any(|key| key.eq_ignore_ascii_case(&entry.key));
    if !is_known {
        let mut names = filling.names();
        names.extend(["name", "id", "properties", "gatehouse"]);
        reader.unknown(entry, T::COLLECTION, &names);
    }
}

fn check_id(name: &Field<String>, id: Option<&Field<String>>, problems: &mut Problems) {
    let Some(id) = id else { return };
    let end = last_segment(id);
    if !end.is_empty() && !end.eq_ignore_ascii_case(name.rsplit('/').next().unwrap_or(name)) {
        let message = format!("the id ends in {end:?}, but the name is {:?}; the name counts", name.value);
        problems.push(
            Problem::warning(codes::ID_MISMATCH, &id.at, message).help("leave the id out: it follows from the name"),
        );
    }
}

fn last_segment(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or("")
}

impl<T: Resource> Shape for Named<T> {
    const KIND: &'static str = "an object";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_resource(node, reader)
    }

    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        let mut object = Object::default();
        object.push("name", self.name.value.write(&self.name.at, writer));
        for (property, slot) in T::table().iter().zip(self.properties.slots()) {
            if property.envelope
                && !property.read_only
                && let Some(node) = slot.write(writer)
            {
                object.push(property.name, node);
            }
        }
        if let Some(gatehouse_at) = &self.gatehouse_at
            && let Some(node) = writer.extension(&self.gatehouse, gatehouse_at)
        {
            object.push("gatehouse", node);
        }
        object.push("properties", write_properties(&self.properties, at, writer));
        Node::new(Value::Object(object), at.clone())
    }
}

/// The members of a collection, in order, findable by name.
#[derive(Debug, Clone)]
pub struct Collection<T: Resource> {
    members: Vec<Named<T>>,
    by_name: HashMap<String, usize>,
    /// Where the collection stands; `None` when absent.
    pub at: Option<At>,
}

impl<T: Resource> Default for Collection<T> {
    fn default() -> Self {
        Self { members: Vec::new(), by_name: HashMap::new(), at: None }
    }
}

impl<T: Resource> Collection<T> {
    /// The index of the member called `name`, compared without regard to case.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.to_lowercase()).copied()
    }

    /// The index of the member a reference means; reports what is wrong with the reference otherwise.
    ///
    /// `gateway` is the name of the gateway the collection belongs to; references into another one are refused. An
    /// empty name is not compared.
    pub fn resolve(&self, reference: &Field<Reference<T>>, gateway: &str, problems: &mut Problems) -> Option<usize> {
        if let Some(index) = self.lookup(reference, gateway) {
            return Some(index);
        }
        let names: Vec<&str> = self.members.iter().map(|member| member.name.as_str()).collect();
        problems.push(reference.unresolved(gateway, &names));
        None
    }

    fn lookup(&self, reference: &Field<Reference<T>>, gateway: &str) -> Option<usize> {
        let Target::Internal { gateway: named, collection, name, .. } = reference.target() else { return None };
        let same_gateway = gateway.is_empty() || named.as_ref().is_none_or(|named| named.eq_ignore_ascii_case(gateway));
        let same_kind = collection.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(T::COLLECTION));
        if same_gateway && same_kind { self.find(name) } else { None }
    }

    fn add(&mut self, member: Named<T>) -> Result<(), usize> {
        let index = self.members.len();
        match self.by_name.entry(member.name.to_lowercase()) {
            std::collections::hash_map::Entry::Occupied(first) => return Err(*first.get()),
            std::collections::hash_map::Entry::Vacant(free) => free.insert(index),
        };
        self.members.push(member);
        Ok(())
    }
}

impl<T: Resource> Deref for Collection<T> {
    type Target = [Named<T>];

    fn deref(&self) -> &[Named<T>] {
        &self.members
    }
}

impl<'a, T: Resource> IntoIterator for &'a Collection<T> {
    type Item = &'a Named<T>;
    type IntoIter = std::slice::Iter<'a, Named<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.iter()
    }
}

/// Members of the same name are left out after the first.
impl<T: Resource> FromIterator<Named<T>> for Collection<T> {
    fn from_iter<I: IntoIterator<Item = Named<T>>>(members: I) -> Self {
        let mut collection = Self { at: Some(At::default()), ..Self::default() };
        for member in members {
            // Only documents can hold two members of one name, and reading reports them.
            let _ = collection.add(member);
        }
        collection
    }
}

impl<T: Resource> PartialEq for Collection<T> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl<T: Resource> Slot for Collection<T> {
    fn kind() -> &'static str {
        "a list"
    }

    fn read(&mut self, node: &Node, reader: &mut Reader<'_>) {
        let Value::Array(nodes) = &node.value else {
            reader.mismatch(node, "a list of objects");
            return;
        };
        self.at = Some(node.at.clone());
        for node in nodes.iter().filter(|node| !node.is_null()) {
            let Some(member) = read_resource::<T>(node, reader) else { continue };
            let at = member.name.at.clone();
            if at.failed {
                continue;
            }
            if member.name.is_empty() {
                let message = format!("this member of {} has no name", T::COLLECTION);
                reader
                    .problems
                    .push(Problem::error(codes::MISSING_NAME, &at, message).expected("the property \"name\""));
                continue;
            }
            let name = member.name.value.clone();
            if let Err(first) = self.add(member) {
                let first = self.members[first].name.at.path.to_string();
                let message = format!("two members of {} are called {name:?}; the other one is {first}", T::COLLECTION);
                let problem = Problem::error(codes::DUPLICATE_NAME, &at, message);
                reader.problems.push(problem.help("names have to differ by more than upper and lower case"));
            }
        }
    }

    fn write(&self, writer: &mut Writer) -> Option<Node> {
        let at = self.at.clone()?;
        let members = self.members.iter().map(|member| member.write(&member.at, writer)).collect();
        Some(Node::new(Value::Array(members), at))
    }

    fn is_set(&self) -> bool {
        self.at.is_some()
    }
}

/// The names near `name`, for callers that resolve names themselves.
impl<T: Resource> Collection<T> {
    /// The member whose name is nearest to `name`.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.members.iter().map(|member| member.name.as_str()))
    }
}
