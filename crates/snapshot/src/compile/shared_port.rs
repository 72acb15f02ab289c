//! Listeners on one frontend and port: what they have to have in common, and what has to tell them apart.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview) and the FAQ, "Configuration - TLS/TCP proxy" (read
//! 2026-11-22): a port is for HTTP or for TCP and TLS, and one of TCP or TLS is for one frontend. Parity: how listeners
//! of TCP and TLS share a port is not documented; they need names that differ, as the schema's words on multi-site
//! listeners suggest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use model::backend_http_settings::Protocol;
use model::schema::{Field, List};
use model::{At, Problem};

use super::Parts;
use super::codes;
use super::context::Context;
use super::host_name::Hosts;

/// A listener of either kind, as far as its neighbours concern it.
struct Neighbour<'a> {
    name: &'a Field<String>,
    frontend: usize,
    port: usize,
    protocol: Protocol,
    /// `None` where one of them is wrong.
    hosts: Option<&'a Hosts>,
    /// From which networks it takes PROXY protocol headers, and where that stands.
    proxies: (&'a [(IpAddr, u8)], &'a List<String>),
}

/// Checks all listeners against each other.
pub(super) fn check(context: &mut Context<'_>, parts: &Parts) {
    let all = neighbours(context, parts);
    let mut here: BTreeMap<(usize, usize), Vec<&Neighbour<'_>>> = BTreeMap::new();
    for listener in &all {
        here.entry((listener.frontend, listener.port)).or_default().push(listener);
    }
    for listeners in here.values() {
        let one_protocol = one_protocol(context, listeners);
        same_proxies(context, listeners);
        if one_protocol {
            told_apart(context, listeners);
        }
    }
    one_frontend(context, parts, &all);
}

fn neighbours<'a>(context: &Context<'a>, parts: &'a Parts) -> Vec<Neighbour<'a>> {
    let gateway = context.gateway;
    let http = parts.listeners.iter().zip(gateway.http_listeners.iter()).filter_map(|(one, asked)| {
        Some(Neighbour {
            name: &asked.name,
            frontend: one.frontend?,
            port: one.port?,
            protocol: one.protocol?,
            hosts: one.hosts.as_ref(),
            proxies: (&one.proxies, &asked.gatehouse.accept_proxy_protocol),
        })
    });
    let bytes = parts.layer4.listeners.iter().zip(gateway.listeners.iter()).filter_map(|(one, asked)| {
        Some(Neighbour {
            name: &asked.name,
            frontend: one.frontend?,
            port: one.port?,
            protocol: one.protocol?,
            hosts: one.hosts.as_ref(),
            proxies: (&one.proxies, &asked.gatehouse.accept_proxy_protocol),
        })
    });
    http.chain(bytes).collect()
}

fn is_bytes(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Tcp | Protocol::Tls)
}

/// They speak one protocol: TLS begins before any host is known. Whether they do.
fn one_protocol(context: &mut Context<'_>, listeners: &[&Neighbour<'_>]) -> bool {
    let Some((first, others)) = listeners.split_first() else { return true };
    let mut is_one = true;
    for listener in others.iter().filter(|other| other.protocol != first.protocol) {
        is_one = false;
        let message = format!(
            "{:?} speaks {} where the listener {:?} speaks {}; one address and port has one protocol",
            listener.name.value, listener.protocol, first.name.value, first.protocol
        );
        let problem = Problem::error(codes::PROTOCOL_CONFLICT, &listener.name.at, message);
        context.problems.push(problem.help("give one of them another frontend port"));
    }
    is_one
}

/// They take PROXY protocol headers from the same networks: such a header comes before anything that could tell them
/// apart.
fn same_proxies(context: &mut Context<'_>, listeners: &[&Neighbour<'_>]) {
    let set = |listener: &Neighbour<'_>| listener.proxies.0.iter().copied().collect::<BTreeSet<_>>();
    let Some((first, others)) = listeners.split_first() else { return };
    let wanted = set(first);
    for listener in others.iter().filter(|other| set(other) != wanted) {
        let at: &At = listener.proxies.1.at.as_ref().unwrap_or(&listener.name.at);
        let message = format!(
            "{:?} and {:?} share an address and port, and do not take PROXY protocol headers from the same networks",
            listener.name.value, first.name.value
        );
        let problem = Problem::error(codes::PROXY_PROTOCOL_CONFLICT, at, message);
        context.problems.push(problem.help("give all listeners of the port the same \"acceptProxyProtocol\""));
    }
}

/// No two of TCP or TLS take the same clients. (HTTP has an answer for them: the rule of better priority.)
fn told_apart(context: &mut Context<'_>, listeners: &[&Neighbour<'_>]) {
    let mut known: HashMap<Vec<&str>, &Field<String>> = HashMap::new();
    for listener in listeners.iter().filter(|listener| is_bytes(listener.protocol)) {
        let Some(hosts) = listener.hosts else { continue };
        let mut names: Vec<&str> = hosts.iter().map(|(host, _)| host.as_str()).collect();
        names.sort_unstable();
        let is_any = names.is_empty();
        let taken = if is_any { "any client".to_owned() } else { format!("clients of {}", names.join(", ")) };
        let Some(other) = known.insert(names, listener.name) else { continue };
        let message = format!(
            "the listeners {:?} and {:?} share an address and port, and both take {taken}",
            other.value, listener.name.value
        );
        let problem = Problem::error(codes::LISTENER_NAMES_CLASH, &listener.name.at, message);
        let help = if is_any && listener.protocol == Protocol::Tcp {
            "give one of them another frontend port: plain TCP has nothing to tell its clients apart"
        } else {
            "give each \"hostNames\" of its own, or one of them another frontend port"
        };
        context.problems.push(problem.help(help));
    }
}

/// A port number of TCP or TLS is for one frontend in Azure.
fn one_frontend(context: &mut Context<'_>, parts: &Parts, all: &[Neighbour<'_>]) {
    let number = |listener: &Neighbour<'_>| parts.ports.get(listener.port).copied().flatten().map(|port| port.document);
    let mut known: HashMap<u16, &Neighbour<'_>> = HashMap::new();
    for listener in all {
        let Some(port) = number(listener) else { continue };
        let first = *known.entry(port).or_insert(listener);
        let bytes = is_bytes(listener.protocol) || is_bytes(first.protocol);
        if first.frontend == listener.frontend || !bytes {
            continue;
        }
        let message = format!(
            "Azure has a port of TCP or TLS on one frontend only, and the listener {:?} has {port} on another",
            first.name.value
        );
        let problem = Problem::warning(codes::PORT_ON_SEVERAL_FRONTENDS, &listener.name.at, message);
        context.azure_refuses(problem.help("this gateway opens both, each at its own address"));
    }
}
