//! To which servers a request goes, and as what.

use std::net::SocketAddr;

use super::{Outcome, Passes, Question};
use crate::{Algorithm, DistributionId, Hit, HostHeader, Member, Pool, Scheme, Settings, Snapshot, TargetId};

/// Where a request is forwarded to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    /// The pool; several of a distribution.
    pub pools: Vec<PoolShare>,
    /// The load distribution policy that chooses among them.
    pub distribution: Option<Distributed>,
    /// The settings.
    pub settings: String,
    /// Names of the cookies that keep the client at its server; none without affinity.
    pub affinity: Vec<String>,
    /// `http` or `https`.
    pub scheme: String,
    /// What the server gets as Host.
    pub host: String,
    /// Path and query as the server gets them.
    pub path: String,
}

/// A pool, and how much of the requests it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolShare {
    /// The pool.
    pub name: String,
    /// The weight of each of its servers.
    pub weight: u32,
    /// How many of a hundred requests go there, if every member is one healthy server.
    pub percent: u32,
    /// Addresses and names of the members, with the settings' port.
    pub members: Vec<String>,
}

/// A load distribution policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distributed {
    /// Its name.
    pub name: String,
    /// How it chooses.
    pub algorithm: Algorithm,
}

impl Forward {
    /// The names of the pools, with commas.
    pub fn pool(&self) -> String {
        self.pools.iter().map(|pool| pool.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The members of all pools.
    pub fn members(&self) -> Vec<&str> {
        self.pools.iter().flat_map(|pool| &pool.members).map(String::as_str).collect()
    }
}

pub(super) fn to_one(
    snapshot: &Snapshot,
    target: TargetId,
    hit: Hit<'_>,
    question: &Question<'_>,
    passes: &Passes,
) -> Outcome {
    let pools = vec![pool(snapshot, target, 1)];
    forward(snapshot, target, hit, question, passes, Forward { pools, ..Forward::default() })
}

pub(super) fn to_several(
    snapshot: &Snapshot,
    distribution: DistributionId,
    hit: Hit<'_>,
    question: &Question<'_>,
    passes: &Passes,
) -> Outcome {
    let policy = &snapshot.distributions[distribution];
    let pools = policy.shares.iter().map(|share| pool(snapshot, share.target, share.weight)).collect();
    let distribution = Some(Distributed { name: policy.name.to_string(), algorithm: policy.algorithm });
    // Every share has the same settings, and compiling leaves none without a share.
    let Some(first) = policy.shares.first() else { return Outcome::default() };
    forward(snapshot, first.target, hit, question, passes, Forward { pools, distribution, ..Forward::default() })
}

fn pool(snapshot: &Snapshot, target: TargetId, weight: u32) -> PoolShare {
    let target = &snapshot.targets[target];
    let (pool, port) = (&snapshot.pools[target.pool], snapshot.settings[target.settings].port);
    PoolShare { name: pool.name.to_string(), weight, percent: 0, members: members(pool, port) }
}

/// Addresses and names of a pool's members, with a port.
pub(super) fn members(pool: &Pool, port: u16) -> Vec<String> {
    let member = |member: &Member| match member {
        Member::Address(ip) => SocketAddr::new(*ip, port).to_string(),
        Member::Name(name) => format!("{name}:{port}"),
    };
    pool.members.iter().map(member).collect()
}

fn forward(
    snapshot: &Snapshot,
    target: TargetId,
    hit: Hit<'_>,
    question: &Question<'_>,
    passes: &Passes,
    mut to: Forward,
) -> Outcome {
    if to.members().is_empty() {
        let kind = if to.pools.len() > 1 { "pools have" } else { "pool has" };
        let names: Vec<_> = to.pools.iter().map(|pool| format!("{:?}", pool.name)).collect();
        return Outcome::Answer { status: 502, reason: format!("the {kind} no members: {}", names.join(", ")) };
    }
    share(&mut to.pools);
    let settings = &snapshot.settings[snapshot.targets[target].settings];
    to.settings = settings.name.to_string();
    to.affinity = cookies(settings, question.scheme);
    to.scheme = settings.scheme.as_str().to_owned();
    to.host = match &settings.host {
        HostHeader::Client => passes.host(question).to_owned(),
        HostHeader::Fixed(name) => name.to_string(),
        HostHeader::Server => "the name of the chosen server".to_owned(),
    };
    to.path = path(settings, hit, question, passes);
    Outcome::Forward(Box::new(to))
}

/// A pool's share is its weight times its servers.
fn share(pools: &mut [PoolShare]) {
    let parts = |pool: &PoolShare| u64::from(pool.weight) * pool.members.len() as u64;
    let all: u64 = pools.iter().map(parts).sum::<u64>().max(1);
    for pool in pools {
        pool.percent = u32::try_from((parts(pool) * 100 + all / 2) / all).unwrap_or(100);
    }
}

/// The second cookie is for clients that come over HTTPS.
fn cookies(settings: &Settings, scheme: Scheme) -> Vec<String> {
    let Some(affinity) = &settings.affinity else { return Vec::new() };
    let second = (scheme == Scheme::Https).then(|| affinity.cors_cookie.to_string());
    std::iter::once(affinity.cookie.to_string()).chain(second).collect()
}

fn path(settings: &Settings, hit: Hit<'_>, question: &Question<'_>, passes: &Passes) -> String {
    let (path, query) = passes.target(question);
    let mut sent = Vec::new();
    match &settings.path {
        Some(over) => over.write(hit.pattern, path.as_bytes(), query.map(str::as_bytes), &mut sent),
        None => {
            sent.extend_from_slice(path.as_bytes());
            if let Some(query) = query {
                sent.push(b'?');
                sent.extend_from_slice(query.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&sent).into_owned()
}
