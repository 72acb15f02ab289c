//! Where certificates come from: the site file by name, the site file by Key Vault secret id, the document itself.
//!
//! Source: Azure, "TLS termination with Key Vault certificates" (key-vault-certs, read 2026-11-22): a secret id with a
//! version is pinned, one without follows the newest.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use model::schema::{Field, Opt};
use model::site::CertificateFiles;
use model::{At, Problem};
use tls::certificate::{CertificateError, Finding, codes as tls_codes};
use zeroize::Zeroizing;

use super::codes;
use super::context::{Context, text};

/// What became of a certificate, a root or a chain.
#[derive(Clone, Debug)]
pub(super) enum Material<T> {
    /// It can be used.
    Ready(T),
    /// It cannot, and a problem says so.
    Broken,
    /// The document has it in Azure only, for this reason, and nothing says where it is on this machine. A problem
    /// only where it is used.
    Unbound(&'static str),
}

impl<T> Material<T> {
    /// What can be used.
    pub(super) fn ready(&self) -> Option<&T> {
        if let Self::Ready(value) = self { Some(value) } else { None }
    }
}

/// What stands under `data`.
pub(super) enum Data {
    /// These bytes.
    Bytes(Zeroizing<Vec<u8>>),
    /// What Azure and its examples show in place of a secret.
    Masked,
    /// No base64, and a problem says so.
    Broken,
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl<'a> Context<'a> {
    /// The files that the site file gives for a certificate.
    pub(super) fn files_of(&self, name: &str, secret: &Opt<String>) -> Option<&'a Field<CertificateFiles>> {
        let certificates = &self.site?.certificates;
        let by_secret = || {
            let id = text(secret)?.value.trim().trim_end_matches('/');
            let same = |key: &str| key.contains("://") && names_secret(key.trim().trim_end_matches('/'), id);
            // The longer key says the version.
            let found = certificates.iter().filter(|(key, _)| same(key)).max_by_key(|(key, _)| key.len());
            found.map(|(_, files)| files)
        };
        certificates.get(name).or_else(by_secret)
    }

    /// The password that goes with files: as it stands there, or the first line of its file.
    pub(super) fn password_of(&mut self, files: &'a CertificateFiles) -> Result<Option<Zeroizing<String>>, Refused> {
        if let Some(password) = &files.password {
            return Ok(Some(Zeroizing::new(password.value.expose().to_owned())));
        }
        let Some(path) = &files.password_file else { return Ok(None) };
        let content = self.file(path).ok_or(Refused)?;
        let line = content.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let Ok(line) = std::str::from_utf8(line) else {
            let message = "the password in this file is not UTF-8 text";
            self.machine_refuses(Problem::error(codes::FILE_UNREADABLE, &path.at, message));
            return Err(Refused);
        };
        Ok(Some(Zeroizing::new(line.to_owned())))
    }

    /// Adds what reading a certificate reported.
    pub(super) fn certificate_error(&mut self, at: &At, error: CertificateError) {
        self.problems.push(problem(at, error));
    }

    /// The same for a file of this machine.
    pub(super) fn file_error(&mut self, at: &At, error: CertificateError) {
        self.machine_refuses(problem(at, error));
    }

    /// Adds what is odd about a certificate that can be used.
    pub(super) fn findings(&mut self, at: &At, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            let problem = Problem::warning(finding.code, at, finding.message);
            let problem = match finding.help {
                Some(help) => problem.help(help),
                None => problem,
            };
            if finding.code == tls_codes::ABOVE_AZURE_SIZE {
                self.azure_refuses(problem);
            } else {
                self.problems.push(problem);
            }
        }
    }

    /// Says that a certificate is in Azure only, with the lines for the site file.
    pub(super) fn not_bound(&mut self, name: &Field<String>, what: &str, why: &str, lines: &str) {
        let message = format!("{what} {:?} is not on this machine: {why}", name.value);
        let problem = Problem::error(codes::CERTIFICATE_NOT_BOUND, &name.at, message);
        let key = if plain(name) { name.value.clone() } else { format!("{:?}", name.value) };
        let help = format!("say in the site file where it is:\ncertificates:\n  {key}: {lines}");
        self.machine_refuses(problem.help(help));
    }

    /// Opens the base64 under `data` of `what`.
    pub(super) fn data(&mut self, at: &At, value: &str, what: &str) -> Data {
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(value.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        if !digits.is_empty() && digits.iter().all(|byte| *byte == b'*') {
            return Data::Masked;
        }
        if let Ok(bytes) = BASE64.decode(&*digits) {
            return Data::Bytes(Zeroizing::new(bytes));
        }
        let problem = Problem::error(codes::DATA_NOT_BASE64, at, format!("the data of {what} is not base64"));
        let (found, help) = match &**digits {
            [b'-', ..] => ("PEM text", "\"base64 -w0 FILE\" makes it"),
            [b'[', ..] => ("what looks like a template expression", "give the whole template, or the value itself"),
            _ => ("something else", "\"base64 -w0 FILE\" makes it"),
        };
        self.problems.push(problem.found(found).expected("base64 of the file").help(help));
        Data::Broken
    }

    /// Checks the form of a Key Vault secret id, and that nothing else gives the certificate. Both are Azure's concern.
    pub(super) fn check_secret_id(&mut self, secret: &Opt<String>, data: Option<&At>) {
        let Some(field) = text(secret) else { return };
        if !is_secret_id(field.value.trim()) {
            let message = "this is not the id of a Key Vault secret";
            let problem = Problem::warning(codes::KEY_VAULT_ID, &field.at, message).found(format!("{:?}", field.value));
            self.azure_refuses(problem.expected("https://VAULT.vault.azure.net/secrets/NAME"));
        }
        // Here nothing is read with it.
        let identity = self.gateway.identity.as_ref();
        let has_identity = identity.is_some_and(|identity| !identity.value.user_assigned_identities.is_empty());
        if self.environment.target_azure && !has_identity {
            let message = "Azure reads Key Vault with a user-assigned identity, and the gateway has none";
            let problem = Problem::error(codes::IDENTITY_MISSING, &field.at, message);
            self.problems.push(problem.expected("\"identity\" with \"userAssignedIdentities\""));
        }
        if let Some(at) = data {
            let message = "data and keyVaultSecretId exclude each other";
            let problem = Problem::warning(codes::CERTIFICATE_SOURCES, at, message);
            self.azure_refuses(problem.help("keep one of the two; here, data counts"));
        }
    }
}

/// A problem said so already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

/// An error of reading as a problem of the document.
pub(super) fn problem(at: &At, error: CertificateError) -> Problem {
    let problem = Problem::error(error.code, at, error.message);
    let problem = error.found.into_iter().fold(problem, Problem::found);
    let problem = error.expected.into_iter().fold(problem, Problem::expected);
    error.help.into_iter().fold(problem, Problem::help)
}

/// Whether the site file's key means the document's secret: the same id, or the same without its version.
fn names_secret(key: &str, id: &str) -> bool {
    let head = id.get(..key.len()).filter(|head| head.eq_ignore_ascii_case(key));
    let Some(rest) = head.and_then(|_| id.get(key.len()..)) else { return false };
    rest.is_empty() || (is_secret_id(key) && rest.strip_prefix('/').is_some_and(|rest| !rest.contains('/')))
}

fn is_secret_id(id: &str) -> bool {
    let Some(rest) = id.get(..8).filter(|head| head.eq_ignore_ascii_case("https://")).and_then(|_| id.get(8..)) else {
        return false;
    };
    let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let is_whole = parts.iter().all(|part| !part.is_empty());
    is_whole && matches!(parts[..], [_, kind, _] | [_, kind, _, _] if kind.eq_ignore_ascii_case("secrets"))
}

/// Whether YAML needs no quotes around it.
fn plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_version_means_every_version() {
        let id = "https://v.vault.azure.net/secrets/shop";
        let rows = [
            (id, "https://v.vault.azure.net/secrets/shop", true),
            (id, "https://V.vault.azure.net/Secrets/SHOP", true),
            (id, "https://v.vault.azure.net/secrets/shop/0123abcd", true),
            (id, "https://v.vault.azure.net/secrets/shop2", false),
            ("https://v.vault.azure.net/secrets", "https://v.vault.azure.net/secrets/shop", false),
            ("https://v.vault.azure.net/secrets/shop/1", "https://v.vault.azure.net/secrets/shop", false),
            ("https://v.vault.azure.net/secrets/shop/1", "https://v.vault.azure.net/secrets/shop/1", true),
        ];
        for (key, id, expected) in rows {
            assert_eq!(names_secret(key, id), expected, "{key} for {id}");
        }
    }

    #[test]
    fn a_secret_id_has_a_vault_and_a_name() {
        for id in ["https://v.vault.azure.net/secrets/a", "HTTPS://v/secrets/a/1", "https://v/secrets/a/"] {
            assert!(is_secret_id(id), "{id}");
        }
        for id in ["http://v/secrets/a", "https://v/certificates/a", "https://v/secrets/", "https:///secrets/a", "a"] {
            assert!(!is_secret_id(id), "{id}");
        }
    }
}
