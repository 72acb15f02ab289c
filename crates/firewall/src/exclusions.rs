//! Parts of requests that managed rules leave out.
//!
//! Values are left out by the names of the elements that hold them; `...Names` means the same as `...Values`. Whole
//! texts, such as the target or an unparsed body, still hold what is left out elsewhere.
//!
//! Source: `application-gateway-waf-configuration`, read 2026-11-22.

use waf::program::{Exclusion, Rules};
use waf::variables::{Omission, Selector, Variable as Target};

use crate::selection::Scope;

/// An exclusion, as it is written.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `matchVariable`.
    pub variable: Variable,
    /// `selectorMatchOperator`.
    pub operator: Operator,
    /// `selector`; means nothing with [`Operator::EqualsAny`].
    pub selector: String,
    /// `exclusionManagedRuleSets`; none means all managed rules.
    pub scopes: Vec<Scope>,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Values of header fields (`RequestHeaderNames`, `RequestHeaderValues`).
    HeaderValues,
    /// Names of header fields (`RequestHeaderKeys`).
    HeaderKeys,
    /// Values of cookies (`RequestCookieNames`, `RequestCookieValues`).
    CookieValues,
    /// Names of cookies (`RequestCookieKeys`).
    CookieKeys,
    /// Values of arguments of query and body (`RequestArgNames`, `RequestArgValues`).
    ArgValues,
    /// Names of arguments (`RequestArgKeys`).
    ArgKeys,
}

/// How the selector is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The whole name.
    Equals,
    /// A part of it.
    Contains,
    /// Its start.
    StartsWith,
    /// Its end.
    EndsWith,
    /// Every name.
    EqualsAny,
}

impl Variable {
    /// Reads what the API spells, in any case; `...Names` is the older word for `...Values`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "requestheadernames" | "requestheadervalues" => Self::HeaderValues,
            "requestheaderkeys" => Self::HeaderKeys,
            "requestcookienames" | "requestcookievalues" => Self::CookieValues,
            "requestcookiekeys" => Self::CookieKeys,
            "requestargnames" | "requestargvalues" => Self::ArgValues,
            "requestargkeys" => Self::ArgKeys,
            _ => return None,
        })
    }

    /// As the API spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HeaderValues => "RequestHeaderValues",
            Self::HeaderKeys => "RequestHeaderKeys",
            Self::CookieValues => "RequestCookieValues",
            Self::CookieKeys => "RequestCookieKeys",
            Self::ArgValues => "RequestArgValues",
            Self::ArgKeys => "RequestArgKeys",
        }
    }

    fn is_header(self) -> bool {
        matches!(self, Self::HeaderValues | Self::HeaderKeys)
    }

    pub(crate) fn is_argument(self) -> bool {
        matches!(self, Self::ArgValues | Self::ArgKeys)
    }

    /// What rules call it.
    fn targets(self) -> &'static [Target] {
        match self {
            Self::HeaderValues => &[Target::RequestHeaders],
            Self::HeaderKeys => &[Target::RequestHeadersNames],
            Self::CookieValues => &[Target::RequestCookies],
            Self::CookieKeys => &[Target::RequestCookiesNames],
            Self::ArgValues => &[Target::Args, Target::ArgsGet, Target::ArgsPost],
            Self::ArgKeys => &[Target::ArgsNames, Target::ArgsGetNames, Target::ArgsPostNames],
        }
    }
}

impl Operator {
    /// Reads what the API spells, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "equals" => Self::Equals,
            "contains" => Self::Contains,
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            "equalsany" => Self::EqualsAny,
            _ => return None,
        })
    }
}

impl Spec {
    /// What the engine leaves out, for the rules with these numbers.
    pub(crate) fn exclusions(&self, ids: &[u32]) -> Vec<Exclusion> {
        let mut list = Vec::new();
        for variable in self.variable.targets() {
            for selector in self.selectors() {
                let omission = Omission { variable: *variable, selector };
                list.push(Exclusion { rules: Rules::Ids(ids.to_vec()), omission });
            }
        }
        list
    }

    fn selectors(&self) -> Vec<Selector> {
        let text = || self.selector.as_bytes().into();
        // A field of JSON is meant by its bare name as well as by the path that begins with `json`.
        let of_json = || [b"json.", self.selector.as_bytes()].concat().into_boxed_slice();
        let (header, argument) = (self.variable.is_header(), self.variable.is_argument());
        match self.operator {
            Operator::EqualsAny => vec![Selector::All],
            Operator::Equals if header => vec![Selector::Key(text())],
            Operator::StartsWith if header => vec![Selector::KeyStart(text())],
            Operator::EndsWith if header => vec![Selector::KeyEnd(text())],
            Operator::Contains if header => vec![Selector::KeyPart(text())],
            Operator::Equals if argument => vec![Selector::Exact(text()), Selector::Exact(of_json())],
            Operator::StartsWith if argument => vec![Selector::StartsWith(text()), Selector::StartsWith(of_json())],
            Operator::Equals => vec![Selector::Exact(text())],
            Operator::StartsWith => vec![Selector::StartsWith(text())],
            Operator::EndsWith => vec![Selector::EndsWith(text())],
            Operator::Contains => vec![Selector::Contains(text())],
        }
    }
}

/// A text as a regular expression that finds just it. Everything but letters and digits is written as bytes, so that
/// none of it means anything to the rule language either.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => pattern.push(byte.into()),
            _ => pattern.push_str(&format!("\\x{byte:02x}")),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_a_pattern_that_means_nothing_else() {
        assert_eq!(literal("X-a.b\"%{é"), r"X\x2da\x2eb\x22\x25\x7b\xc3\xa9");
    }
}
