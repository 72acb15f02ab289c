//! Backend address pools.

use std::net::IpAddr;
use std::sync::Arc;

/// A backend address pool: where its members are, without port or protocol (those come from the settings).
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// Its members in the document's order; may be empty (every request is then answered 502).
    pub members: Vec<Member>,
}

/// One member of a pool as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// An address, from `ipAddress`, a NIC or scale set bound by the site file, or an IP literal in `fqdn`.
    Address(IpAddr),
    /// A name to resolve; every address it has is a server of its own. Lower case, without trailing dot.
    Name(Arc<str>),
}
