//! Listeners, and the local socket addresses they share.

use std::net::{IpAddr, SocketAddr};
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
    /// Bytes, of which nothing is known.
    Tcp,
    /// Bytes over TLS.
    Tls,
}

impl Scheme {
    /// `http` or `https`, as in a URL and in `x-forwarded-proto`; else `tcp` or `tls`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The port a URL of this scheme need not name; 0 where there is none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Tcp | Self::Tls => 0,
        }
    }

    /// Whether TLS is spoken.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether HTTP is spoken; otherwise bytes are passed on as they are.
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

/// A listener as the operator named it.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// What clients speak.
    pub scheme: Scheme,
    /// How TLS is spoken; `Some` for HTTPS and TLS.
    pub tls: Option<ListenerTls>,
    /// The name of its certificate, for the status board; `Some` for HTTPS and TLS.
    pub certificate: Option<Arc<str>>,
    /// Its own error pages; `None`: the gateway's.
    pub pages: Option<Pages>,
    /// Host patterns; empty for a basic listener, which takes any host. For TLS, names that clients ask for; for TCP
    /// too, where clients speak TLS that passes through (extension).
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
    /// Host of the request, or the name asked for in TLS -> rule, in priority order.
    pub hosts: HostTable<RuleId>,
    /// For TCP: the name that a client asks for in its own TLS decides; nothing is connected before it is known.
    pub reads_server_name: bool,
    /// Peers whose connections begin with a PROXY protocol header: address and prefix length. Default none.
    pub proxies: Arc<[(IpAddr, u8)]>,
    /// For HTTPS and TLS: the listener whose certificate answers a client that names no server, or, of HTTPS, one that
    /// no listener has: the basic listener of the best priority, else the listener of the best priority. For TCP: the
    /// listener without names.
    pub fallback: Option<ListenerId>,
    /// For HTTPS and TLS: a client that names a server that no listener has gets the alert `unrecognized_name` instead.
    /// Default false; for TLS, where no basic listener is, always. Extension: `gatehouse.refuseUnknownSni`.
    pub refuse_unknown_sni: bool,
}
