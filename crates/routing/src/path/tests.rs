//! The rules for path patterns, and the trie against trying one pattern after the other.

use proptest::prelude::*;

use super::*;
use crate::matching_form;

const MODES: [PathMatching; 3] = [PathMatching::ListOrder, PathMatching::ExactFirst, PathMatching::LongestPrefix];

fn pattern(text: &str) -> PathPattern {
    PathPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn table(matching: PathMatching, patterns: &[&str]) -> PathTable<Option<usize>> {
    PathTable::new(matching, None, patterns.iter().map(|text| pattern(text)).zip((0..).map(Some)))
}

#[test]
fn what_a_path_pattern_may_be() {
    use PathPatternError::*;
    let rows: &[(&str, Option<PathPatternError>)] = &[
        ("/images/*", None),
        ("/images*", None),
        ("/Repos/Comments/*", None),
        ("/", None),
        ("/*", None),
        ("/images/*.jpg", Some(StarNotLast)),
        ("/*.jpg", Some(StarNotLast)),
        ("/Repos/*/Comments/*", Some(StarNotLast)),
        ("/**", Some(StarNotLast)),
        ("images/*", Some(NoLeadingSlash)),
        ("*", Some(NoLeadingSlash)),
        ("", Some(NoLeadingSlash)),
        ("/a?b", Some(Character('?'))),
        ("/a#b", Some(Character('#'))),
    ];
    for (text, expected) in rows {
        assert_eq!(PathPattern::parse(text).err(), *expected, "{text}");
    }
}

#[test]
fn the_documented_map_in_list_order() {
    let table = table(PathMatching::ListOrder, &["/images/*", "/video/*", "/exact", "/api*"]);
    let rows = [
        ("/images/a.png", Some(0)),
        ("/IMAGES/a.png", Some(0)),
        ("/exact", Some(2)),
        ("/api", Some(3)),
        ("/video%2Fa.mp4", Some(1)),
        ("/images", None),
        ("/images/", Some(0)),
        ("/exact/", None),
        ("/apix", Some(3)),
        ("/", None),
        ("/videos/a", None),
        ("/x/../api", Some(3)),
        ("/x/%2e%2e/api", Some(3)),
        ("//images//a", Some(0)),
        ("/images/../exact", Some(2)),
        ("*", None),
        ("", None),
    ];
    for (path, expected) in rows {
        assert_eq!(table.lookup(path.as_bytes()).target, expected, "{path}");
    }
}

#[test]
fn a_long_path_is_brought_into_matching_form_too() {
    let table = table(PathMatching::ListOrder, &["/images/*"]);
    let path = format!("/x/{}/%2e%2e/../images/a", "y".repeat(40_000));
    assert_eq!(table.lookup(path.as_bytes()).target, Some(0));
}

#[test]
fn each_mode_has_its_own_winner() {
    let documented = ["/master-dev*", "/master-dev/api-core/", "/master-dev/api*"];
    type Row<'a> = (&'a [&'a str], &'a str, [Option<usize>; 3]);
    let rows: &[Row<'_>] = &[
        (&documented, "/master-dev/api-core/", [Some(0), Some(1), Some(1)]),
        (&documented, "/master-dev/api/x", [Some(0), Some(0), Some(2)]),
        (&documented, "/other", [None, None, None]),
        (&["/a*", "/a"], "/a", [Some(0), Some(1), Some(1)]),
        (&["/*", "/a/*", "/a/b/*"], "/a/b/c", [Some(0), Some(0), Some(2)]),
        (&["/a/*", "/A/*"], "/a/x", [Some(0), Some(0), Some(0)]),
    ];
    for (patterns, path, expected) in rows {
        let found = MODES.map(|mode| table(mode, patterns).lookup(path.as_bytes()).target);
        assert_eq!(found, *expected, "{patterns:?} {path}");
    }
}

#[test]
fn a_hit_names_the_pattern_that_matched() {
    let table = PathTable::new(PathMatching::ListOrder, 'z', [(pattern("/a*"), 'a'), (pattern("/b"), 'b')]);
    let hit = table.lookup(b"/b");
    assert_eq!(hit, Hit { target: 'b', pattern: Some(PatternId(1)) });
    assert_eq!(table.pattern(PatternId(1)).map(PathPattern::as_str), Some("/b"));
    assert_eq!(table.lookup(b"/c"), Hit { target: 'z', pattern: None });
}

#[test]
fn patterns_are_folded_like_paths() {
    for (text, path) in [
        ("/IMAGES/*", "/images/a"),
        ("/a%20b", "/a%20b"),
        ("/a b", "/a%20b"),
        ("/a%2Fb/*", "/a/b/c"),
        ("/a//b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/..*", "/a/..x"),
        ("/.well-known/*", "/.well-known/acme"),
        ("/ü", "/%C3%BC"),
    ] {
        assert_eq!(table(PathMatching::ListOrder, &[text]).lookup(path.as_bytes()).target, Some(0), "{text} {path}");
    }
}

#[test]
fn a_pattern_is_unreachable_when_an_earlier_one_takes_all_its_paths() {
    let patterns = ["/a/*", "/a/b", "/a/b/*", "/a*", "/c", "/c", "/c*", "/A/*"];
    let found = MODES.map(|mode| {
        let pairs = table(mode, &patterns).unreachable();
        pairs.into_iter().map(|found| (found.pattern.0, found.covered_by.0)).collect::<Vec<_>>()
    });
    assert_eq!(found[0], [(1, 0), (2, 0), (5, 4), (7, 0)], "list order");
    assert_eq!(found[1], [(2, 0), (5, 4), (7, 0)], "exact first");
    assert_eq!(found[2], [(5, 4), (7, 0)], "longest prefix");
}

/// The winner by trying every pattern.
fn naive(mode: PathMatching, patterns: &[PathPattern], path: &str) -> Option<usize> {
    let path = String::from_utf8_lossy(&matching_form(path.as_bytes())).to_ascii_lowercase();
    let hits = |pattern: &PathPattern| {
        let literal = String::from_utf8_lossy(pattern.literal());
        if pattern.is_prefix() { path.starts_with(&*literal) } else { path == literal }
    };
    let mut matching: Vec<_> = patterns.iter().enumerate().filter(|(_, pattern)| hits(pattern)).collect();
    matching.sort_by_key(|(index, pattern)| match mode {
        PathMatching::ListOrder => (false, 0, *index),
        PathMatching::ExactFirst => (pattern.is_prefix(), 0, *index),
        PathMatching::LongestPrefix => (pattern.is_prefix(), usize::MAX - pattern.literal().len(), *index),
    });
    matching.first().map(|(index, _)| *index)
}

proptest! {
    #[test]
    fn the_trie_finds_what_trying_one_by_one_finds(
        patterns in proptest::collection::vec("/[abA/.]{0,5}(%2[fF]|%41|%zz)?[ab/]{0,3}\\*?", 0..20),
        paths in proptest::collection::vec("/[abAB/.]{0,6}(%2[fF]|%61|%zz|//)?[ab/.]{0,4}", 1..20),
    ) {
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        for mode in MODES {
            let table = PathTable::new(mode, None, patterns.iter().cloned().zip((0..).map(Some)));
            for path in &paths {
                let found = table.lookup(path.as_bytes()).target;
                prop_assert_eq!(found, naive(mode, &patterns, path), "{:?} {}", mode, path);
            }
        }
    }

    #[test]
    fn an_unreachable_pattern_never_wins(
        patterns in proptest::collection::vec("/[ab/]{0,3}\\*?", 0..10),
        paths in proptest::collection::vec("/[ab/]{0,5}", 1..40),
    ) {
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        for mode in MODES {
            let table = PathTable::new(mode, None, patterns.iter().cloned().zip((0..).map(Some)));
            let dead: Vec<_> = table.unreachable().into_iter().map(|found| Some(found.pattern)).collect();
            for path in &paths {
                let hit = table.lookup(path.as_bytes());
                prop_assert!(hit.pattern.is_none() || !dead.contains(&hit.pattern), "{:?} {}", mode, path);
            }
        }
    }

    #[test]
    fn any_path_bytes_are_harmless(path in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = table(PathMatching::ListOrder, &["/a*", "/b/c"]).lookup(&path);
    }
}
