//! Names of pool members, through a real gateway and a name server that can be made to say anything.
//!
//! Source: Azure, "DNS resolution in Application Gateway". Parity: last good addresses are kept for an hour, across
//! configurations and restarts; servers at addresses that stay are left alone.

mod changes;
mod failures;
mod first;
mod kept;
mod lies;
mod sessions;
mod sources;

use e2e::dns::{Question, sources as of};
use e2e::wait::until_true;
use e2e::{Document, Farm, Folder, Gateway, NameServer, Says, Start, until};
use observe::status::NameStatus;

const DRAINING: &str = "requestTimeout: 20, probe: probe, connectionDraining: {enabled: true, drainTimeoutInSec: 1}";

/// A pool with these names for members, and a probe every second.
fn document(farm: &Farm, names: &[&str]) -> Document {
    let members: Vec<_> = names.iter().map(|name| format!("{{fqdn: {name}}}")).collect();
    Document::new(farm)
        .probe(farm, "host: 127.0.0.1, interval: 1, timeout: 1, unhealthyThreshold: 1")
        .settings(farm, DRAINING)
        .section("backendAddressPools", format!("[{{name: pool, backendAddresses: [{}]}}]", members.join(", ")))
}

/// Addresses of a farm's servers.
fn ips(farm: &Farm, servers: &[usize]) -> Vec<String> {
    servers.iter().map(|server| farm.address(*server).ip().to_string()).collect()
}

/// These servers of the farm, for so many seconds.
fn at(farm: &Farm, servers: &[usize], ttl: u32) -> Says {
    let ips = ips(farm, servers);
    Says::addresses(&ips.iter().map(String::as_str).collect::<Vec<_>>(), ttl)
}

/// Says the same to everybody: of the other family nothing is known.
fn always(says: Says) -> impl Fn(&Question) -> Says + Send + Sync + 'static {
    move |_| says.clone()
}

/// A gateway that asks this server.
#[track_caller]
fn start(document: &Document, server: &NameServer, folder: &Folder) -> Gateway {
    Start::workers(2).names(of(&[server], folder)).run(document)
}

/// What is known of a name.
#[track_caller]
fn status(gateway: &Gateway, name: &str) -> NameStatus {
    let health = gateway.status().health;
    health.targets[0].names.iter().find(|status| status.name == name).unwrap().clone()
}

/// Waits until a name has such a code, and returns what is known of it.
#[track_caller]
fn wait_code(gateway: &Gateway, name: &str, code: &str) -> NameStatus {
    until(&format!("{name} to be {code}"), || Some(status(gateway, name)).filter(|status| status.code == code))
}

/// The servers that requests may go to.
fn in_rotation(gateway: &Gateway) -> Vec<String> {
    let health = gateway.status().health;
    let servers = health.targets[0].servers.iter().filter(|server| server.in_rotation);
    servers.map(|server| server.address.ip().to_string()).collect()
}

/// Waits until requests go to these servers of the farm and no others.
#[track_caller]
fn wait_servers(gateway: &Gateway, farm: &Farm, servers: &[usize]) {
    let expected = ips(farm, servers);
    until_true("these servers in rotation", || in_rotation(gateway) == expected);
}
