//! What came of all tests: printed, and counted.

use regression::{Fault, Test};

use crate::summary::Outcome;

use super::judge::Verdict;
use super::rules::Generation;

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Passed,
    /// Satisfied by the gateway's own refusal, for this reason.
    Refused(String),
    /// Stage and reason.
    Failed(Vec<String>),
    /// Not for a gateway, or not for these rules, and why.
    OutOfScope(String),
}

/// Tests that these rules or a gateway cannot pass. They are run all the same, and count as passed where they pass.
const OUT_OF_SCOPE: &[(Generation, &str, &str)] = &[
    (
        Generation::Four,
        "920620-1",
        "sends Content-Type twice, which is refused; the server that the test was written for joins the two",
    ),
    (Generation::Three, "933111-2", CONTRADICTION),
    (Generation::Three, "933161-6", CONTRADICTION),
    (Generation::Three, "942220-2", CONTRADICTION),
    (Generation::Three, "942500-1", "the target does not begin with a slash: refused before any rule sees the query"),
];

const CONTRADICTION: &str = "the rule's pattern does not hold what the test sends";

const DISABLED: &str = "its file says that it is not to be run";

impl Came {
    /// What the stages of a test come to together.
    pub(super) fn of(generation: Generation, test: &Test, stages: Vec<Verdict>) -> Self {
        let (mut refused, mut outside, mut failed) = (None, None, Vec::new());
        let count = stages.len();
        for (at, stage) in stages.into_iter().enumerate() {
            match stage {
                Verdict::Passed => {}
                Verdict::Refused(reason) => refused = Some(reason),
                Verdict::Outside(why) => outside = Some(why),
                Verdict::Failed(why) if count == 1 => failed.extend(why),
                Verdict::Failed(why) => failed.push(format!("request {}: {}", at + 1, why.join("; "))),
            }
        }
        let known = OUT_OF_SCOPE.iter().find(|(its, name, _)| *its == generation && *name == test.name);
        let known = known.map(|(.., why)| *why).or(test.is_disabled.then_some(DISABLED));
        if !failed.is_empty() {
            return known.map_or(Self::Failed(failed), |why| Self::OutOfScope(why.to_owned()));
        }
        match (outside, refused) {
            (Some(why), _) => Self::OutOfScope(why),
            (None, Some(reason)) => Self::Refused(reason),
            (None, None) => Self::Passed,
        }
    }
}

/// All tests of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: usize,
    refused: Vec<String>,
    out_of_scope: Vec<String>,
    failed: Vec<String>,
    faults: Vec<String>,
}

impl Report {
    pub(super) fn new(faults: &[Fault]) -> Self {
        Self { faults: faults.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// Adds a test; a line for each where all are to be shown.
    pub(super) fn add(&mut self, file: &str, name: &str, came: Came, shows_all: bool) {
        match came {
            Came::Passed => {
                self.passed += 1;
                if shows_all {
                    println!("  | passed {name}");
                }
            }
            Came::Refused(reason) => self.refused.push(format!("{name}: {reason}")),
            Came::OutOfScope(why) => self.out_of_scope.push(format!("{name}: {why}")),
            Came::Failed(why) => self.failed.push(format!("{name} ({file}): {}", why.join("; "))),
        }
    }

    /// Prints what is more than a count.
    pub(super) fn print(&self) {
        let show = |title: &str, lines: &[String]| {
            if !lines.is_empty() {
                println!("  | {title}: {}", lines.len());
                lines.iter().for_each(|line| println!("  |   {line}"));
            }
        };
        show("passed: the gateway refuses it before the firewall, as expected", &self.refused);
        show("out of scope, not passed", &self.out_of_scope);
        show("not understood", &self.faults);
        show("FAILED", &self.failed);
    }

    pub(super) fn outcome(&self) -> Outcome {
        let (passed, refused) = (self.passed + self.refused.len(), self.refused.len());
        let (failed, faults, scope) = (self.failed.len(), self.faults.len(), self.out_of_scope.len());
        let total = passed + failed + faults + scope;
        let note = format!(
            "{passed} of {total} passed ({refused} by the gateway's own refusal), {failed} failed, {faults} not \
             understood, {scope} out of scope"
        );
        // A run of nothing is no success.
        if passed > 0 && failed == 0 && faults == 0 { Outcome::Passed(note) } else { Outcome::Failed(note) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(generation: Generation, name: &str, stages: Vec<Verdict>) -> Came {
        let test = Test { name: name.to_owned(), file: String::new(), stages: Vec::new(), is_disabled: false };
        Came::of(generation, &test, stages)
    }

    #[test]
    fn all_stages_of_a_test_count() {
        let failed = || Verdict::Failed(vec!["a".to_owned(), "b".to_owned()]);
        let refused = || Verdict::Refused("r".to_owned());
        let of = |name: &str, stages| came(Generation::Four, name, stages);
        assert_eq!(of("1-1", vec![Verdict::Passed, Verdict::Passed]), Came::Passed);
        assert_eq!(of("1-1", vec![Verdict::Passed, refused()]), Came::Refused("r".to_owned()));
        assert_eq!(of("1-1", vec![refused(), failed()]), Came::Failed(vec!["request 2: a; b".to_owned()]));
        assert_eq!(of("1-1", vec![failed()]), Came::Failed(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_known_test_is_out_of_scope_where_it_fails_and_in_its_own_generation() {
        let failed = || vec![Verdict::Failed(vec!["a".to_owned()])];
        assert!(matches!(came(Generation::Four, "920620-1", failed()), Came::OutOfScope(_)));
        assert!(matches!(came(Generation::Three, "920620-1", failed()), Came::Failed(_)));
        assert_eq!(came(Generation::Four, "920620-1", vec![Verdict::Passed]), Came::Passed);
        let outside = came(Generation::Four, "1-1", vec![Verdict::Passed, Verdict::Outside("o".to_owned())]);
        assert_eq!(outside, Came::OutOfScope("o".to_owned()));
        let mut failed = failed();
        failed.push(Verdict::Outside("o".to_owned()));
        assert!(matches!(came(Generation::Four, "1-1", failed), Came::Failed(_)));
    }

    #[test]
    fn what_fails_is_not_understood_or_missing_fails_the_run() {
        let fault = Fault { file: "f".to_owned(), test: String::new(), why: "w".to_owned() };
        assert!(matches!(Report::new(&[]).outcome(), Outcome::Failed(_)));
        let mut report = Report::new(&[]);
        report.add("f", "1-1", Came::Passed, false);
        report.add("f", "1-2", Came::OutOfScope("w".to_owned()), false);
        assert!(matches!(report.outcome(), Outcome::Passed(_)));
        report.add("f", "1-3", Came::Failed(vec!["w".to_owned()]), false);
        assert!(matches!(report.outcome(), Outcome::Failed(_)));
        let mut report = Report::new(&[fault]);
        report.add("f", "1-1", Came::Passed, false);
        assert!(matches!(report.outcome(), Outcome::Failed(_)));
    }
}
