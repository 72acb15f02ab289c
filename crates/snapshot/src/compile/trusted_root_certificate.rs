//! Roots that servers' certificates may lead to.
//!
//! Source: Azure, "Certificates for the backend authentication" (certificates-for-backend-authentication, read
//! 2026-11-22). A list of roots replaces the public ones.

use model::schema::Named;
use model::trusted_root_certificate::TrustedRootCertificate;
use model::{At, Problem};
use tls::certificate::{Facts, codes as tls_codes, dates};
use tls::trust::{CertificateDer, read_roots};

use super::certificates::{Data, Material};
use super::codes;
use super::context::{Context, text};

/// The certificates of one trusted root: a bundle has several.
pub(super) type Roots = Material<Vec<CertificateDer<'static>>>;

/// All trusted roots, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Roots> {
    let gateway = context.gateway;
    gateway.trusted_root_certificates.iter().map(|asked| one(context, asked)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<TrustedRootCertificate>) -> Roots {
    let data = text(&asked.data);
    context.check_secret_id(&asked.key_vault_secret_id, data.map(|data| &data.at));
    if let Some(files) = context.files_of(&asked.name, &asked.key_vault_secret_id) {
        let Some(path) = files.cert.as_ref().or(files.pfx.as_ref()) else { return Material::Broken };
        let Some(content) = context.file(path) else { return Material::Broken };
        return match read_roots(content) {
            Ok(roots) => checked(context, &path.at, roots),
            Err(error) => {
                context.file_error(&path.at, error);
                Material::Broken
            }
        };
    }
    let Some(data) = data else {
        if text(&asked.key_vault_secret_id).is_some() {
            return Material::Unbound("it is a Key Vault secret");
        }
        let message = format!("the trusted root {:?} has no data", asked.name.value);
        let problem = Problem::error(codes::CERTIFICATE_DATA_MISSING, &asked.name.at, message);
        context.problems.push(problem.expected("\"data\" or \"keyVaultSecretId\""));
        return Material::Broken;
    };
    match context.data(&data.at, &data.value, &format!("the trusted root {:?}", asked.name.value)) {
        Data::Bytes(bytes) => match read_roots(&bytes) {
            Ok(roots) => checked(context, &data.at, roots),
            Err(error) => {
                context.certificate_error(&data.at, error);
                Material::Broken
            }
        },
        Data::Masked => Material::Unbound("its data is masked"),
        Data::Broken => Material::Broken,
    }
}

fn checked(context: &mut Context<'_>, at: &At, roots: Vec<CertificateDer<'static>>) -> Roots {
    for facts in roots.iter().filter_map(|root| Facts::read(root).ok()) {
        if !facts.is_ca && !facts.is_self_signed {
            let message =
                format!("{} is neither an authority nor self-signed; servers cannot lead to it", facts.subject);
            let problem = Problem::warning(tls_codes::ROOT_NOT_CA, at, message);
            context
                .problems
                .push(problem.help(format!("upload the root of its chain; its issuer is {}", facts.issuer)));
        }
        let whose = format!("the trusted root {}", facts.subject);
        let effect = "servers whose certificates lead to it are refused";
        let finding = dates(&facts, &whose, effect, context.environment.now);
        context.findings(at, finding);
    }
    Material::Ready(roots)
}
