//! The resolver of a running gateway: hosts file, then DNS servers, asynchronously and without the C library.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::{Answer, Lookup, LookupError, LookupFuture, MAX_TTL};

/// Asks the hosts file and the DNS servers of the system, or servers of its own. `localhost` and names below it are
/// always this machine (RFC 6761 6.3) and need neither.
pub struct SystemResolver {
    /// Why there is no resolver: shown as the failure of every look-up.
    resolver: Result<Arc<TokioResolver>, String>,
}

impl SystemResolver {
    /// With the system's configuration (`/etc/resolv.conf`, `/etc/hosts`), or with `servers` in place of the system's
    /// DNS servers. A configuration that cannot be read does not stop the start: every look-up then fails with the
    /// reason.
    pub fn new(servers: &[SocketAddr]) -> Self {
        Self { resolver: build(servers).map(Arc::new).map_err(|error| error.to_string()) }
    }
}

fn build(servers: &[SocketAddr]) -> Result<TokioResolver, hickory_resolver::net::NetError> {
    let mut builder = if servers.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // Answers are kept by `Names`, which asks when they end; a second cache would only make them older.
    options.cache_size = 0;
    builder.build()
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let connection = |mut config: ConnectionConfig| {
        config.port = address.port();
        config
    };
    let connections = vec![connection(ConnectionConfig::udp()), connection(ConnectionConfig::tcp())];
    NameServerConfig::new(address.ip(), true, connections)
}

impl Lookup for SystemResolver {
    fn lookup(&self, name: Arc<str>) -> LookupFuture {
        if is_local(&name) {
            let addresses: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Box::pin(std::future::ready(Ok(Answer { addresses, ttl: MAX_TTL })));
        }
        let resolver = self.resolver.clone();
        Box::pin(async move {
            let resolver = resolver.map_err(LookupError)?;
            // A name with a dot is meant whole; a single label may need the search domains.
            let query = if name.contains('.') { format!("{name}.") } else { name.to_string() };
            let answer = resolver.lookup_ip(query).await.map_err(|error| LookupError(error.to_string()))?;
            let ttl = answer.valid_until().saturating_duration_since(Instant::now());
            // Rounded up: the moments between the answer and this line are not its fault.
            let ttl = Duration::from_secs(ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0));
            Ok(Answer { addresses: answer.iter().collect(), ttl })
        })
    }
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_needs_no_network() {
        let resolver = SystemResolver::new(&["192.0.2.1:53".parse().unwrap()]);
        for name in ["localhost", "shop.localhost"] {
            let answer = resolver.lookup(Arc::from(name)).await.unwrap();
            assert_eq!(answer.addresses, [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()]);
        }
    }

    /// A DNS server on loopback that answers every A query with 10.9.8.7 and every other with nothing.
    async fn fake_server() -> SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut query = [0; 512];
            loop {
                let (len, peer) = socket.recv_from(&mut query).await.unwrap();
                let name_end = 12 + query[12..len].iter().position(|&byte| byte == 0).unwrap() + 1;
                let is_a = query[name_end..name_end + 2] == [0, 1];
                let mut answer = query[..name_end + 4].to_vec();
                // A response, recursion available, one question, one or no answer, nothing else.
                answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
                if is_a {
                    answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 77, 0, 4, 10, 9, 8, 7]);
                }
                socket.send_to(&answer, peer).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_server_of_our_own_is_asked_and_its_ttl_kept() {
        let resolver = SystemResolver::new(&[fake_server().await]);
        let answer = resolver.lookup(Arc::from("shop.example")).await.unwrap();
        assert_eq!(answer.addresses, [IpAddr::from([10, 9, 8, 7])]);
        assert_eq!(answer.ttl.as_secs(), 77);
    }
}
