//! One stream: its head read into the same view as any request, checked by the same rules, and served.

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};

use super::connection::Slot;
use super::ends::End;
use crate::failure::Failure;
use crate::http::client::{Client, Seat};
use crate::http::exchange::{Answer, Decision, Exchange};
use crate::http::field::Known;
use crate::http::head::{self, Multiplexed, Version};
use crate::http::scan::{Field, Fields, is_plain_name};

/// The most that one field may have, name and value, in bytes. Source: Azure, "Application Gateway limits".
const MAX_FIELD: usize = 8 * 1024;
/// The most that all fields together may have, in bytes. Source: as above.
pub const MAX_HEADERS: usize = 16 * 1024;

/// Serves one stream.
pub async fn serve(seat: Seat, request: http::Request<RecvStream>, respond: SendResponse<Bytes>, slot: Slot) {
    let view = seat.worker.view();
    let mut exchange = Exchange::new(view, &seat);
    let (parts, body) = request.into_parts();
    let mut end = End::new(seat, body, respond, slot);
    loop {
        let decision = decide(&mut exchange, &end, &parts);
        if let Decision::Answer(answer) = &decision
            && answer.is_malformed()
        {
            (exchange.facts.failure, exchange.facts.status) = (Some(Failure::MalformedHttp2), 400);
            end.refuse(Reason::PROTOCOL_ERROR);
            break;
        }
        if exchange.follow(&mut end, &decision).await.is_some() {
            break;
        }
    }
    exchange.finish(end.seat());
}

fn decide(exchange: &mut Exchange, end: &End, parts: &http::request::Parts) -> Decision {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let mut room = Fields::new();
    let size = match collect(parts, &mut room) {
        Ok(size) => size,
        Err(failure) => return refused(exchange, parts, target, failure),
    };
    exchange.facts.received = (size + target.len()) as u64;
    let read = head::multiplexed(
        Multiplexed {
            method: parts.method.as_str().as_bytes(),
            target: target.as_bytes(),
            authority: parts.uri.authority().map(|authority| authority.as_str().as_bytes()),
            ends: end.is_ended(),
        },
        &room,
        &exchange.view.published.snapshot.limits,
    );
    match read {
        Ok(request) => exchange.route(end, &request, exchange.facts.received),
        Err(failure) => refused(exchange, parts, target, failure),
    }
}

/// The fields as a view; how many bytes they are.
fn collect<'a>(parts: &'a http::request::Parts, room: &mut Fields<'a>) -> Result<usize, Failure> {
    let mut size = 0;
    for (name, value) in &parts.headers {
        let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
        let length = name.len() + value.len();
        size += length;
        if length > MAX_FIELD || size > MAX_HEADERS {
            return Err(Failure::HeaderTooLarge);
        }
        // RFC 9113 8.2.1: no blanks around a value. What else may not stand in it, `h2` has refused.
        if let ([b' ' | b'\t', ..], _) | (_, [.., b' ' | b'\t']) = (value, value) {
            return Err(Failure::MalformedHttp2);
        }
        let field = Field { name, value, known: Known::of(name), plain: is_plain_name(name) };
        room.try_push(field).map_err(|_| Failure::HeaderTooLarge)?;
    }
    Ok(size)
}

fn refused(exchange: &mut Exchange, parts: &http::request::Parts, target: &str, failure: Failure) -> Decision {
    exchange.facts.version = Version::Http2.logged();
    exchange.record.keep_line(parts.method.as_str().as_bytes(), target.as_bytes());
    let mut answer = Answer::refuse(failure);
    answer.to_head = parts.method == http::Method::HEAD;
    answer.version = Version::Http2;
    Decision::Answer(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The host of a request that was accepted.
    fn outcome(method: &str, uri: &str, fields: &[(&str, &str)]) -> Result<Option<String>, Failure> {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut room = Fields::new();
        collect(&parts, &mut room)?;
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str()).as_bytes();
        let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
        let head = Multiplexed { method: parts.method.as_str().as_bytes(), target, authority, ends: true };
        let request = head::multiplexed(head, &room, &snapshot::Limits::default())?;
        Ok(request.host.map(|host| String::from_utf8_lossy(host).into_owned()))
    }

    #[test]
    fn heads_are_held_to_the_rules_of_http_1_and_those_of_http_2() {
        let a = || Ok(Some("a.example".to_owned()));
        let uri = "https://a.example/x?y";
        let long = "v".repeat(8 * 1024);
        type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Result<Option<String>, Failure>);
        let rows: &[Row<'_>] = &[
            ("GET", uri, &[], a()),
            ("GET", uri, &[("host", "A.example")], a()),
            ("GET", uri, &[("host", "b.example")], Err(Failure::MalformedHttp2)),
            ("GET", "/x", &[("host", "a.example")], a()),
            ("GET", "/x", &[], Err(Failure::MissingHost)),
            ("GET", "https://user@a.example/", &[], Err(Failure::InvalidHost)),
            ("GET", "*", &[("host", "a.example")], Err(Failure::MalformedHttp2)),
            ("OPTIONS", "*", &[("host", "a.example")], a()),
            ("TRACE", uri, &[], Err(Failure::MethodTrace)),
            ("get", uri, &[], Err(Failure::InvalidMethod)),
            ("GET", uri, &[("x", "v ")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("x", " v")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("content-type", "a"), ("content-type", "b")], Err(Failure::DuplicateHeader)),
            ("GET", uri, &[("expect", "tea")], Err(Failure::ExpectationFailed)),
            ("GET", uri, &[("connection", "close")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("transfer-encoding", "chunked")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("upgrade", "websocket")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("te", "trailers")], a()),
            ("GET", uri, &[("te", "gzip")], Err(Failure::MalformedHttp2)),
            ("GET", uri, &[("x", &long)], Err(Failure::HeaderTooLarge)),
        ];
        for (method, uri, fields, expected) in rows {
            assert_eq!(outcome(method, uri, fields), *expected, "{method} {uri} {:?}", fields.first().map(|f| f.0));
        }
    }
}
