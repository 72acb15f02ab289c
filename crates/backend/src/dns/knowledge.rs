//! What is known of a name, family by family: a pure engine that sees what look-ups found and when.
//!
//! A family whose look-up failed keeps its last good addresses for [`KEPT_FOR`], whatever becomes of the other family.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::usable::{chosen, list, usable};
use super::{Answer, Found, KEPT_FOR, LookupError, MAX_ADDRESSES, NameState};

/// What is known of a name.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    families: [Family; 2],
    answered: bool,
    error: Option<Arc<str>>,
    left_out: Option<Arc<str>>,
    in_use: Vec<IpAddr>,
}

/// The addresses of one family.
#[derive(Debug, Default)]
struct Family {
    addresses: Vec<IpAddr>,
    /// When they came.
    resolved: Option<Instant>,
    /// The last look-up failed.
    failed: bool,
}

/// What a look-up means for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The answer lives so long; `failed` when that of one family did not come.
    Lives { ttl: Duration, failed: bool },
    /// There is no good answer; nor will there be one for so long, if servers are to be believed.
    Failed { absent_for: Option<Duration> },
}

impl Knowledge {
    /// Addresses that a process before this one knew.
    pub(super) fn remembered(addresses: &[IpAddr], resolved: Instant) -> Self {
        let (addresses, _) = usable(addresses.iter().copied());
        let of = |is_wanted: fn(&IpAddr) -> bool| {
            let addresses: Vec<_> = addresses.iter().copied().filter(is_wanted).collect();
            Family { resolved: (!addresses.is_empty()).then_some(resolved), addresses, failed: false }
        };
        let families = [of(IpAddr::is_ipv4), of(IpAddr::is_ipv6)];
        let mut knowledge = Self { families, ..Self::default() };
        knowledge.choose();
        knowledge
    }

    /// Takes what a look-up found.
    pub(super) fn take(&mut self, found: Found, now: Instant) -> Next {
        // Nothing at all is never a good answer.
        let found =
            if found.is_empty() { Found::failed(LookupError::absent("the name has no address")) } else { found };
        self.answered = true;
        self.error = error(&found);
        let results = [found.v4, found.v6];
        let next = next(&results);
        let mut total = 0;
        for (family, result) in self.families.iter_mut().zip(results) {
            family.failed = result.is_err();
            if let Ok(answer) = result {
                let (addresses, count) = chosen(answer.addresses, &self.in_use);
                total += count;
                *family = Family { resolved: (!addresses.is_empty()).then_some(now), addresses, failed: false };
            } else {
                total += family.addresses.len();
            }
        }
        self.forget_old(now);
        self.choose();
        if matches!(next, Next::Lives { .. }) {
            self.left_out = left_out(&found.unusable, total);
        }
        next
    }

    /// Forgets addresses whose hour is over. True when there were such.
    pub(super) fn forget_old(&mut self, now: Instant) -> bool {
        let mut is_less = false;
        for family in &mut self.families {
            if family.failed && family.resolved.is_none_or(|at| now.saturating_duration_since(at) >= KEPT_FOR) {
                is_less |= !family.addresses.is_empty();
                family.addresses.clear();
                family.resolved = None;
            }
        }
        if is_less {
            self.choose();
        }
        is_less
    }

    /// When the first addresses have to be forgotten unless there is a good answer before.
    pub(super) fn end(&self) -> Option<Instant> {
        let failed = self.families.iter().filter(|family| family.failed);
        failed.filter_map(|family| Some(family.resolved? + KEPT_FOR)).min()
    }

    /// As others see it.
    pub(super) fn state(&self, next: Option<Instant>) -> NameState {
        let used = || self.families.iter().filter(|family| !family.addresses.is_empty());
        NameState {
            addresses: self.in_use.clone(),
            answered: self.answered,
            error: self.error.clone(),
            is_stale: used().any(|family| family.failed),
            left_out: self.left_out.clone(),
            resolved: used().filter_map(|family| family.resolved).min(),
            next,
        }
    }

    fn choose(&mut self) {
        let all = self.families.iter().flat_map(|family| family.addresses.iter().copied());
        self.in_use = chosen(all, &self.in_use).0;
    }
}

fn next(results: &[Result<Answer, LookupError>; 2]) -> Next {
    let lives = |answer: &Answer| (!answer.addresses.is_empty()).then_some(answer.ttl);
    let ttl = results.iter().flatten().filter_map(lives).min();
    let errors = || results.iter().filter_map(|result| result.as_ref().err());
    if let Some(ttl) = ttl {
        return Next::Lives { ttl, failed: errors().next().is_some() };
    }
    let is_absent = errors().all(|error| error.is_absent);
    let absent_for = errors().filter_map(|error| error.absent_for).min();
    // As long as one may have just failed, there may be an answer at any time.
    Next::Failed { absent_for: absent_for.filter(|_| is_absent) }
}

fn error(found: &Found) -> Option<Arc<str>> {
    match (&found.v4, &found.v6) {
        (Err(one), Err(other)) if one.text == other.text => Some(Arc::from(one.text.as_str())),
        (Err(one), Err(other)) => Some(Arc::from(format!("IPv4: {}; IPv6: {}", one.text, other.text))),
        (Err(one), Ok(_)) => Some(Arc::from(format!("IPv4: {}", one.text))),
        (Ok(_), Err(other)) => Some(Arc::from(format!("IPv6: {}", other.text))),
        (Ok(_), Ok(_)) => None,
    }
}

/// What is left out of an answer.
struct LeftOut<'a> {
    unusable: &'a [IpAddr],
    total: usize,
}

fn left_out(unusable: &[IpAddr], total: usize) -> Option<Arc<str>> {
    let left_out = LeftOut { unusable, total };
    (!unusable.is_empty() || total > MAX_ADDRESSES).then(|| Arc::from(left_out.to_string()))
}

impl fmt::Display for LeftOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total > MAX_ADDRESSES {
            write!(f, "{MAX_ADDRESSES} of {} addresses are used, not more", self.total)?;
        }
        if !self.unusable.is_empty() {
            let separator = if self.total > MAX_ADDRESSES { "; " } else { "" };
            write!(f, "{separator}left out, because no server can have such addresses: ")?;
            list(f, self.unusable)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
