//! What rewrites cost: ten rules with conditions on the request of a browser, and its response.
//!
//! `cargo run --release -p rewrite --example speed`

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use rewrite::{
    Condition, Edits, HeaderAction, Pattern, RequestView, ResponseEdits, ResponseView, RewriteSet, RuleSpec, Server,
    Template, UnknownVariable, UrlAction, Variable,
};

/// What a browser sends for a page.
const HEADERS: [(&str, &str); 14] = [
    ("host", "shop.example.com"),
    ("connection", "keep-alive"),
    ("sec-ch-ua", "\"Chromium\";v=\"126\", \"Not.A/Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("upgrade-insecure-requests", "1"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en;q=0.9"),
    ("cookie", "session=1234567890abcdef; theme=dark"),
];

struct Browser;

impl RequestView for Browser {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let found = HEADERS.iter().find(|(other, _)| other.len() == name.len() && other.eq_ignore_ascii_case(name))?;
        Some(Cow::Borrowed(found.1.as_bytes()))
    }

    fn cookie(&self, name: &str) -> Option<&[u8]> {
        let pairs = HEADERS[13].1.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.filter(|(other, _)| *other == name).map(|(_, value)| value.as_bytes()).next()
    }

    fn server(&self, variable: Server, out: &mut Vec<u8>) {
        out.extend_from_slice(match variable {
            Server::UriPath => b"/fashion/articles/4711/blue-shoes",
            Server::QueryString => b"category=shoes&size=42",
            Server::ClientIp => b"192.0.2.17",
            Server::AddXForwardedForProxy => b"198.51.100.7, 192.0.2.17",
            _ => b"",
        });
    }
}

struct Page;

impl ResponseView for Page {
    fn status(&self) -> u16 {
        200
    }

    fn sent_bytes(&self) -> u64 {
        0
    }

    fn fields(&self) -> usize {
        FIELDS.len()
    }

    fn field(&self, index: usize) -> (&[u8], &[u8]) {
        let (name, value) = FIELDS[index];
        (name.as_bytes(), value.as_bytes())
    }
}

const FIELDS: [(&str, &str); 6] = [
    ("Date", "Mon, 06 Jul 2026 10:00:00 GMT"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "20480"),
    ("Server", "Kestrel"),
    ("Set-Cookie", "session=1234567890abcdef"),
    ("Cache-Control", "no-store"),
];

fn header(name: &str, value: &str, conditions: &[Condition]) -> Result<HeaderAction, UnknownVariable> {
    let value = if value.is_empty() { None } else { Some(Template::parse(value, conditions)?) };
    Ok(HeaderAction { name: name.to_owned(), value, matcher: None })
}

/// Variables with patterns, a header, its value.
type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str);

/// Ten rules as people write them: a third of them fires.
fn rules() -> Result<Vec<RuleSpec>, Box<dyn std::error::Error>> {
    let rows: [Row; 10] = [
        (&[], "X-Forwarded-For", "{var_add_x_forwarded_for_proxy}"),
        (&[("http_req_X-Debug", ".+")], "X-Debug", ""),
        (&[("http_req_User-Agent", "(bot|crawler|spider)")], "X-Bot", "1"),
        (&[("var_uri_path", "^/api/v1/(.*)$")], "X-Api", "{var_uri_path_1}"),
        (&[("var_uri_path", "^/fashion/"), ("var_query_string", "category=shoes")], "X-Shoes", "yes"),
        (&[("http_req_Host", "^shop\\.example\\.com$")], "Host", "internal.example"),
        (&[("var_cookie_beta", "^1$")], "X-Beta", "1"),
        (&[("http_req_Accept-Language", "^de")], "X-Language", "de"),
        (&[("var_query_string", "utm_[a-z]+=")], "X-Campaign", "1"),
        (&[("http_req_Authorization", "^Basic (.*)$")], "X-Basic", "{http_req_Authorization_1}"),
    ];
    let mut rules = Vec::new();
    for (sequence, (conditions, name, value)) in rows.into_iter().enumerate() {
        let mut rule = RuleSpec { name: name.to_owned(), sequence: sequence as i64, ..RuleSpec::default() };
        for (variable, pattern) in conditions {
            let (variable, pattern) = (Variable::parse(variable)?, Pattern::new(pattern, false)?);
            rule.conditions.push(Condition { variable, pattern, negate: false });
        }
        rule.request_headers.push(header(name, value, &rule.conditions)?);
        rules.push(rule);
    }
    Ok(rules)
}

/// Those, with headers of the response and a path that is taken apart.
fn more() -> Result<Vec<RuleSpec>, Box<dyn std::error::Error>> {
    let mut rules = rules()?;
    for (name, value) in [("Strict-Transport-Security", "max-age=31536000"), ("Server", "")] {
        let response_headers = vec![header(name, value, &[])?];
        rules.push(RuleSpec { name: name.to_owned(), sequence: 20, response_headers, ..RuleSpec::default() });
    }
    let path = Condition {
        variable: Variable::parse("var_uri_path")?,
        pattern: Pattern::new(".*articles/(.*)/(.*)", false)?,
        negate: false,
    };
    let conditions = vec![path];
    let query = Some(Template::parse("id={var_uri_path_1}&title={var_uri_path_2}", &conditions)?);
    let url = Some(UrlAction { path: Some(Template::parse("/article.aspx", &[])?), query, reroute: false });
    rules.push(RuleSpec { name: "url".to_owned(), sequence: 30, conditions, url, ..RuleSpec::default() });
    Ok(rules)
}

fn measure(name: &str, set: &RewriteSet) {
    const ROUNDS: u32 = 200_000;
    let (mut edits, mut answer) = (Edits::default(), ResponseEdits::default());
    let mut best = f64::MAX;
    for _ in 0..10 {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            edits.clear();
            set.request(black_box(&Browser), &mut edits);
            answer.clear();
            edits.respond(black_box(&Page), &mut answer);
            black_box((&edits, &answer));
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    eprintln!("{name}: {best:.0} ns a request");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure("no rules", &RewriteSet::new("none", Vec::new()));
    measure("ten rules with conditions", &RewriteSet::new("ten", rules()?));
    measure("with captures, a new URL and response headers", &RewriteSet::new("more", more()?));
    Ok(())
}
