//! Which way a request or a session would go, and why: the same look-ups as the data plane's, with their reasons kept.

mod asked;
mod firewall;
mod forward;
mod rewriting;
mod session;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ::firewall::inspection::Decision;
use jwt::Action as TokenAction;
use routing::RequestTarget;
use tls::acceptor::{Application, ListenerTls};
use tls::certificate::day;
use tls::client_auth::Mode;

use crate::{Action, Binding, BindingId, Hit, JwtId, ListenerId, Router, RuleId, Scheme, Snapshot};

use asked::Asked;
pub use firewall::{Firewall, Memory, Screening, place, screen};
pub use forward::{Distributed, Forward, PoolShare};
pub use rewriting::{AnswerChange, Fate, HeaderChange, Pass, Passes, Rerouted, RuleFate};
pub use session::{ProbeTold, ServerTold, Session};

/// A request to be explained; or a session, which has no more than scheme, port, host and client.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What the client speaks. `Tls`: to a listener of TLS, or through one of TCP; `Tcp`: anything else.
    pub scheme: Scheme,
    /// The port in the URL, or the scheme's.
    pub port: u16,
    /// Host as it would stand in the Host header. Of a session, the name that the client asks for in TLS; an address,
    /// where it names nobody.
    pub host: &'a str,
    /// The path as it would be sent, still encoded.
    pub path: &'a str,
    /// The query without `?`.
    pub query: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub version: &'a str,
    /// Headers beside Host, names and values.
    pub headers: &'a [(String, String)],
    /// The content; only firewalls look at it.
    pub body: &'a [u8],
    /// The client's address.
    pub client: IpAddr,
    /// When it is asked, since 1970; only rate limits look at it.
    pub now: Duration,
}

impl<'a> Question<'a> {
    /// A GET from this machine without query, headers or content.
    pub fn get(scheme: Scheme, port: u16, host: &'a str, path: &'a str) -> Self {
        Self {
            scheme,
            port,
            host,
            path,
            query: None,
            method: "GET",
            version: "HTTP/1.1",
            headers: &[],
            body: &[],
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            now: Duration::ZERO,
        }
    }
}

/// The answer: one field for each step of the road, in its order. Empty fields: the road ended before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Where the connection arrives.
    pub address: Option<SocketAddr>,
    /// The port of the document that is opened there.
    pub document_port: Option<u16>,
    /// Whether this client has to begin with a PROXY protocol header.
    pub proxy_header: bool,
    /// For HTTPS and TLS: the certificate that a client sees which names this host, with policy and client
    /// authentication.
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
    /// The check of bearer tokens that the request has to pass; everything below is for one that does.
    pub token: Option<TokenCheck>,
    /// What rewrites do, and why others do not.
    pub rewrites: Passes,
    /// What the firewall does with it. One that it stops goes no further than this, whatever the outcome says.
    pub firewall: Firewall,
    /// What happens in the end.
    pub outcome: Outcome,
    /// For an answer of the gateway's own, or the firewall's: whose page it bears.
    pub page: Option<String>,
}

/// A check of bearer tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCheck {
    /// Its name.
    pub name: String,
    /// A request without a good token is refused; else it goes on without an identity.
    pub refuses: bool,
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
    /// A session with one of these servers.
    Session(Box<Session>),
    /// No session: the client gets no answer, only an end.
    Refused {
        /// Why, as the log has it.
        end_reason: &'static str,
        /// Why, in words.
        reason: String,
    },
}

/// Follows a request, or a session, through a snapshot, as the first that its firewalls see.
pub fn explain(snapshot: &Snapshot, question: &Question<'_>) -> Explanation {
    explain_next(snapshot, question, &Memory::default())
}

/// Follows a request, or a session, through a snapshot, as one of several.
pub fn explain_next(snapshot: &Snapshot, question: &Question<'_>, memory: &Memory) -> Explanation {
    if !question.scheme.is_http() {
        return session::explain(snapshot, question);
    }
    let mut bindings = snapshot.bindings.entries().filter(|(_, binding)| serves(binding, question)).peekable();
    let first = bindings.peek().map(|(id, _)| *id);
    let chosen = bindings
        .find(|(_, binding)| binding.hosts.lookup(question.host.as_bytes()).is_some())
        .map(|(id, _)| id)
        .or(first);
    let Some(binding) = chosen else { return Explanation::default() };
    let arrival = &snapshot.bindings[binding];
    let mut explanation = arrived(arrival, question);
    let rule = arrival.hosts.lookup(question.host.as_bytes());
    let shown = rule.map(|rule| snapshot.rules[rule].listener).or(arrival.fallback);
    let shown = shown.filter(|_| rule.is_some() || !arrival.refuse_unknown_sni).map(|id| &snapshot.listeners[id]);
    explanation.tls = shown.and_then(|listener| listener.tls.as_ref()).map(described);
    explanation.considered = considered(snapshot, binding, rule);
    match rule {
        Some(rule) => follow(snapshot, rule, question, memory, &mut explanation),
        None => {
            let reason = format!("no listener at this port takes the host {:?}", question.host);
            explanation.outcome = Outcome::Answer { status: 404, reason };
        }
    }
    let listener = rule.map(|rule| snapshot.rules[rule].listener).or_else(|| only_listener(snapshot, binding));
    explanation.page = match (&explanation.outcome, explanation.firewall.screening().map(|it| &it.decision)) {
        (_, Some(Decision::Block(block))) if block.body.is_some() => Some("of the policy".to_owned()),
        (_, Some(Decision::Block(block))) => page(snapshot, listener, block.status),
        (Outcome::Answer { status, .. }, _) => page(snapshot, listener, *status),
        _ => None,
    };
    explanation
}

fn serves(binding: &Binding, question: &Question<'_>) -> bool {
    binding.scheme == question.scheme && has_port(binding, question)
}

fn has_port(binding: &Binding, question: &Question<'_>) -> bool {
    [binding.document_port, binding.public_port, binding.address.port()].contains(&question.port)
}

/// The first step of the road.
fn arrived(binding: &Binding, question: &Question<'_>) -> Explanation {
    Explanation {
        address: Some(binding.address),
        document_port: Some(binding.document_port),
        proxy_header: binding.proxies.iter().any(|network| holds(*network, question.client)),
        ..Explanation::default()
    }
}

/// Whether a network holds an address.
fn holds((network, length): (IpAddr, u8), address: IpAddr) -> bool {
    let shift = |bits: u32| bits.saturating_sub(u32::from(length));
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
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
    let agreed = match &tls.application {
        Application::Bytes { alpn } if !alpn.is_empty() => {
            let names: Vec<_> = alpn.iter().map(|name| String::from_utf8_lossy(name)).collect();
            format!(", agrees to {}", names.join(", "))
        }
        Application::Bytes { .. } | Application::Http { .. } => String::new(),
    };
    format!("{name} ({}, until {until}), {} ({versions}){asked}{agreed}", facts.key, policy.name)
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

fn follow(snapshot: &Snapshot, rule: RuleId, question: &Question<'_>, memory: &Memory, explanation: &mut Explanation) {
    let row = &snapshot.rules[rule];
    explanation.rule = Some(row.name.to_string());
    explanation.listener = Some(snapshot.listeners[row.listener].name.to_string());
    if firewall::is_proof(snapshot, rule, question) {
        let reason = "proofs for challenges of the firewall are sent here, and go no further".to_owned();
        explanation.firewall = Firewall::NotAsked { reason: "no rule looks at proofs for its challenges" };
        explanation.outcome = Outcome::Answer { status: 204, reason };
        return;
    }
    explanation.token = row.jwt.map(|check| token(snapshot, check));
    if matches!(row.router, Router::Paths(_)) {
        let form = routing::matching_form(question.path.as_bytes());
        if *form != *question.path.as_bytes() {
            explanation.matched_as = Some(String::from_utf8_lossy(&form).into_owned());
        }
    }
    let hit = row.router.hit(question.path.as_bytes());
    let leaf = &snapshot.routes[hit.route];
    explanation.path_map = leaf.path_map.as_deref().map(str::to_owned);
    explanation.path_rule = leaf.path_rule.as_deref().map(str::to_owned);
    explanation.pattern = hit.pattern.map(|pattern| pattern.as_str().to_owned());
    let asked = Asked { question };
    let (passes, ended) = rewriting::follow(snapshot, &row.router, hit, &asked);
    let route = ended.as_ref().map_or(leaf, |hit| &snapshot.routes[hit.route]);
    explanation.outcome = match ended {
        Ok(hit) => outcome(snapshot, hit, question, &passes),
        Err(failure) => Outcome::Answer { status: 500, reason: failure.to_owned() },
    };
    let (firewalls, outcome) = (&snapshot.firewalls, &explanation.outcome);
    explanation.firewall = firewall::ask(firewalls, route, question, &passes, outcome, memory);
    explanation.rewrites = passes;
}

fn outcome(snapshot: &Snapshot, hit: Hit<'_>, question: &Question<'_>, passes: &Passes) -> Outcome {
    match &snapshot.routes[hit.route].action {
        Action::Missing => {
            Outcome::Answer { status: 404, reason: "the path leads to no pool and no redirect".to_owned() }
        }
        Action::Redirect(redirect) => {
            let (path, query) = (question.path.as_bytes(), question.query.map(str::as_bytes));
            let mut location = Vec::new();
            redirect.location(&RequestTarget { host: question.host.as_bytes(), path, query }, &mut location);
            let location = String::from_utf8_lossy(&location).into_owned();
            Outcome::Redirect { status: redirect.status.code(), location }
        }
        Action::Forward(target) => forward::to_one(snapshot, *target, hit, question, passes),
        Action::Distribute(distribution) => forward::to_several(snapshot, *distribution, hit, question, passes),
    }
}

fn token(snapshot: &Snapshot, check: JwtId) -> TokenCheck {
    let policy = &snapshot.jwt[check];
    TokenCheck { name: policy.name.to_string(), refuses: policy.action == TokenAction::Deny }
}

/// The listener of a binding that has no other: its error pages are for requests that no listener takes.
fn only_listener(snapshot: &Snapshot, binding: BindingId) -> Option<ListenerId> {
    let mut here = snapshot.listeners.entries().filter(|(_, listener)| listener.bindings.contains(&binding));
    let (id, _) = here.next()?;
    here.next().is_none().then_some(id)
}

fn page(snapshot: &Snapshot, listener: Option<ListenerId>, status: u16) -> Option<String> {
    let listener = listener.map(|id| &snapshot.listeners[id]);
    match listener.and_then(|listener| Some((listener, listener.pages.as_ref()?))) {
        Some((listener, pages)) => pages.get(status).map(|_| format!("of the listener {:?}", &*listener.name)),
        None => snapshot.pages.get(status).map(|_| "of the gateway".to_owned()),
    }
}
