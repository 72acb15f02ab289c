//! What is said of names in the gateway's log: once when it happens, however often a name is looked up.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::NameState;
use super::usable::list;

/// Something happened to a name. Prints as a line for the gateway's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameChange {
    /// The name.
    pub name: Arc<str>,
    /// What happened.
    pub event: NameEvent,
}

/// What may happen to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameEvent {
    /// It has other addresses than before.
    Changed {
        /// Those it did not have.
        came: Vec<IpAddr>,
        /// Those it no longer has.
        gone: Vec<IpAddr>,
        /// How many it has.
        total: usize,
    },
    /// It cannot be resolved, or some of its addresses could not be confirmed.
    Fails {
        /// Why.
        error: Arc<str>,
        /// Addresses that stay in use.
        kept: usize,
    },
    /// It can be resolved again.
    Recovered,
    /// Addresses of its answer are not used.
    LeftOut {
        /// Which, and why.
        text: Arc<str>,
    },
}

/// What happened between two look-ups.
pub(super) fn events(before: &NameState, after: &NameState) -> Vec<NameEvent> {
    let mut events = Vec::new();
    let (failed, fails) = (is_failing(before), is_failing(after));
    if failed && !fails && !before.addresses.is_empty() {
        events.push(NameEvent::Recovered);
    }
    if before.addresses != after.addresses {
        let missing = |from: &[IpAddr], of: &[IpAddr]| -> Vec<IpAddr> {
            of.iter().copied().filter(|address| !from.contains(address)).collect()
        };
        events.push(NameEvent::Changed {
            came: missing(&before.addresses, &after.addresses),
            gone: missing(&after.addresses, &before.addresses),
            total: after.addresses.len(),
        });
    }
    if !failed && fails {
        let error = after.error.clone().unwrap_or_default();
        events.push(NameEvent::Fails { error, kept: after.addresses.len() });
    }
    if before.left_out.is_none()
        && let Some(text) = &after.left_out
    {
        events.push(NameEvent::LeftOut { text: Arc::clone(text) });
    }
    events
}

fn is_failing(state: &NameState) -> bool {
    state.answered && (state.addresses.is_empty() || state.is_stale)
}

impl fmt::Display for NameChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.event {
            NameEvent::Changed { total: 0, .. } => {
                write!(f, "the name {name} has no address any more: it could not be resolved for too long")
            }
            NameEvent::Changed { came, gone, total } => {
                write!(f, "the name {name} has {}", addresses(*total))?;
                for (what, which) in [("new", came), ("gone", gone)] {
                    if !which.is_empty() {
                        write!(f, "; {what}: ")?;
                        list(f, which)?;
                    }
                }
                Ok(())
            }
            NameEvent::Fails { error, kept: 0 } => {
                write!(f, "the name {name} cannot be resolved: {error}; it is tried again and again")
            }
            NameEvent::Fails { error, kept } => {
                write!(f, "the name {name} cannot be resolved: {error}; {} in use until it can", addresses(*kept))
            }
            NameEvent::Recovered => write!(f, "the name {name} can be resolved again"),
            NameEvent::LeftOut { text } => write!(f, "the name {name}: {text}"),
        }
    }
}

fn addresses(count: usize) -> String {
    if count == 1 { "1 address".to_owned() } else { format!("{count} addresses") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(addresses: &[&str], error: Option<&str>, is_stale: bool) -> NameState {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        NameState { addresses, answered: true, error: error.map(Arc::from), is_stale, ..NameState::default() }
    }

    #[test]
    fn what_happens_is_told_once() {
        let new = NameState::default();
        let (one, two) = (state(&["10.0.0.1"], None, false), state(&["10.0.0.1", "10.0.0.2"], None, false));
        let (stale, nothing) = (state(&["10.0.0.1"], Some("silence"), true), state(&[], Some("silence"), false));
        let (partly, note) = (
            state(&["10.0.0.1"], Some("IPv6: silence"), false),
            NameState { left_out: Some("64 of 70 are used".into()), ..one.clone() },
        );
        let rows = [
            (&new, &one, vec!["the name a has 1 address; new: 10.0.0.1"]),
            (&one, &one, vec![]),
            (&one, &two, vec!["the name a has 2 addresses; new: 10.0.0.2"]),
            (&two, &one, vec!["the name a has 1 address; gone: 10.0.0.2"]),
            (&one, &stale, vec!["the name a cannot be resolved: silence; 1 address in use until it can"]),
            (&stale, &stale, vec![]),
            (&stale, &one, vec!["the name a can be resolved again"]),
            (&stale, &two, vec!["the name a can be resolved again", "the name a has 2 addresses; new: 10.0.0.2"]),
            (&stale, &nothing, vec!["the name a has no address any more: it could not be resolved for too long"]),
            (&new, &nothing, vec!["the name a cannot be resolved: silence; it is tried again and again"]),
            (&nothing, &nothing, vec![]),
            (&nothing, &one, vec!["the name a has 1 address; new: 10.0.0.1"]),
            // A family that there never was an address of changes nothing.
            (&one, &partly, vec![]),
            (&one, &note, vec!["the name a: 64 of 70 are used"]),
            (&note, &note, vec![]),
        ];
        for (before, after, expected) in rows {
            let events = events(before, after).into_iter();
            let lines: Vec<_> = events.map(|event| NameChange { name: "a".into(), event }.to_string()).collect();
            assert_eq!(lines, expected, "{before:?} {after:?}");
        }
    }
}
