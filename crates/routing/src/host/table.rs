//! The table that answers "which listener?" for a Host header.
//!
//! Source: Azure, "Application Gateway request routing rules": among the listeners of one address
//! and port, host patterns are tried in ascending rule priority and the first that matches wins;
//! nothing makes exact beat wildcard or basic. The table gives that answer without trying them one
//! by one.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::pattern::{HostPattern, Kind, is_ip_literal};

/// Longest host that is looked up; DNS allows 253 characters.
const MAX_NAME: usize = 255;

/// Host names of the listeners on one binding, best priority first. `T` is what a match yields.
///
/// Exact names cost one hash; `*.suffix` names one hash per label of the host, up to the labels the
/// longest such name has; other wildcards are tried one by one, but only those of better priority
/// than what the hashes found.
#[derive(Debug, Clone)]
pub struct HostTable<T> {
    targets: Box<[T]>,
    exact: HashMap<Box<[u8]>, usize, RandomState>,
    suffixes: HashMap<Box<[u8]>, usize, RandomState>,
    /// Dots in the longest of `suffixes`, which begin with one.
    suffix_dots: usize,
    globs: Box<[(usize, HostPattern)]>,
    /// The first pattern `*`: any name, but no address.
    any_name: Option<usize>,
    /// The first basic listener: anything at all.
    basic: Option<usize>,
}

impl<T: Copy> HostTable<T> {
    /// Builds the table from entries in order of priority, best first; `None` stands for a basic
    /// listener.
    pub fn new(entries: impl IntoIterator<Item = (Option<HostPattern>, T)>) -> Self {
        let mut targets = Vec::new();
        let mut exact = HashMap::with_hasher(RandomState::default());
        let mut suffixes = HashMap::with_hasher(RandomState::default());
        let (mut globs, mut suffix_dots) = (Vec::new(), 0);
        let (mut any_name, mut basic) = (None, None);
        for (index, (pattern, target)) in entries.into_iter().enumerate() {
            targets.push(target);
            let Some(pattern) = pattern else {
                basic.get_or_insert(index);
                continue;
            };
            match pattern.kind() {
                Kind::Exact => {
                    exact.entry(pattern.as_str().as_bytes().into()).or_insert(index);
                }
                Kind::Suffix => {
                    let suffix = pattern.as_str().trim_start_matches('*');
                    suffix_dots = suffix_dots.max(suffix.matches('.').count());
                    suffixes.entry(suffix.as_bytes().into()).or_insert(index);
                }
                Kind::Any => {
                    any_name.get_or_insert(index);
                }
                Kind::Glob => globs.push((index, pattern)),
            }
        }
        Self { targets: targets.into(), exact, suffixes, suffix_dots, globs: globs.into(), any_name, basic }
    }

    /// The first entry, in order of priority, that matches `host` as it stands in a Host header or
    /// `:authority`.
    pub fn lookup(&self, host: &[u8]) -> Option<T> {
        if self.basic == Some(0) {
            return self.targets.first().copied();
        }
        let index = with_name(host, |name| match name {
            Some(name) => self.index_of(name),
            None => self.basic,
        })?;
        self.targets.get(index).copied()
    }

    fn index_of(&self, name: &[u8]) -> Option<usize> {
        let best = [self.basic, self.any_name, self.exact.get(name).copied(), self.by_suffix(name)];
        let best = best.into_iter().flatten().min();
        let better = self.globs.iter().take_while(|(index, _)| best.is_none_or(|best| *index < best));
        let glob = better.into_iter().find(|(_, pattern)| pattern.matches_name(name));
        glob.map(|(index, _)| *index).or(best)
    }

    fn by_suffix(&self, name: &[u8]) -> Option<usize> {
        if self.suffixes.is_empty() {
            return None;
        }
        let dots = name.iter().enumerate().rev().filter(|(at, byte)| **byte == b'.' && *at > 0);
        dots.take(self.suffix_dots).filter_map(|(at, _)| self.suffixes.get(name.get(at..)?).copied()).min()
    }
}

/// Calls `look` with the bare lower-case name in `host`, or with `None` when there is none that a
/// name pattern could match: an address, an empty host, or one longer than any name.
pub(super) fn with_name<R>(host: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> R {
    let bare = host_without_port(host);
    let bare = bare.strip_suffix(b".").unwrap_or(bare);
    let mut buffer = [0; MAX_NAME];
    match buffer.get_mut(..bare.len()) {
        Some(name) if !bare.is_empty() && !is_ip_literal(bare) => {
            name.copy_from_slice(bare);
            name.make_ascii_lowercase();
            look(Some(name))
        }
        _ => look(None),
    }
}

/// The host of `host[:port]`; an IPv6 address keeps its brackets.
pub fn host_without_port(host: &[u8]) -> &[u8] {
    let end = if host.first() == Some(&b'[') {
        host.iter().position(|byte| *byte == b']').map(|bracket| bracket + 1)
    } else {
        host.iter().position(|byte| *byte == b':')
    };
    end.and_then(|end| host.get(..end)).unwrap_or(host)
}

/// Which entries (in order of priority, `None` for a basic listener) can never win, each with the
/// earlier entry that takes all its hosts.
pub fn shadowed(entries: &[Option<HostPattern>]) -> Vec<(usize, usize)> {
    let table = HostTable::new(entries.iter().cloned().zip(0..));
    let wild = |entry: &Option<HostPattern>| entry.as_ref().is_none_or(|pattern| !pattern.is_exact());
    let wilds: Vec<_> = entries.iter().enumerate().filter(|(_, entry)| wild(entry)).collect();
    let winner = |index: usize, entry: &Option<HostPattern>| match entry {
        Some(name) if name.is_exact() => table.lookup(name.as_str().as_bytes()),
        Some(name) => {
            let earlier = wilds.iter().take_while(|(other, _)| *other < index);
            let covers =
                |other: &&&(usize, &Option<HostPattern>)| other.1.as_ref().is_none_or(|other| other.covers(name));
            earlier.into_iter().find(|other| covers(&other)).map(|(other, _)| *other)
        }
        None => table.basic,
    };
    entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| winner(index, entry).filter(|by| *by < index).map(|by| (index, by)))
        .collect()
}
