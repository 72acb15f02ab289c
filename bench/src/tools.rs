//! What a run needs from outside: the peers from the distribution, and the gateway built from this tree.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::cli::{Cli, Target};
use crate::work::Work;

/// nginx's module for TCP and TLS, which the distribution packs apart from nginx.
pub(crate) const NGINX_STREAM: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

/// Installs and builds what the run needs; returns the choice narrowed to what can be had.
pub(crate) fn prepare(cli: &Cli) -> Result<Cli> {
    let mut prepared = cli.clone();
    let asked: Vec<Target> = if cli.only.is_empty() { Target::ALL.to_vec() } else { cli.only.clone() };
    prepared.only.clear();
    for target in asked {
        let ready = match target {
            Target::Nginx => installed("nginx", "nginx"),
            Target::Haproxy => installed("haproxy", "haproxy"),
            Target::Floor => true,
            Target::Gatehouse => match gatehouse(cli) {
                Ok(path) => {
                    prepared.gatehouse = Some(path);
                    true
                }
                // Asked for by name, it must be there; otherwise the peers can still be measured.
                Err(problem) if cli.only.is_empty() => {
                    println!("SKIPPED: gatehouse: {problem:#}");
                    false
                }
                Err(problem) => return Err(problem),
            },
        };
        if ready {
            prepared.only.push(target);
        }
    }
    let rows = cli.selected_rows();
    if prepared.only.contains(&Target::Nginx) && rows.iter().any(|row| Work::of(*row, cli).task.is_some()) {
        installed(NGINX_STREAM, "libnginx-mod-stream");
    }
    if cli.calls {
        installed("perf", "linux-perf");
    }
    if is_root() {
        installed("ip", "iproute2");
    }
    if rows.into_iter().any(|row| Work::of(row, cli).counts_instructions) {
        installed("valgrind", "valgrind");
    }
    if prepared.only.is_empty() {
        bail!("no proxy to measure");
    }
    Ok(prepared)
}

/// Whether a program is on the path (or where Debian keeps system programs), or a file where it is said to be.
pub(crate) fn has(program: &str) -> bool {
    find(program).is_some()
}

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether we may do what only root may.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The workspace's root, which is the parent of this crate's folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// True when the program is there, if need be after installing the package; says plainly when it is not.
pub(crate) fn installed(program: &str, package: &str) -> bool {
    if has(program) {
        return true;
    }
    if !is_root() || !has("apt-get") {
        println!("SKIPPED: {program} is not installed, and installing it takes root and apt-get");
        return false;
    }
    println!("installing {package}");
    let apt = |arguments: &[&str]| {
        Command::new("apt-get")
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let install = ["install", "-y", "--no-install-recommends", package];
    if !apt(&install) && apt(&["update"]) {
        apt(&install);
    }
    if !has(program) {
        println!("SKIPPED: {program} could not be installed (apt-get install {package} failed)");
    }
    has(program)
}

/// The gateway's binary: the one that was named, or one built as it ships.
fn gatehouse(cli: &Cli) -> Result<PathBuf> {
    if let Some(path) = &cli.gatehouse {
        return path.canonicalize().with_context(|| format!("no gatehouse binary at {}", path.display()));
    }
    println!("building gatehouse (profile dist)");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--profile", "dist", "-p", "gateway"])
        .current_dir(workspace())
        .status()
        .context("start cargo")?;
    if !status.success() {
        bail!("cargo build --profile dist -p gateway failed ({status})");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let binary = target.join("dist/gatehouse");
    if !binary.is_file() {
        bail!("the build left no {}", binary.display());
    }
    Ok(binary)
}
