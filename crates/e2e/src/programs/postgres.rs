//! PostgreSQL: a cluster made anew for each test, which takes connections with and without TLS.

use std::process::Command;

use super::Programs;
use super::account::Account;
use super::certificates::NAME;
use super::child::run;
use super::server::{Launch, Server};
use crate::folder::Folder;

/// The user of all tests.
const USER: &str = "tester";
/// Their password.
const PASSWORD: &str = "secret of tests";

/// A server at work.
pub struct Postgres {
    /// All programs.
    pub programs: Programs,
    /// The server.
    pub server: Server,
}

impl Postgres {
    /// Makes a cluster and starts its server.
    #[track_caller]
    pub fn start(programs: Programs) -> Self {
        let folder = Folder::certified();
        folder.write("password", PASSWORD);
        let account = Account::unprivileged();
        let data = folder.named("data");
        let mut initdb = programs.command("initdb");
        initdb.args(["-D", &data, "-U", USER, "-A", "scram-sha-256", "--no-locale", "-E", "UTF8", "--no-sync"]);
        initdb.arg(format!("--pwfile={}", folder.named("password")));
        account.take(&mut initdb, &folder);
        run(&mut initdb, "").succeeded();
        let launch = Launch { ready: "ready to accept connections", log: None, signal: "INT" };
        let server = Server::start(folder, launch, |port, folder| {
            let mut command = programs.command("postgres");
            command.args(["-D", &folder.named("data")]);
            let settings = [
                format!("port={port}"),
                "listen_addresses=127.0.0.1".to_owned(),
                "unix_socket_directories=".to_owned(),
                "fsync=off".to_owned(),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", folder.named("certificate.pem")),
                format!("ssl_key_file={}", folder.named("key.pem")),
            ];
            command.args(settings.iter().flat_map(|setting| ["-c", setting]));
            account.take(&mut command, folder);
            command
        });
        Self { programs, server }
    }

    /// One of its clients, told where to connect to and how in the variables that all of them know.
    pub fn client(&self, program: &str, port: &str, mode: &str) -> Command {
        let mut command = self.programs.command(program);
        let known = [("PGHOST", NAME), ("PGHOSTADDR", "127.0.0.1"), ("PGPORT", port), ("PGSSLMODE", mode)];
        let who = [("PGUSER", USER), ("PGPASSWORD", PASSWORD), ("PGDATABASE", "postgres"), ("PGCONNECT_TIMEOUT", "10")];
        command.envs(known).envs(who).env("PGSSLROOTCERT", self.server.folder.named("servers.pem"));
        command
    }

    /// `psql`, which prints values and nothing else.
    pub fn psql(&self, port: &str, mode: &str) -> Command {
        let mut command = self.client("psql", port, mode);
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]);
        command
    }

    /// What a query answers without a gateway.
    #[track_caller]
    pub fn directly(&self, query: &str) -> String {
        run(self.psql(&self.server.port.to_string(), "disable").args(["-c", query]), "").text()
    }
}
