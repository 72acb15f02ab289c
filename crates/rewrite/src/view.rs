//! What the engine sees of a request and of its response.

use std::borrow::Cow;

use crate::Server;

/// The head of a request as the client sent it. Never what rewrites made of it: the engine keeps that itself.
pub trait RequestView {
    /// The value of a header, asked for by its lower-case name; several headers of one name joined with `, `.
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>>;

    /// The value of a cookie. Names of cookies are compared byte for byte.
    fn cookie(&self, name: &str) -> Option<&[u8]>;

    /// The value of a server variable, where it stands in the request as it is. Whoever has none appends it.
    fn standing(&self, _: Server) -> Option<&[u8]> {
        None
    }

    /// Appends the value of a server variable; appends nothing where there is none. May not touch what is there.
    fn server(&self, variable: Server, out: &mut Vec<u8>);
}

/// The head of a response as the server sent it, with what the gateway has added to it.
pub trait ResponseView {
    /// The status code.
    fn status(&self) -> u16;

    /// Bytes sent to the client so far.
    fn sent_bytes(&self) -> u64;

    /// How many fields there are.
    fn fields(&self) -> usize;

    /// The name and the value of a field. Asked for indices below [`ResponseView::fields`] only.
    fn field(&self, index: usize) -> (&[u8], &[u8]);
}
