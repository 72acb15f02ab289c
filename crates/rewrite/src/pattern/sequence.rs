//! Patterns that are texts and runs of bytes of a kind, one after the other, such as `^/p([0-9]+)/`: matched byte by
//! byte, without an automaton.
//!
//! Only where nothing has to be tried twice: what follows a run cannot begin with a byte of the run, so that taking all
//! of it is the only way to match. What is found then is what the automaton would find, groups included.

use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::Groups;

/// A pattern taken apart.
#[derive(Debug)]
pub(super) struct Sequence {
    steps: Vec<Step>,
    /// It has to end where the value ends.
    to_the_end: bool,
}

#[derive(Debug)]
enum Step {
    Text(Box<[u8]>),
    Run(Box<Run>),
    /// One of these texts, of which none begins with another: no second one could match where the first has.
    Choice(Box<[Box<[u8]>]>),
    Open(usize),
    Close(usize),
}

/// So many bytes of a kind, as many as there are.
#[derive(Debug)]
struct Run {
    kind: [bool; 256],
    least: usize,
    most: usize,
}

impl Sequence {
    /// `hir` was parsed with case as it stands. `None` for patterns of another kind.
    pub(super) fn of(hir: &Hir, ignore_case: bool) -> Option<Self> {
        let mut sequence = Self { steps: Vec::new(), to_the_end: false };
        sequence.add(hir, ignore_case)?;
        sequence.is_plain(ignore_case).then_some(sequence)
    }

    fn add(&mut self, hir: &Hir, ignore_case: bool) -> Option<()> {
        // Nothing may come behind the end.
        if self.to_the_end && !matches!(hir.kind(), HirKind::Empty) {
            return None;
        }
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(text) if !ignore_case || text.0.is_ascii() => self.steps.push(Step::Text(text.0.clone())),
            HirKind::Class(Class::Bytes(_)) => self.steps.push(Step::Run(Box::new(Run::of(hir, 1, 1, ignore_case)?))),
            HirKind::Repetition(repetition) if repetition.greedy => {
                let most = repetition.max.map_or(usize::MAX, |max| max as usize);
                let run = Run::of(&repetition.sub, repetition.min as usize, most, ignore_case)?;
                self.steps.push(Step::Run(Box::new(run)));
            }
            HirKind::Capture(group) => {
                self.steps.push(Step::Open(group.index as usize));
                self.add(&group.sub, ignore_case)?;
                self.steps.push(Step::Close(group.index as usize));
            }
            HirKind::Alternation(all) => self.steps.push(Step::Choice(choice(all, ignore_case)?)),
            HirKind::Concat(all) => all.iter().try_for_each(|part| self.add(part, ignore_case))?,
            // Where a match may begin is the caller's business.
            HirKind::Look(Look::Start) if self.steps.is_empty() => {}
            HirKind::Look(Look::End) => self.to_the_end = true,
            _ => return None,
        }
        Some(())
    }

    /// Whether no run has to give back what it took.
    fn is_plain(&self, ignore_case: bool) -> bool {
        let mut parts = self.steps.iter().filter(|step| !matches!(step, Step::Open(_) | Step::Close(_))).peekable();
        while let Some(part) = parts.next() {
            let Step::Run(run) = part else { continue };
            let settled = run.least == run.most
                || match parts.peek() {
                    None => true,
                    Some(Step::Text(text)) => text.first().is_some_and(|first| !run.has(*first, ignore_case)),
                    Some(Step::Choice(texts)) => {
                        texts.iter().all(|text| text.first().is_some_and(|first| !run.has(*first, ignore_case)))
                    }
                    Some(_) => false,
                };
            if !settled {
                return false;
            }
        }
        true
    }

    /// Whether it matches from a place on; with the places of its groups, as far as there is room for them.
    pub(super) fn matches(
        &self,
        value: &[u8],
        from: usize,
        ignore_case: bool,
        mut groups: Option<&mut Groups>,
    ) -> bool {
        let mut note = |slot: usize, at: usize| {
            if let Some(slot) = groups.as_mut().and_then(|groups| groups.get_mut(slot)) {
                *slot = NonMaxUsize::new(at);
            }
        };
        let mut at = from;
        for step in &self.steps {
            let rest = value.get(at..).unwrap_or_default();
            match step {
                Step::Text(text) => {
                    if !begins(rest, text, ignore_case) {
                        return false;
                    }
                    at += text.len();
                }
                Step::Run(run) => {
                    let length = rest.iter().take(run.most).take_while(|byte| run.kind[usize::from(**byte)]).count();
                    if length < run.least {
                        return false;
                    }
                    at += length;
                }
                Step::Choice(texts) => {
                    let Some(text) = texts.iter().find(|text| begins(rest, text, ignore_case)) else { return false };
                    at += text.len();
                }
                Step::Open(group) => note(group * 2, at),
                Step::Close(group) => note(group * 2 + 1, at),
            }
        }
        if self.to_the_end && at != value.len() {
            return false;
        }
        note(0, from);
        note(1, at);
        true
    }
}

fn begins(value: &[u8], text: &[u8], ignore_case: bool) -> bool {
    let part = value.get(..text.len());
    part.is_some_and(|part| if ignore_case { part.eq_ignore_ascii_case(text) } else { part == text })
}

/// Texts to choose from; `None` where the order of trying them would matter.
fn choice(all: &[Hir], ignore_case: bool) -> Option<Box<[Box<[u8]>]>> {
    let text = |hir: &Hir| match hir.kind() {
        HirKind::Literal(text) if !ignore_case || text.0.is_ascii() => Some(text.0.clone()),
        _ => None,
    };
    let texts: Box<[Box<[u8]>]> = all.iter().map(text).collect::<Option<_>>()?;
    let is_clear = |at: usize, one: &[u8]| {
        texts.iter().enumerate().all(|(other_at, other)| at == other_at || !begins(other, one, ignore_case))
    };
    texts.iter().enumerate().all(|(at, one)| is_clear(at, one)).then_some(texts)
}

impl Run {
    /// A run of one class of bytes. With `ignore_case` only of classes that have both cases of every letter they have.
    fn of(hir: &Hir, least: usize, most: usize, ignore_case: bool) -> Option<Self> {
        let HirKind::Class(Class::Bytes(class)) = hir.kind() else { return None };
        let mut kind = [false; 256];
        for range in class.ranges() {
            for byte in range.start()..=range.end() {
                kind[usize::from(byte)] = true;
            }
        }
        let run = Self { kind, least, most };
        let folds = |letter: u8| run.has(letter, false) == run.has(letter.to_ascii_uppercase(), false);
        (!ignore_case || (b'a'..=b'z').all(folds)).then_some(run)
    }

    fn has(&self, byte: u8, ignore_case: bool) -> bool {
        let has = |byte: u8| self.kind[usize::from(byte)];
        has(byte) || (ignore_case && (has(byte.to_ascii_lowercase()) || has(byte.to_ascii_uppercase())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::pattern::{Groups, Pattern};

    #[test]
    fn texts_and_runs_need_no_automaton() {
        let rows = [
            ("^/p([0-9]+)/", true),
            ("id=([0-9]+)", true),
            ("category=(.*)", true),
            ("^/a/([^/]+)/(.*)$", true),
            ("(https?)://", false),
            ("x([0-9]{1,3})", true),
            ("x[0-9]{3}[0-9]{2}", true),
            // A run that may have to give back.
            (".*article/(.*)", false),
            ("x[0-9]+[0-9]", false),
            ("x[a-z]*z", false),
            ("x[a-z]*$y", false),
            ("x(a|bc)", true),
            ("theme=(light|dark)", true),
            ("x(ab|abc)", false),
            ("x(a|)", false),
            ("x[0-9]+(a|bc)", true),
            ("x[a-z]+(1|b)", false),
            ("x.*?y", false),
            (r"x\b", false),
            ("x(ab)+", false),
        ];
        for (text, expected) in rows {
            assert_eq!(Pattern::new(text, false).unwrap().inner.sequence.is_some(), expected, "{text}");
        }
        // `[a-z]` without case is another class.
        assert!(Pattern::new("x([a-z]+)", true).unwrap().inner.sequence.is_none());
        assert!(Pattern::new("x([A-Za-z0-9]+)", true).unwrap().inner.sequence.is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// What is found without the automaton is what the automaton finds.
        #[test]
        fn a_sequence_finds_what_the_automaton_finds(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "b", "/", "(a)", "[0-9]+", "([0-9]*)", "([^/]*)", "[0-9]{2}", "(.*)", "(b([0-9]+))", "([ab0-9]?)", "$", "=", "(a1|b)",
                "(ab|1)", "(a|ab)",
            ]), 1..6),
            anchored in any::<bool>(),
            ignore_case in any::<bool>(),
            value in "[abAB019/=\n]{0,12}",
        ) {
            let text = format!("{}{}", if anchored { "^" } else { "" }, parts.concat());
            let pattern = Pattern::new(&text, ignore_case).unwrap();
            let (mut ours, mut theirs) = (Groups::new(), Groups::new());
            let last = pattern.groups();
            let found = pattern.captures(value.as_bytes(), last, &mut ours);
            theirs.resize((last + 1) * 2, None);
            let input = regex_automata::Input::new(value.as_bytes());
            let expected = pattern.inner.regex.search_slots(&input, &mut theirs).is_some();
            prop_assert_eq!(found, expected, "{} in {:?}", &text, &value);
            prop_assert_eq!(pattern.is_match(value.as_bytes()), expected, "{} in {:?}", &text, &value);
            if found {
                prop_assert_eq!(&ours, &theirs, "{} in {:?}", &text, &value);
            }
        }
    }
}
