//! OpenSSH: commands and many bytes through a Tcp listener, and through TLS of the gateway with `openssl` in between,
//! as people do where only port 443 is open.

use std::process::Command;

use e2e::programs::{Account, Front, Launch, Programs, Server, Session, Way, run};
use e2e::{Dice, Folder, openssl};

/// Whom one logs in as.
const USER: &str = "tester";

struct Ssh {
    programs: Programs,
    server: Server,
}

impl Ssh {
    fn start() -> Option<Self> {
        let programs = Programs::find(&["ssh", "sshd", "ssh-keygen", "libnss_wrapper.so"])?;
        let folder = Folder::certified();
        for key in ["host", "login"] {
            let mut keygen = programs.command("ssh-keygen");
            run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &folder.named(key)]), "").succeeded();
        }
        let host = std::fs::read_to_string(folder.path("host.pub")).unwrap();
        folder.write("known", format!("gate {host}"));
        let launch = Launch { ready: "Server listening", log: None, signal: "TERM" };
        let server = Server::start(folder, launch, |port, folder| {
            folder.write("sshd_config", settings(port, folder, &programs));
            let mut command = programs.command("sshd");
            command.args(["-D", "-e", "-f", &folder.named("sshd_config")]);
            Account::unprivileged().take_as(&[USER, "sshd"], &mut command, folder, &programs);
            command
        });
        Some(Self { programs, server })
    }

    /// A command on the server; the client insists on the server's own key.
    fn command(&self, front: &Front<'_>, way: &str, command: &str) -> Command {
        let folder = &self.server.folder;
        let mut ssh = self.programs.command("ssh");
        ssh.args(["-F", "none", "-q", "-i", &folder.named("login"), "-p", &front.port(way)]);
        let known = format!("UserKnownHostsFile={}", folder.named("known"));
        let checks = ["IdentitiesOnly=yes", "BatchMode=yes", "HostKeyAlias=gate", "StrictHostKeyChecking=yes", &known];
        ssh.args(checks.iter().flat_map(|option| ["-o", option]));
        if way == "offload" {
            let proxy = "openssl s_client -quiet -verify_quiet -verify_return_error -servername localhost \
                         -connect %h:%p -CAfile";
            ssh.args(["-o", &format!("ProxyCommand={proxy} {}", folder.named("gateway.pem"))]);
        }
        ssh.arg(format!("{USER}@127.0.0.1")).arg(command);
        ssh
    }

    fn ways(&self) -> Vec<Way<'static>> {
        let port = self.server.port;
        let mut ways = vec![Way::through("through", port)];
        if openssl::is_there() {
            ways.push(Way::offload("offload", port));
        }
        ways
    }
}

fn settings(port: u16, folder: &Folder, programs: &Programs) -> String {
    let mut settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
        folder.named("host"),
        folder.named("login.pub")
    );
    // Newer servers are several programs, which look for each other where they were to be installed.
    for (setting, name) in [("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth")] {
        let path = programs.prefix("sshd").join("lib/openssh").join(name);
        if path.is_file() {
            settings.push_str(&format!("{setting} {}\n", path.display()));
        }
    }
    settings
}

#[test]
fn a_command_is_run_and_its_status_comes_back() {
    let Some(ssh) = Ssh::start() else { return };
    let ways = ssh.ways();
    let front = Front::start(&ways);
    let home = ssh.server.folder.as_ref().display();
    for way in &ways {
        let answer = run(&mut ssh.command(&front, way.name, "echo $((6 * 7)); pwd"), "").text();
        assert_eq!(answer, format!("42\n{home}"), "{}", way.name);
        assert_eq!(run(&mut ssh.command(&front, way.name, "exit 7"), "").code, Some(7), "{}", way.name);
    }
    front.ended(2 * ways.len());
}

#[test]
fn many_bytes_both_ways_arrive_as_they_were_while_the_configuration_changes() {
    let Some(ssh) = Ssh::start() else { return };
    let ways = ssh.ways();
    let front = Front::start(&ways);
    let bytes = Dice::new(11).octets(32 << 20);
    for way in &ways {
        // What is read back has gone up and come down at the same time.
        let mut command = ssh.command(&front, way.name, "tee copy | cat");
        let transfer = std::thread::scope(|scope| {
            let transfer = scope.spawn(|| run(&mut command, &bytes));
            let changes = front.change_while(|| !transfer.is_finished());
            assert!(changes >= 3, "{}: {changes} changes", way.name);
            transfer.join().unwrap()
        });
        transfer.succeeded();
        assert!(transfer.bytes == bytes, "{}: {} bytes", way.name, transfer.bytes.len());
        let copy = std::fs::read(ssh.server.folder.path("copy")).unwrap();
        assert!(copy == bytes, "{}: {} bytes", way.name, copy.len());
    }
    for row in front.ended(ways.len()) {
        assert!(row.received > bytes.len() as u64 && row.sent > bytes.len() as u64, "{}", row.row);
    }
}

#[test]
fn a_login_goes_on_while_the_configuration_changes() {
    let Some(ssh) = Ssh::start() else { return };
    let ways = ssh.ways();
    let front = Front::start(&ways);
    let start = |way: &Way<'_>| {
        let mut session = Session::start(&mut ssh.command(&front, way.name, "sh"));
        let process = session.ask("echo $$");
        (session, process)
    };
    let mut sessions: Vec<_> = ways.iter().map(start).collect();
    front.change_and_outlast();
    for (session, process) in &mut sessions {
        assert_eq!(session.ask("echo $$"), *process);
    }
    sessions.into_iter().for_each(|(session, _)| session.finish().succeeded());
    front.ended(ways.len());
}
