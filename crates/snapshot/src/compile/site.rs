//! What the site file says about this machine: addresses, ports, and members that exist only in Azure.

use std::net::IpAddr;
use std::sync::Arc;

use model::frontend_ip_configuration::FrontendIpConfiguration;
use model::problem::nearest;
use model::schema::{Field, List, Named};
use model::site::{Site, name_server};
use model::{At, Problem};

use super::codes;
use super::context::Context;
use super::frontend::Port;
use super::pool::dns_name;
use crate::AffinityKey;

/// Least length of a secret of session tickets, affinity cookies or challenges, in bytes.
pub(super) const KEY: usize = 32;

/// The local addresses of a frontend; empty when the site file does not name it.
pub(super) fn addresses(context: &mut Context<'_>, frontend: &Named<FrontendIpConfiguration>) -> Vec<IpAddr> {
    let Some(listed) = context.site.and_then(|site| site.addresses.get(&frontend.name)) else { return Vec::new() };
    let mut addresses = Vec::new();
    for field in &listed.value {
        match field.value.trim().trim_matches(['[', ']']).parse() {
            Ok(address) if addresses.contains(&address) => {}
            Ok(address) => addresses.push(address),
            Err(_) => {
                let problem = Problem::error(codes::INVALID_ADDRESS, &field.at, "this is not an IP address");
                let expected = "an IPv4 or IPv6 address of this machine";
                context.problems.push(problem.found(format!("{:?}", field.value)).expected(expected));
            }
        }
    }
    addresses
}

/// A port of the document as this machine binds it. Where the site file maps it, clients see the
/// bound port, unless it says `public`: someone else may map it back, as a container runtime does.
pub(super) fn port(site: Option<&Site>, document: u16) -> Port {
    let mut ports = site.into_iter().flat_map(|site| site.ports.iter());
    let Some((_, binding)) = ports.find(|(key, _)| key.trim().parse() == Ok(document)) else {
        return Port { document, local: document, public: document };
    };
    let local = u16::try_from(binding.bind.value).unwrap_or(document);
    let public = binding.public.as_ref().and_then(|public| u16::try_from(public.value).ok());
    Port { document, local, public: public.unwrap_or(local) }
}

/// The addresses of a whole pool, by its name.
pub(super) fn pool<'a>(site: Option<&'a Site>, name: &str) -> Option<&'a List<String>> {
    site?.members.get(name).map(|field| &field.value)
}

/// The addresses of a member that exists only in Azure: by its id, or by the id of what contains it
/// (a network interface, a scale set). The longest such id counts.
pub(super) fn member<'a>(site: Option<&'a Site>, id: &str) -> Option<&'a List<String>> {
    let within = |key: &str| {
        let key = key.trim_end_matches('/');
        let (head, rest) = id.split_at_checked(key.len()).unwrap_or((id, ""));
        key.contains('/') && head.eq_ignore_ascii_case(key) && (rest.is_empty() || rest.starts_with('/'))
    };
    let found = site?.members.iter().filter(|(key, _)| within(key)).max_by_key(|(key, _)| key.len());
    found.map(|(_, field)| &field.value)
}

/// What the site file says by itself: name servers that are none, and settings that do nothing yet.
pub(super) fn check_settings(context: &mut Context<'_>) {
    let Some(site) = context.site else { return };
    name_servers(context, site);
    ticket_keys(context, site);
    if let Some(address) = site.admin.as_ref().and_then(|admin| admin.address.as_ref()) {
        let what = "management over the network; the gateway is asked over its socket";
        let message = format!("not supported by this gateway yet: {what}");
        let problem = Problem::warning(codes::NOT_SUPPORTED_YET, &address.at, message);
        context.problems.push(problem.help("this setting is ignored"));
    }
}

fn name_servers(context: &mut Context<'_>, site: &Site) {
    let Some(dns) = &site.dns else { return };
    let forward = dns.forward.iter().flat_map(|(_, servers)| servers.value.iter());
    for server in dns.servers.iter().chain(forward).filter(|server| name_server(&server.value).is_none()) {
        let problem = Problem::error(codes::INVALID_ADDRESS, &server.at, "this is not the address of a name server");
        let expected = "an IP address, or one with a port, such as \"10.0.0.2:53\" or \"[::1]:53\"";
        context.problems.push(problem.found(format!("{:?}", server.value)).expected(expected));
    }
    let names = dns.forward.iter().map(|(name, _)| name).chain(&dns.search);
    for name in names.filter(|name| dns_name(&name.value).is_none()) {
        let problem = Problem::error(codes::INVALID_HOST_NAME, &name.at, "this is no DNS name");
        let expected = "a domain, such as \"corp.example\"";
        context.problems.push(problem.found(format!("{:?}", name.value)).expected(expected));
    }
    for (name, servers) in dns.forward.iter().filter(|(_, servers)| servers.value.is_empty()) {
        let message = format!("no name server is named for {:?}", name.value);
        context.problems.push(Problem::error(codes::INVALID_ADDRESS, &servers.at, message));
    }
}

fn ticket_keys(context: &mut Context<'_>, site: &Site) {
    for path in site.tls.iter().flat_map(|tls| tls.ticket_keys.iter()) {
        let Some(length) = context.file(path).map(<[u8]>::len).filter(|length| *length < KEY) else { continue };
        let problem = Problem::error(codes::TICKET_KEY_SHORT, &path.at, "this secret of session tickets is too short");
        too_short(context, problem, length);
    }
}

/// Says of a secret how long it has to be.
pub(super) fn too_short(context: &mut Context<'_>, problem: Problem, length: usize) {
    let problem = problem.found(format!("{length} bytes")).expected(format!("at least {KEY} bytes"));
    context.machine_refuses(problem.help(format!("\"openssl rand {KEY} > FILE\" makes one")));
}

/// The secret of affinity cookies: the site file's, else the one that the gateway brings along.
pub(super) fn affinity_key(context: &mut Context<'_>) -> AffinityKey {
    let named = context.site.and_then(|site| site.affinity.as_ref()?.key.as_ref());
    let Some(path) = named else { return context.environment.affinity_key.clone().unwrap_or_default() };
    let Some(key) = context.file(path) else { return AffinityKey::default() };
    if key.len() < KEY {
        let problem =
            Problem::error(codes::AFFINITY_KEY_SHORT, &path.at, "this secret of affinity cookies is too short");
        too_short(context, problem, key.len());
    }
    AffinityKey(Arc::from(key))
}

/// Warns about names in the site file that the document does not have: they bind nothing.
pub(super) fn check_names(context: &mut Context<'_>) {
    let (Some(site), gateway) = (context.site, context.gateway) else { return };
    let frontends: Vec<&str> = gateway.frontend_ip_configurations.iter().map(|one| one.name.as_str()).collect();
    for (name, _) in site.addresses.iter() {
        unknown(context, name, "frontend IP configuration", &frontends);
    }
    let pools: Vec<&str> = gateway.backend_address_pools.iter().map(|pool| pool.name.as_str()).collect();
    for (name, _) in site.members.iter().filter(|(name, _)| !name.contains('/')) {
        unknown(context, name, "backend address pool", &pools);
    }
    let ports = |number: u16| {
        let mut ports = gateway.frontend_ports.iter().filter_map(|port| port.port.as_ref());
        ports.any(|port| port.value == i64::from(number))
    };
    page_names(context, site);
    certificate_names(context, site);
    for (name, _) in site.ports.iter() {
        if name.trim().parse().is_ok_and(|number| !ports(number)) {
            warn(context, &name.at, format!("the document has no frontend port {}", name.value), None);
        }
    }
}

/// Error pages are bound by their URLs.
fn page_names(context: &mut Context<'_>, site: &Site) {
    let gateway = context.gateway;
    let own = gateway.http_listeners.iter().flat_map(|listener| &listener.custom_error_configurations);
    let pages = gateway.custom_error_configurations.iter().chain(own);
    let urls: Vec<&str> = pages.filter_map(|page| Some(page.custom_error_page_url.as_ref()?.value.trim())).collect();
    for (url, _) in site.error_pages.iter().filter(|(url, _)| !urls.contains(&url.value.trim())) {
        let near = nearest(url, urls.iter().copied()).map(str::to_owned);
        warn(context, &url.at, format!("no error page of the document has the URL {:?}", url.value), near);
    }
}

/// Certificates are bound by name, whatever collection they stand in, or by Key Vault secret id.
fn certificate_names(context: &mut Context<'_>, site: &Site) {
    let gateway = context.gateway;
    let secrets = gateway.ssl_certificates.iter().map(|one| (one.name.as_str(), &one.key_vault_secret_id));
    let roots = gateway.trusted_root_certificates.iter().map(|one| (one.name.as_str(), &one.key_vault_secret_id));
    let chains: Vec<&str> = gateway.trusted_client_certificates.iter().map(|one| one.name.as_str()).collect();
    let all: Vec<_> = secrets.chain(roots).collect();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).chain(chains.iter().copied()).collect();
    for (name, files) in site.certificates.iter() {
        let is_used = |(one, secret): &(&str, &model::Opt<String>)| {
            context.files_of(one, secret).is_some_and(|used| std::ptr::eq(used, files))
        };
        if !name.contains("://") {
            unknown(context, name, "certificate", &names);
        } else if !all.iter().any(is_used) {
            let message = format!("no certificate of the document is the Key Vault secret {:?}", name.value);
            warn(context, &name.at, message, None);
        }
    }
    for (name, _) in site.revocation_lists.iter() {
        unknown(context, name, "trusted client certificate", &chains);
    }
}

fn unknown(context: &mut Context<'_>, name: &Field<String>, kind: &str, names: &[&str]) {
    if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        let near = nearest(name, names.iter().copied()).map(str::to_owned);
        warn(context, &name.at, format!("the document has no {kind} named {:?}", name.value), near);
    }
}

fn warn(context: &mut Context<'_>, at: &At, message: String, near: Option<String>) {
    context.problems.push(Problem::warning(codes::SITE_NAME_UNKNOWN, at, message).suggest(near));
}
