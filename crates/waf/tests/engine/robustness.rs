//! No text and no request makes the engine panic or run away.

use std::sync::Arc;

use proptest::prelude::*;
use waf::program::{BODY_RULES, Options, Program, STRICTNESS_RULES};

use crate::request::{Request, compile, ids, program, run};

const RULES: &str = r#"
    SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|REQUEST_HEADERS|FILES|XML:/*|XML://@*|REQUEST_URI|MULTIPART_PART_HEADERS \
        "@rx (?i)(?:select|<script|\.\./)" \
        "id:1,phase:2,pass,capture,t:none,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:lowercase,\
        setvar:tx.score=+5,setvar:'tx.seen_%{MATCHED_VAR_NAME}=%{TX.0}'"
    SecRule TX:/^seen_/ "@rx ." "id:2,phase:2,pass,logdata:'%{MATCHED_VAR_NAME}'"
    SecRule &ARGS "@gt 3" "id:3,phase:2,pass,multiMatch,t:length"
"#;

fn whole() -> Arc<Program> {
    program(&format!("{BODY_RULES}\n{STRICTNESS_RULES}\n{RULES}"))
}

const TYPES: &[&str] = &[
    "application/json",
    "text/xml",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=\"",
    "application/x-www-form-urlencoded",
    "",
];

/// Pieces of rules in any order.
const RULE_TEXT: &str =
    "(Sec(Rule|Action|Marker) |ARGS|[\"',|:/!&@\\\\\n #()-]|id:1|phase:2|t:none|setvar:tx.a|\\PC){0,40}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_rule_text_is_read_or_refused(text in RULE_TEXT) {
        let _ = compile(&text, &Options::default());
    }

    #[test]
    fn any_request_gets_a_verdict(
        target in proptest::collection::vec(any::<u8>(), 0..60),
        kind in 0..TYPES.len(),
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(--b|\r\n|Content-Disposition: form-data; name=\"a\"|: |x|--){0,30}".prop_map(String::into_bytes),
            "([{}\\[\\],:\"\\\\]|1|true|a|\\\\u12){0,40}".prop_map(String::into_bytes),
            "(<a|>|</a>|&|;|<!|\\[CDATA\\[|'| b=|\\?){0,40}".prop_map(String::into_bytes),
        ],
    ) {
        let request = Request {
            method: "POST",
            target: String::from_utf8_lossy(&target).into_owned(),
            headers: vec![("Content-Type", TYPES[kind]), ("Cookie", "a=b;;=;c")],
            body,
        };
        let verdict = run(&whole(), &request);
        prop_assert_eq!(verdict.exhausted, None);
    }

    #[test]
    fn a_program_with_gates_decided_ahead_agrees_with_one_that_decides_at_its_time(
        level in 0..5_u8, query in "(a|b|c)=(select|x|<script)(&(a|b)=(x|select)){0,3}",
    ) {
        let body = "SecRule TX:level \"@lt 2\" \"id:10,phase:2,pass,nolog,skipAfter:E\"
            SecRule ARGS \"@rx select\" \"id:11,phase:2,pass,setvar:tx.score=+1\"
            SecMarker E
            SecRule ARGS:a \"@rx script\" \"id:12,phase:2,pass,setvar:tx.level=4\"
            SecRule TX:level \"@ge 4\" \"id:13,phase:2,pass\"";
        let set = format!("id:1,phase:1,pass,nolog,setvar:tx.level={level}");
        let ahead = format!("SecAction \"{set}\"\n{body}");
        let late = format!("SecRule REQUEST_METHOD \"@streq GET\" \"{set}\"\n{body}");
        let request = crate::request::get(&format!("/?{query}"));
        prop_assert_eq!(ids(&run(&program(&ahead), &request)), ids(&run(&program(&late), &request)));
    }
}

/// Patterns with and without texts that must occur.
const PATTERNS: &[&str] = &[
    "select|union",
    "(?i)s(?:elect|cript)",
    "^x",
    "a.b",
    "(?:x|y)+b$",
    "[a-c]{2}",
    "(?i)UNION +select",
    "\\bab?c\\b",
    "",
];

proptest! {
    /// Values in `TX` are not filtered, those in `ARGS` are: both have to find the same.
    #[test]
    fn a_filter_leaves_out_only_what_cannot_match(
        pattern in 0..PATTERNS.len(), value in "(a|b|c|x|y|S|elect|script|union|UNION| |select){0,6}",
    ) {
        let pattern = PATTERNS[pattern];
        let rules = format!(
            "SecRule &ARGS \"@ge 0\" \"id:1,phase:2,pass,nolog,setvar:tx.copy=%{{ARGS.a}}\"
             SecRule ARGS:a \"@rx {pattern}\" \"id:2,phase:2,pass,t:none,t:lowercase\"
             SecRule TX:copy \"@rx {pattern}\" \"id:3,phase:2,pass,t:none,t:lowercase\"
             SecRule ARGS:a \"!@rx {pattern}\" \"id:4,phase:2,pass,t:none,t:lowercase\""
        );
        let found = ids(&run(&program(&rules), &crate::request::get(&format!("/?a={}", value.replace(' ', "+")))));
        prop_assert_eq!(found.contains(&2), found.contains(&3));
        prop_assert_ne!(found.contains(&2), found.contains(&4));
    }
}

#[test]
fn a_text_that_doubles_with_every_match_is_bounded() {
    let rules = "SecRule ARGS \"@unconditionalMatch\" \"id:1,phase:2,pass,setvar:'tx.a=x%{tx.a}%{tx.a}'\"";
    let query: String = (0..900).map(|number| format!("a{number}&")).collect();
    let verdict = run(&program(rules), &crate::request::get(&format!("/?{query}")));
    assert!(verdict.exhausted.is_some());
}

#[test]
fn work_grows_with_the_body_and_no_faster() {
    let rules = format!("{BODY_RULES}\n{RULES}");
    for bytes in [1_000, 10_000, 100_000] {
        // Six lists of transformations with at most five steps, each read a few times, over two copies of the body.
        let options = Options { budget: Some(40 * bytes as u64 + 10_000), ..Options::default() };
        let request = Request {
            method: "POST",
            headers: vec![("Content-Type", "application/x-www-form-urlencoded")],
            body: format!("a={}", "%3cSCR%26lt;".repeat(bytes / 12)).into_bytes(),
            ..Request::default()
        };
        let verdict = run(&compile(&rules, &options).expect("rules that compile"), &request);
        assert_eq!(verdict.exhausted, None, "{bytes}");
    }
}
