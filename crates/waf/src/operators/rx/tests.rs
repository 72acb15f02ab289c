//! The dialect, and every pattern of the public rule sets.

use std::time::Instant;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::pattern::Pattern;
use super::translate::{Dialect, translate};
use super::{Captures, Work, literals};
use crate::byte_set::ByteSet;
use crate::corpus;

fn linear(pattern: &str) -> String {
    translate(pattern, Dialect::Linear).unwrap().text
}

fn matches(pattern: &str, value: &[u8]) -> bool {
    Pattern::compile(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}")).matches(
        value,
        None,
        &mut Work::default(),
    )
}

#[test]
fn patterns_mean_what_pcre_means() {
    for (pattern, value, wanted) in [
        // Braces that open no counted repetition.
        (r"a{b", b"a{b".as_slice(), true),
        (r"a{,3}b", b"a{,3}b", true),
        (r"${", b"${", false),
        (r"\${", b"${", true),
        (r"a{2}b", b"aab", true),
        (r"x{}", b"x{}", true),
        // Brackets and doubled signs in classes.
        (r"[[]", b"[", true),
        (r"[a[b]c", b"[c", true),
        (r"[&&x]", b"&", true),
        (r"[~~x]", b"~", true),
        (r"[]a]", b"]", true),
        (r"[^]a]", b"]", false),
        (r"[a\]]", b"]", true),
        (r"[\w-.]", b"-", true),
        (r"[a-\d]", b"-", true),
        (r"[--/]", b".", true),
        (r"[[:alpha:]_]", b"_", true),
        (r"[\b]", b"\x08", true),
        // Escapes.
        (r"\<a\>", b"<a>", true),
        (r"[\<]", b"<", true),
        (r"\x{41}\x42\x4", b"AB\x04", true),
        (r"\x{ff}", b"\xFF", true),
        (r"\101\0", b"A\0", true),
        (r"\0101", b"\x081", true),
        (r"\h\v", b"\t\x0B", true),
        (r"\R", b"\r\n", true),
        (r"\Qa.b\E.", b"a.bc", true),
        (r"\Qa.b\E.", b"axbc", false),
        (r"\'\/\!\%\-\@", b"'/!%-@", true),
        (r"\cA", b"\x01", true),
        // Bytes.
        (r"(?i)k", "\u{212a}".as_bytes(), false),
        (r"\s", b"\xA0", false),
        (r"a.c", b"a\xFFc", true),
        (r"a.c", b"a\nc", true),
        (r"[é]", b"\xA9", true),
        (r"^é$", "é".as_bytes(), true),
        (r"[^a]", b"\xFF", true),
        // Ends.
        (r"a$", b"a\n", true),
        (r"a$", b"a\nb", false),
        (r"(?m)a$", b"a\nb", true),
        (r"(?m:a$)b?|c$", b"c\nd", false),
        (r"^b", b"a\nb", false),
        (r"a\Z", b"a\n", true),
        (r"a\z", b"a\n", false),
        // Groups and repetitions.
        (r"(?:a++b)", b"aaab", true),
        (r"(?>a+)b", b"aab", true),
        (r"(?<name>a)(?P<other>b)(?'third'c)", b"abc", true),
        (r"a(?#a comment)b", b"ab", true),
        (r"(?i)a(?-i)b", b"Ab", true),
        (r"(?i)a(?-i)b", b"AB", false),
        ("(?x) a b # a comment (\n c", b"abc", true),
        // Around and back.
        (r"a(?!b)", b"ab", false),
        (r"a(?!b)", b"ac", true),
        (r"(?<!x)a", b"xa", false),
        (r"(?<=x)a", b"xa", true),
        (r"(\w)\1", b"abb", true),
        (r"(\w)\1", b"abc", false),
        (r"(?=\xE9)\W", b"\xE9", true),
        (r"x(?=$)", b"x\n", true),
        (r"(?!a)\s", b"\xA0", false),
        (r"(?!x)a\b", b"a\xC3\xA9", true),
        (r"(?!x)a\B", b"a\xC3\xA9", false),
        (r"(?!x)a\Bb\b", b"ab", true),
        (r"(?<x>a)\k<x>", b"aa", true),
        (r"(?P<x>a)(?P=x)b", b"ab", false),
        (r"(a|b)(?(1)c|d)", b"ac", true),
        (r"(?:(?!b)[ab])+c", b"bac", true),
    ] {
        assert_eq!(matches(pattern, value), wanted, "{pattern} on {}", value.escape_ascii());
    }
}

#[test]
fn patterns_that_cannot_be_run_are_refused() {
    for pattern in ["(", "a)", "[a", r"\", r"\x{100}", r"[\x{100}]", r"\pL", r"\K", "(?R)", "[[:nope:]]", r"(?<n"] {
        assert!(Pattern::compile(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn a_value_that_is_too_tedious_to_check_matches() {
    // Each way to cut the letters into groups would be tried before the answer is no.
    let pattern = Pattern::compile(r"^(?:(a+)(?=a|$))+(?<!a)$").unwrap();
    assert!(pattern.matches(&[b'a'; 300], None, &mut Work::default()));
    assert!(!pattern.matches(b"aaa", None, &mut Work::default()), "few enough ways");
    let mut captures = Captures::new();
    assert!(pattern.matches(&[b'a'; 300], Some(&mut captures), &mut Work::default()) && captures.len() == 1);
}

#[test]
fn a_long_value_is_searched_in_pieces() {
    let pattern = Pattern::compile(r"need(?=le)").unwrap();
    for place in [0, 16_380, 16_383, 16_384, 70_000, 199_000] {
        let mut value = vec![b'x'; 200_000];
        value[place..place + 6].copy_from_slice(b"needle");
        assert!(pattern.matches(&value, None, &mut Work::default()), "{place}");
    }
    assert!(!pattern.matches(&vec![b'x'; 200_000], None, &mut Work::default()));
}

#[test]
fn required_texts_are_found() {
    let texts = |pattern: &str| {
        let texts = literals::required(&linear(pattern));
        texts.map(|texts| texts.into_iter().map(|text| String::from_utf8(text).unwrap()).collect::<Vec<_>>().join(" "))
    };
    for (pattern, wanted) in [
        (r"(?i)union\s+select", Some("select")),
        (r"abc", Some("abc")),
        (r"(?:foo|bar)baz", Some("barbaz foobaz")),
        (r"a[bc]d", Some("abd acd")),
        (r"x*needle.*y", Some("needle")),
        (r"(?:ab)+cd", Some("abcd")),
        (r"ab(?:cd)*", Some("ab")),
        (r"abc|abcdef|xyz", Some("abc xyz")),
        (r"a?b", None),
        (r"\d+", None),
        (r"foo|\d", None),
        (r"", None),
        (r"(?:ab){2}", Some("abab")),
    ] {
        assert_eq!(texts(pattern).as_deref(), wanted, "{pattern}");
    }
}

#[test]
fn repetitions_of_repetitions_are_walked_through_once() {
    // Thirty of them multiply to more than all the time there is; the engine itself refuses what they come to.
    let pattern = format!("ab{}", "{2,4}".repeat(30));
    assert!(literals::required(&linear(&pattern)).is_some());
    assert!(Pattern::compile(&pattern).is_err());
}

/// The patterns of all rules of a rule set, with the file each stands in.
fn patterns(set: &str) -> Option<Vec<(String, String)>> {
    let folder = corpus::find(&format!("{set}/rules"))?;
    let mut patterns = Vec::new();
    for (file, bytes) in corpus::files(&folder, "conf") {
        let text = String::from_utf8(bytes).unwrap();
        let joined: Vec<&str> = text.split("\\\n").map(str::trim_start).collect();
        for line in joined.concat().lines().map(str::trim).filter(|line| line.starts_with("SecRule ")) {
            patterns.extend(
                second_argument(line).and_then(|argument| as_pattern(&argument)).map(|found| (file.clone(), found)),
            );
        }
    }
    Some(patterns)
}

/// What stands between the first quotation marks behind the targets.
fn second_argument(line: &str) -> Option<String> {
    let line = line.strip_prefix("SecRule ")?.trim_start();
    let behind = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.1,
        None => line.split_once(' ')?.1,
    };
    let mut argument = String::new();
    let mut characters = behind.trim_start().strip_prefix('"')?.chars().peekable();
    loop {
        match characters.next()? {
            '"' => return Some(argument),
            '\\' if characters.peek() == Some(&'"') => argument.extend(characters.next()),
            other => argument.push(other),
        }
    }
}

fn as_pattern(argument: &str) -> Option<String> {
    let argument = argument.strip_prefix('!').unwrap_or(argument);
    match argument.strip_prefix('@') {
        Some(named) => named.strip_prefix("rx ").map(str::to_owned),
        None => Some(argument.to_owned()),
    }
}

#[test]
fn every_pattern_of_the_public_rule_sets_is_compiled_and_its_required_texts_hold() {
    for (set, count, looking, with_texts) in [("crs-3.3", 266, 3, 233), ("crs-4", 318, 0, 281)] {
        let Some(patterns) = patterns(set) else { return };
        assert_eq!(patterns.len(), count, "{set}");
        let start = Instant::now();
        let (mut looks, mut texts, mut samples) = (0, 0, 0);
        for (file, text) in patterns.iter().filter(|(_, text)| !text.contains("%{")) {
            let pattern = Pattern::compile(text).unwrap_or_else(|fault| panic!("{file}: {text}: {fault}"));
            looks += usize::from(translate(text, Dialect::Linear).unwrap().looks_around);
            let (required, bytes) = (pattern.literals(), pattern.required());
            if required.is_some() || !bytes.is_empty() {
                texts += 1;
                samples += check(text, &pattern, required.as_deref(), bytes);
            }
        }
        let (spent, patterns) = (start.elapsed(), patterns.len());
        println!("{set}: {patterns} patterns, {texts} with required texts, {samples} samples held one, {spent:?}");
        assert_eq!(looks, looking, "{set}: patterns that look around");
        assert!(texts >= with_texts, "{set}: only {texts} patterns have required texts");
        assert!(samples > 10 * texts, "{set}: only {samples} samples matched");
    }
}

/// Makes values that match a pattern and looks for one of its required texts, and a byte of each of its required sets,
/// in each; how many matched.
fn check(text: &str, pattern: &Pattern, required: Option<&[Vec<u8>]>, bytes: &[ByteSet]) -> usize {
    let required = required.unwrap_or(&[]);
    assert!(required.len() <= 256 && required.iter().all(|text| text.len() > 1), "{text}");
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).dot_matches_new_line(true).build();
    let translated = translate(text, Dialect::Linear).unwrap();
    let tree = parser.parse(&translated.text).unwrap();
    let syntax = super::linear::dialect();
    let bare = regex_automata::meta::Regex::builder().syntax(syntax).build(&translated.text).unwrap();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut matched = 0;
    for _ in 0..25 {
        let mut value = Vec::new();
        sample(&tree, &mut dice, &mut value);
        let found = pattern.matches(&value, None, &mut Work::default());
        // What looks around matches less than its filter; all others match just what the bare engine matches.
        let wanted = bare.is_match(&value) && (found || !translated.looks_around);
        assert_eq!(found, wanted, "{text}: {}", value.escape_ascii());
        if found {
            matched += 1;
            assert!(bytes.iter().all(|set| set.meets(&ByteSet::of(&value))), "{text}: {}", value.escape_ascii());
            value.make_ascii_lowercase();
            let held = required.is_empty() || required.iter().any(|text| memchr::memmem::find(&value, text).is_some());
            assert!(held, "{text}: {} holds none of {} texts", value.escape_ascii(), required.len());
        }
    }
    matched
}

/// Numbers in no order that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// Writes a value that a pattern matches, but for what stands around it.
fn sample(tree: &Hir, dice: &mut Dice, value: &mut Vec<u8>) {
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => value.extend_from_slice(&literal.0),
        HirKind::Class(class) => {
            let class = match class {
                Class::Bytes(class) => class.clone(),
                Class::Unicode(class) => class.to_byte_class().unwrap(),
            };
            let bytes: Vec<u8> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect();
            value.extend(bytes.get(dice.below(bytes.len())));
        }
        HirKind::Capture(capture) => sample(&capture.sub, dice, value),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, dice, value)),
        HirKind::Alternation(branches) => sample(&branches[dice.below(branches.len())], dice, value),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let more = repetition.max.map_or(3, |max| (max as usize - least).min(3));
            for _ in 0..least + dice.below(more + 1) {
                sample(&repetition.sub, dice, value);
            }
        }
    }
}
