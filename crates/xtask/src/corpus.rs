//! The conformance corpora: malformed and ambiguous HTTP/1.1 sent through a running gateway, judged from both sides.
//!
//! The corpus is not part of this tree. `GATEHOUSE_CORPUS` names the folder that holds `http-corpus/run.py`; without
//! it, a folder `shared` beside the tree is looked for. Where there is none, the step says so and is skipped.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::commands;
use crate::summary::{Outcome, Summary};
use crate::trial::{Gateway, Scratch, free_port};
use crate::workspace;

/// One half of the corpus, and what is asked of the gateway.
struct Half {
    name: &'static str,
    file: &'static str,
    /// Seconds the gateway waits for the backend; hostile backends stall on purpose.
    request_timeout: u32,
    /// Least strict score in per cent.
    least_strict: f64,
    /// Most hazards; none may ever be critical.
    most_hazards: Option<u64>,
}

const HALVES: [Half; 2] = [
    Half {
        name: "corpus: requests",
        file: "requests.jsonl",
        request_timeout: 30,
        least_strict: 99.0,
        most_hazards: Some(0),
    },
    Half {
        name: "corpus: responses",
        file: "responses.jsonl",
        request_timeout: 2,
        least_strict: 98.0,
        most_hazards: None,
    },
];

/// Runs both halves, or says why not.
pub(crate) fn run(summary: &mut Summary) {
    let folder = folder();
    let skipped = if !folder.join("run.py").is_file() {
        Some(format!("http corpus not found at {}", folder.display()))
    } else if !commands::answers("python3", &["--version"]) {
        Some("python3 is not installed".to_owned())
    } else {
        None
    };
    if let Some(why) = skipped {
        println!("\n********\nSKIPPED: {why}\n********\n");
        summary.add("corpus", Outcome::Skipped(why), 0, 0);
        return;
    }
    let built = commands::cargo(&["build", "--release", "-p", "gateway"]);
    match built {
        Ok(Outcome::Passed(_)) => {}
        Ok(other) => return summary.add("corpus", other, 0, 1),
        Err(problem) => return summary.add("corpus", Outcome::Failed(format!("{problem:#}")), 0, 1),
    }
    for half in &HALVES {
        // A step's own failure is an outcome like any other.
        let _ = summary.step(half.name, || half.run(&folder));
    }
}

fn folder() -> PathBuf {
    let named = std::env::var_os("GATEHOUSE_CORPUS").map(PathBuf::from);
    let beside = || workspace::root().parent().unwrap_or(Path::new("/")).join("shared");
    named.unwrap_or_else(beside).join("http-corpus")
}

impl Half {
    fn run(&self, corpus: &Path) -> Result<Outcome> {
        let scratch = Scratch::new(self.file)?;
        let probes = ProbeTarget::start()?;
        let backend = free_port()?;
        let port = free_port()?;
        let document = scratch.write("gateway.json", &self.document(backend, probes.port).to_string())?;
        let site = scratch.write("site.yaml", &site_file(port, &scratch.folder))?;
        let mut gateway = Gateway::start(&document, &site, &scratch.folder)?;
        wait_until_ready(&mut gateway, port, &probes)?;
        let output = Command::new("python3")
            .arg(corpus.join("run.py"))
            .arg(corpus.join(self.file))
            .args(["--proxy", &format!("127.0.0.1:{port}"), "--backend", &format!("127.0.0.1:{backend}")])
            .args(["--max-seconds", "600"])
            .stdin(Stdio::null())
            .output()
            .context("start python3")?;
        let text = String::from_utf8_lossy(&output.stdout);
        // Indented, so that no line of the runner is taken for a result of ours.
        for line in text.lines().chain(String::from_utf8_lossy(&output.stderr).lines()) {
            println!("  | {line}");
        }
        gateway.still_runs()?;
        let Some(score) = text.lines().rev().find_map(Score::parse) else {
            bail!("the runner gave no score ({})", output.status);
        };
        Ok(self.judge(&score, output.status.success()))
    }

    fn judge(&self, score: &Score, success: bool) -> Outcome {
        let strict = score.strict_per_cent();
        let Score { strict: good, total, critical, hazards } = score;
        let note = format!("strict {good}/{total} ({strict:.1} %), critical {critical}, hazards {hazards}");
        let hazards_pass = self.most_hazards.is_none_or(|most| score.hazards <= most);
        if success && score.critical == 0 && hazards_pass && strict >= self.least_strict {
            Outcome::Passed(note)
        } else {
            let hazards = self.most_hazards.map_or(String::new(), |most| format!(", hazards {most}"));
            Outcome::Failed(format!("{note}; asked: strict {} %, critical 0{hazards}", self.least_strict))
        }
    }

    /// One member, any host, any path. Probes go to a port of their own: the runner counts every request it sees.
    fn document(&self, backend: u16, probes: u16) -> Value {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/corpus/providers/\
                  Microsoft.Network/applicationGateways/corpus";
        let reference = |kind: &str, name: &str| json!({ "id": format!("{id}/{kind}/{name}") });
        json!({
            "id": id,
            "name": "corpus",
            "type": "Microsoft.Network/applicationGateways",
            "location": "westeurope",
            "properties": {
                "sku": { "name": "Standard_v2", "tier": "Standard_v2", "capacity": 1 },
                "gatewayIPConfigurations": [],
                "frontendIPConfigurations": [{
                    "name": "fip",
                    "properties": { "privateIPAllocationMethod": "Static", "privateIPAddress": "127.0.0.1" },
                }],
                "frontendPorts": [{ "name": "http", "properties": { "port": 80 } }],
                "backendAddressPools": [{
                    "name": "member",
                    "properties": { "backendAddresses": [{ "ipAddress": "127.0.0.1" }] },
                }],
                "probes": [{
                    "name": "probe",
                    "properties": {
                        "protocol": "Http",
                        "host": "127.0.0.1",
                        "port": probes,
                        "path": "/",
                        "interval": 1,
                        "timeout": 1,
                        "unhealthyThreshold": 3,
                    },
                }],
                "backendHttpSettingsCollection": [{
                    "name": "plain",
                    "properties": {
                        "port": backend,
                        "protocol": "Http",
                        "cookieBasedAffinity": "Disabled",
                        "requestTimeout": self.request_timeout,
                        "probe": reference("probes", "probe"),
                    },
                }],
                "httpListeners": [{
                    "name": "all",
                    "properties": {
                        "frontendIPConfiguration": reference("frontendIPConfigurations", "fip"),
                        "frontendPort": reference("frontendPorts", "http"),
                        "protocol": "Http",
                    },
                }],
                "requestRoutingRules": [{
                    "name": "all",
                    "properties": {
                        "ruleType": "Basic",
                        "priority": 10,
                        "httpListener": reference("httpListeners", "all"),
                        "backendAddressPool": reference("backendAddressPools", "member"),
                        "backendHttpSettings": reference("backendHttpSettingsCollection", "plain"),
                    },
                }],
            },
        })
    }
}

fn site_file(port: u16, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "addresses:
  fip: [127.0.0.1]
ports:
  80: {port}
workers: 1
log:
  access: {folder}/access.log
  format: json
admin:
  socket: {folder}/admin.sock
"
    )
}

/// The runner's summary line.
#[derive(Debug, PartialEq, Eq)]
struct Score {
    strict: u64,
    total: u64,
    critical: u64,
    hazards: u64,
}

impl Score {
    /// Reads `strict score 420/424 (99.1%)  critical 0  hazards 0 ...`.
    fn parse(line: &str) -> Option<Score> {
        let rest = line.strip_prefix("strict score ")?;
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let (strict, total) = words.first()?.split_once('/')?;
        let after = |name: &str| words.windows(2).find(|pair| pair[0] == name).and_then(|pair| pair[1].parse().ok());
        Some(Score {
            strict: strict.parse().ok()?,
            total: total.parse().ok()?,
            critical: after("critical")?,
            hazards: after("hazards")?,
        })
    }

    fn strict_per_cent(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.strict as f64 * 100.0 / self.total as f64 }
    }
}

/// Waits until it accepts and has probed its member.
fn wait_until_ready(gateway: &mut Gateway, port: u16, probes: &ProbeTarget) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        gateway.still_runs()?;
        let accepts = TcpStream::connect(("127.0.0.1", port)).is_ok();
        if accepts && probes.answered.load(Ordering::Relaxed) > 0 {
            // The answer has left; its verdict follows at once.
            std::thread::sleep(Duration::from_millis(300));
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let answered = probes.answered.load(Ordering::Relaxed);
    bail!("the gateway was not ready after 20 s ({answered} probes came)")
}

/// Answers probes with 200, for as long as this process lives.
struct ProbeTarget {
    port: u16,
    answered: Arc<AtomicU64>,
}

impl ProbeTarget {
    fn start() -> Result<ProbeTarget> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("bind a port for probes")?;
        let port = listener.local_addr()?.port();
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if answer_probe(stream).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(ProbeTarget { port, answered })
    }
}

fn answer_probe(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut head = [0; 4096];
    let mut length = 0;
    while length < head.len() && !head[..length].windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut head[length..])? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => length += count,
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "strict score 420/424 (99.1%)  critical 0  hazards 1  accepted-but-should-reject 3  seconds 30";

    #[test]
    fn the_runners_summary_is_read() {
        let score = Score { strict: 420, total: 424, critical: 0, hazards: 1 };
        assert_eq!(Score::parse(LINE), Some(score));
        assert_eq!(Score::parse("420 passed, 4 failed"), None);
    }

    #[test]
    fn a_hazard_fails_the_requests_but_not_the_responses() {
        let score = Score::parse(LINE).expect("well-formed");
        assert!(matches!(HALVES[0].judge(&score, true), Outcome::Failed(_)));
        assert!(matches!(HALVES[1].judge(&score, true), Outcome::Passed(_)));
        assert!(matches!(HALVES[1].judge(&score, false), Outcome::Failed(_)));
    }

    #[test]
    fn the_runner_sees_no_probe() {
        let document = HALVES[1].document(2, 3);
        let properties = &document["properties"];
        assert_eq!(properties["probes"][0]["properties"]["port"], 3);
        assert_eq!(properties["backendHttpSettingsCollection"][0]["properties"]["port"], 2);
        assert_eq!(properties["backendHttpSettingsCollection"][0]["properties"]["requestTimeout"], 2);
    }
}
