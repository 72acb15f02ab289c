//! Rules of the operator's own, by table: conditions, then what rules do, then what cannot be one.

mod conditions;
mod faults;
mod walk;

use std::net::IpAddr;

use super::*;
use crate::geo::Country;

/// Germany has 198.51.100.0/24, all else is unknown.
struct Germany;

impl Countries for Germany {
    fn country(&self, address: IpAddr) -> Country {
        if address.to_string().starts_with("198.51.100.") { *b"DE" } else { *b"ZZ" }
    }
}

/// What goes around a test.
struct World {
    counters: Counters,
    clearances: Clearances,
}

impl World {
    fn new() -> Self {
        Self { counters: Counters::new(1000), clearances: Clearances::new(b"key") }
    }

    fn around(&self, mode: Mode) -> Surroundings<'_> {
        Surroundings {
            counters: &self.counters,
            countries: &Germany,
            clearances: &self.clearances,
            point: "listener",
            mode,
            now: Duration::from_secs(1_800_000_000),
        }
    }
}

/// Words of a request; a body with a content type.
#[derive(Clone, Copy)]
struct Sent<'s> {
    method: &'s str,
    target: &'s str,
    client: &'s str,
    headers: &'s [(&'s str, &'s str)],
    arguments: &'s [(&'s str, &'s str)],
    body: &'s str,
}

const GET: Sent<'static> =
    Sent { method: "GET", target: "/", client: "192.0.2.1", headers: &[], arguments: &[], body: "" };

impl Sent<'_> {
    fn step(&self, rules: &Rules, from: Place, with_body: bool, around: &Surroundings<'_>) -> (Step, Vec<Told>) {
        let headers: Vec<(&[u8], &[u8])> = self.headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        let request = Request {
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            protocol: "HTTP/1.1",
            client: self.client.parse().unwrap(),
            client_port: 40_000,
            headers: &headers,
            id: "1",
        };
        let arguments = self.arguments.to_vec();
        let body = with_body.then_some(Body { bytes: self.body.as_bytes(), arguments: &arguments });
        let mut told = Vec::new();
        let step = rules.step(from, &request, body, around, &mut told);
        (step, told)
    }
}

fn rule(name: &str, priority: i64, action: Action, conditions: Vec<ConditionSpec>) -> RuleSpec {
    RuleSpec { name: name.to_owned(), priority, enabled: true, kind: RuleKind::Match, action, conditions }
}

fn condition(variable: Variable, selector: &str, operator: Operator, values: &[&str]) -> ConditionSpec {
    ConditionSpec {
        variables: vec![(variable, (!selector.is_empty()).then(|| selector.to_owned()))],
        operator,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        transforms: Vec::new(),
        negated: false,
    }
}

/// A path that begins so.
fn path(begin: &str) -> ConditionSpec {
    condition(Variable::RequestUri, "", Operator::BeginsWith, &[begin])
}
