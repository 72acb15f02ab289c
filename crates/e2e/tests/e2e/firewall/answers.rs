//! Rules of a folder that look at what servers answer.

use e2e::{Document, Farm, Gateway};

use super::folder::whole;
use super::{actions, told};

const SETUP: &str = "SecResponseBodyAccess On\nSecResponseBodyMimeType text/plain\n";
const RULES: &str = "SecRule RESPONSE_HEADERS:X-Leak \"@streq yes\" \"id:950100,phase:3,deny,log,msg:'a field'\"\n\
    SecRule RESPONSE_STATUS \"@streq 418\" \"id:950110,phase:3,deny,log,msg:'a status'\"\n\
    SecRule RESPONSE_BODY \"@contains secret\" \"id:950120,phase:4,deny,log,msg:'content'\"\n\
    SecRule RESPONSE_BODY \"@contains noted\" \"id:950130,phase:4,pass,log,msg:'noted'\"\n";

/// Far more than a read buffer holds.
const LARGE: usize = 300_000;

/// Answers by the target: what its last part says.
fn farm() -> Farm {
    Farm::start(1, |peer, request| {
        peer.body(request)?;
        let plain = |more: &str, body: &str| {
            let length = body.len();
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{more}Content-Length: {length}\r\n\r\n{body}")
        };
        let answer = match request.target.as_str() {
            "/field" => plain("X-Leak: yes\r\n", "hello"),
            "/status" => plain("", "hello").replace("200 OK", "418 Teapot"),
            "/secret" => plain("", "a secret"),
            "/noted" => plain("", "noted"),
            "/chunked" => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n\
                           5\r\na sec\r\n3\r\nret\r\n0\r\n\r\n"
                .to_owned(),
            "/close" => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\na secret".to_owned(),
            "/image" => plain("", "a secret").replace("text/plain", "image/png"),
            "/far" => plain("", &("x".repeat(LARGE) + "secret")),
            "/near" => plain("", &("secret".to_owned() + &"x".repeat(LARGE))),
            "/304" => "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Type: text/plain\r\n\r\n".to_owned(),
            _ => plain("", "hello"),
        };
        let end = if request.method == "HEAD" { answer.find("\r\n\r\n").unwrap() + 4 } else { answer.len() };
        peer.send(&answer.as_bytes()[..end])?;
        if request.target == "/close" { e2e::peer::close() } else { Ok(()) }
    })
}

fn start(farm: &Farm, mode: &str) -> Gateway {
    let document =
        Document::new(farm).rule_folder(&[("crs-setup.conf", SETUP), ("RESPONSE-950-DATA-LEAKAGES.conf", RULES)]);
    Gateway::start(&document.managed(mode, &whole()))
}

#[test]
fn answers_that_rules_refuse_do_not_reach_the_client() {
    let farm = farm();
    // Target, the rule that refuses it, how long it is where it passes.
    let rows = [
        ("/field", "950100", 5),
        ("/status", "950110", 5),
        ("/secret", "950120", 8),
        ("/chunked", "950120", 8),
        ("/close", "950120", 8),
        ("/near", "950120", LARGE + 6),
        ("/image", "", 8),
        ("/far", "", LARGE + 6),
        ("/304", "", 0),
        ("/", "", 5),
    ];
    for mode in ["Prevention", "Detection"] {
        let gateway = start(&farm, mode);
        let mut client = gateway.client();
        for (number, (target, rule, length)) in rows.into_iter().enumerate() {
            let answer = client.get("a.com", target);
            let (told, access) = told(&gateway, number + 1);
            let refused = mode == "Prevention" && !rule.is_empty();
            assert_eq!(
                (answer.status == 403, answer.text().contains("secret") && refused),
                (refused, false),
                "{mode} {target}"
            );
            if !refused {
                assert_eq!(answer.body.len(), length, "{mode} {target}");
            }
            assert_eq!(answer.head.has("x-leak"), !refused && target == "/field");
            let action = if refused { "Blocked" } else { "Detected" };
            let expected: Vec<_> =
                Some((action.to_owned(), rule.to_owned())).filter(|_| !rule.is_empty()).into_iter().collect();
            assert_eq!(actions(&told), expected, "{mode} {target}");
            assert_eq!(access["properties"]["reason"] == "waf_blocked", refused, "{access}");
            assert_eq!(access["properties"]["WAFMode"], mode);
        }
        assert_eq!(gateway.status().counters.responses.client_error, if mode == "Prevention" { 6 } else { 1 });
    }
}

#[test]
fn a_rule_that_only_tells_changes_nothing() {
    let farm = farm();
    let gateway = start(&farm, "Prevention");
    let answer = gateway.get("a.com", "/noted");
    assert_eq!((answer.status, answer.text().as_str()), (200, "noted"));
    assert_eq!(actions(&told(&gateway, 1).0), [("Log".to_owned(), "950130".to_owned())]);
}

#[test]
fn an_answer_to_head_is_judged_by_its_fields() {
    let farm = farm();
    let gateway = start(&farm, "Prevention");
    let mut client = gateway.client();
    for (target, status) in [("/secret", 200), ("/field", 403), ("/304", 304), ("/", 200)] {
        client.send(format!("HEAD {target} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
        assert_eq!(client.answer_to_head().status, status, "{target}");
    }
    assert_eq!(client.get("a.com", "/").text(), "hello", "nothing is left of the connection's other answers");
}

#[test]
fn answers_are_judged_whether_they_are_buffered_or_not_and_to_whatever_request() {
    let farm = farm();
    let document = Document::new(&farm).streaming();
    let document = document.rule_folder(&[("crs-setup.conf", SETUP), ("RESPONSE-950-DATA-LEAKAGES.conf", RULES)]);
    let gateway = Gateway::start(&document.managed("Prevention", &whole()));
    let mut client = gateway.client();
    let post = |target: &str| format!("POST {target} HTTP/1.1\r\nHost: a.com\r\nContent-Length: 2\r\n\r\nok");
    for (target, status) in [("/secret", 403), ("/chunked", 403), ("/far", 200), ("/near", 403), ("/", 200)] {
        assert_eq!(client.get("a.com", target).status, status, "{target}");
        assert_eq!(client.ask(&post(target)).status, status, "POST {target}");
    }
    gateway.wait_rows(10);
    let found = actions(&gateway.firewall_rows());
    assert_eq!(found, vec![("Blocked".to_owned(), "950120".to_owned()); 6]);
}
