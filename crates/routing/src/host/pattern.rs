//! One host name of a listener, exact or with wildcards.
//!
//! Source: Azure, "Host multiple sites with Application Gateway" (multiple-site-overview): `*` is
//! any run of characters and crosses dots, `?` is one character; at most two `*` and four wildcards
//! in a name, `*` once in a label, no `*?`, `?*`, `**`. Parity: `*` inside a label may be empty
//! (`contoso*` matches `contoso`), a label that is only `*` may not, because a host has no empty
//! labels; case, port and one trailing dot do not count.

use std::{fmt, net::Ipv4Addr};

use thiserror::Error;

/// The longest host name DNS knows.
const MAX_HOST: usize = 253;
const MAX_STARS: usize = 2;
const MAX_WILDCARDS: usize = 4;

/// A host name that a listener answers to, lower-case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    text: Box<str>,
    /// `text` in plain glob form: a label that is only `*` has become `?*`, so that `*` may always
    /// be empty.
    glob: Box<[u8]>,
    kind: Kind,
}

/// How a pattern is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// No wildcard.
    Exact,
    /// `*.suffix`, no other wildcard.
    Suffix,
    /// `*` alone: any name.
    Any,
    /// Everything else.
    Glob,
}

/// Why a text is not a host pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostPatternError {
    /// Nothing there.
    #[error("a host name may not be empty")]
    Empty,
    /// Longer than a DNS name can be.
    #[error("a host name has at most 253 characters")]
    TooLong,
    /// A character outside `A-Z a-z 0-9 - . * ?`.
    #[error("`{0}` is not allowed in a host name; letters, digits, `-`, `.`, `*` and `?` are")]
    Character(char),
    /// Two dots in a row, or a leading dot.
    #[error("a host name may not have an empty label")]
    EmptyLabel,
    /// A label of more than 63 characters.
    #[error("the part between two dots has at most 63 characters")]
    LongLabel,
    /// A third `*`.
    #[error("a host name may have at most two `*`")]
    TooManyStars,
    /// A fifth wildcard character.
    #[error("a host name may have at most four wildcard characters")]
    TooManyWildcards,
    /// `*` twice between two dots.
    #[error("`*` may stand only once between two dots")]
    StarTwiceInLabel,
    /// `**`, `*?` or `?*`.
    #[error("`**`, `*?` and `?*` are not allowed in a host name")]
    AdjacentWildcards,
}

impl HostPattern {
    /// Parses one entry of `hostNames` (or `hostName`, which additionally may hold no wildcard: see
    /// `is_exact`).
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        check_characters(&text)?;
        check_wildcards(&text)?;
        text.split('.').try_for_each(check_label)?;
        let kind = match text.strip_prefix("*.") {
            _ if !text.contains(['*', '?']) => Kind::Exact,
            _ if text == "*" => Kind::Any,
            Some(suffix) if !suffix.contains(['*', '?']) => Kind::Suffix,
            _ => Kind::Glob,
        };
        let labels = text.split('.').map(|label| if label == "*" { "?*" } else { label });
        let glob = labels.collect::<Vec<_>>().join(".").into_bytes().into_boxed_slice();
        Ok(Self { text: text.into_boxed_str(), glob, kind })
    }

    /// The pattern as text, lower-case and without a trailing dot.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern has no wildcard.
    pub fn is_exact(&self) -> bool {
        self.kind == Kind::Exact
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether `host` (as in a Host header: any case, port and one trailing dot ignored) matches.
    pub fn matches(&self, host: &[u8]) -> bool {
        super::table::with_name(host, |name| name.is_some_and(|name| self.matches_name(name)))
    }

    /// `matches` for a name that is already bare and lower-case.
    pub(super) fn matches_name(&self, name: &[u8]) -> bool {
        match self.kind {
            Kind::Exact => name == self.text.as_bytes(),
            _ => glob_matches(&self.glob, name),
        }
    }

    /// Whether this pattern surely matches every host that `other` matches. Exact for exact names;
    /// conservative between wildcards: `false` may be said of two patterns that only careful
    /// counting would show to be nested.
    pub fn covers(&self, other: &Self) -> bool {
        // A `*` of `other` is a byte that only a `*` of ours can swallow; its `?` is a byte that
        // `?` and `*` can.
        if other.is_exact() { self.matches(other.text.as_bytes()) } else { glob_matches(&self.glob, &other.glob) }
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostPattern({})", self.text)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_characters(text: &str) -> Result<(), HostPatternError> {
    if text.is_empty() {
        return Err(HostPatternError::Empty);
    }
    let stray = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '*' | '?'));
    match stray {
        Some(stray) => Err(HostPatternError::Character(stray)),
        None if text.len() > MAX_HOST => Err(HostPatternError::TooLong),
        None => Ok(()),
    }
}

fn check_wildcards(text: &str) -> Result<(), HostPatternError> {
    if text.matches('*').count() > MAX_STARS {
        return Err(HostPatternError::TooManyStars);
    }
    if text.matches(['*', '?']).count() > MAX_WILDCARDS {
        return Err(HostPatternError::TooManyWildcards);
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), HostPatternError> {
    if label.is_empty() {
        return Err(HostPatternError::EmptyLabel);
    }
    if label.len() > 63 {
        return Err(HostPatternError::LongLabel);
    }
    if ["**", "*?", "?*"].iter().any(|pair| label.contains(pair)) {
        return Err(HostPatternError::AdjacentWildcards);
    }
    if label.matches('*').count() > 1 {
        return Err(HostPatternError::StarTwiceInLabel);
    }
    Ok(())
}

/// Plain glob: `*` is any run, `?` any one byte but `*` (which no host holds; see `covers`). Never
/// recurses; with at most two stars and 255 bytes the work is bounded.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(n) {
        match glob.get(g) {
            Some(b'*') => {
                retry = Some((g + 1, n));
                g += 1;
            }
            Some(b'?') if *byte != b'*' => (g, n) = (g + 1, n + 1),
            Some(literal) if literal == byte && *literal != b'?' => (g, n) = (g + 1, n + 1),
            _ => match retry {
                Some((after_star, from)) => {
                    retry = Some((after_star, from + 1));
                    (g, n) = (after_star, from + 1);
                }
                None => return false,
            },
        }
    }
    glob.get(g..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// Whether a host (without port) is an address: `[...]` or dotted IPv4. Those reach basic listeners
/// only.
pub fn is_ip_literal(host: &[u8]) -> bool {
    match (host.first(), host.last()) {
        (Some(b'['), _) => true,
        (Some(b'0'..=b'9'), Some(b'0'..=b'9')) => {
            std::str::from_utf8(host).is_ok_and(|host| host.parse::<Ipv4Addr>().is_ok())
        }
        _ => false,
    }
}
