//! YAML into the same tree, from the event stream of `saphyr-parser`.
//!
//! Plain scalars follow the core schema, so `on` and `no` stay strings. Aliases are copied under a bound on the number
//! of values, so a small text cannot unfold into a large tree. `<<` merges, as people expect it to.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as YamlSpan};

use crate::node::{At, Entry, Node, Number, Object, Value};
use crate::path::Path;
use crate::problem::{Problem, Problems, codes};
use crate::source::Span;

use super::{MAX_DEPTH, MAX_NODES, json};

/// Parses `text`, which starts `offset` bytes into source `index`, into its documents.
pub(super) fn parse(text: &str, index: u32, offset: usize, problems: &mut Problems) -> Vec<Node> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        places: Places::new(text, index, offset),
        anchors: HashMap::new(),
        nodes: 0,
        problems,
    };
    let mut roots = Vec::new();
    let end = reader.documents(&mut roots);
    if let Err(problem) = end {
        reader.problems.push(*problem);
    }
    roots
}

type Parsed<T> = Result<T, Box<Problem>>;

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    places: Places,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    fn documents(&mut self, roots: &mut Vec<Node>) -> Parsed<()> {
        loop {
            match self.next()? {
                None | Some((Event::StreamEnd, _)) => return Ok(()),
                Some((Event::DocumentStart(_), _)) => self.anchors.clear(),
                Some((Event::StreamStart | Event::DocumentEnd | Event::Nothing, _)) => {}
                Some(event) => {
                    let root = self.value(event, Path::root(), 0)?;
                    if !root.is_null() {
                        roots.push(root);
                    }
                }
            }
        }
    }

    fn value(&mut self, (event, span): (Event<'a>, YamlSpan), path: Path, depth: usize) -> Parsed<Node> {
        let at = At::new(self.places.span(span), path);
        self.spend(1, &at)?;
        if depth > MAX_DEPTH {
            return Err(complex(&at, format!("the document nests deeper than {MAX_DEPTH} levels")));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_string = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                let value = if is_string { Value::String(text.into_owned()) } else { plain(&text) };
                (Node::new(value, at), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.sequence(at, depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.mapping(at, depth)?, anchor),
            Event::Alias(anchor) => (self.alias(anchor, &at, depth)?, 0),
            _ => return Err(Box::new(Problem::error(codes::INVALID_YAML, &at, "a value should stand here"))),
        };
        if anchor != 0 {
            let size = node.count();
            self.spend(size, &node.at)?;
            self.anchors.insert(anchor, (node.clone(), height(&node)));
        }
        Ok(node)
    }

    fn sequence(&mut self, mut at: At, depth: usize) -> Parsed<Node> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.inside(&at)?;
            if event == Event::SequenceEnd {
                self.places.extend(&mut at, span, items.last());
                return Ok(Node::new(Value::Array(items), at));
            }
            items.push(self.value((event, span), at.path.index(items.len()), depth + 1)?);
        }
    }

    fn mapping(&mut self, mut at: At, depth: usize) -> Parsed<Node> {
        let mut object = Object::default();
        let mut merged = Vec::new();
        let mut seen = std::collections::HashSet::new();
        loop {
            let (event, span) = self.inside(&at)?;
            let (key, plain_key) = match event {
                Event::MappingEnd => {
                    self.places.extend(&mut at, span, object.entries.last().map(|entry| &entry.node));
                    break;
                }
                Event::Scalar(key, style, ..) => (key.into_owned(), style == ScalarStyle::Plain),
                _ => {
                    let at = At::new(self.places.span(span), at.path.clone());
                    return Err(Box::new(Problem::error(codes::INVALID_YAML, &at, "keys have to be plain words")));
                }
            };
            let key_span = self.places.span(span);
            let value = self.inside(&at)?;
            let node = self.value(value, at.path.key(&key), depth + 1)?;
            if plain_key && key == "<<" {
                merged.push(node);
                continue;
            }
            if !seen.insert(key.clone()) {
                let at = At::new(key_span, at.path.key(&key));
                let message = format!("the key {key:?} stands twice in this object");
                self.problems.push(Problem::error(codes::DUPLICATE_KEY, &at, message).help("keep one of the two"));
            }
            object.entries.push(Entry { key, key_span: Some(key_span), node });
        }
        for node in merged {
            self.merge(node, &mut object);
        }
        Ok(Node::new(Value::Object(object), at))
    }

    /// `<<: *base` adds the keys that are not there yet.
    fn merge(&mut self, node: Node, object: &mut Object) {
        let at = node.at.clone();
        match node.value {
            Value::Object(base) => {
                let have: std::collections::HashSet<String> =
                    object.entries.iter().map(|entry| entry.key.clone()).collect();
                object.entries.extend(base.entries.into_iter().filter(|entry| !have.contains(&entry.key)));
            }
            Value::Array(bases) => bases.into_iter().for_each(|base| {
                if matches!(base.value, Value::Object(_)) {
                    self.merge(base, object);
                }
            }),
            _ => self.problems.push(Problem::error(
                codes::INVALID_YAML,
                &at,
                "`<<` takes an object or a list of objects",
            )),
        }
    }

    fn alias(&mut self, anchor: usize, at: &At, depth: usize) -> Parsed<Node> {
        let Some((node, height)) = self.anchors.get(&anchor) else {
            let message = "this alias stands inside its own anchor or before it";
            return Err(Box::new(Problem::error(codes::INVALID_YAML, at, message)));
        };
        if depth + height > MAX_DEPTH {
            return Err(complex(at, format!("the document nests deeper than {MAX_DEPTH} levels")));
        }
        let size = node.count();
        let copy_allowed = self.nodes + size <= MAX_NODES;
        let copy = if copy_allowed { node.clone() } else { Node::default() };
        self.spend(size, at)?;
        Ok(copy)
    }

    fn inside(&mut self, at: &At) -> Parsed<(Event<'a>, YamlSpan)> {
        match self.next()? {
            Some(event) => Ok(event),
            None => Err(Box::new(Problem::error(codes::INVALID_YAML, at, "the text ends inside this value"))),
        }
    }

    fn next(&mut self) -> Parsed<Option<(Event<'a>, YamlSpan)>> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => {
                let mark = *error.marker();
                let at = At::new(self.places.span(YamlSpan::new(mark, mark)), Path::root());
                Err(Box::new(Problem::error(codes::INVALID_YAML, &at, error.info())))
            }
        }
    }

    fn spend(&mut self, nodes: usize, at: &At) -> Parsed<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(complex(at, format!("the document unfolds to more than {MAX_NODES} values")));
        }
        Ok(())
    }
}

fn complex(at: &At, message: String) -> Box<Problem> {
    Box::new(Problem::error(codes::DOCUMENT_TOO_COMPLEX, at, message))
}

fn height(node: &Node) -> usize {
    1 + match &node.value {
        Value::Array(items) => items.iter().map(height).max().unwrap_or(0),
        Value::Object(object) => object.entries.iter().map(|entry| height(&entry.node)).max().unwrap_or(0),
        _ => 0,
    }
}

/// A plain scalar by YAML's core schema; numbers JSON cannot spell stay strings.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if json::is_number(text) => Value::Number(Number::from_text(text)),
        _ => Value::String(text.to_owned()),
    }
}

/// Turns the parser's character positions into byte offsets.
struct Places {
    index: u32,
    offset: usize,
    length: usize,
    /// Byte offset of every character; empty for ASCII texts, where they agree.
    bytes: Vec<u32>,
}

impl Places {
    fn new(text: &str, index: u32, offset: usize) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        };
        Self { index, offset, length: text.len(), bytes }
    }

    fn span(&self, span: YamlSpan) -> Span {
        let start = self.byte(span.start.index());
        Span::new(self.index, self.offset + start..self.offset + self.byte(span.end.index()).max(start))
    }

    /// Stretches a collection's span to its end, or to the end of its last item where the end is only an outdent.
    fn extend(&self, at: &mut At, end: YamlSpan, last: Option<&Node>) {
        let end = self.span(end);
        let inner = last.and_then(|node| node.at.span).map_or(0, |span| span.end);
        if let Some(span) = &mut at.span {
            let closing_bracket = end.end > end.start;
            span.end = if closing_bracket { end.end } else { inner.max(span.end) };
        }
    }

    fn byte(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            return character.min(self.length);
        }
        self.bytes.get(character).map_or(self.length, |&at| at as usize)
    }
}
