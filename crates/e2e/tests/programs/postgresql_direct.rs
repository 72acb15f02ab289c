//! PostgreSQL with clients that begin with TLS and ask for the protocol `postgresql`, which came with its version 17:
//! they can leave TLS to the gateway.

use e2e::programs::{Front, Output, Postgres, Programs, Way, run};

const SCRIPT: &str = "
import psycopg
with psycopg.connect(sslnegotiation='direct') as connection:
    encrypted = connection.execute('select ssl from pg_stat_ssl where pid = pg_backend_pid()').fetchone()[0]
    text = connection.execute(\"select string_agg(n::text, ',') from generate_series(1, 100000) n\").fetchone()[0]
    print(connection.pgconn.ssl_in_use, encrypted, text == ','.join(str(n) for n in range(1, 100001)))
";

/// What the client says, which trusts the gateway's certificate alone.
fn ask(postgres: &Postgres, port: &str) -> Output {
    let mut python = postgres.client("psycopg", port, "verify-full");
    run(python.args(["-c", SCRIPT]).env("PGSSLROOTCERT", postgres.server.folder.named("gateway.pem")), "")
}

#[test]
fn clients_that_begin_with_tls_leave_it_to_a_listener_that_knows_their_protocol() {
    let Some(programs) = Programs::find(&["initdb", "postgres", "psycopg"]) else { return };
    let postgres = Postgres::start(programs);
    let port = postgres.server.port;
    let knows = Way { listener: "gatehouse: {alpn: [postgresql]}", ..Way::offload("knows", port) };
    let front = Front::start(&[knows, Way::offload("ignores", port)]);
    assert_eq!(ask(&postgres, &front.port("knows")).text(), "True False True");
    front.ended(1);
    let refused = ask(&postgres, &front.port("ignores"));
    assert!(refused.complaint().contains("ALPN"), "{}", refused.errors);
}
