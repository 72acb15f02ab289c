//! Cookie affinity: names and attributes of the two cookies, and where they could not do their work.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration" (configuration-http-settings, read 2026-11-22),
//! cookie-based affinity: `ApplicationGatewayAffinity`, and a second cookie with `CORS` behind its name for requests
//! from other sites. Attributes other than Azure's are an extension; what browsers would refuse is refused here
//! (RFC 6265, and cookie prefixes of RFC 6265bis).

use std::fmt::Write as _;
use std::sync::Arc;

use model::backend_http_settings::{BackendHttpSettings, CookieBasedAffinity};
use model::extension::{AffinityAttributes, SameSite};
use model::schema::{Field, Named};
use model::{At, Opt, Problem};

use super::codes;
use super::context::{Context, is_on, text};
use super::pool::dns_name;
use crate::Affinity;

/// Azure's name of the first cookie.
const COOKIE: &str = "ApplicationGatewayAffinity";
/// What the second cookie's name ends in.
const CORS: &str = "CORS";
/// Longest name of a cookie. Cookies repeat in every request, and heads have their bounds.
const LONGEST_NAME: usize = 256;
/// The longest time that browsers keep a cookie, 400 days, in seconds.
const LONGEST_AGE: i64 = 34_560_000;

/// The cookies of settings, and what others have to know about them.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) affinity: Affinity,
    /// Below which path they are sent.
    pub(super) path: String,
    /// The domain they are for, unless the host alone.
    pub(super) domain: Option<String>,
    /// Whether the first one is sent over HTTPS only.
    pub(super) is_secure: bool,
}

/// The cookies that settings ask for; `None` when they ask for none.
pub(super) fn compiled(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>) -> Option<Definition> {
    let switch = asked.cookie_based_affinity.as_ref();
    if switch.is_none_or(|switch| switch.value == CookieBasedAffinity::Disabled) {
        if let Some(attributes) = &asked.gatehouse.affinity {
            let message = format!("the settings {:?} have no cookie affinity; this is not used", asked.name.value);
            let problem = Problem::warning(codes::NOT_USED, &attributes.at, message);
            context.problems.push(problem.help("set \"cookieBasedAffinity\" to \"Enabled\""));
        }
        return None;
    }
    let own = text(&asked.affinity_cookie_name);
    own.into_iter().for_each(|name| check_name(context, name));
    let cookie = own.map_or(COOKIE, |name| name.value.trim());
    let attributes = asked.gatehouse.affinity.as_ref();
    let read = attributes.map_or_else(Attributes::default, |asked| Attributes::read(context, asked));
    if let Some(name) = own {
        check_prefix(context, name, &read);
    }
    let affinity = Affinity {
        cookie: Arc::from(cookie),
        cors_cookie: Arc::from(format!("{cookie}{CORS}")),
        attributes: Arc::from(read.text(read.same_site, read.is_secure)),
        cors_attributes: Arc::from(read.text(Some(SameSite::None), true)),
    };
    Some(Definition { affinity, path: read.path, domain: read.domain, is_secure: read.is_secure })
}

/// What stands behind a cookie's value.
struct Attributes {
    path: String,
    domain: Option<String>,
    max_age: Option<u32>,
    http_only: bool,
    is_secure: bool,
    same_site: Option<SameSite>,
}

impl Default for Attributes {
    fn default() -> Self {
        let path = "/".to_owned();
        Self { path, domain: None, max_age: None, http_only: false, is_secure: false, same_site: None }
    }
}

impl Attributes {
    fn read(context: &mut Context<'_>, asked: &AffinityAttributes) -> Self {
        let same_site = asked.same_site.as_ref();
        let is_secure = is_on(&asked.secure);
        if let Some(field) = same_site.filter(|field| field.value == SameSite::None && !is_secure) {
            let message = "browsers refuse a cookie with SameSite=None that is not Secure";
            let problem = Problem::error(codes::AFFINITY_CONFLICT, &field.at, message);
            context.problems.push(problem.help("set \"secure\" to true; the CORS cookie has both without being asked"));
        }
        Self {
            path: path(context, &asked.path).unwrap_or_else(|| "/".to_owned()),
            domain: domain(context, &asked.domain),
            max_age: context.number("maxAgeInSec", &asked.max_age_in_sec, (1, LONGEST_AGE)),
            http_only: is_on(&asked.http_only),
            is_secure,
            same_site: same_site.map(|field| field.value),
        }
    }

    /// As they stand in `Set-Cookie`. With none of the extensions these are Azure's own bytes.
    fn text(&self, same_site: Option<SameSite>, is_secure: bool) -> String {
        let mut text = format!("; Path={}", self.path);
        // Writing to a string cannot fail.
        if let Some(domain) = &self.domain {
            let _ = write!(text, "; Domain={domain}");
        }
        if let Some(seconds) = self.max_age {
            let _ = write!(text, "; Max-Age={seconds}");
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if let Some(same_site) = same_site {
            let _ = write!(text, "; SameSite={same_site}");
        }
        if is_secure {
            text.push_str("; Secure");
        }
        text
    }
}

fn path(context: &mut Context<'_>, field: &Opt<String>) -> Option<String> {
    let field = text(field)?;
    let path = field.value.trim();
    if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';') {
        return Some(path.to_owned());
    }
    invalid(context, &field.at, "this cannot be the path of a cookie", &field.value, "a path such as \"/\"");
    None
}

fn domain(context: &mut Context<'_>, field: &Opt<String>) -> Option<String> {
    let field = text(field)?;
    // A leading dot means nothing (RFC 6265 5.2.3).
    let name = field.value.trim();
    let found = dns_name(name.strip_prefix('.').unwrap_or(name));
    if found.is_none() {
        let expected = "a DNS name such as \"example.com\"";
        invalid(context, &field.at, "this cannot be the domain of a cookie", &field.value, expected);
    }
    found.map(|name| name.to_string())
}

fn check_name(context: &mut Context<'_>, name: &Field<String>) {
    if !is_token(name.value.trim()) || name.value.trim().len() > LONGEST_NAME {
        let expected = format!("at most {LONGEST_NAME} letters, digits and any of !#$%&'*+-.^_`|~");
        invalid(context, &name.at, "this cannot be the name of a cookie", &name.value, &expected);
    }
}

fn invalid(context: &mut Context<'_>, at: &At, message: &str, found: &str, expected: &str) {
    let problem = Problem::error(codes::INVALID_AFFINITY_COOKIE, at, message);
    context.problems.push(problem.found(format!("{found:?}")).expected(expected));
}

/// Browsers keep a cookie whose name has one of two beginnings only with what these promise.
fn check_prefix(context: &mut Context<'_>, name: &Field<String>, read: &Attributes) {
    let begins = |prefix: &str| name.value.trim().get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix));
    let missing = if begins("__Host-") && !(read.is_secure && read.domain.is_none() && read.path == "/") {
        "\"secure\", the path \"/\" and no \"domain\""
    } else if begins("__Secure-") && !read.is_secure {
        "\"secure\""
    } else {
        return;
    };
    let message = "browsers keep a cookie with such a name only when its attributes go with it";
    let problem = Problem::error(codes::AFFINITY_CONFLICT, &name.at, message);
    context.problems.push(problem.found(format!("{:?}", name.value)).expected(missing));
}

/// A cookie's name (RFC 6265 4.1.1): what may be the name of a header, too.
fn is_token(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_in_one_order() {
        let all = || Attributes {
            path: "/shop".to_owned(),
            domain: Some("example.com".to_owned()),
            max_age: Some(60),
            http_only: true,
            is_secure: true,
            same_site: Some(SameSite::Lax),
        };
        let rows = [
            (Attributes::default(), "; Path=/", "; Path=/; SameSite=None; Secure"),
            (
                all(),
                "; Path=/shop; Domain=example.com; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
                "; Path=/shop; Domain=example.com; Max-Age=60; HttpOnly; SameSite=None; Secure",
            ),
        ];
        for (read, expected, expected_cors) in rows {
            assert_eq!(read.text(read.same_site, read.is_secure), expected);
            assert_eq!(read.text(Some(SameSite::None), true), expected_cors);
        }
    }

    #[test]
    fn a_token_has_neither_blanks_nor_separators() {
        for name in ["a", "__Host-x", "App.Gateway_1", "!#$%&'*+-.^_`|~"] {
            assert!(is_token(name), "{name}");
        }
        for name in ["", "a b", "a=b", "a;b", "a,b", "a\"b", "a/b", "é", "a\tb", "a[b]", "{a}", "a@b", "a:b"] {
            assert!(!is_token(name), "{name}");
        }
    }
}
