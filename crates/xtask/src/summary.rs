//! What each step came to, printed as a short table at the end.

use anyhow::Result;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should, with a word on what was done.
    Passed(String),
    /// Not as it should, and why.
    Failed(String),
    /// Not run, and why.
    Skipped(String),
}

/// All steps so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    steps: Vec<(String, Outcome)>,
    passed: u64,
    failed: u64,
}

impl Summary {
    /// Runs a step that counts as one check.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> Result<Outcome>) -> Result<()> {
        println!("== {name}");
        let outcome = run().unwrap_or_else(|problem| Outcome::Failed(format!("{problem:#}")));
        let (passed, failed) = match outcome {
            Outcome::Passed(_) => (1, 0),
            Outcome::Failed(_) => (0, 1),
            Outcome::Skipped(_) => (0, 0),
        };
        self.add(name, outcome, passed, failed);
        Ok(())
    }

    /// Adds a step that has counted its own tests.
    pub(crate) fn add(&mut self, name: &str, outcome: Outcome, passed: u64, failed: u64) {
        if let Outcome::Skipped(why) = &outcome {
            println!("SKIPPED: {name}: {why}");
        }
        self.steps.push((name.to_owned(), outcome));
        self.passed += passed;
        self.failed += failed;
    }

    /// Whether anything failed.
    pub(crate) fn failed(&self) -> bool {
        self.failed > 0 || self.steps.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
    }

    /// Prints the table, and as the last line the counts alone.
    pub(crate) fn print(&self) {
        let width = self.steps.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        println!("\n== summary");
        for (name, outcome) in &self.steps {
            let (word, note) = match outcome {
                Outcome::Passed(note) => ("ok", note),
                Outcome::Failed(note) => ("FAILED", note),
                Outcome::Skipped(note) => ("SKIPPED", note),
            };
            println!("{name:<width$}  {word:<7}  {note}");
        }
        // A failed step without a failed test (a build error, say) must not end on "0 failed".
        let failed = if self.failed() { self.failed.max(1) } else { 0 };
        println!("{} passed, {failed} failed", self.passed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_whole_even_without_a_failed_test() {
        let mut summary = Summary::default();
        summary.add("tests", Outcome::Failed("did not build".into()), 0, 0);
        assert!(summary.failed());
    }

    #[test]
    fn what_was_skipped_counts_neither_way() {
        let mut summary = Summary::default();
        summary.step("deny", || Ok(Outcome::Skipped("not installed".into()))).expect("steps do not fail");
        assert_eq!((summary.passed, summary.failed, summary.failed()), (0, 0, false));
    }
}
