//! PEM: what stands between `-----BEGIN X-----` and `-----END X-----`, wherever lines end and whatever stands around.

use base64::Engine as _;
use zeroize::Zeroizing;

use super::codes;
use super::error::CertificateError;
use super::form::BASE64;

/// One part of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// `CERTIFICATE`, `PRIVATE KEY` and so on.
    pub(super) label: String,
    /// What its base64 says.
    pub(super) der: Zeroizing<Vec<u8>>,
    /// Encrypted in the old way, by header lines.
    pub(super) is_encrypted: bool,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Most parts of one file; there is no use for more.
const MOST: usize = 256;

/// Every part, in the order of the file.
pub(super) fn sections(text: &[u8]) -> Result<Vec<Section>, CertificateError> {
    let text = String::from_utf8_lossy(text);
    let mut sections = Vec::new();
    let mut rest = &*text;
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let line = 1 + text
            .len()
            .checked_sub(begun.len())
            .and_then(|at| text.get(..at))
            .map_or(0, |t| t.matches('\n').count());
        let (section, after) = section(begun, line)?;
        sections.push(section);
        rest = after;
        if sections.len() > MOST {
            let message = format!("the file has more than {MOST} parts");
            return Err(CertificateError::new(codes::FILE_TOO_LARGE, message));
        }
    }
    Ok(sections)
}

/// The part that begins on `line`, and what follows it.
fn section(begun: &str, line: usize) -> Result<(Section, &str), CertificateError> {
    let damaged = |message: String| CertificateError::new(codes::PEM_DAMAGED, message).help(HELP);
    let (label, body) = begun
        .split_once(DASHES)
        .filter(|(label, _)| !label.contains(['\n', '\r']))
        .ok_or_else(|| damaged(format!("the line {line} begins a part and does not end in {DASHES}")))?;
    let (body, end) = body
        .split_once(END)
        .filter(|(body, _)| !body.contains(BEGIN))
        .ok_or_else(|| damaged(format!("the {label} that begins on line {line} has no line {END}{label}{DASHES}")))?;
    let (end_label, after) = end.split_once(DASHES).unwrap_or((end, ""));
    if end_label != label {
        let end_label = end_label.lines().next().unwrap_or_default();
        return Err(damaged(format!("the {label} that begins on line {line} ends as {end_label:?}")));
    }
    let (is_encrypted, digits) = without_headers(body);
    let digits: Zeroizing<String> = Zeroizing::new(digits.chars().filter(|c| !c.is_whitespace()).collect());
    let der = match BASE64.decode(digits.as_bytes()) {
        Ok(der) if !der.is_empty() => Zeroizing::new(der),
        Ok(_) => return Err(damaged(format!("the {label} that begins on line {line} is empty"))),
        Err(_) => return Err(not_base64(label, line, body)),
    };
    Ok((Section { label: label.to_owned(), der, is_encrypted }, after))
}

const HELP: &str = "copy the file again, whole and as text";

/// Header lines, as old keys have them, end with an empty line.
fn without_headers(body: &str) -> (bool, &str) {
    if !body.contains(':') {
        return (false, body);
    }
    let end = ["\r\n\r\n", "\n\n", "\r\r"].iter().filter_map(|blank| body.find(blank).map(|at| at + blank.len())).min();
    let (headers, digits) = body.split_at(end.unwrap_or(0));
    (headers.contains("ENCRYPTED"), digits)
}

fn not_base64(label: &str, line: usize, body: &str) -> CertificateError {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/= \t\r".contains(c);
    if body.contains("\\n") {
        let message = format!("the {label} that begins on line {line} has its line ends written as \\n");
        return CertificateError::new(codes::PEM_DAMAGED, message).help("write real line ends, or none");
    }
    let place = body.lines().enumerate().find_map(|(index, text)| {
        // A key's characters are not shown, not even one.
        text.chars().any(|c| !is_digit(c)).then(|| format!("line {} is not base64", line + index))
    });
    let place = place.unwrap_or_else(|| "its base64 is incomplete".into());
    CertificateError::new(codes::PEM_DAMAGED, format!("the {label} that begins on line {line} is damaged: {place}"))
        .help(HELP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whatever_stands_around_them() {
        let rows = [
            "-----BEGIN X-----\nAQID\n-----END X-----\n",
            "-----BEGIN X-----\r\nAQID\r\n-----END X-----\r\n",
            "-----BEGIN X-----\rAQID\r-----END X-----",
            "  -----BEGIN X-----\n  AQ\n  ID\n  -----END X-----",
            "-----BEGIN X-----AQID-----END X-----",
            "subject=/CN=a\nissuer: b\n-----BEGIN X-----\nAQID\n-----END X-----\ntext -----",
            "-----BEGIN X-----\nName: value\n\nAQID\n-----END X-----",
        ];
        for text in rows {
            let sections = sections(text.as_bytes()).unwrap();
            assert_eq!(sections.len(), 1, "{text:?}");
            assert_eq!((sections[0].label.as_str(), sections[0].der.as_slice()), ("X", &[1u8, 2, 3][..]), "{text:?}");
        }
    }

    #[test]
    fn old_encryption_is_told_by_its_headers() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,B\n\nAQID\n-----END RSA PRIVATE KEY-----";
        assert!(sections(text.as_bytes()).unwrap()[0].is_encrypted);
    }

    #[test]
    fn what_is_damaged_is_named_with_its_line() {
        let rows = [
            ("\n-----BEGIN X-----\nAQID\n", "the X that begins on line 2 has no line -----END X-----"),
            ("-----BEGIN X-----\nAQID\n-----BEGIN Y-----\nAQID\n-----END Y-----", "has no line -----END X-----"),
            ("-----BEGIN X-----\nAQID\n-----END Y-----", "ends as \"Y\""),
            ("-----BEGIN X\nAQID\n-----END X-----", "line 1 begins a part and does not end in -----"),
            ("-----BEGIN X-----\nAQID\nA*ID\n-----END X-----", "line 3 is not base64"),
            ("-----BEGIN X-----\nAQIDA\n-----END X-----", "its base64 is incomplete"),
            ("-----BEGIN X-----\n-----END X-----", "is empty"),
            ("-----BEGIN X-----\\nAQID\\n-----END X-----", "written as \\n"),
        ];
        for (text, expected) in rows {
            let error = sections(text.as_bytes()).unwrap_err();
            assert_eq!(error.code, codes::PEM_DAMAGED);
            assert!(error.message.contains(expected), "{text:?}: {error}");
        }
    }
}
