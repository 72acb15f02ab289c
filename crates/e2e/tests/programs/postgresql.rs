//! PostgreSQL with `psql` and `pgbench`. Its clients ask for TLS inside the stream, so that a Tcp listener is the way
//! for them; those that begin with TLS are in [`super::postgresql_direct`].

use e2e::programs::{Front, Postgres, Programs, Session, Way, run, text};
use e2e::wait::until_true;

fn postgres() -> Option<Postgres> {
    Programs::find(&["initdb", "postgres", "psql", "pgbench"]).map(Postgres::start)
}

#[test]
fn clients_with_any_sslmode_reach_the_server_and_see_its_certificate() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::through("sql", postgres.server.port)]);
    let port = front.port("sql");
    let query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let rows = [("disable", "f"), ("allow", "f"), ("prefer", "t"), ("require", "t"), ("verify-full", "t")];
    for (mode, encrypted) in rows {
        assert_eq!(run(postgres.psql(&port, mode).args(["-c", query]), "").text(), encrypted, "{mode}");
    }
    for row in front.ended(rows.len()) {
        assert!(row.received > 0 && row.received == row.upstream_sent && row.sent == row.upstream_received);
    }
}

/// A client that asks for TLS inside the stream does not begin with a handshake.
#[test]
fn a_tls_listener_refuses_clients_that_ask_for_tls_inside_the_stream() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::offload("sql", postgres.server.port)]);
    for (mode, number) in [("require", 1), ("disable", 2)] {
        let output = run(postgres.psql(&front.port("sql"), mode).args(["-c", "select 1"]), "");
        assert!(output.complaint().contains("connection to server"), "{}", output.errors);
        let row = front.gateway.session_rows(number).remove(number - 1);
        assert_eq!(row.outcome(), ("400", "not_tls"), "{}", row.row);
    }
}

#[test]
fn rows_copied_into_the_server_and_out_of_it_are_the_same() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::through("sql", postgres.server.port)]);
    let lines = text::rows(16_000);
    for mode in ["disable", "verify-full"] {
        let psql = |query: &str, input: &str| {
            let output = run(postgres.psql(&front.port("sql"), mode).args(["-c", query]), input);
            output.succeeded();
            output.bytes
        };
        psql("create table lines (number int primary key, line text)", "");
        psql("copy lines from stdin", &lines);
        let back = psql("copy (select * from lines order by number) to stdout", "");
        assert!(back == lines.as_bytes(), "{mode}: {} of {} bytes", back.len(), lines.len());
        psql("drop table lines", "");
    }
    front.ended(8);
}

/// The query waits for a lock, so that it takes as long as the changes do.
#[test]
fn a_session_with_a_long_query_goes_on_while_the_configuration_changes() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::through("sql", postgres.server.port)]);
    let mut holder = Session::start(&mut postgres.psql(&postgres.server.port.to_string(), "disable"));
    assert_eq!(holder.ask("select 'held', pg_advisory_lock(1);"), "held|");
    let mut sessions = ["disable", "verify-full"].map(|mode| {
        let mut session = Session::start(&mut postgres.psql(&front.port("sql"), mode));
        let process = session.ask("select pg_backend_pid();");
        session.say("select 'waited', pg_advisory_lock(1), pg_advisory_unlock(1);");
        (session, process)
    });
    until_true("the queries to run", || running(&postgres, "%waited%") == "2");
    front.change_and_outlast();
    assert_eq!(running(&postgres, "%waited%"), "2");
    assert_eq!(holder.ask("select pg_advisory_unlock(1);"), "t");
    for (session, process) in &mut sessions {
        assert_eq!(session.hear(), "waited||t");
        assert_eq!(session.ask("select pg_backend_pid();"), *process);
    }
    sessions.into_iter().for_each(|(session, _)| session.finish().succeeded());
    front.ended(2);
}

/// How many such queries the server is at.
fn running(postgres: &Postgres, like: &str) -> String {
    postgres.directly(&format!(
        "select count(*) from pg_stat_activity where state = 'active' and query like '{like}' and pid <> \
         pg_backend_pid()"
    ))
}

/// The client sends the cancellation on a connection of its own.
#[test]
fn a_query_is_cancelled_through_the_gateway() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::through("sql", postgres.server.port)]);
    let mut psql = postgres.psql(&front.port("sql"), "disable");
    let session = Session::start(psql.args(["-c", "select pg_sleep(60)"]));
    until_true("the query to run", || running(&postgres, "%pg_sleep(60)%") == "1");
    session.interrupt();
    assert!(session.finish().complaint().contains("canceling statement due to user request"));
    front.ended(2);
}

#[test]
fn no_transaction_of_pgbench_fails_while_the_configuration_changes() {
    let Some(postgres) = postgres() else { return };
    let front = Front::start(&[Way::through("sql", postgres.server.port)]);
    let port = front.port("sql");
    run(postgres.client("pgbench", &port, "require").args(["-i", "-q", "-s", "1"]), "").succeeded();
    let mut pgbench = postgres.client("pgbench", &port, "require");
    let mut bench = Session::start(pgbench.args(["-c", "8", "-j", "2", "-T", "2", "-n"]));
    let changes = front.change_while(|| bench.is_at_work());
    let report = bench.finish().text();
    assert!(report.contains("number of failed transactions: 0 "), "{report}");
    assert!(changes >= 3, "{changes} changes");
    // One for the set-up, one that looks at the tables first, and the eight.
    front.ended(10);
}
