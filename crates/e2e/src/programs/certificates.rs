//! Two authorities, so that clients can tell whom they speak TLS with: the server itself, or the gateway.

use std::sync::OnceLock;

use crate::ca::{Ca, Issued};
use crate::folder::Folder;

/// The name that every certificate here is for.
pub const NAME: &str = "localhost";

/// The authority of servers.
pub fn servers() -> &'static Ca {
    static ROOT: OnceLock<Ca> = OnceLock::new();
    ROOT.get_or_init(|| Ca::root("servers"))
}

/// The authority of the gateway.
pub fn gateway() -> &'static Ca {
    static ROOT: OnceLock<Ca> = OnceLock::new();
    ROOT.get_or_init(|| Ca::root("gateway"))
}

/// What the gateway shows.
pub(super) fn front() -> Issued {
    gateway().server(&[NAME, "127.0.0.1"])
}

impl Folder {
    /// With a server's `certificate.pem` and `key.pem`, and with the roots of servers and of the gateway for clients:
    /// `servers.pem` and `gateway.pem`.
    pub fn certified() -> Self {
        let folder = Self::new();
        let issued = servers().server(&[NAME, "127.0.0.1"]);
        folder.write("certificate.pem", issued.pem());
        folder.secret("key.pem", issued.key_pem());
        folder.write("servers.pem", servers().pem());
        folder.write("gateway.pem", gateway().pem());
        folder
    }

    /// The path of a file in it, as arguments take it.
    pub fn named(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}
