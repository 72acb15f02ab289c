//! `t:cmdLine`: undoes what shells allow a command to be dressed in.
//!
//! Returns: without `\`, `"`, `'` and `^`; `,`, `;` and white space as one blank for each run; no blank before `/` or
//! `(`; all in small letters.
//! Example: `C^OMMAND  /C "DIR"` becomes `command/c dir`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let untouched = |byte: &u8| !byte.is_ascii_uppercase() && !is_dropped(*byte) && !is_blank(*byte);
    if input.iter().all(untouched) {
        return None;
    }
    let mut out = Vec::with_capacity(input.len());
    for &byte in input {
        match byte {
            byte if is_dropped(byte) => {}
            byte if is_blank(byte) => {
                if out.last() != Some(&b' ') {
                    out.push(b' ');
                }
            }
            b'/' | b'(' => {
                if out.last() == Some(&b' ') {
                    out.pop();
                }
                out.push(byte);
            }
            byte => out.push(byte.to_ascii_lowercase()),
        }
    }
    Some(out)
}

fn is_dropped(byte: u8) -> bool {
    matches!(byte, b'\\' | b'"' | b'\'' | b'^')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b';' | b'\t' | b'\r' | b'\n')
}
