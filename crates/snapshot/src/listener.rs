//! Listeners, and the local socket addresses they share.

use std::net::SocketAddr;
use std::sync::Arc;

use routing::{HostPattern, HostTable};
use tls::acceptor::ListenerTls;

use crate::{BindingId, ListenerId, Pages, RuleId};

/// What a client speaks on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`, as in a URL and in `x-forwarded-proto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port a URL of this scheme need not name.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An HTTP listener as the operator named it.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// What clients speak.
    pub scheme: Scheme,
    /// How TLS is spoken; `Some` for HTTPS.
    pub tls: Option<ListenerTls>,
    /// The name of its certificate, for the status board; `Some` for HTTPS.
    pub certificate: Option<Arc<str>>,
    /// Its own error pages; `None`: the gateway's.
    pub pages: Option<Pages>,
    /// Host patterns; empty for a basic listener, which takes any host.
    pub hosts: Vec<HostPattern>,
    /// The sockets that serve it: one for each local address of its frontend.
    pub bindings: Vec<BindingId>,
}

/// One local socket address and what is served there.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where the sockets are bound. Port 0 asks the system for a free port (tests).
    pub address: SocketAddr,
    /// The port that clients see (site file `ports`), for `x-forwarded-port` and redirects. Equals the bound port
    /// unless the site file says otherwise; 0 where the bound port is 0.
    pub public_port: u16,
    /// The port the document gives.
    pub document_port: u16,
    /// What clients speak here. One protocol a socket address.
    pub scheme: Scheme,
    /// Host of the request -> rule, in priority order.
    pub hosts: HostTable<RuleId>,
    /// For HTTPS: the listener whose certificate answers a client that names no server, or one that no listener has.
    /// The basic listener of the best priority, else the listener of the best priority.
    pub fallback: Option<ListenerId>,
    /// For HTTPS: a client that names a server that no listener has gets the alert `unrecognized_name` instead.
    /// Default false. Extension: `gatehouse.refuseUnknownSni`.
    pub refuse_unknown_sni: bool,
}
