//! The parts of a request that a variable names, one after the other.

use std::borrow::Cow;
use std::net::IpAddr;

use waf::transformations::Transformation;

use super::body::{Body, Kind};
use super::spec::Variable;
use crate::request::Request;

/// A request as rules look at it.
pub(super) struct View<'v> {
    pub(super) request: &'v Request<'v>,
    /// The client, as text too.
    pub(super) client: IpAddr,
    pub(super) client_text: String,
    pub(super) kind: Kind,
    /// `None`: not read yet.
    pub(super) body: Option<Body<'v>>,
}

/// What was found among the parts of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
    /// The body may hold it.
    NeedsBody,
}

impl<'v> View<'v> {
    pub(super) fn new(request: &'v Request<'v>, body: Option<Body<'v>>) -> Self {
        let client = request.client.to_canonical();
        Self { request, client, client_text: client.to_string(), kind: Kind::of(request), body }
    }

    /// Whether a part of a variable satisfies a test. A selector names the parts that are shown.
    pub(super) fn any(&self, variable: Variable, selector: Option<&str>, test: &mut dyn FnMut(&[u8]) -> bool) -> Found {
        let request = self.request;
        let wanted = |name: &[u8]| selector.is_none_or(|selector| selector.as_bytes() == name);
        let found = match variable {
            Variable::RemoteAddr => test(self.client_text.as_bytes()),
            Variable::RequestMethod => test(request.method),
            Variable::RequestUri => test(request.target),
            Variable::RequestHeaders => request.headers.iter().any(|(name, value)| {
                selector.is_none_or(|selector| name.eq_ignore_ascii_case(selector.as_bytes())) && test(value)
            }),
            Variable::QueryString => {
                query(request.query()).any(|(name, value)| wanted(&decode(name)) && test(&decode(value)))
            }
            Variable::RequestCookies => cookies(request).any(|(name, value)| wanted(name) && test(value)),
            Variable::PostArgs if !self.kind.has_arguments() => false,
            Variable::RequestBody if !self.kind.has_text() => false,
            Variable::PostArgs | Variable::RequestBody => {
                let Some(body) = &self.body else { return Found::NeedsBody };
                self.in_body(body, variable, selector, test)
            }
        };
        if found { Found::Yes } else { Found::No }
    }

    fn in_body(
        &self,
        body: &Body<'_>,
        variable: Variable,
        selector: Option<&str>,
        test: &mut dyn FnMut(&[u8]) -> bool,
    ) -> bool {
        if variable == Variable::RequestBody {
            return !body.bytes.is_empty() && test(body.bytes);
        }
        let wanted = |name: &[u8]| {
            let Some(selector) = selector.map(str::as_bytes) else { return true };
            // Azure's examples name a field of JSON by its key; managed rules put `json.` before it.
            let of_rules = || selector.strip_prefix(b"json.").filter(|_| self.kind == Kind::Json);
            name == selector || of_rules() == Some(name)
        };
        body.arguments.any(&mut |name, value| wanted(name) && test(value))
    }
}

/// Arguments of a query, as they were sent. One without `=` has an empty value.
fn query(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).map(split)
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    Transformation::UrlDecode.apply(Cow::Borrowed(text))
}

/// Names and values of cookies.
pub(crate) fn cookies<'r>(request: &Request<'r>) -> impl Iterator<Item = (&'r [u8], &'r [u8])> {
    let values = request.header("cookie");
    let parts = values.flat_map(|value| value.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    parts.filter(|part| !part.is_empty()).map(split)
}

fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let Some(at) = memchr::memchr(b'=', part) else { return (part, b"") };
    let (name, value) = part.split_at(at);
    (name, value.get(1..).unwrap_or_default())
}
