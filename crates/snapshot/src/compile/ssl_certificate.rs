//! Certificates of listeners, and of the gateway itself towards servers.
//!
//! Source: Azure, "TLS termination with Key Vault certificates" and "Overview of TLS termination and end to end TLS"
//! (read 2026-11-22): a certificate has data with a password, or a Key Vault secret. What the site file gives comes
//! first: it is how a document from Azure, which never shows keys, runs on this machine.

use std::sync::Arc;

use model::schema::{Field, Named};
use model::site::CertificateFiles;
use model::ssl_certificate::SslCertificate;
use model::{At, Problem, Severity};
use tls::certificate::{self, CertificateError, Finding, Identity, codes as tls_codes};
use tls::revocation::{RESPONSE_INVALID, check_staple};

use super::certificates::{Data, Material, Refused, problem};
use super::codes;
use super::context::{Context, text};

/// A certificate that can be shown.
pub(super) type Certificate = Material<Arc<Identity>>;

/// All certificates, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Certificate> {
    let gateway = context.gateway;
    gateway.ssl_certificates.iter().map(|asked| one(context, asked)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<SslCertificate>) -> Certificate {
    let data = asked.data.as_ref().filter(|data| !data.value.expose().trim().is_empty());
    context.check_secret_id(&asked.key_vault_secret_id, data.map(|data| &data.at));
    let files = context.files_of(&asked.name, &asked.key_vault_secret_id);
    let in_azure = [
        (text(&asked.key_vault_secret_id).is_some(), "it is a Key Vault secret"),
        (asked.hsm.is_some(), "its key is in a managed HSM"),
        // A certificate that Azure shows has its public part only.
        (asked.public_cert_data.is_some(), "Azure shows its public part only"),
    ];
    let in_azure = in_azure.into_iter().find(|(is_there, _)| *is_there).map(|(_, why)| why);
    if data.is_none() && in_azure.is_none() && (files.is_none() || context.environment.target_azure) {
        let message = format!("the certificate {:?} has no data", asked.name.value);
        let problem = Problem::error(codes::CERTIFICATE_DATA_MISSING, &asked.name.at, message);
        context.problems.push(problem.expected("\"data\" or \"keyVaultSecretId\""));
        return Material::Broken;
    }
    if let Some(files) = files {
        return from_files(context, asked, files).map_or(Material::Broken, Material::Ready);
    }
    match data {
        Some(data) => from_data(context, asked, &data.at, data.value.expose()),
        None => Material::Unbound(in_azure.unwrap_or("it has no data")),
    }
}

/// The certificate in the document itself.
fn from_data(context: &mut Context<'_>, asked: &Named<SslCertificate>, at: &At, data: &str) -> Certificate {
    let owner = format!("the certificate {:?}", asked.name.value);
    let bytes = match context.data(at, data, &owner) {
        Data::Bytes(bytes) => bytes,
        Data::Masked => return Material::Unbound("its data is masked"),
        Data::Broken => return Material::Broken,
    };
    let password = asked.password.as_ref();
    let is_plain = |password: &str| password.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(field) = password.filter(|field| context.environment.target_azure && !is_plain(field.value.expose())) {
        let message = "Azure takes letters and digits only in the password of a PFX";
        context.error(codes::PASSWORD_CHARACTERS, &field.at, message);
    }
    match certificate::read_any(&bytes, password.map(|password| password.value.expose()), context.environment.now) {
        Ok(read) => {
            if bytes.first() != Some(&b'0') {
                let message = format!("Azure takes a PFX as data of {owner}");
                let problem = Problem::warning(tls_codes::FILE_WRONG_KIND, at, message);
                let help = "\"openssl pkcs12 -export -inkey KEY -in CHAIN -out NEW\" makes one";
                context.azure_refuses(problem.help(help));
            }
            report(context, asked, at, read.findings);
            Material::Ready(Arc::new(read.identity))
        }
        Err(error) => {
            context.certificate_error(at, error);
            Material::Broken
        }
    }
}

/// The certificate in files of this machine.
fn from_files<'a>(
    context: &mut Context<'a>,
    asked: &Named<SslCertificate>,
    files: &'a Field<CertificateFiles>,
) -> Option<Arc<Identity>> {
    let (at, read) = read_files(context, &files.value).ok()?;
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            context.file_error(at, error);
            return None;
        }
    };
    report(context, asked, at, read.findings);
    Some(Arc::new(stapled(context, read.identity, &files.value)))
}

/// What became of files, and where to say so.
type Outcome<'a> = (&'a At, Result<certificate::Read, CertificateError>);

fn read_files<'a>(context: &mut Context<'a>, files: &'a CertificateFiles) -> Result<Outcome<'a>, Refused> {
    // Every file is looked for before any is read, so that all that are missing are told at once.
    let password = context.password_of(files);
    let now = context.environment.now;
    if let Some(path) = &files.pfx {
        let data = context.file(path).ok_or(Refused)?;
        let password = password?;
        // Whatever it is: `az keyvault secret download` writes the base64 of a PFX.
        return Ok((&path.at, certificate::read_any(data, password.as_ref().map(|text| text.as_str()), now)));
    }
    // The site file's own check has said so.
    let path = files.cert.as_ref().ok_or(Refused)?;
    let certificates = context.file(path).ok_or(Refused);
    let key = files.key.as_ref().map(|key| context.file(key).ok_or(Refused)).transpose()?;
    let (certificates, password) = (certificates?, password?);
    let read = certificate::read_pem(certificates, key, password.as_ref().map(|text| text.as_str()), now);
    let is_the_key = read.as_ref().is_err_and(|error| error.code.starts_with("PrivateKey"));
    let at = files.key.as_ref().filter(|_| is_the_key).map_or(&path.at, |key| &key.at);
    Ok((at, read))
}

/// The certificate with the OCSP response that the site file gives, if that holds today.
fn stapled<'a>(context: &mut Context<'a>, identity: Identity, files: &'a CertificateFiles) -> Identity {
    let Some(path) = &files.ocsp else { return identity };
    let Some(response) = context.file(path) else { return identity };
    let checked = match identity.chain() {
        [leaf, issuer, ..] => {
            check_staple(response, leaf, issuer, context.environment.now).map_err(|error| problem(&path.at, error))
        }
        _ => {
            let message = "the certificate's issuer is not in its file, so that the response cannot be checked";
            Err(Problem::error(RESPONSE_INVALID, &path.at, message))
        }
    };
    match checked {
        Ok(_) => identity.with_ocsp(response.to_vec()),
        Err(problem) => {
            // Clients ask for themselves then.
            let help = problem.help.clone().unwrap_or_else(|| "it is not stapled".to_owned());
            context.problems.push(Problem { severity: Severity::Warning, ..problem }.help(help));
            identity
        }
    }
}

/// Adds what is odd about a certificate. What matters to clients does not where only servers see it.
fn report(context: &mut Context<'_>, asked: &Named<SslCertificate>, at: &At, findings: Vec<Finding>) {
    const FOR_CLIENTS: [&str; 3] = [tls_codes::NO_NAMES, tls_codes::NOT_FOR_SERVERS, tls_codes::IS_CA];
    let is_shown_to_servers = is_shown_to_servers(context, &asked.name);
    let matters = |finding: &Finding| !is_shown_to_servers || !FOR_CLIENTS.contains(&finding.code);
    context.findings(at, findings.into_iter().filter(matters));
}

/// Whether a certificate is shown to servers and not to clients.
fn is_shown_to_servers(context: &Context<'_>, name: &str) -> bool {
    let gateway = context.gateway;
    let mut listeners = gateway.http_listeners.iter().filter_map(|listener| listener.ssl_certificate.as_ref());
    let mut layer4 = gateway.listeners.iter().filter_map(|listener| listener.ssl_certificate.as_ref());
    let settings = gateway.backend_http_settings_collection.iter();
    let mut settings = settings.filter_map(|settings| settings.gatehouse.client_certificate.as_ref());
    settings.any(|reference| reference.name().eq_ignore_ascii_case(name))
        && !listeners.any(|reference| reference.name().eq_ignore_ascii_case(name))
        && !layer4.any(|reference| reference.name().eq_ignore_ascii_case(name))
}
