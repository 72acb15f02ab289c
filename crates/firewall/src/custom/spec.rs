//! Rules of the operator's own, as data: every word of the model has its counterpart here.

use std::time::Duration;

use crate::rate::GroupBy;

/// A rule of the operator's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// Its name; what logs call it.
    pub name: String,
    /// Lower goes first.
    pub priority: i64,
    /// Whether it is on (`state`).
    pub enabled: bool,
    /// Match or rate limit.
    pub kind: RuleKind,
    /// What happens to requests that match.
    pub action: Action,
    /// All have to hold.
    pub conditions: Vec<ConditionSpec>,
}

/// Kinds of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// `MatchRule`: acts on requests that match.
    Match,
    /// `RateLimitRule`: acts on requests that match and are beyond a limit.
    RateLimit {
        /// The length of a window (`rateLimitDuration`).
        window: Duration,
        /// Requests that may pass in it (`rateLimitThreshold`); 1 or more.
        threshold: u32,
        /// What it counts by.
        group: GroupBy,
    },
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No rule looks at the request any more.
    Allow,
    /// The request is refused.
    Block,
    /// It is told, and the next rule is asked.
    Log,
    /// `JSChallenge`: a client without a clearance gets a script to run.
    JsChallenge,
    /// `CAPTCHA`: a client without a clearance gets a question to answer.
    Captcha,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionSpec {
    /// Parts of the request, each with its selector; one that matches is enough.
    pub variables: Vec<(Variable, Option<String>)>,
    /// How they are compared.
    pub operator: Operator,
    /// What they are compared with; one is enough. `Any` does not look at them.
    pub values: Vec<String>,
    /// Changes of the request's part before the comparison, in order.
    pub transforms: Vec<Transform>,
    /// Holds when nothing matches, also where there is nothing that could.
    pub negated: bool,
}

/// Parts of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The client's address.
    RemoteAddr,
    /// `GET`.
    RequestMethod,
    /// Arguments of the query, decoded.
    QueryString,
    /// Arguments of a form, of multipart or JSON.
    PostArgs,
    /// Path and query as received.
    RequestUri,
    /// Values of header fields.
    RequestHeaders,
    /// The body of a form or of XML, as it is.
    RequestBody,
    /// Values of cookies.
    RequestCookies,
}

/// How parts are compared; case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `IPMatch`: an address of a network.
    IpMatch,
    /// The same text.
    Equal,
    /// The text stands in it.
    Contains,
    /// Shorter, in bytes. That lengths are compared is not documented; Front Door compares them.
    LessThan,
    /// Longer, in bytes.
    GreaterThan,
    /// Not longer.
    LessThanOrEqual,
    /// Not shorter.
    GreaterThanOrEqual,
    /// Begins so.
    BeginsWith,
    /// Ends so.
    EndsWith,
    /// A pattern is found in it.
    Regex,
    /// An address of a country.
    GeoMatch,
    /// It is there.
    Any,
}

/// Changes before a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Small letters of ASCII become large.
    Uppercase,
    /// Large letters of ASCII become small.
    Lowercase,
    /// Without white space at both ends.
    Trim,
    /// `%41` and `+` decoded.
    UrlDecode,
    /// Encoded as forms do.
    UrlEncode,
    /// Without NUL bytes.
    RemoveNulls,
    /// `&lt;` decoded.
    HtmlEntityDecode,
}

impl Variable {
    /// Its name in Azure's documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RemoteAddr => "RemoteAddr",
            Self::RequestMethod => "RequestMethod",
            Self::QueryString => "QueryString",
            Self::PostArgs => "PostArgs",
            Self::RequestUri => "RequestUri",
            Self::RequestHeaders => "RequestHeaders",
            Self::RequestBody => "RequestBody",
            Self::RequestCookies => "RequestCookies",
        }
    }

    /// Whether it has parts with names, of which a selector takes one.
    pub(super) fn is_collection(self) -> bool {
        matches!(self, Self::QueryString | Self::PostArgs | Self::RequestHeaders | Self::RequestCookies)
    }
}

impl Operator {
    /// Its name in Azure's documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IpMatch => "IPMatch",
            Self::Equal => "Equal",
            Self::Contains => "Contains",
            Self::LessThan => "LessThan",
            Self::GreaterThan => "GreaterThan",
            Self::LessThanOrEqual => "LessThanOrEqual",
            Self::GreaterThanOrEqual => "GreaterThanOrEqual",
            Self::BeginsWith => "BeginsWith",
            Self::EndsWith => "EndsWith",
            Self::Regex => "Regex",
            Self::GeoMatch => "GeoMatch",
            Self::Any => "Any",
        }
    }
}
