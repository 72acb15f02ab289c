//! Requests for which managed rules are not run.
//!
//! Source: `application-gateway-exceptions`, read 2026-11-22. `RequestURI` is compared with path and query as received,
//! as in custom rules; values are compared with regard to case, names of headers without.

use std::net::IpAddr;

use crate::exclusions::literal;
use crate::managed::Fault;
use crate::request::Request;
use crate::selection::Scope;

/// An exception, as it is written.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `matchVariable`, with the selector of a header.
    pub variable: Variable,
    /// `valueMatchOperator`.
    pub operator: Operator,
    /// `values`; one is enough.
    pub values: Vec<String>,
    /// `exceptionManagedRuleSets`; none means all managed rules.
    pub scopes: Vec<Scope>,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Path and query as received.
    RequestUri,
    /// The client's address.
    RemoteAddr,
    /// Header fields whose name is like this.
    RequestHeader {
        /// `selectorMatchOperator`; never [`Operator::IpMatch`].
        operator: Operator,
        /// `selector`.
        selector: String,
    },
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The whole text.
    Equals,
    /// A part of it.
    Contains,
    /// Its start.
    StartsWith,
    /// Its end.
    EndsWith,
    /// An address, or a network in CIDR form.
    IpMatch,
}

/// Values in one exception. Source: Azure subscription limits, read 2026-11-22.
const TEXTS: usize = 10;
const ADDRESSES: usize = 600;

impl Spec {
    /// What is wrong with it.
    pub(crate) fn fault(&self, at: &str) -> Option<Fault> {
        let by_address = self.operator == Operator::IpMatch;
        let most = if by_address { ADDRESSES } else { TEXTS };
        let what = if by_address != (self.variable == Variable::RemoteAddr) {
            "IPMatch goes with RemoteAddr, and RemoteAddr only with IPMatch".to_owned()
        } else if self.values.is_empty() || self.values.len() > most {
            format!("{} values; 1 to {most} will do", self.values.len())
        } else if let Variable::RequestHeader { operator: Operator::IpMatch, .. } = self.variable {
            "the name of a header is no address".to_owned()
        } else if let Some(wrong) = self.values.iter().find(|value| by_address && network(value).is_none()) {
            format!("\"{wrong}\" is neither an address nor a network")
        } else {
            return None;
        };
        Some(Fault::new(at, what))
    }

    /// The rule that makes the engine leave rules out of such a request. `number` is its own.
    pub(crate) fn rule(&self, number: u32, ids: &[u32]) -> String {
        let target = match &self.variable {
            Variable::RequestUri => "REQUEST_URI".to_owned(),
            Variable::RemoteAddr => "REMOTE_ADDR".to_owned(),
            Variable::RequestHeader { operator, selector } => {
                format!("REQUEST_HEADERS:/{}/", pattern(*operator, std::slice::from_ref(selector)))
            }
        };
        let test = match self.operator {
            Operator::IpMatch => format!("@ipMatch {}", self.values.join(",")),
            operator => format!("@rx {}", pattern(operator, &self.values)),
        };
        let ctl: String = ids.iter().map(|id| format!(",ctl:ruleRemoveById={id}")).collect();
        format!("SecRule {target} \"{test}\" \"id:{number},phase:1,pass,nolog,t:none{ctl}\"\n")
    }

    /// Whether a request is meant.
    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        let any = |text: &[u8]| self.values.iter().any(|value| compare(self.operator, text, value.as_bytes()));
        match &self.variable {
            Variable::RequestUri => any(request.target),
            Variable::RemoteAddr => {
                let mut networks = self.values.iter().filter_map(|value| network(value));
                networks.any(|(start, bits)| within(request.client, start, bits))
            }
            Variable::RequestHeader { operator, selector } => request.headers.iter().any(|(name, value)| {
                let (name, selector) = (name.to_ascii_lowercase(), selector.to_ascii_lowercase());
                compare(*operator, &name, selector.as_bytes()) && any(value)
            }),
        }
    }
}

fn compare(operator: Operator, text: &[u8], value: &[u8]) -> bool {
    match operator {
        Operator::Equals => text == value,
        Operator::Contains => value.is_empty() || memchr::memmem::find(text, value).is_some(),
        Operator::StartsWith => text.starts_with(value),
        Operator::EndsWith => text.ends_with(value),
        Operator::IpMatch => false,
    }
}

fn pattern(operator: Operator, values: &[String]) -> String {
    let texts: Vec<String> = values.iter().map(|value| literal(value)).collect();
    let (start, end) = match operator {
        Operator::Equals | Operator::IpMatch => (r"\A", r"\z"),
        Operator::Contains => ("", ""),
        Operator::StartsWith => (r"\A", ""),
        Operator::EndsWith => ("", r"\z"),
    };
    format!("{start}(?:{}){end}", texts.join("|"))
}

/// An address or a network, as its first address and the bits that count.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((address, bits))
}

fn within(address: IpAddr, start: IpAddr, bits: u32) -> bool {
    let (address, start, width) = match (address.to_canonical(), start) {
        (IpAddr::V4(address), IpAddr::V4(start)) => (u128::from(u32::from(address)), u128::from(u32::from(start)), 32),
        (IpAddr::V6(address), IpAddr::V6(start)) => (u128::from(address), u128::from(start), 128),
        _ => return false,
    };
    bits == 0 || (address ^ start) >> (width - bits) == 0
}
