//! System calls of a proxy per request, counted by the kernel (`perf stat`), in a load of its own: counting costs time.

use anyhow::{Context as _, Result};

use crate::process;
use crate::rows::{Bench, Started};
use crate::work::Work;

/// Puts the row's load on a proxy once more; returns calls for each request, round trip, session or 1,000 bytes.
pub(crate) fn per_unit(bench: &Bench<'_>, started: &Started, work: &Work) -> Result<f64> {
    let counts = bench.folder.join("calls");
    let pids: Vec<String> = started.proxy.pids.iter().map(u32::to_string).collect();
    let words = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o"];
    let mut prefix: Vec<String> = words.map(str::to_owned).to_vec();
    prefix.extend([counts.display().to_string(), "-p".into(), pids.join(","), "--".into()]);
    process::run_role("load generator", bench.cores.load, bench.role(&started.proxy, work)?, &prefix)?;
    let text = std::fs::read_to_string(&counts).with_context(|| format!("perf left no {}", counts.display()))?;
    let calls = count(&text).with_context(|| format!("no count in {text:?}"))?;
    Ok(calls as f64 / (work.warmup + work.requests).max(1) as f64)
}

/// The number before the event's name.
fn count(text: &str) -> Option<u64> {
    text.lines().find(|line| line.contains("raw_syscalls"))?.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_what_perf_writes() {
        let text = "# started on Sun\n\n14402,,raw_syscalls:sys_enter,1023311,100.00,,\n";
        assert_eq!(count(text), Some(14_402));
        assert_eq!(count("<not counted>,,raw_syscalls:sys_enter,0,100.00,,\n"), None);
    }
}
