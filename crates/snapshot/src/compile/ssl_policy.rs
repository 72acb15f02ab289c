//! TLS policies: which versions and suites clients are offered.
//!
//! Source: Azure, "Application Gateway TLS policy overview" (application-gateway-ssl-policy-overview) and "Managing your
//! Application Gateway with TLS 1.0 and 1.1 retirement" (read 2026-11-22). What this gateway cannot speak (CBC, RSA key
//! exchange, finite-field DHE) is listed; a policy of which nothing is left is an error.

use std::sync::Arc;

use model::application_gateway::ApplicationGateway;
use model::schema::{Field, Opt};
use model::ssl_policy::{SslPolicy, SslPolicyName, SslPolicyType, SslProtocol};
use model::{At, Problem};
use tls::policy::{Family, Policy, Predefined, Suite, Version, predefined};

use super::codes;
use super::context::Context;

/// The policy of a gateway or a profile, as it is served. `None`: it cannot be, and a problem says so.
pub(super) type Served = Option<Arc<Policy>>;

/// The gateway's policy. Without one Azure's default since 2023-02-01: the older default is retired.
pub(super) fn of_gateway(context: &mut Context<'_>, gateway: &ApplicationGateway) -> Served {
    match &gateway.ssl_policy {
        Some(asked) => compiled(context, asked),
        None => Some(Arc::new(Policy::default())),
    }
}

/// A policy as it is served.
pub(super) fn compiled(context: &mut Context<'_>, asked: &Field<SslPolicy>) -> Served {
    let policy = match (&asked.policy_type, &asked.policy_name) {
        (Some(kind), _) if kind.value == SslPolicyType::Custom => custom(context, asked, Family::Old),
        (Some(kind), _) if kind.value == SslPolicyType::CustomV2 => custom(context, asked, Family::New),
        (_, Some(name)) => named(context, asked, name),
        (Some(_), None) => {
            context.missing(&asked.at, "policyName", "a predefined TLS policy");
            None
        }
        (None, None) if !asked.cipher_suites.is_empty() || asked.min_protocol_version.is_some() => {
            context.missing(&asked.at, "policyType", "a TLS policy with suites");
            None
        }
        (None, None) => Some(Policy::default()),
    };
    let policy = without_disabled(context, asked, policy?)?;
    check_fips(context, asked, &policy);
    Some(Arc::new(policy))
}

/// One of Azure's own.
fn named(context: &mut Context<'_>, asked: &SslPolicy, name: &Field<SslPolicyName>) -> Option<Policy> {
    // Reading has refused every other name.
    let known = predefined(name.value.as_str())?;
    check_repeated(context, asked, known);
    if known.retired {
        let message = format!("{} allows TLS below 1.2, which Azure has retired", known.name);
        let problem = Problem::warning(codes::TLS_RETIRED, &name.at, message);
        let help = "it is served as TLS 1.2; choose AppGwSslPolicy20220101, or AppGwSslPolicy20170401S without TLS 1.3";
        context.azure_refuses(problem.help(help));
    }
    not_spoken(context, &name.at, known.unusable(), &known.policy());
    Some(known.policy())
}

/// Properties that repeat what the name says are what tools send back; others contradict it.
fn check_repeated(context: &mut Context<'_>, asked: &SslPolicy, known: &Predefined) {
    let is_listed = |name: &str| known.suites.contains(&name);
    let is_repeated = asked.cipher_suites.iter().all(|suite| is_listed(suite.value.as_str()))
        // The suites of TLS 1.3 are left out by tools.
        && known.suites.iter().all(|name| {
            let is_left_out = Suite::named(name).is_some_and(Suite::is_tls13);
            is_left_out || asked.cipher_suites.iter().any(|suite| suite.value.as_str() == *name)
        });
    if let Some(at) = asked.cipher_suites.at.as_ref().filter(|_| !asked.cipher_suites.is_empty() && !is_repeated) {
        contradiction(context, at, &format!("{} has suites of its own", known.name));
    }
    if let Some(min) = asked.min_protocol_version.as_ref().filter(|min| min.value.as_str() != known.minimum) {
        contradiction(context, &min.at, &format!("{} begins with {}", known.name, known.minimum));
    }
}

fn contradiction(context: &mut Context<'_>, at: &At, message: &str) {
    let problem = Problem::error(codes::POLICY_CONFLICT, at, message);
    context.problems.push(problem.help("leave this out, or make it a policy of the type CustomV2"));
}

/// A list of the operator's own.
fn custom(context: &mut Context<'_>, asked: &Field<SslPolicy>, family: Family) -> Option<Policy> {
    if let Some(name) = &asked.policy_name {
        contradiction(context, &name.at, "a policy of the operator's own has no policyName");
    }
    let min = minimum(context, asked, family)?;
    let listed: Vec<&str> = asked.cipher_suites.iter().map(|suite| suite.value.as_str()).collect();
    check_retired_suites(context, asked, family);
    let mut suites: Vec<Suite> = Vec::new();
    if family == Family::New {
        suites.extend(Suite::TLS13);
    }
    let spoken = listed.iter().filter_map(|name| Suite::named(name)).filter(|suite| !suite.is_tls13());
    for suite in spoken.filter(|_| min == Version::Tls12) {
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    let has_tls12 = suites.iter().any(|suite| !suite.is_tls13());
    let at = asked.cipher_suites.at.as_ref().unwrap_or(&asked.at);
    if family == Family::Old && !has_tls12 {
        let problem =
            Problem::error(codes::SUITES_NONE, at, "no client can connect: none of these suites is spoken here");
        context.problems.push(problem.expected(spoken_names()).help(NOT_SPOKEN_HELP));
        return None;
    }
    let (name, max) = match family {
        Family::Old => ("Custom", Version::Tls12),
        Family::New => ("CustomV2", Version::Tls13),
    };
    let only_newer = min == Version::Tls12 && !has_tls12;
    let min = if only_newer { Version::Tls13 } else { min };
    let policy = Policy { name: Arc::from(name), family, min, max, suites };
    if only_newer {
        let problem =
            Problem::warning(codes::SUITES_NONE, at, "no client of TLS 1.2 can connect: none of its suites is listed");
        context.problems.push(problem.expected(spoken_names()));
    }
    let unspoken = listed.iter().copied().filter(|name| Suite::named(name).is_none());
    not_spoken(context, at, unspoken, &policy);
    Some(policy)
}

/// The lowest version of a list of the operator's own.
fn minimum(context: &mut Context<'_>, asked: &Field<SslPolicy>, family: Family) -> Option<Version> {
    let Some(field) = &asked.min_protocol_version else {
        let message = "a policy of the operator's own has no minProtocolVersion";
        let problem = Problem::warning(model::problem::codes::MISSING_PROPERTY, &asked.at, message);
        context.azure_refuses(problem.expected("the property \"minProtocolVersion\"").help("TLSv1_2 is served"));
        return Some(Version::Tls12);
    };
    match (field.value, family) {
        (SslProtocol::Tls12, _) => Some(Version::Tls12),
        (SslProtocol::Tls13, Family::New) => Some(Version::Tls13),
        (SslProtocol::Tls13, Family::Old) => {
            contradiction(context, &field.at, "a policy of the type Custom ends with TLS 1.2");
            None
        }
        (SslProtocol::Tls10 | SslProtocol::Tls11, _) => {
            let problem = Problem::error(codes::TLS_RETIRED, &field.at, "Azure has retired TLS below 1.2");
            let expected = if family == Family::New { "TLSv1_2 or TLSv1_3" } else { "TLSv1_2" };
            context.problems.push(problem.found(field.value.as_str()).expected(expected));
            None
        }
    }
}

/// Suites that Azure takes no more in lists of the type Custom.
fn check_retired_suites(context: &mut Context<'_>, asked: &SslPolicy, family: Family) {
    const LEFT: &str = "AppGwSslPolicy20170401S";
    let left = |name: &str| predefined(LEFT).is_some_and(|left| left.suites.contains(&name));
    let is_retired = |name: &str| family == Family::Old && !left(name) && Suite::named(name).is_none();
    for suite in asked.cipher_suites.iter().filter(|suite| is_retired(suite.value.as_str())) {
        let message = format!("Azure takes {} no more", suite.value.as_str());
        let problem = Problem::warning(codes::TLS_RETIRED, &suite.at, message);
        // Here it is one of those that are not spoken, which is said once for all of them.
        if context.environment.target_azure {
            context.azure_refuses(problem.help(format!("the suites of {LEFT} are left")));
        }
    }
}

/// The legacy way of saying versions.
fn without_disabled(context: &mut Context<'_>, asked: &Field<SslPolicy>, policy: Policy) -> Option<Policy> {
    let disabled = &asked.disabled_ssl_protocols;
    let Some(at) = disabled.at.as_ref().filter(|_| !disabled.is_empty()) else { return Some(policy) };
    if asked.policy_type.is_some() || asked.policy_name.is_some() {
        let problem =
            Problem::error(codes::POLICY_CONFLICT, at, "disabledSslProtocols and a policy exclude each other");
        context.problems.push(problem.help("a policy says its lowest version by minProtocolVersion"));
        return None;
    }
    let all = [SslProtocol::Tls10, SslProtocol::Tls11, SslProtocol::Tls12, SslProtocol::Tls13];
    let is_on = all.map(|version| !disabled.iter().any(|field| field.value == version));
    let runs =
        is_on.iter().zip(std::iter::once(&false).chain(&is_on)).filter(|(now, before)| **now && !**before).count();
    let (min, max) = match is_on {
        _ if runs != 1 => (None, None),
        [.., true, true] => (Some(Version::Tls12), Some(Version::Tls13)),
        [.., true, false] => (Some(Version::Tls12), Some(Version::Tls12)),
        [.., false, true] => (Some(Version::Tls13), Some(Version::Tls13)),
        _ => (None, None),
    };
    let (Some(min), Some(max)) = (min, max) else {
        let message = "what is left is not a range of versions with TLS 1.2 or TLS 1.3";
        let problem = Problem::error(codes::POLICY_CONFLICT, at, message);
        context.problems.push(problem.help("use a policy: minProtocolVersion says the lowest version"));
        return None;
    };
    let is_kept = |suite: &Suite| if suite.is_tls13() { max == Version::Tls13 } else { min == Version::Tls12 };
    let suites = policy.suites.iter().copied().filter(is_kept).collect();
    Some(Policy { min, max, suites, ..policy })
}

const NOT_SPOKEN_HELP: &str =
    "CBC, RSA key exchange and finite-field DHE are not spoken here; clients that know nothing newer are refused";

/// Lists what clients would lose against Azure.
fn not_spoken<'n>(context: &mut Context<'_>, at: &At, names: impl Iterator<Item = &'n str>, policy: &Policy) {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return;
    }
    let served: Vec<&str> = policy.suites.iter().map(|suite| suite.iana()).collect();
    let all = names.len() + served.len();
    let message = format!("{} of {all} suites of this policy are not spoken here: {}", names.len(), names.join(", "));
    let help = format!("served are {}; {NOT_SPOKEN_HELP}", served.join(", "));
    context.problems.push(Problem::warning(codes::SUITES_NOT_SPOKEN, at, message).help(help));
}

fn spoken_names() -> String {
    let names = Suite::ALL.into_iter().filter(|suite| !suite.is_tls13()).map(Suite::iana);
    format!("one of {}", names.collect::<Vec<_>>().join(", "))
}

/// Validated cryptography goes with the policies of 2022 and CustomV2.
fn check_fips(context: &mut Context<'_>, asked: &Field<SslPolicy>, policy: &Policy) {
    if context.gateway.enable_fips.as_ref().is_some_and(|fips| fips.value) && policy.family == Family::Old {
        let message = format!("enableFips does not go with the policy {}", policy.name);
        let problem = Problem::warning(codes::POLICY_CONFLICT, place(asked), message);
        context.azure_refuses(problem.expected("AppGwSslPolicy20220101, AppGwSslPolicy20220101S or CustomV2"));
    }
}

/// Azure takes policies of one generation in one gateway. What is not said counts for nothing: it depends on when the
/// gateway was made.
pub(super) fn check_families(context: &mut Context<'_>) {
    let gateway = context.gateway;
    let profiles = gateway.ssl_profiles.iter().filter_map(|profile| profile.ssl_policy.as_ref());
    let mut first: Option<(Family, String)> = None;
    for asked in gateway.ssl_policy.iter().chain(profiles) {
        let Some((family, name)) = family(asked) else { continue };
        let (known, first) = first.get_or_insert((family, name.clone()));
        if *known != family {
            let message = format!("the policies {first} and {name} are of two generations; Azure takes one of them");
            let problem = Problem::warning(codes::POLICY_FAMILIES, place(asked), message);
            let help =
                "policies of 2015 and 2017 go with Custom, those of 2022 with CustomV2; this gateway serves both";
            context.azure_refuses(problem.help(help));
        }
    }
}

/// Where a policy says which one it is.
fn place(asked: &Field<SslPolicy>) -> &At {
    let name = asked.policy_name.as_ref().map(|name| &name.at);
    name.or(asked.policy_type.as_ref().map(|kind| &kind.at)).unwrap_or(&asked.at)
}

fn family(asked: &SslPolicy) -> Option<(Family, String)> {
    let kind: &Opt<SslPolicyType> = &asked.policy_type;
    match (kind.as_ref().map(|kind| kind.value), &asked.policy_name) {
        (Some(SslPolicyType::Custom), _) => Some((Family::Old, "Custom".to_owned())),
        (Some(SslPolicyType::CustomV2), _) => Some((Family::New, "CustomV2".to_owned())),
        (_, Some(name)) => Some((predefined(name.value.as_str())?.family, name.value.as_str().to_owned())),
        _ => None,
    }
}
