//! A run: tests in batches, each sent by several hands, then judged from the log.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use regression::{Expected, Request, Test, read_folder};

use super::backend::Backend;
use super::gateway::Guarded;
use super::judge::{Verdict, judge};
use super::log::Log;
use super::report::{Came, Report};
use super::rules::Rules;
use super::send::{Exchange, exchange};
use crate::summary::Outcome;
use crate::trial::Scratch;

/// Requests whose connections are open at the same time.
const BATCH: usize = 200;
/// Hands that send them.
const HANDS: usize = 16;
/// For an answer. One that is not expected to come is not waited for as long.
const PATIENCE: Duration = Duration::from_secs(15);
const NO_ANSWER: Duration = Duration::from_secs(2);
/// For rows of the log, behind the answers.
const ROWS: Duration = Duration::from_secs(15);

/// What is run.
pub(super) struct Run<'r> {
    /// The gateway.
    pub(super) binary: &'r Path,
    pub(super) tests: &'r Path,
    pub(super) rules: &'r Path,
    /// Passed tests are shown as well.
    pub(super) shows_all: bool,
}

impl Run<'_> {
    /// Runs the tests and prints what came of them.
    pub(super) fn all(&self) -> Result<Outcome> {
        let began = Instant::now();
        let rules = Rules::find(self.rules)?;
        let folder = read_folder(self.tests).with_context(|| format!("read {}", self.tests.display()))?;
        println!("  | {}: {} tests in {} files", rules.signature, folder.tests.len(), folder.files);
        if !folder.others.is_empty() {
            println!("  | no test files by their names: {:?}", folder.others);
        }
        let mut report = Report::new(&folder.faults);
        let tests: Vec<&Test> = folder.tests.iter().collect();
        let scratch = Scratch::new("waf")?;
        let backend = Backend::start()?;
        let mut gateway = Guarded::start(self.binary, &rules, backend.port, &scratch)?;
        let mut log = Log::open(&gateway.log)?;
        for batch in batches(&tests) {
            let judged = Self::judged(&rules, gateway.port, batch, &mut log);
            // A gateway that has ended says more than a connection that cannot be made.
            gateway.still_runs()?;
            for (test, came) in batch.iter().zip(judged?) {
                report.add(&test.file, &test.name, came, self.shows_all);
            }
        }
        report.print();
        let seconds = began.elapsed().as_secs_f32();
        println!("  | {} requests came through to the server; {seconds:.1} s", backend.requests());
        Ok(report.outcome())
    }

    /// What tests come to; those that ask for it get a second try.
    fn judged(rules: &Rules, gateway: u16, tests: &[&Test], log: &mut Log) -> Result<Vec<Came>> {
        let mut all = Vec::new();
        for (test, mut verdicts) in tests.iter().zip(sent_and_judged(gateway, tests, log)?) {
            if is_to_be_repeated(test, &verdicts) {
                verdicts = sent_and_judged(gateway, &[*test], log)?.pop().unwrap_or_default();
            }
            all.push(came(rules, test, verdicts));
        }
        Ok(all)
    }
}

fn came(rules: &Rules, test: &Test, verdicts: Vec<Verdict>) -> Came {
    match not_for_us(test) {
        Some(why) => Came::OutOfScope(why.to_owned()),
        None => Came::of(rules.generation, test, verdicts),
    }
}

/// Why a test is not sent.
fn not_for_us(test: &Test) -> Option<&'static str> {
    test.stages.iter().any(|stage| stage.is_secure).then_some("asks for TLS; this gateway has none")
}

fn is_to_be_repeated(test: &Test, verdicts: &[Verdict]) -> bool {
    let failed = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Failed(_)));
    failed && test.stages.iter().any(|stage| stage.expected.retries_once)
}

/// Tests in groups of about so many requests.
fn batches<'b, 't>(tests: &'b [&'t Test]) -> Vec<&'b [&'t Test]> {
    let mut batches = Vec::new();
    let (mut begin, mut requests) = (0, 0);
    for (at, test) in tests.iter().enumerate() {
        requests += test.stages.iter().map(|stage| stage.requests.len()).sum::<usize>();
        if requests >= BATCH || at + 1 == tests.len() {
            batches.push(&tests[begin..=at]);
            (begin, requests) = (at + 1, 0);
        }
    }
    batches
}

/// What was sent of a test.
#[derive(Default)]
struct Sent<'t> {
    /// What is expected of each request, and what came.
    exchanges: Vec<(&'t Expected, Exchange)>,
    /// Why the rest was not.
    trouble: Option<&'static str>,
}

/// Sends tests, several at a time, and judges them when the log has all rows.
fn sent_and_judged(gateway: u16, tests: &[&Test], log: &mut Log) -> Result<Vec<Vec<Verdict>>> {
    let sent = sent(gateway, tests)?;
    let mut ports: Vec<u16> = sent.iter().flat_map(|sent| &sent.exchanges).map(|(_, one)| one.port).collect();
    ports.sort_unstable();
    if let Some(twice) = ports.windows(2).find(|two| two[0] == two[1]) {
        bail!("two requests of a batch had the port {}", twice[0]);
    }
    let rows = log.rows(&ports, ROWS)?;
    let verdicts = |sent: Sent<'_>| {
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (expected, exchange) in sent.exchanges {
            verdicts.push(judge(expected, &exchange, rows.get(&exchange.port)));
            exchange.close();
        }
        verdicts.extend(sent.trouble.map(|why| Verdict::Failed(vec![why.to_owned()])));
        verdicts
    };
    Ok(sent.into_iter().map(verdicts).collect())
}

/// Sends tests, as many at a time as there are hands; what was sent of each, in their order.
fn sent<'t>(gateway: u16, tests: &[&'t Test]) -> Result<Vec<Sent<'t>>> {
    let next = AtomicUsize::new(0);
    let hand = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(at) else { return done };
            done.push((at, send(gateway, test)));
        }
    };
    let mut all: Vec<(usize, Result<Sent<'t>>)> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS.min(tests.len())).map(|_| scope.spawn(hand)).collect();
        // A hand that panicked leaves fewer tests than there are, which is seen below.
        hands.into_iter().filter_map(|hand| hand.join().ok()).flatten().collect()
    });
    if all.len() != tests.len() {
        bail!("{} of {} tests were sent", all.len(), tests.len());
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, sent)| sent).collect()
}

/// Sends the requests of a test, one after the other.
fn send(gateway: u16, test: &Test) -> Result<Sent<'_>> {
    let mut sent = Sent::default();
    if not_for_us(test).is_some() {
        return Ok(sent);
    }
    for stage in &test.stages {
        let patience = if stage.expected.error { NO_ANSWER } else { PATIENCE };
        let location = match sent.exchanges.last().filter(|_| stage.follows_redirect).map(|(_, one)| redirect(one)) {
            Some(Err(why)) => return Ok(Sent { trouble: Some(why), ..sent }),
            Some(Ok(location)) => Some(location),
            None => None,
        };
        for request in &stage.requests {
            let bytes = match (request, &location) {
                (Request::Parts(parts), Some((host, uri))) => Request::Parts(parts.redirected(host, uri)).bytes(),
                _ => request.bytes(),
            };
            sent.exchanges.push((&stage.expected, exchange(gateway, &bytes, patience)?));
        }
    }
    Ok(sent)
}

/// Where an answer sends its client: Host and target.
fn redirect(exchange: &Exchange) -> Result<(String, String), &'static str> {
    if !matches!(exchange.status(), Some(300..=303 | 307 | 308)) {
        return Err("the stage before was not answered with a redirect");
    }
    let location = exchange.field("location").ok_or("a redirect without a Location")?;
    let location = location.split('#').next().unwrap_or_default();
    Ok(match location.split_once("://") {
        None => ("localhost".to_owned(), location.to_owned()),
        Some((_, rest)) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, target) = rest.split_at(end);
            let slash = if target.starts_with('/') { "" } else { "/" };
            (host.to_owned(), format!("{slash}{target}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, stages: &str) -> Test {
        let (mut tests, faults) = regression::read("1.yaml", &format!("rule_id: 1\ntests: [{{stages: [{stages}]}}]"));
        assert_eq!(faults, []);
        Test { name: name.to_owned(), ..tests.remove(0) }
    }

    const PLAIN: &str = "{input: {uris: [/a, /b, /c]}, output: {status: 200}}";

    #[test]
    fn batches_hold_whole_tests() {
        let one = test("1-1", PLAIN);
        let tests: Vec<&Test> = std::iter::repeat_n(&one, BATCH).collect();
        let batches = batches(&tests);
        assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), BATCH);
        assert!(batches.len() == 3 && batches[0].len() == BATCH.div_ceil(3), "{}", batches.len());
    }

    #[test]
    fn all_requests_of_all_tests_are_sent_in_order() {
        let backend = Backend::start().expect("a server");
        let tests: Vec<Test> = (0..40).map(|number| test(&format!("1-{number}"), PLAIN)).collect();
        let sent = sent(backend.port, &tests.iter().collect::<Vec<_>>()).expect("the server listens");
        assert_eq!((sent.len(), backend.requests()), (40, 120));
        assert!(sent.iter().all(|sent| sent.exchanges.iter().all(|(_, one)| one.status() == Some(200))));
    }

    #[test]
    fn a_redirect_is_followed_where_a_stage_asks_for_it() {
        let redirected = |location: &str| {
            let data = format!(r#"{{"status": 302, "headers": {{"Location": "{location}"}}}}"#);
            let stages = format!(
                "{{input: {{method: POST, uri: /reflect, data: '{data}', headers: {{Content-Type: application/json}}}}, \
                 output: {{status: 302}}}}, {{input: {{follow_redirect: true}}, output: {{status: 200}}}}"
            );
            let backend = Backend::start().expect("a server");
            let test = test("1-1", &stages);
            let sent = send(backend.port, &test).expect("the server listens");
            (sent.exchanges.first().map(|(_, one)| redirect(one)), sent.exchanges.len(), sent.trouble)
        };
        let to = |host: &str, target: &str| Some(Ok((host.to_owned(), target.to_owned())));
        assert_eq!(redirected("http://x:8080?a#b"), (to("x:8080", "/?a"), 2, None));
        assert_eq!(redirected("/there"), (to("localhost", "/there"), 2, None));
        let plain = test("1-1", &format!("{PLAIN}, {{input: {{follow_redirect: true}}, output: {{status: 200}}}}"));
        let backend = Backend::start().expect("a server");
        let sent = send(backend.port, &plain).expect("the server listens");
        assert_eq!((sent.exchanges.len(), sent.trouble.is_some()), (3, true));
    }
}
