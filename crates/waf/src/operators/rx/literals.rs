//! Texts that have to occur in whatever a pattern matches: the material of a prefilter.
//!
//! A walk over the syntax tree. For each part it finds either all texts the part can match, case aside, if they are
//! few ("exact"), or a set of texts of which one must occur in every match ("required"). In a sequence neighbouring
//! exact parts are multiplied; where that ends, the product so far is a candidate, and the best candidate is kept.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind, Repetition};

type Texts = BTreeSet<Vec<u8>>;

/// The most texts of one pattern.
const MAX_TEXTS: usize = 256;

/// The longest text that is put together; more tells hardly more.
const MAX_LENGTH: usize = 24;

/// The most members of a class that count as so many one-byte texts: quotation marks, not digits or white space.
const MAX_CLASS: usize = 4;

/// The required texts of a pattern in our engine's dialect, in small letters; `None` if there are no useful ones.
pub(super) fn required(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).dot_matches_new_line(true).build();
    let facts = facts(&parser.parse(pattern).ok()?);
    let texts = facts.exact.or(facts.required).and_then(shrink)?;
    Some(texts.into_iter().collect())
}

/// What is known of a part.
#[derive(Clone, Default)]
struct Facts {
    /// All texts it matches.
    exact: Option<Texts>,
    /// Texts of which one occurs in every match; not set where `exact` is.
    required: Option<Texts>,
}

impl Facts {
    fn exact(texts: Texts) -> Self {
        Self { exact: Some(texts), required: None }
    }

    /// A set that is required, whichever is known.
    fn any(self) -> Option<Texts> {
        self.exact.or(self.required).and_then(shrink)
    }
}

fn facts(hir: &Hir) -> Facts {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Facts::exact(empty()),
        HirKind::Literal(literal) => Facts::exact(Texts::from([literal.0.to_ascii_lowercase()])),
        HirKind::Class(class) => members(class).map(Facts::exact).unwrap_or_default(),
        HirKind::Capture(capture) => facts(&capture.sub),
        HirKind::Repetition(repetition) => sequence([hir]).unwrap_or_else(|| optional(repetition)),
        HirKind::Concat(parts) => sequence(parts).unwrap_or_default(),
        HirKind::Alternation(branches) => alternation(branches),
    }
}

fn empty() -> Texts {
    Texts::from([Vec::new()])
}

/// The members of a small class.
fn members(class: &Class) -> Option<Texts> {
    let bytes: BTreeSet<u8> = bytes(class)?
        .ranges()
        .iter()
        .flat_map(|range| range.start()..=range.end())
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    (bytes.len() <= MAX_CLASS).then(|| bytes.into_iter().map(|byte| vec![byte]).collect())
}

/// A class of bytes. Single letters between bars come as characters; beyond ASCII these are no bytes.
fn bytes(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    }
}

/// A repetition that may be left out.
fn optional(repetition: &Repetition) -> Facts {
    let once = repetition.max == Some(1);
    let exact = if once { facts(&repetition.sub).exact } else { None };
    exact.map_or_else(Facts::default, |mut texts| {
        texts.insert(Vec::new());
        Facts::exact(texts)
    })
}

fn alternation(branches: &[Hir]) -> Facts {
    let facts: Vec<Facts> = branches.iter().map(facts).collect();
    if facts.iter().all(|facts| facts.exact.is_some()) {
        let union: Texts = facts.iter().filter_map(|facts| facts.exact.as_ref()).flatten().cloned().collect();
        return match union.len() <= MAX_TEXTS {
            true => Facts::exact(union),
            false => Facts { exact: None, required: shrink(union) },
        };
    }
    let mut union = Texts::new();
    for facts in facts {
        match facts.any() {
            Some(texts) => union.extend(texts),
            None => return Facts::default(),
        }
    }
    Facts { exact: None, required: shrink(union) }
}

/// A walk along neighbouring parts. `None` only if the first is a repetition that may be left out and stands alone.
fn sequence<'h>(parts: impl IntoIterator<Item = &'h Hir>) -> Option<Facts> {
    let mut walk = Walk { run: empty(), best: None, whole: true };
    let parts: Vec<&Hir> = parts.into_iter().collect();
    for part in &parts {
        match part.kind() {
            HirKind::Repetition(repetition) if repetition.min >= 1 => walk.repeat(repetition),
            HirKind::Repetition(_) if parts.len() == 1 => return None,
            _ => walk.step(facts(part)),
        }
    }
    Some(walk.end())
}

struct Walk {
    /// The product of the neighbours up to here.
    run: Texts,
    best: Option<Texts>,
    /// Whether the run began at the front.
    whole: bool,
}

impl Walk {
    fn step(&mut self, facts: Facts) {
        match facts.exact {
            Some(texts) => match product(&self.run, &texts) {
                Some(run) => self.run = run,
                None => self.cut(texts),
            },
            None => {
                self.cut(empty());
                self.offer(facts.required);
            }
        }
    }

    /// A part that occurs at least once: it joins what stands before it, and once more what stands behind it.
    fn repeat(&mut self, repetition: &Repetition) {
        let fixed = repetition.max == Some(repetition.min);
        // Once: repetitions of repetitions would be walked through as often as all their counts multiply to.
        let once = facts(&repetition.sub);
        for _ in 0..repetition.min.min(MAX_LENGTH as u32) {
            self.step(once.clone());
        }
        if !fixed || repetition.min > MAX_LENGTH as u32 {
            self.cut(once.exact.unwrap_or_else(empty));
        }
    }

    /// Ends the run and begins another.
    fn cut(&mut self, next: Texts) {
        let run = std::mem::replace(&mut self.run, next);
        self.whole = false;
        self.offer(Some(run));
    }

    /// Keeps a candidate if it is better than the best so far.
    fn offer(&mut self, texts: Option<Texts>) {
        let Some(texts) = texts.and_then(shrink) else { return };
        if self.best.as_ref().is_none_or(|best| score(&texts) > score(best)) {
            self.best = Some(texts);
        }
    }

    fn end(mut self) -> Facts {
        if self.whole {
            return Facts::exact(self.run);
        }
        let run = std::mem::take(&mut self.run);
        self.offer(Some(run));
        Facts { exact: None, required: self.best }
    }
}

/// Every text of one set before every text of another; `None` if that grows too much.
fn product(before: &Texts, behind: &Texts) -> Option<Texts> {
    let longest = |texts: &Texts| texts.iter().map(Vec::len).max().unwrap_or(0);
    if before.len() * behind.len() > MAX_TEXTS || longest(before) + longest(behind) > MAX_LENGTH && longest(before) > 0
    {
        return None;
    }
    Some(before.iter().flat_map(|front| behind.iter().map(move |back| [front.as_slice(), back].concat())).collect())
}

/// How well a set filters: long texts first, then few of them.
fn score(texts: &Texts) -> u32 {
    let shortest = texts.iter().map(Vec::len).min().unwrap_or(0).min(6) as u32;
    (8 * shortest + 24).saturating_sub(3 * texts.len().max(1).ilog2())
}

/// Makes a set useful as a filter: no text that holds another one, few texts, none shorter than two bytes. Texts are
/// cut where there are too many: the front of a required text is required too.
fn shrink(texts: Texts) -> Option<Texts> {
    let mut texts = without_longer(texts);
    for length in (2..=8).rev() {
        if texts.len() <= MAX_TEXTS {
            break;
        }
        texts = without_longer(texts.into_iter().map(|mut text| {
            text.truncate(length);
            text
        }));
    }
    let useful = !texts.is_empty() && texts.len() <= MAX_TEXTS && texts.iter().all(|text| text.len() >= 2);
    useful.then_some(texts)
}

/// The texts that hold no other text of the set.
fn without_longer(texts: impl IntoIterator<Item = Vec<u8>>) -> Texts {
    let mut sorted: Vec<Vec<u8>> = texts.into_iter().collect();
    sorted.sort_unstable_by_key(Vec::len);
    sorted.dedup();
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for text in sorted {
        if text.is_empty() {
            return Texts::from([text]);
        }
        if !kept.iter().any(|short| memchr::memmem::find(&text, short).is_some()) {
            kept.push(text);
        }
    }
    kept.into_iter().collect()
}
