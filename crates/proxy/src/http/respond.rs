//! What the gateway adds to an answer and what rewrites change in it, before its head is written for the client.

use std::io::Write as _;

use arrayvec::ArrayVec;
use backend::Server;
use snapshot::Affinity;

use crate::failure::Failure;
use crate::http::field::Known;
use crate::http::record::Record;
use crate::http::response::Response;
use crate::http::rewriting::{Answer, Changes};
use crate::http::scan::{Field, Fields};

/// The affinity cookies of an answer.
pub struct Cookies<'a> {
    /// Their names and attributes.
    pub affinity: &'a Affinity,
    /// The server that has answered.
    pub server: &'a Server,
    /// Whether the client came over TLS: the second cookie is for such clients.
    pub secure: bool,
}

/// Hands on the answer as the client is to get it. Without cookies and rewrites it is the server's own.
#[inline]
pub fn pass<R>(
    response: &Response<'_>,
    cookies: Option<Cookies<'_>>,
    record: &mut Record,
    then: impl FnOnce(&Response<'_>, &mut Record) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let changes = record.changes.take_if(|changes| changes.edits.has_response_work());
    if changes.is_none() && cookies.is_none() {
        return then(response, record);
    }
    changed(response, cookies, changes, record, then)
}

#[inline(never)]
fn changed<R>(
    response: &Response<'_>,
    cookies: Option<Cookies<'_>>,
    mut changes: Option<Box<Changes>>,
    record: &mut Record,
    then: impl FnOnce(&Response<'_>, &mut Record) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let values = cookies.map(|cookies| cookies.values()).unwrap_or_default();
    let mut with_cookies = Fields::new();
    let fields: &[Field<'_>] = if values.is_empty() {
        response.fields
    } else {
        // A server's fields are fewer than there is room for, so there is some for two cookies.
        with_cookies.extend(response.fields.iter().copied().take(with_cookies.capacity() - values.capacity()));
        with_cookies.extend(values.iter().map(|value| set_cookie(value)));
        &with_cookies
    };
    let result = match &mut changes {
        None => then(&response.with_fields(fields), record),
        Some(changes) => {
            changes.answer.clear();
            changes.edits.respond(&Answer { status: response.status, fields }, &mut changes.answer);
            if changes.answer.overflowed() {
                return Err(Failure::RewriteTooLarge);
            }
            let mut rewritten = Fields::new();
            rewritten.extend(fields.iter().copied().filter(|field| !changes.answer.edited(field.name)));
            changes.answer.each(|name, value| {
                let field = Field { name, value, known: Known::of(name), plain: true };
                // More than there is room for cannot come of at most forty changes, but for repeated cookies.
                let _ = rewritten.try_push(field);
            });
            then(&response.with_fields(&rewritten), record)
        }
    };
    if let Some(changes) = changes {
        Changes::give(changes);
    }
    result
}

fn set_cookie(value: &[u8]) -> Field<'_> {
    Field { name: b"Set-Cookie", value, known: Known::Common, plain: true }
}

impl Cookies<'_> {
    /// The values of `Set-Cookie`, in Azure's order.
    fn values(&self) -> ArrayVec<Vec<u8>, 2> {
        let Affinity { cookie, cors_cookie, attributes, cors_attributes } = self.affinity;
        let both = [(cors_cookie, cors_attributes, self.secure), (cookie, attributes, true)];
        let wanted = both.into_iter().filter(|(_, _, wanted)| *wanted);
        wanted.map(|(name, attributes, _)| value(name, &self.server.token, attributes)).collect()
    }
}

fn value(name: &str, token: &[u8; 32], attributes: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(name.len() + token.len() + attributes.len() + 1);
    for piece in [name.as_bytes(), b"=", token, attributes.as_bytes()] {
        // Writing to a vector cannot fail.
        let _ = value.write_all(piece);
    }
    value
}

#[cfg(test)]
mod tests;
