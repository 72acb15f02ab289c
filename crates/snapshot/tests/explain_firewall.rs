//! What is told of the firewall: which policy, what it sees, what it does, and what it is not asked about.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use firewall::custom::{self, Action, ConditionSpec, Operator, RuleKind, RuleSpec, Variable};
use firewall::events::{Place, Scope};
use firewall::explain::{Verdict, Way};
use firewall::managed::{self, Builder, SetSpec};
use firewall::rate::GroupBy;
use firewall::scrubbing::{self, Scrubbing};
use firewall::{Block, Limits, Mode, Policy};
use model::{ReadOptions, Source, read};
use snapshot::explain::{Explanation, Firewall, Memory, Outcome, Passes, Question, Screening};
use snapshot::explain::{explain, explain_next, place, screen};
use snapshot::{Environment, Guard, Scheme, Snapshot, compile};

const DOCUMENT: &str = r#"
name: gw
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{name: feip}]
  frontendPorts: [{name: p80, port: 80}]
  backendAddressPools: [{name: web, backendAddresses: [{ipAddress: 10.0.0.4}]}, {name: empty}]
  backendHttpSettingsCollection: [{name: plain, port: 80, protocol: Http}]
  httpListeners:
    - {name: shop, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: shop.example}
  rewriteRuleSets:
    - name: rename
      rewriteRules:
        - name: move
          ruleSequence: 1
          actionSet:
            requestHeaderConfigurations: [{headerName: X-Kind, headerValue: new}, {headerName: X-Old, headerValue: ""}]
            urlConfiguration: {modifiedPath: "/new{var_uri_path}", modifiedQueryString: "kind=attack"}
    - name: header
      rewriteRules:
        - {name: set, ruleSequence: 1,
           actionSet: {requestHeaderConfigurations: [{headerName: X-Kind, headerValue: attack}]}}
  redirectConfigurations:
    - {name: away, redirectType: Found, targetUrl: "https://other.example/"}
  urlPathMaps:
    - name: map
      defaultBackendAddressPool: web
      defaultBackendHttpSettings: plain
      pathRules:
        - {name: moved, paths: ["/moved/*"], redirectConfiguration: away}
        - {name: nobody, paths: ["/nobody/*"], backendAddressPool: empty, backendHttpSettings: plain}
        - {name: renamed, paths: ["/renamed/*"], backendAddressPool: web, backendHttpSettings: plain,
           rewriteRuleSet: rename}
        - {name: header, paths: ["/header/*"], backendAddressPool: web, backendHttpSettings: plain,
           rewriteRuleSet: header}
        - {name: open, paths: ["/open/*"], backendAddressPool: web, backendHttpSettings: plain}
  requestRoutingRules:
    - {name: shop, ruleType: PathBasedRouting, priority: 1, httpListener: shop, urlPathMap: map}
"#;

fn refuses(name: &str, priority: i64, variable: Variable, selector: Option<&str>, value: &str) -> RuleSpec {
    let condition = ConditionSpec {
        variables: vec![(variable, selector.map(str::to_owned))],
        operator: Operator::Contains,
        values: vec![value.to_owned()],
        transforms: Vec::new(),
        negated: false,
    };
    let (kind, action) = (RuleKind::Match, Action::Block);
    RuleSpec { name: name.to_owned(), priority, enabled: true, kind, action, conditions: vec![condition] }
}

/// The baseline with rules of the operator's own.
fn policy(mode: Mode, custom: &[RuleSpec], block: Block) -> Arc<Policy> {
    let set = SetSpec { kind: "Gatehouse_Baseline".into(), version: "1.0".into(), overrides: Vec::new() };
    let spec = managed::Spec { sets: vec![set], ..managed::Spec::default() };
    let hidden = scrubbing::Rule { variable: scrubbing::Variable::ArgNames, selector: Some("secret".into()) };
    let (limits, scrubbing) = (Limits::default(), Scrubbing::new(vec![hidden]));
    let built = Builder::builtin().build(&spec, mode, &limits, &scrubbing).unwrap();
    Arc::new(Policy {
        name: "shop-waf".into(),
        id: "/policies/shop-waf".into(),
        mode,
        limits,
        block,
        custom: custom::Rules::new(custom).unwrap(),
        clearance: firewall::challenge::Lifetimes::default(),
        managed: built.managed,
        scrubbing,
    })
}

/// The policy is in force on the listener, but for the path rule `open`.
fn guarded(policy: Arc<Policy>) -> Snapshot {
    let reading = read(&[Source::new("gateway.yaml", DOCUMENT)], &ReadOptions::default());
    let compiled = compile(&reading.document.unwrap(), None, &Environment::default());
    let mut snapshot = compiled.snapshot.unwrap_or_else(|| panic!("{:?}", compiled.problems));
    let place = Place { scope: Scope::Listener, name: "shop".into() };
    let id = snapshot.firewalls.guards.push(Guard { policy, place });
    let routes: Vec<_> = snapshot.routes.entries().map(|(id, _)| id).collect();
    for route in routes {
        let route = &mut snapshot.routes[route];
        route.firewall = (route.path_rule.as_deref() != Some("open")).then_some(id);
    }
    snapshot
}

fn custom() -> Vec<RuleSpec> {
    vec![
        refuses("by-query", 1, Variable::QueryString, Some("kind"), "attack"),
        refuses("by-header", 2, Variable::RequestHeaders, Some("X-Kind"), "attack"),
        refuses("by-old", 3, Variable::RequestHeaders, Some("X-Old"), "attack"),
    ]
}

fn asked<'a>(path: &'a str, query: Option<&'a str>, headers: &'a [(String, String)]) -> Question<'a> {
    Question { query, headers, ..Question::get(Scheme::Http, 80, "shop.example", path) }
}

fn screening(told: &Explanation) -> &Screening {
    told.firewall.screening().unwrap_or_else(|| panic!("{told:?}"))
}

#[test]
fn an_attack_is_told_with_policy_rule_value_score_and_remedy() {
    let snapshot = guarded(policy(Mode::Prevention, &[], Block::default()));
    let told = explain(&snapshot, &asked("/cart", Some("id=1%27%20or%20%271%27=%271&secret=x"), &[]));
    let screening = screening(&told);
    assert_eq!((screening.policy.as_str(), place(&screening.place).as_str()), ("shop-waf", "the listener shop"));
    assert_eq!((screening.verdict, screening.stops()), (Verdict::Blocked, true));
    assert_eq!(screening.target, "/cart?id=1%27%20or%20%271%27=%271&secret=******");
    let finding = &screening.reasons.findings[0];
    assert_eq!((finding.variable.as_str(), finding.value.contains("or")), ("ARGS:id", true), "{finding:?}");
    assert_eq!(screening.reasons.ladder[0].rule, finding.rule);
    assert_eq!(screening.causes().next().unwrap().rule_id, finding.rule.to_string());
    let remedies = screening.reasons.remedies(&screening.target);
    let Way::Exclude(exclusions) = &remedies[0].way else { panic!("{remedies:?}") };
    assert_eq!(exclusions.of_all["selector"], "id");
    assert!(matches!(told.outcome, Outcome::Forward(_)), "where it would have gone is told all the same");
}

#[test]
fn what_is_found_in_detection_is_told_and_goes_on() {
    let snapshot = guarded(policy(Mode::Detection, &custom(), Block::default()));
    for (path, query, verdict) in [
        ("/cart", Some("kind=attack"), Verdict::Detected),
        ("/cart", Some("q=<script>alert(1)</script>"), Verdict::Detected),
        ("/cart", Some("q=hats"), Verdict::Passed),
    ] {
        let told = explain(&snapshot, &asked(path, query, &[]));
        assert_eq!((screening(&told).verdict, screening(&told).stops()), (verdict, false), "{query:?}");
    }
}

#[test]
fn rules_see_the_request_as_rewrites_of_the_url_leave_it_and_else_as_it_came() {
    let snapshot = guarded(policy(Mode::Prevention, &custom(), Block::default()));
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (path, query, headers, rewritten, rule) in [
        // A rewrite of the URL: query and headers are the new ones.
        ("/renamed/a", None, vec![], true, Some("by-query")),
        // What it deletes is gone, and what it sets has replaced what came.
        ("/renamed/a", None, header("X-Old", "attack"), true, Some("by-query")),
        // A rewrite of a header alone leaves the request as it came.
        ("/header/a", None, vec![], false, None),
        ("/header/a", None, header("x-kind", "attack"), false, Some("by-header")),
        ("/cart", Some("kind=attack"), vec![], false, Some("by-query")),
    ] {
        let told = explain(&snapshot, &asked(path, query, &headers));
        let screening = screening(&told);
        let found = screening.causes().next().map(|event| event.rule_id.as_str());
        assert_eq!((screening.rewritten, found), (rewritten, rule), "{path} {query:?} {headers:?}");
    }
    let without = policy(Mode::Prevention, &custom()[1..], Block::default());
    let headers = [header("X-Kind", "attack"), header("X-Old", "attack")].concat();
    let told = explain(&guarded(without), &asked("/renamed/a", None, &headers));
    assert_eq!(screening(&told).target, "/new/renamed/a?kind=attack");
    assert_eq!(screening(&told).verdict, Verdict::Passed, "{told:?}");
}

#[test]
fn requests_that_do_not_go_to_a_server_are_not_shown_to_the_firewall() {
    let snapshot = guarded(policy(Mode::Prevention, &custom(), Block::default()));
    let ask = |path| explain(&snapshot, &asked(path, Some("kind=attack"), &[])).firewall;
    let Firewall::NotAsked { reason } = ask("/moved/a") else { panic!("{:?}", ask("/moved/a")) };
    assert_eq!(reason, "redirects are answered without the firewall");
    assert!(matches!(ask("/nobody/a"), Firewall::NotAsked { .. }));
    assert_eq!(ask("/open/a"), Firewall::NotHere);
    let proof = explain(&snapshot, &asked(firewall::challenge::ENDPOINT, Some("kind=attack"), &[]));
    assert!(matches!(proof.outcome, Outcome::Answer { status: 204, .. }), "{proof:?}");
    assert!(matches!(proof.firewall, Firewall::NotAsked { .. }), "{proof:?}");
    let mut open = guarded(policy(Mode::Prevention, &[], Block::default()));
    open.firewalls = snapshot::Firewalls::default();
    let routes: Vec<_> = open.routes.entries().map(|(id, _)| id).collect();
    routes.into_iter().for_each(|id| open.routes[id].firewall = None);
    assert_eq!(explain(&open, &asked("/", None, &[])).firewall, Firewall::Absent);
}

#[test]
fn content_is_looked_at() {
    let snapshot = guarded(policy(Mode::Prevention, &[], Block::default()));
    let headers = [
        ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("Content-Length".to_owned(), "27".to_owned()),
    ];
    for (body, verdict) in
        [(&b"a=<script>alert(1)</script>"[..], Verdict::Blocked), (b"a=an+ordinary+sentence+or+2", Verdict::Passed)]
    {
        let question = Question { method: "POST", body, ..asked("/cart", None, &headers) };
        assert_eq!(screening(&explain(&snapshot, &question)).verdict, verdict, "{}", body.escape_ascii());
    }
}

#[test]
fn the_page_of_a_refusal_is_the_policys_where_it_has_one() {
    for (body, expected) in [(None, None), (Some("<p>no</p>"), Some("of the policy"))] {
        let block = Block { status: 406, body: body.map(|body| body.as_bytes().into()) };
        let snapshot = guarded(policy(Mode::Prevention, &custom(), block));
        let told = explain(&snapshot, &asked("/", Some("kind=attack"), &[]));
        assert_eq!(told.page.as_deref(), expected);
    }
}

#[test]
fn rate_limits_count_from_request_to_request_of_one_sitting_only() {
    let limit = RuleSpec {
        kind: RuleKind::RateLimit { window: std::time::Duration::from_secs(60), threshold: 2, group: GroupBy::Client },
        ..refuses("often", 1, Variable::RequestUri, None, "/")
    };
    let snapshot = guarded(policy(Mode::Prevention, &[limit], Block::default()));
    let question = asked("/", None, &[]);
    let memory = Memory::default();
    let verdicts: Vec<_> = (0..3).map(|_| screening(&explain_next(&snapshot, &question, &memory)).verdict).collect();
    assert_eq!(verdicts, [Verdict::Passed, Verdict::Passed, Verdict::Blocked]);
    assert_eq!(screening(&explain(&snapshot, &question)).verdict, Verdict::Passed);
}

#[test]
fn a_policy_can_be_asked_without_a_road() {
    let snapshot = guarded(policy(Mode::Prevention, &custom(), Block::default()));
    let (_, guard) = snapshot.firewalls.guards.entries().next().unwrap();
    let question = asked("/renamed/a", Some("kind=attack"), &[]);
    let found = screen(&snapshot.firewalls, guard, &question, &Passes::default(), &Memory::default());
    assert_eq!(
        (found.verdict, found.rewritten, found.target.as_str()),
        (Verdict::Blocked, false, "/renamed/a?kind=attack")
    );
}
