//! CPU time and memory of processes, and how busy a core is, as the kernel counts them.
//!
//! CPU comes from `schedstat` (nanoseconds on a core, user and kernel together) of every task of the process, not from
//! `stat`, whose clock ticks of 10 ms are too coarse for runs of a second.

use std::fs;

/// Nanoseconds that all tasks of these processes have spent on a core.
pub(crate) fn cpu_ns(pids: &[u32]) -> u64 {
    pids.iter().map(|pid| process_cpu_ns(*pid)).sum()
}

fn process_cpu_ns(pid: u32) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return 0;
    };
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_ascii_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()))
        .sum()
}

/// Resident memory of these processes in KiB.
pub(crate) fn resident_kib(pids: &[u32]) -> u64 {
    pids.iter()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .filter_map(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        })
        .sum()
}

/// A process and everything it has started, as they are now.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return vec![root];
    };
    let parents: Vec<(u32, u32)> = entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, parent_in_stat(&stat)?))
        })
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// The parent's id: the second field after the name, which is in brackets and may contain anything.
fn parent_in_stat(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Clock ticks that one core has been busy, and in all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CoreTicks {
    busy: u64,
    total: u64,
}

impl CoreTicks {
    /// The counters of a core now.
    pub(crate) fn now(core: usize) -> CoreTicks {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let name = format!("cpu{core}");
        let line = text.lines().find(|line| line.split_ascii_whitespace().next() == Some(name.as_str()));
        line.map(CoreTicks::parse).unwrap_or_default()
    }

    /// Fields: user, nice, system, idle, iowait, irq, softirq, steal (guest time is inside user).
    fn parse(line: &str) -> CoreTicks {
        let fields: Vec<u64> =
            line.split_ascii_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
        let total: u64 = fields.iter().sum();
        let idle: u64 = fields.iter().skip(3).take(2).sum();
        CoreTicks { busy: total - idle, total }
    }

    /// The share of time the core was busy since `before`.
    pub(crate) fn busy_since(&self, before: CoreTicks) -> f64 {
        let total = self.total.saturating_sub(before.total);
        if total == 0 { 0.0 } else { self.busy.saturating_sub(before.busy) as f64 / total as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        assert_eq!(parent_in_stat("12 (a ) b) S 7 12 12 0"), Some(7));
    }

    #[test]
    fn waiting_for_a_disk_is_not_busy() {
        let before = CoreTicks::parse("cpu0 10 0 10 80 0 0 0 0 0 0");
        let after = CoreTicks::parse("cpu0 20 0 15 150 10 5 0 0 0 0");
        assert!((after.busy_since(before) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn the_own_process_has_used_some_time_and_memory() {
        let own = [std::process::id()];
        assert!(cpu_ns(&own) > 0 && resident_kib(&own) > 0);
        assert_eq!(family(own[0])[0], own[0]);
    }
}
