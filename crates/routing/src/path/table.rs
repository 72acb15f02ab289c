//! The table that answers "which path rule?" for a request path: all patterns of a path map in one
//! radix trie.
//!
//! Source: Azure, "URL path-based routing overview" (url-route-overview): path rules are examined
//! in list order and the first hit wins, whatever its length; letter case does not count. Older
//! text and reports let an exact path beat an earlier wildcard; `PathMatching` holds both, and a
//! longest-prefix mode that Azure does not have.

use super::pattern::PathPattern;
use crate::matching_form::with_matching_form;

/// Which of several matching patterns wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PathMatching {
    /// The first in the list (Azure, today's text).
    #[default]
    ListOrder,
    /// A pattern without `*` before any with one, list order otherwise (Azure, as seen in 2019 and
    /// 2020).
    ExactFirst,
    /// The longest; a pattern without `*` before one with, and list order between equals. An
    /// extension.
    LongestPrefix,
}

/// A pattern's place in the list the table was built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// What a look-up found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<T> {
    /// The pattern's target, or the table's default.
    pub target: T,
    /// The pattern that won; `None` when the default did.
    pub pattern: Option<PatternId>,
}

/// A pattern that no path can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable {
    /// The dead pattern.
    pub pattern: PatternId,
    /// The pattern that takes all its paths.
    pub covered_by: PatternId,
}

/// The patterns of a path map, compiled. A look-up walks the path once; its cost does not depend on
/// their number.
#[derive(Debug, Clone)]
pub struct PathTable<T> {
    matching: PathMatching,
    default: T,
    entries: Box<[(PathPattern, T)]>,
    /// The root is the first; the children of a node stand together.
    nodes: Box<[Node]>,
    /// For each node the (folded) byte that leads to it from its parent; parallel to `nodes`, so
    /// that looking for a child touches one cache line.
    keys: Box<[u8]>,
    /// All node labels, one after the other.
    labels: Box<[u8]>,
}

/// No pattern. Also larger than any pattern's number, so that `min` passes over it.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Node {
    /// What follows the key byte, in `labels`.
    label: (u32, u32),
    /// Children, in `nodes` and `keys`.
    children: (u32, u32),
    /// Smallest number of a pattern without `*` that ends here.
    exact: u32,
    /// Smallest number of a prefix pattern that ends here.
    prefix: u32,
}

/// What a walk along a path meets.
struct Met {
    exact: u32,
    first_prefix: u32,
    deepest_prefix: u32,
}

impl<T: Copy> PathTable<T> {
    /// Builds a table from patterns in list order (all `paths` of the first rule, then of the
    /// second, and so on).
    pub fn new(matching: PathMatching, default: T, entries: impl IntoIterator<Item = (PathPattern, T)>) -> Self {
        let entries: Box<[_]> = entries.into_iter().take(NONE as usize).collect();
        let mut trie = Builder { entries: &entries, nodes: Vec::new(), keys: Vec::new(), labels: Vec::new() };
        trie.build();
        let (nodes, keys, labels) = (trie.nodes.into(), trie.keys.into(), trie.labels.into());
        Self { matching, default, entries, nodes, keys, labels }
    }

    /// The target for a raw request path (as received, still encoded, without its query).
    pub fn lookup(&self, path: &[u8]) -> Hit<T> {
        let winner = match path.first() {
            Some(b'/') => with_matching_form(path, |path| self.winner(path)),
            _ => NONE,
        };
        match self.entries.get(winner as usize) {
            Some((_, target)) => Hit { target: *target, pattern: Some(PatternId(winner)) },
            None => Hit { target: self.default, pattern: None },
        }
    }

    /// A pattern of this table.
    pub fn pattern(&self, id: PatternId) -> Option<&PathPattern> {
        self.entries.get(id.0 as usize).map(|(pattern, _)| pattern)
    }

    /// The patterns and their targets in list order.
    pub fn entries(&self) -> impl Iterator<Item = (PatternId, &PathPattern, T)> {
        (0..).map(PatternId).zip(self.entries.iter()).map(|(id, (pattern, target))| (id, pattern, *target))
    }

    /// The target when no pattern matches.
    pub fn default_target(&self) -> T {
        self.default
    }

    /// How the table decides between several matches.
    pub fn matching(&self) -> PathMatching {
        self.matching
    }

    /// The patterns that can never win, because another one takes every path they would match.
    pub fn unreachable(&self) -> Vec<Unreachable> {
        let covered_by = |pattern: &PathPattern| {
            let met = self.walk(pattern.literal());
            match (self.matching, pattern.is_prefix()) {
                (PathMatching::ListOrder, false) => met.exact.min(met.first_prefix),
                (PathMatching::ListOrder | PathMatching::ExactFirst, true) => met.first_prefix,
                (PathMatching::ExactFirst | PathMatching::LongestPrefix, false) => met.exact,
                (PathMatching::LongestPrefix, true) => met.deepest_prefix,
            }
        };
        self.entries()
            .map(|(id, pattern, _)| Unreachable { pattern: id, covered_by: PatternId(covered_by(pattern)) })
            .filter(|found| found.covered_by < found.pattern)
            .collect()
    }

    fn winner(&self, path: &[u8]) -> u32 {
        let met = self.walk(path);
        match self.matching {
            PathMatching::ListOrder => met.exact.min(met.first_prefix),
            PathMatching::ExactFirst if met.exact != NONE => met.exact,
            PathMatching::ExactFirst => met.first_prefix,
            PathMatching::LongestPrefix if met.exact != NONE => met.exact,
            PathMatching::LongestPrefix => met.deepest_prefix,
        }
    }

    /// Walks from the root as far as `path` (in matching form, any case) leads.
    fn walk(&self, path: &[u8]) -> Met {
        let mut met = Met { exact: NONE, first_prefix: NONE, deepest_prefix: NONE };
        let mut rest = path;
        let mut next = self.nodes.first();
        while let Some(node) = next {
            let (from, to) = node.label;
            let label = self.labels.get(from as usize..to as usize).unwrap_or_default();
            match rest.split_at_checked(label.len()) {
                Some((head, tail)) if head.eq_ignore_ascii_case(label) => rest = tail,
                _ => break,
            }
            if node.prefix != NONE {
                met.first_prefix = met.first_prefix.min(node.prefix);
                met.deepest_prefix = node.prefix;
            }
            let Some((key, tail)) = rest.split_first() else {
                met.exact = node.exact;
                break;
            };
            rest = tail;
            next = self.child(node, key.to_ascii_lowercase());
        }
        met
    }

    fn child(&self, node: &Node, key: u8) -> Option<&Node> {
        let (from, to) = node.children;
        let keys = self.keys.get(from as usize..to as usize)?;
        let at = keys.iter().position(|candidate| *candidate == key)?;
        self.nodes.get(from as usize + at)
    }
}

/// Builds the trie breadth first from the sorted patterns, so that siblings stand together and
/// depth costs no stack.
struct Builder<'a, T> {
    entries: &'a [(PathPattern, T)],
    nodes: Vec<Node>,
    keys: Vec<u8>,
    labels: Vec<u8>,
}

impl<T> Builder<'_, T> {
    fn build(&mut self) {
        let mut sorted: Vec<u32> = (0..).take(self.entries.len()).collect();
        sorted.sort_by_key(|id| (self.literal(*id), *id));
        self.add(0);
        let mut at = 0;
        // Parallel to `nodes`: the patterns below each node and how many bytes lead to it.
        let mut work = vec![(sorted.as_slice(), 0)];
        while let Some((ids, depth)) = work.get(at).copied() {
            work.extend(self.fill(at, ids, depth));
            at += 1;
        }
    }

    fn literal(&self, id: u32) -> &[u8] {
        self.entries.get(id as usize).map(|(pattern, _)| pattern.literal()).unwrap_or_default()
    }

    fn add(&mut self, key: u8) {
        self.nodes.push(Node { label: (0, 0), children: (0, 0), exact: NONE, prefix: NONE });
        self.keys.push(key);
    }

    /// Sets label, patterns and children of one node; returns the work its children are.
    fn fill<'i>(&mut self, at: usize, ids: &'i [u32], depth: usize) -> Vec<(&'i [u32], usize)> {
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Vec::new();
        };
        // Sorted: what the first and the last share, all share.
        let end = common_prefix(self.literal(*first), self.literal(*last));
        let label = self.literal(*first).get(depth..end).unwrap_or_default().to_vec();
        let mut node = Node { label: (0, 0), children: (0, 0), exact: NONE, prefix: NONE };
        node.label = (self.labels.len() as u32, (self.labels.len() + label.len()) as u32);
        self.labels.extend(label);
        let (here, below) = ids.split_at(ids.partition_point(|id| self.literal(*id).len() == end));
        for id in here {
            let is_prefix = self.entries.get(*id as usize).is_some_and(|(pattern, _)| pattern.is_prefix());
            let slot = if is_prefix { &mut node.prefix } else { &mut node.exact };
            *slot = (*slot).min(*id);
        }
        let key = |id: &u32| self.literal(*id).get(end).copied().unwrap_or_default();
        let groups: Vec<_> = below.chunk_by(|a, b| key(a) == key(b)).collect();
        let keys: Vec<_> = groups.iter().filter_map(|group| group.first()).map(key).collect();
        node.children = (self.nodes.len() as u32, (self.nodes.len() + groups.len()) as u32);
        keys.into_iter().for_each(|key| self.add(key));
        if let Some(slot) = self.nodes.get_mut(at) {
            *slot = node;
        }
        groups.into_iter().map(|group| (group, end + 1)).collect()
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
