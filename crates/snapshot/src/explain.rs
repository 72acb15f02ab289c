//! Which way a request would go, and why: the same look-ups as the data plane's, with their reasons kept.

use std::net::SocketAddr;

use routing::RequestTarget;
use tls::acceptor::ListenerTls;
use tls::certificate::day;
use tls::client_auth::Mode;

use crate::{Action, Binding, BindingId, HostHeader, Member, RouteId, Router, RuleId, Scheme, Snapshot};

/// A request to be explained.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What the client speaks.
    pub scheme: Scheme,
    /// The port in the URL, or the scheme's.
    pub port: u16,
    /// Host as it would stand in the Host header.
    pub host: &'a str,
    /// The path as it would be sent, still encoded.
    pub path: &'a str,
    /// The query without `?`.
    pub query: Option<&'a str>,
}

/// The answer: one field for each step of the road, in its order. Empty fields: the road ended before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Where the connection arrives.
    pub address: Option<SocketAddr>,
    /// The port of the document that is opened there.
    pub document_port: Option<u16>,
    /// For HTTPS: the certificate that a client sees which names this host, with policy and client authentication.
    pub tls: Option<String>,
    /// Rules that were looked at, in priority order, up to the one that won.
    pub considered: Vec<Considered>,
    /// The listener that takes the host.
    pub listener: Option<String>,
    /// The rule of that listener.
    pub rule: Option<String>,
    /// The rule's path map.
    pub path_map: Option<String>,
    /// The form of the path that patterns are compared with, where it differs from what was sent.
    pub matched_as: Option<String>,
    /// The path rule that matched; `None` with a path map means its default.
    pub path_rule: Option<String>,
    /// The pattern that matched.
    pub pattern: Option<String>,
    /// What happens in the end.
    pub outcome: Outcome,
}

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The rule.
    pub rule: String,
    /// Its priority.
    pub priority: u32,
    /// Its listener.
    pub listener: String,
    /// The listener's hosts; empty takes every host.
    pub hosts: Vec<String>,
    /// Whether it takes the request's host.
    pub takes: bool,
}

/// What happens to a request in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// No listener has this scheme and port: the client gets no answer at all.
    #[default]
    NoListener,
    /// The gateway answers: status and why.
    Answer {
        /// Status code.
        status: u16,
        /// Why.
        reason: String,
    },
    /// A redirect.
    Redirect {
        /// Status code.
        status: u16,
        /// `Location`.
        location: String,
    },
    /// To one of these servers.
    Forward(Box<Forward>),
}

/// Where a request is forwarded to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    /// The pool.
    pub pool: String,
    /// The settings.
    pub settings: String,
    /// Addresses and names of the members, with the settings' port.
    pub members: Vec<String>,
    /// `http` or `https`.
    pub scheme: String,
    /// What the server gets as Host.
    pub host: String,
    /// Path and query as the server gets them.
    pub path: String,
}

/// Follows a request through a snapshot.
pub fn explain(snapshot: &Snapshot, question: &Question<'_>) -> Explanation {
    let mut bindings = snapshot.bindings.entries().filter(|(_, binding)| serves(binding, question)).peekable();
    let first = bindings.peek().map(|(id, _)| *id);
    let chosen = bindings
        .find(|(_, binding)| binding.hosts.lookup(question.host.as_bytes()).is_some())
        .map(|(id, _)| id)
        .or(first);
    let Some(binding) = chosen else { return Explanation::default() };
    let arrival = &snapshot.bindings[binding];
    let mut explanation = Explanation {
        address: Some(arrival.address),
        document_port: Some(arrival.document_port),
        ..Explanation::default()
    };
    let rule = arrival.hosts.lookup(question.host.as_bytes());
    let shown = rule.map(|rule| snapshot.rules[rule].listener).or(arrival.fallback);
    let shown = shown.filter(|_| rule.is_some() || !arrival.refuse_unknown_sni).map(|id| &snapshot.listeners[id]);
    explanation.tls = shown.and_then(|listener| listener.tls.as_ref()).map(described);
    explanation.considered = considered(snapshot, binding, rule);
    match rule {
        Some(rule) => follow(snapshot, rule, question, &mut explanation),
        None => {
            let reason = format!("no listener at this port takes the host {:?}", question.host);
            explanation.outcome = Outcome::Answer { status: 404, reason };
        }
    }
    explanation
}

fn serves(binding: &Binding, question: &Question<'_>) -> bool {
    binding.scheme == question.scheme
        && [binding.document_port, binding.public_port, binding.address.port()].contains(&question.port)
}

fn described(tls: &ListenerTls) -> String {
    let (facts, policy) = (tls.identity.facts(), &tls.policy);
    let (name, until) = (facts.common_name.as_ref().unwrap_or(&facts.subject), day(facts.not_after));
    let versions =
        if policy.min == policy.max { policy.min.to_string() } else { format!("{}, {}", policy.min, policy.max) };
    let asked = match tls.client_auth.as_ref().map(|auth| auth.mode) {
        None => "",
        Some(Mode::Strict) => ", client certificates needed",
        Some(Mode::Passthrough) => ", client certificates passed through",
    };
    format!("{name} ({}, until {until}), {} ({versions}){asked}", facts.key, policy.name)
}

fn considered(snapshot: &Snapshot, binding: BindingId, winner: Option<RuleId>) -> Vec<Considered> {
    let mut considered = Vec::new();
    for (id, rule) in snapshot.rules.entries() {
        let listener = &snapshot.listeners[rule.listener];
        if listener.bindings.contains(&binding) {
            considered.push(Considered {
                rule: rule.name.to_string(),
                priority: rule.priority,
                listener: listener.name.to_string(),
                hosts: listener.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
                takes: winner == Some(id),
            });
        }
        if winner == Some(id) {
            break;
        }
    }
    considered
}

fn follow(snapshot: &Snapshot, rule: RuleId, question: &Question<'_>, explanation: &mut Explanation) {
    let row = &snapshot.rules[rule];
    explanation.rule = Some(row.name.to_string());
    explanation.listener = Some(snapshot.listeners[row.listener].name.to_string());
    let (route, pattern) = match &row.router {
        Router::Basic(route) => (*route, None),
        Router::Paths(paths) => {
            let form = routing::matching_form(question.path.as_bytes());
            if *form != *question.path.as_bytes() {
                explanation.matched_as = Some(String::from_utf8_lossy(&form).into_owned());
            }
            let hit = paths.lookup(question.path.as_bytes());
            (hit.target, hit.pattern.and_then(|pattern| paths.pattern(pattern)))
        }
    };
    let leaf = &snapshot.routes[route];
    explanation.path_map = leaf.path_map.as_deref().map(str::to_owned);
    explanation.path_rule = leaf.path_rule.as_deref().map(str::to_owned);
    explanation.pattern = pattern.map(|pattern| pattern.as_str().to_owned());
    explanation.outcome = outcome(snapshot, route, pattern, question);
}

fn outcome(
    snapshot: &Snapshot,
    route: RouteId,
    pattern: Option<&routing::PathPattern>,
    question: &Question<'_>,
) -> Outcome {
    let (path, query) = (question.path.as_bytes(), question.query.map(str::as_bytes));
    match &snapshot.routes[route].action {
        Action::Missing => {
            Outcome::Answer { status: 404, reason: "the path leads to no pool and no redirect".to_owned() }
        }
        Action::Redirect(redirect) => {
            let mut location = Vec::new();
            redirect.location(&RequestTarget { host: question.host.as_bytes(), path, query }, &mut location);
            let location = String::from_utf8_lossy(&location).into_owned();
            Outcome::Redirect { status: redirect.status.code(), location }
        }
        Action::Forward(_) | Action::Distribute(_) => {
            let target = match &snapshot.routes[route].action {
                Action::Distribute(id) => snapshot.distributions[*id].shares.first().map(|share| share.target),
                Action::Forward(target) => Some(*target),
                _ => None,
            };
            let Some(target) = target else { return Outcome::default() };
            let target = &snapshot.targets[target];
            let (pool, settings) = (&snapshot.pools[target.pool], &snapshot.settings[target.settings]);
            if pool.members.is_empty() {
                return Outcome::Answer { status: 502, reason: format!("the pool {:?} has no members", &*pool.name) };
            }
            let mut backend_path = Vec::new();
            match &settings.path {
                Some(override_path) => override_path.write(pattern, path, query, &mut backend_path),
                None => {
                    backend_path.extend_from_slice(path);
                    if let Some(query) = query {
                        backend_path.push(b'?');
                        backend_path.extend_from_slice(query);
                    }
                }
            }
            let member = |member: &Member| match member {
                Member::Address(ip) => SocketAddr::new(*ip, settings.port).to_string(),
                Member::Name(name) => format!("{name}:{}", settings.port),
            };
            Outcome::Forward(Box::new(Forward {
                pool: pool.name.to_string(),
                settings: settings.name.to_string(),
                members: pool.members.iter().map(member).collect(),
                scheme: settings.scheme.as_str().to_owned(),
                host: match &settings.host {
                    HostHeader::Client => question.host.to_owned(),
                    HostHeader::Fixed(name) => name.to_string(),
                    HostHeader::Server => "the name of the chosen server".to_owned(),
                },
                path: String::from_utf8_lossy(&backend_path).into_owned(),
            }))
        }
    }
}
