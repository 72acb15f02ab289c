//! What the whole of layer 7 becomes: cookies, distributions, error pages, tokens, buffering.

use std::collections::BTreeMap;

use jwt::{Action as Refusal, Issuer, KeySource, Tenant};
use zeroize::Zeroizing;

use super::*;
use crate::{AffinityKey, Algorithm, Limits, Page};

const MAP: &str = "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: [
    {name: a, paths: [/a], loadDistributionPolicy: spread, backendHttpSettings: http},
    {name: b, paths: [/b], loadDistributionPolicy: spread, backendHttpSettings: http},
    {name: c, paths: [/c], loadDistributionPolicy: spread, backendHttpSettings: other}]}]";
const BY_PATH: &str = "[{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}]";
const LEAF: &[u8] = include_bytes!("../../../../tls/tests/fixtures/open.pfx.b64");

fn only_settings(settings: &str) -> crate::Settings {
    let snapshot = snapshot(&[("backendHttpSettingsCollection", settings)]);
    snapshot.settings.iter().next().unwrap().clone()
}

#[test]
fn affinity_is_two_cookies() {
    let rows = [
        ("", None),
        ("cookieBasedAffinity: Disabled, affinityCookieName: x", None),
        (
            "cookieBasedAffinity: Enabled",
            Some(("ApplicationGatewayAffinity", "; Path=/", "; Path=/; SameSite=None; Secure")),
        ),
        (
            "cookieBasedAffinity: Enabled, affinityCookieName: ''",
            Some(("ApplicationGatewayAffinity", "; Path=/", "; Path=/; SameSite=None; Secure")),
        ),
        (
            "cookieBasedAffinity: Enabled, affinityCookieName: x",
            Some(("x", "; Path=/", "; Path=/; SameSite=None; Secure")),
        ),
        (
            "cookieBasedAffinity: Enabled, affinityCookieName: x, gatehouse: {affinity: {httpOnly: true,
                sameSite: strict, maxAgeInSec: 9}}",
            Some((
                "x",
                "; Path=/; Max-Age=9; HttpOnly; SameSite=Strict",
                "; Path=/; Max-Age=9; HttpOnly; SameSite=None; Secure",
            )),
        ),
    ];
    for (text, expected) in rows {
        let settings = only_settings(&format!("[{{name: http, port: 80, protocol: Http, {text}}}]"));
        let found = settings.affinity.as_ref().map(|it| (&*it.cookie, &*it.attributes, &*it.cors_attributes));
        assert_eq!(found, expected, "{text}");
        if let Some(cookies) = settings.affinity {
            assert_eq!(*cookies.cors_cookie, *format!("{}CORS", cookies.cookie), "{text}");
        }
    }
}

#[test]
fn draining_and_dedicated_connections_are_settings() {
    let rows = [
        ("", (false, 30, false)),
        ("connectionDraining: {enabled: false, drainTimeoutInSec: 5}", (false, 30, false)),
        (
            "connectionDraining: {enabled: true, drainTimeoutInSec: 5}, dedicatedBackendConnection: true",
            (true, 5, true),
        ),
    ];
    for (text, expected) in rows {
        let settings = only_settings(&format!("[{{name: http, port: 80, protocol: Http, {text}}}]"));
        let found = (settings.drains_unhealthy, settings.drain_timeout.as_secs(), settings.dedicated);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_policy_becomes_a_distribution_for_each_of_the_settings_it_is_used_with() {
    let snapshot = snapshot(&[
        (
            "backendAddressPools",
            "[{name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}, {name: canary,
                backendAddresses: [{ipAddress: 10.0.0.5}]}]",
        ),
        (
            "backendHttpSettingsCollection",
            "[{name: http, port: 80, protocol: Http}, {name: other, port: 81, protocol: Http}]",
        ),
        (
            "loadDistributionPolicies",
            "[{name: spread, loadDistributionAlgorithm: IpHash, loadDistributionTargets: [
            {name: x, backendAddressPool: canary, weightPerServer: 10}, {name: y, backendAddressPool: pool}]}]",
        ),
        ("urlPathMaps", MAP),
        ("requestRoutingRules", BY_PATH),
    ]);
    let found: Vec<_> = snapshot
        .distributions
        .iter()
        .map(|one| {
            let share = |share: &crate::Share| {
                let target = &snapshot.targets[share.target];
                format!(
                    "{}:{} {}",
                    snapshot.pools[target.pool].name, snapshot.settings[target.settings].port, share.weight
                )
            };
            (&*one.name, one.algorithm, one.shares.iter().map(share).collect::<Vec<_>>())
        })
        .collect();
    let shares = |port| vec![format!("canary:{port} 10"), format!("pool:{port} 1")];
    assert_eq!(found, [("spread", Algorithm::IpHash, shares(80)), ("spread", Algorithm::IpHash, shares(81))]);
    let action = |path: &str| match &snapshot.rules.iter().next().unwrap().router {
        Router::Paths(table) => &snapshot.routes[table.lookup(path.as_bytes()).target].action,
        Router::Basic(_) => panic!("a path map"),
    };
    let distribution = |path| match action(path) {
        Action::Distribute(id) => Some(*id),
        _ => None,
    };
    assert!(distribution("/a").is_some() && distribution("/a") == distribution("/b"));
    assert!(distribution("/c").is_some() && distribution("/a") != distribution("/c"));
    assert_eq!(snapshot.targets.len(), 4, "the pool with the first settings is one target for the map and the policy");
}

#[test]
fn the_pages_of_a_listener_replace_those_of_the_gateway() {
    let listeners = "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: a.com},
        {name: own, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: b.com,
                customErrorConfigurations: [
            {statusCode: HttpStatus404, gatehouse: {content: own}}]}]";
    let sections = [
        ("httpListeners", listeners),
        (
            "requestRoutingRules",
            "[{name: rule, priority: 10, httpListener: web, backendAddressPool: pool,
                backendHttpSettings: http},
            {name: b, priority: 20, httpListener: own, backendAddressPool: pool, backendHttpSettings: http}]",
        ),
        (
            "customErrorConfigurations",
            "[{statusCode: HttpStatus502, customErrorPageUrl: 'https://b.com/502.html'},
            {statusCode: HttpStatus503, customErrorPageUrl: 'https://b.com/503.html'},
            {statusCode: HttpStatus403, customErrorPageUrl: 'https://b.com/403.html',
                gatehouse: {content: 'no {transactionId}'}}]",
        ),
    ];
    let site = site("errorPages: {'https://b.com/503.html': pages/503.html}");
    let mut environment = Environment::default();
    environment.files.insert("pages/503.html", Ok(Zeroizing::new(b"from a file".to_vec())));
    environment.pages.insert("https://b.com/502.html".to_owned(), Ok(Arc::from(&b"fetched"[..])));
    let urls = page_urls(&document(&sections), Some(&site));
    assert_eq!(urls, ["https://b.com/502.html"], "what stands elsewhere is not fetched");
    let snapshot = compiled(&sections, Some(&site), &environment);
    let page = |text: &str| Page::new(Arc::from(text.as_bytes()));
    let rows = [
        (502, Some(page("fetched"))),
        (503, Some(page("from a file"))),
        (403, Some(page("no {transactionId}"))),
        (404, None),
    ];
    for (status, expected) in &rows {
        assert_eq!(snapshot.pages.get(*status), expected.as_ref(), "{status}");
    }
    let pages: Vec<_> = snapshot.listeners.iter().map(|listener| listener.pages.as_ref()).collect();
    assert!(pages[0].is_none());
    assert_eq!(pages[1].unwrap().get(404), Some(&page("own")));
    assert_eq!(pages[1].unwrap().get(502), None, "the gateway's are not asked any more");
}

#[test]
fn a_page_that_nobody_fetched_is_left_out() {
    let pages =
        [("customErrorConfigurations", "[{statusCode: HttpStatus502, customErrorPageUrl: 'https://b.com/502.html'}]")];
    assert!(snapshot(&pages).pages.is_empty());
}

#[test]
fn a_check_of_tokens_says_who_issues_them_for_whom_and_where_the_keys_are() {
    let certificate = String::from_utf8(LEAF.to_vec()).unwrap().replace('\n', "");
    let certificates = format!("[{{name: cert, data: '{certificate}'}}]");
    let of = |config: &str| {
        let configs = format!("[{{name: check, {config}}}]");
        let snapshot = compiled(
            &[
                ("sslCertificates", &certificates),
                (
                    "httpListeners",
                    "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Https,
                sslCertificate: cert}]",
                ),
                ("entraJWTValidationConfigs", &configs),
                (
                    "requestRoutingRules",
                    "[{name: rule, priority: 10, httpListener: web, backendAddressPool: pool,
                backendHttpSettings: http, entraJWTValidationConfig: check}]",
                ),
            ],
            None,
            &Environment { now: 1_800_000_000, ..Environment::default() },
        );
        let id = snapshot.rules.iter().next().unwrap().jwt.expect("the rule is guarded");
        snapshot.jwt[id].clone()
    };
    let url = |text: &str| KeySource::Url(Arc::from(text));
    let entra = |tenant: &str| Issuer::Entra(Tenant::parse(tenant).unwrap());
    let other = Issuer::Other(Arc::from("https://id.example.com/"));
    let common = "https://login.microsoftonline.com/common/discovery/v2.0/keys";
    let rows = [
        ("tenantId: common, clientId: c", entra("common"), url(common), vec!["c"], Refusal::Deny),
        (
            "tenantId: common, clientId: c, audiences: [a, c, ''], unAuthorizedRequestAction: Allow",
            entra("common"),
            url(common),
            vec!["c", "a"],
            Refusal::Allow,
        ),
        (
            "tenantId: common, clientId: c, gatehouse: {jwksUri: 'https://mirror.example.com/keys'}",
            entra("common"),
            url("https://mirror.example.com/keys"),
            vec!["c"],
            Refusal::Deny,
        ),
        (
            "audiences: [a], gatehouse: {issuer: 'https://id.example.com/'}",
            other.clone(),
            KeySource::Discovered(Arc::from("https://id.example.com/")),
            vec!["a"],
            Refusal::Deny,
        ),
        (
            "tenantId: common, clientId: c, gatehouse: {issuer: 'https://id.example.com/',
                jwksUri: 'https://k.example.com/'}",
            other,
            url("https://k.example.com/"),
            vec!["c"],
            Refusal::Deny,
        ),
    ];
    for (config, issuer, keys, audiences, action) in rows {
        let policy = of(config);
        assert_eq!((policy.issuer, policy.keys, policy.action), (issuer, keys, action), "{config}");
        assert_eq!(policy.audiences.iter().map(|it| &**it).collect::<Vec<_>>(), audiences, "{config}");
        assert_eq!(&*policy.name, "check");
    }
}

#[test]
fn buffering_is_on_unless_it_is_off() {
    let rows = [
        ("{}", (true, true)),
        ("{enableRequestBuffering: true, enableResponseBuffering: true}", (true, true)),
        ("{enableRequestBuffering: false}", (false, true)),
        ("{enableResponseBuffering: false}", (true, false)),
    ];
    for (text, expected) in rows {
        let options = snapshot(&[("globalConfiguration", text)]).options;
        assert_eq!((options.buffers_requests, options.buffers_responses), expected, "{text}");
    }
    let none = snapshot(&[]).options;
    assert!(none.buffers_requests && none.buffers_responses && !none.azure_strict);
    assert!(snapshot(&[("gatehouse", "{azureStrict: true}")]).options.azure_strict);
}

#[test]
fn sizes_of_buffers_are_limits() {
    let text = "{limits: {bufferedInMemoryBytes: 2048, bufferedInFileBytes: 0, bufferedInFilesBytes: 8589934592,
        bufferedResponseBytes: 4096}}";
    let expected = Limits {
        buffered_in_memory: 2048,
        buffered_in_file: 0,
        buffered_in_files: 8 << 30,
        buffered_response: 4096,
        ..Limits::default()
    };
    assert_eq!(snapshot(&[("gatehouse", text)]).limits, expected);
}

#[test]
fn the_secret_of_cookies_is_the_site_files_or_the_machines() {
    let key = |byte: u8| AffinityKey(Arc::from(vec![byte; 32]));
    let mut environment = Environment { affinity_key: Some(key(1)), ..Environment::default() };
    assert_eq!(compiled(&[], None, &environment).options.affinity_key, key(1));
    environment.files.insert("a.key", Ok(Zeroizing::new(vec![2; 32])));
    let site = site("affinity: {key: a.key}");
    assert_eq!(compiled(&[], Some(&site), &environment).options.affinity_key, key(2));
    let none = Environment { pages: BTreeMap::new(), ..Environment::default() };
    assert_eq!(compiled(&[], None, &none).options.affinity_key, AffinityKey::default());
}
