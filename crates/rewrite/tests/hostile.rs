//! Requests and patterns of bad will: nothing breaks a head apart, takes long or grows without bound.
#![allow(clippy::unwrap_used, reason = "what these tests write is right, or they fail")]

mod common;

use proptest::prelude::*;

use common::{Request, Response, request, respond, response, rule, run, set_of};
use rewrite::{Edits, MOST_VALUE, Pattern, PatternError, ResponseEdits, RewriteSet, Server};

const EVIL: &str = "a\r\nEvil: 1\0\u{7f}\u{1b}[31m\tb";

fn evil() -> Request {
    let mut asked = request("/", "", &[("X-Evil", EVIL)]);
    asked.cookies = vec![("evil".to_owned(), EVIL.as_bytes().to_vec())];
    asked.server = vec![(Server::ClientCertificateSubject, EVIL.as_bytes().to_vec())];
    asked
}

#[test]
fn line_breaks_and_control_bytes_become_blanks_wherever_they_come_from() {
    let clean = "a  Evil: 1   [31m\tb";
    let tokens =
        ["{http_req_X-Evil}", "{http_req_X-Evil_1}", "{var_cookie_evil}", "{var_client_certificate_subject}", EVIL];
    for token in tokens {
        let rule = rule(1).when("http_req_X-Evil", r"^((?s).*)$").set("V", token).set_response("V", token);
        let set = set_of([rule.path(token).query(token)]);
        let outcome = run(&set, &evil());
        assert_eq!(outcome.headers, [("v".to_owned(), Some(clean.to_owned()))], "{token}");
        let encoded = clean.replace(' ', "%20").replace('\t', "%09");
        assert_eq!(outcome.path, Some(format!("/{encoded}")), "{token}");
        assert_eq!(outcome.query, Some(encoded), "{token}");
        let fields = respond(&set, &evil(), &response(200, &[]));
        assert_eq!(fields, [("V".to_owned(), clean.to_owned())], "{token}");
    }
    let set = set_of([rule(1)
        .when("http_resp_X-Evil", "((?s).*)")
        .set_response("V", "{http_resp_X-Evil_1}{http_resp_X-Evil}")]);
    let fields = respond(&set, &evil(), &response(200, &[("X-Evil", EVIL)]));
    assert_eq!(fields.last().unwrap().1, clean.repeat(2));
    let set = set_of([rule(1).set_matching("Set-Cookie", "{capt_header_value_matcher_1}", "(?s)(.*)", false)]);
    let fields = respond(&set, &evil(), &response(200, &[("Set-Cookie", EVIL)]));
    assert_eq!(fields.last().unwrap().1, clean);
}

#[test]
fn blanks_at_the_ends_of_a_header_are_left_out() {
    let rows =
        [("  a b\t", "a b"), ("\r\na", "a"), ("{http_req_X}", "x y"), (" {http_req_X}\t{http_req_X} ", "x y \t x y")];
    for (value, expected) in rows {
        let found = run(&set_of([rule(1).set("V", value)]), &request("/", "", &[("X", " x y ")]));
        assert_eq!(found.headers, [("v".to_owned(), Some(expected.to_owned()))], "{value:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_bytes_come_heads_stay_whole(
        header in prop::collection::vec(any::<u8>(), 0..40),
        cookie in prop::collection::vec(any::<u8>(), 0..40),
        field in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let asked = Request {
            headers: vec![("X".to_owned(), header)],
            cookies: vec![("c".to_owned(), cookie)],
            ..Request::default()
        };
        let answer = Response { status: 200, fields: vec![("R".to_owned(), field)] };
        let all = "{http_req_X}{http_req_X_1}{var_cookie_c}{var_cookie_c_1}";
        let set = set_of([rule(1)
            .when("http_req_X", "((?s).*)")
            .when("var_cookie_c", "([^a]*)")
            .set("V", all)
            .set_response("V", &format!("{{http_resp_R}}{all}"))
            .path(all)
            .query(all)]);
        let (mut edits, mut out) = (Edits::default(), ResponseEdits::default());
        set.request(&asked, &mut edits);
        edits.respond(&answer, &mut out);
        let is_value = |value: &[u8]| {
            let ends = [value.first(), value.last()];
            value.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t')
                && ends.into_iter().flatten().all(|byte| !matches!(byte, b' ' | b'\t'))
        };
        prop_assert!(edits.headers().all(|(_, value)| value.is_none_or(is_value)));
        let mut fields = Vec::new();
        out.each(|_, value| fields.push(value.to_vec()));
        prop_assert!(fields.iter().all(|value| is_value(value)));
        let path = edits.path().unwrap();
        prop_assert!(path.starts_with(b"/"));
        prop_assert!(path.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#')));
        prop_assert!(edits.query().unwrap().iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#'));
    }

    #[test]
    fn any_text_is_a_pattern_or_is_not_and_is_matched_without_panic(
        text in "[a-c(){}\\[\\]*+?|^$.,:0-9&~<>=!QExp\\\\-]{0,24}",
        ignore_case in any::<bool>(),
        value in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(pattern) = Pattern::new(&text, ignore_case) {
            prop_assert_eq!(pattern.is_match(&value), found_by_rule(&text, ignore_case, &value));
        }
    }

    #[test]
    fn any_text_is_a_template_or_is_not(
        text in "[{}_a-z0-9]{0,40}|(\\{(http_(req|resp)_|var_|capt_)[a-z_0-9{}]{0,12}\\}?){0,3}",
    ) {
        if let Ok(template) = rewrite::Template::parse(&text, &[]) {
            prop_assert_eq!(template.as_str(), text);
        }
    }
}

/// Whether a rule with that condition fires whose captures are wanted: then no short cut is taken.
fn found_by_rule(pattern: &str, ignore_case: bool, value: &[u8]) -> bool {
    let asked = Request { headers: vec![("X".to_owned(), value.to_vec())], ..Request::default() };
    // What the pattern quotes may not reach the closing parenthesis.
    let pattern = format!(r"({pattern}\E)");
    let Ok(compiled) = Pattern::new(&pattern, ignore_case) else { return false };
    let mut edits = Edits::default();
    let mut spec = rule(1).0;
    let variable = rewrite::Variable::parse("http_req_X").unwrap();
    spec.conditions.push(rewrite::Condition { variable, pattern: compiled, negate: false });
    let value = rewrite::Template::parse("fired{http_req_X_1}", &spec.conditions).ok();
    spec.request_headers.push(rewrite::HeaderAction { name: "V".to_owned(), value, matcher: None });
    RewriteSet::new("set", vec![spec]).request(&asked, &mut edits);
    edits.header(b"V").is_some()
}

#[test]
fn patterns_that_backtrack_elsewhere_are_matched_in_one_pass() {
    // A backtracking engine needs more steps for each of these than there are atoms; none of them may be tried out by
    // time, so the test is that it ends.
    let long = "a".repeat(60_000) + "!";
    for pattern in
        ["(a+)+$", "(a|aa)+$", "^(a|a?)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){20}b", "(a*)*b", "(x+x+)+y"]
    {
        let asked = request("/", "", &[("X", &long)]);
        let set = set_of([rule(1).when("http_req_X", pattern).set("V", "[{http_req_X_1}]")]);
        assert_eq!(run(&set, &asked).headers, [], "{pattern}");
    }
}

#[test]
fn a_pattern_whose_automaton_is_huge_is_refused() {
    for text in ["((a{100}){100}){100}", "(x{1000}){1000}", r"(\p{L}{300}){300}"] {
        assert_eq!(Pattern::new(text, false).err(), Some(PatternError::TooLarge), "{text}");
    }
    let deep = "(".repeat(5000) + &")".repeat(5000);
    assert!(matches!(Pattern::new(&deep, false), Err(PatternError::Syntax(_))));
}

#[test]
fn values_that_grow_too_long_are_dropped_and_it_is_said() {
    let half = "x".repeat(MOST_VALUE / 2);
    let asked = request("/", "", &[("X", &half)]);
    let fits = run(&set_of([rule(1).set("V", "{http_req_X}{http_req_X}")]), &asked);
    assert_eq!((fits.headers[0].1.as_ref().map(String::len), fits.overflowed), (Some(MOST_VALUE), false));
    let rows = [
        rule(1).set("V", "{http_req_X}{http_req_X}y"),
        rule(1).path("{http_req_X}{http_req_X}y"),
        rule(1).query("{http_req_X}{http_req_X}y"),
        // Three bytes for one.
        rule(1).query(&"\u{1}".repeat(MOST_VALUE / 2)),
    ];
    for rule in rows {
        let shown = format!("{:?}", rule.0.url).len() + rule.0.request_headers.len();
        let outcome = run(&set_of([rule]), &asked);
        assert_eq!(
            (outcome.headers.len(), outcome.path, outcome.query, outcome.overflowed),
            (0, None, None, true),
            "{shown}"
        );
    }
}

#[test]
fn many_values_have_a_bound_together() {
    let set =
        set_of((0..40).map(|at| rule(at).set(&format!("V{at}"), "{http_req_X}").set_response("R", "{http_req_X}")));
    let asked = request("/", "", &[("X", &"x".repeat(MOST_VALUE))]);
    let mut edits = Edits::default();
    set.request(&asked, &mut edits);
    assert!(edits.overflowed());
    let held: usize = edits.headers().map(|(_, value)| value.map_or(0, <[u8]>::len)).sum();
    assert!(held <= 16 * MOST_VALUE, "{held}");
    edits.clear();
    assert!(!edits.overflowed() && !edits.has_response_work() && edits.headers().next().is_none());
}

#[test]
fn rules_that_do_not_fire_leave_nothing_behind() {
    let long = format!("/{}", "x".repeat(30_000));
    let rule = |at| rule(at).when("var_uri_path", "^/(.*)$").when("http_req_X", "y").set("V", "{var_uri_path_1}");
    let outcome = run(&set_of((0..40).map(rule)), &request(&long, "", &[("X", "x")]));
    assert_eq!((outcome.headers.len(), outcome.overflowed), (0, false));
}

#[test]
fn responses_have_the_same_bounds() {
    let half = "x".repeat(MOST_VALUE / 2);
    let answer = response(200, &[("X", &half), ("Set-Cookie", &half)]);
    let rows = [
        rule(1).set_response("V", "{http_resp_X}{http_resp_X}y"),
        rule(1).set_matching("Set-Cookie", "{capt_header_value_matcher}{capt_header_value_matcher}y", ".+", false),
        (0..40).fold(rule(1), |rule, at| rule.set_response(&format!("V{at}"), "{http_resp_X}")),
    ];
    for (at, rule) in rows.into_iter().enumerate() {
        let (mut edits, mut out) = (Edits::default(), ResponseEdits::default());
        set_of([rule]).request(&request("/", "", &[]), &mut edits);
        edits.respond(&answer, &mut out);
        assert!(out.overflowed(), "{at}");
        out.clear();
        assert!(out.is_empty() && !out.overflowed());
    }
}
