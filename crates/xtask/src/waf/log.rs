//! The gateway's log as it grows: rows of the firewall and of the access log, by the client's port.
//!
//! Both stand in one file, and the rows that the firewall has for a request stand before its access row: once that is
//! there, so is everything else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Rows are written every tenth of a second.
const PAUSE: Duration = Duration::from_millis(20);

/// What the log has of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// A line for each finding.
    pub(super) lines: Vec<String>,
    /// The rules of those that have a number.
    pub(super) ids: Vec<u32>,
    /// Requests of which there is an access row.
    pub(super) requests: Vec<Access>,
}

/// A request in the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// The firewall has looked at it.
    pub(super) is_inspected: bool,
    /// The gateway's own word for what went wrong.
    pub(super) reason: Option<String>,
}

/// The log's file, read from where it was left.
pub(super) struct Log {
    file: File,
    /// A line whose end has not come yet.
    begun: Vec<u8>,
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        Ok(Self { file, begun: Vec::new() })
    }

    /// Waits until there is an access row for each of these ports, but no longer than so; what is there then.
    pub(super) fn rows(&mut self, ports: &[u16], patience: Duration) -> Result<BTreeMap<u16, Rows>> {
        let end = Instant::now() + patience;
        let mut rows: BTreeMap<u16, Rows> = BTreeMap::new();
        loop {
            self.read(&mut rows)?;
            let is_there = |port: &u16| rows.get(port).is_some_and(|rows| !rows.requests.is_empty());
            if ports.iter().all(is_there) || Instant::now() >= end {
                return Ok(rows);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn read(&mut self, rows: &mut BTreeMap<u16, Rows>) -> Result<()> {
        self.file.read_to_end(&mut self.begun).context("read the gateway's log")?;
        let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
        let rest = self.begun.split_off(end + 1);
        for line in self.begun.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            take(line, rows)?;
        }
        self.begun = rest;
        Ok(())
    }
}

fn take(line: &[u8], rows: &mut BTreeMap<u16, Rows>) -> Result<()> {
    let row: Value = serde_json::from_slice(line)
        .with_context(|| format!("a line of the log is no JSON: {}", String::from_utf8_lossy(line)))?;
    let properties = &row["properties"];
    // A number in the access log, a text in the firewall's.
    let port = &properties["clientPort"];
    let port = port.as_u64().or_else(|| port.as_str()?.parse().ok()).and_then(|port| u16::try_from(port).ok());
    let port = port.with_context(|| format!("a row without a port: {row}"))?;
    let rows = rows.entry(port).or_default();
    match row["category"].as_str() {
        Some("ApplicationGatewayAccessLog") => rows.requests.push(Access {
            is_inspected: properties["WAFMode"].is_string(),
            reason: properties["reason"].as_str().map(str::to_owned),
        }),
        Some("ApplicationGatewayFirewallLog") => {
            rows.lines.push(finding(properties));
            rows.ids.extend(properties["ruleId"].as_str().and_then(|id| id.parse::<u32>().ok()));
        }
        _ => bail!("a row of no known category: {row}"),
    }
    Ok(())
}

/// A finding in the form in which tests look for it, which is that of another engine's log.
fn finding(properties: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let details = &properties["details"];
    let (id, message) = (text(&properties["ruleId"]), text(&properties["message"]));
    let (what, data) = (text(&details["message"]), text(&details["data"]));
    format!("{what} [id \"{id}\"] [msg \"{message}\"] [data \"{data}\"]").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::trial::Scratch;

    const ACCESS: &str =
        r#"{"category":"ApplicationGatewayAccessLog","properties":{"clientPort":PORT,"WAFMode":"Detection"}}"#;
    const REFUSED: &str =
        r#"{"category":"ApplicationGatewayAccessLog","properties":{"clientPort":PORT,"reason":"invalid_method"}}"#;
    const FINDING: &str = r#"{"category":"ApplicationGatewayFirewallLog","properties":{"clientPort":"PORT","ruleId":"942100","message":"SQL","details":{"message":"Warning. Found at ARGS:x.","data":"a\nb"}}}"#;

    #[test]
    fn rows_are_told_apart_by_the_clients_port() {
        let scratch = Scratch::new("waf-log").expect("a folder");
        let path = scratch.write("log", "").expect("a file");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("it is there");
        let mut log = Log::open(&path).expect("it is there");
        let row = |row: &str, port: u16| row.replace("PORT", &port.to_string()) + "\n";
        let text = row(FINDING, 7) + &row(FINDING, 8) + &row(ACCESS, 7) + &row(REFUSED, 9);
        // The last row comes in two pieces.
        let (first, second) = text.split_at(text.len() - 10);
        file.write_all(first.as_bytes()).expect("written");
        let rows = log.rows(&[7, 9], Duration::ZERO).expect("well-formed");
        assert!(!rows.contains_key(&9) && rows[&8].requests.is_empty());
        assert_eq!(rows[&7].lines, ["Warning. Found at ARGS:x. [id \"942100\"] [msg \"SQL\"] [data \"a b\"]"]);
        assert_eq!((rows[&7].ids.as_slice(), rows[&7].requests[0].is_inspected), (&[942_100][..], true));
        file.write_all(second.as_bytes()).expect("written");
        let rows = log.rows(&[9], Duration::from_secs(20)).expect("well-formed");
        let refused = Access { is_inspected: false, reason: Some("invalid_method".to_owned()) };
        assert_eq!(rows[&9].requests, [refused]);
    }

    #[test]
    fn what_is_no_row_is_an_error() {
        for line in ["nonsense", "{}", r#"{"properties":{"clientPort":5}}"#] {
            assert!(take(line.as_bytes(), &mut BTreeMap::new()).is_err(), "{line}");
        }
    }
}
