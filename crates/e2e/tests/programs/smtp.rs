//! Exim and curl: mail through a Tcp listener, with and without STARTTLS, and through TLS of the gateway.

use std::process::Command;

use e2e::programs::{Account, Front, Launch, Programs, Server, Session, Way, run, text};
use e2e::{Client, Folder};

struct Exim {
    programs: Programs,
    server: Server,
}

impl Exim {
    /// A server that takes mail for everybody and keeps it.
    fn start() -> Option<Self> {
        let programs = Programs::find(&["exim4", "curl", "libnss_wrapper.so"])?;
        let folder = Folder::certified();
        let launch = Launch { ready: "listening for SMTP", log: Some("mainlog"), signal: "TERM" };
        let server = Server::start(folder, launch, |port, folder| {
            folder.write("exim.conf", settings(port, folder, &programs));
            let mut command = programs.command("exim4");
            command.args(["-C", &folder.named("exim.conf"), "-bdf"]);
            Account::unprivileged().take_as(&["Debian-exim"], &mut command, folder, &programs);
            command
        });
        Some(Self { programs, server })
    }

    /// Sends a mail and returns what the server has kept of it.
    #[track_caller]
    fn delivered(&self, curl: &mut Command) -> String {
        run(curl, "").succeeded();
        self.kept()
    }

    /// The content of the only mail, which is removed.
    #[track_caller]
    fn kept(&self) -> String {
        let input = self.server.folder.path("spool/input");
        let names = || std::fs::read_dir(&input).unwrap().map(|entry| entry.unwrap().path());
        let mut content: Vec<_> = names().filter(|path| path.to_string_lossy().ends_with("-D")).collect();
        assert_eq!(content.len(), 1, "{content:?}");
        let text = std::fs::read_to_string(content.remove(0)).unwrap();
        names().for_each(|path| std::fs::remove_file(path).unwrap());
        // The first line is the file's own name.
        text.split_once('\n').unwrap().1.to_owned()
    }

    /// curl, which sends a file; it trusts one authority.
    fn curl(&self, front: &Front<'_>, (scheme, way, root): (&str, &str, &str), file: &str) -> Command {
        let folder = &self.server.folder;
        let port = front.port(way);
        let mut curl = self.programs.command("curl");
        curl.args(["-q", "-sS", "--max-time", "20", "--cacert", &folder.named(root), "-T", &folder.named(file)]);
        curl.args(["--resolve", &format!("localhost:{port}:127.0.0.1"), "--mail-from", "a@client.test"]);
        curl.args(["--mail-rcpt", "b@mail.test", &format!("{scheme}://localhost:{port}/client.test")]);
        curl
    }
}

fn settings(port: u16, folder: &Folder, programs: &Programs) -> String {
    let home = folder.as_ref().display();
    format!(
        "exim_path = {}\nspool_directory = {home}/spool\nlog_file_path = {home}/%slog\npid_file_path = {home}/pid\n\
         primary_hostname = mail.test\ndaemon_smtp_ports = {port}\nlocal_interfaces = 127.0.0.1\n\
         tls_certificate = {home}/certificate.pem\ntls_privatekey = {home}/key.pem\ntls_advertise_hosts = *\n\
         acl_smtp_rcpt = accept\nacl_smtp_data = accept\nmessage_size_limit = 100M\nqueue_only = true\n\
         keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP\n",
        programs.place("exim4").display()
    )
}

/// A file with this content, as mail is sent.
fn mail(folder: &Folder, content: &str) {
    folder.write("mail", format!("Subject: numbers\n\n{content}").replace('\n', "\r\n"));
}

#[test]
fn the_server_greets_before_a_client_speaks() {
    let Some(exim) = Exim::start() else { return };
    let front = Front::start(&[Way::through("mail", exim.server.port)]);
    let mut wire = Client::connect(front.address("mail")).wire;
    wire.expect("220 mail.test ESMTP Exim");
}

/// Whom TLS is with is told by the authority that the client trusts.
#[test]
fn mail_passes_plain_with_starttls_and_with_tls_of_the_gateway() {
    let Some(exim) = Exim::start() else { return };
    let port = exim.server.port;
    let front = Front::start(&[Way::through("through", port), Way::offload("offload", port)]);
    let content = text::lines(6_000);
    mail(&exim.server.folder, &content);
    let rows = [
        (("smtp", "through", "gateway.pem"), "", "esmtp "),
        (("smtp", "through", "servers.pem"), "--ssl-reqd", "esmtps "),
        (("smtps", "offload", "gateway.pem"), "", "esmtp "),
    ];
    for (at, (how, option, protocol)) in rows.into_iter().enumerate() {
        let mut curl = exim.curl(&front, how, "mail");
        curl.args(Some(option).filter(|option| !option.is_empty()));
        let kept = exim.delivered(&mut curl);
        assert!(kept == content, "{how:?}: {} of {} bytes", kept.len(), content.len());
        let log = std::fs::read_to_string(exim.server.folder.path("mainlog")).unwrap();
        let arrivals: Vec<_> = log.lines().filter(|line| line.contains(" <= ")).collect();
        assert!(arrivals[at].contains(&format!("P={protocol}")), "{how:?}: {arrivals:?}");
    }
    for row in front.ended(rows.len()) {
        assert!(row.received > content.len() as u64, "{}", row.row);
    }
}

#[test]
fn mail_under_way_arrives_while_the_configuration_changes() {
    let Some(exim) = Exim::start() else { return };
    let port = exim.server.port;
    let front = Front::start(&[Way::through("through", port), Way::offload("offload", port)]);
    let content = text::lines(6_000);
    mail(&exim.server.folder, &content);
    for how in [("smtp", "through", "gateway.pem"), ("smtps", "offload", "gateway.pem")] {
        let mut curl = Session::start(exim.curl(&front, how, "mail").args(["--limit-rate", "4M"]));
        let changes = front.change_while(|| curl.is_at_work());
        curl.finish().succeeded();
        assert!(changes >= 3, "{how:?}: {changes} changes");
        assert!(exim.kept() == content, "{how:?}");
    }
    front.ended(2);
}
