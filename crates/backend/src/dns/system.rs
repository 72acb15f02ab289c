//! The resolver of a running gateway: hosts file, then DNS servers, without the C library.
//!
//! Files are read again when they have changed, and other [`Sources`] may be given at any time.

mod configuration;
mod hosts;
mod watched;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_net::proto::rr::Name;

use super::servers::Servers;
use super::usable::usable;
use super::{Found, Lookup, LookupError, LookupFuture, MAX_TTL};
use configuration::Configuration;
use hosts::Hosts;
use watched::Watched;

/// Where answers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// DNS servers; empty for those of the system's configuration.
    pub servers: Vec<SocketAddr>,
    /// Servers for a name and all names below it, in place of the others. The longest name counts.
    pub forward: Vec<(String, Vec<SocketAddr>)>,
    /// Domains that names without a dot are looked for in; `None` for those of the system's configuration.
    pub search: Option<Vec<String>>,
    /// The system's configuration. Default `/etc/resolv.conf`.
    pub configuration: PathBuf,
    /// Addresses that need no server. Default `/etc/hosts`.
    pub hosts: PathBuf,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            forward: Vec::new(),
            search: None,
            configuration: PathBuf::from("/etc/resolv.conf"),
            hosts: PathBuf::from("/etc/hosts"),
        }
    }
}

/// Asks the hosts file, then DNS servers. `localhost` and names below it are always this machine (RFC 6761 6.3) and
/// need neither.
#[derive(Debug)]
pub struct SystemResolver {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sources: Sources,
    configuration: Watched<Configuration>,
    hosts: Watched<Hosts>,
    directory: Arc<Directory>,
    /// Something has changed that nobody has asked about yet.
    is_new: bool,
}

/// Whom to ask for which name.
#[derive(Clone, Debug)]
struct Directory {
    hosts: Arc<Hosts>,
    servers: Arc<Servers>,
    /// The longest name first.
    forward: Arc<Vec<(String, Servers)>>,
    search: Arc<Vec<String>>,
}

impl SystemResolver {
    /// With these sources. Files that cannot be read say nothing: the start is not in question.
    pub fn new(sources: Sources) -> Self {
        Self { state: Mutex::new(State::new(sources)) }
    }

    /// Takes other sources from the next look-up on, which comes soon for every name. Returns those before; the same
    /// ones change nothing.
    pub fn change(&self, sources: Sources) -> Sources {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sources == sources {
            return sources;
        }
        let next = State { is_new: true, ..State::new(sources) };
        std::mem::replace(&mut *state, next).sources
    }

    fn directory(&self) -> Arc<Directory> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.read_again();
        Arc::clone(&state.directory)
    }
}

impl State {
    fn new(sources: Sources) -> Self {
        let configuration = Watched::new(sources.configuration.clone(), Configuration::parse);
        let hosts = Watched::new(sources.hosts.clone(), Hosts::parse);
        let directory = Arc::new(Directory::new(&sources, &configuration.value(), hosts.value()));
        Self { sources, configuration, hosts, directory, is_new: false }
    }

    fn read_again(&mut self) {
        let (is_configured_anew, has_new_hosts) = (self.configuration.read_again(), self.hosts.read_again());
        if is_configured_anew {
            self.directory = Arc::new(Directory::new(&self.sources, &self.configuration.value(), self.hosts.value()));
        } else if has_new_hosts {
            // What is known of the servers stays.
            let hosts = self.hosts.value();
            self.directory = Arc::new(Directory { hosts, ..Directory::clone(&self.directory) });
        }
        self.is_new |= is_configured_anew || has_new_hosts;
    }
}

impl Directory {
    fn new(sources: &Sources, configuration: &Configuration, hosts: Arc<Hosts>) -> Self {
        let servers = if sources.servers.is_empty() { configuration.servers() } else { sources.servers.clone() };
        let forward = sources.forward.iter().filter(|(_, servers)| !servers.is_empty());
        let mut forward: Vec<_> =
            forward.map(|(name, servers)| (normal(name), Servers::new(servers.clone()))).collect();
        forward.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let search = sources.search.as_ref().unwrap_or(&configuration.search).iter().map(|name| normal(name));
        Self {
            hosts,
            servers: Arc::new(Servers::new(servers)),
            forward: Arc::new(forward),
            search: Arc::new(search.collect()),
        }
    }

    async fn resolve(&self, name: &str) -> Found {
        if is_local(name) {
            return Found::addresses(&[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], MAX_TTL);
        }
        if let Some(addresses) = self.hosts.find(name) {
            return listed(addresses);
        }
        let candidates = self.candidates(name);
        let mut found = Found::failed(LookupError::absent("this is no name that DNS could know"));
        for candidate in &candidates {
            if let Ok(name) = Name::from_ascii(format!("{candidate}.")) {
                found = self.servers(candidate).ask(&name).await;
            }
            // A name that may exist or not hides those behind it: the next one would be another server's.
            if !found.is_absent() {
                return found;
            }
        }
        if candidates.len() > 1 {
            let also = format!("; looked for {}", candidates.join(", "));
            for error in [&mut found.v4, &mut found.v6].into_iter().filter_map(|family| family.as_mut().err()) {
                error.text.push_str(&also);
            }
        }
        found
    }

    /// A name with a dot is meant whole; a single label is looked for in the search domains first.
    fn candidates(&self, name: &str) -> Vec<String> {
        let search = self.search.iter().filter(|_| !name.contains('.'));
        search.map(|domain| format!("{name}.{domain}")).chain([name.to_owned()]).collect()
    }

    fn servers(&self, name: &str) -> &Servers {
        let is_within = |domain: &str| {
            let head = name.strip_suffix(domain);
            head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
        };
        let forward = self.forward.iter().find(|(domain, _)| is_within(domain));
        forward.map_or(&*self.servers, |(_, servers)| servers)
    }
}

/// What the hosts file says.
fn listed(addresses: &[IpAddr]) -> Found {
    let (addresses, unusable) = usable(addresses.iter().copied());
    if addresses.is_empty() {
        return Found::failed(LookupError::absent("the hosts file has no address for it that a server can have"));
    }
    Found { unusable, ..Found::addresses(&addresses, MAX_TTL) }
}

fn normal(name: &str) -> String {
    name.trim_matches('.').to_ascii_lowercase()
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

impl Lookup for SystemResolver {
    fn lookup(&self, name: Arc<str>) -> LookupFuture {
        let directory = self.directory();
        Box::pin(async move { directory.resolve(&normal(&name)).await })
    }

    fn has_changed(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.read_again();
        std::mem::take(&mut state.is_new)
    }
}

#[cfg(test)]
mod tests;
