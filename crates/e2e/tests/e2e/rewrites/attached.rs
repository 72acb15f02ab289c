//! Where a rewrite set may be attached, and what it is good for there.

use e2e::rewrites::{both, request, response, rule, set, url};
use e2e::{Document, Farm, Start};
use serde_json::{Value, json};

fn says(name: &str) -> Value {
    set(name, &[rule(1, &[], both(request(&[("X-Set", name)]), response(&[("X-Answer", name)])))])
}

fn path_rule(name: &str, path: &str, more: &str) -> String {
    format!("{{name: {name}, paths: [{path}], backendAddressPool: pool, backendHttpSettings: http{more}}}")
}

/// A map with a set for `/with/*`, none for `/without/*`, and one for its default; a basic rule beside it.
fn document(farm: &Farm, rules: &[String]) -> Document {
    let map = format!(
        "[{{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, \
         defaultRewriteRuleSet: default, pathRules: [{}]}}]",
        rules.join(", ")
    );
    Document::new(farm)
        .listeners(&[("web", "hostName: map.com"), ("basic", "hostName: basic.com"), ("bare", "hostName: bare.com")])
        .section("urlPathMaps", map)
        .section("rewriteRuleSets", json!([says("default"), says("basic"), says("path")]).to_string())
        .rules(&[
            "{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}",
            "{name: basic, priority: 20, httpListener: basic, backendAddressPool: pool, backendHttpSettings: http, \
             rewriteRuleSet: basic}",
            "{name: bare, priority: 30, httpListener: bare, backendAddressPool: pool, backendHttpSettings: http}",
        ])
}

#[test]
fn a_set_is_that_of_the_rule_the_path_rule_or_the_default_and_sets_do_not_stack() {
    let farm = Farm::echo(1);
    let rules = [path_rule("with", "/with/*", ", rewriteRuleSet: path"), path_rule("without", "/without/*", "")];
    let gateway = Start::workers(1).run(&document(&farm, &rules));
    let rows = [
        ("map.com", "/with/a", Some("path")),
        ("map.com", "/without/a", None),
        ("map.com", "/other", Some("default")),
        ("basic.com", "/with/a", Some("basic")),
        ("basic.com", "/", Some("basic")),
        ("bare.com", "/with/a", None),
    ];
    let mut client = gateway.client();
    for (host, target, name) in rows {
        let answer = client.get(host, target);
        assert_eq!(farm.last().field("x-set"), name, "{host}{target}");
        assert_eq!(answer.field("x-answer"), name, "{host}{target}");
    }
}

#[test]
fn beside_a_path_rule_for_everything_the_default_set_is_dead() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(1).run(&document(&farm, &[path_rule("all", "/*", "")]));
    for target in ["/", "/a", "/with/a"] {
        gateway.get("map.com", target);
        assert_eq!(farm.last().field("x-set"), None, "{target}");
    }
}

#[test]
fn a_change_of_a_set_holds_from_the_next_request_on() {
    let farm = Farm::echo(1);
    let with = |value: &str| {
        let rules = [rule(1, &[], both(request(&[("X-Set", value)]), url(Some("/new"), None)))];
        Document::new(&farm).rewrites(&rules, "")
    };
    let gateway = Start::workers(1).run(&Document::new(&farm));
    let mut client = gateway.client();
    for value in ["", "one", "two"] {
        if !value.is_empty() {
            gateway.apply(&with(value)).unwrap();
        }
        client.get("a.com", "/");
        let seen = farm.last();
        let expected = if value.is_empty() { (None, "/") } else { (Some(value), "/new") };
        assert_eq!((seen.field("x-set"), seen.target.as_str()), expected);
    }
    assert_eq!(farm.connections(), 1, "a change of a set leaves connections to servers alone");
}
