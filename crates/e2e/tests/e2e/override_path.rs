//! The path a server gets where its settings override it.
//!
//! Source: Azure, "Application Gateway HTTP settings", override backend path (the table of examples).

use e2e::{Document, Farm, Gateway};

const BASIC: &str =
    "{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}";

fn forwarded(farm: &Farm, gateway: &Gateway, pattern: Option<&str>, base: &str, target: &str) -> String {
    let document = Document::new(farm).settings(farm, &format!("path: '{base}'"));
    let document = match pattern {
        Some(pattern) => document.paths("pool", &[("only", &format!("'{pattern}'"), "pool")]),
        None => document.rules(&[BASIC]),
    };
    gateway.apply(&document).unwrap();
    let answer = gateway.get("a.com", target);
    answer.field("x-target").unwrap().to_owned()
}

#[test]
fn the_override_replaces_what_the_path_rule_matched_and_stands_before_everything_else() {
    let rows = [
        (None, "/override/", "/home/", "/override/home/"),
        (None, "/override/", "/home/secondhome/", "/override/home/secondhome/"),
        (Some("/pathrule*"), "/override/", "/pathrule/home/", "/override/home/"),
        (Some("/pathrule*"), "/override/", "/pathrule/home/secondhome/", "/override/home/secondhome/"),
        (Some("/pathrule*"), "/override/", "/home/", "/override/home/"),
        (Some("/pathrule*"), "/override/", "/home/secondhome/", "/override/home/secondhome/"),
        (Some("/pathrule/home*"), "/override/", "/pathrule/home/", "/override/"),
        (Some("/pathrule/home*"), "/override/", "/pathrule/home/secondhome/", "/override/secondhome/"),
        (Some("/pathrule/"), "/override/", "/pathrule/", "/override/"),
        // The worked example: the matched prefix is stripped, the query stays.
        (Some("/shop/*"), "/", "/shop/cart?id=1", "/cart?id=1"),
        (Some("/shop/*"), "/", "/shop/", "/"),
        (Some("/shop/*"), "/", "/shop", "/shop"),
        (Some("/pathrule"), "/v2", "/pathrule", "/v2/"),
        (Some("/pathrule*"), "", "/pathrule/x", "/pathrule/x"),
    ];
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    for (pattern, base, target, expected) in rows {
        let found = forwarded(&farm, &gateway, pattern, base, target);
        assert_eq!(found, expected, "{pattern:?} {base:?} {target}");
    }
}
