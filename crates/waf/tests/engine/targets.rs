//! What rules look at.

use crate::request::{Request, get, hits, post};

/// A rule that matches a request, or does not.
fn matches(targets: &str, operator: &str, request: &Request) -> bool {
    !hits(&format!("SecRule {targets} \"{operator}\" \"id:1,phase:2,pass\""), request).is_empty()
}

#[test]
fn every_variable_holds_what_its_name_says() {
    let request = Request {
        method: "POST",
        target: "http://h/p%20q/a.b?x=1%202&y".to_owned(),
        headers: vec![
            ("Host", "h:81"),
            ("Cookie", "c=1=2; D=%41"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ],
        body: b"z=3".to_vec(),
    };
    for (targets, value) in [
        ("REQUEST_METHOD", "POST"),
        ("REQUEST_LINE", "POST http://h/p%20q/a.b?x=1%202&y HTTP/1.1"),
        ("REQUEST_URI", "/p%20q/a.b?x=1%202&y"),
        ("REQUEST_URI_RAW", "http://h/p%20q/a.b?x=1%202&y"),
        ("REQUEST_FILENAME", "/p q/a.b"),
        ("REQUEST_BASENAME", "a.b"),
        ("REQUEST_PROTOCOL", "HTTP/1.1"),
        ("QUERY_STRING", "x=1%202&y"),
        ("ARGS:X", "1 2"),
        ("ARGS:y", ""),
        ("ARGS_GET:x", "1 2"),
        ("ARGS_POST:z", "3"),
        ("ARGS:z", "3"),
        ("ARGS_NAMES:z", "z"),
        ("&ARGS", "3"),
        ("&ARGS:none", "0"),
        ("ARGS_COMBINED_SIZE", "7"),
        ("REQUEST_COOKIES:c", "1=2"),
        ("REQUEST_COOKIES:d", "%41"),
        ("REQUEST_COOKIES_NAMES:D", "D"),
        ("REQUEST_HEADERS:hOST", "h:81"),
        ("&REQUEST_HEADERS_NAMES", "3"),
        ("SERVER_NAME", "h"),
        ("REMOTE_ADDR", "192.0.2.1"),
        ("REMOTE_PORT", "4711"),
        ("UNIQUE_ID", "id"),
        ("REQUEST_BODY", "z=3"),
        ("REQUEST_BODY_LENGTH", "3"),
        ("REQBODY_PROCESSOR", "URLENCODED"),
        ("REQBODY_ERROR", "0"),
        ("URLENCODED_ERROR", "0"),
    ] {
        assert!(matches(targets, &format!("@streq {value}"), &request), "{targets} is {value}");
    }
}

#[test]
fn the_first_phase_sees_no_body() {
    let request = post("application/x-www-form-urlencoded", "a=1");
    assert_eq!(hits("SecRule &ARGS \"@eq 0\" \"id:1,phase:1,pass\"", &request), [1]);
    assert_eq!(hits("SecRule REQUEST_BODY \"@streq a=1\" \"id:1,phase:1,pass\"", &request), [0; 0]);
}

#[test]
fn a_missing_value_matches_nothing_not_even_a_negation() {
    assert!(!matches("REQUEST_HEADERS:X", "!@rx a", &get("/")));
    assert!(!matches("ARGS:x", "@unconditionalMatch", &get("/")));
    assert!(matches("ARGS:x", "!@rx a", &get("/?x")));
}

#[test]
fn values_are_chosen_and_left_out_by_key() {
    for (targets, expected) in [
        ("ARGS:/^a/", true),
        ("ARGS:'/^A\\d|z/'", true),
        ("ARGS:/^b/", false),
        ("ARGS|!ARGS:A1", false),
        ("ARGS|!ARGS:/^a/", false),
        ("ARGS|!ARGS:b", true),
        ("ARGS_GET|!ARGS:a1", true),
        ("REQUEST_HEADERS|ARGS", true),
    ] {
        assert_eq!(matches(targets, "@streq x", &get("/?a1=x&b=y")), expected, "{targets}");
    }
    assert!(matches("&ARGS|!ARGS:a1", "@eq 1", &get("/?a1=x&b=y")), "what is left out is not counted");
}

#[test]
fn an_argument_is_decoded_once_and_rules_may_decode_again() {
    let request = get("/?a=%2561");
    assert!(matches("ARGS", "@streq %61", &request));
    let rules = "SecRule ARGS \"@streq a\" \"id:1,phase:2,pass,t:none,t:urlDecodeUni\"";
    assert_eq!(hits(rules, &request), [1]);
}

#[test]
fn several_transformations_are_applied_in_turn_and_none_forgets_them() {
    for (list, expected) in [("t:lowercase,t:none", true), ("t:lowercase", false), ("t:urlDecode,t:lowercase", false)] {
        let rules = format!("SecRule ARGS \"@streq A\" \"id:1,phase:2,pass,{list}\"");
        assert_eq!(!hits(&rules, &get("/?a=A")).is_empty(), expected, "{list}");
    }
}

#[test]
fn multi_match_looks_before_and_after_each_change() {
    let rules =
        "SecRule ARGS \"@rx ^(%41|A|a)$\" \"id:1,phase:2,pass,multiMatch,t:urlDecode,t:removeNulls,t:lowercase\"";
    let verdict = crate::request::run(&crate::request::program(rules), &get("/?a=%2541"));
    let values: Vec<&str> = verdict.matches[0].values.iter().map(|value| value.value.as_str()).collect();
    assert_eq!(values, ["%41", "A", "a"]);
}
