//! What is told of recorded requests: of each by itself, and of all together, in words and as JSON.

use std::fmt::Write as _;

use firewall::explain::Verdict;
use serde_json::{Value, json};
use snapshot::explain::place;

use super::judge::Judged;
use super::record::{Record, Source};
use super::report::{Report, is_told};
use super::tally::{Example, Found, Group};
use crate::commands::explain::{Lines, named, narrowest, plain, remedies, screening_json, screening_text};

/// Requests that are told in full, of those that JSON keeps until the end.
const FULL: usize = 1000;

/// Bytes of a URL that are told.
const URL: usize = 200;

/// Tells of single requests as they come.
pub(super) struct Tell {
    json: bool,
    each: bool,
    /// One transaction was asked for, so all about it is told.
    one: bool,
    full: Vec<Value>,
}

impl Tell {
    pub(super) fn new(json: bool, each: bool, one: bool) -> Self {
        Self { json, each, one, full: Vec::new() }
    }

    /// What is told of a request: all, of raw ones and where one was asked for; a line, where lines were asked for.
    pub(super) fn request(&mut self, record: &Record, before: Option<&Judged>, after: &Judged) -> String {
        let all = self.one || record.source == Source::Raw;
        match (self.json, all) {
            (false, true) => full_text(record, before, after),
            (true, true) => {
                if self.full.len() < FULL {
                    self.full.push(request_json(record, before, after));
                }
                String::new()
            }
            (_, false) if !self.each => String::new(),
            (false, false) => plain(&line(record, before, after)) + "\n",
            (true, false) => format!("{}\n", request_json(record, before, after)),
        }
    }

    /// The report, with the requests that were to be told in full. Behind lines it is a line as well.
    pub(super) fn report_json(&self, report: &Report) -> String {
        let mut told = json(report);
        if let Some(told) = told.as_object_mut().filter(|_| !self.full.is_empty()) {
            told.insert("told".to_owned(), self.full.clone().into());
        }
        if self.each { format!("{told}\n") } else { format!("{told:#}\n") }
    }
}

/// A line about a request.
fn line(record: &Record, before: Option<&Judged>, after: &Judged) -> String {
    let then = record.then.as_ref().and_then(|then| {
        let rules: Vec<&str> = then.rules.iter().map(|rule| rule.rule.as_str()).collect();
        let by = if rules.is_empty() { String::new() } else { format!(" by {}", unique(&rules)) };
        Some(format!("{} then{by}, ", then.verdict?.name()))
    });
    let before = before.map(|before| format!("{} before, ", ended(before)));
    let when = match (&then, &before) {
        (_, Some(_)) => " after",
        (Some(_), None) => " now",
        (None, None) => "",
    };
    let (then, before) = (then.unwrap_or_default(), before.unwrap_or_default());
    let id = if record.id.is_empty() { String::new() } else { format!(" {}", record.id) };
    let lacks = if record.lacks_cause() { ", without what had matched: the log does not have it" } else { "" };
    format!("{}{id} {}: {then}{before}{}{when}{lacks}", record.origin, request(record, after), ended(after))
}

/// What became of it, and by which rules.
fn ended(judged: &Judged) -> String {
    let Some(screening) = judged.screening() else { return format!("not judged ({})", judged.reason()) };
    let rules: Vec<String> = screening.causes().map(named).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let by = if rules.is_empty() { String::new() } else { format!(" by {}", unique(&rules)) };
    match screening.verdict {
        Verdict::Passed if !rules.is_empty() => format!("passed (score {})", screening.reasons.score()),
        verdict => format!("{}{by}", verdict.name()),
    }
}

fn unique(rules: &[&str]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for rule in rules {
        if !once.contains(rule) {
            once.push(rule);
        }
    }
    once.join(", ")
}

/// Method and URL, as the policy wants them told.
fn request(record: &Record, judged: &Judged) -> String {
    let target = judged.screening().map_or(record.path.as_str(), |screening| &screening.target);
    format!("{} {}{}", record.method, record.host, cut(target))
}

fn full_text(record: &Record, before: Option<&Judged>, after: &Judged) -> String {
    let id = if record.id.is_empty() { String::new() } else { format!(" {}", record.id) };
    let mut lines = Lines::new(format!("{}{id}: {}", record.origin, request(record, after)));
    if let Some(then) = &record.then {
        lines.add("then", then.verdict.map_or("it is not known what became of it", Verdict::name));
        for rule in &then.rules {
            lines.add("", format!("{}: {}: {}", rule.action, rule.rule, rule.message));
        }
    }
    if record.lacks_cause() {
        lines.add("note", "logs do not have the content, cookies or headers that had matched: they cannot match below");
    }
    if let Some(before) = before {
        one("before", before, &mut lines);
    }
    one(if before.is_some() { "after" } else { "now" }, after, &mut lines);
    if let Some(screening) = after.screening() {
        remedies(screening, &mut lines);
    }
    lines.text() + "\n"
}

fn one(name: &str, judged: &Judged, lines: &mut Lines) {
    match judged.screening() {
        None => lines.add(name, format!("no policy is asked: {}", judged.reason())),
        Some(screening) => {
            lines.add(name, format!("policy {} of {}", screening.policy, place(&screening.place)));
            screening_text(screening, lines);
        }
    }
}

fn request_json(record: &Record, before: Option<&Judged>, after: &Judged) -> Value {
    let then = record.then.as_ref().map(|then| {
        let rules = then.rules.iter();
        let rules = rules.map(|rule| json!({ "rule": rule.rule, "message": rule.message, "action": rule.action }));
        json!({ "verdict": then.verdict.map(Verdict::name), "rules": rules.collect::<Vec<_>>() })
    });
    let judged = |judged: &Judged| match judged.screening() {
        None => json!({ "asked": false, "reason": judged.reason() }),
        Some(screening) => screening_json(screening),
    };
    json!({
        "at": record.origin.to_string(), "transactionId": record.id, "request": request(record, after), "then": then,
        "before": before.map(judged), "after": judged(after),
    })
}

/// The report in words.
pub(super) fn report_text(report: &Report) -> String {
    let mut text = format!("{} judged\n", count(report.judged, "request"));
    for ((is_after, policy), requests) in &report.policies {
        let when = match (report.compares, is_after) {
            (false, _) => "",
            (true, false) => "before ",
            (true, true) => "after ",
        };
        put(&mut text, &format!("  {when}by {policy}: {requests}"));
    }
    for (reason, requests) in &report.left {
        put(&mut text, &format!("{} not judged: {reason}", count(*requests, "request")));
    }
    for (why, lines) in &report.skipped {
        put(&mut text, &format!("{} passed over: {why}", count(*lines, "line")));
    }
    for (at, _) in &report.skipped_at {
        put(&mut text, &format!("  such as {at}"));
    }
    text.push('\n');
    let widest = report.groups.values().map(|group| group.requests).max().unwrap_or_default().to_string().len();
    for (ends, group) in &report.groups {
        put(&mut text, &format!("{:>widest$}  {}", group.requests, heading(*ends, report.compares)));
    }
    for (ends, group) in report.groups.iter().filter(|(ends, _)| is_told(**ends, report.compares)) {
        let what = heading(*ends, report.compares);
        text.push('\n');
        put(&mut text, &format!("{what}: {}", count(group.requests, "request")));
        rules(group, ends.1 != Verdict::Passed, &mut text);
    }
    if report.from_logs {
        text.push('\n');
        put(&mut text, "Logs have no content, no cookies and few headers: rules on those could not match here, and");
        put(&mut text, "may match on the road.");
    }
    if report.from_firewall_log {
        put(&mut text, "Rows of the firewall log have no method and no user agent either: GET and a browser stand in.");
    }
    text
}

fn rules(group: &Group, excludes: bool, text: &mut String) {
    let mut rules: Vec<_> = group.rules.iter().collect();
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.requests));
    let widest = group.requests.to_string().len();
    for (name, rule) in rules {
        put(text, &format!("  {:>widest$}  {name}: {}", rule.requests, rule.message));
        rule.examples.iter().for_each(|example| put(text, &format!("  {:>widest$}    such as {}", "", shown(example))));
    }
    if !group.values.is_empty() {
        text.push('\n');
    }
    let mut values: Vec<_> = group.values.iter().collect();
    values.sort_by_key(|(_, found)| std::cmp::Reverse(found.requests));
    for (name, found) in values {
        let rules: Vec<&str> = found.rules().collect();
        put(text, &format!("  {name} in {}, by {}", count(found.requests, "request"), rules.join(", ")));
        found.examples.iter().for_each(|example| put(text, &format!("    such as {}", shown(example))));
        match found.exclusions().filter(|_| excludes) {
            Some(exclusions) => {
                put(text, "    where they are good, an entry of managedRules.exclusions:");
                put(text, &format!("      {}", narrowest(&exclusions)));
            }
            None if excludes => put(text, "    no exclusion reaches it; explain has an exception for the path"),
            None => {}
        }
    }
    if group.others > 0 {
        put(text, &format!("  other values in {}", count(group.others, "request")));
    }
}

fn shown(example: &Example) -> String {
    let found = example.value.as_ref().map(|value| format!(": {value:?}")).unwrap_or_default();
    let id = if example.id.is_empty() { String::new() } else { format!(" {}", example.id) };
    format!("{}{id} {}{found}", example.origin, cut(&example.request))
}

fn heading((from, to): (Option<Verdict>, Verdict), compares: bool) -> String {
    let gloss = if to == Verdict::Detected { " (Prevention would refuse it)" } else { "" };
    match from {
        Some(from) if compares && from == to => format!("{} before and after{gloss}", to.name()),
        Some(from) if compares => format!("{} before, {} after{gloss}", from.name(), to.name()),
        Some(from) if from == to => format!("{} then and now{gloss}", to.name()),
        Some(from) => format!("{} then, {} now{gloss}", from.name(), to.name()),
        None => format!("{}{gloss}", to.name()),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn put(text: &mut String, line: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{}", plain(line));
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(URL);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < text.len() { "..." } else { "" };
    format!("{}{more}", text.get(..end).unwrap_or_default())
}

/// The report as JSON.
fn json(report: &Report) -> Value {
    let groups = report.groups.iter().map(|((from, to), group)| {
        let rules = group.rules.iter().map(|(name, rule)| {
            let examples: Vec<_> = rule.examples.iter().map(example_json).collect();
            json!({ "rule": name, "message": rule.message, "requests": rule.requests, "examples": examples })
        });
        let values = group.values.iter().map(|(name, found)| value_json(name, found));
        json!({
            "from": from.map(Verdict::name), "to": to.name(), "requests": group.requests,
            "rules": rules.collect::<Vec<_>>(), "values": values.collect::<Vec<_>>(), "otherValuesIn": group.others,
        })
    });
    let policies = report.policies.iter().map(|((is_after, policy), requests)| {
        let when = (report.compares).then_some(if *is_after { "after" } else { "before" });
        json!({ "policy": policy, "when": when, "requests": requests })
    });
    let skipped = report.skipped_at.iter().map(|(at, why)| json!({ "at": at, "why": why }));
    json!({
        "compares": report.compares, "judged": report.judged, "policies": policies.collect::<Vec<_>>(),
        "notJudged": report.left,
        "passedOver": report.skipped, "passedOverAt": skipped.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "withoutContentAndMostHeaders": report.from_logs, "withoutMethod": report.from_firewall_log,
    })
}

fn value_json(name: &str, found: &Found) -> Value {
    json!({
        "name": name, "requests": found.requests, "rules": found.rules().collect::<Vec<_>>(),
        "exclusions": found.exclusions().map(|exclusions| exclusions.to_json()),
        "examples": found.examples.iter().map(example_json).collect::<Vec<_>>(),
    })
}

fn example_json(example: &Example) -> Value {
    json!({
        "at": example.origin, "transactionId": example.id, "request": example.request, "value": example.value,
    })
}
