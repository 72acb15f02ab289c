//! What can go wrong on the road, and what follows from it: one table from kind to status, log tokens and retry.
//!
//! Azure's `error_info` tokens are a closed set; where none fits, the closest is used and our own `reason` says more.
//! Source: Azure, "Application Gateway monitoring data reference" and "HTTP response codes" (read 2026-11-22).

/// Which end a failure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client sent something wrong, or left.
    Client,
    /// A server did.
    Server,
    /// The gateway itself, or what its operator asked for.
    Ours,
}

/// Whether another attempt may be made for the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Never.
    No,
    /// Always: no byte of the request has reached a server.
    Yes,
    /// Only for idempotent methods whose content can be sent again.
    IfSafe,
}

macro_rules! failures {
    ($(
        $(#[$doc:meta])*
        $kind:ident => $side:ident, $status:literal, $info:literal, $reason:literal, $retry:ident, $close:literal;
    )*) => {
        /// Every kind of failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Failure {
            $($(#[$doc])* $kind,)*
        }

        impl Failure {
            /// All of them, for tests and documentation.
            pub const ALL: &'static [Failure] = &[$(Failure::$kind),*];

            const fn row(self) -> Row {
                match self {
                    $(Failure::$kind => Row {
                        side: Side::$side,
                        status: $status,
                        error_info: $info,
                        reason: $reason,
                        retry: Retry::$retry,
                        close: $close,
                    },)*
                }
            }
        }
    };
}

struct Row {
    side: Side,
    status: u16,
    error_info: &'static str,
    reason: &'static str,
    retry: Retry,
    close: bool,
}

failures! {
    // kind => side, status, Azure's token, our token, retry, close the client connection
    /// The head is not HTTP.
    MalformedRequest => Client, 400, "ERRORINFO_INVALID_REQUEST", "malformed_request", No, true;
    /// A method that is not upper-case letters, `-` and `_`.
    InvalidMethod => Client, 400, "ERRORINFO_INVALID_METHOD", "invalid_method", No, true;
    /// Not `HTTP/1.0` or `HTTP/1.1`.
    InvalidVersion => Client, 400, "ERRORINFO_INVALID_VERSION", "invalid_version", No, true;
    /// Another major version.
    UnsupportedVersion => Client, 505, "ERRORINFO_INVALID_VERSION", "unsupported_version", No, true;
    /// A request line without a version.
    Http09 => Client, 400, "ERRORINFO_INVALID_09_METHOD", "http09", No, true;
    /// A request target with bytes or a form that is not allowed.
    InvalidTarget => Client, 400, "ERRORINFO_REQUEST_URI_INVALID", "invalid_target", No, true;
    /// A field line that is not one, or a value with control bytes.
    InvalidHeader => Client, 400, "ERRORINFO_INVALID_HEADER", "invalid_header", No, true;
    /// A field that may stand only once stands twice.
    DuplicateHeader => Client, 400, "ERRORINFO_INVALID_HEADER", "duplicate_header", No, true;
    /// HTTP/1.1 without Host.
    MissingHost => Client, 400, "ERRORINFO_HTTP_NO_HOST_HEADER", "missing_host", No, true;
    /// A Host that is not `name[:port]`.
    InvalidHost => Client, 400, "ERRORINFO_INVALID_HOST", "invalid_host", No, true;
    /// Content-Length that is no number, or two that differ.
    InvalidContentLength => Client, 400, "ERRORINFO_INVALID_CONTENT_LENGTH", "invalid_content_length", No, true;
    /// POST without Content-Length or chunked coding (Azure documents 400, not 411).
    MissingContentLength => Client, 400, "ERRORINFO_INVALID_CONTENT_LENGTH", "missing_content_length", No, true;
    /// Content-Length and Transfer-Encoding in one message.
    ConflictingFraming => Client, 400, "ERRORINFO_INVALID_REQUEST", "conflicting_framing", No, true;
    /// Transfer-Encoding with empty members, twice chunked, or in HTTP/1.0.
    InvalidTransferEncoding => Client, 400, "ERRORINFO_INVALID_REQUEST", "invalid_transfer_encoding", No, true;
    /// A transfer coding other than chunked.
    UnsupportedTransferEncoding => Client, 501, "ERRORINFO_INVALID_REQUEST", "unsupported_transfer_encoding", No, true;
    /// A chunk line, chunk end or trailer that is not one.
    InvalidChunk => Client, 400, "ERRORINFO_INVALID_REQUEST", "invalid_chunk", No, true;
    /// TRACE.
    MethodTrace => Client, 405, "ERRORINFO_INVALID_METHOD_TRACE", "method_trace", No, true;
    /// CONNECT.
    MethodConnect => Client, 405, "ERRORINFO_INVALID_METHOD", "method_connect", No, true;
    /// `Upgrade: h2c`, which would smuggle requests past the gateway.
    UpgradeH2c => Client, 403, "ERRORINFO_INVALID_REQUEST", "upgrade_h2c", No, true;
    /// An expectation other than 100-continue.
    ExpectationFailed => Client, 417, "ERRORINFO_INVALID_HEADER", "expectation_failed", No, true;
    /// The request target is longer than the limit.
    TargetTooLong => Client, 414, "ERRORINFO_INVALID_REQUEST", "target_too_long", No, true;
    /// The head is larger than the limit.
    HeaderTooLarge => Client, 431, "ERRORINFO_INVALID_REQUEST", "header_too_large", No, true;
    /// The content is larger than the limit.
    BodyTooLarge => Client, 413, "ERRORINFO_INVALID_REQUEST", "body_too_large", No, true;
    /// The head did not arrive in time.
    HeaderTimeout => Client, 408, "ERRORINFO_CLIENT_TIMED_OUT", "request_header_timeout", No, true;
    /// The content stopped arriving, or came too slowly.
    BodyTimeout => Client, 408, "ERRORINFO_CLIENT_TIMED_OUT", "request_body_timeout", No, true;
    /// The client left before its answer was complete. Only logged.
    ClientClosed => Client, 499, "ERRORINFO_CLIENT_CLOSED_REQUEST", "client_closed", No, true;
    /// The client does not take its answer. Only logged.
    ClientStalled => Client, 499, "ERRORINFO_CLIENT_TIMED_OUT", "client_stalled", No, true;
    /// A TLS handshake that failed. Only counted: there is no request yet.
    ClientHandshake => Client, 400, "ERRORINFO_INVALID_REQUEST", "client_handshake", No, true;
    /// A proxy that has to say who its client is does not. Only counted: there is no request yet.
    ProxyHeader => Client, 400, "ERRORINFO_INVALID_REQUEST", "proxy_header", No, true;
    /// Plain HTTP where TLS is spoken.
    HttpToHttpsPort => Client, 400, "ERRORINFO_HTTP_TO_HTTPS_PORT", "http_to_https_port", No, true;
    /// The host's listener asks for client certificates in another way than the one that the handshake was made with.
    Misdirected => Client, 421, "ERRORINFO_INVALID_HOST", "misdirected_request", No, false;
    /// A listener that demands a client certificate got none.
    ClientCertificateMissing => Client, 400, "ERRORINFO_HTTPS_NO_CERT", "client_certificate_missing", No, true;
    /// A listener that demands a client certificate got one that is not good.
    ClientCertificateInvalid => Client, 400, "ERRORINFO_HTTPS_NO_CERT", "client_certificate_invalid", No, true;
    /// An HTTP/2 request that is none: its stream is reset.
    MalformedHttp2 => Client, 400, "ERRORINFO_INVALID_REQUEST", "malformed_http2", No, true;
    /// No listener takes this host.
    UnknownHost => Client, 404, "ERRORINFO_INVALID_HOST", "unknown_host", No, false;
    /// A rule asks for a bearer token and there is none.
    TokenMissing => Client, 401, "ERRORINFO_NO_ERROR", "token_missing", No, false;
    /// A bearer token that is not good.
    TokenInvalid => Client, 401, "ERRORINFO_NO_ERROR", "token_invalid", No, false;
    /// A good bearer token that does not say who is asking.
    TokenWithoutIdentity => Client, 403, "ERRORINFO_NO_ERROR", "token_without_identity", No, false;
    /// The keys that bearer tokens are checked with cannot be had.
    TokenKeysMissing => Ours, 503, "ERRORINFO_NO_ERROR", "token_keys_missing", No, false;
    /// The firewall refuses the request.
    FirewallBlocked => Ours, 403, "ERRORINFO_NO_ERROR", "waf_blocked", No, false;
    /// The firewall wants the client to prove that it is a browser first.
    FirewallChallenge => Ours, 403, "ERRORINFO_NO_ERROR", "waf_challenge", No, false;
    /// Rewrites sent a request round and round in its path map.
    RewriteLoop => Ours, 500, "ERRORINFO_NO_ERROR", "rewrite_loop", No, false;
    /// A rewrite made a value that is too large.
    RewriteTooLarge => Ours, 500, "ERRORINFO_NO_ERROR", "rewrite_too_large", No, false;
    /// A rewrite made a Host that is none.
    RewriteInvalidHost => Ours, 500, "ERRORINFO_INVALID_HOST", "rewrite_invalid_host", No, false;
    /// The path leads to no pool and no redirect.
    NoTarget => Ours, 404, "ERRORINFO_NO_ERROR", "no_target", No, false;
    /// The pool is empty or none of its servers is healthy.
    NoLiveServer => Server, 502, "ERRORINFO_UPSTREAM_NO_LIVE", "no_live_server", No, false;
    /// The server's certificate does not have the name that was asked for.
    BackendCertificateName =>
        Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "backend_certificate_name", Yes, false;
    /// The server's certificate, or one above it, is outside its dates.
    BackendCertificateDate =>
        Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "backend_certificate_date", Yes, false;
    /// The server's certificate does not lead to a root that is trusted.
    BackendCertificateChain =>
        Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "backend_certificate_chain", Yes, false;
    /// The TLS handshake with the server failed otherwise.
    BackendHandshake => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "backend_handshake", Yes, false;
    /// The server refused the connection or cannot be reached.
    ConnectFailed => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "connect_failed", Yes, false;
    /// The connection was not made in time.
    ConnectTimeout => Server, 504, "ERRORINFO_UPSTREAM_TIMED_OUT", "connect_timeout", Yes, false;
    /// The server closed before any byte of its answer.
    ServerClosed => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "server_closed", IfSafe, false;
    /// The server sent nothing in time.
    ServerTimeout => Server, 504, "ERRORINFO_UPSTREAM_TIMED_OUT", "server_timeout", IfSafe, false;
    /// The server was to work no longer: it was removed or is unhealthy, and its time to finish is over.
    Drained => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "drained", IfSafe, false;
    /// Nothing moved in a tunnel for as long as the request timeout. Only logged.
    TunnelIdle => Server, 504, "ERRORINFO_UPSTREAM_TIMED_OUT", "tunnel_idle", No, true;
    /// The server's answer is not valid HTTP.
    InvalidResponse => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "invalid_response", No, false;
    /// The head of the server's answer is larger than the limit.
    ResponseHeaderTooLarge => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "response_header_too_large", No, false;
    /// The server's answer ended before its end; the client sees a cut.
    ResponseCut => Server, 502, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "response_cut", No, true;
    /// The server stopped in the middle of its answer; the client sees a cut.
    ResponseStalled => Server, 504, "ERRORINFO_UPSTREAM_TIMED_OUT", "response_stalled", No, true;
    /// Too many client connections.
    Overloaded => Ours, 503, "ERRORINFO_NO_ERROR", "overloaded", No, true;
    /// A fault of the gateway.
    Internal => Ours, 500, "ERRORINFO_NO_ERROR", "internal", No, true;
}

impl Failure {
    /// Which end it belongs to.
    pub const fn side(self) -> Side {
        self.row().side
    }

    /// The status the client gets, or the one that is logged where nothing can be sent any more.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// Azure's token for the access log.
    pub const fn error_info(self) -> &'static str {
        self.row().error_info
    }

    /// Our token for the access log and metrics.
    pub const fn reason(self) -> &'static str {
        self.row().reason
    }

    /// Whether another attempt may be made.
    pub const fn retry(self) -> Retry {
        self.row().retry
    }

    /// Whether the client connection ends after the answer: always after doubt about where the next request begins.
    pub const fn closes(self) -> bool {
        self.row().close
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_failure_has_its_own_reason_and_an_error_status() {
        let mut reasons = HashSet::new();
        for failure in Failure::ALL {
            assert!(reasons.insert(failure.reason()), "{failure:?} repeats {}", failure.reason());
            assert!((400..600).contains(&failure.status()), "{failure:?}");
            assert!(failure.error_info().starts_with("ERRORINFO_"), "{failure:?}");
        }
    }

    #[test]
    fn only_failures_of_a_server_may_be_tried_again() {
        for failure in Failure::ALL {
            if failure.retry() != Retry::No {
                assert_eq!(failure.side(), Side::Server, "{failure:?}");
            }
        }
    }

    #[test]
    fn what_a_client_got_wrong_in_framing_ends_its_connection() {
        for failure in Failure::ALL {
            if failure.side() == Side::Client && failure.status() == 400 {
                assert!(failure.closes(), "{failure:?}");
            }
        }
    }
}
