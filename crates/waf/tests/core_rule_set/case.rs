//! One stage of a regression test: what is sent and what is expected.

use base64::Engine;

use crate::yaml::Yaml;

/// A stage.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: Vec<u8>,
    pub(crate) expected: Expected,
}

/// What has to come of it.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) ids: Vec<u32>,
    pub(crate) not_ids: Vec<u32>,
    pub(crate) log: Option<String>,
    pub(crate) not_log: Option<String>,
    pub(crate) status: Vec<u16>,
    pub(crate) error: bool,
}

/// The stages of a test file.
pub(crate) fn cases(file: &str, text: &str) -> Vec<Case> {
    let document = Yaml::parse(text);
    let rule = document.get("rule_id").and_then(Yaml::text).unwrap_or_else(|| file.trim_end_matches(".yaml"));
    let mut cases = Vec::new();
    for test in document.get("tests").map(Yaml::items).unwrap_or_default() {
        let title = test.get("test_title").or_else(|| test.get("test_id")).and_then(Yaml::text);
        let Some(title) = title else { continue };
        let name = if title.contains('-') { title.to_owned() } else { format!("{rule}-{title}") };
        for stage in test.get("stages").map(Yaml::items).unwrap_or_default() {
            let stage = stage.get("stage").unwrap_or(stage);
            let input = stage.get("input").expect("a stage has an input");
            let expected = stage.get("output").map(expected).unwrap_or_default();
            cases.push(Case { name: name.clone(), request: request(input), expected });
        }
    }
    cases
}

fn expected(output: &Yaml) -> Expected {
    let mut expected = Expected::default();
    let log = output.get("log");
    let ids = |key: &str| -> Vec<u32> {
        let list = log.and_then(|log| log.get(key)).map(Yaml::items).unwrap_or_default();
        list.iter().filter_map(|id| id.text()?.parse().ok()).collect()
    };
    expected.ids = ids("expect_ids");
    expected.not_ids = ids("no_expect_ids");
    let text = |node: Option<&Yaml>| node.and_then(Yaml::text).map(str::to_owned);
    expected.log = text(log.and_then(|log| log.get("match_regex")).or(output.get("log_contains")));
    expected.not_log = text(log.and_then(|log| log.get("no_match_regex")).or(output.get("no_log_contains")));
    let status = output.get("status").map(Yaml::items).unwrap_or_default();
    expected.status = status.iter().filter_map(|status| status.text()?.parse().ok()).collect();
    expected.error = output.get("expect_error").and_then(Yaml::text) == Some("true");
    expected
}

/// The bytes of a request, completed as the test runner of the project does.
fn request(input: &Yaml) -> Vec<u8> {
    let text = |key: &str| input.get(key).and_then(Yaml::text);
    if let Some(encoded) = text("encoded_request") {
        let encoded: String = encoded.split_whitespace().collect();
        return base64::engine::general_purpose::STANDARD.decode(encoded).expect("base64");
    }
    if let Some(raw) = text("raw_request") {
        return raw.as_bytes().to_vec();
    }
    let complete = text("autocomplete_headers") != Some("false") && text("stop_magic") != Some("true");
    let mut headers: Vec<(String, String)> = match input.get("headers") {
        Some(Yaml::Map(entries)) => {
            entries.iter().map(|(name, value)| (name.clone(), value.text().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    };
    let mut data = input.get("data").map(data).unwrap_or_default().into_bytes();
    let (method, uri) = (text("method").unwrap_or("GET"), text("uri").unwrap_or("/"));
    if complete {
        complete_headers(method, &mut headers, &mut data);
    }
    let mut request = format!("{method} {uri} {}\r\n", text("version").unwrap_or("HTTP/1.1")).into_bytes();
    for (name, value) in headers {
        request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(&data);
    request
}

/// Lines of a list are lines of the body. The one function the templates of the project's tests use is `repeat`.
fn data(node: &Yaml) -> String {
    let lines: Vec<&str> = node.items().iter().filter_map(Yaml::text).collect();
    let mut text = lines.join("\r\n");
    while let Some(start) = text.find("{{ \"") {
        let Some(length) = text[start..].find("}}") else { break };
        let template = &text[start + 4..start + length];
        let Some((what, count)) = template.split_once("\" | repeat ") else { break };
        let repeated = what.repeat(count.trim().parse().expect("a number"));
        text.replace_range(start..start + length + 2, &repeated);
    }
    text
}

fn complete_headers(method: &str, headers: &mut Vec<(String, String)>, data: &mut Vec<u8>) {
    let has = |headers: &[(String, String)], wanted: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(wanted));
    if !data.is_empty() {
        if !has(headers, "content-type") {
            headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        }
        let form = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("content-type") && value == "application/x-www-form-urlencoded"
        };
        if headers.iter().any(form) {
            encode(data);
        }
    }
    let counts = !data.is_empty() || method == "POST";
    if counts && !has(headers, "content-length") && !has(headers, "transfer-encoding") {
        headers.push(("Content-Length".to_owned(), data.len().to_string()));
    }
    if !has(headers, "connection") {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
}

/// A form in which nothing is escaped is escaped, as the project's runner does.
fn encode(data: &mut Vec<u8>) {
    let is_plain = !data.iter().any(|byte| b"%+;".contains(byte));
    if !is_plain {
        return;
    }
    let escape = |text: &[u8]| -> Vec<u8> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let escaped = text.iter().flat_map(|byte| match *byte {
            b' ' => vec![b'+'],
            byte if plain(byte) => vec![byte],
            byte => format!("%{byte:02X}").into_bytes(),
        });
        escaped.collect()
    };
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for part in data.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        let equals = part.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((part, &b""[..]), |at| (&part[..at], &part[at + 1..]));
        pairs.push((escape(name), escape(value)));
    }
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    *data = pairs.into_iter().map(|(name, value)| [name, value].join(&b'=')).collect::<Vec<_>>().join(&b'&');
}
