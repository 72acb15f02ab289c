//! Chains that clients' certificates may lead to.
//!
//! Source: Azure, "Overview of mutual authentication with Application Gateway" and "Troubleshoot mutual authentication
//! errors" (read 2026-11-22): one root with its intermediates, at most 25 KB; the codes are Azure's.

use model::schema::Named;
use model::trusted_client_certificate::TrustedClientCertificate;
use model::{At, Problem};
use tls::certificate::{Facts, codes as tls_codes, dates};
use tls::trust::{Chain, read_client_chain};

use super::certificates::{Data, Material};
use super::context::{Context, text};

/// Largest file that Azure takes, in bytes.
const LARGEST_IN_AZURE: usize = 25 * 1024;

/// All chains, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Material<Chain>> {
    let gateway = context.gateway;
    gateway.trusted_client_certificates.iter().map(|asked| one(context, asked)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<TrustedClientCertificate>) -> Material<Chain> {
    if let Some(files) = context.files_of(&asked.name, &None) {
        let Some(path) = files.cert.as_ref().or(files.pfx.as_ref()) else { return Material::Broken };
        let Some(content) = context.file(path) else { return Material::Broken };
        return match read_client_chain(content) {
            Ok(chain) => checked(context, &path.at, chain, content.len()),
            Err(error) => {
                context.file_error(&path.at, error);
                Material::Broken
            }
        };
    }
    // What Azure has accepted is as good as what it was given.
    let Some(data) = text(&asked.data).or(text(&asked.validated_cert_data)) else {
        let message = format!("the trusted client certificate {:?} has no data", asked.name.value);
        let problem = Problem::error(tls_codes::CLIENT_CA_MISSING, &asked.name.at, message);
        context.problems.push(problem.expected("\"data\": base64 of a PEM file with the root and its intermediates"));
        return Material::Broken;
    };
    let owner = format!("the trusted client certificate {:?}", asked.name.value);
    match context.data(&data.at, &data.value, &owner) {
        Data::Bytes(bytes) => match read_client_chain(&bytes) {
            Ok(chain) => checked(context, &data.at, chain, bytes.len()),
            Err(error) => {
                context.certificate_error(&data.at, error);
                Material::Broken
            }
        },
        Data::Masked => Material::Unbound("its data is masked"),
        Data::Broken => Material::Broken,
    }
}

fn checked(context: &mut Context<'_>, at: &At, chain: Chain, length: usize) -> Material<Chain> {
    if length > LARGEST_IN_AZURE {
        let message = format!("the file has {length} bytes; Azure takes {LARGEST_IN_AZURE}");
        context.azure_refuses(Problem::warning(tls_codes::ABOVE_AZURE_SIZE, at, message));
    }
    for facts in std::iter::once(&chain.root).chain(&chain.intermediates).filter_map(|der| Facts::read(der).ok()) {
        let whose = format!("the client CA {}", facts.subject);
        let effect = "clients whose certificates lead to it are refused";
        let finding = dates(&facts, &whose, effect, context.environment.now);
        context.findings(at, finding);
    }
    Material::Ready(chain)
}
