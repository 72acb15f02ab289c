//! Requests as bytes, and what the baseline says of them.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use firewall::baseline;
use waf::program::{Library, Options, Program};
use waf::transaction::{Head, Transaction};
use waf::verdict::Verdict;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";
pub(crate) const XML: &str = "application/xml";

/// The baseline, compiled once; it refuses.
pub(crate) fn program() -> &'static Arc<Program> {
    static PROGRAM: OnceLock<Arc<Program>> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let document = baseline::document().unwrap_or_else(|faults| panic!("{faults:?}"));
        let options = Options { secrets: Vec::new(), ..Options::default() };
        let program = Program::compile(&document, &options, &baseline::NoFiles, &mut Library::new());
        Arc::new(program.unwrap_or_else(|faults| panic!("{faults:?}")))
    })
}

/// A browser asks for this.
pub(crate) fn get(target: &str) -> Vec<u8> {
    browser("GET", target, "", "", "")
}

/// A browser asks for a page with another field.
pub(crate) fn with(name: &str, value: &str) -> Vec<u8> {
    browser("GET", "/shop/shoes?page=2", &format!("{name}: {value}\r\n"), "", "")
}

/// A browser sends a body.
pub(crate) fn post(kind: &str, body: &str) -> Vec<u8> {
    browser("POST", "/api/items", "", kind, body)
}

/// A browser sends a form with one field; what has to be escaped is.
pub(crate) fn field(value: &str) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    post(FORM, &format!("title=Shoes&text={}", value.bytes().map(escape).collect::<String>()))
}

/// A browser sends a file.
pub(crate) fn upload(name: &str, content: &str) -> Vec<u8> {
    let body = format!(
        "------WebKitFormBoundaryA1b2\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nHolidays, and more\r\n\
         ------WebKitFormBoundaryA1b2\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{content}\r\n------WebKitFormBoundaryA1b2--\r\n"
    );
    post("multipart/form-data; boundary=----WebKitFormBoundaryA1b2", &body)
}

fn browser(method: &str, target: &str, fields: &str, kind: &str, body: &str) -> Vec<u8> {
    let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n";
    let agent = if fields.to_ascii_lowercase().starts_with("user-agent:") { "" } else { agent };
    let body_fields = match kind {
        "" => String::new(),
        kind => format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()),
    };
    let accepts = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: de,en-US;q=0.7,en;q=0.3\r\n";
    format!("{method} {target} HTTP/1.1\r\nHost: www.example.com\r\n{agent}{accepts}{fields}{body_fields}\r\n{body}")
        .into_bytes()
}

/// What rules say of a raw request; `None` where its first line is none.
pub(crate) fn send(program: &Arc<Program>, request: &[u8]) -> Option<Verdict> {
    let end = request.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(request.len());
    let (head, body) = (String::from_utf8_lossy(&request[..end]), request.get(end + 4..).unwrap_or_default());
    let mut lines = head.split("\r\n");
    let (method, rest) = lines.next()?.split_once(' ')?;
    let (target, protocol) = rest.rsplit_once(' ')?;
    if method.is_empty() || !protocol.starts_with("HTTP/") {
        return None;
    }
    let fields = lines.filter_map(|line| line.split_once(':'));
    let fields = fields.map(|(name, value)| (name.as_bytes(), value.trim().as_bytes()));
    let head = Head {
        method: method.as_bytes(),
        target: target.as_bytes(),
        protocol,
        remote: IpAddr::from([192, 0, 2, 7]),
        remote_port: 40_000,
        unique_id: "case",
    };
    let mut transaction = Transaction::new(program, &head, fields);
    transaction.request_head();
    transaction.feed_body(body);
    transaction.request_body();
    Some(transaction.finish(1))
}

/// The numbers of the rules that say something of a request, and a text for people.
pub(crate) fn found(request: &[u8]) -> (bool, Vec<u32>, String) {
    let verdict = send(program(), request).expect("a request line");
    let told = verdict.matches.iter().map(|found| format!("  {} {}\n", found.rule.id, found.data)).collect();
    (verdict.is_stopped(), verdict.matches.iter().map(|found| found.rule.id).collect(), told)
}
