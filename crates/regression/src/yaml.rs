//! YAML as a tree, as much of it as test files need: one document, no anchors, no tags, no key twice.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

/// A value; scalars are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// Nothing at all, or a plain `null` or `~`.
    Null,
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

type Events<'t> = Parser<'t, StrInput<'t>>;

impl Yaml {
    /// Reads a text; `None` when there is no document in it.
    ///
    /// # Errors
    ///
    /// It is not YAML, or more of it than is understood here.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut events = Parser::new_from_str(text);
        let mut document = None;
        loop {
            match next(&mut events)? {
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(document),
                _ if document.is_some() => return Err("a second document".to_owned()),
                event => document = Some(value(event, &mut events, 0)?),
            }
        }
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

fn next<'t>(events: &mut Events<'t>) -> Result<Event<'t>, String> {
    match events.next() {
        Some(Ok((event, _))) => Ok(event),
        Some(Err(error)) => Err(format!("not YAML: {error}")),
        None => Ok(Event::StreamEnd),
    }
}

/// Deeper than any test file goes, and shallow enough for any stack.
const DEEPEST: usize = 32;

fn value<'t>(event: Event<'t>, events: &mut Events<'t>, depth: usize) -> Result<Yaml, String> {
    if depth > DEEPEST {
        return Err(format!("more than {DEEPEST} levels"));
    }
    match event {
        Event::Scalar(text, style, 0, None) => Ok(scalar(text.into_owned(), style)),
        Event::SequenceStart(0, None) => {
            let mut items = Vec::new();
            loop {
                match next(events)? {
                    Event::SequenceEnd => return Ok(Yaml::List(items)),
                    event => items.push(value(event, events, depth + 1)?),
                }
            }
        }
        Event::MappingStart(0, None) => map(events, depth),
        Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
            Err("anchors, aliases and tags are not read".to_owned())
        }
        other => Err(format!("{other:?} where a value belongs")),
    }
}

fn map(events: &mut Events<'_>, depth: usize) -> Result<Yaml, String> {
    let mut entries: Vec<(String, Yaml)> = Vec::new();
    loop {
        let event = next(events)?;
        if matches!(event, Event::MappingEnd) {
            return Ok(Yaml::Map(entries));
        }
        let key = match value(event, events, depth + 1)? {
            Yaml::Text(key) => key,
            other => return Err(format!("{} as a key", other.kind())),
        };
        if entries.iter().any(|(name, _)| *name == key) {
            return Err(format!("the key {key:?} stands twice"));
        }
        let event = next(events)?;
        entries.push((key, value(event, events, depth + 1)?));
    }
}

fn scalar(text: String, style: ScalarStyle) -> Yaml {
    let is_null = matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
    if is_null && matches!(style, ScalarStyle::Plain) { Yaml::Null } else { Yaml::Text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Yaml {
        Yaml::Text(text.to_owned())
    }

    #[test]
    fn a_file_becomes_a_tree() {
        let tree = Yaml::parse("---\na: [1, 'x']\nb: |-\n  two\n  lines\nc:\nd: ''\n").expect("well-formed");
        let expected = Yaml::Map(vec![
            ("a".to_owned(), Yaml::List(vec![text("1"), text("x")])),
            ("b".to_owned(), text("two\nlines")),
            ("c".to_owned(), Yaml::Null),
            ("d".to_owned(), text("")),
        ]);
        assert_eq!(tree, Some(expected));
        assert_eq!(Yaml::parse("# nothing but a comment\n"), Ok(None));
    }

    #[test]
    fn what_is_not_read_is_said() {
        for (file, why) in [
            ("a: [1", "not YAML"),
            ("a: 1\na: 2", "stands twice"),
            ("a: &x 1\nb: *x", "anchors"),
            ("a: !!int 1", "tags"),
            ("a: 1\n---\nb: 2", "second document"),
            ("? [a]\n: 1", "a list as a key"),
        ] {
            let error = Yaml::parse(file).expect_err(file);
            assert!(error.contains(why), "{file}: {error}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert!(Yaml::parse(&deep).expect_err("too deep").contains("levels"));
    }
}
