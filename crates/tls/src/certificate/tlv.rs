//! A small reader of ASN.1's tags and lengths, for what no certificate parser reads: PFX and private keys.
//!
//! It reads BER as well as DER. Several widely used .NET and Java tools, and browsers, write a PFX with indefinite
//! lengths and octet strings in pieces, which is legal there.

use std::borrow::Cow;

use x509_parser::asn1_rs::Oid;

/// `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(super) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub(super) const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`.
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xA0;

/// The bit that says that an element is made of elements.
const CONSTRUCTED: u8 = 0x20;
/// How deep elements of indefinite length, and octet strings in pieces, may nest.
const DEEPEST: u8 = 12;

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Its tag with class and form.
    pub(super) tag: u8,
    /// What it holds.
    pub(super) content: &'a [u8],
    /// All of it, tag and length included.
    pub(super) whole: &'a [u8],
}

/// Why bytes are no element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// They end before the element does.
    Short {
        /// How long the element says it is, all in all; `None` when it does not say.
        needed: Option<usize>,
    },
    /// They are not ASN.1, or of a kind that has no place here.
    Odd,
}

/// The first element of `input`, and what follows it.
pub(super) fn first(input: &[u8]) -> Result<(Element<'_>, &[u8]), Malformed> {
    first_within(input, DEEPEST)
}

fn first_within(input: &[u8], depth: u8) -> Result<(Element<'_>, &[u8]), Malformed> {
    let (tag, header, length) = header(input)?;
    let Some(length) = length else { return indefinite(input, tag, header, depth) };
    let end = header.checked_add(length).ok_or(Malformed::Odd)?;
    let (whole, rest) = input.split_at_checked(end).ok_or(Malformed::Short { needed: Some(end) })?;
    let content = whole.get(header..).unwrap_or_default();
    Ok((Element { tag, content, whole }, rest))
}

/// Tag, length of the header, and length of the content if it is told beforehand.
pub(super) fn header(input: &[u8]) -> Result<(u8, usize, Option<usize>), Malformed> {
    let short = Malformed::Short { needed: None };
    let (&tag, rest) = input.split_first().ok_or(short)?;
    // Numbers above 30 do not occur in what is read here.
    if tag & 0x1F == 0x1F {
        return Err(Malformed::Odd);
    }
    let (&length, rest) = rest.split_first().ok_or(short)?;
    match length {
        0x80 => Ok((tag, 2, None)),
        0..0x80 => Ok((tag, 2, Some(usize::from(length)))),
        0x81..=0x84 => {
            let digits = usize::from(length & 0x7F);
            let digits = rest.get(..digits).ok_or(short)?;
            let length = digits.iter().fold(0usize, |sum, digit| (sum << 8) | usize::from(*digit));
            Ok((tag, 2 + digits.len(), Some(length)))
        }
        _ => Err(Malformed::Odd),
    }
}

/// An element that goes on until two zeros.
fn indefinite(input: &[u8], tag: u8, header: usize, depth: u8) -> Result<(Element<'_>, &[u8]), Malformed> {
    let depth = depth.checked_sub(1).filter(|_| tag & CONSTRUCTED != 0).ok_or(Malformed::Odd)?;
    let content = input.get(header..).unwrap_or_default();
    let mut rest = content;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            let (content, _) = content.split_at(content.len() - rest.len());
            let (whole, after) = input.split_at(input.len() - after.len());
            return Ok((Element { tag, content, whole }, after));
        }
        rest = first_within(rest, depth)?.1;
    }
}

impl<'a> Element<'a> {
    /// Reads its elements one after the other.
    pub(super) fn children(&self) -> Children<'a> {
        Children(self.content)
    }

    /// Whether it is made of elements.
    pub(super) fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }

    /// The bytes of an octet string, whatever its tag, in one piece or many.
    pub(super) fn octets(&self) -> Option<Cow<'a, [u8]>> {
        self.octets_within(DEEPEST)
    }

    fn octets_within(&self, depth: u8) -> Option<Cow<'a, [u8]>> {
        if !self.is_constructed() {
            return Some(Cow::Borrowed(self.content));
        }
        let depth = depth.checked_sub(1)?;
        let mut bytes = Vec::new();
        let mut pieces = self.children();
        for piece in pieces.by_ref() {
            if piece.tag & !CONSTRUCTED != OCTET_STRING {
                return None;
            }
            bytes.extend_from_slice(&piece.octets_within(depth)?);
        }
        pieces.is_empty().then_some(Cow::Owned(bytes))
    }

    /// An object identifier as people write it; empty for what is none.
    pub(super) fn id(&self) -> String {
        Oid::new(Cow::Borrowed(self.content)).to_id_string()
    }

    /// The number, if it is one that fits.
    pub(super) fn number(&self) -> Option<u32> {
        let digits = self.content;
        let is_positive = digits.first().is_some_and(|first| *first < 0x80);
        (self.tag == INTEGER && is_positive && digits.len() <= 5)
            .then(|| digits.iter().fold(0u64, |sum, digit| (sum << 8) | u64::from(*digit)))
            .and_then(|number| u32::try_from(number).ok())
    }
}

/// The elements in the content of another. Ends at the end and where something is wrong, which
/// [`Self::is_empty`] tells apart.
#[derive(Clone, Debug)]
pub(super) struct Children<'a>(&'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = first(self.0).ok()?;
        self.0 = rest;
        Some(element)
    }
}

impl<'a> Children<'a> {
    /// The next one, if it has this tag.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<Element<'a>> {
        let (element, rest) = first(self.0).ok().filter(|(element, _)| element.tag == tag)?;
        self.0 = rest;
        Some(element)
    }

    /// Whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_form() {
        type Row = (&'static [u8], Result<&'static [u8], Malformed>);
        let rows: [Row; 9] = [
            (&[0x04, 0x01, 7], Ok(&[7])),
            (&[0x04, 0x81, 0x01, 7], Ok(&[7])),
            (&[0x04, 0x00], Ok(&[])),
            (&[0x24, 0x80, 0x04, 0x01, 7, 0, 0], Ok(&[0x04, 0x01, 7])),
            (&[0x04, 0x02, 7], Err(Malformed::Short { needed: Some(4) })),
            (&[0x24, 0x80, 0x04, 0x01, 7], Err(Malformed::Short { needed: None })),
            (&[0x04, 0x80, 0, 0], Err(Malformed::Odd)),
            (&[0x04, 0x85, 0, 0, 0, 0, 1, 7], Err(Malformed::Odd)),
            (&[0x3F, 0x01, 7], Err(Malformed::Odd)),
        ];
        for (input, expected) in rows {
            assert_eq!(first(input).map(|(element, _)| element.content), expected, "{input:02x?}");
        }
    }

    #[test]
    fn an_octet_string_in_pieces_is_put_together() {
        let input = [0x24, 0x80, 0x04, 1, 1, 0x24, 0x80, 0x04, 2, 2, 3, 0, 0, 0x04, 1, 4, 0, 0];
        let (element, rest) = first(&input).unwrap();
        assert_eq!((element.octets().unwrap().as_ref(), rest), ([1u8, 2, 3, 4].as_slice(), [].as_slice()));
    }

    #[test]
    fn nesting_is_bounded() {
        let input = [0x24, 0x80].repeat(10_000);
        assert_eq!(first(&input).unwrap_err(), Malformed::Odd);
        let pieces = (0..20).fold(vec![0x04, 1, 9], |inner, _| [vec![0x24, inner.len() as u8], inner].concat());
        assert_eq!(first(&pieces).unwrap().0.octets(), None);
    }
}
