//! HTTP/2 to clients.

mod answers;
mod conformance;
mod connections;
mod content;
mod floods;
mod messages;
mod noise;
mod targets;
mod windows;

use e2e::h2::H2;
use e2e::{Ca, Document, Farm, Gateway};

/// A gateway that speaks HTTP/2, before servers.
pub(crate) struct Bench {
    pub(crate) gateway: Gateway,
    pub(crate) farm: Farm,
}

impl Bench {
    /// One server that says what it got.
    pub(crate) fn new() -> Self {
        Self::before(Farm::echo(1))
    }

    /// These servers.
    pub(crate) fn before(farm: Farm) -> Self {
        Self::with(farm, |document| document)
    }

    /// These servers, and content that goes on as it comes.
    pub(crate) fn streaming(farm: Farm) -> Self {
        Self::with(farm, Document::streaming)
    }

    /// These servers, and a document that differs.
    pub(crate) fn with(farm: Farm, change: impl FnOnce(Document) -> Document) -> Self {
        let document = Document::https(&farm, &Ca::root("root").server(&["a.com", "b.com"]));
        Self { gateway: Gateway::start(&change(document)), farm }
    }

    /// A connection that has begun.
    pub(crate) fn h2(&self) -> H2 {
        self.gateway.h2()
    }

    /// A connection that has begun with these settings and gives no room for content by itself.
    pub(crate) fn frugal(&self, settings: &[(u16, u32)]) -> H2 {
        let mut h2 = self.silent();
        h2.generous = false;
        h2.begun(settings)
    }

    /// A connection on which nothing was said.
    pub(crate) fn silent(&self) -> H2 {
        H2::silent(self.gateway.address("web"))
    }
}
