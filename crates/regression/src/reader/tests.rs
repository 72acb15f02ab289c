use super::*;

const NEWER: &str = r#"---
meta:
  author: "a, b"
  description: "d"
rule_id: 942100
tests:
  - test_id: 3
    desc: "what it is"
    tags: [one]
    stages:
      - input:
          dest_addr: "127.0.0.1"
          port: 80
          method: POST
          headers:
            Host: localhost
            Content-Length: 22
            Accept: "*/*"
          uri: "/get?a b"
          version: "HTTP/1.0"
          data: 'a={{ "+" | repeat 3 }}'
        output:
          status: 200
          log:
            expect_ids: [942100, 942101]
            no_expect_ids: [1]
            match_regex: 'ARGS:x'
      - input:
          encoded_request: "R0VUIC8NCg0K"
          uri: "/not/used"
        output:
          log:
            no_match_regex: '\[id "\d+"\]'
  - stages: [{input: {uris: [/a, /b], autocomplete_headers: false}, output: {expect_error: true}}]
"#;

const OLDER: &str = r#"
meta: {author: a, enabled: true, name: 911100.yaml, description: d}
tests:
- test_title: 911100-1
  desc: d
  stages:
  - stage:
      input:
        dest_addr: 127.0.0.1
        stop_magic: true
        save_cookie: false
        headers: {User-Agent: x}
        data: ["a=1", "b=2"]
      output:
        status: [403, 400]
        log_contains: id "911100"
        no_log_contains: id "911101"
"#;

fn sent(test: &Test, stage: usize, request: usize) -> String {
    String::from_utf8(test.stages[stage].requests[request].bytes()).expect("text in, text out")
}

#[test]
fn the_newer_format_is_read() {
    let (tests, faults) = read("942100.yaml", NEWER);
    assert_eq!(faults, []);
    assert_eq!(tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["942100-3", "942100-2"]);
    assert_eq!(
        sent(&tests[0], 0, 0),
        "POST /get?a b HTTP/1.0\r\nAccept: */*\r\nContent-Length: 22\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\na=+++"
    );
    assert_eq!(sent(&tests[0], 1, 0), "GET / \r\n\r\n".replace("/ ", "/"));
    assert_eq!(sent(&tests[1], 0, 1), "GET /b HTTP/1.1\r\n\r\n");
    let expected = &tests[0].stages[0].expected;
    assert_eq!((expected.status.as_slice(), expected.ids.as_slice()), (&[200][..], &[942_100, 942_101][..]));
    assert_eq!(expected.no_ids, [1]);
    assert!(expected.log.is_some() && expected.no_log.is_none());
    assert!(tests[0].stages[1].expected.no_log.is_some());
    assert!(tests[1].stages[0].expected.error);
}

#[test]
fn the_older_format_is_read() {
    let (tests, faults) = read("REQUEST-911/911100.yaml", OLDER);
    assert_eq!(faults, []);
    assert_eq!(tests[0].name, "911100-1");
    assert_eq!(sent(&tests[0], 0, 0), "GET / HTTP/1.1\r\nUser-Agent: x\r\n\r\na=1\r\nb=2");
    let expected = &tests[0].stages[0].expected;
    assert_eq!(expected.status, [403, 400]);
    assert!(expected.log.is_some() && expected.no_log.is_some());
    assert!(!tests[0].is_disabled);
}

#[test]
fn a_file_that_is_switched_off_says_so_in_the_older_format_alone() {
    let off = |text: &str| text.replace("author: a", "author: a, enabled: false");
    let (tests, _) = read("x.yaml", &OLDER.replace("enabled: true", "enabled: false"));
    assert!(tests[0].is_disabled);
    let newer = "meta: {author: a}\nrule_id: 1\ntests: [{stages: [{input: {}, output: {status: 200}}]}]";
    let (tests, faults) = read("x.yaml", &off(newer));
    assert!(faults.is_empty() && !tests[0].is_disabled);
}

#[test]
fn a_test_without_its_numbers_gets_them_from_its_file_and_its_place() {
    let (tests, _) =
        read("b/rule-932230.yml", "meta:\nauthor: x\ntests: [{stages: [{input: {}, output: {status: 200}}]}]");
    assert_eq!(tests[0].name, "932230-1");
}

/// A test with this input and output.
fn single(input: &str, output: &str) -> String {
    format!("rule_id: 1\ntests: [{{test_id: 1, stages: [{{input: {{{input}}}, output: {{{output}}}}}]}}]")
}

#[test]
fn what_is_not_understood_is_a_fault_and_no_test() {
    for (file, why) in [
        (single("urix: /", "status: 200"), "unknown keys [\"urix\"]"),
        (single("response: {status: 200}", "status: 200"), "unknown keys [\"response\"]"),
        (single("", "statuses: 200"), "unknown keys"),
        (single("", "log: {expect: [1]}"), "unknown keys"),
        (single("", "log: {expect_ids: 5}"), "not a list"),
        (single("", "log: {expect_ids: [a]}"), "list of numbers"),
        (single("", "status: ok"), "a status"),
        (single("", "log: {match_regex: '('}"), "no pattern"),
        (single("", "isolated: true, log: {expect_ids: [1, 2]}"), "isolated"),
        (single("protocol: ftp", "status: 200"), "protocol"),
        (single("port: eighty", "status: 200"), "no number"),
        (single("save_cookie: maybe", "status: 200"), "neither true nor false"),
        (single("data: {a: 1}", "status: 200"), "not a text"),
        (single("data: x, encoded_request: eA==", "status: 200"), "beside a whole request"),
        (single("data: x, encoded_data: eA==", "status: 200"), "both data"),
        (single("encoded_request: '*'", "status: 200"), "no Base64"),
        (single("headers: [a]", "status: 200"), "not a map"),
        (single("ordered_headers: [{name: a, valeu: b}]", "status: 200"), "unknown keys"),
        (single("follow_redirect: true", "status: 200"), "no redirect to follow"),
        (single("data: '{{ env \"A\" }}'", "status: 200"), "template"),
        ("rule_id: 1\ntests: [{stages: []}]".to_owned(), "no stages"),
        ("rule_id: 1\ntests: [{stages: [{output: {}}]}]".to_owned(), "without input"),
        ("rule_id: 1\ntest: []".to_owned(), "unknown keys"),
        ("meta: {authors: x}\ntests: []".to_owned(), "unknown keys"),
        ("[]".to_owned(), "not a map"),
        ("a: [".to_owned(), "not YAML"),
    ] {
        let (tests, faults) = read("1.yaml", &file);
        assert_eq!((tests.len(), faults.len()), (0, 1), "{file}");
        assert!(faults[0].why.contains(why), "{file}: {}", faults[0]);
    }
}

#[test]
fn a_stage_that_expects_nothing_wants_an_answer() {
    let file = "rule_id: 1\ntests: [{stages: [{input: {}}, {input: {}, output: {log: {}, retry_once: true}}]}]";
    let (tests, faults) = read("1.yaml", file);
    assert_eq!(faults, []);
    for stage in &tests[0].stages {
        let observed = |answer| crate::Observed { answer, lines: &[], ids: &[] };
        let answer = crate::Answer { status: 500, bytes: b"" };
        assert!(stage.expected.failures(&observed(Some(answer))).is_empty());
        assert_eq!(stage.expected.failures(&observed(None)), ["no answer"]);
    }
    assert!(tests[0].stages[1].expected.retries_once);
}

#[test]
fn a_fault_leaves_the_other_tests_of_its_file() {
    let file = "rule_id: 1\ntests:\n- {test_id: 1, stages: [{input: {x: 1}, output: {status: 200}}]}\n\
                - {test_id: 2, stages: [{input: {}, output: {status: 200}}]}\n\
                - {test_id: 2, stages: [{input: {}, output: {status: 200}}]}";
    let (tests, faults) = read("1.yaml", file);
    assert_eq!(tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["1-2", "1-2 (2)"]);
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "1.yaml, 1-1: not understood: input: unknown keys [\"x\"]");
    assert_eq!(told.len(), 1);
}

#[test]
fn fields_in_their_own_order_stay_in_it_and_may_stand_twice() {
    let input = "ordered_headers: [{name: B, value: 1}, {name: A, value: 2}, {name: B, value: 3}]";
    let (tests, faults) = read("1.yaml", &single(input, "status: 200"));
    assert_eq!(faults, []);
    assert_eq!(sent(&tests[0], 0, 0), "GET / HTTP/1.1\r\nB: 1\r\nA: 2\r\nB: 3\r\nConnection: close\r\n\r\n");
}
