//! What is told about a request: rewrites pass by pass, distribution, affinity, tokens, error pages.

use std::net::IpAddr;
use std::sync::Arc;

use jwt::{Action, Issuer, KeySource, Policy};
use model::{ReadOptions, Source, read};
use snapshot::explain::{Explanation, Fate, Forward, Outcome, Question, explain};
use snapshot::{Algorithm, Environment, Rule, Scheme, Snapshot, compile};

/// 2027-01-15.
const IN_2027: i64 = 1_800_000_000;

const DOCUMENT: &str = r#"
name: gw
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{name: feip}]
  frontendPorts: [{name: p80, port: 80}]
  backendAddressPools:
    - {name: web, backendAddresses: [{ipAddress: 10.0.0.4}]}
    - {name: shoes, backendAddresses: [{ipAddress: 10.0.1.4}, {fqdn: shoes.internal}]}
  backendHttpSettingsCollection:
    - {name: plain, port: 80, protocol: Http}
    - {name: sticky, port: 8080, protocol: Http, cookieBasedAffinity: Enabled, path: /s/}
  loadDistributionPolicies:
    - name: split
      loadDistributionAlgorithm: IpHash
      loadDistributionTargets:
        - {name: a, backendAddressPool: web, weightPerServer: 1}
        - {name: b, backendAddressPool: shoes, weightPerServer: 4}
  httpListeners:
    - name: shop
      frontendIPConfiguration: feip
      frontendPort: p80
      protocol: Http
      hostName: shop.example
      customErrorConfigurations:
        - {statusCode: HttpStatus502, customErrorPageUrl: "https://pages.example/502.html"}
    - {name: plain, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: plain.example}
  rewriteRuleSets:
    - name: by-query
      rewriteRules:
        - name: shoes
          ruleSequence: 100
          conditions: [{variable: var_query_string, pattern: "category=(shoes)"}]
          actionSet:
            requestHeaderConfigurations:
              - {headerName: X-Category, headerValue: "{var_query_string_1}"}
              - {headerName: X-Secret, headerValue: ""}
              - {headerName: Host, headerValue: internal.example}
            responseHeaderConfigurations:
              - {headerName: X-From, headerValue: "{var_client_ip}"}
              - {headerName: Server, headerValue: ""}
            urlConfiguration: {modifiedPath: "/shoes{var_uri_path}", modifiedQueryString: "", reroute: true}
        - name: beta
          ruleSequence: 200
          conditions: [{variable: var_cookie_beta, pattern: "^1$"}]
          actionSet: {requestHeaderConfigurations: [{headerName: X-Beta, headerValue: "1"}]}
        - name: moved
          ruleSequence: 300
          conditions: [{variable: http_resp_Location, pattern: "(.*)"}]
          actionSet: {responseHeaderConfigurations: [{headerName: Location, headerValue: "{http_resp_Location_1}"}]}
    - name: of-shoes
      rewriteRules:
        - name: chain
          ruleSequence: 1
          conditions: [{variable: http_req_X-Category, pattern: "^shoes$", negate: true}]
          actionSet: {requestHeaderConfigurations: [{headerName: X-Never, headerValue: "1"}]}
    - name: loop
      rewriteRules:
        - name: again
          ruleSequence: 1
          actionSet: {urlConfiguration: {modifiedPath: /loop, reroute: true}}
  urlPathMaps:
    - name: map
      defaultBackendAddressPool: web
      defaultBackendHttpSettings: plain
      defaultRewriteRuleSet: by-query
      pathRules:
        - name: shoes
          paths: ["/shoes/*"]
          backendAddressPool: shoes
          backendHttpSettings: sticky
          rewriteRuleSet: of-shoes
        - {name: loop, paths: [/loop], backendAddressPool: web, backendHttpSettings: plain, rewriteRuleSet: loop}
        - {name: split, paths: [/split], loadDistributionPolicy: split, backendHttpSettings: plain}
        - {name: none, paths: [/none], backendAddressPool: empty, backendHttpSettings: plain}
  requestRoutingRules:
    - {name: shop, ruleType: PathBasedRouting, priority: 10, httpListener: shop, urlPathMap: map}
    - {name: plain, priority: 20, httpListener: plain, backendAddressPool: web, backendHttpSettings: plain}
"#;

fn snapshot() -> Snapshot {
    let text = DOCUMENT.replace("backendAddressPools:\n", "backendAddressPools:\n    - {name: empty}\n");
    let mut reading = read(&[Source::new("document", text)], &ReadOptions::default());
    let document = reading.document.take().unwrap_or_else(|| panic!("{:?}", reading.problems));
    let page = ("https://pages.example/502.html".to_owned(), Ok(Arc::from(&b"sorry"[..])));
    let environment = Environment { now: IN_2027, pages: [page].into(), ..Environment::default() };
    let compiled = compile(&document, None, &environment);
    compiled.snapshot.unwrap_or_else(|| panic!("{:?}", compiled.problems.errors().collect::<Vec<_>>()))
}

fn forward(explanation: &Explanation) -> &Forward {
    match &explanation.outcome {
        Outcome::Forward(forward) => forward,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rewrites_are_told_pass_by_pass_with_the_condition_that_failed() {
    let headers = [("X-Secret", "s"), ("x-secret", "t"), ("Cookie", "beta=2; a=b")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let question = Question {
        query: Some("category=shoes"),
        headers: &headers,
        client: IpAddr::from([192, 0, 2, 7]),
        ..Question::get(Scheme::Http, 80, "shop.example", "/list")
    };
    let told = explain(&snapshot(), &question);
    let passes = &told.rewrites.passes;
    let sets: Vec<_> = passes.iter().map(|pass| pass.set.as_str()).collect();
    assert_eq!(sets, ["by-query", "of-shoes"]);
    let fates: Vec<_> =
        passes.iter().flat_map(|pass| &pass.rules).map(|rule| (rule.rule.as_str(), &rule.fate)).collect();
    let fails = |variable: &str, pattern: &str, negate, value: &str| Fate::Fails {
        variable: variable.to_owned(),
        pattern: pattern.to_owned(),
        negate,
        value: value.to_owned(),
    };
    let expected = [
        ("shoes", &Fate::Fires),
        ("beta", &fails("var_cookie_beta", "^1$", false, "2")),
        ("moved", &Fate::Waits),
        ("chain", &fails("http_req_X-Category", "^shoes$", true, "shoes")),
    ];
    assert_eq!(fates, expected);
    assert_eq!(told.rewrites.fired().collect::<Vec<_>>(), ["shoes"]);
}

#[test]
fn what_rewrites_change_is_told_and_the_server_gets_it() {
    let headers = [("X-Secret".to_owned(), "s".to_owned())];
    let question = Question {
        query: Some("category=shoes"),
        headers: &headers,
        ..Question::get(Scheme::Http, 80, "shop.example", "/list")
    };
    let told = explain(&snapshot(), &question);
    let headers: Vec<_> = (told.rewrites.headers.iter())
        .map(|change| (change.name.as_str(), change.before.as_deref(), change.after.as_deref()))
        .collect();
    let expected = [
        ("X-Category", None, Some("shoes")),
        ("X-Secret", Some("s"), None),
        ("Host", Some("shop.example"), Some("internal.example")),
    ];
    assert_eq!(headers, expected);
    assert_eq!((told.rewrites.path.as_deref(), told.rewrites.query.as_deref()), (Some("/shoes/list"), Some("")));
    let rerouted = told.rewrites.passes[0].rerouted.as_ref().unwrap();
    assert_eq!((told.path_rule.as_deref(), rerouted.path_rule.as_deref()), (None, Some("shoes")));
    let answer: Vec<_> = (told.rewrites.answer.iter())
        .map(|change| (change.name.as_str(), change.value.as_deref(), change.depends))
        .collect();
    assert_eq!(answer, [("X-From", Some("127.0.0.1"), false), ("Server", None, false), ("Location", None, true)]);
    let to = forward(&told);
    assert_eq!((to.pool().as_str(), to.host.as_str(), to.path.as_str()), ("shoes", "internal.example", "/s/list"));
    assert_eq!(to.members(), ["10.0.1.4:8080", "shoes.internal:8080"]);
    assert_eq!(to.affinity, ["ApplicationGatewayAffinity"]);
}

#[test]
fn a_loop_of_rewrites_ends_with_500() {
    let told = explain(&snapshot(), &Question::get(Scheme::Http, 80, "shop.example", "/loop"));
    assert!(matches!(told.outcome, Outcome::Answer { status: 500, .. }), "{told:?}");
    assert_eq!(told.rewrites.passes.len(), 11);
}

#[test]
fn a_distribution_is_told_with_its_shares() {
    let told = explain(&snapshot(), &Question::get(Scheme::Http, 80, "shop.example", "/split"));
    let to = forward(&told);
    let shares: Vec<_> = to.pools.iter().map(|pool| (pool.name.as_str(), pool.weight, pool.percent)).collect();
    assert_eq!(shares, [("web", 1, 11), ("shoes", 4, 89)]);
    let distribution = to.distribution.as_ref().unwrap();
    assert_eq!((distribution.name.as_str(), distribution.algorithm), ("split", Algorithm::IpHash));
}

#[test]
fn a_check_of_tokens_is_told() {
    let mut snapshot = snapshot();
    let policy = |name: &str, action| Policy {
        name: Arc::from(name),
        issuer: Issuer::Other(Arc::from("https://issuer.example")),
        audiences: vec![],
        keys: KeySource::Discovered(Arc::from("https://issuer.example")),
        action,
    };
    let checks = [policy("strict", Action::Deny), policy("loose", Action::Allow)].map(|one| snapshot.jwt.push(one));
    let rules: Vec<_> = snapshot.rules.iter().cloned().zip(checks).collect();
    snapshot.rules = rules.into_iter().map(|(rule, check)| Rule { jwt: Some(check), ..rule }).collect();
    let token = |host: &str| {
        let token = explain(&snapshot, &Question::get(Scheme::Http, 80, host, "/")).token?;
        Some((token.name, token.refuses))
    };
    assert_eq!(token("shop.example"), Some(("strict".to_owned(), true)));
    assert_eq!(token("plain.example"), Some(("loose".to_owned(), false)));
    assert_eq!(token("other.example"), None);
}

#[test]
fn an_error_page_is_told() {
    let page = |host: &str, path: &str| explain(&snapshot(), &Question::get(Scheme::Http, 80, host, path)).page;
    assert_eq!(page("shop.example", "/none").as_deref(), Some("of the listener \"shop\""));
    assert_eq!(page("other.example", "/"), None);
    assert_eq!(page("plain.example", "/"), None);
}

#[test]
fn variables_show_the_question() {
    let headers = [
        ("X-Forwarded-For", "198.51.100.7"),
        ("Authorization", "Basic dXNlcjpwYXNz"),
        ("Cookie", "a=1"),
        ("cookie", "b=2"),
        ("X-AppGW-Trace-Id", "forged"),
        ("X-Azure-JA4-Fingerprint", "forged"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let rows = [
        ("{var_add_x_forwarded_for_proxy}", "198.51.100.7, 192.0.2.7"),
        ("{var_client_ip}", "192.0.2.7"),
        ("{var_client_user}", "user"),
        ("{var_host} {http_req_Host}", "shop.example shop.example:80"),
        ("{var_http_method} {var_http_version}", "PUT HTTP/1.1"),
        ("{var_request_uri} {var_uri_path} {var_query_string} {var_request_query}", "/a?b /a b b"),
        ("{var_request_scheme} {var_server_port} [{var_ssl_enabled}]", "http 80 []"),
        ("{var_cookie_b} {http_req_Cookie}", "2 a=1; b=2"),
        ("{var_client_certificate_verification}[{var_client_certificate}]", "NONE[]"),
        ("[{http_req_x-azure-ja4-fingerprint}]", "[]"),
        ("{capt}", "{capt}"),
    ];
    for (value, expected) in rows {
        let text = DOCUMENT
            .replace("{headerName: X-Beta, headerValue: \"1\"}", &format!("{{headerName: V, headerValue: '{value}'}}"));
        let text = text.replace("[{variable: var_cookie_beta, pattern: \"^1$\"}]", "[]");
        let text = text.replace(
            "        - {name: none, paths: [/none], backendAddressPool: empty, backendHttpSettings: plain}\n",
            "",
        );
        let document = read(&[Source::new("document", text)], &ReadOptions::default()).document.unwrap();
        let snapshot =
            compile(&document, None, &Environment { now: IN_2027, ..Environment::default() }).snapshot.unwrap();
        let question = Question {
            query: Some("b"),
            method: "PUT",
            headers: &headers,
            client: IpAddr::from([192, 0, 2, 7]),
            ..Question::get(Scheme::Http, 80, "shop.example:80", "/a")
        };
        let told = explain(&snapshot, &question);
        let found =
            told.rewrites.headers.iter().find(|change| change.name == "V").and_then(|change| change.after.clone());
        assert_eq!(found.as_deref(), Some(expected), "{value}");
    }
}
