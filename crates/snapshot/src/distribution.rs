//! Load distribution policies: several pools with weights behind one rule.
//!
//! Source: the REST schema only ("ApplicationGatewayLoadDistributionPolicy"). Parity: a pool's weight is that of each of
//! its servers, so its share is the weight times the number of its healthy servers.

use std::sync::Arc;

use crate::TargetId;

/// A load distribution policy used with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// The policy's name, for the log.
    pub name: Arc<str>,
    /// How a server is chosen.
    pub algorithm: Algorithm,
    /// The pools, each used with the same settings.
    pub shares: Vec<Share>,
}

/// One pool of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The pool with the settings.
    pub target: TargetId,
    /// The weight of each of its servers. 1 to 100, default 1.
    pub weight: u32,
}

/// How a server is chosen among those that may take requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// In turn, by weight.
    #[default]
    RoundRobin,
    /// The one with the fewest requests under way for its weight.
    LeastConnections,
    /// By the client's address: the same server for the same client as long as it is healthy.
    IpHash,
}
