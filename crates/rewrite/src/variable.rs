//! Variables: what a condition looks at and what a value may speak of.
//!
//! Source: rewrite-http-headers-url, "Server variables"; Azure, "Mutual authentication server variables"
//! (rewrite-http-headers-url#mutual-authentication-server-variables).

use std::fmt;

/// A variable as it was written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    spelling: Box<str>,
    pub(crate) source: Source,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A header of the request, by its lower-case name with hyphens.
    RequestHeader(Box<str>),
    /// A header of the response, by its lower-case name; an underscore stands for a hyphen too.
    ResponseHeader(Box<str>),
    /// A cookie of the request.
    Cookie(Box<str>),
    /// A server variable.
    Server(Server),
}

/// When a variable is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// When the request has arrived.
    Request,
    /// When the server has answered.
    Response,
}

/// A variable that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no variable {name:?}")]
pub struct UnknownVariable {
    /// The name as written, without braces.
    pub name: String,
}

macro_rules! server_variables {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A server variable, `var_<name>`. `var_cookie_<name>` is one more, see [`Variable::parse`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Server {
            $($(#[$doc])* $variant,)*
        }

        impl Server {
            /// Every server variable.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name without `var_`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

server_variables! {
    /// `X-Forwarded-For` of the client with the client's address behind it, without ports.
    AddXForwardedForProxy = "add_x_forwarded_for_proxy",
    /// Cipher suites the client offers.
    CiphersSupported = "ciphers_supported",
    /// The cipher suite in use.
    CiphersUsed = "ciphers_used",
    /// The address the request arrived from.
    ClientIp = "client_ip",
    /// The port the request arrived from.
    ClientPort = "client_port",
    /// Round trip of the client's connection, where the system knows it. Microseconds.
    ClientTcpRtt = "client_tcp_rtt",
    /// The user of HTTP authentication.
    ClientUser = "client_user",
    /// The host without its port.
    Host = "host",
    /// The method.
    HttpMethod = "http_method",
    /// The status of the response.
    HttpStatus = "http_status",
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    HttpVersion = "http_version",
    /// What stands behind the question mark.
    QueryString = "query_string",
    /// Length of the request.
    ReceivedBytes = "received_bytes",
    /// The same as `query_string`.
    RequestQuery = "request_query",
    /// `http` or `https`.
    RequestScheme = "request_scheme",
    /// The original path with its query.
    RequestUri = "request_uri",
    /// Bytes sent to the client.
    SentBytes = "sent_bytes",
    /// The listener's port.
    ServerPort = "server_port",
    /// The version of TLS, such as `TLSv1.2`.
    SslConnectionProtocol = "ssl_connection_protocol",
    /// `On` over TLS.
    SslEnabled = "ssl_enabled",
    /// The original path.
    UriPath = "uri_path",
    /// The client's certificate: PEM, percent-encoded.
    ClientCertificate = "client_certificate",
    /// When the client's certificate expires.
    ClientCertificateEndDate = "client_certificate_end_date",
    /// SHA-1 of the client's certificate.
    ClientCertificateFingerprint = "client_certificate_fingerprint",
    /// Who issued the client's certificate.
    ClientCertificateIssuer = "client_certificate_issuer",
    /// Its serial number.
    ClientCertificateSerial = "client_certificate_serial",
    /// From when on it is valid.
    ClientCertificateStartDate = "client_certificate_start_date",
    /// Whom it names.
    ClientCertificateSubject = "client_certificate_subject",
    /// `SUCCESS`, `FAILED:<reason>` or `NONE`.
    ClientCertificateVerification = "client_certificate_verification",
}

impl Server {
    /// When it is known.
    pub const fn phase(self) -> Phase {
        match self {
            Self::HttpStatus | Self::SentBytes => Phase::Response,
            _ => Phase::Request,
        }
    }
}

impl Variable {
    /// Parses `http_req_<header>`, `http_resp_<header>`, `var_<server variable>` or `var_cookie_<name>`.
    ///
    /// Underscores of a header's name stand for hyphens: no request arrives with an underscore in a name, and
    /// `http_resp_set_cookie` is `Set-Cookie`.
    pub fn parse(text: &str) -> Result<Self, UnknownVariable> {
        let source = Source::parse(text).ok_or_else(|| UnknownVariable { name: text.to_owned() })?;
        Ok(Self { spelling: text.into(), source })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.spelling
    }

    /// When it is known.
    pub fn phase(&self) -> Phase {
        match &self.source {
            Source::RequestHeader(_) | Source::Cookie(_) => Phase::Request,
            Source::ResponseHeader(_) => Phase::Response,
            Source::Server(variable) => variable.phase(),
        }
    }

    /// The request header it speaks of, in lower case.
    pub fn request_header(&self) -> Option<&str> {
        match &self.source {
            Source::RequestHeader(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.spelling)
    }
}

impl Source {
    fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("http_req_") {
            let name = is_header_name(name).then(|| name.to_ascii_lowercase().replace('_', "-"))?;
            return Some(Self::RequestHeader(name.into()));
        }
        if let Some(name) = text.strip_prefix("http_resp_") {
            return is_header_name(name).then(|| Self::ResponseHeader(name.to_ascii_lowercase().into()));
        }
        let name = text.strip_prefix("var_")?;
        if let Some(cookie) = name.strip_prefix("cookie_") {
            return (!cookie.is_empty()).then(|| Self::Cookie(cookie.into()));
        }
        Server::ALL.iter().find(|variable| variable.name() == name).map(|variable| Self::Server(*variable))
    }
}

/// Whether `name` can be the name of a header: an RFC 9110 token.
pub fn is_header_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// Whether a field of a response is meant by the lower-case name of a variable.
pub(crate) fn means(wanted: &[u8], field: &[u8]) -> bool {
    wanted.len() == field.len()
        && wanted.iter().zip(field).all(|(wanted, found)| {
            let found = found.to_ascii_lowercase();
            *wanted == found || (*wanted == b'_' && found == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_looks_at_a_header_a_cookie_or_a_known_server_variable() {
        use Phase::{Request, Response};
        let rows = [
            ("http_req_X-Forwarded-For", Some(Request)),
            ("http_req_x_forwarded_for", Some(Request)),
            ("http_resp_Location", Some(Response)),
            ("http_resp_set_cookie", Some(Response)),
            ("var_uri_path", Some(Request)),
            ("var_cookie_session_id", Some(Request)),
            ("var_cookie_a.b", Some(Request)),
            ("var_location", None),
            ("var_remote-addr", None),
            ("var_uri_path_1", None),
            ("var_cookie_", None),
            ("var_", None),
            ("http_req_", None),
            ("http_resp_", None),
            ("http_req_a b", None),
            ("HTTP_REQ_Host", None),
            ("uri_path", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Variable::parse(text).map(|variable| variable.phase()).ok(), expected, "{text}");
        }
        assert_eq!(Variable::parse("var_x").unwrap_err().name, "var_x");
    }

    #[test]
    fn every_documented_server_variable_is_known_and_two_wait_for_the_response() {
        let documented = "add_x_forwarded_for_proxy ciphers_supported ciphers_used client_ip client_port \
            client_tcp_rtt client_user host http_method http_status http_version query_string received_bytes \
            request_query request_scheme request_uri sent_bytes server_port ssl_connection_protocol ssl_enabled \
            uri_path client_certificate client_certificate_end_date client_certificate_fingerprint \
            client_certificate_issuer client_certificate_serial client_certificate_start_date \
            client_certificate_subject client_certificate_verification";
        let names: Vec<_> = documented.split_whitespace().collect();
        assert_eq!(Server::ALL.iter().map(|variable| variable.name()).collect::<Vec<_>>(), names);
        for name in names {
            let variable = Variable::parse(&format!("var_{name}")).unwrap();
            let late = matches!(name, "http_status" | "sent_bytes");
            assert_eq!(variable.phase() == Phase::Response, late, "{name}");
        }
    }

    #[test]
    fn an_underscore_of_a_variable_is_a_hyphen_of_a_field_too() {
        for (wanted, field, expected) in [
            ("set_cookie", "Set-Cookie", true),
            ("set_cookie", "set_cookie", true),
            ("set-cookie", "SET-COOKIE", true),
            ("set-cookie", "set_cookie", false),
            ("set_cookie", "setcookie", false),
        ] {
            assert_eq!(means(wanted.as_bytes(), field.as_bytes()), expected, "{wanted} {field}");
        }
    }
}
