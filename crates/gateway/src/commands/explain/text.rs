//! An explanation in words, a line for each step of the road.

use snapshot::Algorithm;
use snapshot::explain::{AnswerChange, Explanation, Fate, Forward, HeaderChange, Outcome, Passes, Question, RuleFate};

use super::{firewall, session};

/// Lines with a name in front.
pub(in crate::commands) struct Lines(Vec<String>);

impl Lines {
    pub(in crate::commands) fn new(first: String) -> Self {
        Self(vec![plain(&first)])
    }

    pub(in crate::commands) fn add(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.push(format!("  {name:<10} {}", plain(value.as_ref())).trim_end().to_owned());
    }

    pub(in crate::commands) fn text(&self) -> String {
        self.0.join("\n") + "\n"
    }
}

/// A text that steers no terminal, whatever a client has put into it.
pub(in crate::commands) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { plain.extend(letter.escape_default()) } else { plain.push(letter) }
    }
    plain
}

pub(super) fn text(url: &str, question: &Question<'_>, explanation: &Explanation) -> String {
    let is_http = question.scheme.is_http();
    let asked = if is_http { format!("{} {url}", question.method) } else { url.to_owned() };
    let mut lines = Lines::new(asked);
    arrival(question, explanation, &mut lines);
    if let (Some(listener), Some(rule)) = (&explanation.listener, &explanation.rule) {
        lines.add("listener", listener);
        lines.add("rule", rule);
    }
    if let Some(token) = &explanation.token {
        let without = if token.refuses { "is refused" } else { "goes on without an identity" };
        lines.add("token", format!("{}: a request without a good bearer token {without}", token.name));
    }
    if let Some(map) = &explanation.path_map {
        if let Some(form) = &explanation.matched_as {
            lines.add("path", format!("compared as {form}"));
        }
        let found = matched(explanation.path_rule.as_deref(), explanation.pattern.as_deref());
        lines.add("path map", format!("{map}: {found}"));
    }
    rewrites(question, &explanation.rewrites, &mut lines);
    match &explanation.outcome {
        Outcome::NoListener if is_http => {
            lines.add("ends", "no listener has this scheme and port: the client gets no answer");
        }
        Outcome::NoListener => lines.add("ends", "no listener of TCP or TLS has this port"),
        Outcome::Answer { status, reason } => {
            let page = explanation.page.as_ref().map(|page| format!(", with the error page {page}"));
            lines.add("ends", format!("{status}: {reason}{}", page.unwrap_or_default()));
        }
        Outcome::Redirect { status, location } => {
            firewall::of_way(explanation, &mut lines);
            lines.add("ends", format!("{status}, Location: {location}"));
        }
        Outcome::Forward(to) => {
            chosen(to, &mut lines);
            firewall::of_way(explanation, &mut lines);
            match explanation.firewall.screening().filter(|screening| screening.stops()) {
                Some(screening) => firewall::ends(screening, explanation.page.as_deref(), &mut lines),
                None => sends(question, to, &mut lines),
            }
        }
        Outcome::Session(to) => session::text(to, &mut lines),
        Outcome::Refused { end_reason, reason } => lines.add("ends", format!("{end_reason}: {reason}")),
    }
    if let Some(screening) = explanation.firewall.screening() {
        firewall::remedies(screening, &mut lines);
    }
    lines.text()
}

fn arrival(question: &Question<'_>, explanation: &Explanation, lines: &mut Lines) {
    if let (Some(address), Some(port)) = (explanation.address, explanation.document_port) {
        let scheme = question.scheme.as_str();
        lines.add("arrives", format!("{scheme} on {address}, port {port} of the document"));
    }
    if explanation.proxy_header {
        lines.add("begins", format!("with a PROXY protocol header, which is required from {}", question.client));
    }
    if let Some(tls) = &explanation.tls {
        lines.add("shows", tls);
    }
    let any = if question.scheme.is_http() { "any host" } else { "any client" };
    for rule in &explanation.considered {
        let hosts = if rule.hosts.is_empty() { any.to_owned() } else { rule.hosts.join(", ") };
        let verdict = if rule.takes { "takes it" } else { "does not match" };
        lines.add("considers", format!("priority {}: {} ({hosts}): {verdict}", rule.priority, rule.listener));
    }
}

fn matched(path_rule: Option<&str>, pattern: Option<&str>) -> String {
    match (path_rule, pattern) {
        (Some(rule), Some(pattern)) => format!("path rule {rule}, pattern {pattern}"),
        (Some(rule), None) => format!("path rule {rule}"),
        _ => "no path rule matches, its default".to_owned(),
    }
}

fn rewrites(question: &Question<'_>, rewrites: &Passes, lines: &mut Lines) {
    for pass in &rewrites.passes {
        lines.add("rewrites", &pass.set);
        pass.rules.iter().for_each(|rule| lines.add("", fate(rule)));
        if let Some(rerouted) = &pass.rerouted {
            let found = matched(rerouted.path_rule.as_deref(), rerouted.pattern.as_deref());
            lines.add("path map", format!("looked up again with {}: {found}", rerouted.path));
        }
    }
    rewrites.headers.iter().for_each(|change| lines.add("header", header(change)));
    if let Some(path) = &rewrites.path {
        lines.add("path", format!("{} becomes {path}", question.path));
    }
    if let Some(query) = &rewrites.query {
        let after = if query.is_empty() { "is dropped".to_owned() } else { format!("becomes {query}") };
        lines.add("query", format!("{} {after}", question.query.unwrap_or("none")));
    }
    rewrites.answer.iter().for_each(|change| lines.add("answer", answer(change)));
}

fn fate(rule: &RuleFate) -> String {
    match &rule.fate {
        Fate::Fires => format!("{}: fires", rule.rule),
        Fate::Waits => format!("{}: waits for the response", rule.rule),
        Fate::Fails { variable, pattern, negate, value } => {
            let found = if *negate { "which matches" } else { "which does not match" };
            format!("{}: does not fire: {variable} is {value:?}, {found} {pattern:?}", rule.rule)
        }
    }
}

fn header(change: &HeaderChange) -> String {
    let before = change.before.as_ref().map(|before| format!(", was {before}"));
    let after = change.after.as_deref().unwrap_or("deleted");
    format!("{}: {after}{}", change.name, before.unwrap_or_default())
}

fn answer(change: &AnswerChange) -> String {
    let after = match (&change.value, &change.template) {
        (Some(value), _) => value,
        (None, Some(template)) => template,
        (None, None) => "deleted",
    };
    let depends = if change.depends { ", if the response is as the rule wants it" } else { "" };
    format!("{}: {after}{depends}", change.name)
}

/// Where it goes if the firewall lets it.
fn chosen(to: &Forward, lines: &mut Lines) {
    if let Some(distribution) = &to.distribution {
        let algorithm = match distribution.algorithm {
            Algorithm::RoundRobin => "round robin",
            Algorithm::LeastConnections => "least connections",
            Algorithm::IpHash => "by the client's address",
        };
        lines.add("balances", format!("{}: {algorithm}", distribution.name));
    }
    for pool in &to.pools {
        let share = to.distribution.as_ref().map(|_| format!(", weight {}, {} %", pool.weight, pool.percent));
        lines.add("pool", format!("{}{}: {}", pool.name, share.unwrap_or_default(), pool.members.join(", ")));
    }
    lines.add("settings", &to.settings);
    if !to.affinity.is_empty() {
        lines.add("cookies", format!("{}: the client stays with its server", to.affinity.join(", ")));
    }
}

fn sends(question: &Question<'_>, to: &Forward, lines: &mut Lines) {
    lines.add("sends", format!("{} {} over {}, Host: {}", question.method, to.path, to.scheme, to.host));
}
