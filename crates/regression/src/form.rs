//! Forms: how the runner escapes them.

/// Escapes a form in which nothing is escaped yet, as the runner does for tests that write their forms in plain text.
///
/// Whether something is escaped is told by a percent sign or a plus. Names and values are escaped each on its own;
/// their order stays, and a separator at the end is dropped.
pub(crate) fn escape_plain(data: &[u8]) -> Vec<u8> {
    if data.iter().any(|byte| b"%+".contains(byte)) {
        return data.to_vec();
    }
    let data = data.strip_suffix(b"&").unwrap_or(data);
    let mut form = Vec::with_capacity(data.len());
    for (at, field) in data.split(|byte| *byte == b'&').enumerate() {
        if at > 0 {
            form.push(b'&');
        }
        match field.iter().position(|byte| *byte == b'=') {
            None => escape(field, &mut form),
            Some(equals) => {
                escape(&field[..equals], &mut form);
                form.push(b'=');
                escape(&field[equals + 1..], &mut form);
            }
        }
    }
    form
}

/// Escapes all but letters, digits and `-_.~`; a blank becomes a plus.
pub(crate) fn escape(text: &[u8], into: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text {
        match *byte {
            b' ' => into.push(b'+'),
            plain if plain.is_ascii_alphanumeric() || b"-_.~".contains(&plain) => into.push(plain),
            other => {
                into.push(b'%');
                into.extend([other >> 4, other & 15].map(|digit| DIGITS[usize::from(digit)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_forms_are_escaped_and_escaped_ones_stay() {
        for (data, form) in [
            ("hello=world", "hello=world"),
            ("foo bar", "foo+bar"),
            ("b=2&a=1", "b=2&a=1"),
            ("a==b", "a=%3Db"),
            ("a=1;b=<x>", "a=1%3Bb%3D%3Cx%3E"),
            ("a&&b=", "a&&b="),
            ("a=1&", "a=1"),
            ("a=ä", "a=%C3%A4"),
            ("foo+bar=<", "foo+bar=<"),
            ("a=%3d<", "a=%3d<"),
        ] {
            assert_eq!(String::from_utf8_lossy(&escape_plain(data.as_bytes())), form, "{data}");
        }
    }
}
