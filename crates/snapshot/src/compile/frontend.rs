//! Frontends: which local addresses and ports a listener's frontend IP configuration and port become.
//!
//! The order: what the site file says; a `privateIPAddress` that this machine has; loopback in
//! `dev`; all addresses in `run`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::Problem;
use model::frontend_ip_configuration::FrontendIpConfiguration;
use model::frontend_port::FrontendPort;
use model::schema::Named;

use super::context::{Context, text};
use super::{codes, site};

/// A frontend on this machine.
pub(super) struct Frontend {
    /// Local addresses; never empty.
    pub(super) addresses: Vec<IpAddr>,
}

/// A frontend port on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Port {
    /// As the document says.
    pub(super) document: u16,
    /// As it is bound.
    pub(super) local: u16,
    /// As clients see it.
    pub(super) public: u16,
}

/// Every frontend, in the document's order.
pub(super) fn frontends(context: &mut Context<'_>) -> Vec<Frontend> {
    let gateway = context.gateway;
    gateway.frontend_ip_configurations.iter().map(|frontend| one(context, frontend)).collect()
}

fn one(context: &mut Context<'_>, frontend: &Named<FrontendIpConfiguration>) -> Frontend {
    let private = private_address(context, frontend);
    if let (Some(_), Some(subnet)) = (&frontend.public_ip_address, &frontend.subnet) {
        let message = "a frontend is public or private: publicIPAddress and subnet exclude each other";
        context.azure_refuses(Problem::warning(codes::TARGET_CONFLICT, &subnet.at, message));
    }
    if let Some(link) = &frontend.private_link_configuration {
        context.uses(super::unsupported::Feature::PrivateLink, &link.at, true);
    }
    let bound = site::addresses(context, frontend);
    let addresses = match (bound, private) {
        (bound, _) if !bound.is_empty() => bound,
        (_, Some(address)) if context.environment.local_addresses.contains(&address) => vec![address],
        (_, Some(IpAddr::V6(_))) if context.is_dev() => vec![Ipv6Addr::LOCALHOST.into()],
        (_, Some(IpAddr::V6(_))) => vec![Ipv6Addr::UNSPECIFIED.into()],
        _ if context.is_dev() => vec![Ipv4Addr::LOCALHOST.into()],
        _ => vec![Ipv4Addr::UNSPECIFIED.into()],
    };
    Frontend { addresses }
}

fn private_address(context: &mut Context<'_>, frontend: &Named<FrontendIpConfiguration>) -> Option<IpAddr> {
    let field = text(&frontend.private_ip_address)?;
    let address = field.value.trim().parse().ok();
    if address.is_none() {
        let problem = Problem::error(codes::INVALID_ADDRESS, &field.at, "this is not an IP address");
        context.problems.push(problem.found(format!("{:?}", field.value)).expected("an IPv4 or IPv6 address"));
    }
    address
}

/// Every frontend port, in the document's order; `None` for those that cannot be used.
pub(super) fn ports(context: &mut Context<'_>) -> Vec<Option<Port>> {
    let gateway = context.gateway;
    let ports: Vec<_> = gateway.frontend_ports.iter().map(|port| port_of(context, port)).collect();
    for (index, port) in gateway.frontend_ports.iter().enumerate() {
        let Some(number) = ports.get(index).copied().flatten() else { continue };
        let earlier =
            ports.iter().take(index).position(|other| other.is_some_and(|other| other.document == number.document));
        if let (Some(first), Some(field)) = (earlier.and_then(|at| gateway.frontend_ports.get(at)), &port.port) {
            let message = format!("the frontend port {:?} is already {}", first.name.value, number.document);
            context.azure_refuses(Problem::warning(codes::FRONTEND_CLASH, &field.at, message));
        }
    }
    ports
}

fn port_of(context: &mut Context<'_>, port: &Named<FrontendPort>) -> Option<Port> {
    if port.port.is_none() {
        context.missing(&port.name.at, "port", "this frontend port");
    }
    let document = context.number("the port", &port.port, (1, 65535))?;
    let document = u16::try_from(document).ok()?;
    let is_azure_port = document < 65000 && document != 22;
    if let Some(field) = port.port.as_ref().filter(|_| !is_azure_port && context.environment.target_azure) {
        let problem = Problem::error(codes::AZURE_PORT, &field.at, "Azure does not allow this port on a frontend");
        context.problems.push(problem.found(document.to_string()).expected("1 to 64999 except 22"));
    }
    Some(site::port(context.site, document))
}
