//! The page that a challenged client gets: a script that answers a puzzle and loads the page again.
//!
//! All in one text: nothing is loaded from elsewhere, and nothing of the request stands in it.
//!
//! Source: Azure, `waf-javascript-challenge`. It does not tell the status: 403 is ours, so that programs and search
//! engines do not take the page for what they asked for.

use std::time::Duration;

use super::{Clearances, digits, puzzle};
use crate::request::Request;

/// Where answers are sent, on the host that was asked for. The gateway's own: no server sees requests for it.
pub const ENDPOINT: &str = "/.gatehouse/challenge";

/// Whether a request's target is the endpoint's.
#[must_use]
pub fn is_endpoint(target: &[u8]) -> bool {
    target.split(|byte| *byte == b'?').next() == Some(ENDPOINT.as_bytes())
}

/// A challenge as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The text, UTF-8.
    pub html: String,
    /// What the page may do, for `Content-Security-Policy`.
    policy: String,
}

impl Page {
    /// The status it is served with.
    pub const STATUS: u16 = 403;

    /// The header fields it is served with, besides its length.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", &self.policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
        ]
    }
}

impl Clearances {
    /// The page for a request that is to be challenged. `lifetime`: how long the clearance will count. `nonce`: random
    /// bytes, used once.
    #[must_use]
    pub fn page(&self, request: &Request<'_>, lifetime: Duration, nonce: &[u8; 12], now: Duration) -> Page {
        // What has no body can be asked for again without the user.
        let is_form = !matches!(request.method, b"GET" | b"HEAD");
        let nonce_digits = digits(nonce);
        // Values are digits, points and words of ours: none needs escaping.
        let html = include_str!("page.html")
            .replace("{nonce}", &nonce_digits)
            .replace("{puzzle}", &self.puzzle(request, lifetime, nonce, now))
            .replace("{bits}", &puzzle::BITS.to_string())
            .replace("{endpoint}", ENDPOINT)
            .replace("{form}", if is_form { "yes" } else { "no" })
            .replace("{script}", include_str!("script.js"));
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce_digits}'; style-src 'nonce-{nonce_digits}'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        );
        Page { html, policy }
    }
}
