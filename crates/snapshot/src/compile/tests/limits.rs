//! Azure's limits: warnings here, errors for who asks about Azure.

use super::*;

fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(", "))
}

fn codes_of(sections: &[(&str, &str)], target_azure: bool) -> Vec<(&'static str, &'static str)> {
    let compiled = compile(&document(sections), None, &Environment { target_azure, ..Environment::default() });
    let mut found: Vec<_> = compiled.problems.iter().map(|problem| (problem.severity.as_str(), problem.code)).collect();
    found.retain(|(_, code)| ![codes::NOT_USED, codes::IGNORED_BY_AZURE].contains(code));
    found
}

#[test]
fn more_than_azure_allows_is_a_warning_here_and_an_error_there() {
    let pools = many(100, |n| format!("{{name: p{n}, backendAddresses: [{{ipAddress: 10.0.0.4}}]}}"));
    let pools = pools.replacen('[', "[{name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}, ", 1);
    let members = many(1201, |n| format!("{{ipAddress: 10.0.{}.{}}}", n / 256, n % 256));
    let members = format!("[{{name: pool, backendAddresses: {members}}}]");
    let rules =
        many(101, |n| format!("{{name: r{n}, paths: [/p{n}/*], backendAddressPool: pool, backendHttpSettings: http}}"));
    let map = format!(
        "[{{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: {rules}}}]"
    );
    let rows = [
        ("backendAddressPools", pools, codes::POOL_LIMIT_REACHED),
        ("backendAddressPools", members, codes::LIMIT_REACHED),
        ("urlPathMaps", map, codes::LIMIT_REACHED),
    ];
    for (section, text, code) in rows {
        assert_eq!(codes_of(&[(section, &text)], false), [("warning", code)], "{section}");
        assert_eq!(codes_of(&[(section, &text)], true), [("error", code)], "{section}");
    }
}

#[test]
fn listeners_that_only_redirect_do_not_count_as_active() {
    let listeners = many(101, |n| {
        format!("{{name: l{n}, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: h{n}.com}}")
    });
    let rules =
        |target: &str| many(101, |n| format!("{{name: r{n}, priority: {}, httpListener: l{n}, {target}}}", n + 1));
    let forwarding = rules("backendAddressPool: pool, backendHttpSettings: http");
    let redirecting = rules("redirectConfiguration: away");
    let away = ("redirectConfigurations", "[{name: away, redirectType: Found, targetUrl: 'https://b.com/'}]");
    let sections = |rules| [("httpListeners", listeners.as_str()), ("requestRoutingRules", rules), away];
    assert_eq!(codes_of(&sections(&forwarding), false), [("warning", codes::LIMIT_REACHED)]);
    assert_eq!(codes_of(&sections(&redirecting), false), []);
}

#[test]
fn listeners_rules_and_settings_of_tcp_count_with_those_of_http() {
    let host = |n| {
        format!("{{name: l{n}, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: h{n}.com}}")
    };
    let rule = |n| {
        format!(
            "{{name: r{n}, priority: {}, httpListener: l{n}, backendAddressPool: pool, backendHttpSettings: http}}",
            n + 1
        )
    };
    let (http, rules) = (many(100, host), many(100, rule));
    let settings = many(100, |n| format!("{{name: s{n}, port: 80, protocol: Tcp}}"));
    let one = "[{name: db, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Tcp}]";
    let way = "[{name: db, priority: 500, listener: db, backendAddressPool: pool, backendSettings: s0}]";
    let sections = [
        ("httpListeners", http.as_str()),
        ("requestRoutingRules", &rules),
        ("listeners", one),
        ("routingRules", way),
        ("backendSettingsCollection", &settings),
    ];
    // 101 settings, 101 active listeners.
    assert_eq!(codes_of(&sections, true), [("error", codes::LIMIT_REACHED); 2]);
    assert_eq!(codes_of(&sections[..2], true), []);
}
