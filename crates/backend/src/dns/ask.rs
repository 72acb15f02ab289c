//! One server, one family: the question goes out over UDP, again if nothing comes back, and over TCP where the answer
//! is too long; aliases are followed to their end.
//!
//! Messages and sockets are those of `hickory-net`: each question has a random number and comes from a random port
//! (RFC 5452), and what is no reply to it is passed over. A datagram has at most 4,096 bytes, an answer over TCP has
//! 64 KiB.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_net::NetError;
use hickory_net::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_net::proto::rr::{Name, RecordType};
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::tcp::TcpClientStream;
use hickory_net::udp::UdpClientStream;
use hickory_net::xfer::{DnsHandle, DnsRequestSender, FirstAnswer};
use tokio::time::timeout;

use super::chain::{Chain, End, MAX_ALIASES, absent_for};
use super::usable::{list, usable};

/// How long one server has for one family, aliases included.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Between one datagram with the question and the next, in milliseconds.
const AGAIN: u64 = 1000;
/// Datagrams with one question.
const DATAGRAMS: u8 = 4;

/// A kind of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const BOTH: [Self; 2] = [Self::V4, Self::V6];

    const fn record(self) -> RecordType {
        match self {
            Self::V4 => RecordType::A,
            Self::V6 => RecordType::AAAA,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }
}

/// What a server says of one family of addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Some that can be used, for so long; and some that cannot.
    Addresses { addresses: Vec<IpAddr>, ttl: Duration, unusable: Vec<IpAddr> },
    /// There is the name, but no such address.
    Nothing { absent_for: Option<Duration> },
    /// There is no such name.
    NoName { absent_for: Option<Duration> },
    /// Nothing that is of use.
    Failed(Failed),
}

/// Why a server is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    Silent,
    Code(ResponseCode),
    Malformed,
    TooLong,
    Unusable(Vec<IpAddr>),
    Io(io::ErrorKind),
    /// Had not answered when there was nothing more to wait for.
    Late,
    /// The datagram was cut, and over TCP there was an error.
    Tcp(io::ErrorKind),
}

/// Asks a server.
pub(super) async fn ask(server: SocketAddr, name: Name, family: Family) -> Outcome {
    let outcome = timeout(PATIENCE, follow(server, Chain::new(name), family)).await;
    outcome.unwrap_or(Err(Failed::Silent)).unwrap_or_else(Outcome::Failed)
}

async fn follow(server: SocketAddr, mut chain: Chain, family: Family) -> Result<Outcome, Failed> {
    // The chain itself ends sooner: each turn follows one alias at least.
    for _ in 0..=MAX_ALIASES {
        let reply = exchange(server, &chain.name, family).await?;
        match reply.response_code {
            ResponseCode::NoError => {}
            ResponseCode::NXDomain => return Ok(Outcome::NoName { absent_for: absent_for(&reply) }),
            code => return Err(Failed::Code(code)),
        }
        match chain.follow(&reply) {
            End::Addresses(addresses, ttl) => return addresses_of(addresses, ttl),
            End::Nothing => return Ok(Outcome::Nothing { absent_for: absent_for(&reply) }),
            End::TooLong => return Err(Failed::TooLong),
            End::Elsewhere => {}
        }
    }
    Err(Failed::TooLong)
}

fn addresses_of(addresses: Vec<IpAddr>, ttl: Duration) -> Result<Outcome, Failed> {
    let (addresses, unusable) = usable(addresses);
    if addresses.is_empty() {
        return Err(Failed::Unusable(unusable));
    }
    Ok(Outcome::Addresses { addresses, ttl, unusable })
}

/// Question and reply. A server that does not understand extensions is asked without.
async fn exchange(server: SocketAddr, name: &Name, family: Family) -> Result<DnsResponse, Failed> {
    let request = |use_edns| {
        let mut options = DnsRequestOptions::default();
        options.use_edns = use_edns;
        DnsRequest::from_query(Query::query(name.clone(), family.record()), options)
    };
    let reply = over_either(server, request(true)).await?;
    if matches!(reply.response_code, ResponseCode::FormErr | ResponseCode::NotImp) {
        return over_either(server, request(false)).await;
    }
    Ok(reply)
}

async fn over_either(server: SocketAddr, request: DnsRequest) -> Result<DnsResponse, Failed> {
    let network = TokioRuntimeProvider::new();
    let udp = UdpClientStream::builder(server, network.clone()).with_timeout(Some(PATIENCE));
    let mut udp = udp.with_retry_interval_floor(AGAIN).with_max_retries(DATAGRAMS).build();
    let reply = udp.send_message(request.clone()).first_answer().await.map_err(|error| failed(&error))?;
    if !reply.truncation {
        return Ok(reply);
    }
    let over_tcp = async {
        let tcp = TcpClientStream::exchange(server, None, PATIENCE, None, network).await?;
        tcp.send(request).first_answer().await
    };
    match over_tcp.await.map_err(|error| failed(&error)) {
        Ok(reply) if !reply.truncation => Ok(reply),
        Ok(_) => Err(Failed::Malformed),
        Err(Failed::Io(kind)) => Err(Failed::Tcp(kind)),
        Err(failed) => Err(failed),
    }
}

fn failed(error: &NetError) -> Failed {
    match error {
        NetError::Io(error) => Failed::Io(error.kind()),
        NetError::Timeout => Failed::Silent,
        // Whatever else there is, the answer could not be read.
        _ => Failed::Malformed,
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => write!(f, "no answer within {} s", PATIENCE.as_secs()),
            Self::Late => f.write_str("no answer, while other questions have theirs"),
            Self::Code(ResponseCode::ServFail) => f.write_str("the server failed (SERVFAIL)"),
            Self::Code(ResponseCode::Refused) => f.write_str("the server refuses to answer (REFUSED)"),
            Self::Code(code) => write!(f, "the server answered: {code}"),
            Self::Malformed => f.write_str("the answer makes no sense"),
            Self::TooLong => write!(f, "more than {MAX_ALIASES} aliases (CNAME) follow each other"),
            Self::Unusable(addresses) => {
                f.write_str("no server can have the addresses of the answer: ")?;
                list(f, addresses)
            }
            Self::Io(kind) => write!(f, "{kind}"),
            Self::Tcp(kind) => write!(f, "the answer is too long for UDP, and over TCP: {kind}"),
        }
    }
}

#[cfg(test)]
mod tests;
