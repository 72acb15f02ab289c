//! The figures of a run: CPU accounts at one moment, and latencies.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::load::LoadReport;
use crate::measure::{self, CoreTicks};

/// Whose CPU is counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Watched {
    /// Processes of the proxy.
    pub(crate) proxy: Vec<u32>,
    /// The backend's process.
    pub(crate) backend: u32,
    /// The core whose load is watched.
    pub(crate) proxy_core: usize,
}

/// All CPU accounts at one moment.
pub(crate) struct Account {
    at: Instant,
    proxy_ns: u64,
    backend_ns: u64,
    own_ns: u64,
    core: CoreTicks,
}

impl Account {
    /// The accounts now.
    pub(crate) fn take(watched: &Watched) -> Account {
        Account {
            at: Instant::now(),
            proxy_ns: measure::cpu_ns(&watched.proxy),
            backend_ns: measure::cpu_ns(&[watched.backend]),
            own_ns: measure::cpu_ns(&[std::process::id()]),
            core: CoreTicks::now(watched.proxy_core),
        }
    }

    /// What was used since `before`, for each counted request.
    pub(crate) fn since(&self, before: &Account, requests: u64) -> LoadReport {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let per_request = |now: u64, then: u64| now.saturating_sub(then) as f64 / 1_000.0 / requests.max(1) as f64;
        LoadReport {
            requests,
            seconds,
            proxy_us: per_request(self.proxy_ns, before.proxy_ns),
            backend_us: per_request(self.backend_ns, before.backend_ns),
            load_us: per_request(self.own_ns, before.own_ns),
            proxy_share: self.proxy_ns.saturating_sub(before.proxy_ns) as f64 / 1e9 / seconds,
            core_share: self.core.busy_since(before.core),
            ..LoadReport::default()
        }
    }
}

/// Median and 99th percentile, in microseconds.
pub(crate) fn percentiles(tenths: &mut [u32]) -> (f64, f64) {
    tenths.sort_unstable();
    let at = |share: f64| {
        let index = (tenths.len().saturating_sub(1)) as f64 * share;
        tenths.get(index.round() as usize).map_or(0.0, |value| f64::from(*value) / 10.0)
    };
    (at(0.5), at(0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_values() {
        let mut tenths: Vec<u32> = (1..=1_000).rev().map(|n| n * 10).collect();
        let (p50, p99) = percentiles(&mut tenths);
        assert!((p50 - 501.0).abs() < 1.5 && (p99 - 990.0).abs() < 1.5, "{p50} {p99}");
        assert_eq!(percentiles(&mut []), (0.0, 0.0));
    }
}
