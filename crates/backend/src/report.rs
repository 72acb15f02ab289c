//! The fleet's health as the status board shows it.

use std::time::{Duration, Instant};

use observe::status::{Health, HealthReport, NameStatus, ServerHealth, TargetHealth};

use crate::dns::NameState;
use crate::fleet::Fleet;
use crate::health::{State, success_text};
use crate::server::Server;
use crate::target::LiveTarget;

impl Fleet {
    /// The health of every server, ages counted to `now`.
    pub fn report(&self, now: Instant) -> HealthReport {
        HealthReport { targets: self.targets().iter().map(|target| target_health(target, now)).collect() }
    }
}

fn target_health(target: &LiveTarget, now: Instant) -> TargetHealth {
    let eligible = target.eligible();
    let server = |server: &std::sync::Arc<Server>| {
        let in_rotation = eligible.iter().any(|other| other.id == server.id);
        server_health(server, in_rotation, now)
    };
    TargetHealth {
        pool: target.key.pool.to_string(),
        settings: target.key.settings.to_string(),
        probe: target.spec.probe.name.as_deref().map(str::to_owned),
        servers: target.all().iter().map(server).collect(),
        names: target.names().iter().map(|(name, state)| name_status(name, state, now)).collect(),
    }
}

fn server_health(server: &Server, in_rotation: bool, now: Instant) -> ServerHealth {
    let verdicts = server.verdicts();
    let (reason, code) = match verdicts.last().map(|last| &last.outcome) {
        None if in_rotation => ("not probed yet in its present form, was healthy before".to_owned(), "NotProbed"),
        None => ("not probed yet".to_owned(), "NotProbed"),
        Some(Ok(status)) => (success_text(*status), "Success"),
        Some(Err(failure)) => (failure.to_string(), failure.code()),
    };
    ServerHealth {
        address: server.address,
        name: server.name.as_deref().map(str::to_owned),
        health: match verdicts.state() {
            State::Up => Health::Healthy,
            State::Down => Health::Unhealthy,
            State::Unknown => Health::Unknown,
        },
        reason,
        code,
        in_rotation,
        consecutive_failures: verdicts.failures(),
        last_probe_seconds_ago: verdicts.last().map(|last| age(last.ended(), now).as_secs_f64()),
        latency_milliseconds: verdicts.last().map(|last| last.took.as_secs_f64() * 1000.0),
    }
}

fn name_status(name: &str, state: &NameState, now: Instant) -> NameStatus {
    NameStatus {
        name: name.to_owned(),
        addresses: state.addresses.len(),
        error: state.failure(name).map(|failure| failure.to_string()),
        code: match (&state.error, state.answered) {
            (Some(_), _) => "DnsFailure",
            (None, true) => "Resolved",
            (None, false) => "Resolving",
        },
        resolved_seconds_ago: state.resolved.map(|at| age(at, now).as_secs_f64()),
    }
}

fn age(then: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(then)
}
