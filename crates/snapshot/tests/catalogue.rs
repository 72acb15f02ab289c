//! The catalogue of what a gateway refuses: one row for each check, with its code, its place and a word of help.
//!
//! Source: the rules that Azure's pages and its REST schema state about configuration (configuration-overview and its
//! neighbours, read 2026-11-22), in the order of the parts of a gateway. What Azure refuses and this gateway takes is
//! marked [`Azures`](Weight::Azures): a warning here, an error with `--target azure`.

#[path = "common/assemble.rs"]
mod assemble;
mod common;
#[path = "catalogue/tcp_tls.rs"]
mod tcp_tls;

use std::fs;
use std::path::Path;

use model::problem::Severity;
use model::{Problem, ReadOptions, Source, read};
use snapshot::{Environment, compile, merged};

use Weight::{Azures, Error, Warning};
use assemble::assemble;
use common::{IN_2027, files, pages, with_fixtures};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Error,
    Warning,
    /// A warning here, an error with `--target azure`.
    Azures,
}

/// What is checked, the sections of a gateway that has it wrong, and what is said: weight, code, where.
type Row = (&'static str, &'static str, Weight, &'static str, &'static str);

/// How many rows there are; a row that is not run is worse than none.
const ROWS: usize = 131;

const WEB: &str = "{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http";
const ALT: &str = "{name: alt, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http";
const RULE: &str = "{name: rule, priority: 10, httpListener: web";
const TO: &str = "backendAddressPool: pool, backendHttpSettings: http";
const BY_PATH: &str = "{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map";
const MAP: &str = "{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http";
const HTTP: &str = "{name: http, port: 80, protocol: Http";
const SET: &str = "rewriteRuleSets: [{name: set, rewriteRules: [{name: r, ruleSequence: 100";
const PAGE: &str = "https://pages.example";
const TLS: &str = "sslCertificates: [{name: cert, data: '{{open.pfx}}'}]\nhttpListeners: [{name: web, \
                   frontendIPConfiguration: feip, frontendPort: p80, protocol: Https, sslCertificate: cert";

#[rustfmt::skip]
const CATALOGUE: &[Row] = &[
    // Listeners and rules.
    ("a listener in more than one rule", "requestRoutingRules: [$RULE, $TO}, {name: b, priority: 20, httpListener: \
        web, $TO}]",
        Error, "ListenerInSeveralRules", "requestRoutingRules[1].httpListener"),
    ("a rule without a listener", "requestRoutingRules: [{name: rule, priority: 10, $TO}]",
        Error, "RuleWithoutListener", "requestRoutingRules[0].name"),
    ("the same priority twice", "httpListeners: [$WEB, hostName: a.com}, $ALT, hostName: b.com}]\n\
        requestRoutingRules: [$RULE, $TO}, {name: b, priority: 10, httpListener: alt, $TO}]",
        Error, "DuplicatePriority", "requestRoutingRules[1].priority"),
    ("no priority where others have one", "httpListeners: [$WEB, hostName: a.com}, $ALT, hostName: b.com}]\n\
        requestRoutingRules: [$RULE, $TO}, {name: b, httpListener: alt, $TO}]",
        Error, "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty", "requestRoutingRules[1].name"),
    ("no priority at all", "requestRoutingRules: [{name: rule, httpListener: web, $TO}]",
        Azures, "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty", "requestRoutingRules[0].name"),
    ("a priority below 1", "requestRoutingRules: [{name: rule, priority: 0, httpListener: web, $TO}]",
        Error, "OutOfRange", "requestRoutingRules[0].priority"),
    ("a priority above 20000", "requestRoutingRules: [{name: rule, priority: 20001, httpListener: web, $TO}]",
        Error, "OutOfRange", "requestRoutingRules[0].priority"),
    // Hosts.
    ("hostName and hostNames", "httpListeners: [$WEB, hostName: a.com, hostNames: [b.com]}]",
        Error, "HostNameAndHostNames", "httpListeners[0].hostName"),
    ("more than five hosts", "httpListeners: [$WEB, hostNames: [a.com, b.com, c.com, d.com, e.com, f.com]}]",
        Azures, "LimitReached", "httpListeners[0].hostNames"),
    ("a wildcard in hostName", "httpListeners: [$WEB, hostName: '*.a.com'}]",
        Error, "InvalidHostName", "httpListeners[0].hostName"),
    ("five wildcards", "httpListeners: [$WEB, hostNames: ['????.contoso.*']}]",
        Error, "InvalidHostName", "httpListeners[0].hostNames[0]"),
    ("three stars", "httpListeners: [$WEB, hostNames: ['*.*.*.a.com']}]",
        Error, "InvalidHostName", "httpListeners[0].hostNames[0]"),
    ("two stars in one label", "httpListeners: [$WEB, hostNames: ['a*b*.com']}]",
        Error, "InvalidHostName", "httpListeners[0].hostNames[0]"),
    ("a star beside a question mark", "httpListeners: [$WEB, hostNames: ['a*?.com']}]",
        Error, "InvalidHostName", "httpListeners[0].hostNames[0]"),
    ("a host with other characters", "httpListeners: [$WEB, hostNames: ['a_b.com']}]",
        Error, "InvalidHostName", "httpListeners[0].hostNames[0]"),
    ("two protocols on one address and port", "$TLS}, $ALT}]",
        Error, "ListenerProtocolConflict", "httpListeners[1].name"),
    ("the same hosts twice on one address and port", "httpListeners: [$WEB, hostName: a.com}, $ALT, hostName: a.com}]\n\
        requestRoutingRules: [$RULE, $TO}, {name: b, priority: 20, httpListener: alt, $TO}]",
        Warning, "RuleUnreachable", "requestRoutingRules[1].name"),
    // Path maps.
    ("a path without a leading slash", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: [{name: a, \
        paths: [a], $TO}]}]",
        Error, "InvalidPath", "urlPathMaps[0].pathRules[0].paths[0]"),
    ("a star that is not last", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: [{name: a, paths: \
        ['/*.jpg'], $TO}]}]",
        Error, "InvalidPath", "urlPathMaps[0].pathRules[0].paths[0]"),
    ("a path with a question mark", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: [{name: a, \
        paths: ['/a?b'], $TO}]}]",
        Error, "InvalidPath", "urlPathMaps[0].pathRules[0].paths[0]"),
    ("a path with a fragment", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: [{name: a, paths: \
        ['/a#b'], $TO}]}]",
        Error, "InvalidPath", "urlPathMaps[0].pathRules[0].paths[0]"),
    ("more than a hundred path rules", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: \
        [$MANY_PATHS]}]",
        Azures, "LimitReached", "urlPathMaps[0].pathRules"),
    ("a path rule with redirect and pool", "$REDIRECT\nrequestRoutingRules: [$BY_PATH}]\n\
        urlPathMaps: [$MAP, pathRules: [{name: a, paths: [/a], redirectConfiguration: away, $TO}]}]",
        Error, "TargetConflict", "urlPathMaps[0].pathRules[0].redirectConfiguration"),
    ("a path rule with neither", "requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, pathRules: [{name: a, paths: \
        [/a]}]}]",
        Error, "TargetMissing", "urlPathMaps[0].pathRules[0].name"),
    ("a pool without settings", "requestRoutingRules: [$RULE, backendAddressPool: pool}]",
        Error, "SettingsMissing", "requestRoutingRules[0].name"),
    ("settings without a pool", "requestRoutingRules: [$RULE, backendHttpSettings: http}]",
        Error, "PoolMissing", "requestRoutingRules[0].name"),
    ("a basic rule with a path map", "urlPathMaps: [$MAP}]\nrequestRoutingRules: [$RULE, $TO, urlPathMap: map}]",
        Error, "PropertyNotForRuleType", "requestRoutingRules[0].urlPathMap"),
    ("a rule by path with a rewrite set", "$SET}]}]\nurlPathMaps: [$MAP}]\nrequestRoutingRules: [$BY_PATH, \
        rewriteRuleSet: set}]",
        Error, "PropertyNotForRuleType", "requestRoutingRules[0].rewriteRuleSet"),
    ("a path that nothing reaches", "requestRoutingRules: [$BY_PATH}]\n\
        urlPathMaps: [$MAP, pathRules: [{name: a, paths: [/a*], $TO}, {name: b, paths: [/a/b], $TO}]}]",
        Warning, "PathUnreachable", "urlPathMaps[0].pathRules[1].paths[0]"),
    // Redirects.
    ("a redirect to a listener and a URL", "redirectConfigurations: [{name: away, redirectType: Found, \
        targetListener: web, \
        targetUrl: 'https://b.com/'}]\nrequestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Error, "TargetConflict", "redirectConfigurations[0].targetUrl"),
    ("a redirect to neither", "redirectConfigurations: [{name: away, redirectType: Found}]\n\
        requestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Error, "TargetMissing", "redirectConfigurations[0].name"),
    ("a redirect to a listener of another gateway", "redirectConfigurations: [{name: away, redirectType: Found, \
        targetListener: \
        /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationGateways/other/httpListeners/web}]\n\
        requestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Error, "ReferenceToOtherGateway", "redirectConfigurations[0].targetListener"),
    ("a redirect to a listener that lacks a host", "httpListeners: [$WEB, hostNames: [a.com, b.com]}, $ALT, hostName: \
        a.com}]\n\
        redirectConfigurations: [{name: away, redirectType: Found, targetListener: alt, includePath: true, \
        includeQueryString: true}]\n\
        requestRoutingRules: [$RULE, redirectConfiguration: away}, {name: b, priority: 5, httpListener: alt, $TO}]",
        Error, "RedirectHostsNotCovered", "redirectConfigurations[0].targetListener"),
    ("a redirect of an unknown type", "redirectConfigurations: [{name: away, redirectType: Moved, targetUrl: \
        'https://b.com/'}]\n\
        requestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Error, "UnknownValue", "redirectConfigurations[0].redirectType"),
    ("a redirect that leads to itself", "redirectConfigurations: [{name: away, redirectType: Found, targetListener: \
        web, \
        includePath: true, includeQueryString: true}]\nrequestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Warning, "RedirectLoop", "redirectConfigurations[0].name"),
    // Settings.
    ("requestTimeout below 1", "backendHttpSettingsCollection: [$HTTP, requestTimeout: 0}]",
        Error, "OutOfRange", "backendHttpSettingsCollection[0].requestTimeout"),
    ("requestTimeout above a day", "backendHttpSettingsCollection: [$HTTP, requestTimeout: 86401}]",
        Error, "OutOfRange", "backendHttpSettingsCollection[0].requestTimeout"),
    ("draining below 1 s", "backendHttpSettingsCollection: [$HTTP, connectionDraining: {enabled: true, \
        drainTimeoutInSec: 0}}]",
        Error, "OutOfRange", "backendHttpSettingsCollection[0].connectionDraining.drainTimeoutInSec"),
    ("draining above an hour", "backendHttpSettingsCollection: [$HTTP, connectionDraining: {enabled: true, \
        drainTimeoutInSec: 3601}}]",
        Error, "OutOfRange", "backendHttpSettingsCollection[0].connectionDraining.drainTimeoutInSec"),
    ("draining without a time", "backendHttpSettingsCollection: [$HTTP, connectionDraining: {enabled: true}}]",
        Error, "MissingProperty", "backendHttpSettingsCollection[0].connectionDraining"),
    ("draining that says no more than a time", "backendHttpSettingsCollection: [$HTTP, connectionDraining: \
        {drainTimeoutInSec: 5}}]",
        Error, "MissingProperty", "backendHttpSettingsCollection[0].connectionDraining"),
    ("hostName with pickHostNameFromBackendAddress",
        "backendHttpSettingsCollection: [$HTTP, hostName: a.com, pickHostNameFromBackendAddress: true}]",
        Error, "HostNameConflict", "backendHttpSettingsCollection[0].hostName"),
    ("an affinity cookie whose name is none",
        "backendHttpSettingsCollection: [$HTTP, cookieBasedAffinity: Enabled, affinityCookieName: 'a b'}]",
        Error, "InvalidAffinityCookie", "backendHttpSettingsCollection[0].affinityCookieName"),
    ("dedicated connections with HTTP/2", "enableHttp2: true\n$TLS}]\n\
        backendHttpSettingsCollection: [$HTTP, dedicatedBackendConnection: true}]",
        Warning, "DedicatedConnectionWithHttp2", "backendHttpSettingsCollection[0].dedicatedBackendConnection"),
    // Rewrites.
    ("an unknown variable", "$SET, conditions: [{variable: var_nothing, pattern: a}]}]}]\n$REWRITES",
        Error, "UnknownVariable", "rewriteRuleSets[0].rewriteRules[0].conditions[0].variable"),
    ("the header Connection", "$SET, actionSet: {requestHeaderConfigurations: [{headerName: Connection, headerValue: \
        close}]}}]}]\n$REWRITES",
        Error, "HeaderNotRewritable",
        "rewriteRuleSets[0].rewriteRules[0].actionSet.requestHeaderConfigurations[0].headerName"),
    ("the header Upgrade", "$SET, actionSet: {responseHeaderConfigurations: [{headerName: upgrade}]}}]}]\n$REWRITES",
        Error, "HeaderNotRewritable",
        "rewriteRuleSets[0].rewriteRules[0].actionSet.responseHeaderConfigurations[0].headerName"),
    ("Host deleted", "$SET, actionSet: {requestHeaderConfigurations: [{headerName: Host, headerValue: \
        ''}]}}]}]\n$REWRITES",
        Error, "HeaderNotRewritable",
        "rewriteRuleSets[0].rewriteRules[0].actionSet.requestHeaderConfigurations[0].headerName"),
    ("a pattern that RE2 does not have", "$SET, conditions: [{variable: var_uri_path, pattern: \
        '(?=a)'}]}]}]\n$REWRITES",
        Error, "InvalidPattern", "rewriteRuleSets[0].rewriteRules[0].conditions[0].pattern"),
    ("more than forty conditions", "$SET, conditions: [$MANY_CONDITIONS], actionSet: {}}]}]\n$REWRITES",
        Azures, "LimitReached", "rewriteRuleSets[0].name"),
    ("more than forty changes", "$SET, actionSet: {requestHeaderConfigurations: [$MANY_HEADERS]}}]}]\n$REWRITES",
        Azures, "LimitReached", "rewriteRuleSets[0].name"),
    ("a matcher on another header", "$SET, actionSet: {responseHeaderConfigurations: \
        [{headerName: X-A, headerValue: a, headerValueMatcher: {pattern: a}}]}}]}]\n$REWRITES",
        Error, "HeaderValueMatcherNotAllowed",
        "rewriteRuleSets[0].rewriteRules[0].actionSet.responseHeaderConfigurations[0].headerValueMatcher"),
    ("a matcher in a request", "$SET, actionSet: {requestHeaderConfigurations: \
        [{headerName: Set-Cookie, headerValue: a, headerValueMatcher: {pattern: a}}]}}]}]\n$REWRITES",
        Error, "HeaderValueMatcherNotAllowed",
        "rewriteRuleSets[0].rewriteRules[0].actionSet.requestHeaderConfigurations[0].headerValueMatcher"),
    ("reroute of a basic rule", "$SET, actionSet: {urlConfiguration: {modifiedPath: /a, reroute: true}}}]}]\n$REWRITES",
        Error, "RerouteWithoutPathMap", "requestRoutingRules[0].rewriteRuleSet"),
    ("every part of a map reroutes", "$SET, actionSet: {urlConfiguration: {modifiedPath: /a, reroute: true}}}]}]\n\
        requestRoutingRules: [$BY_PATH}]\nurlPathMaps: [$MAP, defaultRewriteRuleSet: set, \
        pathRules: [{name: a, paths: [/a], rewriteRuleSet: set, $TO}]}]",
        Error, "RerouteEverywhere", "urlPathMaps[0].name"),
    ("one sequence twice", "$SET}, {name: s, ruleSequence: 100}]}]\n$REWRITES",
        Warning, "DuplicateRuleSequence", "rewriteRuleSets[0].rewriteRules[1].ruleSequence"),
    ("Host rewritten and overridden", "$SET, actionSet: {requestHeaderConfigurations: [{headerName: Host, \
        headerValue: b.com}]}}]}]\n\
        backendHttpSettingsCollection: [$HTTP, hostName: a.com}]\n$REWRITES",
        Warning, "HostRewriteOverridden", "requestRoutingRules[0].rewriteRuleSet"),
    // Error pages.
    ("a page for no error", "customErrorConfigurations: [{statusCode: HttpStatus200, customErrorPageUrl: \
        '$PAGE/502.html'}]",
        Error, "UnknownValue", "customErrorConfigurations[0].statusCode"),
    ("a page for an error that Azure has none for",
        "customErrorConfigurations: [{statusCode: HttpStatus404, customErrorPageUrl: '$PAGE/502.html'}]",
        Azures, "ErrorPageStatus", "customErrorConfigurations[0].statusCode"),
    ("a page that is no page", "customErrorConfigurations: [{statusCode: HttpStatus502, customErrorPageUrl: \
        '$PAGE/502.json'}]",
        Error, "InvalidErrorPageUrl", "customErrorConfigurations[0].customErrorPageUrl"),
    ("a page of 1 MB", "customErrorConfigurations: [{statusCode: HttpStatus502, customErrorPageUrl: \
        '$PAGE/large.html'}]",
        Error, "ErrorPageTooLarge", "customErrorConfigurations[0].customErrorPageUrl"),
    ("a page that is not there", "customErrorConfigurations: [{statusCode: HttpStatus502, customErrorPageUrl: \
        '$PAGE/gone.html'}]",
        Error, "ErrorPageUnavailable", "customErrorConfigurations[0].customErrorPageUrl"),
    // Tokens.
    ("tokens over plain HTTP", "$TOKENS}]\nrequestRoutingRules: [$RULE, $TO, entraJWTValidationConfig: jwt}]",
        Error, "JwtWithoutHttps", "requestRoutingRules[0].entraJWTValidationConfig"),
    ("more than five audiences", "$TOKENS, audiences: [a, b, c, d, e, f]}]\n$TLS}]\n$CHECKED",
        Azures, "LimitReached", "entraJWTValidationConfigs[0].audiences"),
    ("a tenant that is none", "entraJWTValidationConfigs: [{name: jwt, clientId: c, tenantId: \
        contoso}]\n$TLS}]\n$CHECKED",
        Error, "InvalidTenant", "entraJWTValidationConfigs[0].tenantId"),
    // HTTP/3.
    ("HTTP/3 in plain text", "httpListeners: [$WEB, enableHttp3: true}]",
        Azures, "Http3NotPossible", "httpListeners[0].enableHttp3"),
    ("HTTP/3 with host names", "$TLS, hostName: a.com, enableHttp3: true}]",
        Azures, "Http3NotPossible", "httpListeners[0].enableHttp3"),
    ("HTTP/3 with client certificates", "trustedClientCertificates: [{name: ca, data: '{{root.pem}}'}]\n\
        sslProfiles: [{name: mutual, trustedClientCertificates: [ca]}]\n$TLS, sslProfile: mutual, enableHttp3: true}]",
        Azures, "Http3NotPossible", "httpListeners[0].enableHttp3"),
    ("HTTP/3 with a firewall", "webApplicationFirewallConfiguration: {enabled: true, firewallMode: Detection, \
        ruleSetType: OWASP, ruleSetVersion: '3.2'}\n$TLS, enableHttp3: true}]",
        Azures, "Http3NotPossible", "httpListeners[0].enableHttp3"),
    ("HTTP/3 without TLS 1.3", "sslPolicy: {policyType: Predefined, policyName: AppGwSslPolicy20170401S}\n$TLS, \
        enableHttp3: true}]",
        Azures, "Http3NotPossible", "httpListeners[0].enableHttp3"),
    // Load distribution.
    ("a weight below 1", "loadDistributionPolicies: [{name: spread, loadDistributionTargets: \
        [{name: a, weightPerServer: 0, backendAddressPool: pool}]}]\n$SPREAD",
        Error, "OutOfRange", "loadDistributionPolicies[0].loadDistributionTargets[0].weightPerServer"),
    ("a weight above 100", "loadDistributionPolicies: [{name: spread, loadDistributionTargets: \
        [{name: a, weightPerServer: 101, backendAddressPool: pool}]}]\n$SPREAD",
        Error, "OutOfRange", "loadDistributionPolicies[0].loadDistributionTargets[0].weightPerServer"),
    ("a policy without pools", "loadDistributionPolicies: [{name: spread}]\n$SPREAD",
        Error, "LoadDistributionTargetsMissing", "loadDistributionPolicies[0].name"),
    ("a pool twice in a policy", "loadDistributionPolicies: [{name: spread, loadDistributionTargets: \
        [{name: a, backendAddressPool: pool}, {name: b, backendAddressPool: pool}]}]\n$SPREAD",
        Error, "DuplicateDistributionPool",
        "loadDistributionPolicies[0].loadDistributionTargets[1].backendAddressPool"),
    ("a policy and a pool", "loadDistributionPolicies: [{name: spread, loadDistributionTargets: \
        [{name: a, backendAddressPool: pool}]}]\nrequestRoutingRules: [$RULE, $TO, loadDistributionPolicy: spread}]",
        Error, "TargetConflict", "requestRoutingRules[0].loadDistributionPolicy"),
];

const REDIRECT: &str = "redirectConfigurations: [{name: away, redirectType: Found, targetUrl: 'https://b.com/'}]";
const REWRITES: &str = "requestRoutingRules: [$RULE, $TO, rewriteRuleSet: set}]";
const TOKENS: &str = "entraJWTValidationConfigs: [{name: jwt, tenantId: common, clientId: c";
const CHECKED: &str = "requestRoutingRules: [$RULE, $TO, entraJWTValidationConfig: jwt}]";
const SPREAD: &str = "requestRoutingRules: [$RULE, backendHttpSettings: http, loadDistributionPolicy: spread}]";

/// The words of the table, the longest first where one begins another.
fn written_out(text: &str) -> String {
    let many = |number: usize, one: fn(usize) -> String| (0..number).map(one).collect::<Vec<_>>().join(", ");
    let paths = many(101, |at| format!("{{name: p{at}, paths: [/p{at}], $TO}}"));
    let conditions = many(41, |_| "{variable: var_uri_path, pattern: a}".to_owned());
    let headers = many(41, |at| format!("{{headerName: X-{at}, headerValue: a}}"));
    let words = [
        ("$MANY_PATHS", paths.as_str()),
        ("$MANY_CONDITIONS", &conditions),
        ("$MANY_HEADERS", &headers),
        ("$REDIRECT", REDIRECT),
        ("$REWRITES", REWRITES),
        ("$TOKENS", TOKENS),
        ("$CHECKED", CHECKED),
        ("$SPREAD", SPREAD),
        ("$BY_PATH", BY_PATH),
        ("$RULE", RULE),
        ("$WEB", WEB),
        ("$ALT", ALT),
        ("$MAP", MAP),
        ("$HTTP", HTTP),
        ("$SET", SET),
        ("$PAGE", PAGE),
        ("$TLS", TLS),
        ("$TO", TO),
    ];
    let words: Vec<_> = tcp_tls::WORDS.iter().copied().chain(words).collect();
    let text = words.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
    assert!(!text.contains('$'), "a word that means nothing: {text}");
    with_fixtures(&text)
}

#[test]
fn every_row_of_the_catalogue_is_said_with_its_code_its_place_and_help() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let base = fs::read_to_string(folder.join("base.yaml")).unwrap();
    let rows = [CATALOGUE, tcp_tls::CATALOGUE].concat();
    let failures: Vec<String> = rows.iter().filter_map(|row| failure(&base, row)).collect();
    assert!(failures.is_empty(), "{} of {} rows fail\n{}", failures.len(), rows.len(), failures.join("\n"));
    assert_eq!(rows.len(), ROWS, "rows came or went: say so above");
}

fn failure(base: &str, (title, text, weight, code, path): &Row) -> Option<String> {
    let (document, _) = assemble(base, &written_out(text));
    let here = problems(&document, false);
    let at_azure = problems(&document, true);
    let (severity, severity_at_azure) = match weight {
        Error => (Severity::Error, Some(Severity::Error)),
        Warning => (Severity::Warning, Some(Severity::Warning)),
        Azures => (Severity::Warning, Some(Severity::Error)),
    };
    // What is wrong with this machine is no concern of Azure.
    let severity_at_azure = severity_at_azure.filter(|_| *code != "ErrorPageUnavailable");
    let path = format!("properties.{path}");
    let means = |problem: &&Problem| problem.code == *code && problem.path == path;
    let told = |problems: &[Problem]| problems.iter().map(|problem| format!("\n    {problem}")).collect::<String>();
    let Some(found) = here.iter().find(means) else {
        return Some(format!("{title}: no {code} at {path}{}", told(&here)));
    };
    if found.severity != severity {
        return Some(format!("{title}: {} here", found.severity.as_str()));
    }
    if found.help.is_none() && found.expected.is_none() {
        return Some(format!("{title}: nothing says what would do: {found}"));
    }
    let azures = at_azure.iter().find(means).map(|problem| problem.severity);
    if severity_at_azure.is_some() && azures != severity_at_azure {
        return Some(format!("{title}: {azures:?} for Azure{}", told(&at_azure)));
    }
    let others: Vec<Problem> =
        here.iter().filter(|problem| problem.severity == Severity::Error && problem.code != *code).cloned().collect();
    (!others.is_empty()).then(|| format!("{title}: other errors{}", told(&others)))
}

fn problems(document: &str, target_azure: bool) -> Vec<Problem> {
    let reading = read(&[Source::new("document", document)], &ReadOptions::default());
    let document = reading.document.expect("a document");
    let files = files(None, Some(&document));
    let environment = Environment {
        files,
        now: IN_2027,
        pages: pages(),
        target_azure,
        stand_in_rules: true,
        ..Environment::default()
    };
    let compiled = compile(&document, None, &environment);
    merged(reading.problems, compiled.problems).iter().cloned().collect()
}
