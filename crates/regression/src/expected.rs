//! What a test expects, and whether it came.

use regex_automata::meta::Regex;

/// What has to come of one stage. Empty fields ask for nothing.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The answer's status is one of these.
    pub status: Vec<u16>,
    /// No answer comes that is HTTP; nothing else is looked at then.
    pub error: bool,
    /// The answer, head and content, holds this text.
    pub response_contains: Option<String>,
    /// All of these rules stand in the log.
    pub ids: Vec<u32>,
    /// None of these rules stands in it.
    pub no_ids: Vec<u32>,
    /// A line of the log matches.
    pub log: Option<Regex>,
    /// No line of it matches.
    pub no_log: Option<Regex>,
    /// One rule alone stands in the log.
    pub is_isolated: bool,
    /// A stage that fails may be sent a second time.
    pub retries_once: bool,
}

/// What came of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'o> {
    /// The answer; `None` where none came, or none that is HTTP.
    pub answer: Option<Answer<'o>>,
    /// One line for each rule that matched: `[id "942100"] [msg "..."] [data "..."]` and what else is known of it.
    pub lines: &'o [String],
    /// The rules that matched.
    pub ids: &'o [u32],
}

/// An answer as the client saw it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'o> {
    /// Its status.
    pub status: u16,
    /// All of it.
    pub bytes: &'o [u8],
}

impl Expected {
    /// Whether something has to be found for the test to pass: a rule, a line.
    #[must_use]
    pub fn wants_a_finding(&self) -> bool {
        !self.ids.is_empty() || self.log.is_some()
    }

    /// What did not come as expected, a line for each thing; empty when the stage passes.
    #[must_use]
    pub fn failures(&self, observed: &Observed<'_>) -> Vec<String> {
        if self.error {
            let status = observed.answer.map(|answer| answer.status);
            return status.map(|status| format!("an answer ({status}) where none is expected")).into_iter().collect();
        }
        let mut failures = self.failures_of_the_answer(observed.answer);
        failures.extend(self.failures_of_the_log(observed.lines, observed.ids));
        failures
    }

    fn failures_of_the_answer(&self, answer: Option<Answer<'_>>) -> Vec<String> {
        let Some(answer) = answer else { return vec!["no answer".to_owned()] };
        let mut failures = Vec::new();
        if !self.status.is_empty() && !self.status.contains(&answer.status) {
            failures.push(format!("status {}, expected {:?}", answer.status, self.status));
        }
        if let Some(text) = &self.response_contains
            && !answer.bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes())
        {
            failures.push(format!("the answer does not contain {text:?}"));
        }
        failures
    }

    /// What the log does not hold, or should not; for those who have no answer to judge.
    #[must_use]
    pub fn failures_of_the_log(&self, lines: &[String], ids: &[u32]) -> Vec<String> {
        let mut failures = Vec::new();
        let missing: Vec<u32> = self.ids.iter().filter(|id| !ids.contains(id)).copied().collect();
        if !missing.is_empty() {
            failures.push(format!("rules not found: {missing:?}"));
        }
        let found: Vec<u32> = self.no_ids.iter().filter(|id| ids.contains(id)).copied().collect();
        if !found.is_empty() {
            failures.push(format!("rules found: {found:?}"));
        }
        let matches = |pattern: &Regex| lines.iter().find(|line| pattern.is_match(line.as_bytes()));
        if self.log.as_ref().is_some_and(|pattern| matches(pattern).is_none()) {
            failures.push("no line of the log matches".to_owned());
        }
        if let Some(line) = self.no_log.as_ref().and_then(matches) {
            failures.push(format!("a line of the log matches: {line}"));
        }
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if self.is_isolated && distinct.len() != 1 {
            failures.push(format!("rules {distinct:?} where one alone is expected"));
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(expected: &Expected, status: Option<u16>, ids: &[u32]) -> usize {
        let lines: Vec<String> = ids.iter().map(|id| format!("[id \"{id}\"] [msg \"m\"]")).collect();
        let answer = status.map(|status| Answer { status, bytes: b"HTTP/1.1 200 OK\r\n\r\nhello" });
        expected.failures(&Observed { answer, lines: &lines, ids }).len()
    }

    fn pattern(text: &str) -> Option<Regex> {
        Some(Regex::new(text).expect("well-formed"))
    }

    #[test]
    fn every_expectation_passes_and_fails() {
        let base = Expected::default();
        let rows = [
            (Expected { status: vec![400, 403], ..base.clone() }, (Some(403), vec![]), (Some(200), vec![])),
            (Expected { error: true, ..base.clone() }, (None, vec![1]), (Some(400), vec![])),
            (Expected { ids: vec![1, 2], ..base.clone() }, (Some(200), vec![1, 2, 3]), (Some(200), vec![1, 3])),
            (Expected { no_ids: vec![1, 2], ..base.clone() }, (Some(200), vec![3]), (Some(200), vec![3, 2])),
            (Expected { log: pattern("id \"7\""), ..base.clone() }, (Some(200), vec![7]), (Some(200), vec![77])),
            (Expected { no_log: pattern("id \"7\""), ..base.clone() }, (Some(200), vec![77]), (Some(200), vec![7])),
            (Expected { is_isolated: true, ..base.clone() }, (Some(200), vec![5, 5]), (Some(200), vec![5, 6])),
            (base.clone(), (Some(500), vec![1]), (None, vec![])),
        ];
        for (expected, passes, fails) in rows {
            assert_eq!(judged(&expected, passes.0, &passes.1), 0, "{expected:?}");
            assert_eq!(judged(&expected, fails.0, &fails.1), 1, "{expected:?}");
        }
    }

    #[test]
    fn the_answer_is_searched_whole() {
        let contains = |text: &str| Expected { response_contains: Some(text.to_owned()), ..Expected::default() };
        assert_eq!(judged(&contains("200 OK"), Some(200), &[]), 0);
        assert_eq!(judged(&contains("hello"), Some(200), &[]), 0);
        assert_eq!(judged(&contains("bye"), Some(200), &[]), 1);
    }
}
