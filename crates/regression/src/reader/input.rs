//! What a stage sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fields::Fields;
use crate::request::{Parts, Request};
use crate::template;
use crate::yaml::Yaml;

pub(super) struct Input {
    pub(super) requests: Vec<Request>,
    pub(super) follows_redirect: bool,
    pub(super) is_secure: bool,
}

pub(super) fn read(node: &Yaml) -> Result<Input, String> {
    let mut fields = Fields::of("input", node)?;
    // Where it goes is for the one who sends it. Cookies are not kept by the runner either, and its marker requests,
    // which `virtual_host_mode` is about, are not needed.
    fields.text("dest_addr")?;
    fields.number("port")?;
    fields.switch("save_cookie")?;
    fields.switch("virtual_host_mode")?;
    let is_secure = match fields.text("protocol")?.map(str::to_ascii_lowercase).as_deref() {
        None | Some("http" | "") => false,
        Some("https") => true,
        Some(other) => return Err(format!("input: protocol {other:?}")),
    };
    let follows_redirect = fields.switch("follow_redirect")?.unwrap_or(false);
    let raw = raw(&mut fields)?;
    let (parts, targets) = parts(&mut fields)?;
    fields.end()?;
    let requests = match raw {
        Some(_) if !parts.data.is_empty() => return Err("input: content beside a whole request".to_owned()),
        Some(_) if follows_redirect => return Err("input: a whole request cannot follow a redirect".to_owned()),
        Some(raw) => vec![Request::Raw(raw)],
        None => targets.into_iter().map(|uri| Request::Parts(Parts { uri, ..parts.clone() })).collect(),
    };
    Ok(Input { requests, follows_redirect, is_secure })
}

/// A whole request, where one is given.
fn raw(fields: &mut Fields<'_>) -> Result<Option<Vec<u8>>, String> {
    let encoded = fields.text("encoded_request")?.filter(|text| !text.is_empty());
    let raw = fields.text("raw_request")?.filter(|text| !text.is_empty());
    match (encoded, raw) {
        (Some(_), Some(_)) => Err("input: two whole requests".to_owned()),
        (Some(encoded), None) => decode("encoded_request", encoded).map(Some),
        (None, raw) => Ok(raw.map(|raw| raw.as_bytes().to_vec())),
    }
}

fn decode(key: &str, encoded: &str) -> Result<Vec<u8>, String> {
    let encoded: String = encoded.split(['\r', '\n']).collect();
    STANDARD.decode(encoded).map_err(|error| format!("input: {key} is no Base64: {error}"))
}

/// The parts of a request, and its targets.
fn parts(fields: &mut Fields<'_>) -> Result<(Parts, Vec<String>), String> {
    let uri = fields.text("uri")?.unwrap_or("/").to_owned();
    let targets = texts("uris", fields.list("uris")?.unwrap_or_default())?;
    let or = |text: Option<&str>, default: &str| text.unwrap_or(default).to_owned();
    let method = or(fields.text("method")?, "GET");
    let version = or(fields.text("version")?, "HTTP/1.1");
    let completes = fields.switch("autocomplete_headers")?;
    let stops = fields.switch("stop_magic")?;
    let parts = Parts {
        method,
        uri: uri.clone(),
        version,
        fields: headers(fields)?,
        data: data(fields)?,
        is_completed: completes.unwrap_or(!stops.unwrap_or(false)),
    };
    Ok((parts, if targets.is_empty() { vec![uri] } else { targets }))
}

/// `ordered_headers` as they stand; `headers` sorted by name, as the runner sorts them.
fn headers(fields: &mut Fields<'_>) -> Result<Vec<(String, String)>, String> {
    let map = fields.take("headers").filter(|node| **node != Yaml::Null);
    let ordered = fields.list("ordered_headers")?;
    match (map, ordered) {
        (None, None) => Ok(Vec::new()),
        (Some(_), Some(_)) => Err("input: both headers and ordered_headers".to_owned()),
        (None, Some(list)) => list.iter().map(header).collect(),
        (Some(Yaml::Map(entries)), None) => {
            let mut headers: Vec<_> = entries
                .iter()
                .map(|(name, value)| Ok((name.clone(), value_of(value)?)))
                .collect::<Result<Vec<_>, String>>()?;
            headers.sort();
            Ok(headers)
        }
        (Some(other), None) => Err(format!("input: headers is {}, not a map", other.kind())),
    }
}

fn header(node: &Yaml) -> Result<(String, String), String> {
    let mut fields = Fields::of("ordered_headers", node)?;
    let name = fields.text("name")?.ok_or("ordered_headers: an entry without a name")?.to_owned();
    let value = fields.text("value")?.unwrap_or_default().to_owned();
    fields.end()?;
    Ok((name, value))
}

fn value_of(node: &Yaml) -> Result<String, String> {
    match node {
        Yaml::Null => Ok(String::new()),
        Yaml::Text(text) => Ok(text.clone()),
        other => Err(format!("input: a header is {}, not a text", other.kind())),
    }
}

/// The content: `data` with its templates carried out, or `encoded_data` as it is.
fn data(fields: &mut Fields<'_>) -> Result<Vec<u8>, String> {
    let encoded = fields.text("encoded_data")?;
    let data = match fields.take("data") {
        None | Some(Yaml::Null) => None,
        Some(Yaml::Text(text)) => Some(text.clone()),
        // Lines of a list are lines of the content: so the format had it before there were texts of several lines.
        Some(Yaml::List(lines)) => Some(texts("data", lines)?.join("\r\n")),
        Some(other) => return Err(format!("input: data is {}, not a text", other.kind())),
    };
    match (data, encoded) {
        (Some(_), Some(_)) => Err("input: both data and encoded_data".to_owned()),
        (Some(data), None) => template::expand(&data).map(String::into_bytes),
        (None, Some(encoded)) => decode("encoded_data", encoded),
        (None, None) => Ok(Vec::new()),
    }
}

fn texts(key: &str, items: &[Yaml]) -> Result<Vec<String>, String> {
    let text = |item: &Yaml| match item {
        Yaml::Text(text) => Ok(text.clone()),
        other => Err(format!("input: {key} holds {}, not a text", other.kind())),
    };
    items.iter().map(text).collect()
}
