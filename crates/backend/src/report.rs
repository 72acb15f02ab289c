//! The fleet's health as the status board shows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe::status::{Health, HealthReport, NameStatus, ServerHealth, TargetHealth};

use crate::dns::NameState;
use crate::drain::Leaving;
use crate::fleet::{Departed, Fleet};
use crate::health::State;
use crate::server::Server;
use crate::target::LiveTarget;

impl Fleet {
    /// The health of every server, ages counted to `now`; servers on their way out behind the others.
    pub fn report(&self, now: Instant) -> HealthReport {
        let lists = self.lists_leaving;
        let live = |target: &Arc<LiveTarget>| {
            let mut health = target_health(target, now);
            if lists {
                health.servers.extend(leaving_servers(&target.leaving(), now));
            }
            health
        };
        let mut targets: Vec<_> = self.targets().iter().map(live).collect();
        if lists {
            targets.extend(self.departed().iter().filter_map(|departed| departed_health(departed, now)));
        }
        HealthReport { targets }
    }
}

fn target_health(target: &LiveTarget, now: Instant) -> TargetHealth {
    let eligible = target.eligible();
    let server = |server: &Arc<Server>| {
        let in_rotation = eligible.iter().any(|other| other.id == server.id);
        server_health(server, in_rotation, now)
    };
    TargetHealth {
        servers: target.all().iter().map(server).collect(),
        names: target.names().iter().map(|(name, state)| name_status(name, state, now)).collect(),
        ..nameless(target)
    }
}

/// A target without servers.
fn nameless(target: &LiveTarget) -> TargetHealth {
    TargetHealth {
        pool: target.key.pool.to_string(),
        settings: target.key.settings.to_string(),
        probe: target.spec.probe.name.as_deref().map(str::to_owned),
        ..TargetHealth::default()
    }
}

/// `None` once the last server's time is over.
fn departed_health(departed: &Departed, now: Instant) -> Option<TargetHealth> {
    let servers: Vec<_> = leaving_servers(&departed.leaving, now).collect();
    (!servers.is_empty()).then(|| TargetHealth { servers, ..nameless(&departed.target) })
}

fn leaving_servers(leaving: &[Leaving], now: Instant) -> impl Iterator<Item = ServerHealth> {
    let leaving = leaving.iter().filter(move |leaving| leaving.lasts(now));
    leaving.map(move |leaving| ServerHealth {
        health: Health::Draining,
        reason: "was removed; what is under way there ends within the drain timeout".to_owned(),
        code: "Draining",
        ..server_health(&leaving.server, false, now)
    })
}

fn server_health(server: &Server, in_rotation: bool, now: Instant) -> ServerHealth {
    let verdicts = server.verdicts();
    let (reason, code) = match verdicts.last().map(|last| &last.outcome) {
        None if in_rotation => ("not probed yet in its present form, was healthy before".to_owned(), "NotProbed"),
        None => ("not probed yet".to_owned(), "NotProbed"),
        Some(Ok(success)) => (success.to_string(), "Success"),
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
        active: server.active(),
        draining_seconds_left: server.cut_at().map(|at| at.saturating_duration_since(now).as_secs_f64()),
        consecutive_failures: verdicts.failures(),
        last_probe_seconds_ago: verdicts.last().map(|last| age(last.ended(), now).as_secs_f64()),
        latency_milliseconds: verdicts.last().map(|last| last.took.as_secs_f64() * 1000.0),
    }
}

fn name_status(name: &str, state: &NameState, now: Instant) -> NameStatus {
    NameStatus {
        name: name.to_owned(),
        addresses: state.addresses.clone(),
        error: state.error.as_ref().map(|error| error_text(name, state, error)),
        code: state.code(),
        left_out: state.left_out.as_deref().map(str::to_owned),
        resolved_seconds_ago: state.resolved.map(|at| age(at, now).as_secs_f64()),
        next_lookup_seconds: state.next.map(|at| age(now, at).as_secs_f64()),
    }
}

/// What is not known of a name whose addresses in use are good is no failure of the name.
fn error_text(name: &str, state: &NameState, error: &str) -> String {
    match state.failure(name).filter(|_| state.addresses.is_empty() || state.is_stale) {
        Some(failure) => failure.to_string(),
        None => format!("other addresses cannot be found out: {error}"),
    }
}

fn age(then: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(then)
}
