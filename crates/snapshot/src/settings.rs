//! Backend HTTP settings: how servers of a pool are spoken to.

use std::sync::Arc;
use std::time::Duration;

use routing::BackendPath;
use tls::connector::ServerTls;

use crate::Scheme;

/// Backend HTTP settings, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// Port on every server of the pool. 1 to 65535.
    pub port: u16,
    /// What the servers speak.
    pub scheme: Scheme,
    /// How TLS is spoken with them; `Some` for HTTPS.
    pub tls: Option<Arc<ServerTls>>,
    /// How long the gateway waits for the server: for the response head, and between two reads of its body.
    /// Default 20 s, range 1 s to 24 h. Source: Azure, "Backend settings", request time-out.
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
