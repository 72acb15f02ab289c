//! Checks of bearer tokens: which are good, who issues them, and where the keys are.
//!
//! Source: Azure, "JSON Web Token validation" (json-web-token-overview, read 2026-11-22): a tenant GUID or one of three
//! words, a client, at most five audiences; rules of HTTPS listeners only. Parity: another issuer than Entra, another
//! place of its keys, or a file with them are extensions.

use std::sync::Arc;

use jwt::{Action, Issuer, KeySource, Keys, Policy, Tenant};
use model::backend_http_settings::Protocol;
use model::entra_jwt_validation_config::{EntraJwtValidationConfig, UnAuthorizedRequestAction};
use model::request_routing_rule::RequestRoutingRule;
use model::schema::{Field, Named};
use model::{Document, Problem};
use routing::{Scheme, UrlTarget};

use super::codes;
use super::context::{Context, text};

const MOST_AUDIENCES: usize = 5;

/// The files with keys that a document names (`keyFile`), in the order of the document. Their contents belong into
/// `Environment::files`, with those of the site file.
pub fn key_files(document: &Document) -> Vec<&Field<String>> {
    let configs = document.gateway.entra_jwt_validation_configs.iter();
    configs.filter_map(|config| text(&config.gatehouse.key_file)).collect()
}

/// Every check, in the document's order; `None` for those that cannot be used.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Option<Policy>> {
    let gateway = context.gateway;
    gateway.entra_jwt_validation_configs.iter().map(|config| one(context, config)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<EntraJwtValidationConfig>) -> Option<Policy> {
    let owner = format!("the validation {:?}", asked.name.value);
    if let Some(at) = asked.audiences.at.as_ref().filter(|_| asked.audiences.len() > MOST_AUDIENCES) {
        let message = format!("{owner} has {} audiences; Azure allows {MOST_AUDIENCES}", asked.audiences.len());
        context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, at, message).help("this gateway takes more"));
    }
    let tenant = tenant(context, asked, &owner);
    let audiences = audiences(context, asked, &owner);
    let given = given_keys(context, asked);
    let issuer = match text(&asked.gatehouse.issuer) {
        Some(issuer) => Issuer::Other(Arc::from(issuer.value.trim())),
        None => Issuer::Entra(tenant?),
    };
    let keys = match (given, &issuer) {
        (Given::Keys(keys), _) => keys,
        (Given::Broken, _) => return None,
        (Given::Nothing, Issuer::Entra(tenant)) => KeySource::Url(tenant.keys_url()),
        (Given::Nothing, Issuer::Other(issuer)) => {
            let field = asked.gatehouse.issuer.as_ref()?;
            let help = "where the issuer is no URL, say \"jwksUri\" or \"keyFile\"";
            check_url(context, field, "keys can be looked for at an issuer that is a URL only", Some(help))?;
            KeySource::Discovered(Arc::clone(issuer))
        }
    };
    let action = match asked.unauthorized_request_action.as_ref().map(|field| field.value) {
        None | Some(UnAuthorizedRequestAction::Deny) => Action::Deny,
        Some(UnAuthorizedRequestAction::Allow) => Action::Allow,
    };
    Some(Policy { name: Arc::from(asked.name.as_str()), issuer, audiences, keys, action })
}

/// The tenant. Azure wants one always; here another issuer makes it needless.
fn tenant(context: &mut Context<'_>, asked: &Named<EntraJwtValidationConfig>, owner: &str) -> Option<Tenant> {
    let Some(field) = text(&asked.tenant_id) else {
        if text(&asked.gatehouse.issuer).is_none() || context.environment.target_azure {
            context.missing(&asked.name.at, "tenantId", owner);
        }
        return None;
    };
    let tenant = Tenant::parse(field.value.trim());
    if tenant.is_none() {
        let problem = Problem::error(codes::INVALID_TENANT, &field.at, "this is not a tenant");
        let expected = "a GUID, \"common\", \"organizations\" or \"consumers\"";
        context.problems.push(problem.found(format!("{:?}", field.value)).expected(expected));
    }
    tenant
}

/// The client and further audiences, each once.
fn audiences(context: &mut Context<'_>, asked: &Named<EntraJwtValidationConfig>, owner: &str) -> Vec<Arc<str>> {
    let client = text(&asked.client_id).map(|field| field.value.trim());
    let further = asked.audiences.iter().map(|field| field.value.trim()).filter(|audience| !audience.is_empty());
    let mut audiences: Vec<Arc<str>> = Vec::new();
    for audience in client.into_iter().chain(further) {
        if !audiences.iter().any(|known| **known == *audience) {
            audiences.push(Arc::from(audience));
        }
    }
    let is_needless = text(&asked.gatehouse.issuer).is_some() && !context.environment.target_azure;
    if client.is_none() && (audiences.is_empty() || !is_needless) {
        context.missing(&asked.name.at, "clientId", owner);
    }
    audiences
}

/// What the extension says about keys.
enum Given {
    Nothing,
    Keys(KeySource),
    /// Something that cannot be used, and a problem says so.
    Broken,
}

fn given_keys(context: &mut Context<'_>, asked: &Named<EntraJwtValidationConfig>) -> Given {
    match (text(&asked.gatehouse.jwks_uri), text(&asked.gatehouse.key_file)) {
        (None, None) => Given::Nothing,
        (Some(_), Some(file)) => {
            let message = "\"jwksUri\" and \"keyFile\" exclude each other";
            context.problems.push(Problem::error(codes::KEY_SOURCES, &file.at, message).help("keep one of the two"));
            Given::Broken
        }
        (Some(url), None) => match check_url(context, url, "keys cannot be fetched from here", None) {
            Some(()) => Given::Keys(KeySource::Url(Arc::from(url.value.trim()))),
            None => Given::Broken,
        },
        (None, Some(file)) => key_file(context, file),
    }
}

fn key_file(context: &mut Context<'_>, path: &Field<String>) -> Given {
    let Some(content) = context.file(path) else { return Given::Broken };
    match Keys::parse(content) {
        Ok(keys) => Given::Keys(KeySource::Given(Arc::new(keys))),
        Err(error) => {
            let problem = Problem::error(codes::KEY_FILE_INVALID, &path.at, format!("no keys in this file: {error}"));
            context.machine_refuses(problem.found(format!("{:?}", path.value)));
            Given::Broken
        }
    }
}

/// A URL of keys. Who can change them on the way can make tokens.
fn check_url(context: &mut Context<'_>, field: &Field<String>, message: &str, help: Option<&str>) -> Option<()> {
    let Ok(url) = UrlTarget::parse(field.value.trim()) else {
        let problem = Problem::error(codes::INVALID_KEY_URL, &field.at, message);
        let problem = problem.found(format!("{:?}", field.value)).expected("a URL such as \"https://example.com/\"");
        context.problems.push(Problem { help: help.map(str::to_owned), ..problem });
        return None;
    };
    let is_near = url.host() == "localhost" || url.host().parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if url.scheme() == Scheme::Http && !is_near {
        let message = "keys come over plain HTTP: who can change them on the way can make tokens";
        context.warn(codes::KEYS_NOT_SECURED, &field.at, message);
    }
    Some(())
}

/// The check of a rule, which has to go with the listener that it guards.
pub(super) fn of_rule(
    context: &mut Context<'_>,
    rule: &Named<RequestRoutingRule>,
    listener: Option<Protocol>,
) -> Option<usize> {
    let gateway = context.gateway;
    let link = context.link(&gateway.entra_jwt_validation_configs, &rule.entra_jwt_validation_config);
    if let (Some(field), Some(Protocol::Http)) = (&rule.entra_jwt_validation_config, listener) {
        let message = "tokens can be checked on HTTPS listeners only; this one speaks Http";
        let problem = Problem::error(codes::JWT_WITHOUT_HTTPS, &field.at, message);
        context.problems.push(problem.help("set the listener's \"protocol\" to \"Https\" and give it a certificate"));
    }
    link.index()
}
