//! JWT validation: what can be told wrong before any token comes.
//!
//! Source: Azure, "JSON Web Token validation" (json-web-token-overview): a tenant GUID or one of three
//! words, a client, at most five audiences; rules of HTTPS listeners only.

use model::Problem;
use model::backend_http_settings::Protocol;
use model::entra_jwt_validation_config::EntraJwtValidationConfig;
use model::request_routing_rule::RequestRoutingRule;
use model::schema::Named;

use super::codes;
use super::context::{Context, text};

const MOST_AUDIENCES: usize = 5;
const TENANT_WORDS: [&str; 3] = ["common", "organizations", "consumers"];

/// Checks every validation config.
pub(super) fn check_all(context: &mut Context<'_>) {
    let gateway = context.gateway;
    gateway.entra_jwt_validation_configs.iter().for_each(|config| check(context, config));
}

fn check(context: &mut Context<'_>, asked: &Named<EntraJwtValidationConfig>) {
    let owner = format!("the validation {:?}", asked.name.value);
    match text(&asked.tenant_id) {
        None => context.missing(&asked.name.at, "tenantId", &owner),
        Some(tenant) => {
            let is_word = TENANT_WORDS.iter().any(|word| word.eq_ignore_ascii_case(&tenant.value));
            if !is_word && !is_guid(&tenant.value) {
                let problem = Problem::error(codes::INVALID_TENANT, &tenant.at, "this is not a tenant");
                let expected = "a GUID, \"common\", \"organizations\" or \"consumers\"";
                context.problems.push(problem.found(format!("{:?}", tenant.value)).expected(expected));
            }
        }
    }
    if text(&asked.client_id).is_none() {
        context.missing(&asked.name.at, "clientId", &owner);
    }
    if let Some(at) = asked.audiences.at.as_ref().filter(|_| asked.audiences.len() > MOST_AUDIENCES) {
        let message = format!("{owner} has {} audiences; Azure allows {MOST_AUDIENCES}", asked.audiences.len());
        context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, at, message));
    }
}

/// Checks a rule's validation against the listener it guards.
pub(super) fn check_rule(context: &mut Context<'_>, rule: &Named<RequestRoutingRule>, listener: Option<Protocol>) {
    let gateway = context.gateway;
    context.link(&gateway.entra_jwt_validation_configs, &rule.entra_jwt_validation_config);
    if let (Some(field), Some(Protocol::Http)) = (&rule.entra_jwt_validation_config, listener) {
        let message = "tokens can be checked on HTTPS listeners only; this one speaks Http";
        context.error(codes::JWT_WITHOUT_HTTPS, &field.at, message);
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_has_its_shape() {
        assert!(is_guid("70a036f6-8e4d-4615-bad6-149c02e7720d"));
        for text in ["", "70a036f6", "70a036f6-8e4d-4615-bad6-149c02e7720g", "{70a036f6-8e4d-4615-bad6-149c02e7720d}"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
