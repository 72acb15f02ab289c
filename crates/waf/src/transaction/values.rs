//! The values of each variable, taken out of what is known of a request and its response.

use super::Transaction;
use super::clock;
use super::contents::ContentId;
use super::facts::Entry;
use crate::actions::Phase;
use crate::body;
use crate::variables::Variable;

impl Transaction {
    /// Makes the values of the variables that one is put together from.
    pub(super) fn ahead(&mut self, variable: Variable) {
        use Variable as V;
        let of: &[Variable] = match variable {
            V::Args => &[V::ArgsGet, V::ArgsPost],
            V::ArgsNames => &[V::Args],
            V::ArgsGetNames => &[V::ArgsGet],
            V::ArgsPostNames => &[V::ArgsPost],
            V::FilesNames => &[V::Files],
            V::MultipartName => &[V::ArgsPostNames, V::FilesNames],
            V::RequestCookiesNames => &[V::RequestCookies],
            V::RequestHeadersNames => &[V::RequestHeaders],
            V::ResponseHeadersNames => &[V::ResponseHeaders],
            V::ArgsCombinedSize => &[V::Args],
            _ => &[],
        };
        of.iter().for_each(|other| self.shelve(*other));
    }

    /// Appends the values of a variable to `entries`, which hold those of the variables that come [`Self::ahead`].
    pub(super) fn values_of(&mut self, variable: Variable, entries: &mut Vec<Entry>) {
        use Variable as V;
        match variable {
            V::Args => self.copied(&[V::ArgsGet, V::ArgsPost], entries),
            V::ArgsGet => self.query_arguments(entries),
            V::ArgsPost => entries.extend_from_slice(&self.facts.post),
            V::ArgsNames => self.names(V::Args, entries),
            V::ArgsGetNames => self.names(V::ArgsGet, entries),
            V::ArgsPostNames => self.names(V::ArgsPost, entries),
            V::Files | V::MultipartFilename => entries.extend_from_slice(&self.facts.files),
            V::FilesNames => self.names(V::Files, entries),
            V::FilesSizes => self.file_sizes(entries),
            V::MultipartName => self.copied(&[V::ArgsPostNames, V::FilesNames], entries),
            V::MultipartPartHeaders => entries.extend_from_slice(&self.facts.part_headers),
            V::RequestCookies => self.cookies(entries),
            V::RequestCookiesNames => self.names(V::RequestCookies, entries),
            V::RequestHeaders => entries.extend_from_slice(&self.facts.headers),
            V::RequestHeadersNames => self.names(V::RequestHeaders, entries),
            V::ResponseHeaders => entries.extend_from_slice(&self.facts.response_headers),
            V::ResponseHeadersNames => self.names(V::ResponseHeaders, entries),
            V::Xml => keyed(self.contents.add(b"/*"), &self.facts.texts, entries),
            V::XmlAttributes => keyed(self.contents.add(b"//@*"), &self.facts.attributes, entries),
            V::ArgsCombinedSize => {
                let length = |id| self.contents.bytes(id).len();
                let args = entries.get(self.shelves.place(V::Args)).unwrap_or_default().iter();
                let size: usize = args.map(|entry| length(entry.key) + length(entry.value)).sum();
                let value = self.contents.add_number(i64::try_from(size).unwrap_or(i64::MAX));
                entries.push(Entry { key: ContentId::EMPTY, value });
            }
            _ => entries.extend(self.scalar(variable).map(|value| Entry { key: ContentId::EMPTY, value })),
        }
    }

    fn copied(&self, from: &[Variable], entries: &mut Vec<Entry>) {
        from.iter().for_each(|variable| entries.extend_from_within(self.shelves.place(*variable)));
    }

    fn names(&self, of: Variable, entries: &mut Vec<Entry>) {
        let start = entries.len();
        self.copied(&[of], entries);
        entries.iter_mut().skip(start).for_each(|entry| entry.value = entry.key);
    }

    fn query_arguments(&mut self, entries: &mut Vec<Entry>) {
        let settings = &self.program.settings;
        let query = self.facts.query(&self.contents);
        let (pairs, all) = body::parse_form(query, settings.separator, settings.arguments);
        self.contents.spend(query.len() as u64);
        if !all {
            self.facts.body_error.get_or_insert("more arguments than allowed");
        }
        entries.extend(pairs.iter().map(|(key, value)| self.entry(key, value)));
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Entry {
        Entry { key: self.contents.add(key), value: self.contents.add(value) }
    }

    /// Cookies of version 0: pairs between semicolons, names trimmed, nothing decoded.
    fn cookies(&mut self, entries: &mut Vec<Entry>) {
        let headers = self.facts.headers.iter();
        let is_cookie = |entry: &&Entry| self.contents.bytes(entry.key).eq_ignore_ascii_case(b"cookie");
        let mut pairs = Vec::new();
        for header in headers.filter(is_cookie) {
            let mut at = 0;
            for pair in self.contents.bytes(header.value).split(|byte| *byte == b';') {
                let (start, end) = (at, at + pair.len());
                at = end + 1;
                let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
                let name = trimmed(&pair[..equals]);
                if !pair.trim_ascii().is_empty() {
                    let value = end.min(start + equals + 1)..end;
                    pairs.push((header.value, start + name.start..start + name.end, value));
                }
            }
        }
        entries.extend(pairs.into_iter().map(|(header, name, value)| Entry {
            key: self.contents.add_part(header, name),
            value: self.contents.add_part(header, value),
        }));
    }

    fn file_sizes(&mut self, entries: &mut Vec<Entry>) {
        let sizes = self.facts.files.iter().zip(&self.facts.file_sizes);
        let number = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        entries
            .extend(sizes.map(|(file, size)| Entry { key: file.key, value: self.contents.add_number(number(*size)) }));
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
            // Of one name more: what is made of it is made once.
            V::RequestUri if self.facts.uri(&self.contents).len() == self.contents.bytes(self.facts.target).len() => {
                return Some(self.facts.target);
            }
            V::RequestUri => self.facts.uri(&self.contents).to_vec(),
            V::RequestFilename => self.path(),
            V::RequestBasename => {
                let path = self.path();
                let cut = path.iter().rposition(|byte| b"/\\".contains(byte)).map_or(0, |at| at + 1);
                path[cut..].to_vec()
            }
            V::QueryString => self.facts.query(&self.contents).to_vec(),
            V::RequestBody => return self.request_body_text(),
            V::RemoteAddr | V::RemoteHost | V::UseragentIp => self.facts.remote.to_canonical().to_string().into_bytes(),
            V::ServerName => self.server_name(),
            V::ServerAddr => self.facts.server?.0.to_canonical().to_string().into_bytes(),
            V::AuthType => self.facts.credentials(&self.contents)?.0.to_vec(),
            V::RemoteUser => self.facts.user(&self.contents)?,
            V::FullRequest => self.full_request(),
            V::ReqbodyProcessor => self.facts.processor.map_or("", body::Processor::name).into(),
            V::ReqbodyErrorMsg | V::ReqbodyProcessorErrorMsg => self.facts.body_error.unwrap_or("").into(),
            V::ResponseBody if self.stage.phase >= Phase::ResponseBody => self.facts.response_body.clone(),
            V::ResponseProtocol if self.facts.response_status.is_some() => return Some(self.facts.response_protocol),
            V::ResponseContentType if self.facts.response_status.is_some() => {
                self.facts.response_type(&self.contents).to_vec()
            }
            V::ResponseStatus => self.facts.response_status?.to_string().into_bytes(),
            V::Time
            | V::TimeDay
            | V::TimeEpoch
            | V::TimeHour
            | V::TimeMin
            | V::TimeMon
            | V::TimeSec
            | V::TimeWday
            | V::TimeYear => clock::value(variable, self.facts.time?)?.into_bytes(),
            _ => {
                let number = self.count(variable)?;
                return Some(self.contents.add_number(i64::try_from(number).unwrap_or(i64::MAX)));
            }
        };
        Some(self.contents.add(&text))
    }

    /// The value of a variable that is a number or a flag.
    fn count(&mut self, variable: Variable) -> Option<u64> {
        use Variable as V;
        let anomalies = self.facts.anomalies;
        Some(match variable {
            V::FilesCombinedSize => self.facts.file_sizes.iter().map(|size| *size as u64).sum(),
            V::RequestBodyLength => self.facts.body.len() as u64,
            V::ResponseContentLength if self.facts.response_status.is_some() => self.facts.response_body.len() as u64,
            V::RemotePort => u64::from(self.facts.remote_port),
            V::ServerPort => u64::from(self.facts.server?.1),
            V::FullRequestLength => self.full_request().len() as u64,
            V::HighestSeverity => self.highest.map_or(255, |severity| severity as u64),
            V::OutboundDataError => u64::from(self.facts.response_cut),
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

    /// The request as it came, line by line.
    fn full_request(&self) -> Vec<u8> {
        let mut text = self.request_line();
        text.extend_from_slice(b"\r\n");
        for entry in &self.facts.headers {
            let (name, value) = (self.contents.bytes(entry.key), self.contents.bytes(entry.value));
            text.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
        }
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(&self.facts.body);
        text
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
        let there = self.stage.phase >= Phase::RequestBody && form;
        Some(if there { self.contents.add(&self.facts.body) } else { ContentId::EMPTY })
    }
}

/// Where a text stands without the blanks around it.
fn trimmed(text: &[u8]) -> std::ops::Range<usize> {
    let start = text.len() - text.trim_ascii_start().len();
    start..start + text.trim_ascii().len()
}

fn keyed(key: ContentId, values: &[ContentId], entries: &mut Vec<Entry>) {
    entries.extend(values.iter().map(|value| Entry { key, value: *value }));
}
