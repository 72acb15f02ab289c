//! The values of each variable, made when a rule first asks, and the views of them after transformation.

use super::Transaction;
use super::contents::{Bits, ContentId};
use super::facts::Entry;
use crate::actions::Phase;
use crate::body;
use crate::program::Program;
use crate::variables::Variable;

/// What rules see of a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    start: usize,
    end: usize,
    /// The bits of the operators that can match any of them.
    pub(super) bits: Bits,
}

/// Values and views that have been made.
#[derive(Debug)]
pub(super) struct Shelves {
    values: Vec<Option<Vec<Entry>>>,
    views: Vec<Option<Seen>>,
    /// Of all views: index of a value among those of its variable, and what it is after transformation.
    seen: Vec<(u32, ContentId)>,
}

impl Shelves {
    pub(super) fn new(program: &Program) -> Self {
        Self { values: Vec::new(), views: vec![None; program.views.len()], seen: Vec::with_capacity(256) }
    }

    pub(super) fn values(&self, variable: Variable) -> &[Entry] {
        self.values.get(variable as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    pub(super) fn view(&self, number: u32) -> Option<Seen> {
        self.views.get(number as usize).copied().flatten()
    }

    /// The value at a place of a view: its index among those of the variable, and what it is after transformation.
    pub(super) fn seen(&self, view: Seen, at: usize) -> Option<(u32, ContentId)> {
        self.seen.get(view.start..view.end)?.get(at).copied()
    }

    /// Forgets what may be different in a new phase.
    pub(super) fn new_phase(&mut self, program: &Program) {
        for (index, values) in self.values.iter_mut().enumerate() {
            if !HEAD_ONLY.iter().any(|variable| *variable as usize == index) {
                *values = None;
            }
        }
        for (number, view) in (0u32..).zip(&mut self.views) {
            if program.views.get(number).is_none_or(|view| !HEAD_ONLY.contains(&view.variable)) {
                *view = None;
            }
        }
    }
}

/// Variables that the request's head settles for good.
const HEAD_ONLY: &[Variable] = &[
    Variable::ArgsGet,
    Variable::ArgsGetNames,
    Variable::QueryString,
    Variable::RemoteAddr,
    Variable::RequestBasename,
    Variable::RequestCookies,
    Variable::RequestCookiesNames,
    Variable::RequestFilename,
    Variable::RequestHeaders,
    Variable::RequestHeadersNames,
    Variable::RequestLine,
    Variable::RequestMethod,
    Variable::RequestProtocol,
    Variable::RequestUri,
    Variable::RequestUriRaw,
];

impl Transaction {
    /// Makes the values of a variable unless they are there.
    pub(super) fn shelve(&mut self, variable: Variable) {
        let index = variable as usize;
        if self.shelves.values.len() <= index {
            self.shelves.values.resize_with(index + 1, || None);
        }
        if self.shelves.values.get(index).is_some_and(Option::is_some) {
            return;
        }
        let values = self.values_of(variable);
        if let Some(place) = self.shelves.values.get_mut(index) {
            *place = Some(values);
        }
    }

    /// Makes a view unless it is there.
    pub(super) fn shelve_view(&mut self, program: &Program, number: u32) {
        if self.shelves.view(number).is_some() {
            return;
        }
        let Some(view) = program.views.get(number) else { return };
        self.shelve(view.variable);
        let mut values = std::mem::take(&mut self.shelves.seen);
        let start = values.len();
        for (index, entry) in (0u32..).zip(self.shelves.values(view.variable)) {
            let of_key = |key: &[u8]| self.contents.bytes(entry.key).eq_ignore_ascii_case(key);
            if view.key.as_deref().is_none_or(of_key) {
                values.push((index, entry.value));
            }
        }
        let seen = values.get_mut(start..).unwrap_or_default();
        for (_, value) in seen.iter_mut() {
            *value = self.contents.transformed(*value, &view.transformations);
        }
        let bits = self.contents.union(seen, view.response);
        let end = values.len();
        self.shelves.seen = values;
        if let Some(place) = self.shelves.views.get_mut(number as usize) {
            *place = Some(Seen { start, end, bits });
        }
    }

    fn values_of(&mut self, variable: Variable) -> Vec<Entry> {
        use Variable as V;
        match variable {
            V::Args => self.both(V::ArgsGet, V::ArgsPost),
            V::ArgsGet => self.query_arguments(),
            V::ArgsPost => self.facts.post.clone(),
            V::ArgsNames => self.names(V::Args),
            V::ArgsGetNames => self.names(V::ArgsGet),
            V::ArgsPostNames => self.names(V::ArgsPost),
            V::Files | V::MultipartFilename => self.facts.files.clone(),
            V::FilesNames => self.names(V::Files),
            V::FilesSizes => self.file_sizes(),
            V::MultipartName => self.both(V::ArgsPostNames, V::FilesNames),
            V::MultipartPartHeaders => self.facts.part_headers.clone(),
            V::RequestCookies => self.cookies(),
            V::RequestCookiesNames => self.names(V::RequestCookies),
            V::RequestHeaders => self.facts.headers.clone(),
            V::RequestHeadersNames => self.names(V::RequestHeaders),
            V::ResponseHeaders => self.facts.response_headers.clone(),
            V::ResponseHeadersNames => self.names(V::ResponseHeaders),
            V::Xml => self.keyed(b"/*", self.facts.texts.clone()),
            V::XmlAttributes => self.keyed(b"//@*", self.facts.attributes.clone()),
            _ => self.scalar(variable).map(|value| Entry { key: ContentId::EMPTY, value }).into_iter().collect(),
        }
    }

    fn both(&mut self, first: Variable, second: Variable) -> Vec<Entry> {
        self.shelve(first);
        self.shelve(second);
        [self.shelves.values(first), self.shelves.values(second)].concat()
    }

    fn names(&mut self, of: Variable) -> Vec<Entry> {
        self.shelve(of);
        self.shelves.values(of).iter().map(|entry| Entry { key: entry.key, value: entry.key }).collect()
    }

    fn keyed(&mut self, key: &[u8], values: Vec<ContentId>) -> Vec<Entry> {
        let key = self.contents.add(key);
        values.into_iter().map(|value| Entry { key, value }).collect()
    }

    fn query_arguments(&mut self) -> Vec<Entry> {
        let settings = &self.program.settings;
        let query = self.facts.query(&self.contents);
        let (pairs, all) = body::parse_form(query, settings.separator, settings.arguments);
        if !all {
            self.facts.body_error.get_or_insert("more arguments than allowed");
        }
        pairs.iter().map(|(key, value)| self.entry(key, value)).collect()
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Entry {
        Entry { key: self.contents.add(key), value: self.contents.add(value) }
    }

    /// Cookies of version 0: pairs between semicolons, names trimmed, nothing decoded.
    fn cookies(&mut self) -> Vec<Entry> {
        let headers = self.facts.headers.iter();
        let is_cookie = |entry: &&Entry| self.contents.bytes(entry.key).eq_ignore_ascii_case(b"cookie");
        let mut pairs = Vec::new();
        for header in headers.filter(is_cookie) {
            for pair in self.contents.bytes(header.value).split(|byte| *byte == b';') {
                let equals = memchr::memchr(b'=', pair);
                let (name, value) = equals.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
                if !pair.trim_ascii().is_empty() {
                    pairs.push((name.trim_ascii().to_vec(), value.to_vec()));
                }
            }
        }
        pairs.iter().map(|(name, value)| self.entry(name, value)).collect()
    }

    fn file_sizes(&mut self) -> Vec<Entry> {
        let sizes: Vec<u64> = self.facts.file_sizes.iter().map(|size| *size as u64).collect();
        let keys: Vec<ContentId> = self.facts.files.iter().map(|file| file.key).collect();
        keys.into_iter().zip(sizes).map(|(key, size)| Entry { key, value: self.contents.add_number(size) }).collect()
    }

    /// The value of a variable that has one, or none.
    pub(super) fn scalar(&mut self, variable: Variable) -> Option<ContentId> {
        use Variable as V;
        let text: Vec<u8> = match variable {
            V::RequestMethod => return Some(self.facts.method),
            V::RequestProtocol => return Some(self.facts.protocol),
            V::RequestUriRaw => return Some(self.facts.target),
            V::UniqueId => return Some(self.facts.unique_id),
            V::RequestLine => self.request_line(),
            V::RequestUri => self.facts.uri(&self.contents).to_vec(),
            V::RequestFilename => self.path(),
            V::RequestBasename => {
                let path = self.path();
                let cut = path.iter().rposition(|byte| b"/\\".contains(byte)).map_or(0, |at| at + 1);
                path[cut..].to_vec()
            }
            V::QueryString => self.facts.query(&self.contents).to_vec(),
            V::RequestBody => return self.request_body_text(),
            V::RemoteAddr | V::RemoteHost => self.facts.remote.to_canonical().to_string().into_bytes(),
            V::ServerName => self.server_name(),
            V::ReqbodyProcessor => self.facts.processor.map_or("", body::Processor::name).into(),
            V::ReqbodyErrorMsg | V::ReqbodyProcessorErrorMsg => self.facts.body_error.unwrap_or("").into(),
            V::ResponseBody if self.phase >= Phase::ResponseBody => self.facts.response_body.clone(),
            V::ResponseProtocol if self.facts.response_status.is_some() => return Some(self.facts.response_protocol),
            V::ResponseContentType if self.facts.response_status.is_some() => {
                self.facts.response_type(&self.contents).to_vec()
            }
            V::ResponseStatus => self.facts.response_status?.to_string().into_bytes(),
            _ => return self.count(variable).map(|number| self.contents.add_number(number)),
        };
        Some(self.contents.add(&text))
    }

    /// The value of a variable that is a number or a flag.
    fn count(&mut self, variable: Variable) -> Option<u64> {
        use Variable as V;
        let anomalies = self.facts.anomalies;
        Some(match variable {
            V::ArgsCombinedSize => {
                self.shelve(V::Args);
                let length = |id| self.contents.bytes(id).len() as u64;
                self.shelves.values(V::Args).iter().map(|entry| length(entry.key) + length(entry.value)).sum()
            }
            V::FilesCombinedSize => self.facts.file_sizes.iter().map(|size| *size as u64).sum(),
            V::RequestBodyLength => self.facts.body.len() as u64,
            V::ResponseContentLength if self.facts.response_status.is_some() => self.facts.response_body.len() as u64,
            V::RemotePort => u64::from(self.facts.remote_port),
            V::Duration => self.facts.elapsed_ms,
            V::ReqbodyError | V::ReqbodyProcessorError => u64::from(self.facts.body_error.is_some()),
            V::UrlencodedError => {
                let query = self.facts.query(&self.contents);
                u64::from(self.facts.bad_escape || body::invalid_escape(query))
            }
            V::InboundDataError => u64::from(self.verdict.body_cut),
            V::MultipartStrictError => u64::from(anomalies.strict_error()),
            V::MultipartUnmatchedBoundary => u64::from(anomalies.unmatched_boundary),
            V::MultipartBoundaryQuoted => u64::from(anomalies.boundary_quoted),
            V::MultipartBoundaryWhitespace => u64::from(anomalies.boundary_whitespace),
            V::MultipartDataBefore => u64::from(anomalies.data_before),
            V::MultipartDataAfter => u64::from(anomalies.data_after),
            V::MultipartHeaderFolding => u64::from(anomalies.header_folding),
            V::MultipartInvalidHeaderFolding => u64::from(anomalies.invalid_header_folding),
            V::MultipartLfLine => u64::from(anomalies.lf_line),
            V::MultipartMissingSemicolon => u64::from(anomalies.missing_semicolon),
            V::MultipartInvalidQuoting => u64::from(anomalies.invalid_quoting),
            V::MultipartInvalidPart => u64::from(anomalies.invalid_part),
            V::MultipartFileLimitExceeded => u64::from(anomalies.file_limit),
            _ => return None,
        })
    }

    /// The path as servers read it: decoded once, where a plus sign is a plus sign.
    fn path(&self) -> Vec<u8> {
        body::decode_path(self.facts.path(&self.contents))
    }

    fn request_line(&self) -> Vec<u8> {
        let facts = &self.facts;
        [facts.method, facts.target, facts.protocol].map(|id| self.contents.bytes(id)).join(&b' ')
    }

    fn server_name(&self) -> Vec<u8> {
        let host = self.facts.header(b"host", &self.contents);
        let end = match host.strip_prefix(b"[") {
            Some(rest) => memchr::memchr(b']', rest).map_or(host.len(), |at| at + 2),
            None => memchr::memchr(b':', host).unwrap_or(host.len()),
        };
        host[..end].to_vec()
    }

    /// The body as it came, where it is a form or a rule asks for it; empty before it has been read.
    fn request_body_text(&mut self) -> Option<ContentId> {
        let form = self.facts.processor == Some(body::Processor::Urlencoded) || self.facts.force_body;
        let there = self.phase >= Phase::RequestBody && form;
        Some(if there { self.contents.add(&self.facts.body) } else { ContentId::EMPTY })
    }
}
