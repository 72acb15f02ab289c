//! What a stage came to: the firewall's rows and the answer against what the test expects.
//!
//! A gateway refuses by itself what is not HTTP, before any rule sees it. Whether that satisfies a test is decided
//! here: it does where the test expects a refusal, and where it expects the very rule that describes what the gateway
//! refused. It never satisfies a test that only expects rules to be silent: that fails, or is set apart where the rule
//! is about the very thing that was refused.

use regression::{Answer, Expected, Observed};

use super::log::Rows;
use super::send::Exchange;

/// What a request of a test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As expected.
    Passed,
    /// The gateway refused it before the firewall, for this reason, and that is what the test wants.
    Refused(String),
    /// The gateway refused it before the firewall, and what the test wants is not for a gateway.
    Outside(String),
    /// Not as expected.
    Failed(Vec<String>),
}

/// What the gateway refuses, and the rules that would have told of it.
const DESCRIBED: &[(&[&str], &[u32])] = &[
    (&["malformed_request", "invalid_target"], &[920_100, 920_610, 920_270, 920_271, 920_272, 920_273, 921_190]),
    (&["invalid_method", "method_trace", "method_connect"], &[911_100, 920_100]),
    (&["invalid_version", "unsupported_version", "http09"], &[920_430, 920_100]),
    (&["invalid_header"], &[920_270, 920_271, 920_272, 920_273, 920_274, 920_275, 920_210, 921_140]),
    (&["missing_host"], &[920_280, 920_290]),
    (&["invalid_host"], &[920_290, 920_270, 920_271, 920_272, 920_273, 920_274]),
    (&["duplicate_header"], &[920_620]),
    (&["invalid_content_length"], &[920_160]),
    (&["missing_content_length"], &[920_180]),
    (&["conflicting_framing"], &[920_171, 920_181, 921_110]),
    (&["invalid_transfer_encoding", "unsupported_transfer_encoding"], &[920_171, 921_110]),
    (&["invalid_chunk"], &[920_171]),
];

/// What is not for a gateway at all, whatever rule the test is about.
const FOREIGN: &[(&[&str], &str)] = &[
    (&["method_connect"], "asks for a tunnel; a gateway is no forward proxy"),
    (&["unsupported_version", "http09"], "asks in a version of HTTP that is not spoken in this form"),
];

/// Judges a request.
pub(super) fn judge(expected: &Expected, exchange: &Exchange, rows: Option<&Rows>) -> Verdict {
    let rows = rows.filter(|rows| !rows.requests.is_empty());
    let Some(rows) = rows else { return Verdict::Failed(vec!["the gateway's log has no row of it".to_owned()]) };
    let answer = exchange.status().map(|status| Answer { status, bytes: &exchange.answer });
    let observed = Observed { answer, lines: &rows.lines, ids: &rows.ids };
    match refusal(rows) {
        Some(reason) => of_refused(expected, &observed, reason),
        None => verdict(expected.failures(&observed)),
    }
}

/// Why the gateway refused a request that its firewall did not see.
fn refusal(rows: &Rows) -> Option<&str> {
    let is_inspected = rows.requests.iter().any(|request| request.is_inspected) || !rows.lines.is_empty();
    let reason = rows.requests.iter().find_map(|request| request.reason.as_deref());
    if is_inspected { None } else { Some(reason.unwrap_or("nothing was refused, there is no firewall")) }
}

fn of_refused(expected: &Expected, observed: &Observed<'_>, reason: &str) -> Verdict {
    let refused = |how: &str| Verdict::Refused(format!("{reason}{how}"));
    let status = observed.answer.map(|answer| answer.status);
    let is_refusal = |status: &u16| (400..600).contains(status);
    let wants_this_status = status.is_some_and(|status| expected.status.contains(&status));
    if wants_this_status && !expected.wants_a_finding() {
        return refused("");
    }
    let wants_refusal = !expected.status.is_empty() && expected.status.iter().all(is_refusal);
    if let Some(status) = status.filter(|status| is_refusal(status) && wants_refusal && !expected.wants_a_finding()) {
        return refused(&format!(", {status} where {:?} is expected", expected.status));
    }
    // An error of the connection is what the runner knows of servers that refuse without a word; ours says one.
    if expected.error {
        return match status {
            None => Verdict::Passed,
            Some(status) if is_refusal(&status) => refused(", where an error is expected"),
            Some(_) => verdict(expected.failures(observed)),
        };
    }
    let may_have_this_status = expected.status.is_empty() || wants_this_status;
    if may_have_this_status && expected.wants_a_finding() && is_described(reason, &expected.ids, expected.log.as_ref())
    {
        return refused(", which the expected rule is about");
    }
    let foreign = FOREIGN.iter().find(|(reasons, _)| reasons.contains(&reason));
    if let Some((_, why)) = foreign.filter(|_| !expected.wants_a_finding()) {
        return Verdict::Outside(format!("{reason}: {why}"));
    }
    let wants_silence = expected.status.is_empty() && !expected.wants_a_finding();
    if wants_silence && is_described(reason, &expected.no_ids, expected.no_log.as_ref()) {
        return Verdict::Outside(format!(
            "{reason}: refused, where the test only wants the rule about that to be silent"
        ));
    }
    let mut failures = vec![format!("the gateway refused it before the firewall: {reason}")];
    failures.extend(expected.failures(observed));
    Verdict::Failed(failures)
}

/// Whether rules are about what the gateway refused.
fn is_described(reason: &str, ids: &[u32], line: Option<&regression::Pattern>) -> bool {
    let rules = DESCRIBED.iter().filter(|(reasons, _)| reasons.contains(&reason)).flat_map(|(_, rules)| *rules);
    let rules: Vec<u32> = rules.copied().collect();
    let finds = |rule: &u32| line.is_some_and(|line| line.is_match(format!("[id \"{rule}\"]").as_bytes()));
    ids.iter().all(|id| rules.contains(id)) && line.is_none_or(|_| rules.iter().any(finds))
}

fn verdict(failures: Vec<String>) -> Verdict {
    if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waf::log::Access;

    /// What a refused or inspected request with this answer comes to.
    fn judged(expected: &Expected, reason: Option<&str>, status: Option<u16>, ids: &[u32]) -> Verdict {
        let request = Access { is_inspected: reason.is_none(), reason: reason.map(str::to_owned) };
        let lines: Vec<String> = ids.iter().map(|id| format!("[id \"{id}\"]")).collect();
        let rows = Rows { lines, ids: ids.to_vec(), requests: vec![request] };
        let answer = status.map(|status| Answer { status, bytes: b"" });
        let observed = Observed { answer, lines: &rows.lines, ids: &rows.ids };
        match refusal(&rows) {
            Some(reason) => of_refused(expected, &observed, reason),
            None => verdict(expected.failures(&observed)),
        }
    }

    fn expected(yaml: &str) -> Expected {
        let file = format!("rule_id: 1\ntests: [{{stages: [{{input: {{}}, output: {{{yaml}}}}}]}}]");
        let (mut tests, faults) = regression::read("1.yaml", &file);
        assert_eq!(faults, []);
        tests.remove(0).stages.remove(0).expected
    }

    #[test]
    fn a_request_that_the_firewall_saw_is_judged_by_what_it_found() {
        let wants = expected("log: {expect_ids: [942100], no_expect_ids: [1]}");
        assert_eq!(judged(&wants, None, Some(200), &[942_100]), Verdict::Passed);
        assert!(matches!(judged(&wants, None, Some(200), &[942_101]), Verdict::Failed(_)));
        assert!(matches!(judged(&wants, None, Some(200), &[942_100, 1]), Verdict::Failed(_)));
        assert!(matches!(judged(&wants, None, None, &[942_100]), Verdict::Failed(_)));
    }

    #[test]
    fn a_refusal_satisfies_what_expects_one() {
        for (output, reason, status, satisfied) in [
            ("status: 400", "invalid_method", 400, true),
            ("status: [403, 400]", "invalid_target", 400, true),
            ("status: 400, log: {no_expect_ids: [921140]}", "invalid_header", 400, true),
            ("status: 200, log: {no_expect_ids: [920100]}", "method_trace", 405, false),
            ("status: 405", "invalid_method", 400, true),
            ("status: [200, 400]", "method_trace", 405, false),
            ("expect_error: true", "request_body_timeout", 408, true),
            ("log: {expect_ids: [920280]}", "missing_host", 400, true),
            ("log: {expect_ids: [920280, 942100]}", "missing_host", 400, false),
            ("log: {expect_ids: [942100]}", "missing_host", 400, false),
            ("status: 200, log: {expect_ids: [920280]}", "missing_host", 400, false),
            ("log_contains: id \"920280\"", "missing_host", 400, true),
            ("log_contains: id \"942100\"", "missing_host", 400, false),
            ("log: {no_expect_ids: [942100]}", "missing_host", 400, false),
            ("no_log_contains: id \"942100\"", "missing_host", 400, false),
        ] {
            let verdict = judged(&expected(output), Some(reason), Some(status), &[]);
            assert_eq!(matches!(verdict, Verdict::Refused(_)), satisfied, "{output}: {verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Failed(_)), !satisfied, "{output}: {verdict:?}");
        }
    }

    #[test]
    fn an_error_is_no_answer_at_all_or_a_refusal() {
        let expected = expected("expect_error: true");
        assert_eq!(judged(&expected, Some("client_closed"), None, &[]), Verdict::Passed);
        assert_eq!(judged(&expected, None, None, &[942_100]), Verdict::Passed);
        assert!(matches!(judged(&expected, None, Some(200), &[]), Verdict::Failed(_)));
    }

    #[test]
    fn a_tunnel_or_version_that_is_refused_is_not_for_a_gateway() {
        let silence = expected("log: {no_expect_ids: [920180]}");
        assert!(matches!(judged(&silence, Some("unsupported_version"), Some(505), &[]), Verdict::Outside(_)));
        assert!(matches!(judged(&silence, Some("invalid_header"), Some(400), &[]), Verdict::Failed(_)));
        let verdict = |output: &str| judged(&expected(output), Some("method_connect"), Some(405), &[]);
        assert!(matches!(verdict("status: 200, log: {no_expect_ids: [920100]}"), Verdict::Outside(_)));
        assert!(matches!(verdict("log: {expect_ids: [942100]}"), Verdict::Failed(_)));
        assert!(matches!(verdict("status: 400"), Verdict::Refused(_)));
        assert!(matches!(verdict("log: {expect_ids: [920100]}"), Verdict::Refused(_)));
    }

    #[test]
    fn silence_of_a_rule_about_what_was_refused_is_neither_passed_nor_failed() {
        for (output, is_outside) in [
            ("log: {no_expect_ids: [920290]}", true),
            ("no_log_contains: id \"920290\"", true),
            ("log: {no_expect_ids: [920290, 942100]}", false),
            ("status: 200, log: {no_expect_ids: [920290]}", false),
        ] {
            let verdict = judged(&expected(output), Some("invalid_host"), Some(400), &[]);
            assert_eq!(matches!(verdict, Verdict::Outside(_)), is_outside, "{output}: {verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Failed(_)), !is_outside, "{output}: {verdict:?}");
        }
    }

    #[test]
    fn reasons_stand_in_the_table_once() {
        let mut reasons: Vec<&str> = DESCRIBED.iter().flat_map(|(reasons, _)| *reasons).copied().collect();
        reasons.sort_unstable();
        let count = reasons.len();
        reasons.dedup();
        assert_eq!(reasons.len(), count);
    }
}
