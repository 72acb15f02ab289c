//! A request and a response to try rewrites on, and a short way to write rules.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "what these tests write is right, or they fail")]

use std::borrow::Cow;

use rewrite::{
    Condition, Edits, HeaderAction, Matcher, Pattern, RequestView, ResponseEdits, ResponseView, RewriteSet, RuleSpec,
    Server, Template, UrlAction, Variable,
};

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) cookies: Vec<(String, Vec<u8>)>,
    pub(crate) server: Vec<(Server, Vec<u8>)>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
}

pub(crate) fn request(path: &str, query: &str, headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Request { path: path.to_owned(), query: query.to_owned(), headers, ..Request::default() }
}

pub(crate) fn response(status: u16, fields: &[(&str, &str)]) -> Response {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Response { status, fields }
}

impl RequestView for Request {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut all = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let first = all.next()?;
        let rest: Vec<_> = all.collect();
        if rest.is_empty() {
            return Some(Cow::Borrowed(first));
        }
        let values: Vec<&[u8]> = std::iter::once(first).chain(rest).map(Vec::as_slice).collect();
        Some(Cow::Owned(values.join(b", ".as_slice())))
    }

    fn cookie(&self, name: &str) -> Option<&[u8]> {
        self.cookies.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_slice())
    }

    fn server(&self, variable: Server, out: &mut Vec<u8>) {
        match variable {
            Server::UriPath => out.extend_from_slice(self.path.as_bytes()),
            Server::QueryString | Server::RequestQuery => out.extend_from_slice(self.query.as_bytes()),
            Server::RequestUri if self.query.is_empty() => out.extend_from_slice(self.path.as_bytes()),
            Server::RequestUri => out.extend_from_slice(format!("{}?{}", self.path, self.query).as_bytes()),
            _ => {
                let found = self.server.iter().find(|(other, _)| *other == variable);
                out.extend_from_slice(found.map(|(_, value)| value.as_slice()).unwrap_or_default());
            }
        }
    }
}

impl ResponseView for Response {
    fn status(&self) -> u16 {
        self.status
    }

    fn sent_bytes(&self) -> u64 {
        1234
    }

    fn fields(&self) -> usize {
        self.fields.len()
    }

    fn field(&self, index: usize) -> (&[u8], &[u8]) {
        let (name, value) = &self.fields[index];
        (name.as_bytes(), value)
    }
}

/// A rule in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule(pub(crate) RuleSpec);

pub(crate) fn rule(sequence: i64) -> Rule {
    Rule(RuleSpec { name: format!("rule {sequence}"), sequence, ..RuleSpec::default() })
}

impl Rule {
    pub(crate) fn when(self, variable: &str, pattern: &str) -> Self {
        self.condition(variable, pattern, false, false)
    }

    pub(crate) fn unless(self, variable: &str, pattern: &str) -> Self {
        self.condition(variable, pattern, false, true)
    }

    pub(crate) fn condition(mut self, variable: &str, pattern: &str, ignore_case: bool, negate: bool) -> Self {
        let variable = Variable::parse(variable).unwrap();
        self.0.conditions.push(Condition { variable, pattern: Pattern::new(pattern, ignore_case).unwrap(), negate });
        self
    }

    /// Call it after the conditions.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        let action = HeaderAction { name: name.to_owned(), value: self.template(value), matcher: None };
        self.0.request_headers.push(action);
        self
    }

    pub(crate) fn set_response(mut self, name: &str, value: &str) -> Self {
        let action = HeaderAction { name: name.to_owned(), value: self.template(value), matcher: None };
        self.0.response_headers.push(action);
        self
    }

    pub(crate) fn set_matching(mut self, name: &str, value: &str, pattern: &str, negate: bool) -> Self {
        let matcher = Some(Matcher { pattern: Pattern::new(pattern, false).unwrap(), negate });
        let action = HeaderAction { name: name.to_owned(), value: self.template(value), matcher };
        self.0.response_headers.push(action);
        self
    }

    pub(crate) fn path(mut self, value: &str) -> Self {
        let path = Template::parse(value, &self.0.conditions).unwrap();
        self.0.url.get_or_insert_default().path = Some(path);
        self
    }

    pub(crate) fn query(mut self, value: &str) -> Self {
        let query = Template::parse(value, &self.0.conditions).unwrap();
        self.0.url.get_or_insert_default().query = Some(query);
        self
    }

    pub(crate) fn reroute(mut self) -> Self {
        self.0.url.get_or_insert(UrlAction::default()).reroute = true;
        self
    }

    fn template(&self, value: &str) -> Option<Template> {
        (!value.is_empty()).then(|| Template::parse(value, &self.0.conditions).unwrap())
    }
}

pub(crate) fn set_of(rules: impl IntoIterator<Item = Rule>) -> RewriteSet {
    RewriteSet::new("set", rules.into_iter().map(|rule| rule.0).collect())
}

/// What becomes of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Names in lower case, in order of the names.
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) path: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) reroute: bool,
    pub(crate) overflowed: bool,
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn outcome(edits: &mut Edits) -> Outcome {
    let reroute = edits.take_reroute();
    let mut headers: Vec<_> =
        edits.headers().map(|(name, value)| (text(name).to_lowercase(), value.map(text))).collect();
    headers.sort();
    Outcome {
        headers,
        path: edits.path().map(text),
        query: edits.query().map(text),
        reroute,
        overflowed: edits.overflowed(),
    }
}

pub(crate) fn run(set: &RewriteSet, request: &Request) -> Outcome {
    let mut edits = Edits::default();
    set.request(request, &mut edits);
    outcome(&mut edits)
}

/// The fields of the response when the rewrites are done: those untouched first.
pub(crate) fn respond(set: &RewriteSet, request: &Request, response: &Response) -> Vec<(String, String)> {
    let (mut edits, mut out) = (Edits::default(), ResponseEdits::default());
    set.request(request, &mut edits);
    edits.respond(response, &mut out);
    fields(&out, response)
}

pub(crate) fn fields(out: &ResponseEdits, response: &Response) -> Vec<(String, String)> {
    let untouched = response.fields.iter().filter(|(name, _)| !out.edited(name.as_bytes()));
    let mut fields: Vec<_> = untouched.map(|(name, value)| (name.clone(), text(value))).collect();
    out.each(|name, value| fields.push((text(name), text(value))));
    fields
}
