//! What this machine is, and which core does what.

use std::fs;

use serde::{Deserialize, Serialize};

/// The facts that belong beside every figure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: String,
    /// How many cores this process may use.
    pub(crate) cores: usize,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// What loopback connections use for congestion control.
    pub(crate) congestion_control: String,
    /// Whether the run has a network namespace of its own.
    pub(crate) namespace: bool,
}

/// Which core does what: the proxy is alone on its core, everything else shares the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    /// The proxy's.
    pub(crate) proxy: usize,
    /// The load generator's.
    pub(crate) load: usize,
    /// The backend's: the load's, unless there is a third core.
    pub(crate) backend: usize,
}

impl Cores {
    /// The split of this machine's cores.
    pub(crate) fn of(machine: &Machine) -> Cores {
        match machine.cores {
            0 | 1 => Cores { proxy: 0, load: 0, backend: 0 },
            2 => Cores { proxy: 0, load: 1, backend: 1 },
            _ => Cores { proxy: 0, load: 1, backend: 2 },
        }
    }
}

impl Machine {
    /// Reads the facts.
    pub(crate) fn read(congestion_control: String, namespace: bool) -> Machine {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name").and_then(|rest| rest.split_once(':')))
            .map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned());
        Machine {
            processor,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            congestion_control,
            namespace,
        }
    }

    /// One line for tables.
    pub(crate) fn line(&self) -> String {
        let network = if self.namespace { "own network namespace" } else { "the machine's own network" };
        format!(
            "{} ({} cores), Linux {}, {}, {network}",
            self.processor, self.cores, self.kernel, self.congestion_control
        )
    }
}
