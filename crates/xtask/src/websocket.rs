//! WebSocket conformance: other people's suite run against a server alone, and through the gateway in front of it, with
//! and without TLS. The gateway passes bytes on, so every case has to end as it does without it.
//!
//! The client and the server are not part of this tree: they are installed from their registries below `target/`. Where
//! that cannot be done, the step says so and is skipped.

mod report;
mod tools;

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::commands::{self, wait};
use crate::summary::{Outcome, Summary};
use crate::trial::{Gateway, Scratch, free_port};
use report::Report;
use tools::Tools;

/// Which cases are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All but those that compress thousands of messages, of which there is one of each kind. Seconds.
    Quick,
    /// All. About twenty minutes.
    All,
}

impl Selection {
    /// The client's arguments.
    fn arguments(self) -> Vec<String> {
        let groups = [1, 2, 3, 4, 5, 6, 7, 9, 10].map(|group| format!("{group}.*"));
        let samples = ["12.1.1", "12.3.2", "13.1.1", "13.4.2"].map(str::to_owned);
        match self {
            Self::Quick => groups.into_iter().chain(samples).flat_map(|glob| ["-i".to_owned(), glob]).collect(),
            Self::All => Vec::new(),
        }
    }

    /// How long one run may take.
    fn patience(self) -> Duration {
        Duration::from_secs(if self == Self::Quick { 120 } else { 3600 })
    }

    /// How many cases there are at least: a run of none is no success.
    fn least(self) -> usize {
        if self == Self::Quick { 300 } else { 500 }
    }
}

/// Cases that run at the same time.
const AT_ONCE: &str = "8";

/// Runs the suite, or says why not.
pub(crate) fn run(summary: &mut Summary, selection: Selection) -> Result<()> {
    let tools = match Tools::install() {
        Ok(tools) => tools,
        Err(why) => {
            println!("\n********\nSKIPPED: WebSocket conformance: {why}\n********\n");
            summary.add("websocket", Outcome::Skipped(why), 0, 0);
            return Ok(());
        }
    };
    match commands::cargo(&["build", "--release", "-p", "gateway"])? {
        Outcome::Passed(_) => summary.step("websocket", || compared(&tools, selection)),
        other => {
            summary.add("websocket", other, 0, 1);
            Ok(())
        }
    }
}

/// Runs the cases without the gateway and through it.
fn compared(tools: &Tools, selection: Selection) -> Result<Outcome> {
    let scratch = Scratch::new("websocket")?;
    let server = tools.start("server.js", &[])?;
    let is_secure = certificate(&scratch.folder);
    let (plain, secure) = (free_port()?, free_port()?);
    let document = scratch.write("gateway.yaml", &document(server.port, is_secure))?;
    let site = scratch.write("site.yaml", &site(&scratch.folder, plain, secure, is_secure))?;
    let mut gateway = Gateway::start(&document, &site, &scratch.folder)?;
    wait_until_ready(&mut gateway, plain)?;
    let alone = cases(tools, selection, server.port, &scratch.folder.join("alone"))?;
    let mut findings = shown("without the gateway", &alone, &[]);
    let mut ways = vec![("through it", plain)];
    let bridge = if is_secure { Some(tools.start("bridge.js", &[secure.to_string()])?) } else { None };
    ways.extend(bridge.as_ref().map(|bridge| ("through it with TLS", bridge.port)));
    for (at, (way, port)) in ways.iter().enumerate() {
        let through = cases(tools, selection, *port, &scratch.folder.join(format!("way{at}")))?;
        gateway.still_runs()?;
        findings += shown(way, &through, &alone.differences(&through));
    }
    if alone.count() < selection.least() {
        bail!("only {} cases were run, not {}", alone.count(), selection.least());
    }
    let tls = if is_secure { "" } else { "; TLS not tried: openssl is not installed" };
    let note = format!("{} cases, {} ways, {findings} failures and differences{tls}", alone.count(), ways.len() + 1);
    Ok(if findings == 0 { Outcome::Passed(note) } else { Outcome::Failed(note) })
}

/// Prints what was found, indented so that no line is taken for a result of ours; how much it is.
fn shown(way: &str, report: &Report, differences: &[String]) -> usize {
    let failures = report.failures();
    let (count, unjudged) = (report.count(), report.unjudged());
    println!(
        "  | {way}: {count} cases, {} failed, {unjudged} not judged, {} differ",
        failures.len(),
        differences.len()
    );
    failures.iter().chain(differences).for_each(|line| println!("  |   {line}"));
    failures.len() + differences.len()
}

/// Runs the cases against a port.
fn cases(tools: &Tools, selection: Selection, port: u16, folder: &Path) -> Result<Report> {
    let began = Instant::now();
    let mut child = Command::new(&tools.client)
        .arg(format!("ws://127.0.0.1:{port}"))
        .args(["-p", AT_ONCE, "-o"])
        .arg(folder)
        .args(selection.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("start {}", tools.client.display()))?;
    // Failed cases make it fail too; the report tells which.
    if wait(&mut child, selection.patience())?.is_none() {
        bail!("the cases took longer than {} s", selection.patience().as_secs());
    }
    println!("  | {} s", began.elapsed().as_secs());
    Report::read(folder)
}

/// Waits until the gateway answers from its server.
fn wait_until_ready(gateway: &mut Gateway, port: u16) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        gateway.still_runs()?;
        if answer(port).is_ok_and(|status| status.starts_with("HTTP/1.1 200 ")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the gateway was not ready after 20 s")
}

fn answer(port: u16) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A certificate and its key, `cert.pem` and `key.pem`; false where there is no openssl to make them.
fn certificate(folder: &Path) -> bool {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl.args(["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]);
    // The key is readable by others otherwise, and then refused.
    openssl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    openssl.status().is_ok_and(|status| status.success()) && private(&folder.join("key.pem"))
}

fn private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).is_ok()
}

fn document(server: u16, is_secure: bool) -> String {
    let listener = |name: &str, port: u16, protocol: &str, more: &str| {
        format!("{{name: {name}, frontendIPConfiguration: feip, frontendPort: p{port}, protocol: {protocol}{more}}}")
    };
    let rule = |name: &str, priority: u8| {
        format!(
            "{{name: {name}, priority: {priority}, httpListener: {name}, backendAddressPool: pool, \
             backendHttpSettings: http}}"
        )
    };
    let (mut listeners, mut rules) = (vec![listener("plain", 80, "Http", "")], vec![rule("plain", 10)]);
    let mut more = "";
    if is_secure {
        listeners.push(listener("secure", 443, "Https", ", sslCertificate: cert"));
        rules.push(rule("secure", 20));
        more = "  sslCertificates: [{name: cert}]\n";
    }
    format!(
        "name: websocket
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{{name: feip}}]
  frontendPorts: [{{name: p80, port: 80}}, {{name: p443, port: 443}}]
  backendAddressPools: [{{name: pool, backendAddresses: [{{ipAddress: 127.0.0.1}}]}}]
  backendHttpSettingsCollection: [{{name: http, port: {server}, protocol: Http, requestTimeout: 120}}]
  httpListeners: [{}]
  requestRoutingRules: [{}]
{more}",
        listeners.join(", "),
        rules.join(", ")
    )
}

fn site(folder: &Path, plain: u16, secure: u16, is_secure: bool) -> String {
    let folder = folder.display();
    let certificates = if is_secure { "certificates: {cert: {cert: cert.pem, key: key.pem}}\n" } else { "" };
    format!(
        "addresses: {{feip: [127.0.0.1]}}
ports: {{80: {plain}, 443: {secure}}}
log: {{access: {folder}/access.log}}
admin: {{socket: {folder}/admin.sock}}
folders: {{state: {folder}/state}}
{certificates}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_selection_names_its_cases_and_the_whole_none() {
        assert_eq!(Selection::Quick.arguments()[..4], ["-i", "1.*", "-i", "2.*"]);
        assert!(Selection::All.arguments().is_empty());
    }
}
