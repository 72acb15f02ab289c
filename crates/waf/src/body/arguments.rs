//! A body's arguments on their own, for who asks for fields of a body outside of any rule set.

use super::{Bounds, Pair, Processor, read};

/// Arguments of one body. Beyond it the rest is left alone; rule sets call a body with more than 1,000 broken.
const MOST: usize = 16 << 10;
/// Levels of JSON.
const DEPTH: usize = 64;

/// Names and values of the fields in a body: of forms, of multipart (files are none), and of JSON, where the name is
/// the path to a leaf, such as `user.names.0`, and a document that is one value has the empty name.
///
/// The content type says which; a body of another type has none. The body may be cut anywhere: what stands before the
/// end, or before an error, is there. At most 16,384 arguments, 200 parts and 64 levels are read, and names of JSON
/// come to at most 16 times the body's length.
#[must_use]
pub fn arguments(content_type: &[u8], bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Some(processor) = processor(content_type) else { return Vec::new() };
    let bounds = Bounds { arguments: MOST, depth: DEPTH, separator: b'&', cut: true };
    let mut arguments = read(processor, bytes, content_type, bounds).arguments;
    if processor == Processor::Json {
        arguments.iter_mut().for_each(bare);
    }
    arguments
}

fn processor(content_type: &[u8]) -> Option<Processor> {
    let end = content_type.iter().position(|byte| b";, \t".contains(byte)).unwrap_or(content_type.len());
    let name = content_type.get(..end).unwrap_or_default().to_ascii_lowercase();
    let suffixed = || name.starts_with(b"application/") && name.ends_with(b"+json");
    if name == b"application/json" || suffixed() {
        return Some(Processor::Json);
    }
    Processor::for_content_type(&name)
}

/// Takes off what the engine puts before each path.
fn bare(pair: &mut Pair) {
    let name = &mut pair.0;
    let length = name.len().min(b"json.".len());
    name.drain(..length);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content_type: &str, body: &str) -> Vec<String> {
        let pair = |(name, value): &(Vec<u8>, Vec<u8>)| {
            format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
        };
        arguments(content_type.as_bytes(), body.as_bytes()).iter().map(pair).collect()
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const MULTIPART: &str = "multipart/form-data; boundary=B";

    #[test]
    fn fields_have_their_bare_names() {
        let parts = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx y\r\n--B\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\nfile\r\n--B--\r\n";
        let of_json: &[&str] = &["user.name=J", "user.tags.0=1", "user.tags.1=", "=x"];
        let json = r#"{"user":{"name":"J","tags":[1,null]},"":"x"}"#;
        for (content_type, body, expected) in [
            (FORM, "a=1&b=%20+&c", &["a=1", "b=  ", "c="][..]),
            (MULTIPART, parts, &["a=x y"]),
            ("application/json", json, of_json),
            ("Application/JSON; charset=utf-8", json, of_json),
            ("application/problem+json", json, of_json),
            ("application/json", "[true]", &["0=true"]),
            ("application/json", "\"alone\"", &["=alone"]),
            ("application/xml", "<a>1</a>", &[]),
            ("text/plain", "a=1", &[]),
            ("application/jsonp", "{\"a\":1}", &[]),
            ("", "a=1", &[]),
        ] {
            assert_eq!(shown(content_type, body), expected, "{content_type}");
        }
    }

    #[test]
    fn what_stands_before_the_end_of_a_cut_body_is_there() {
        for (content_type, body, expected) in [
            (FORM, "a=1&b=atta", &["a=1", "b=atta"][..]),
            (MULTIPART, "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\ny", &["a=x\r\ny"]),
            ("application/json", "{\"a\":1,\"b\":\"atta", &["a=1", "b=atta"]),
            ("application/json", "{\"a\":1,]", &["a=1"]),
        ] {
            assert_eq!(shown(content_type, body), expected, "{content_type}");
        }
    }

    #[test]
    fn arguments_and_levels_are_bounded() {
        let many = "a=1&".repeat(MOST + 1);
        assert_eq!(shown(FORM, &many).len(), MOST);
        let deep = format!("[1,{}2", "[".repeat(DEPTH));
        assert_eq!(shown("application/json", &deep), ["0=1"]);
    }
}
