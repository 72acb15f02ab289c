//! What the firewall does with a request: the data plane's policies, shown what they would be shown on the road.

use firewall::challenge::{Clearances, is_endpoint};
use firewall::events::{Common, Event, Place, Scope};
use firewall::explain::{SCORE_RULE, Verdict};
use firewall::inspection::{Decision, Inspection, Outcome as Inspected, Services, Step};
use firewall::rate::Counters;
use firewall::{Mode, Request};

use super::{Outcome, Passes, Question};
use crate::{Firewalls, Guard, Route, RuleId, Snapshot};

/// The firewall's part of a road.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Firewall {
    /// The gateway has no firewall policy in force, or the road ended before there was one to look for.
    #[default]
    Absent,
    /// Policies are in force elsewhere, and none is here.
    NotHere,
    /// The request is answered without the firewall.
    NotAsked {
        /// Why.
        reason: &'static str,
    },
    /// A policy has judged it.
    Screened(Box<Screening>),
}

/// What a policy did with a request, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    /// The policy's name.
    pub policy: String,
    /// Its resource id.
    pub policy_id: String,
    /// Where it is in force.
    pub place: Place,
    /// Whether it blocks.
    pub mode: Mode,
    /// Path and query as the rules saw them, values hidden where the policy wants it.
    pub target: String,
    /// The host they saw.
    pub host: String,
    /// Rewrites had changed path, query or host before.
    pub rewritten: bool,
    /// What became of it, in one word.
    pub verdict: Verdict,
    /// What is to be done with it.
    pub decision: Decision,
    /// Rows that the firewall log would have.
    pub events: Vec<Event>,
    /// Score, findings, and what decided.
    pub reasons: firewall::explain::Explanation,
}

/// What firewalls keep between requests: counts of rate limits, seals of answered challenges.
#[derive(Debug)]
pub struct Memory {
    counters: Counters,
    clearances: Clearances,
}

impl Default for Memory {
    /// Nothing was counted, and no challenge was answered.
    fn default() -> Self {
        // Nobody is granted anything here, so the seal keeps no secret.
        Self { counters: Counters::default(), clearances: Clearances::new(b"explain") }
    }
}

impl Firewall {
    /// What a policy did, if one was asked.
    #[must_use]
    pub fn screening(&self) -> Option<&Screening> {
        match self {
            Self::Screened(screening) => Some(screening),
            Self::Absent | Self::NotHere | Self::NotAsked { .. } => None,
        }
    }
}

impl Screening {
    /// Whether the request ends here.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.decision != Decision::Forward
    }

    /// The rows that count for what became of the request: rules that scored, refused or challenged. Not the
    /// evaluation of the score, which is no finding of its own.
    pub fn causes(&self) -> impl Iterator<Item = &Event> {
        self.rules()
            .filter(|event| !matches!(event.action.name(), "Log" | "Allowed" | "JSChallengeValid" | "CAPTCHAValid"))
    }

    /// The rows of rules that matched.
    pub fn rules(&self) -> impl Iterator<Item = &Event> {
        let of_score = SCORE_RULE.to_string();
        self.events.iter().filter(move |event| event.rule_id != of_score)
    }
}

/// Whether it is sent where answered challenges are, under a rule that has a policy anywhere.
pub(super) fn is_proof(snapshot: &Snapshot, rule: RuleId, question: &Question<'_>) -> bool {
    let guarded = || snapshot.routes.iter().any(|route| route.rule == rule && route.firewall.is_some());
    is_endpoint(question.path.as_bytes()) && guarded()
}

/// What the policy of a route does.
pub(super) fn ask(
    firewalls: &Firewalls,
    route: &Route,
    question: &Question<'_>,
    passes: &Passes,
    outcome: &Outcome,
    memory: &Memory,
) -> Firewall {
    if firewalls.guards.is_empty() {
        return Firewall::Absent;
    }
    match outcome {
        Outcome::Forward(_) => {}
        Outcome::Redirect { .. } => {
            return Firewall::NotAsked { reason: "redirects are answered without the firewall" };
        }
        _ => return Firewall::NotAsked { reason: "answers of the gateway's own are given without the firewall" },
    }
    let Some(guard) = firewalls.of(route) else { return Firewall::NotHere };
    Firewall::Screened(Box::new(screen(firewalls, guard, question, passes, memory)))
}

/// What a policy does with a request. Rules see it as it came, or, where rewrites change path, query or host, as it
/// goes on.
///
/// Source: Azure, "Rewrite HTTP headers and URL": with the firewall, rewritten requests are what it evaluates.
pub fn screen(
    firewalls: &Firewalls,
    guard: &Guard,
    question: &Question<'_>,
    passes: &Passes,
    memory: &Memory,
) -> Screening {
    let of_host = |name: &str| name.eq_ignore_ascii_case("host");
    let rewritten =
        passes.path.is_some() || passes.query.is_some() || passes.headers.iter().any(|change| of_host(&change.name));
    let untouched = Passes::default();
    let passes = if rewritten { passes } else { &untouched };
    let (path, query) = passes.target(question);
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let headers = headers(question, passes);
    let request = Request {
        method: question.method.as_bytes(),
        target: target.as_bytes(),
        protocol: question.version,
        client: question.client,
        client_port: 0,
        headers: &headers,
        id: "explain",
    };
    let services = Services {
        counters: &memory.counters,
        countries: &*firewalls.countries,
        clearances: firewalls.clearances.as_deref().unwrap_or(&memory.clearances),
        reputation: &*firewalls.reputation,
        now: question.now,
    };
    let outcome = inspected(Inspection::new(&guard.policy, &guard.place, &request, &services), question.body);
    let Common { request_uri, hostname, .. } = Common::new(&guard.policy, &guard.place, &request);
    Screening {
        policy: guard.policy.name.to_string(),
        policy_id: guard.policy.id.to_string(),
        place: guard.place.clone(),
        mode: guard.policy.mode,
        target: request_uri,
        host: hostname,
        rewritten,
        verdict: Verdict::of(&outcome),
        decision: outcome.decision,
        events: outcome.events,
        reasons: outcome.explanation,
    }
}

/// Header fields as rules see them: those that rewrites set come last.
fn headers<'a>(question: &'a Question<'_>, passes: &'a Passes) -> Vec<(&'a [u8], &'a [u8])> {
    let edited = |name: &str| passes.headers.iter().any(|change| change.name.eq_ignore_ascii_case(name));
    let own = question.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = std::iter::once(("Host", question.host)).chain(own).filter(|(name, _)| !edited(name));
    let set = passes.headers.iter().filter_map(|change| Some((change.name.as_str(), change.after.as_deref()?)));
    kept.chain(set).map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

fn inspected(mut inspection: Inspection<'_>, body: &[u8]) -> Inspected {
    match inspection.head() {
        Step::Done(outcome) => return outcome,
        _ if body.is_empty() => {}
        _ => {
            if let Step::Done(outcome) = inspection.body(body) {
                return outcome;
            }
        }
    }
    inspection.finish()
}

/// The place in words.
#[must_use]
pub fn place(place: &Place) -> String {
    match place.scope {
        Scope::Global => "the gateway".to_owned(),
        Scope::Listener => format!("the listener {}", place.name),
        Scope::Location => format!("the path rule {}", place.name),
    }
}
