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
    /// How long a server that was removed may finish what it has. Default 30 s.
    pub drain_timeout: Duration,
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
