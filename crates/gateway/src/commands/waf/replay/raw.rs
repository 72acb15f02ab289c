//! A raw HTTP request out of a file, its lines ended by CRLF or LF.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use snapshot::Scheme;

use super::record::{Origin, Record, Source};

/// Reads one request.
///
/// # Errors
/// It is none; the text says what is missing.
pub(super) fn parse(bytes: &[u8], origin: &Origin) -> Result<Record, String> {
    let (head, body) = parts(bytes);
    let head = std::str::from_utf8(head).map_err(|_| "the head of the request is not UTF-8 text".to_owned())?;
    let mut lines = head.lines().map(|line| line.trim_end_matches('\r')).skip_while(|line| line.is_empty());
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ').filter(|word| !word.is_empty());
    let (Some(method), Some(target), version, None) =
        (words.next(), words.next(), words.next().unwrap_or("HTTP/1.1"), words.next())
    else {
        return Err(format!("{first:?} is no request line, such as `GET /cart?x=1 HTTP/1.1`"));
    };
    let mut headers = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("{line:?} is no header line"))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let (scheme, authority, target) = split(target)?;
    let host = authority.or_else(|| value(&headers, "host").map(str::to_owned));
    let host = host.ok_or("the request has no Host")?;
    let body = content(body, &mut headers)?;
    headers.retain(|(name, _)| is_kept(name));
    let mut record = Record {
        origin: origin.clone(),
        source: Source::Raw,
        id: String::new(),
        method: method.to_owned(),
        host,
        path: String::new(),
        query: None,
        version: version.to_owned(),
        headers,
        body,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        scheme,
        listener: None,
        place: None,
        then: None,
    };
    record.set_target(&target);
    Ok(record)
}

/// The gateway drops headers with other names; Host stands apart.
fn is_kept(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.eq_ignore_ascii_case("host")
}

/// Head and content, at the first empty line.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let mut at = start;
    while let Some(end) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        let next = at + end + 1;
        let rest = bytes.get(next..).unwrap_or_default();
        for empty in [&b"\n"[..], b"\r\n"] {
            if let Some(body) = rest.strip_prefix(empty) {
                return (bytes.get(start..next).unwrap_or_default(), body);
            }
        }
        at = next;
    }
    (bytes.get(start..).unwrap_or_default(), &[])
}

/// A target as it stands in the request line: with scheme and host, or without.
fn split(target: &str) -> Result<(Option<Scheme>, Option<String>, String), String> {
    let absolute = |prefix: &str, scheme| target.strip_prefix(prefix).map(|rest| (scheme, rest));
    let Some((scheme, rest)) = absolute("http://", Scheme::Http).or_else(|| absolute("https://", Scheme::Https)) else {
        return if target.starts_with('/') {
            Ok((None, None, target.to_owned()))
        } else {
            Err(format!("{target:?} is neither a path nor a URL"))
        };
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok((Some(scheme), Some(authority.to_owned()), format!("{slash}{path}")))
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The content: chunks put together, or as long as it says; without a length, all that is there.
fn content(bytes: &[u8], headers: &mut Vec<(String, String)>) -> Result<Vec<u8>, String> {
    if value(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return unchunked(bytes).ok_or_else(|| "its chunks are not as long as they say".to_owned());
    }
    if let Some(length) = value(headers, "content-length") {
        let length: usize = length.parse().map_err(|_| format!("Content-Length is {length:?}, no number"))?;
        return Ok(bytes.get(..length).unwrap_or(bytes).to_vec());
    }
    if !bytes.is_empty() {
        headers.push(("Content-Length".to_owned(), bytes.len().to_string()));
    }
    Ok(bytes.to_vec())
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = rest.get(end + 1..)?;
        if size == 0 {
            return Some(content);
        }
        content.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?;
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { file: "request.txt".into(), line: None }
    }

    fn parsed(text: &str) -> Record {
        parse(text.as_bytes(), &origin()).unwrap_or_else(|why| panic!("{why}: {text:?}"))
    }

    #[test]
    fn lines_end_in_either_way_and_content_is_as_long_as_it_says() {
        for (text, host, path, query, headers, body) in [
            ("GET /a?b=1 HTTP/1.1\r\nHost: x\r\nA: 1\r\n\r\n", "x", "/a", Some("b=1"), 1, ""),
            ("GET /a HTTP/1.1\nHost: x\n", "x", "/a", None, 0, ""),
            ("\n\nGET /a\nHost: x", "x", "/a", None, 0, ""),
            ("GET https://y?q HTTP/1.1\nHost: x\n\n", "y", "/", Some("q"), 0, ""),
            ("POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc\n", "x", "/", None, 1, "abc"),
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\na\n\nb", "x", "/", None, 1, "a\n\nb"),
            (
                "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n2;e=1\r\nab\r\n1\nc\n0\n\n",
                "x",
                "/",
                None,
                1,
                "abc",
            ),
            ("GET / HTTP/1.1\nHost: x\nX_Under: 1\n\n", "x", "/", None, 0, ""),
        ] {
            let record = parsed(text);
            let found = (record.host.as_str(), record.path.as_str(), record.query.as_deref(), record.headers.len());
            assert_eq!(found, (host, path, query, headers), "{text:?}");
            assert_eq!(record.body, body.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_request_is_told() {
        for (text, why) in [
            ("", "is no request line"),
            ("GET", "is no request line"),
            ("GET / HTTP/1.1 x\nHost: x", "is no request line"),
            ("GET / HTTP/1.1\n\n", "has no Host"),
            ("GET / HTTP/1.1\nHost\n\n", "is no header line"),
            ("GET a HTTP/1.1\nHost: x\n\n", "is neither a path nor a URL"),
            ("POST / HTTP/1.1\nHost: x\nContent-Length: x\n\n", "no number"),
            ("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n9\nab", "not as long as they say"),
        ] {
            let found = parse(text.as_bytes(), &origin());
            assert!(found.as_ref().is_err_and(|found| found.contains(why)), "{text:?}: {found:?}");
        }
        assert!(parse(b"GET /\xFF HTTP/1.1\n\n", &origin()).is_err());
    }
}
