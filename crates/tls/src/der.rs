//! DER, element by element: for structures whose bytes must be kept as they came, since a signature covers them.

use x509_parser::asn1_rs::{Any, FromDer};

/// INTEGER.
pub(crate) const INTEGER: u8 = 0x02;
/// BIT STRING.
pub(crate) const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// ENUMERATED.
pub(crate) const ENUMERATED: u8 = 0x0a;
/// BOOLEAN.
pub(crate) const BOOLEAN: u8 = 0x01;
/// GeneralizedTime.
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// SEQUENCE, SEQUENCE OF.
pub(crate) const SEQUENCE: u8 = 0x30;

/// The tag `[number]` of something made of elements, EXPLICIT or a SEQUENCE.
pub(crate) const fn tagged(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// The tag's first byte. Numbers beyond 30 have more; none of those is known here.
    pub(crate) tag: u8,
    /// All of it, tag and length included.
    pub(crate) raw: &'a [u8],
    /// What is in it.
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements in it.
    pub(crate) fn elements(&self) -> Elements<'a> {
        Elements(self.content)
    }
}

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a>(pub(crate) &'a [u8]);

impl<'a> Elements<'a> {
    /// The next element, if it has this tag; otherwise nothing is taken.
    pub(crate) fn next_if(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut rest = *self;
        let element = rest.next().filter(|element| element.tag == tag)?;
        *self = rest;
        Some(element)
    }

    /// True when nothing follows.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Ends at the end, and at anything that is no element: ask [`Elements::is_empty`] which it was.
impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (rest, any) = Any::from_der(self.0).ok()?;
        let raw = self.0.get(..self.0.len().checked_sub(rest.len())?)?;
        self.0 = rest;
        Some(Element { tag: *raw.first()?, raw, content: any.data })
    }
}

/// The one element of some bytes, if it has this tag and nothing follows.
pub(crate) fn single(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    let mut elements = Elements(bytes);
    elements.next_if(tag).filter(|_| elements.is_empty())
}

/// An element made of these parts.
pub(crate) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 6);
    bytes.push(tag);
    if let Ok(short @ ..0x80) = u8::try_from(length) {
        bytes.push(short);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
        // A usize has at most eight bytes.
        bytes.push(0x80 | digits.len() as u8);
        bytes.extend_from_slice(&digits);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let content = vec![7; length];
            let bytes = encode(OCTET_STRING, &[&content[..length / 2], &content[length / 2..]]);
            let element = single(&bytes, OCTET_STRING).unwrap();
            assert_eq!((element.content, element.raw), (&content[..], &bytes[..]), "{length}");
        }
    }

    #[test]
    fn an_element_of_another_kind_is_not_taken() {
        let bytes = [encode(INTEGER, &[&[1]]), encode(BOOLEAN, &[&[0xff]])].concat();
        let mut elements = Elements(&bytes);
        assert!(elements.next_if(SEQUENCE).is_none());
        assert_eq!(elements.next_if(INTEGER).unwrap().content, [1]);
        assert_eq!(elements.next_if(BOOLEAN).unwrap().content, [0xff]);
        assert!(elements.is_empty() && elements.next_if(BOOLEAN).is_none());
    }

    #[test]
    fn what_is_cut_or_followed_by_more_is_nothing() {
        let whole = encode(OCTET_STRING, &[b"abc"]);
        for end in 0..whole.len() {
            assert!(single(&whole[..end], OCTET_STRING).is_none(), "{end}");
        }
        assert!(single(&[&whole[..], &[0]].concat(), OCTET_STRING).is_none());
    }
}
