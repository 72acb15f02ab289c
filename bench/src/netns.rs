//! A network namespace of the run's own, so that loopback settings can be set without touching the machine's.
//!
//! Congestion control matters even on loopback: BBR paces with timers and costs every proxy CPU that no real network
//! card would ask of it in this way. Cubic is set as an attribute of the namespace's loopback route, since the sysctl
//! accepts only what the host allows.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cli::{Cli, Network};
use crate::tools::{has, is_root};

/// Sysctls of the namespace: room for many short connections.
const SYSCTLS: [(&str, &str); 3] =
    [("net/ipv4/ip_local_port_range", "10240 65000"), ("net/ipv4/tcp_tw_reuse", "1"), ("net/core/somaxconn", "16384")];

/// Runs this tool again, in a namespace of its own if that is possible.
pub(crate) fn run_inside(prepared: &Cli) -> Result<()> {
    let own = std::env::current_exe()?;
    let possible =
        is_root() && has("unshare") && has("ip") && Command::new("unshare").args(["--net", "true"]).status()?.success();
    let mut command = if possible {
        let mut command = Command::new("unshare");
        command.args(["--net", "--"]).arg(own).args(prepared.to_arguments(Network::Namespace));
        command
    } else {
        println!("no network namespace (that takes root, unshare and ip): measuring in the machine's own network");
        let mut command = Command::new(own);
        command.args(prepared.to_arguments(Network::Host));
        command
    };
    let status = command.status().context("start the run")?;
    if !status.success() {
        bail!("the run failed ({status})");
    }
    Ok(())
}

/// Sets up the namespace we are in; returns the congestion control that loopback connections have.
pub(crate) fn set_up(network: Network) -> Result<String> {
    let own = fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").unwrap_or_default().trim().to_owned();
    if network == Network::Host {
        return Ok(own);
    }
    ip(&["link", "set", "lo", "up"])?;
    for (name, value) in SYSCTLS {
        if fs::write(format!("/proc/sys/{name}"), value).is_err() {
            println!("could not set {name} to {value}: going on without");
        }
    }
    if own == "cubic" {
        return Ok(own);
    }
    for destination in ["127.0.0.0/8", "127.0.0.1"] {
        let route = ["route", "replace", "local", destination, "dev", "lo", "src", "127.0.0.1", "table", "local"];
        if let Err(problem) = ip(&[&route[..], &["congctl", "cubic"]].concat()) {
            println!("could not set cubic for loopback ({problem}): going on with {own}");
            return Ok(own);
        }
    }
    Ok("cubic".to_owned())
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("start ip")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
