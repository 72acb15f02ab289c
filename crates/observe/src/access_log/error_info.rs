//! The closed list of `error_info` tokens: Azure's words for why a request failed.
//!
//! Source: Azure, "Monitoring data reference for Application Gateway", Access log, error codes (read 2026-11-22);
//! `INVALID_HEADER` and `CLIENT_TIMED_OUT` are only observed. A status made by the server is no error here.

/// Success, or a status that the server itself made.
pub const NO_ERROR: &str = "ERRORINFO_NO_ERROR";
/// The method is no token or not known.
pub const INVALID_METHOD: &str = "ERRORINFO_INVALID_METHOD";
/// A syntax error in the request line.
pub const INVALID_REQUEST: &str = "ERRORINFO_INVALID_REQUEST";
/// A version of HTTP that is not spoken.
pub const INVALID_VERSION: &str = "ERRORINFO_INVALID_VERSION";
/// An HTTP/0.9 request.
pub const INVALID_09_METHOD: &str = "ERRORINFO_INVALID_09_METHOD";
/// Host malformed, or no listener takes it.
pub const INVALID_HOST: &str = "ERRORINFO_INVALID_HOST";
/// Content-Length malformed, or unlike the content.
pub const INVALID_CONTENT_LENGTH: &str = "ERRORINFO_INVALID_CONTENT_LENGTH";
/// TRACE is not served.
pub const INVALID_METHOD_TRACE: &str = "ERRORINFO_INVALID_METHOD_TRACE";
/// The client left before its answer (499).
pub const CLIENT_CLOSED_REQUEST: &str = "ERRORINFO_CLIENT_CLOSED_REQUEST";
/// The client did not send its request in time (408).
pub const CLIENT_TIMED_OUT: &str = "ERRORINFO_CLIENT_TIMED_OUT";
/// Bytes in the target that no URI may have.
pub const REQUEST_URI_INVALID: &str = "ERRORINFO_REQUEST_URI_INVALID";
/// A field line that is none.
pub const INVALID_HEADER: &str = "ERRORINFO_INVALID_HEADER";
/// No Host.
pub const HTTP_NO_HOST_HEADER: &str = "ERRORINFO_HTTP_NO_HOST_HEADER";
/// Plain HTTP on a TLS port.
pub const HTTP_TO_HTTPS_PORT: &str = "ERRORINFO_HTTP_TO_HTTPS_PORT";
/// Mutual TLS without a usable client certificate.
pub const HTTPS_NO_CERT: &str = "ERRORINFO_HTTPS_NO_CERT";
/// No server may take the request: pool empty or all unhealthy (502).
pub const UPSTREAM_NO_LIVE: &str = "ERRORINFO_UPSTREAM_NO_LIVE";
/// The server refused, closed early or answered with what is not HTTP (502).
pub const UPSTREAM_CLOSED_CONNECTION: &str = "ERRORINFO_UPSTREAM_CLOSED_CONNECTION";
/// The server was slower than its settings allow (504).
pub const UPSTREAM_TIMED_OUT: &str = "ERRORINFO_UPSTREAM_TIMED_OUT";
