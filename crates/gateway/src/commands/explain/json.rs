//! An explanation as JSON.

use serde_json::{Value, json};
use snapshot::Algorithm;
use snapshot::explain::{Explanation, Fate, Forward, Outcome, Pass, Passes};

use super::{firewall, session};

pub(super) fn json(explanation: &Explanation) -> Value {
    let considered = explanation.considered.iter().map(|rule| {
        json!({
            "rule": rule.rule, "priority": rule.priority, "listener": rule.listener, "hosts": rule.hosts,
            "takes": rule.takes,
        })
    });
    let considered: Vec<_> = considered.collect();
    let token = explanation.token.as_ref().map(|token| json!({ "name": token.name, "refuses": token.refuses }));
    json!({
        "address": explanation.address, "documentPort": explanation.document_port,
        "needsProxyHeader": explanation.proxy_header, "tls": explanation.tls,
        "considered": considered, "listener": explanation.listener,
        "rule": explanation.rule, "pathMap": explanation.path_map, "pathRule": explanation.path_rule,
        "pattern": explanation.pattern, "comparedAs": explanation.matched_as, "token": token,
        "rewrites": rewrites(&explanation.rewrites), "firewall": firewall::of_road(&explanation.firewall),
        "outcome": outcome(explanation), "page": explanation.page,
    })
}

fn rewrites(rewrites: &Passes) -> Value {
    let headers = rewrites.headers.iter();
    let headers = headers.map(|change| json!({ "name": change.name, "before": change.before, "after": change.after }));
    let answer = rewrites.answer.iter().map(|change| {
        json!({
            "rule": change.rule, "name": change.name, "template": change.template, "value": change.value,
            "depends": change.depends,
        })
    });
    json!({
        "passes": rewrites.passes.iter().map(pass).collect::<Vec<_>>(),
        "headers": headers.collect::<Vec<_>>(), "path": rewrites.path, "query": rewrites.query,
        "answer": answer.collect::<Vec<_>>(),
    })
}

fn pass(pass: &Pass) -> Value {
    let rules = pass.rules.iter().map(|rule| match &rule.fate {
        Fate::Fires => json!({ "rule": rule.rule, "fate": "fires" }),
        Fate::Waits => json!({ "rule": rule.rule, "fate": "waits" }),
        Fate::Fails { variable, pattern, negate, value } => json!({
            "rule": rule.rule, "fate": "fails", "variable": variable, "pattern": pattern, "negate": negate,
            "value": value,
        }),
    });
    let rerouted = pass
        .rerouted
        .as_ref()
        .map(|rerouted| json!({ "path": rerouted.path, "pathRule": rerouted.path_rule, "pattern": rerouted.pattern }));
    json!({ "set": pass.set, "rules": rules.collect::<Vec<_>>(), "rerouted": rerouted })
}

/// What a request comes to; one that the firewall stops is told with where it would have gone.
fn outcome(explanation: &Explanation) -> Value {
    let mut told = of_road(&explanation.outcome);
    let screening = explanation.firewall.screening();
    if let (Some((kind, status)), Some(told)) = (screening.and_then(firewall::end), told.as_object_mut()) {
        told.insert("kind".to_owned(), kind.into());
        told.insert("status".to_owned(), status.into());
    }
    told
}

fn of_road(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::NoListener => json!({ "kind": "noListener" }),
        Outcome::Answer { status, reason } => json!({ "kind": "answer", "status": status, "reason": reason }),
        Outcome::Redirect { status, location } => {
            json!({ "kind": "redirect", "status": status, "location": location })
        }
        Outcome::Forward(to) => forward(to),
        Outcome::Session(to) => session::json(to),
        Outcome::Refused { end_reason, reason } => {
            json!({ "kind": "refused", "endReason": end_reason, "reason": reason })
        }
    }
}

fn forward(to: &Forward) -> Value {
    let distribution = to.distribution.as_ref().map(|distribution| {
        let algorithm = match distribution.algorithm {
            Algorithm::RoundRobin => "RoundRobin",
            Algorithm::LeastConnections => "LeastConnections",
            Algorithm::IpHash => "IpHash",
        };
        let pools = to.pools.iter().map(|pool| {
            json!({ "pool": pool.name, "weight": pool.weight, "percent": pool.percent, "members": pool.members })
        });
        json!({ "name": distribution.name, "algorithm": algorithm, "pools": pools.collect::<Vec<_>>() })
    });
    json!({
        "kind": "forward", "pool": to.pool(), "settings": to.settings, "members": to.members(),
        "distribution": distribution, "affinity": to.affinity, "scheme": to.scheme, "host": to.host, "path": to.path,
    })
}
