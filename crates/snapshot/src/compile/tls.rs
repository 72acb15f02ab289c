//! Certificates and TLS profiles: what can be told wrong without opening them.
//!
//! Source: Azure, "TLS termination with Key Vault certificates" and "Mutual authentication": a certificate
//! has data or a Key Vault secret.

use model::Problem;

use super::codes;
use super::context::{Context, text};

const MOST_CLIENT_CERTIFICATES: usize = 100;

/// Checks certificates and profiles.
pub(super) fn check_all(context: &mut Context<'_>) {
    let gateway = context.gateway;
    for certificate in &gateway.ssl_certificates {
        let has_data = certificate.data.as_ref().is_some_and(|data| !data.value.expose().is_empty());
        let in_site = context.site.is_some_and(|site| site.certificates.get(&certificate.name).is_some());
        let is_known =
            has_data || in_site || certificate.hsm.is_some() || text(&certificate.key_vault_secret_id).is_some();
        // A certificate that Azure shows has its public part only.
        if !is_known && certificate.public_cert_data.is_none() {
            let message = format!("the certificate {:?} has no data", certificate.name.value);
            let problem = Problem::error(codes::CERTIFICATE_DATA_MISSING, &certificate.name.at, message);
            context.problems.push(problem.expected("\"data\" or \"keyVaultSecretId\""));
        }
    }
    for profile in &gateway.ssl_profiles {
        let roots = context.links(&gateway.trusted_client_certificates, &profile.trusted_client_certificates);
        if roots.len() > MOST_CLIENT_CERTIFICATES {
            let message = format!(
                "the profile {:?} has {} client certificate chains; Azure allows {MOST_CLIENT_CERTIFICATES}",
                profile.name.value,
                roots.len()
            );
            context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, &profile.name.at, message));
        }
    }
}
