//! As much DER as tests need to write and to take apart.

/// One element: tag, length, content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..0x80 => bytes.push(u8::try_from(length).unwrap()),
        length => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap());
            bytes.extend(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A SEQUENCE of elements.
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// The first element of some bytes: its tag, its content, itself, and what follows it.
pub struct First<'a> {
    /// The tag.
    pub tag: u8,
    /// The content.
    pub content: &'a [u8],
    /// Tag, length and content.
    pub whole: &'a [u8],
    /// What follows.
    pub rest: &'a [u8],
}

/// Takes the first element off. Panics when there is none.
#[track_caller]
pub fn first(bytes: &[u8]) -> First<'_> {
    let (tag, length) = (bytes[0], usize::from(bytes[1]));
    let (start, length) = match length {
        0..0x80 => (2, length),
        _ => {
            let digits = length & 0x7f;
            let number = bytes[2..2 + digits].iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
            (2 + digits, number)
        }
    };
    let (whole, rest) = bytes.split_at(start + length);
    First { tag, content: &whole[start..], whole, rest }
}

/// The elements inside some content, whole.
pub fn elements(mut content: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while !content.is_empty() {
        let one = first(content);
        all.push(one.whole);
        content = one.rest;
    }
    all
}
