//! XML as texts and attribute values.
//!
//! No entity but the five of XML itself and character references is resolved. A document type is an error: what it
//! declares could change what the texts mean; its own text is looked at like any other.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Bounds, Contents};

/// Reads as far as it can.
pub(super) fn parse(body: &[u8], bounds: Bounds) -> Contents {
    let mut reader = Reader::from_reader(body);
    let mut reading = Reading { text: Vec::new(), contents: Contents::default(), depth: 0, bounds };
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => {
                if let Err(error) = reading.event(&event) {
                    reading.contents.error = Some(error);
                    break;
                }
            }
            Err(_) if bounds.cut => break,
            Err(_) => {
                let position = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                reading.text.extend_from_slice(body.get(position..).unwrap_or_default());
                reading.contents.error = Some("XML that is not well-formed");
                break;
            }
        }
    }
    reading.end_of_text();
    if reading.depth > 0 && !bounds.cut && reading.contents.error.is_none() {
        reading.contents.error = Some("XML ends early");
    }
    reading.contents
}

struct Reading {
    text: Vec<u8>,
    contents: Contents,
    depth: usize,
    bounds: Bounds,
}

impl Reading {
    fn event(&mut self, event: &Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(tag) => {
                self.end_of_text();
                self.depth += 1;
                if self.depth > self.bounds.depth {
                    return Err("XML nested too deeply");
                }
                self.attributes(tag)?;
            }
            Event::Empty(tag) => {
                self.end_of_text();
                self.attributes(tag)?;
            }
            Event::End(_) => {
                self.end_of_text();
                self.depth = self.depth.saturating_sub(1);
            }
            Event::Text(text) => self.text.extend_from_slice(text.as_bytes()),
            Event::CData(text) => self.text.extend_from_slice(text.as_bytes()),
            Event::GeneralRef(name) => self.reference(name),
            Event::DocType(text) => {
                self.text.extend_from_slice(text.as_bytes());
                self.end_of_text();
                self.contents.error = Some("XML with a document type");
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        if self.contents.texts.len() > self.bounds.arguments {
            return Err("more XML texts than allowed");
        }
        Ok(())
    }

    fn reference(&mut self, name: &BytesRef<'_>) {
        let known = match &**name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.resolve_char_ref().ok().flatten(),
        };
        match known {
            Some(character) => self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => self.text.extend(["&", &**name, ";"].concat().bytes()),
        }
    }

    fn attributes(&mut self, tag: &BytesStart<'_>) -> Result<(), &'static str> {
        for attribute in tag.attributes().with_checks(false) {
            if self.contents.attributes.len() == self.bounds.arguments {
                return Err("more XML attributes than allowed");
            }
            let Ok(attribute) = attribute else { return Err("XML that is not well-formed") };
            let raw = &*attribute.value;
            let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), Into::into);
            self.contents.attributes.push(value.into_bytes());
        }
        Ok(())
    }

    /// What was gathered is a text of its own, unless it is blank.
    fn end_of_text(&mut self) {
        let text = self.text.trim_ascii();
        if !text.is_empty() {
            self.contents.texts.push(text.to_vec());
        }
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Contents {
        parse(text.as_bytes(), Bounds { arguments: 4, depth: 3, separator: b'&', cut: false })
    }

    #[test]
    fn texts_and_attributes_are_values_of_their_own() {
        let contents = read("<?xml version='1.0'?><a x='1 &lt; 2'>p&amp;<b>q&#x41;&foo;</b><![CDATA[<r>]]></a>");
        let texts: Vec<_> = contents.texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
        assert_eq!(texts, ["p&", "qA&foo;", "<r>"]);
        assert_eq!(contents.attributes, [b"1 < 2".to_vec()]);
        assert_eq!(contents.error, None);
    }

    #[test]
    fn what_is_wrong_with_a_document_is_told() {
        for (text, error) in [
            ("<a>b", "XML ends early"),
            ("<a></b>", "XML that is not well-formed"),
            ("<a><a><a><a>", "XML nested too deeply"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "XML with a document type"),
        ] {
            assert_eq!(read(text).error, Some(error), "{text}");
        }
    }
}
