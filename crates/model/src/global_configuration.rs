//! Buffering and the server header.
//!
//! Source: `proxy-buffers`; Azure REST reference, "ApplicationGatewayGlobalConfiguration", api-version 2026-03-01.

use crate::schema::{Opt, properties};

properties! {
    /// Buffering and the server header.
    pub struct GlobalConfiguration {
        /// Take in a request's body before it goes on. Default true.
        pub enable_request_buffering: Opt<bool> = "enableRequestBuffering";
        /// Take in a response's body before it goes on. Default true.
        pub enable_response_buffering: Opt<bool> = "enableResponseBuffering";
        /// Leave out the gateway's `Server` header. Default false; since 2026-03-01.
        pub disable_default_server_header_in_response: Opt<bool> = "disableDefaultServerHeaderInResponse";
    }
}
