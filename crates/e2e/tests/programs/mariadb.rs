//! MariaDB and its client. The server speaks first, and clients ask for TLS inside the stream, so that a Tcp listener
//! is the way for them.

use std::process::Command;

use e2e::programs::{Account, Front, Launch, Output, Programs, Server, Session, Way, run, text};
use e2e::wait::until_true;
use e2e::{Client, Folder, Tls, Wire};

/// Of the user `tester`.
const PASSWORD: &str = "secret of tests";

struct MariaDb {
    programs: Programs,
    server: Server,
}

impl MariaDb {
    /// A new server that reads PROXY protocol headers where they come.
    fn start() -> Option<Self> {
        let programs = Programs::find(&["mariadbd", "mariadb"])?;
        let folder = Folder::certified();
        ["data", "temporary"].iter().for_each(|name| std::fs::create_dir(folder.path(name)).unwrap());
        run(mariadbd(&programs, &folder).arg("--bootstrap"), tables(&programs)).succeeded();
        let launch = Launch { ready: "ready for connections", log: None, signal: "TERM" };
        let server = Server::start(folder, launch, |port, folder| {
            let mut command = mariadbd(&programs, folder);
            command.args([&format!("--port={port}"), "--bind-address=127.0.0.1", "--skip-name-resolve"]);
            command.args(["--local-infile=1", "--proxy-protocol-networks=127.0.0.0/8"]);
            let files =
                [("socket", "socket"), ("pid-file", "pid"), ("ssl-cert", "certificate.pem"), ("ssl-key", "key.pem")];
            command.args(files.map(|(option, file)| format!("--{option}={}", folder.named(file))));
            command
        });
        Some(Self { programs, server })
    }

    /// Its client, which prints values and nothing else, row by row.
    fn client(&self, port: &str) -> Command {
        let mut command = self.programs.command("mariadb");
        command.args(["--no-defaults", "--host=localhost", "--protocol=tcp", "--user=tester", "--connect-timeout=10"]);
        command.args(["--batch", "--raw", "--skip-column-names", "--unbuffered", "--quick", "--skip-reconnect"]);
        command.arg(format!("--port={port}")).env("MYSQL_PWD", PASSWORD);
        command
    }

    fn query(&self, port: &str, options: &[&str], query: &str) -> Output {
        run(self.client(port).args(options).args(["-e", query]), "")
    }
}

/// The server's program with what it needs for any work.
fn mariadbd(programs: &Programs, folder: &Folder) -> Command {
    let prefix = programs.prefix("mariadbd").display();
    let mut command = programs.command("mariadbd");
    command.current_dir(folder).args(["--no-defaults", &format!("--datadir={}", folder.named("data"))]);
    command.args([format!("--basedir={prefix}"), format!("--lc-messages-dir={prefix}/share/mysql")]);
    // Servers remove each other's temporary tables when they begin.
    command.arg(format!("--tmpdir={}", folder.named("temporary")));
    command.args(["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M"]);
    if Account::is_root() {
        command.arg("--user=root");
    }
    command
}

/// Statements that make the server's own tables, and the user of all tests.
fn tables(programs: &Programs) -> String {
    let share = programs.prefix("mariadbd").join("share/mysql");
    let parts = ["system_tables", "performance_tables", "system_tables_data"];
    let parts = parts.map(|part| std::fs::read_to_string(share.join(format!("mysql_{part}.sql"))).unwrap());
    format!(
        "create database mysql;\nuse mysql;\nset @auth_root_socket = null;\n{}\nflush privileges;\n\
         create user tester@'%' identified by '{PASSWORD}';\ngrant all on *.* to tester@'%';\n",
        parts.concat()
    )
}

#[test]
fn clients_with_and_without_tls_reach_the_server_and_see_its_certificate() {
    let Some(maria) = MariaDb::start() else { return };
    let front = Front::start(&[Way::through("sql", maria.server.port)]);
    let root = |name: &str| format!("--ssl-ca={}", maria.server.folder.named(name));
    let version = "select variable_value from information_schema.session_status where variable_name = 'Ssl_version'";
    let ask = |options: &[&str]| maria.query(&front.port("sql"), options, version);
    assert_eq!(ask(&["--skip-ssl"]).text(), "");
    assert_eq!(ask(&["--ssl", &root("servers.pem"), "--ssl-verify-server-cert"]).text(), "TLSv1.3");
    let refused = ask(&["--ssl", &root("gateway.pem"), "--ssl-verify-server-cert"]);
    assert!(refused.complaint().contains("certificate"), "{}", refused.errors);
    front.ended(3);
}

/// The first packet of a server, as it is whoever asks.
fn greeting(mut wire: Wire) -> Vec<u8> {
    let mut length = Vec::new();
    wire.exactly(4, |piece| length.extend_from_slice(piece)).unwrap();
    let mut packet = Vec::new();
    wire.exactly(usize::from(length[0]), |piece| packet.extend_from_slice(piece)).unwrap();
    packet
}

#[test]
fn the_server_speaks_before_a_client_does_also_under_tls_of_the_gateway() {
    let Some(maria) = MariaDb::start() else { return };
    let port = maria.server.port;
    let front = Front::start(&[Way::through("plain", port), Way::offload("secure", port)]);
    let wires = [
        Client::connect(front.address("plain")).wire,
        Tls::new().name("localhost").connect(front.address("secure")).client.wire,
    ];
    for wire in wires {
        let packet = greeting(wire);
        assert!(packet.starts_with(b"\x0a"), "{packet:?}");
        assert!(String::from_utf8_lossy(&packet).contains("MariaDB"), "{packet:?}");
    }
}

/// The ports of clients that are connected to this port of this machine, which the system knows.
fn clients_of(port: u16) -> Vec<u16> {
    let number = |address: &str| u16::from_str_radix(address.split_once(':').unwrap().1, 16).unwrap();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    // Their own address, the other's, and 1 for a connection that is open.
    rows.filter(|row| number(row[2]) == port && row[3] == "01").map(|row| number(row[1])).collect()
}

#[test]
fn the_server_learns_of_a_clients_address_by_either_version_of_the_header() {
    let Some(maria) = MariaDb::start() else { return };
    let port = maria.server.port;
    let tells = "enableL4ClientIpPreservation: true";
    let front = Front::start(&[
        Way::through("none", port),
        Way { settings: tells, ..Way::through("v1", port) },
        Way { settings: tells, extension: "proxyProtocol: v2", ..Way::through("v2", port) },
    ]);
    for (way, is_told) in [("none", false), ("v1", true), ("v2", true)] {
        for tls in ["--skip-ssl", "--ssl"] {
            let mut session = Session::start(maria.client(&front.port(way)).arg(tls));
            let seen = session.ask("select host from information_schema.processlist where id = connection_id();");
            let its = clients_of(front.address(way).port());
            assert_eq!(its.len(), 1);
            assert_eq!(seen == format!("127.0.0.1:{}", its[0]), is_told, "{way} {tls}: {seen}");
            session.finish().succeeded();
        }
    }
}

/// The query waits for a lock, so that it takes as long as the changes do.
#[test]
fn a_session_with_a_long_query_goes_on_while_the_configuration_changes() {
    let Some(maria) = MariaDb::start() else { return };
    let front = Front::start(&[Way::through("sql", maria.server.port)]);
    let directly = maria.server.port.to_string();
    let mut holder = Session::start(&mut maria.client(&directly));
    assert_eq!(holder.ask("select get_lock('test', 0);"), "1");
    let mut sessions = ["--skip-ssl", "--ssl"].map(|tls| {
        let mut session = Session::start(maria.client(&front.port("sql")).arg(tls));
        let number = session.ask("select connection_id();");
        session.say("select concat('waited ', get_lock('test', 60), release_lock('test'));");
        (session, number)
    });
    let waiting = "select count(*) from information_schema.processlist where id <> connection_id() and info like \
                   '%waited%'";
    let are_waiting = || maria.query(&directly, &[], waiting).text() == "2";
    until_true("the queries to run", are_waiting);
    front.change_and_outlast();
    assert!(are_waiting());
    assert_eq!(holder.ask("select release_lock('test');"), "1");
    for (session, number) in &mut sessions {
        assert_eq!(session.hear(), "waited 11");
        assert_eq!(session.ask("select connection_id();"), *number);
    }
    sessions.into_iter().for_each(|(session, _)| session.finish().succeeded());
    front.ended(2);
}

#[test]
fn rows_loaded_into_the_server_and_read_from_it_are_the_same() {
    let Some(maria) = MariaDb::start() else { return };
    let front = Front::start(&[Way::through("sql", maria.server.port)]);
    let (port, lines) = (front.port("sql"), text::rows(8_000));
    let file = maria.server.folder.write("lines", &lines);
    for tls in ["--skip-ssl", "--ssl"] {
        let load = format!(
            "create database d; create table d.t (number int primary key, line text); \
             load data local infile '{}' into table d.t",
            file.display()
        );
        maria.query(&port, &[tls, "--local-infile=1"], &load).succeeded();
        let back = maria.query(&port, &[tls], "select * from d.t order by number; drop database d");
        back.succeeded();
        assert!(back.bytes == lines.as_bytes(), "{tls}: {} of {} bytes", back.bytes.len(), lines.len());
    }
    front.ended(4);
}
