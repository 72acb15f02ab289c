//! The command line: which rows, which proxies, how many rounds.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::firewall;

/// CPU per request, and per session, of Gatehouse beside nginx, HAProxy and a relay that parses nothing.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    /// What else to measure.
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    /// Rows to measure; without any, all of them.
    #[arg(value_enum)]
    pub(crate) rows: Vec<Row>,
    /// Interleaved rounds per row; medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) rounds: u32,
    /// Three rounds at most and a fifth of the requests: a look, not a figure to quote.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The proxies to measure (default: all that can be had).
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Target>,
    /// A ready gatehouse binary, instead of building one.
    #[arg(long, value_name = "PATH")]
    pub(crate) gatehouse: Option<PathBuf>,
    /// Where HAProxy's access log goes; the default is the cheaper one for HAProxy.
    #[arg(long, value_enum, default_value_t = HaproxyLog::Stdout)]
    pub(crate) haproxy_log: HaproxyLog,
    /// Idle connections of the rows `idle-memory`, `https-idle-memory` and `h2-idle-memory`, and idle sessions of
    /// `tcp-idle` and `tls-idle`.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=50_000))]
    pub(crate) idle_connections: u32,
    /// Count system calls too, in a load of their own for each proxy (takes `perf`).
    #[arg(long)]
    pub(crate) calls: bool,
    /// Keep the folder with configurations and logs of the proxies.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Set by the tool itself once everything is prepared.
    #[arg(long, value_enum, hide = true)]
    pub(crate) inside: Option<Network>,
}

/// What is measured without a proxy.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Part {
    /// CPU per request of the firewall's engine beside libmodsecurity, with the same rules.
    Firewall(firewall::Options),
}

impl Cli {
    /// The rows that were asked for, in the order of the tables.
    pub(crate) fn selected_rows(&self) -> Vec<Row> {
        if self.rows.is_empty() { Row::DEFAULT.to_vec() } else { self.rows.clone() }
    }

    /// The rounds to run.
    pub(crate) fn effective_rounds(&self) -> u32 {
        if self.quick { self.rounds.min(3) } else { self.rounds }
    }

    /// The arguments that hand this run over to itself in the prepared network.
    pub(crate) fn to_arguments(&self, network: Network) -> Vec<String> {
        let mut out: Vec<String> = self.rows.iter().map(|row| row.name()).collect();
        out.extend(["--rounds".into(), self.rounds.to_string()]);
        out.extend(["--idle-connections".into(), self.idle_connections.to_string()]);
        out.extend(["--haproxy-log".into(), value_name(&self.haproxy_log)]);
        out.extend(["--inside".into(), value_name(&network)]);
        if !self.only.is_empty() {
            let names: Vec<String> = self.only.iter().map(|target| target.name()).collect();
            out.extend(["--only".into(), names.join(",")]);
        }
        if let Some(path) = &self.gatehouse {
            out.extend(["--gatehouse".into(), path.display().to_string()]);
        }
        if self.quick {
            out.push("--quick".into());
        }
        if self.calls {
            out.push("--calls".into());
        }
        if self.keep {
            out.push("--keep".into());
        }
        out
    }
}

/// One row of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// 1 KB bodies, 64 kept-alive connections.
    #[value(name = "keepalive-64")]
    Keepalive64,
    /// 1 KB bodies, 512 kept-alive connections.
    #[value(name = "keepalive-512")]
    Keepalive512,
    /// 100 KB bodies, 64 kept-alive connections.
    #[value(name = "large-100k")]
    Large100k,
    /// A new client connection for each request.
    #[value(name = "new-connection")]
    NewConnection,
    /// 1,000 hosts with 100 path rules each, beside one host with one rule.
    #[value(name = "many-routes")]
    ManyRoutes,
    /// Ten rewrite rules, and cookie affinity, beside neither.
    #[value(name = "features")]
    Features,
    /// User instructions per request of the same.
    #[value(name = "features-instructions")]
    FeaturesInstructions,
    /// Memory of idle kept-alive connections.
    #[value(name = "idle-memory")]
    IdleMemory,
    /// User instructions per request, counted by callgrind: the same on every machine.
    #[value(name = "instructions")]
    Instructions,
    /// HTTPS, 1 KB bodies, 64 kept-alive connections.
    #[value(name = "https-64")]
    Https64,
    /// HTTPS, a new connection with a full handshake for each request.
    #[value(name = "https-full-handshake")]
    HttpsFullHandshake,
    /// HTTPS, a new connection that resumes a session for each request.
    #[value(name = "https-resumed")]
    HttpsResumed,
    /// HTTP/2 over TLS, 1 KB bodies, 8 connections with 32 streams each.
    #[value(name = "h2-8x32")]
    H2Streams,
    /// HTTPS, 100 KB bodies, 64 kept-alive connections.
    #[value(name = "https-large-100k")]
    HttpsLarge100k,
    /// Memory of idle kept-alive TLS connections.
    #[value(name = "https-idle-memory")]
    HttpsIdleMemory,
    /// Memory of idle HTTP/2 connections over TLS.
    #[value(name = "h2-idle-memory")]
    H2IdleMemory,
    /// User instructions per HTTPS request.
    #[value(name = "https-instructions")]
    HttpsInstructions,
    /// User instructions per HTTP/2 request over TLS.
    #[value(name = "h2-instructions")]
    H2Instructions,
    /// TCP: four long streams from server to client.
    #[value(name = "tcp-stream")]
    TcpStream,
    /// TCP: four long streams from client to server.
    #[value(name = "tcp-stream-up")]
    TcpStreamUp,
    /// TCP: four long streams, each both ways at once.
    #[value(name = "tcp-stream-both")]
    TcpStreamBoth,
    /// TCP: round trips of 64 bytes on 64 sessions.
    #[value(name = "tcp-round-trip")]
    TcpRoundTrip,
    /// TCP: sessions of one round trip.
    #[value(name = "tcp-connect")]
    TcpConnect,
    /// Memory of idle TCP sessions.
    #[value(name = "tcp-idle")]
    TcpIdle,
    /// TLS from the client only: four long streams from server to client.
    #[value(name = "tls-stream")]
    TlsStream,
    /// TLS from the client only: four long streams from client to server.
    #[value(name = "tls-stream-up")]
    TlsStreamUp,
    /// TLS from the client only: round trips of 64 bytes on 64 sessions.
    #[value(name = "tls-round-trip")]
    TlsRoundTrip,
    /// Memory of idle TLS sessions.
    #[value(name = "tls-idle")]
    TlsIdle,
    /// TLS from the client and to the server: four long streams from server to client.
    #[value(name = "tls-to-tls-stream")]
    TlsToTlsStream,
    /// TLS from the client and to the server: round trips of 64 bytes on 64 sessions.
    #[value(name = "tls-to-tls-round-trip")]
    TlsToTlsRoundTrip,
    /// User instructions per TCP round trip.
    #[value(name = "tcp-instructions")]
    TcpInstructions,
    /// User instructions per round trip, TLS from the client only.
    #[value(name = "tls-instructions")]
    TlsInstructions,
    /// Only the relay that parses nothing, on the first row's work.
    #[value(name = "floor")]
    Floor,
}

impl Row {
    /// What runs when no row is named (the floor is part of the first rows).
    const DEFAULT: [Row; 32] = [
        Row::Keepalive64,
        Row::Keepalive512,
        Row::Large100k,
        Row::NewConnection,
        Row::ManyRoutes,
        Row::Features,
        Row::FeaturesInstructions,
        Row::IdleMemory,
        Row::Instructions,
        Row::Https64,
        Row::HttpsFullHandshake,
        Row::HttpsResumed,
        Row::H2Streams,
        Row::HttpsLarge100k,
        Row::HttpsIdleMemory,
        Row::H2IdleMemory,
        Row::HttpsInstructions,
        Row::H2Instructions,
        Row::TcpStream,
        Row::TcpStreamUp,
        Row::TcpStreamBoth,
        Row::TcpRoundTrip,
        Row::TcpConnect,
        Row::TcpIdle,
        Row::TlsStream,
        Row::TlsStreamUp,
        Row::TlsRoundTrip,
        Row::TlsIdle,
        Row::TlsToTlsStream,
        Row::TlsToTlsRoundTrip,
        Row::TcpInstructions,
        Row::TlsInstructions,
    ];

    /// The name on the command line, in tables and file names.
    pub(crate) fn name(self) -> String {
        value_name(&self)
    }
}

/// A proxy under measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// This project's gateway.
    Gatehouse,
    /// nginx from the distribution.
    Nginx,
    /// HAProxy from the distribution.
    Haproxy,
    /// Our relay that parses nothing: what the socket calls alone cost.
    Floor,
}

impl Target {
    /// Every target, in the order of a round.
    pub(crate) const ALL: [Target; 4] = [Target::Gatehouse, Target::Nginx, Target::Haproxy, Target::Floor];

    /// The name on the command line and in tables.
    pub(crate) fn name(self) -> String {
        value_name(&self)
    }
}

/// Where HAProxy writes its access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HaproxyLog {
    /// Raw lines on standard output, which is a file.
    Stdout,
    /// Datagrams to a socket that a thread of this tool reads on the load's core.
    Socket,
}

/// Where the run takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// In a network namespace of its own, with loopback settings of its own.
    Namespace,
    /// In the machine's network, with whatever settings it has.
    Host,
}

fn value_name<V: ValueEnum>(value: &V) -> String {
    value.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_hands_itself_over_without_losing_a_choice() {
        let cli = Cli::parse_from([
            "bench",
            "many-routes",
            "--rounds",
            "7",
            "--quick",
            "--keep",
            "--calls",
            "--only",
            "nginx,floor",
            "--haproxy-log",
            "socket",
            "--gatehouse",
            "/tmp/g",
        ]);
        let mut arguments = vec!["bench".to_owned()];
        arguments.extend(cli.to_arguments(Network::Host));
        let again = Cli::parse_from(arguments);
        assert_eq!(again.inside, Some(Network::Host));
        assert_eq!(format!("{:?}", Cli { inside: None, ..again }), format!("{cli:?}"));
    }
}
