//! Backend settings: how servers of a pool are spoken to.

use std::sync::Arc;
use std::time::Duration;

use routing::BackendPath;
use tls::connector::ServerTls;

use crate::Scheme;

/// Backend settings of either kind, defaults filled in. Where TCP or TLS is spoken, what concerns HTTP alone is off.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// Port on every server of the pool. 1 to 65535.
    pub port: u16,
    /// What the servers speak.
    pub scheme: Scheme,
    /// How TLS is spoken with them; `Some` for HTTPS and TLS.
    pub tls: Option<Arc<ServerTls>>,
    /// How long the gateway waits for the server: for the response head, and between two reads of its body.
    /// Where TCP or TLS is spoken: how long nothing may move either way.
    /// Default 20 s, range 1 s to 24 h. Source: Azure, "Backend settings", request time-out and time-out.
    pub request_timeout: Duration,
    /// Override backend path (`path`), as written. `None`: the path goes on unchanged.
    pub path: Option<BackendPath>,
    /// What the server gets as Host.
    pub host: HostHeader,
    /// Cookies that keep a client at its server. `None`: any server will do.
    pub affinity: Option<Affinity>,
    /// Whether each client connection has a server connection of its own (`dedicatedBackendConnection`).
    pub dedicated: bool,
    /// Whether draining is asked for (`connectionDraining`): then servers that probes find unhealthy are drained too.
    pub drains_unhealthy: bool,
    /// How long a server that was removed may finish what it has. Default 30 s, range 1 s to 1 h.
    pub drain_timeout: Duration,
    /// What a connection to a server begins with (`enableL4ClientIpPreservation`). Default: nothing.
    pub proxy_header: Option<ProxyHeader>,
}

/// A header that tells a server who its client is.
///
/// Source: the PROXY protocol, versions 1 and 2 (haproxy.org, "The PROXY protocol"); Azure, "Client IP preservation".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProxyHeader {
    /// Which form it has. Default version 1.
    pub version: ProxyVersion,
    /// Names the server as the destination, instead of the address that the client connected to. Default false.
    pub to_server: bool,
}

/// The form of a PROXY protocol header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyVersion {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

impl ProxyVersion {
    /// A header that names nobody, as probes send it.
    pub const fn of_nobody(self) -> &'static [u8] {
        match self {
            Self::V1 => b"PROXY UNKNOWN\r\n",
            // The signature; version 2, LOCAL; no family; no more bytes.
            Self::V2 => b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        }
    }
}

/// Cookie affinity: two cookies with one value, which names the server.
///
/// Source: Azure, "Application Gateway HTTP settings configuration", cookie-based affinity. The second cookie is for
/// requests from other sites; it goes to clients that come over HTTPS only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affinity {
    /// Name of the first cookie. Default `ApplicationGatewayAffinity`.
    pub cookie: Arc<str>,
    /// Name of the second: the first with `CORS` behind it.
    pub cors_cookie: Arc<str>,
    /// What follows the first cookie's value, such as `; Path=/`.
    pub attributes: Arc<str>,
    /// What follows the second's: `; Path=/; SameSite=None; Secure`.
    pub cors_attributes: Arc<str>,
}

/// What a server gets as Host header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostHeader {
    /// The client's, unchanged.
    Client,
    /// A fixed name (`hostName`).
    Fixed(Arc<str>),
    /// The server's own FQDN, or its address (`pickHostNameFromBackendAddress`).
    Server,
}
