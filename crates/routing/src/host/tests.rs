//! The rules for host names, and the table against trying one pattern after the other.

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> HostPattern {
    HostPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_a_host_pattern_may_be() {
    use HostPatternError::*;
    let label = "a".repeat(64);
    let name = format!("{}.com", "a.".repeat(125));
    let rows: &[(&str, Option<HostPatternError>)] = &[
        ("contoso.com", None),
        ("www.contoso.com.", None),
        ("WWW.Contoso.COM", None),
        ("localhost", None),
        ("*", None),
        ("*.contoso.com", None),
        ("*.contoso.*", None),
        ("????.contoso.com", None),
        ("w??.contoso*.edu.*", None),
        ("*a?.com", None),
        ("????.contoso.*", Some(TooManyWildcards)),
        ("?????.contoso.com", Some(TooManyWildcards)),
        ("*.*.*", Some(TooManyStars)),
        ("a*b*.com", Some(StarTwiceInLabel)),
        ("**.com", Some(AdjacentWildcards)),
        ("*?.com", Some(AdjacentWildcards)),
        ("?*.com", Some(AdjacentWildcards)),
        ("", Some(Empty)),
        (".", Some(Empty)),
        (".contoso.com", Some(EmptyLabel)),
        ("a..com", Some(EmptyLabel)),
        ("a_b.com", Some(Character('_'))),
        ("a.com:80", Some(Character(':'))),
        ("[::1]", Some(Character('['))),
        ("a b.com", Some(Character(' '))),
        ("bücher.example", Some(Character('ü'))),
        ("^.*$", Some(Character('^'))),
        (&label, Some(LongLabel)),
        (&name, Some(TooLong)),
    ];
    for (text, expected) in rows {
        assert_eq!(HostPattern::parse(text).err(), *expected, "{text}");
    }
}

#[test]
fn which_hosts_a_pattern_matches() {
    let rows = [
        ("*.contoso.com", "www.contoso.com", true),
        ("*.contoso.com", "a.b.contoso.com", true),
        ("*.contoso.com", "contoso.com", false),
        ("*.contoso.com", ".contoso.com", false),
        ("*.contoso.com", "www.contoso.com.evil.com", false),
        ("*.contoso.com", "evilcontoso.com", false),
        ("w??.contoso.com", "www.contoso.com", true),
        ("w??.contoso.com", "ww.contoso.com", false),
        ("w??.contoso.com", "wwww.contoso.com", false),
        ("shop-*.contoso.com", "shop-eu.contoso.com", true),
        ("shop-*.contoso.com", "shop-.contoso.com", true),
        ("WWW.contoso.com", "www.CONTOSO.com:8443", true),
        ("www.contoso.com", "www.contoso.com.", true),
        ("www.contoso.com", "www.contoso.com.:80", true),
        ("www.contoso.com", "www.contoso.com..", false),
        ("contoso*", "contoso", true),
        ("contoso*", "contoso.example", true),
        ("w??.contoso*.edu.*", "www.contoso-x.edu.au", true),
        ("w??.contoso*.edu.*", "www.contoso.edu.", false),
        ("*.contoso.*", "a.contoso.b.contoso.c", true),
        ("*", "anything", true),
        ("*", "10.0.0.1", false),
        ("*", "[::1]:80", false),
        ("*", "", false),
        ("1?.0.0.1", "10.0.0.1", false),
    ];
    for (text, host, expected) in rows {
        assert_eq!(pattern(text).matches(host.as_bytes()), expected, "{text} {host}");
    }
}

#[test]
fn a_pattern_covers_another_only_when_it_surely_takes_all_its_hosts() {
    let rows = [
        ("a.com", "a.com", true),
        ("a.com", "b.com", false),
        ("*.a.com", "b.a.com", true),
        ("*.a.com", "*.b.a.com", true),
        ("*.a.com", "*.a.com", true),
        ("*.a.com", "shop-*.a.com", true),
        ("*.a.com", "????.a.com", true),
        ("*.a.com", "a.com", false),
        ("*.a.com", "*a.com", false),
        ("shop-*.a.com", "*.a.com", false),
        ("w??.a.com", "www.a.com", true),
        ("w??.a.com", "w*.a.com", false),
        ("w??.a.com", "w?w.a.com", true),
        ("www.a.com", "w??.a.com", false),
        ("*", "*.a.com", true),
        ("*", "a*", true),
        ("a*", "*", false),
    ];
    for (wide, narrow, expected) in rows {
        assert_eq!(pattern(wide).covers(&pattern(narrow)), expected, "{wide} covers {narrow}");
    }
}

fn table(entries: &[&str]) -> HostTable<usize> {
    let parse = |entry: &&str| {
        if entry.is_empty() { None } else { Some(pattern(entry)) }
    };
    HostTable::new(entries.iter().map(parse).zip(0..))
}

#[test]
fn the_best_priority_wins_whatever_the_kind() {
    let rows: &[(&[&str], &str, Option<usize>)] = &[
        (&["", "www.a.com"], "www.a.com", Some(0)),
        (&["*.a.com", "www.a.com"], "www.a.com", Some(0)),
        (&["www.a.com", "*.a.com"], "www.a.com", Some(0)),
        (&["www.a.com", "*.a.com"], "api.a.com", Some(1)),
        (&["www.a.com", "w*.a.com", "*.a.com", ""], "wiki.a.com", Some(1)),
        (&["*.a.com", "*.b.a.com"], "x.b.a.com", Some(0)),
        (&["*.b.a.com", "*.a.com"], "x.b.a.com", Some(0)),
        (&["a.com", "a.com"], "A.COM", Some(0)),
        (&["*.com", "*", ""], "localhost", Some(1)),
        (&["a.com"], "b.com", None),
        (&["a.com"], "", None),
        (&["a.com", ""], "", Some(1)),
        (&["*", ""], "192.0.2.7:80", Some(1)),
        (&["*", ""], "[2001:db8::1]", Some(1)),
        (&["10.0.0.1"], "10.0.0.1", None),
        (&["*.a.com"], "a.com", None),
        (&[], "a.com", None),
    ];
    for (entries, host, expected) in rows {
        assert_eq!(table(entries).lookup(host.as_bytes()), *expected, "{entries:?} {host}");
    }
}

#[test]
fn a_host_longer_than_any_name_reaches_basic_listeners_only() {
    let host = "a".repeat(256);
    assert_eq!(table(&["*"]).lookup(host.as_bytes()), None);
    assert_eq!(table(&["*", ""]).lookup(host.as_bytes()), Some(1));
}

#[test]
fn an_entry_is_shadowed_when_one_of_better_priority_takes_all_its_hosts() {
    let entries = ["*.a.com", "www.a.com", "w*.a.com", "b.com", "b.com", "", "c.com", "*.d.com", ""];
    let entries: Vec<_> = entries.map(|entry| (!entry.is_empty()).then(|| pattern(entry))).into();
    assert_eq!(shadowed(&entries), [(1, 0), (2, 0), (4, 3), (6, 5), (7, 5), (8, 5)]);
}

#[test]
fn a_host_loses_its_port_and_an_address_keeps_its_brackets() {
    for (host, expected) in
        [("a.com:80", "a.com"), ("a.com", "a.com"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", "")]
    {
        assert_eq!(host_without_port(host.as_bytes()), expected.as_bytes(), "{host}");
    }
}

proptest! {
    #[test]
    fn the_table_finds_what_trying_one_by_one_finds(
        entries in proptest::collection::vec("[ab*?.]{0,7}", 0..12),
        hosts in proptest::collection::vec("[abAB.]{0,9}(:80)?", 1..20),
    ) {
        let entries: Vec<_> = entries
            .iter()
            .filter_map(|text| if text.is_empty() { Some(None) } else { HostPattern::parse(text).ok().map(Some) })
            .collect();
        let table = HostTable::new(entries.iter().cloned().zip(0..));
        for host in hosts {
            let host = host.as_bytes();
            let matches = |entry: &Option<HostPattern>| entry.as_ref().is_none_or(|entry| entry.matches(host));
            prop_assert_eq!(table.lookup(host), entries.iter().position(matches), "{:?}", host);
        }
    }

    #[test]
    fn what_covers_another_matches_all_its_hosts(
        wide in "[ab*?.]{1,6}", narrow in "[ab*?.]{1,6}", hosts in proptest::collection::vec("[ab.]{1,8}", 1..40),
    ) {
        if let (Ok(wide), Ok(narrow)) = (HostPattern::parse(&wide), HostPattern::parse(&narrow))
            && wide.covers(&narrow)
        {
            for host in hosts {
                prop_assert!(!narrow.matches(host.as_bytes()) || wide.matches(host.as_bytes()), "{}", host);
            }
        }
    }

    #[test]
    fn any_host_bytes_are_harmless(host in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = table(&["*.a.com", "w??.b*", "a.com", ""]).lookup(&host);
    }
}
