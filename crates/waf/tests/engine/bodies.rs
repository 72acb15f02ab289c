//! Bodies as rules see them.

use waf::program::{BODY_RULES, Options, STRICTNESS_RULES};

use crate::request::{Request, compile, ids, post, program, run};

fn hits(rules: &str, request: &Request) -> Vec<u32> {
    ids(&run(&program(&format!("{BODY_RULES}\n{rules}")), request))
}

#[test]
fn the_content_type_says_who_reads_a_body() {
    let rule = "SecRule REQBODY_PROCESSOR \"@streq %{REQUEST_HEADERS.X}\" \"id:1,phase:2,pass\"";
    for (content_type, processor) in [
        ("application/x-www-form-urlencoded; charset=utf-8", "URLENCODED"),
        ("multipart/form-data; boundary=x", "MULTIPART"),
        ("Application/JSON", "JSON"),
        ("application/json;charset=utf-8", "JSON"),
        ("application/vnd.api+json", "JSON"),
        ("text/xml", "XML"),
        ("application/soap+xml; charset=utf-8", "XML"),
        ("application/jsonp", ""),
        ("text/plain", ""),
    ] {
        let mut request = post(content_type, "");
        request.headers.push(("X", processor));
        assert_eq!(hits(rule, &request), [1], "{content_type}");
    }
}

#[test]
fn json_and_xml_are_arguments_and_texts() {
    let json = post("application/json", "{\"a\":[\"evil\"],\"a\":{\"b\":\"evil\"}}");
    let verdict = run(&program(&format!("{BODY_RULES}\nSecRule ARGS \"evil\" \"id:1,phase:2,pass\"")), &json);
    let names: Vec<&str> = verdict.matches[0].values.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["ARGS:json.a.0", "ARGS:json.a.b"]);
    let xml = post("text/xml", "<a b='one'>two</a>");
    assert_eq!(hits("SecRule XML:/* \"@streq two\" \"id:1,phase:2,pass\"", &xml), [1]);
    assert_eq!(hits("SecRule XML://@* \"@streq one\" \"id:1,phase:2,pass\"", &xml), [1]);
}

#[test]
fn uploads_are_seen_by_name_and_size() {
    let body = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.php\"\r\n\r\n12345\r\n\
                --x\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\nv\r\n--x--\r\n";
    let request = post("multipart/form-data; boundary=x", body);
    for (targets, value) in [
        ("FILES", "a.php"),
        ("FILES:F", "a.php"),
        ("FILES_NAMES", "f"),
        ("FILES_SIZES:f", "5"),
        ("FILES_COMBINED_SIZE", "5"),
        ("ARGS:g", "v"),
        ("MULTIPART_PART_HEADERS:g", "Content-Disposition: form-data; name=\\\"g\\\""),
        ("MULTIPART_STRICT_ERROR", "0"),
        ("REQUEST_BODY", ""),
    ] {
        let rule = format!("SecRule {targets} \"@streq {value}\" \"id:1,phase:2,pass\"");
        assert_eq!(hits(&rule, &request), [1], "{targets}");
    }
}

#[test]
fn a_body_that_does_not_parse_scores_five_points() {
    let setup = "SecAction \"id:1,phase:1,pass,nolog,setvar:tx.critical_anomaly_score=5\"";
    let program = program(&format!("{setup}\n{BODY_RULES}\n{STRICTNESS_RULES}"));
    for (content_type, body, rule) in [
        ("application/json", "{", Some(200_002)),
        ("application/json", "{}", None),
        ("text/xml", "<a>", Some(200_002)),
        ("multipart/form-data; boundary=x", "--x\r\n\r\nv\r\n--x--", Some(200_003)),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\n--xy\r\n--x--",
            Some(200_004),
        ),
    ] {
        let verdict = run(&program, &post(content_type, body));
        assert_eq!(ids(&verdict).first().copied(), rule, "{content_type} {body}");
        let points: i64 = verdict.scores.iter().filter(|s| s.score == "anomaly_score_pl1").map(|s| s.change).sum();
        assert_eq!(points, rule.map_or(0, |_| 5), "{content_type} {body}");
    }
}

#[test]
fn what_exceeds_the_limit_is_not_looked_at_and_that_is_no_error() {
    let rules = format!(
        "{BODY_RULES}\nSecRule ARGS \"@contains evil\" \"id:1,phase:2,pass\"
        SecRule REQBODY_ERROR \"@eq 1\" \"id:2,phase:2,pass\"
        SecRule INBOUND_DATA_ERROR \"@eq 1\" \"id:3,phase:2,pass\""
    );
    let options = Options { request_body_limit: Some(12), ..Options::default() };
    let program = compile(&rules, &options).unwrap();
    let verdict = run(&program, &post("application/json", "{\"a\":\"evil\",\"b\":\"evil\"}"));
    assert_eq!((ids(&verdict), verdict.body_cut), (vec![1, 3], true));
    let verdict = run(&program, &post("application/json", "{\"aaaaaaaaaaaaa\":\"evil\"}"));
    assert_eq!(ids(&verdict), [3]);
}
