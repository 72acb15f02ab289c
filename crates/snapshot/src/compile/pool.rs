//! Backend address pools: where their members are.
//!
//! Source: Azure, "Application gateway components", "Backend pools". Parity: an address in `fqdn` counts
//! as an address; members that exist only in Azure (NICs, scale sets) get their addresses from the
//! site file, where a pool's own name replaces all its members.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use model::Problem;
use model::backend_address_pool::{BackendAddress, BackendAddressPool};
use model::schema::{Field, Named};

use super::context::{Context, text};
use super::{codes, site};
use crate::{Member, Pool};

/// Every pool, in the document's order.
pub(super) fn pools(context: &mut Context<'_>) -> Vec<Pool> {
    let gateway = context.gateway;
    gateway.backend_address_pools.iter().map(|pool| one(context, pool)).collect()
}

fn one(context: &mut Context<'_>, pool: &Named<BackendAddressPool>) -> Pool {
    let mut members = Members { list: Vec::new(), seen: HashSet::new() };
    let site = context.site;
    let replaced = site::pool(site, &pool.name);
    for field in replaced.into_iter().flatten() {
        if let Some(member) = checked(context, field) {
            members.add(member);
        }
    }
    for address in &pool.backend_addresses {
        let Some((field, member)) = written(context, pool, address) else { continue };
        if replaced.is_none() && !members.add(member) {
            let message = format!("the pool {:?} has this member already", pool.name.value);
            let problem = Problem::warning(codes::DUPLICATE_BACKEND_ADDRESS, &field.at, message);
            context.problems.push(problem.found(format!("{:?}", field.value)).help("it counts once"));
        }
    }
    for interface in pool.backend_ip_configurations.iter().filter(|_| replaced.is_none()) {
        for member in bound(context, &pool.name, &interface.id) {
            members.add(member);
        }
    }
    Pool { name: Arc::from(pool.name.as_str()), members: members.list }
}

/// Members in order, each once.
struct Members {
    list: Vec<Member>,
    seen: HashSet<Member>,
}

impl Members {
    fn add(&mut self, member: Member) -> bool {
        let is_new = self.seen.insert(member.clone());
        self.list.extend(is_new.then_some(member));
        is_new
    }
}

/// A member given by address or name.
fn written<'a>(
    context: &mut Context<'_>,
    pool: &Named<BackendAddressPool>,
    address: &'a Field<BackendAddress>,
) -> Option<(&'a Field<String>, Member)> {
    let field = match (text(&address.ip_address), text(&address.fqdn)) {
        (Some(ip), Some(fqdn)) if ip.value != fqdn.value => {
            let message = "a member has ipAddress or fqdn, not both";
            context.error(codes::TARGET_CONFLICT, &fqdn.at, message);
            return None;
        }
        (Some(field), _) | (None, Some(field)) => field,
        (None, None) => {
            let message = format!("a member of the pool {:?} has neither ipAddress nor fqdn", pool.name.value);
            let problem = Problem::error(model::problem::codes::MISSING_PROPERTY, &address.at, message);
            context.problems.push(problem.expected("the property \"ipAddress\" or \"fqdn\""));
            return None;
        }
    };
    checked(context, field).map(|member| (field, member))
}

/// The member a text means; reports a text that means none.
fn checked(context: &mut Context<'_>, field: &Field<String>) -> Option<Member> {
    let refused = match member(&field.value) {
        Ok(member) => return Some(member),
        Err(refused) => refused,
    };
    let problem = Problem::error(codes::INVALID_BACKEND_ADDRESS, &field.at, refused.message);
    let problem = problem.found(format!("{:?}", field.value)).expected("an IP address or a DNS name");
    context.problems.push(Problem { help: refused.help.map(str::to_owned), ..problem });
    None
}

/// Why a text is no member.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    message: &'static str,
    help: Option<&'static str>,
}

/// Tells by its content whether a text is an address or a name.
fn member(text: &str) -> Result<Member, Refused> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Member::Address(address));
    }
    let refused = |message, help| Err(Refused { message, help: Some(help) });
    if text.contains("://") {
        return refused("a member is an address or a name, not a URL", "the protocol belongs into the settings");
    }
    let port = text.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if port.is_some() || text.starts_with('[') {
        let help = "the port belongs into the backend settings; one pool can be used with several";
        return refused("a member of a pool is written without a port", help);
    }
    if text.contains('/') {
        return refused("a member is one address or name, not a network or a path", "list the addresses one by one");
    }
    match dns_name(text) {
        Some(name) => Ok(Member::Name(name)),
        None => Err(Refused { message: "this is neither an IP address nor a DNS name", help: None }),
    }
}

/// The name in lower case without its trailing dot, if it is one: labels of 1 to 63 letters, digits,
/// hyphens and underscores.
pub(super) fn dns_name(text: &str) -> Option<Arc<str>> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    // The last label of a name is never a number; `10.0.0.300` is a mistyped address.
    let is_numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_name = name.len() <= 253 && name.split('.').all(label) && !is_numeric;
    is_name.then(|| Arc::from(name))
}

/// Addresses for a member that exists only in Azure.
fn bound(context: &mut Context<'_>, pool: &str, id: &Field<String>) -> Vec<Member> {
    let Some(listed) = site::member(context.site, &id.value) else {
        let message = "this member exists only in Azure, and the site file does not say where it is here";
        let lines = format!("members:\n  \"{}\":\n    - 127.0.0.1", id.value);
        let help = format!("add to the site file (or give the addresses of the whole pool under {pool:?}):\n{lines}");
        context.machine_refuses(Problem::error(codes::MEMBER_NOT_BOUND, &id.at, message).help(help));
        return Vec::new();
    };
    listed.iter().filter_map(|field| checked(context, field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_told_by_its_content() {
        let rows = [
            ("10.0.0.4", Some("10.0.0.4")),
            (" 10.0.0.4 ", Some("10.0.0.4")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("App.Example.COM.", Some("app.example.com")),
            ("localhost", Some("localhost")),
            ("my_service.internal", Some("my_service.internal")),
            ("10.0.0.300", None),
            ("app.example.com:8080", None),
            ("10.0.0.4:80", None),
            ("[2001:db8::1]:80", None),
            ("http://app.example.com", None),
            ("10.0.0.0/24", None),
            ("a..b", None),
            ("-a.com", None),
            ("bücher.example", None),
        ];
        for (text, expected) in rows {
            let found = member(text).ok().map(|member| match member {
                Member::Address(address) => address.to_string(),
                Member::Name(name) => name.to_string(),
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
