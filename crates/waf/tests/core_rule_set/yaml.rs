//! YAML as a tree, as much of it as the test files need.

use saphyr_parser::{Event, Parser, StrInput};

/// A value; scalars are texts.
#[derive(Clone, Debug)]
pub(crate) enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parser = Parser::new_from_str(text);
        loop {
            match next(&mut parser) {
                Some(Event::StreamStart | Event::DocumentStart(_)) => {}
                Some(Event::StreamEnd | Event::DocumentEnd) | None => return Self::Map(Vec::new()),
                Some(event) => return value(event, &mut parser),
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; a value that is none is a list of itself.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => std::slice::from_ref(other),
        }
    }
}

fn next<'t>(parser: &mut Parser<'t, StrInput<'t>>) -> Option<Event<'t>> {
    parser.next().map(|event| event.expect("test files are YAML").0)
}

fn value<'t>(event: Event<'t>, parser: &mut Parser<'t, StrInput<'t>>) -> Yaml {
    match event {
        Event::Scalar(text, ..) => Yaml::Text(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            while let Some(event) = next(parser) {
                if matches!(event, Event::SequenceEnd) {
                    break;
                }
                items.push(value(event, parser));
            }
            Yaml::List(items)
        }
        Event::MappingStart(..) => {
            let mut entries = Vec::new();
            while let Some(event) = next(parser) {
                if matches!(event, Event::MappingEnd) {
                    break;
                }
                let key = value(event, parser).text().unwrap_or_default().to_owned();
                let event = next(parser).expect("a key has a value");
                entries.push((key, value(event, parser)));
            }
            Yaml::Map(entries)
        }
        other => panic!("a test file holds {other:?}"),
    }
}
