//! Where a session of TCP or TLS would go.

use std::time::Duration;

use tls::connector::{ServerTls, Sni, Trust, sendable_name};

use super::forward::members;
use super::{Considered, Explanation, Outcome, Question, arrived, described, has_port};
use crate::{
    Action, Binding, BindingId, ListenerId, Member, Pool, Probe, ProxyHeader, ProxyVersion, Router, RuleId, Scheme,
    Snapshot, TargetId,
};

/// A session as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The pool.
    pub pool: String,
    /// Addresses and names of its members, with the settings' port.
    pub members: Vec<String>,
    /// The settings.
    pub settings: String,
    /// TLS with the server; `None`: bytes go as they come.
    pub server: Option<ServerTold>,
    /// The header that the server gets first.
    pub proxy_header: Option<ProxyHeader>,
    /// How its servers are probed.
    pub probe: ProbeTold,
    /// How long connecting may take, for each server that is tried.
    pub connect_timeout: Duration,
    /// How long nothing may move either way.
    pub idle_timeout: Duration,
    /// How long it may go on when its way is gone.
    pub drain_timeout: Duration,
}

/// TLS with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTold {
    /// The name that is sent and checked; `None`: that of the chosen member, or none if it is an address.
    pub name: Option<String>,
    /// Whether members have names to be sent in its place.
    pub members_have_names: bool,
    /// How many roots are trusted; `None`: the public ones.
    pub roots: Option<usize>,
    /// Whether a certificate is shown to servers that ask for one.
    pub shows_certificate: bool,
    /// Protocols that are offered.
    pub alpn: Vec<String>,
}

/// How a server of TCP or TLS is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeTold {
    /// The custom probe's name; `None` for the default one.
    pub name: Option<String>,
    /// Whether it shakes hands, after it has connected.
    pub shakes_hands: bool,
    /// The name that it sends in TLS; `None`: the member's own.
    pub host: Option<String>,
    /// The port that it connects to.
    pub port: u16,
    /// The header that it begins with.
    pub proxy_header: Option<ProxyVersion>,
    /// From one to the next.
    pub interval: Duration,
    /// For the whole of it.
    pub timeout: Duration,
    /// Failures in a row that take a server out.
    pub unhealthy_threshold: u32,
}

/// Follows a session.
pub(super) fn explain(snapshot: &Snapshot, question: &Question<'_>) -> Explanation {
    let Some(id) = arrival(snapshot, question) else { return Explanation::default() };
    let binding = &snapshot.bindings[id];
    let mut explanation = arrived(binding, question);
    if binding.scheme == Scheme::Tls && question.scheme == Scheme::Tcp {
        let reason = "the port speaks TLS, and this client does not".to_owned();
        explanation.outcome = Outcome::Refused { end_reason: "not_tls", reason };
        return explanation;
    }
    let rule = rule(snapshot, binding, question);
    explanation.considered = considered(snapshot, id, rule);
    match rule {
        Some(rule) => {
            follow(snapshot, rule, &mut explanation);
            explanation.tls = shown(snapshot, rule, question.scheme == Scheme::Tls, &explanation.outcome);
        }
        None => explanation.outcome = refused(question),
    }
    explanation
}

/// The socket: of those with the port the one with the address that was asked for, else the first.
fn arrival(snapshot: &Snapshot, question: &Question<'_>) -> Option<BindingId> {
    let here = |binding: &Binding| !binding.scheme.is_http() && has_port(binding, question);
    let address = question.host.trim_matches(['[', ']']).parse().ok();
    let all = || snapshot.bindings.entries().filter(|(_, binding)| here(binding)).map(|(id, _)| id);
    all().find(|id| Some(snapshot.bindings[*id].address.ip()) == address).or_else(|| all().next())
}

/// The rule that takes a client; the look-ups of the data plane.
fn rule(snapshot: &Snapshot, binding: &Binding, question: &Question<'_>) -> Option<RuleId> {
    let asks = binding.scheme == Scheme::Tls || binding.reads_server_name;
    let name = sendable_name(question.host).filter(|_| asks && question.scheme == Scheme::Tls);
    match (name, binding.fallback) {
        (Some(name), _) => binding.hosts.lookup(name.as_bytes()),
        (None, Some(listener)) => of_listener(snapshot, listener),
        (None, None) => None,
    }
}

fn of_listener(snapshot: &Snapshot, listener: ListenerId) -> Option<RuleId> {
    snapshot.rules.entries().find(|(_, rule)| rule.listener == listener).map(|(id, _)| id)
}

/// Rules that were looked at: those with names by priority, then who takes any client.
fn considered(snapshot: &Snapshot, binding: BindingId, winner: Option<RuleId>) -> Vec<Considered> {
    let here = |id: &RuleId| snapshot.listeners[snapshot.rules[*id].listener].bindings.contains(&binding);
    let mut all: Vec<RuleId> = snapshot.rules.entries().map(|(id, _)| id).filter(here).collect();
    all.sort_by_key(|id| snapshot.listeners[snapshot.rules[*id].listener].hosts.is_empty());
    let up_to = winner.and_then(|winner| all.iter().position(|id| *id == winner)).map_or(all.len(), |at| at + 1);
    let told = all.into_iter().take(up_to).map(|id| {
        let rule = &snapshot.rules[id];
        let listener = &snapshot.listeners[rule.listener];
        Considered {
            rule: rule.name.to_string(),
            priority: rule.priority,
            listener: listener.name.to_string(),
            hosts: listener.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
            takes: winner == Some(id),
        }
    });
    told.collect()
}

fn refused(question: &Question<'_>) -> Outcome {
    if question.scheme != Scheme::Tls {
        let reason = "names in TLS tell clients of the port apart, and this one speaks no TLS".to_owned();
        return Outcome::Refused { end_reason: "not_tls", reason };
    }
    let why = match sendable_name(question.host) {
        Some(name) => format!("no listener of the port takes the name {name:?}"),
        None => "the client names nobody, and no listener of the port takes any client".to_owned(),
    };
    Outcome::Refused { end_reason: "unknown_server_name", reason: why + "; alert unrecognized_name" }
}

fn follow(snapshot: &Snapshot, rule: RuleId, explanation: &mut Explanation) {
    let row = &snapshot.rules[rule];
    explanation.rule = Some(row.name.to_string());
    explanation.listener = Some(snapshot.listeners[row.listener].name.to_string());
    let target = match &row.router {
        Router::Basic(route) => match snapshot.routes[*route].action {
            Action::Forward(target) => Some(target),
            Action::Distribute(_) | Action::Redirect(_) | Action::Missing => None,
        },
        Router::Paths(_) => None,
    };
    let nowhere = |reason: String| Outcome::Refused { end_reason: "no_live_server", reason };
    explanation.outcome = match target {
        None => nowhere("the rule leads to no pool".to_owned()),
        Some(target) if pool(snapshot, target).members.is_empty() => {
            nowhere(format!("the pool has no members: {:?}", pool(snapshot, target).name))
        }
        Some(target) => Outcome::Session(Box::new(session(snapshot, target))),
    };
}

/// Whose certificate a client sees: the gateway's, or, where its TLS passes through, the server's.
fn shown(snapshot: &Snapshot, rule: RuleId, asks_tls: bool, outcome: &Outcome) -> Option<String> {
    let listener = &snapshot.listeners[snapshot.rules[rule].listener];
    let passes = asks_tls && matches!(outcome, Outcome::Session(session) if session.server.is_none());
    match &listener.tls {
        Some(tls) => Some(described(tls)),
        None => passes.then(|| "the server's certificate: TLS passes through".to_owned()),
    }
}

fn pool(snapshot: &Snapshot, target: TargetId) -> &Pool {
    &snapshot.pools[snapshot.targets[target].pool]
}

fn session(snapshot: &Snapshot, target: TargetId) -> Session {
    let (pool, probe) = (pool(snapshot, target), &snapshot.targets[target].probe);
    let settings = &snapshot.settings[snapshot.targets[target].settings];
    Session {
        pool: pool.name.to_string(),
        members: members(pool, settings.port),
        settings: settings.name.to_string(),
        server: settings.tls.as_ref().map(|tls| server(pool, tls)),
        proxy_header: settings.proxy_header,
        probe: probed(probe, settings.port, settings.scheme),
        connect_timeout: snapshot.limits.connect_timeout,
        idle_timeout: settings.request_timeout,
        drain_timeout: settings.drain_timeout,
    }
}

fn server(pool: &Pool, tls: &ServerTls) -> ServerTold {
    let name = match &tls.sni {
        Sni::Fixed(name) => Some(name.to_string()),
        Sni::Server | Sni::Client => None,
    };
    let roots = match &tls.trust {
        Trust::WellKnown => None,
        Trust::Roots(roots) => Some(roots.len()),
    };
    ServerTold {
        name,
        members_have_names: pool.members.iter().any(|member| matches!(member, Member::Name(_))),
        roots,
        shows_certificate: tls.identity.is_some(),
        alpn: tls.alpn.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect(),
    }
}

fn probed(probe: &Probe, port: u16, scheme: Scheme) -> ProbeTold {
    ProbeTold {
        name: probe.name.as_deref().map(str::to_owned),
        shakes_hands: scheme == Scheme::Tls,
        host: probe.host.as_deref().map(str::to_owned),
        port: probe.port.unwrap_or(port),
        proxy_header: probe.proxy_header,
        interval: probe.interval,
        timeout: probe.timeout,
        unhealthy_threshold: probe.unhealthy_threshold,
    }
}
