//! A test in a process of its own, whose memory nobody has used before.

use std::process::Command;

/// Set in that process.
const APART: &str = "GATEHOUSE_APART";

/// Runs a test's work in the program of this test, started again for the test of this full name alone.
#[track_caller]
pub fn apart(test: &str, work: impl FnOnce()) {
    if std::env::var_os(APART).is_some() {
        return work();
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    let status = again.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(APART, "1").status().unwrap();
    assert!(status.success(), "{test} failed in a process of its own");
}
