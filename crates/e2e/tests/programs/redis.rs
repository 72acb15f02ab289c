//! Redis with `redis-cli` and `redis-benchmark`, under each combination of TCP and TLS.

use std::process::Command;

use e2e::Dice;
use e2e::Folder;
use e2e::programs::{Front, Launch, Programs, Server, Session, Way, free_port, run};

struct Redis {
    programs: Programs,
    server: Server,
    tls_port: u16,
}

impl Redis {
    fn start() -> Option<Self> {
        let programs = Programs::find(&["redis-server", "redis-cli", "redis-benchmark"])?;
        let launch = Launch { ready: "Ready to accept connections", log: None, signal: "TERM" };
        let mut tls_port = 0;
        let server = Server::start(Folder::certified(), launch, |port, folder| {
            tls_port = free_port();
            let mut command = programs.command("redis-server");
            command.current_dir(folder).args(["--bind", "127.0.0.1", "--save", ""]);
            command.args(["--port", &port.to_string(), "--tls-port", &tls_port.to_string()]);
            command.args(["--tls-cert-file", "certificate.pem", "--tls-key-file", "key.pem"]);
            command.args(["--tls-ca-cert-file", "servers.pem", "--tls-auth-clients", "no"]);
            command
        });
        Some(Self { programs, server, tls_port })
    }

    /// Bytes as they are, TLS on either side, and on both.
    fn ways(&self) -> [Way<'static>; 4] {
        let (port, tls_port) = (self.server.port, self.tls_port);
        [
            Way::through("through", port),
            Way::offload("offload", port),
            Way { server_tls: true, ..Way::through("originate", tls_port) },
            Way { server_tls: true, ..Way::offload("encrypt", tls_port) },
        ]
    }

    /// One of its clients; it trusts the gateway alone.
    fn client(&self, program: &str, front: &Front<'_>, way: &Way<'_>) -> Command {
        let mut command = self.programs.command(program);
        command.args(["-h", "127.0.0.1", "-p", &front.port(way.name)]);
        if way.client_tls {
            command.args(["--tls", "--sni", "localhost", "--cacert", &self.server.folder.named("gateway.pem")]);
        }
        command
    }
}

#[test]
fn commands_and_long_values_pass_with_tls_on_either_side() {
    let Some(redis) = Redis::start() else { return };
    let ways = redis.ways();
    let front = Front::start(&ways);
    let value = Dice::new(3).octets(8 << 20);
    for way in &ways {
        let cli = |arguments: &[&str], input: &[u8]| {
            let output = run(redis.client("redis-cli", &front, way).args(arguments), input);
            output.succeeded();
            output.bytes
        };
        assert_eq!(cli(&["ping"], b""), b"PONG\n", "{}", way.name);
        assert_eq!(cli(&["-x", "set", way.name], &value), b"OK\n", "{}", way.name);
        let back = cli(&["--no-raw", "strlen", way.name], b"");
        assert_eq!(back, format!("(integer) {}\n", value.len()).as_bytes(), "{}", way.name);
        let back = cli(&["get", way.name], b"");
        assert!(back[..back.len() - 1] == value, "{}: {} bytes", way.name, back.len());
    }
    front.ended(4 * ways.len());
}

/// A client of the server's own TLS, which passes through.
#[test]
fn a_client_sees_the_servers_own_certificate_through_a_tcp_listener() {
    let Some(redis) = Redis::start() else { return };
    let way = Way::through("through", redis.tls_port);
    let front = Front::start(&[way]);
    for (root, is_trusted) in [("servers.pem", true), ("gateway.pem", false)] {
        let mut cli = redis.client("redis-cli", &front, &way);
        let output = run(cli.args(["--tls", "--cacert", &redis.server.folder.named(root), "ping"]), "");
        assert_eq!(output.bytes == b"PONG\n", is_trusted, "{root}: {}", output.errors);
    }
}

#[test]
fn no_request_of_the_benchmark_fails_while_the_configuration_changes() {
    let Some(redis) = Redis::start() else { return };
    let ways = redis.ways();
    let front = Front::start(&ways);
    for way in &ways {
        let mut benchmark = redis.client("redis-benchmark", &front, way);
        benchmark.args(["--csv", "-c", "20", "-n", "20000", "-d", "512", "-P", "4", "-t", "set,get"]);
        let mut benchmark = Session::start(&mut benchmark);
        let changes = front.change_while(|| benchmark.is_at_work());
        let output = benchmark.finish();
        let report = output.text();
        let rows: Vec<_> = report.lines().filter(|line| line.starts_with('"')).collect();
        assert_eq!(rows.len(), 3, "{}: {report}", way.name);
        assert!(!format!("{report}{}", output.errors).contains("rror"), "{}: {report}", way.name);
        assert!(changes >= 3, "{}: {changes} changes", way.name);
    }
    let count = usize::try_from(front.gateway.status().counters.sessions).unwrap();
    assert!(count >= 20 * ways.len(), "{count} sessions");
    front.ended(count);
}

/// Nothing moves for a while on such a session, and then the server speaks.
#[test]
fn a_subscriber_hears_what_is_published_after_the_configuration_has_changed() {
    let Some(redis) = Redis::start() else { return };
    let ways = redis.ways();
    let front = Front::start(&ways);
    let mut subscribers: Vec<_> = ways
        .iter()
        .map(|way| {
            let mut subscriber = Session::start(redis.client("redis-cli", &front, way).args(["subscribe", "news"]));
            assert_eq!([(); 3].map(|()| subscriber.hear()), ["subscribe", "news", "1"], "{}", way.name);
            subscriber
        })
        .collect();
    front.change_and_outlast();
    let published = run(redis.client("redis-cli", &front, &ways[0]).args(["publish", "news", "all is well"]), "");
    assert_eq!(published.text(), "4");
    for subscriber in &mut subscribers {
        assert_eq!([(); 3].map(|()| subscriber.hear()), ["message", "news", "all is well"]);
    }
}
