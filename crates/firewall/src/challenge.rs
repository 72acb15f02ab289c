//! Challenges: whether a client has proven that it is a browser, or a person.
//!
//! What a client has proven it carries in a cookie, sealed by the gateway, for its address and the host it asked; so
//! nothing is kept of it here, and gateways that share a key share clearances. A client without one gets a page
//! ([`Clearances::page`]) whose script answers a puzzle ([`Clearances::puzzle`]) and sends the answer to an endpoint
//! ([`ENDPOINT`], [`Clearances::answer`]), which gives the cookie. Serving both is the proxy's; there is no page for a
//! captcha.
//!
//! Source: Azure, `waf-javascript-challenge`: the cookie's name and lifetime; another address or a request from another
//! origin is challenged again; a first request whose POST body is over 128 KB is refused. For the captcha only Front
//! Door is documented (`captcha-challenge`): its 64 KB are taken over, and the cookie is named after the script's.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::hmac;

use crate::custom::cookies;
use crate::request::Request;

mod answer;
mod page;
mod puzzle;

pub use answer::{MAX_ANSWER, Refusal, told};
pub use page::{ENDPOINT, Page, is_endpoint};

/// What a client is asked to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// That it runs scripts (`JSChallenge`).
    Script,
    /// That a person is there (`CAPTCHA`).
    Captcha,
}

/// How long clearances count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// `jsChallengeCookieExpirationInMins`: 5 to 1440 minutes. Default 30.
    pub script: Duration,
    /// `captchaCookieExpirationInMins`: 5 to 1440 minutes. Default 30.
    pub captcha: Duration,
}

/// What is to be done with a request that is to be challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has a clearance.
    Valid,
    /// It is answered with the challenge.
    Issue,
    /// It is refused: its body could not be sent again.
    Refuse,
}

/// Grants clearances and knows them again.
pub struct Clearances {
    key: hmac::Key,
}

impl Kind {
    /// The cookie that holds the clearance.
    #[must_use]
    pub fn cookie(self) -> &'static str {
        match self {
            Self::Script => "appgw_azwaf_jsclearance",
            Self::Captcha => "appgw_azwaf_captcha",
        }
    }

    /// What stands for it in what is sealed.
    fn letter(self) -> u8 {
        match self {
            Self::Script => b's',
            Self::Captcha => b'c',
        }
    }

    /// The largest body of a POST that can be challenged, in bytes.
    fn most_body(self) -> u64 {
        match self {
            Self::Script => 128 << 10,
            Self::Captcha => 64 << 10,
        }
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        let half_an_hour = Duration::from_secs(30 * 60);
        Self { script: half_an_hour, captcha: half_an_hour }
    }
}

impl Lifetimes {
    /// That of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Duration {
        match kind {
            Kind::Script => self.script,
            Kind::Captcha => self.captcha,
        }
    }
}

impl Clearances {
    /// Clearances sealed with a key; 32 random bytes will do.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// The cookie's value for a client that has proven it: when it ends, in seconds since 1970, and a seal.
    #[must_use]
    pub fn grant(&self, kind: Kind, client: IpAddr, host: &[u8], lifetime: Duration, now: Duration) -> String {
        let end = now.saturating_add(lifetime).as_secs();
        let seal = hmac::sign(&self.key, &sealed(kind, client, host, end));
        format!("{end}.{}", digits(seal.as_ref()))
    }

    /// What is to be done with a request. `body` is the length of what was read of its body; before that, the head's
    /// `Content-Length` counts.
    #[must_use]
    pub fn decide(&self, kind: Kind, request: &Request<'_>, body: Option<usize>, now: Duration) -> Decision {
        let mine = cookies(request).filter(|(name, _)| *name == kind.cookie().as_bytes());
        if !is_from_elsewhere(request)
            && mine.map(|(_, value)| value).any(|value| self.knows(kind, request, value, now))
        {
            return Decision::Valid;
        }
        let read = body.and_then(|length| u64::try_from(length).ok());
        let length = read.max(content_length(request)).unwrap_or(0);
        if request.method == b"POST" && length > kind.most_body() { Decision::Refuse } else { Decision::Issue }
    }

    fn knows(&self, kind: Kind, request: &Request<'_>, value: &[u8], now: Duration) -> bool {
        let read = || {
            let (end, seal) = std::str::from_utf8(value).ok()?.split_once('.')?;
            Some((end.parse::<u64>().ok()?, bytes(seal)?))
        };
        let Some((end, seal)) = read() else { return false };
        let content = sealed(kind, request.client, host(request), end);
        now.as_secs() < end && hmac::verify(&self.key, &content, &seal).is_ok()
    }
}

impl fmt::Debug for Clearances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clearances").finish_non_exhaustive()
    }
}

/// What a clearance's seal is for.
fn sealed(kind: Kind, client: IpAddr, host: &[u8], end: u64) -> Vec<u8> {
    let mut content = vec![kind.letter()];
    content.extend_from_slice(&end.to_be_bytes());
    bound(&mut content, client, host);
    content
}

/// Whom a seal is for. The host stands last, since it alone has any length.
fn bound(content: &mut Vec<u8>, client: IpAddr, host: &[u8]) {
    let client = match client {
        IpAddr::V4(client) => client.to_ipv6_mapped(),
        IpAddr::V6(client) => client,
    };
    content.extend_from_slice(&client.octets());
    content.extend(host.to_ascii_lowercase());
}

/// Bytes as pairs of hexadecimal digits.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Pairs of hexadecimal digits as bytes.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let pair = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(pair).collect() } else { None }
}

fn host<'r>(request: &Request<'r>) -> &'r [u8] {
    request.header("host").next().unwrap_or_default()
}

fn content_length(request: &Request<'_>) -> Option<u64> {
    let value = request.header("content-length").next()?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// Whether a page of another origin sends the request. `Origin: null` is no origin of ours.
fn is_from_elsewhere(request: &Request<'_>) -> bool {
    let authority = |origin: &[u8]| {
        let at = memchr::memmem::find(origin, b"://")?;
        origin.get(at + 3..).map(<[u8]>::to_ascii_lowercase)
    };
    let ours = host(request).to_ascii_lowercase();
    request.header("origin").any(|origin| authority(origin) != Some(ours.clone()))
}

#[cfg(test)]
mod tests;
