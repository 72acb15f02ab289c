//! What a policy changes about the rules it uses.

use crate::seclang::EngineMode;
use crate::variables::{Omission, Selector, Variable};

/// What a policy changes about the rules it uses.
#[derive(Clone, Debug)]
pub struct Options {
    /// Overrides `SecRuleEngine`.
    pub mode: Option<EngineMode>,
    /// Rules that do something else than they say, or nothing.
    pub overrides: Vec<(Rules, Override)>,
    /// Values that rules leave out.
    pub exclusions: Vec<Exclusion>,
    /// Values that are never told, only that they matched. Default: what bears credentials and cookies.
    pub secrets: Vec<Omission>,
    /// Work that may be done for one request before rules stop looking at it. A unit is a byte that one pattern looks
    /// at, one to two nanoseconds on machines of today; transformations, searches for many phrases and what else is
    /// slower count for more. It bounds what a hostile request costs, and does not depend on the machine. For the
    /// response, where responses are looked at, as much may be done again. Default: 8 Mi and 128 for each byte of the
    /// body that is looked at, which is 24 Mi for the default of 128 KiB.
    pub budget: Option<u64>,
    /// Overrides `SecRequestBodyLimit`: how many bytes of a body are looked at.
    pub request_body_limit: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: None,
            overrides: Vec::new(),
            exclusions: Vec::new(),
            secrets: default_secrets(),
            budget: None,
            request_body_limit: None,
        }
    }
}

/// Some rules.
#[derive(Clone, Debug)]
pub enum Rules {
    /// All of them.
    All,
    /// Those with these numbers.
    Ids(Vec<u32>),
    /// Those whose number is from the first to the second, both included.
    Range(u32, u32),
}

impl Rules {
    pub(crate) fn contain(&self, id: u32) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&id),
            Self::Range(first, last) => (*first..=*last).contains(&id),
        }
    }
}

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    /// It is not there.
    Disable,
    /// A match refuses the request at once.
    Deny,
    /// A match is told and adds nothing to any score.
    LogOnly,
    /// A match lets the request pass without further looks.
    Allow,
}

/// Values that some rules do not look at. Where rules count values, these count all the same.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// The rules.
    pub rules: Rules,
    /// The values.
    pub omission: Omission,
}

fn default_secrets() -> Vec<Omission> {
    let header =
        |name: &str| Omission { variable: Variable::RequestHeaders, selector: Selector::Key(name.as_bytes().into()) };
    let whole = |variable| Omission { variable, selector: Selector::All };
    let headers = ["Authorization", "Proxy-Authorization", "Cookie"].map(header);
    // The whole request holds the others.
    headers.into_iter().chain([Variable::RequestCookies, Variable::FullRequest].map(whole)).collect()
}
