//! The small language of rewrite sets: variables, patterns and values with `{...}` tokens.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway" (rewrite-http-headers-url):
//! the list of server variables, capture tokens, headers that cannot be rewritten. Patterns are of
//! the RE2 kind: no look-around, no back-references.

/// Every server variable, without `var_`; `cookie_<name>` is one more.
const SERVER_VARIABLES: &[&str] = &[
    "add_x_forwarded_for_proxy",
    "ciphers_supported",
    "ciphers_used",
    "client_ip",
    "client_port",
    "client_tcp_rtt",
    "client_user",
    "host",
    "http_method",
    "http_status",
    "http_version",
    "query_string",
    "received_bytes",
    "request_query",
    "request_scheme",
    "request_uri",
    "sent_bytes",
    "server_port",
    "ssl_connection_protocol",
    "ssl_enabled",
    "uri_path",
    "client_certificate",
    "client_certificate_end_date",
    "client_certificate_fingerprint",
    "client_certificate_issuer",
    "client_certificate_serial",
    "client_certificate_start_date",
    "client_certificate_subject",
    "client_certificate_verification",
];

/// Why a variable or a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownVariable {
    /// The name as written.
    pub(super) name: String,
    /// The known name nearest to it, in the spelling of the place it stands in.
    pub(super) suggestion: Option<String>,
}

/// What a variable speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Known when the request arrives.
    Request,
    /// Known when the server has answered.
    Response,
}

/// Checks the `variable` of a condition: `http_req_<name>`, `http_resp_<name>` or `var_<server variable>`.
pub(super) fn variable(text: &str) -> Result<Phase, UnknownVariable> {
    if let Some(header) = text.strip_prefix("http_req_").filter(|header| !header.is_empty()) {
        return header_name(header).then_some(Phase::Request).ok_or_else(|| unknown(text));
    }
    if let Some(header) = text.strip_prefix("http_resp_").filter(|header| !header.is_empty()) {
        return header_name(header).then_some(Phase::Response).ok_or_else(|| unknown(text));
    }
    match text.strip_prefix("var_") {
        Some("http_status") => Ok(Phase::Response),
        Some(name) if is_server_variable(name) => Ok(Phase::Request),
        _ => Err(unknown(text)),
    }
}

/// Checks every `{...}` token of a value; text that is no token is itself. Returns the latest phase
/// any of them needs.
pub(super) fn value(text: &str) -> Result<Phase, UnknownVariable> {
    let mut phase = Phase::Request;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((token, tail)) = after.split_once('}') else { break };
        if token.contains('{') {
            // `{` without its `}`: literal; the token begins later.
            rest = after;
            continue;
        }
        rest = tail;
        let is_token = ["http_req_", "http_resp_", "var_"].iter().any(|kind| token.starts_with(kind));
        if is_token && token_phase(token)? == Phase::Response {
            phase = Phase::Response;
        }
    }
    Ok(phase)
}

/// A token is a variable, or a variable with the number of a capture group behind it.
fn token_phase(token: &str) -> Result<Phase, UnknownVariable> {
    variable(token).or_else(|error| {
        let (name, group) = token.rsplit_once('_').ok_or_else(|| error.clone())?;
        let is_group = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
        if is_group { variable(name).map_err(|_| error) } else { Err(error) }
    })
}

fn is_server_variable(name: &str) -> bool {
    SERVER_VARIABLES.contains(&name) || name.strip_prefix("cookie_").is_some_and(|cookie| !cookie.is_empty())
}

/// Whether `name` is an RFC 9110 token.
pub(super) fn header_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

fn unknown(text: &str) -> UnknownVariable {
    let bare = text.strip_prefix("var_").unwrap_or(text).replace('-', "_");
    let suggestion = model::problem::nearest(&bare, SERVER_VARIABLES.iter().copied());
    UnknownVariable { name: text.to_owned(), suggestion: suggestion.map(|name| format!("var_{name}")) }
}

/// Checks a pattern; says in a line what is wrong with it.
pub(super) fn pattern(text: &str) -> Result<(), String> {
    const NEST_LIMIT: u32 = 100;
    let parser = regex_syntax::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(text);
    parser.map(|_| ()).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "not a regular expression".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_looks_at_a_header_or_a_known_server_variable() {
        let rows = [
            ("http_req_X-Forwarded-For", Some(Phase::Request)),
            ("http_resp_Location", Some(Phase::Response)),
            ("var_uri_path", Some(Phase::Request)),
            ("var_cookie_session_id", Some(Phase::Request)),
            ("var_http_status", Some(Phase::Response)),
            ("var_client_certificate_subject", Some(Phase::Request)),
            ("var_location", None),
            ("var_remote-addr", None),
            ("var_cookie_", None),
            ("http_req_", None),
            ("http_req_a b", None),
            ("uri_path", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(variable(text).ok(), expected, "{text}");
        }
        assert_eq!(variable("uri_path").unwrap_err().suggestion.as_deref(), Some("var_uri_path"));
        assert_eq!(variable("var_client-ip").unwrap_err().suggestion.as_deref(), Some("var_client_ip"));
    }

    #[test]
    fn tokens_of_a_value_are_variables_or_their_groups_and_the_rest_is_text() {
        let rows = [
            ("plain", Some(Phase::Request)),
            ("{var_client_ip}", Some(Phase::Request)),
            ("a{http_resp_Location_1}b{http_resp_Location_2}", Some(Phase::Response)),
            ("{var_uri_path_1}", Some(Phase::Request)),
            ("{http_req_host}", Some(Phase::Request)),
            ("cookie2={capt_header_value_matcher_1};Max-Age=3600", Some(Phase::Request)),
            ("{\"json\": {\"a\": 1}}", Some(Phase::Request)),
            ("{{var_host}", Some(Phase::Request)),
            ("{not_a_token", Some(Phase::Request)),
            ("{var_nothing}", None),
            ("{var_nothing_1}", None),
            ("{{var_nothing}", None),
        ];
        for (text, expected) in rows {
            assert_eq!(value(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_pattern_is_of_the_re2_kind() {
        for text in ["", ".+", r"(https?):\/\/.*azurewebsites\.net(.*)$", r"^/a(\d)+$", "category=shoes"] {
            assert_eq!(pattern(text), Ok(()), "{text}");
        }
        for text in ["(", "[a", "(?=x)", "(?<!x)y", r"(a)\1", "*a"] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }
}
