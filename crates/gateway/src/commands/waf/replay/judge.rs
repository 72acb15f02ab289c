//! Asks a snapshot what its firewalls do with a recorded request.

use snapshot::explain::{Explanation, Firewall, Memory, Passes, Screening, explain_next, screen};
use snapshot::{Binding, Guard, Scheme, Snapshot};

use super::record::Record;

/// A snapshot that judges requests one after the other, so that rate limits count.
pub(super) struct Judge {
    snapshot: Snapshot,
    /// The policy that judges wherever a request goes.
    policy: Option<String>,
    memory: Memory,
}

/// What came of a request.
pub(super) enum Judged {
    /// No policy was asked: why.
    NotAsked(&'static str),
    /// What it did.
    Screened(Box<Screening>),
}

impl Judged {
    pub(super) fn screening(&self) -> Option<&Screening> {
        match self {
            Self::NotAsked(_) => None,
            Self::Screened(screening) => Some(screening),
        }
    }

    /// Why no policy was asked.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NotAsked(reason) => reason,
            Self::Screened(_) => "",
        }
    }
}

impl Judge {
    /// # Errors
    /// There is no such policy; the text says which ones are in force.
    pub(super) fn new(snapshot: Snapshot, policy: Option<&str>) -> Result<Self, String> {
        let judge = Self { snapshot, policy: policy.map(str::to_owned), memory: Memory::default() };
        let Some(name) = policy.filter(|_| judge.named().is_none()) else { return Ok(judge) };
        let mut names: Vec<&str> = judge.guards().map(|guard| &*guard.policy.name).collect();
        names.sort_unstable();
        names.dedup();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(format!("there is no policy {name:?} in {}; in force: {there}", judge.snapshot.identity.name))
    }

    /// What it does with a request.
    pub(super) fn judge(&self, record: &Record) -> Judged {
        match self.named().or_else(|| self.of_place(record)) {
            Some(guard) => self.screened_by(guard, record),
            None => self.routed(record),
        }
    }

    fn guards(&self) -> impl Iterator<Item = &Guard> {
        self.snapshot.firewalls.guards.entries().map(|(_, guard)| guard)
    }

    fn named(&self) -> Option<&Guard> {
        let name = self.policy.as_ref()?;
        self.guards().find(|guard| guard.policy.name.eq_ignore_ascii_case(name))
    }

    /// The policy where one was in force when the request was logged, whose URL is then what rules saw.
    fn of_place(&self, record: &Record) -> Option<&Guard> {
        let (scope, name) = record.place.as_ref()?;
        let same = |guard: &&Guard| {
            guard.place.scope.name() == scope && (guard.place.name.eq_ignore_ascii_case(name) || scope == "Global")
        };
        self.guards().find(same)
    }

    fn screened_by(&self, guard: &Guard, record: &Record) -> Judged {
        let question = record.question(record.scheme.unwrap_or(Scheme::Http), 0);
        let firewalls = &self.snapshot.firewalls;
        Judged::Screened(Box::new(screen(firewalls, guard, &question, &Passes::default(), &self.memory)))
    }

    /// By the road that the request takes. Of several ports that it may have come to, the first where it is inspected.
    fn routed(&self, record: &Record) -> Judged {
        let mut reason = "no listener takes it";
        for binding in self.ports(record) {
            let question = record.question(binding.scheme, binding.document_port);
            let Explanation { firewall, rule, .. } = explain_next(&self.snapshot, &question, &self.memory);
            reason = match firewall {
                Firewall::Screened(screening) => return Judged::Screened(screening),
                Firewall::NotAsked { reason } => reason,
                Firewall::Absent if rule.is_none() => continue,
                Firewall::Absent | Firewall::NotHere => "no policy is in force where it goes",
            };
        }
        Judged::NotAsked(reason)
    }

    /// The sockets that it may have come to, those of its listener first.
    fn ports(&self, record: &Record) -> Vec<&Binding> {
        let speaks = |binding: &Binding| match record.scheme {
            Some(scheme) => binding.scheme == scheme,
            None => binding.scheme.is_http(),
        };
        let listeners = &self.snapshot.listeners;
        let named = |name: &str| listeners.entries().find(|(_, listener)| &*listener.name == name);
        let own = record.listener.as_deref().and_then(named).map(|(_, listener)| &listener.bindings);
        let bindings = self.snapshot.bindings.entries().filter(|(_, binding)| speaks(binding));
        let mut ports: Vec<_> = bindings.collect();
        ports.sort_by_key(|(id, _)| !own.is_some_and(|own| own.contains(id)));
        ports.into_iter().map(|(_, binding)| binding).collect()
    }
}
