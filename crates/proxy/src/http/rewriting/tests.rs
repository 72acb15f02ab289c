//! What a server gets after rewrites, row by row. The engine has its own tests; here is what the proxy makes of it.

use observe::TransactionId;
use rewrite::{Condition, HeaderAction, Pattern, RewriteSet, RuleSpec, Template, UrlAction, Variable};
use routing::BackendPath;
use snapshot::{HostHeader, Limits, Options};

use super::*;
use crate::http::compose::{Onward, Peer, forwarded_fields, write};
use crate::http::head::{Parsed, parse};
use crate::http::record::Record;
use crate::http::scan::Fields;

fn rule(
    condition: Option<(&str, &str)>,
    headers: &[(&str, &str)],
    url: Option<(Option<&str>, Option<&str>)>,
) -> RuleSpec {
    let condition = condition.map(|(variable, pattern)| Condition {
        variable: Variable::parse(variable).unwrap(),
        pattern: Pattern::new(pattern, false).unwrap(),
        negate: false,
    });
    let conditions = Vec::from_iter(condition);
    let template = |text: &str| Template::parse(text, &conditions).unwrap();
    let header = |(name, value): &(&str, &str)| HeaderAction {
        name: (*name).to_owned(),
        value: (!value.is_empty()).then(|| template(value)),
        matcher: None,
    };
    let request_headers = headers.iter().map(header).collect();
    let url =
        url.map(|(path, query)| UrlAction { path: path.map(template), query: query.map(template), reroute: false });
    RuleSpec { request_headers, url, conditions, ..RuleSpec::default() }
}

const HOST: &[u8] = b"shop.example:8080";

/// The head a server gets.
fn sent(head: &str, rules: Vec<RuleSpec>, path: Option<&BackendPath>, host: &HostHeader) -> String {
    let input = format!("{head}\r\nHost: shop.example:8080\r\n\r\n");
    let mut room = Fields::new();
    let Parsed::Complete(request, length) = parse(input.as_bytes(), &mut room, &Limits::default()) else {
        panic!("not a head: {input}")
    };
    let peer = Peer { address: "203.0.113.5:59633".parse().unwrap(), round_trip: None };
    let client = ClientSide::new(peer, forwarded_fields("http", 80), &Options::default(), None);
    let mut edits = Edits::default();
    let seen =
        Seen { request: &request, client: &client, host: HOST, head_bytes: length as u64, identity: Some("tenant:me") };
    RewriteSet::new("set", rules).request(&seen, &mut edits);
    let onward = Onward {
        client_host: HOST,
        edits: Some(&edits),
        identity: Some("tenant:me"),
        upgrade: false,
        pattern: None,
        path,
        host,
        server_host: "10.0.0.4",
    };
    let mut record = Record::new(Vec::new());
    write(&request, &client, &onward, &TransactionId::from_bits(0xabc), &mut record);
    String::from_utf8(record.text).unwrap()
}

fn values<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let of =
        |line: &'t str| line.split_once(": ").filter(|(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    text.split("\r\n").filter_map(of).collect()
}

#[test]
fn headers_are_set_replaced_and_deleted() {
    let head = "GET /a?b=c HTTP/1.1\r\nX-Old: 1\r\nX-Old: 2\r\nX-Gone: 3\r\nX-Forwarded-For: 10.9.9.9\r\nCookie: a=1; b=2\r\nAuthorization: Basic YWxpY2U6c2VjcmV0";
    let rows: &[(&str, &str, &[&str])] = &[
        ("X-New", "v", &["v"]),
        ("X-Old", "{http_req_X-Old}, 9", &["1, 2, 9"]),
        ("x-gone", "", &[]),
        ("X-Forwarded-For", "{var_add_x_forwarded_for_proxy}", &["10.9.9.9, 203.0.113.5"]),
        ("X-Forwarded-For", "{var_client_ip}", &["203.0.113.5"]),
        ("X-Forwarded-For", "", &[]),
        ("X-Forwarded-For", "{http_req_X-Forwarded-For}", &["10.9.9.9"]),
        ("X-Forwarded-Proto", "https", &["https"]),
        ("X-Forwarded-Port", "", &[]),
        ("Cookie", "{var_cookie_b}", &["2"]),
        ("X-User", "{var_client_user}", &["alice"]),
        ("X-V", "{var_host}|{http_req_host}", &["shop.example|shop.example:8080"]),
        ("X-V", "{var_http_method} {var_http_version} {var_request_scheme}", &["GET HTTP/1.1 http"]),
        ("X-V", "{var_uri_path}|{var_query_string}|{var_request_query}|{var_request_uri}", &["/a|b=c|b=c|/a?b=c"]),
        ("X-V", "{var_client_port}|{var_server_port}|{var_ssl_enabled}|{var_ciphers_used}", &["59633|80||"]),
        ("X-V", "{var_client_certificate_verification}", &["NONE"]),
        ("X-V", "{http_req_x-msft-entra-identity}", &["tenant:me"]),
        // What the gateway alone may say.
        ("X-Original-Host", "evil", &["shop.example:8080"]),
        ("X-AppGW-Trace-Id", "evil", &["00000000000000000000000000000abc"]),
        ("X-MSFT-Entra-Identity", "evil", &["tenant:me"]),
        // Names that reach no server.
        ("X_Under", "v", &[]),
        ("Transfer-Encoding", "chunked", &[]),
        ("Content-Length", "7", &[]),
    ];
    for (name, value, expected) in rows {
        let text = sent(head, vec![rule(None, &[(name, value)], None)], None, &HostHeader::Client);
        assert_eq!(values(&text, name), *expected, "{name}: {value}\n{text}");
    }
}

#[test]
fn path_query_and_host_are_rewritten_before_the_settings_override_them() {
    let plain = HostHeader::Client;
    let fixed = HostHeader::Fixed("app.internal".into());
    let over = BackendPath::new("/v2/");
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a BackendPath>, &'a HostHeader, &'a str);
    let rows: &[Row<'_>] = &[
        ("/a?b=c", Some("/x"), None, None, &plain, "GET /x?b=c HTTP/1.1|new.example"),
        ("/a?b=c", None, Some("d=e"), None, &plain, "GET /a?d=e HTTP/1.1|new.example"),
        ("/a?b=c", Some("/x"), Some(""), None, &plain, "GET /x HTTP/1.1|new.example"),
        ("/a?b=c", Some("buy.aspx"), Some("?d=e"), None, &plain, "GET /buy.aspx?d=e HTTP/1.1|new.example"),
        ("/a", Some("/apim{var_uri_path}"), None, None, &plain, "GET /apim/a HTTP/1.1|new.example"),
        ("/a", Some("/x y"), None, None, &plain, "GET /x%20y HTTP/1.1|new.example"),
        ("/a?b=c", Some("/x"), None, over.as_ref(), &plain, "GET /v2/x?b=c HTTP/1.1|new.example"),
        ("/a", Some("/x"), None, None, &fixed, "GET /x HTTP/1.1|app.internal"),
    ];
    for (target, path, query, over, host, expected) in rows {
        let rules = vec![rule(None, &[("Host", "new.example")], Some((*path, *query)))];
        let text = sent(&format!("GET {target} HTTP/1.1"), rules, *over, host);
        let line = text.split("\r\n").next().unwrap();
        assert_eq!(format!("{line}|{}", values(&text, "host").join(",")), *expected, "{target}");
        assert_eq!(values(&text, "x-original-host"), ["shop.example:8080"], "{target}");
        assert_eq!(values(&text, "x-original-url"), [*target], "{target}");
    }
}

#[test]
fn the_query_and_the_path_trade_places_as_documented() {
    let articles = rule(
        Some(("var_uri_path", ".*article/(.*)/(.*)")),
        &[],
        Some((Some("/article.aspx"), Some("id={var_uri_path_1}&title={var_uri_path_2}"))),
    );
    let text = sent("GET /article/123/fabrikam HTTP/1.1", vec![articles], None, &HostHeader::Client);
    assert!(text.starts_with("GET /article.aspx?id=123&title=fabrikam HTTP/1.1\r\n"), "{text}");
    let shoes = rule(
        Some(("var_query_string", "category=(.*)")),
        &[],
        Some((Some("/category/{var_query_string_1}"), Some(""))),
    );
    let text = sent("GET /p?category=shoes HTTP/1.1", vec![shoes], None, &HostHeader::Client);
    assert!(text.starts_with("GET /category/shoes HTTP/1.1\r\n"), "{text}");
}

#[test]
fn an_asterisk_stays_one() {
    let text = sent("OPTIONS * HTTP/1.1", vec![rule(None, &[], Some((Some("/x"), None)))], None, &HostHeader::Client);
    assert!(text.starts_with("OPTIONS * HTTP/1.1\r\n"), "{text}");
}
