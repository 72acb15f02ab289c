use super::*;
use crate::access_log::json::firewall::tests::example;

fn written(record: &FirewallRecord<'_>, colour: bool) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let len = write(&mut bytes, record, colour);
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn a_line_has_action_rule_what_was_found_url_client_and_listener() {
    let line = "07:53:15 firewall Matched 942100 SQLI SQL Injection Attack Detected via libinjection \
                (Matched Data: 1&1 found within ARGS:a: 1 or 1=1)  shop.example/?a=1%20or%201=1  203.0.113.147  \
                web/shop\n";
    assert_eq!(written(&example(), false), line);
}

#[test]
fn what_a_rule_does_not_say_is_left_out() {
    let custom = FirewallRecord {
        rule_set_type: "Custom",
        rule_set_version: "",
        rule_id: "countries",
        rule_group: "",
        message: "RemoteAddr GeoMatch (FR)",
        action: "Blocked",
        detail_message: "",
        detail_data: "",
        ..example()
    };
    let line = "07:53:15 firewall Blocked countries Custom RemoteAddr GeoMatch (FR)  \
                shop.example/?a=1%20or%201=1  203.0.113.147  web/shop\n";
    assert_eq!(written(&custom, false), line);

    let score = FirewallRecord { detail_data: "", detail_message: "Operator GE matched 5", ..example() };
    assert!(written(&score, false).contains(" libinjection (Operator GE matched 5)  shop.example/"));
    let mandatory = FirewallRecord { rule_id: "0", rule_set_type: "", message: "", ..custom };
    assert!(written(&mandatory, false).starts_with("07:53:15 firewall Blocked 0  shop.example/"));
}

#[test]
fn long_findings_are_cut_for_the_reader() {
    let record = FirewallRecord { detail_data: &"x".repeat(5_000), ..example() };
    let cut = format!("({}...)", "x".repeat(MAX_FOUND - 3));
    assert!(written(&record, false).contains(&cut));
}

#[test]
fn colour_codes_stand_only_where_colour_is_wanted() {
    for (action, code) in [
        ("Blocked", "\x1b[31m"),
        ("Detected", "\x1b[33m"),
        ("JSChallengeIssued", "\x1b[36m"),
        ("JSChallengeBlock", "\x1b[36m"),
        ("Matched", "\x1b[39m"),
    ] {
        let record = FirewallRecord { action, request_uri: "/\x1b[2J", detail_data: "\x1b[2J", ..example() };
        assert!(!written(&record, false).contains('\x1b'));
        let coloured = written(&record, true);
        assert!(coloured.contains(&format!(" firewall {code}{action}\x1b[39m ")), "{coloured}");
        assert!(!coloured.contains("\x1b[2J"));
    }
}
