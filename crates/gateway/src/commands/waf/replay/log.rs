//! Rows of access and firewall logs, this gateway's or Azure's, as requests.
//!
//! In one file the rows of a transaction belong together; those of the firewall wait for the access row, which knows
//! more of the request and comes last. Where there is none they are a request by themselves.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use firewall::explain::Verdict;
use serde_json::Value;
use snapshot::Scheme;

use super::open::Open;
use super::record::{Matched, Origin, Record, Source, Then};
use super::source::Take;

/// Transactions that wait for their access row; each has at most [`RULES`] rows.
const OPEN: usize = 10_000;
/// Rules that are kept of a transaction.
const RULES: usize = 64;

/// What stands in for headers that logs do not have, so that no rule finds them missing.
const STAND_INS: [(&str, &str); 2] = [("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")];

/// A log that is read line by line.
#[derive(Debug)]
pub(super) struct Log<'o> {
    only: Option<&'o str>,
    open: Open<Record>,
}

impl<'o> Log<'o> {
    pub(super) fn new(only: Option<&'o str>) -> Self {
        Self { only, open: Open::new(OPEN) }
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8], origin: Origin, take: &mut Take<'_>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let row: Value = match serde_json::from_slice(line) {
            Ok(row) => row,
            Err(_) => return take(Err((origin, "the line is no JSON".to_owned()))),
        };
        let row = Row { row: &row };
        if self.only.is_some_and(|only| row.text("transactionId") != only) {
            return;
        }
        match row.text("operationName") {
            "ApplicationGatewayAccess" => self.access(&row, origin, take),
            "ApplicationGatewayFirewall" => self.firewall(&row, origin, take),
            _ => take(Err((origin, "it is no row of an access or firewall log".to_owned()))),
        }
    }

    /// The log has ended.
    pub(super) fn end(&mut self, take: &mut Take<'_>) {
        self.open.take_all().into_iter().for_each(|record| take(Ok(record)));
    }

    fn access(&mut self, row: &Row<'_>, origin: Origin, take: &mut Take<'_>) {
        let target = row.text("originalRequestUriWithArgs");
        if row.has("sessionTime") || !row.has("httpMethod") {
            return take(Err((origin, "it is a session of TCP or TLS, which no firewall sees".to_owned())));
        }
        if row.text("httpMethod").is_empty() || !target.starts_with('/') {
            return take(Err((origin, "the request could not be read then, so no rule saw it".to_owned())));
        }
        let mut record = row.request(origin, Source::Access, row.first(&["originalHost", "host"]), target);
        row.text("httpMethod").clone_into(&mut record.method);
        row.first(&["httpVersion"]).clone_into(&mut record.version);
        record.scheme = match row.text("sslEnabled") {
            "on" => Some(Scheme::Https),
            "off" => Some(Scheme::Http),
            _ => None,
        };
        record.listener = Some(row.text("listenerName").to_owned()).filter(|name| !name.is_empty());
        record.headers = headers(&record.method, row.text("userAgent"));
        let waited = self.open.take(&record.id).and_then(|record| record.then);
        let end = match row.text("reason") {
            "waf_blocked" => Some(Verdict::Blocked),
            "waf_challenge" => Some(Verdict::Challenged),
            _ => None,
        };
        record.then = match (waited, end) {
            (Some(then), end) => Some(Then { verdict: then.verdict.max(end), ..then }),
            (None, Some(_)) => Some(Then { verdict: end, rules: Vec::new() }),
            (None, None) => None,
        };
        take(Ok(record));
    }

    fn firewall(&mut self, row: &Row<'_>, origin: Origin, take: &mut Take<'_>) {
        let (id, target) = (row.text("transactionId"), row.text("requestUri"));
        if id.is_empty() || !target.starts_with('/') {
            return take(Err((origin, "the row has no transactionId, or no requestUri".to_owned())));
        }
        if self.open.get(id).is_none() {
            let mut record = row.request(origin, Source::Firewall, row.text("hostname"), target);
            record.place = Some((row.text("policyScope").to_owned(), row.text("policyScopeName").to_owned()));
            record.headers = headers("GET", STAND_INS[0].1);
            record.then = Some(Then { verdict: Some(Verdict::Passed), rules: Vec::new() });
            if let Some(oldest) = self.open.begin(id, record) {
                take(Ok(oldest));
            }
        }
        let Some(then) = self.open.get(id).and_then(|record| record.then.as_mut()) else { return };
        then.verdict = then.verdict.max(Verdict::of_action(row.text("action")));
        if then.rules.len() < RULES {
            then.rules.push(row.matched());
        }
    }
}

/// Headers of a request that was logged.
fn headers(method: &str, agent: &str) -> Vec<(String, String)> {
    let [_, accept] = STAND_INS;
    let agent = Some(("User-Agent", agent)).filter(|(_, agent)| !agent.is_empty());
    // Of content nothing is known: none stands in for it.
    let length = matches!(method, "POST" | "PUT" | "PATCH").then_some(("Content-Length", "0"));
    let all = agent.into_iter().chain([accept]).chain(length);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A row. Fields stand in `properties`; some at the top.
struct Row<'r> {
    row: &'r Value,
}

impl<'r> Row<'r> {
    fn get(&self, name: &str) -> Option<&'r Value> {
        let inner = self.row.get("properties").and_then(|properties| properties.get(name));
        inner.or_else(|| self.row.get(name))
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn text(&self, name: &str) -> &'r str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn first(&self, names: &[&str]) -> &'r str {
        names.iter().map(|name| self.text(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn request(&self, origin: Origin, source: Source, host: &str, target: &str) -> Record {
        let mut record = Record {
            origin,
            source,
            id: self.text("transactionId").to_owned(),
            method: "GET".to_owned(),
            host: host.to_owned(),
            path: String::new(),
            query: None,
            version: "HTTP/1.1".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            client: self.client(),
            now: self.time(),
            scheme: None,
            listener: None,
            place: None,
            then: None,
        };
        record.set_target(target);
        record
    }

    /// The client; this machine where a policy hides it.
    fn client(&self) -> IpAddr {
        self.first(&["clientIP", "clientIp"]).parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    fn time(&self) -> Duration {
        let time: Option<jiff::Timestamp> = self.first(&["timeStamp", "time"]).parse().ok();
        let seconds = time.and_then(|time| u64::try_from(time.as_second()).ok());
        Duration::from_secs(seconds.unwrap_or_default())
    }

    fn matched(&self) -> Matched {
        let (id, group) = (self.text("ruleId"), self.text("ruleGroup"));
        let rule = match (self.text("ruleSetType"), id) {
            ("Custom", name) => format!("custom rule {name}"),
            (_, "0") => "limits".to_owned(),
            (_, id) if group.is_empty() => id.to_owned(),
            (_, id) => format!("{id} ({group})"),
        };
        let (message, action) = (self.text("message").to_owned(), self.text("action").to_owned());
        Matched { unseen: self.unseen(&message), rule, message, action }
    }

    /// Whether a rule matched content, a cookie or a header that logs do not have. Where the row does not say what it
    /// matched, it does not.
    fn unseen(&self, message: &str) -> bool {
        if self.text("ruleSetType") == "Custom" {
            return ["PostArgs", "RequestBody", "RequestCookies", "RequestHeaders"]
                .iter()
                .any(|it| message.contains(it));
        }
        let details = self.get("details").and_then(|details| details.get("message")).and_then(Value::as_str);
        let Some((_, variable)) = details.and_then(|details| details.rsplit_once(" at ")) else { return false };
        let variable = variable.trim_end_matches('.');
        let (variable, key) = variable.split_once(':').unwrap_or((variable, ""));
        let query = self.text("requestUri").split_once('?').map_or("", |(_, query)| query);
        match variable {
            // A name in the query may be escaped there.
            "ARGS" | "ARGS_NAMES" => !query.contains(key) && !query.contains(['%', '+']),
            "REQUEST_HEADERS" => !["user-agent", "host"].contains(&key.to_ascii_lowercase().as_str()),
            "REQUEST_HEADERS_NAMES" | "REQUEST_COOKIES" | "REQUEST_COOKIES_NAMES" | "ARGS_POST" | "ARGS_POST_NAMES" => {
                true
            }
            "REQUEST_BODY" | "XML" | "FILES" | "FILES_NAMES" => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
