//! Real programs for the tests of TCP and TLS: databases, a mail server, SSH.
//!
//! What the machine has is used as it is. What it lacks is unpacked from packages of the distribution below `target/`,
//! which takes no root and changes nothing else. A list of what there is tells the tests; where something cannot be
//! had, a line that begins with `SKIPPED` says so and the tests that need it are left out.

mod packages;
mod python;
mod shelf;

use std::path::PathBuf;

use crate::summary::{Outcome, Summary};
use crate::workspace;
use shelf::Shelf;

/// The environment variable that tells tests where the list is.
pub(crate) const LIST: &str = "GATEHOUSE_PROGRAMS";

/// A module of the tests in `crates/e2e/tests/programs`, and the tools that it needs.
struct Suite {
    module: &'static str,
    tools: &'static [Tool],
}

/// A program or a library, and where it comes from.
#[derive(Clone, Copy)]
struct Tool {
    name: &'static str,
    source: Source,
    /// Arguments with which it says something and ends.
    trial: &'static [&'static str],
    /// Whether it refuses to work as root, so that tests of root run it as somebody else.
    unprivileged: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A package of the distribution.
    Package(&'static str),
    /// The same, for a library that other programs load.
    Library(&'static str),
    /// The index of Python's packages.
    Python,
}

const INITDB: Tool = Tool::of("initdb", "postgresql", &["--version"]).unprivileged();
const POSTGRES: Tool = Tool::of("postgres", "postgresql", &["--version"]).unprivileged();
/// Makes up accounts, so that servers that insist on theirs do without.
const ACCOUNTS: Tool = Tool { source: Source::Library("libnss-wrapper"), ..Tool::of("libnss_wrapper.so", "", &[]) };
const PSYCOPG: Tool = Tool { source: Source::Python, ..Tool::of("psycopg", "", python::TRIAL) };

const SUITES: [Suite; 6] = [
    Suite {
        module: "postgresql",
        tools: &[
            POSTGRES,
            INITDB,
            Tool::of("psql", "postgresql-client", &["--version"]),
            Tool::of("pgbench", "postgresql", &["--version"]),
        ],
    },
    Suite { module: "postgresql_direct", tools: &[PSYCOPG, POSTGRES, INITDB] },
    Suite {
        module: "redis",
        tools: &[
            Tool::of("redis-server", "redis-server", &["--version"]),
            Tool::of("redis-cli", "redis-tools", &["--version"]),
            Tool::of("redis-benchmark", "redis-tools", &["--version"]),
        ],
    },
    Suite {
        module: "mariadb",
        tools: &[
            Tool::of("mariadbd", "mariadb-server-core", &["--no-defaults", "--version"]),
            Tool::of("mariadb", "mariadb-client-core", &["--no-defaults", "--version"]),
        ],
    },
    Suite {
        module: "ssh",
        tools: &[
            Tool::of("ssh", "openssh-client", &["-V"]),
            Tool::of("sshd", "openssh-server", &["-?"]).unprivileged(),
            Tool::of("ssh-keygen", "openssh-client", &["-?"]),
            ACCOUNTS,
        ],
    },
    Suite {
        module: "smtp",
        tools: &[
            Tool::of("curl", "curl", &["--version"]),
            Tool::of("exim4", "exim4-daemon-light", &["-bV"]).unprivileged(),
            ACCOUNTS,
        ],
    },
];

impl Tool {
    const fn of(name: &'static str, package: &'static str, trial: &'static [&'static str]) -> Self {
        Self { name, source: Source::Package(package), trial, unprivileged: false }
    }

    const fn unprivileged(self) -> Self {
        Self { unprivileged: true, ..self }
    }
}

/// What is there for the tests.
pub(crate) struct Prepared {
    /// The list of programs: JSON, name to place.
    pub(crate) list: PathBuf,
    /// Modules of tests that cannot be run.
    missing: Vec<&'static str>,
}

impl Prepared {
    /// Which tests can be run, as an expression for cargo-nextest; `None` when all can.
    pub(crate) fn filter(&self) -> Option<String> {
        let tests: Vec<_> = self.missing.iter().map(|module| format!("test(/^{module}::/)")).collect();
        (!tests.is_empty()).then(|| format!("not (binary(programs) & ({}))", tests.join(" | ")))
    }
}

/// Looks for all programs and installs what is not there.
pub(crate) fn prepare(summary: &mut Summary) -> anyhow::Result<Prepared> {
    println!("== programs");
    let mut shelf = Shelf::open(workspace::target().join("programs"))?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for suite in &SUITES {
        match shelf.supply(suite.tools) {
            Ok(versions) => {
                println!("  | {}: {versions}", suite.module);
                found.push(suite.module);
            }
            Err(why) => {
                println!("\n********\nSKIPPED: tests with {}: {why}\n********\n", suite.module);
                summary.add(&format!("with {}", suite.module), Outcome::Skipped(why), 0, 0);
                missing.push(suite.module);
            }
        }
    }
    let list = shelf.write()?;
    if !found.is_empty() {
        summary.add("programs", Outcome::Passed(found.join(", ")), 0, 0);
    }
    Ok(Prepared { list, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_what_is_missing_are_left_out_and_no_others() {
        let prepared = |missing: &[&'static str]| Prepared { list: PathBuf::new(), missing: missing.to_vec() };
        assert_eq!(prepared(&[]).filter(), None);
        let filter = prepared(&["redis", "ssh"]).filter().expect("something is missing");
        assert_eq!(filter, "not (binary(programs) & (test(/^redis::/) | test(/^ssh::/)))");
    }

    /// A module that is not named here is run without its programs.
    #[test]
    fn every_module_of_the_tests_is_here() {
        let folder = workspace::root().join("crates/e2e/tests/programs");
        let mut modules: Vec<String> = std::fs::read_dir(folder)
            .expect("the tests are there")
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
            .filter(|module| module != "main")
            .collect();
        modules.sort();
        let mut known = SUITES.map(|suite| suite.module.to_owned());
        known.sort();
        assert_eq!(modules, known);
    }
}
