//! What is not told in logs: values that match are replaced by `******`.
//!
//! Rules of one kind hide a little more than Azure's: names of form and JSON fields count for all arguments, and where
//! arguments are hidden, so are the texts that hold them as a whole, such as the target or an unparsed body.
//!
//! Source: `waf-sensitive-data-protection`, read 2026-11-22.

use std::net::IpAddr;

use waf::variables::{Omission, Selector, Variable as Target};

/// What stands for a value that is not told.
pub const HIDDEN: &str = waf::verdict::REDACTED;

/// A rule of `logScrubbing` that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `matchVariable`.
    pub variable: Variable,
    /// `selector` with `Equals`; `None` with `EqualsAny`. Means nothing for the client's address.
    pub selector: Option<String>,
}

/// What is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `RequestHeaderNames`; case does not matter.
    HeaderNames,
    /// `RequestCookieNames`.
    CookieNames,
    /// `RequestArgNames`: arguments of the query.
    ArgNames,
    /// `RequestPostArgNames`: fields of forms.
    PostArgNames,
    /// `RequestJSONArgNames`: fields of JSON.
    JsonArgNames,
    /// `RequestIPAddress`.
    IpAddress,
}

/// What is hidden, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Scrubbing {
    rules: Vec<Rule>,
}

impl Scrubbing {
    /// Of rules that are on.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The client's address as it is told.
    #[must_use]
    pub fn client(&self, address: IpAddr) -> String {
        match self.hides(Variable::IpAddress) {
            true => HIDDEN.to_owned(),
            false => address.to_string(),
        }
    }

    /// A header field's value as it is told.
    #[must_use]
    pub fn header(&self, name: &str, value: &[u8]) -> String {
        let named = |selector: Option<&str>| selector.is_none_or(|selector| selector.eq_ignore_ascii_case(name));
        match self.of(Variable::HeaderNames).any(named) {
            true => HIDDEN.to_owned(),
            false => String::from_utf8_lossy(value).into_owned(),
        }
    }

    /// Path and query as they are told.
    #[must_use]
    pub fn target(&self, target: &[u8]) -> String {
        let text = String::from_utf8_lossy(target).into_owned();
        let Some((path, query)) = text.split_once('?').filter(|_| self.hides(Variable::ArgNames)) else { return text };
        let arguments: Vec<String> = query.split('&').map(|argument| self.argument(argument)).collect();
        format!("{path}?{}", arguments.join("&"))
    }

    fn argument(&self, argument: &str) -> String {
        let Some((name, value)) = argument.split_once('=') else { return argument.to_owned() };
        let decoded = waf::transformations::Transformation::parse("urlDecode")
            .map_or(name.as_bytes().into(), |decode| decode.apply(name.as_bytes().into()));
        let hidden = self.of(Variable::ArgNames).any(|selector| is(selector, &decoded));
        format!("{name}={}", if hidden { HIDDEN } else { value })
    }

    /// What the engine does not tell.
    pub(crate) fn secrets(&self) -> Vec<Omission> {
        let mut secrets = Vec::new();
        for rule in &self.rules {
            for selector in rule.selectors() {
                let with = |variable: &Target| Omission { variable: *variable, selector: selector.clone() };
                secrets.extend(rule.variable.targets().iter().map(with));
            }
            let whole = |variable: &Target| Omission { variable: *variable, selector: Selector::All };
            secrets.extend(rule.variable.wholes().iter().map(whole));
        }
        secrets
    }

    fn hides(&self, variable: Variable) -> bool {
        self.of(variable).next().is_some()
    }

    fn of(&self, variable: Variable) -> impl Iterator<Item = Option<&str>> {
        self.rules.iter().filter(move |rule| rule.variable == variable).map(|rule| rule.selector.as_deref())
    }
}

fn is(selector: Option<&str>, name: &[u8]) -> bool {
    selector.is_none_or(|selector| selector.as_bytes() == name)
}

impl Rule {
    fn selectors(&self) -> Vec<Selector> {
        let Some(selector) = &self.selector else { return vec![Selector::All] };
        let text = || selector.as_bytes().into();
        match self.variable {
            Variable::HeaderNames => vec![Selector::Key(text())],
            Variable::JsonArgNames => {
                vec![Selector::Exact(text()), Selector::Exact([b"json.", selector.as_bytes()].concat().into())]
            }
            _ => vec![Selector::Exact(text())],
        }
    }
}

impl Variable {
    fn targets(self) -> &'static [Target] {
        match self {
            Self::HeaderNames => &[Target::RequestHeaders],
            Self::CookieNames => &[Target::RequestCookies],
            Self::ArgNames => &[Target::Args, Target::ArgsGet],
            Self::PostArgNames | Self::JsonArgNames => &[Target::Args, Target::ArgsPost],
            Self::IpAddress => &[],
        }
    }

    /// Texts that hold such values among others.
    fn wholes(self) -> &'static [Target] {
        match self {
            Self::HeaderNames => &[],
            Self::CookieNames => &[],
            Self::ArgNames => &[Target::RequestUri, Target::RequestUriRaw, Target::RequestLine, Target::QueryString],
            Self::PostArgNames | Self::JsonArgNames => &[Target::RequestBody],
            Self::IpAddress => &[Target::RemoteAddr],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbing(variable: Variable, selector: Option<&str>) -> Scrubbing {
        Scrubbing::new(vec![Rule { variable, selector: selector.map(str::to_owned) }])
    }

    #[test]
    fn values_of_arguments_are_hidden_in_the_target() {
        for (selector, target, expected) in [
            (Some("arg1"), "/?arg1=secret&b=2", "/?arg1=******&b=2"),
            (Some("arg1"), "/?%61rg1=secret", "/?%61rg1=******"),
            (Some("arg1"), "/?Arg1=open&arg1", "/?Arg1=open&arg1"),
            (None, "/a?b=1&c=2&d", "/a?b=******&c=******&d"),
            (Some("arg1"), "/arg1=1", "/arg1=1"),
        ] {
            assert_eq!(scrubbing(Variable::ArgNames, selector).target(target.as_bytes()), expected);
        }
        let other = scrubbing(Variable::PostArgNames, None);
        assert_eq!(other.target(b"/?a=1"), "/?a=1");
    }

    #[test]
    fn the_clients_address_is_hidden_on_demand() {
        let client = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(scrubbing(Variable::IpAddress, None).client(client), "******");
        assert_eq!(Scrubbing::default().client(client), "192.0.2.1");
    }
}
