//! What several servers together say of a name: a pure engine that sees what they said, in the order they said it.
//!
//! Addresses are believed from whoever has them. That a name has none of one family is believed from a server that has
//! addresses of the other: one that denies everything may be lying, or not know yet.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::ask::{Failed, Family, Outcome};
use super::{Answer, Found, LookupError};

/// What a server said of a family.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Its place in the list.
    pub(super) server: usize,
    pub(super) family: Family,
    pub(super) outcome: Outcome,
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    asked: Vec<usize>,
    said: Vec<Said>,
}

impl Verdict {
    /// A server was asked for both families.
    pub(super) fn asked(&mut self, server: usize) {
        self.asked.push(server);
    }

    pub(super) fn take(&mut self, said: Said) {
        self.said.push(said);
    }

    /// True when no server can add anything.
    pub(super) fn is_complete(&self) -> bool {
        Family::BOTH.iter().all(|family| self.addresses(*family).is_some() || self.is_empty(*family))
    }

    pub(super) fn has_addresses(&self) -> bool {
        self.best().is_some()
    }

    /// The server that was the first to have addresses.
    pub(super) fn best(&self) -> Option<usize> {
        self.said.iter().find(|said| has_addresses(&said.outcome)).map(|said| said.server)
    }

    /// True when the server that was asked last has said something that is not enough.
    pub(super) fn needs_another(&self) -> bool {
        self.asked.last().is_some_and(|server| self.falls_short(*server))
    }

    fn falls_short(&self, server: usize) -> bool {
        let [v4, v6] = Family::BOTH.map(|family| self.of(server, family));
        let is_bad = |outcome: Option<&Outcome>| matches!(outcome, Some(Outcome::Failed(_) | Outcome::NoName { .. }));
        let has_nothing = |outcome: Option<&Outcome>| matches!(outcome, Some(Outcome::Nothing { .. }));
        is_bad(v4) || is_bad(v6) || (has_nothing(v4) && has_nothing(v6))
    }

    fn of(&self, server: usize, family: Family) -> Option<&Outcome> {
        self.said.iter().find(|said| (said.server, said.family) == (server, family)).map(|said| &said.outcome)
    }

    fn addresses(&self, family: Family) -> Option<&Outcome> {
        self.said.iter().filter(|said| said.family == family).map(|said| &said.outcome).find(|said| has_addresses(said))
    }

    /// True when a server that has addresses of the other family has none of this.
    fn is_empty(&self, family: Family) -> bool {
        let is_empty_at = |server: usize| {
            matches!(self.of(server, family), Some(Outcome::Nothing { .. }))
                && self.of(server, family.other()).is_some_and(has_addresses)
        };
        self.asked.iter().any(|server| is_empty_at(*server))
    }

    /// The whole of it. `servers` is the list that the servers' places are of.
    pub(super) fn found(&self, servers: &[SocketAddr]) -> Found {
        let [v4, v6] = Family::BOTH.map(|family| self.family(family, servers));
        let unusable = self.said.iter().filter_map(|said| match &said.outcome {
            Outcome::Addresses { unusable, .. } => Some(unusable),
            _ => None,
        });
        let unusable: BTreeSet<_> = unusable.flatten().copied().collect();
        Found { v4, v6, unusable: unusable.into_iter().collect() }
    }

    fn family(&self, family: Family, servers: &[SocketAddr]) -> Result<Answer, LookupError> {
        match self.addresses(family) {
            Some(Outcome::Addresses { addresses, ttl, .. }) => Ok(Answer { addresses: addresses.clone(), ttl: *ttl }),
            // As long as the addresses that there are of the other family.
            _ if self.is_empty(family) => Ok(Answer { addresses: Vec::new(), ttl: Duration::MAX }),
            _ => Err(self.error(family, servers)),
        }
    }

    fn error(&self, family: Family, servers: &[SocketAddr]) -> LookupError {
        let late = Outcome::Failed(Failed::Late);
        let all: Vec<_> = self.asked.iter().map(|&server| (server, self.of(server, family).unwrap_or(&late))).collect();
        let is_absent = all.iter().all(|(_, outcome)| absence(outcome).is_some());
        let absent_for = all.iter().filter_map(|(_, outcome)| absence(outcome).flatten()).min();
        LookupError { text: texts(&all, servers), is_absent, absent_for: absent_for.filter(|_| is_absent) }
    }
}

/// What servers said, each thing once with all who said it.
fn texts(said: &[(usize, &Outcome)], servers: &[SocketAddr]) -> String {
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    for (server, outcome) in said {
        let text = text(outcome);
        let address = servers.get(*server).map(ToString::to_string).unwrap_or_default();
        match texts.iter_mut().find(|(its, _)| *its == text) {
            Some((_, addresses)) => addresses.push(address),
            None => texts.push((text, vec![address])),
        }
    }
    let texts: Vec<_> = texts.iter().map(|(text, addresses)| format!("{text} ({})", addresses.join(", "))).collect();
    texts.join("; ")
}

const fn has_addresses(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Addresses { .. })
}

/// For how long a server denies that there is something, if it does.
const fn absence(outcome: &Outcome) -> Option<Option<Duration>> {
    match outcome {
        Outcome::Nothing { absent_for } | Outcome::NoName { absent_for } => Some(*absent_for),
        Outcome::Addresses { .. } | Outcome::Failed(_) => None,
    }
}

fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NoName { .. } => "there is no such name".to_owned(),
        Outcome::Nothing { .. } | Outcome::Addresses { .. } => "the name has no address".to_owned(),
        Outcome::Failed(failed) => failed.to_string(),
    }
}

#[cfg(test)]
mod tests;
