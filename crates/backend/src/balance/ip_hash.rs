//! By the client's address: the same client at the same server, without cookies.
//!
//! Weighted rendezvous hashing: every server draws a number from the client's address and its own, the greatest wins.
//! When a server goes, only its clients move, each to the second of its own order; when it returns, they return. No
//! state and no table; gateways with the same document agree.

use std::net::IpAddr;

use crate::balance::Engine;
use crate::balance::tried::{Tried, Welcome};
use crate::server::Server;

/// The one that draws the greatest number.
pub(super) struct IpHash<'a> {
    client: u64,
    tried: Tried<'a>,
    best: Option<(Welcome, f64)>,
}

impl<'a> IpHash<'a> {
    pub(super) fn new(client: IpAddr, tried: &'a [u64]) -> Self {
        Self { client: number(client), tried: Tried(tried), best: None }
    }
}

impl Engine for IpHash<'_> {
    #[inline]
    fn offer(&mut self, server: &Server, weight: u32) -> bool {
        let Some(welcome) = self.tried.welcome(server.id) else { return false };
        let merit = (welcome, draw(self.client, server.seed, weight));
        let is_best = self.best.is_none_or(|best| merit > best);
        if is_best {
            self.best = Some(merit);
        }
        is_best
    }
}

/// The whole address: of IPv6 too, although a client may change its lower half.
fn number(client: IpAddr) -> u64 {
    match client.to_canonical() {
        IpAddr::V4(ip) => mix(u64::from(ip.to_bits())),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            let (high, low) = ((bits >> 64) as u64, bits as u64);
            mix(mix(high) ^ low)
        }
    }
}

/// A number for each pair of client and server; of all servers the greatest belongs to each with a probability in
/// proportion to its weight. That is so for `-weight / ln(u)` with `u` evenly spread between 0 and 1.
fn draw(client: u64, seed: u64, weight: u32) -> f64 {
    // 53 bits, and half of the last: never 0, never 1.
    const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
    let even = ((mix(client ^ mix(seed)) >> 11) as f64 + 0.5) * UNIT;
    -f64::from(weight) / even.ln()
}

/// Spreads the bits of a number over all of it (the last steps of splitmix64).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
