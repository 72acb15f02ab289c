//! Parts of the language that the core rule set itself does not use, but exclusions and rules of operators do.

use waf::program::Options;
use waf::transaction::{Head, Transaction};
use waf::verdict::{REDACTED, Verdict};

use crate::request::{Request, compile, get, hits, ids, post, program, run};

const CHAIN: &str = r#"
    SecRule ARGS|REQUEST_HEADERS:X "@streq x" "id:10,phase:2,pass,t:none"
    SecRule ARGS:a "@streq x" "id:11,phase:2,pass,setvar:tx.first=+1,chain"
        SecRule ARGS:b "@streq X" "t:none,setvar:tx.second=+1"
"#;

#[test]
fn targets_take_the_place_of_others_where_a_rule_looks_at_those() {
    for (directive, expected) in [
        ("SecRuleUpdateTargetById 10 ARGS:b ARGS", vec![]),
        ("SecRuleUpdateTargetById 10 \"REQUEST_METHOD|ARGS:a\" \"args\"", vec![10]),
        ("SecRuleUpdateTargetById 10 ARGS:b REQUEST_HEADERS:x", vec![10]),
        ("SecRuleUpdateTargetById 10 ARGS:b \"ARGS|REQUEST_HEADERS:X\"", vec![]),
        // Not looked at: nothing changes.
        ("SecRuleUpdateTargetById 10 ARGS:b ARGS:a", vec![10]),
        ("SecRuleUpdateTargetById 10 ARGS:b &ARGS", vec![10]),
        ("SecRuleUpdateTargetById 11 ARGS:b ARGS:a", vec![10]),
    ] {
        assert_eq!(hits(&format!("{CHAIN}\n{directive}"), &get("/?a=x&b=y")), expected, "{directive}");
    }
}

#[test]
fn the_actions_of_one_link_change_by_its_number() {
    for (directive, expected, stopped) in [
        ("", vec![10], false),
        ("SecRuleUpdateActionById 11:1 \"t:uppercase\"", vec![10, 11], false),
        ("SecRuleUpdateActionById 11:0 \"deny\"\nSecRuleUpdateActionById 11:1 \"t:uppercase\"", vec![10, 11], true),
        ("SecRuleUpdateActionById 11 \"t:uppercase\"", vec![10], false),
    ] {
        let verdict = run(&program(&format!("{CHAIN}\n{directive}")), &get("/?a=x&b=x"));
        assert_eq!((ids(&verdict), verdict.is_stopped()), (expected, stopped), "{directive}");
    }
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    for (directive, part) in [
        ("SecRuleUpdateActionById 11:2 \"nolog\"", "links are counted from 0"),
        ("SecRuleUpdateActionById 11:1 \"deny\"", "the chain's first rule"),
        ("SecRuleUpdateActionById 11 \"id:12\"", "stays as it was written"),
        ("SecRuleUpdateActionById 11:x \"nolog\"", "such as 942100:1"),
        ("SecRuleUpdateActionById 11", "the rules meant and the change"),
        ("SecRuleUpdateTargetById 11 ARGS ARGS ARGS", "the rules meant and the change"),
        ("SecRuleUpdateTargetById 11 \"!ARGS:a\" ARGS", "without an exclamation mark"),
        ("SecXmlExternalEntity On", "no entity is fetched"),
    ] {
        let faults = compile(&format!("{CHAIN}\n{directive}"), &Options::default()).expect_err(directive);
        assert!(faults[0].to_string().contains(part), "{directive}: {}", faults[0]);
    }
}

/// A verdict of a request at a moment, at an address.
fn told(rules: &str, request: &Request) -> Verdict {
    let program = program(rules);
    let head = Head {
        method: b"GET",
        target: request.target.as_bytes(),
        protocol: "HTTP/1.1",
        remote: [192, 0, 2, 1].into(),
        remote_port: 4711,
        unique_id: "id",
    };
    let headers = request.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let mut transaction = Transaction::new(&program, &head, headers);
    // Sunday, 22 November 2026, 17:03:09 in UTC.
    transaction.set_time(1_795_366_989, 3_600);
    transaction.set_server([192, 0, 2, 80].into(), 8443);
    transaction.request_head();
    transaction.finish(0)
}

#[test]
fn the_host_tells_the_time_and_where_the_client_came_to() {
    let mut request = get("/");
    request.headers = vec![("Authorization", "Basic amFuZTpzZWNyZXQ="), ("A", "b")];
    for (variable, value) in [
        ("TIME", "18:03:09"),
        ("TIME_YEAR", "2026"),
        ("TIME_MON", "10"),
        ("TIME_DAY", "22"),
        ("TIME_WDAY", "0"),
        ("TIME_HOUR", "18"),
        ("TIME_MIN", "3"),
        ("TIME_SEC", "9"),
        ("TIME_EPOCH", "1795366989"),
        ("SERVER_ADDR", "192.0.2.80"),
        ("SERVER_PORT", "8443"),
        ("USERAGENT_IP", "192.0.2.1"),
        ("AUTH_TYPE", "Basic"),
        ("REMOTE_USER", "jane"),
        ("FULL_REQUEST_LENGTH", "63"),
        ("OUTBOUND_DATA_ERROR", "0"),
    ] {
        let rule = format!("SecRule {variable} \"@streq {value}\" \"id:1,phase:1,pass,msg:'%{{{variable}}}'\"");
        let verdict = told(&rule, &request);
        assert_eq!(verdict.matches.first().map(|found| &*found.message), Some(value), "{variable}");
    }
    let rules = "SecRule TIME_HOUR|SERVER_ADDR|REMOTE_USER \"@rx ^\" \"id:1,phase:1,pass\"";
    assert_eq!(hits(rules, &get("/")), [0; 0], "nothing was told");
}

#[test]
fn the_whole_request_is_a_value_of_its_own() {
    let rules =
        "SecRule FULL_REQUEST \"@rx (?s)^POST / HTTP/1.1\\r\\nContent-Type: a/b\\r\\n\\r\\nx=evil$\" \"id:1,pass\"";
    assert_eq!(hits(rules, &post("a/b", "x=evil")), [1]);
}

#[test]
fn the_worst_severity_is_known() {
    let rules = r#"
        SecRule HIGHEST_SEVERITY "@eq 255" "id:1,phase:1,pass"
        SecRule ARGS "@streq x" "id:2,phase:1,pass,nolog,severity:NOTICE"
        SecRule ARGS "@streq x" "id:3,phase:1,pass,nolog,severity:ERROR"
        SecRule ARGS "@streq x" "id:4,phase:1,pass,nolog,severity:WARNING"
        SecRule HIGHEST_SEVERITY "@eq 3" "id:5,phase:1,pass"
    "#;
    assert_eq!(hits(rules, &get("/?a=x")), [1, 5]);
}

#[test]
fn what_is_set_in_the_environment_is_there_for_later_rules() {
    let rules = r#"
        SecRule ARGS:a "@rx (.+)" "id:1,phase:1,pass,nolog,capture,setenv:SEEN=+%{tx.1},setenv:flag,setenv:'!gone'"
        SecRule ENV:seen "@streq +x" "id:2,phase:1,pass,msg:'%{env.SEEN}'"
        SecRule ENV:FLAG "@eq 1" "id:3,phase:1,pass"
        SecRule ENV:PATH|ENV:gone "@rx ^" "id:4,phase:1,pass"
    "#;
    let verdict = run(&program(rules), &get("/?a=x"));
    assert_eq!((ids(&verdict), &*verdict.matches[0].message), (vec![2, 3], "+x"));
}

#[test]
fn what_rules_forbid_to_tell_is_not_told_before_or_after() {
    let rules = r#"
        SecRule ARGS "@rx cr" "id:1,phase:1,pass,logdata:'%{MATCHED_VAR}'"
        SecAction "id:2,phase:1,pass,nolog,sanitiseArg:Password"
        SecRule ARGS "@rx cr" "id:3,phase:1,pass,logdata:'%{MATCHED_VAR}'"
        SecRule REQUEST_HEADERS:X "@rx (open)" "id:4,phase:1,pass,capture,logdata:'%{tx.1}',sanitizeMatched"
    "#;
    let mut request = get("/?password=s3cret&other=crisp");
    request.headers = vec![("X", "open")];
    let verdict = run(&program(rules), &request);
    assert_eq!(ids(&verdict), [1, 3, 4]);
    let told = format!("{verdict:?}");
    assert!(!told.contains("s3cret") && told.contains("crisp") && told.contains(REDACTED), "{told}");
    assert_eq!(verdict.matches[2].values[0].value, REDACTED);
}

#[test]
fn a_rule_may_set_how_much_of_a_body_is_looked_at() {
    let rules = |limit: &str| {
        format!(
            "SecRequestBodyLimit 20\nSecRule REQUEST_METHOD POST \"id:1,phase:1,pass,nolog,{limit}\"
             SecRule ARGS \"@contains evil\" \"id:2,phase:2,pass\""
        )
    };
    let form = post("application/x-www-form-urlencoded", "a=1234567890&b=evil&c=x");
    for (limit, expected) in [
        ("ctl:requestBodyLimit=12", vec![]),
        ("ctl:requestBodyLimit=1000", vec![2]),
        ("ctl:requestBodyAccess=Off", vec![]),
        ("ctl:debugLogLevel=9", vec![2]),
    ] {
        assert_eq!(hits(&rules(limit), &form), expected, "{limit}");
    }
}

#[test]
fn a_response_is_looked_at_as_rules_say() {
    let rules = r#"
        SecResponseBodyMimeTypesClear
        SecResponseBodyMimeType text/one
        SecResponseBodyMimeType text/two
        SecRule REQUEST_HEADERS:Limit "@rx ^" "id:1,phase:1,pass,nolog,ctl:responseBodyLimit=4"
        SecRule REQUEST_METHOD GET "id:2,phase:1,pass,nolog,ctl:responseBodyAccess=On"
        SecRule RESPONSE_BODY "@contains leak" "id:3,phase:4,pass"
        SecRule OUTBOUND_DATA_ERROR "@eq 1" "id:4,phase:4,pass"
    "#;
    for (content_type, limit, expected) in [
        (&b"text/two"[..], false, vec![3]),
        (b"text/one; charset=utf-8", false, vec![3]),
        (b"text/plain", false, vec![]),
        (b"text/one", true, vec![4]),
    ] {
        let program = program(rules);
        let head = Head {
            method: b"GET",
            target: b"/",
            protocol: "HTTP/1.1",
            remote: [192, 0, 2, 1].into(),
            remote_port: 1,
            unique_id: "id",
        };
        let fields = limit.then_some((&b"Limit"[..], &b"yes"[..]));
        let mut transaction = Transaction::new(&program, &head, fields);
        transaction.request_head();
        transaction.request_body();
        transaction.response_head(200, "HTTP/1.1", [(&b"Content-Type"[..], content_type)]);
        transaction.feed_response_body(b"a leak");
        transaction.response_body();
        assert_eq!(ids(&transaction.finish(0)), expected, "{}", content_type.escape_ascii());
    }
}

#[test]
fn directives_of_other_engines_are_told_to_have_no_effect() {
    let rules = "SecAuditEngine On\nSecPcreMatchLimit 1000\nSecTmpDir /tmp\nSecStatusEngine Off\nSecHashEngine Off";
    let program = compile(rules, &Options::default()).unwrap();
    let told: Vec<String> = program.without_effect().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[1].starts_with("test.conf:2:1: ") && told[1].contains("linear time"), "{}", told[1]);
}
