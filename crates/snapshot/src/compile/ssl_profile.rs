//! TLS profiles: a policy and client authentication that listeners share.
//!
//! Source: Azure, "Overview of mutual authentication with Application Gateway" (mutual-authentication-overview, read
//! 2026-11-22).

use std::sync::Arc;

use model::Problem;
use model::schema::{Field, Named};
use model::ssl_profile::{ClientAuthConfiguration, ClientAuthVerificationMode, ClientRevocationOptions, SslProfile};
use tls::client_auth::{Checker, ClientAuth, Mode, Revocation};
use tls::trust::{Chain, read_revocation_lists};

use super::certificates::Material;
use super::codes;
use super::context::{Context, is_on};
use super::ssl_policy::{self, Served};

/// Chains that Azure allows in one profile.
const MOST_CHAINS: usize = 100;
/// Most intermediates between a client's certificate and a root.
const DEPTH: u8 = 6;

/// A profile that listeners may name.
pub(super) struct Definition {
    /// Its own policy; `None` when it has none. Inside, `None` for one that cannot be served.
    pub(super) policy: Option<Served>,
    /// Whether and how clients show certificates.
    pub(super) client_auth: Option<Arc<ClientAuth>>,
    /// Chains that are in Azure only, by their index, and why.
    pub(super) unbound: Vec<(usize, &'static str)>,
}

/// All profiles, in the document's order.
pub(super) fn all(context: &mut Context<'_>, chains: &[Material<Chain>]) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.ssl_profiles.iter().map(|asked| one(context, asked, chains)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<SslProfile>, chains: &[Material<Chain>]) -> Definition {
    let policy = asked.ssl_policy.as_ref().map(|policy| ssl_policy::compiled(context, policy));
    let depth = context.number("verifyDepth", &asked.gatehouse.verify_depth, (1, i64::from(DEPTH)));
    let depth = depth.and_then(|depth| u8::try_from(depth).ok()).unwrap_or(DEPTH);
    let gateway = context.gateway;
    let listed = context.links(&gateway.trusted_client_certificates, &asked.trusted_client_certificates);
    if listed.len() > MOST_CHAINS {
        let message = format!(
            "the profile {:?} has {} client certificate chains; Azure allows {MOST_CHAINS}",
            asked.name.value,
            listed.len()
        );
        context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, &asked.name.at, message));
    }
    let authentication = Authentication { asked, listed: &listed, chains, depth };
    let client_auth = authentication.compiled(context);
    let is_strict = client_auth.as_ref().is_some_and(|auth| auth.mode == Mode::Strict);
    let why = |index: &usize| match chains.get(*index)? {
        Material::Unbound(why) => Some((*index, *why)),
        Material::Ready(_) | Material::Broken => None,
    };
    let unbound = if is_strict { listed.iter().filter_map(why).collect() } else { Vec::new() };
    Definition { policy, client_auth: client_auth.map(Arc::new), unbound }
}

/// What a profile says of client certificates.
struct Authentication<'c> {
    asked: &'c Named<SslProfile>,
    /// Its chains, as indices.
    listed: &'c [usize],
    /// Every chain of the document.
    chains: &'c [Material<Chain>],
    depth: u8,
}

impl Authentication<'_> {
    fn compiled(&self, context: &mut Context<'_>) -> Option<ClientAuth> {
        let asked = self.asked.client_auth_configuration.as_ref();
        let mode = asked.and_then(|asked| asked.verify_client_auth_mode.as_ref()).map(|mode| mode.value);
        let auth = ClientAuth {
            mode: Mode::Passthrough,
            chains: Vec::new(),
            verify_issuer: false,
            revocation: Revocation::None,
            crls: Vec::new(),
            max_depth: self.depth,
        };
        if mode == Some(ClientAuthVerificationMode::Passthrough) {
            // Uploads, the issuer's name and revocation are the servers' affair then.
            return Some(auth);
        }
        if self.asked.trusted_client_certificates.is_empty() {
            self.check_no_chains(context, asked);
            return None;
        }
        let chains: Vec<Chain> =
            self.listed.iter().filter_map(|index| self.chains.get(*index)?.ready().cloned()).collect();
        let wants_ocsp = asked.and_then(|asked| asked.verify_client_revocation.as_ref());
        let revocation = match wants_ocsp.map(|option| option.value) {
            Some(ClientRevocationOptions::Ocsp) => {
                Revocation::Ocsp { soft_fail: is_on(&self.asked.gatehouse.revocation_soft_fail) }
            }
            Some(ClientRevocationOptions::None) | None => Revocation::None,
        };
        let verify_issuer = asked.is_some_and(|asked| is_on(&asked.verify_client_cert_issuer_dn));
        let crls = self.revocation_lists(context);
        let auth = ClientAuth { mode: Mode::Strict, chains, verify_issuer, revocation, crls, ..auth };
        if let Err(error) = Checker::new(&auth) {
            context.certificate_error(&self.asked.name.at, error);
        }
        Some(auth)
    }

    /// Without chains nobody could be let in. Where nothing asks for certificates, tools say so in the same words as
    /// the defaults.
    fn check_no_chains(&self, context: &mut Context<'_>, asked: Option<&Field<ClientAuthConfiguration>>) {
        let Some(asked) = asked else { return };
        let asks = asked.verify_client_auth_mode.is_some()
            || is_on(&asked.verify_client_cert_issuer_dn)
            || asked.verify_client_revocation.as_ref().is_some_and(|it| it.value == ClientRevocationOptions::Ocsp);
        if asks {
            let message = format!("the profile {:?} checks client certificates against nothing", self.asked.name.value);
            let problem = Problem::error(codes::CLIENT_CA_UNSAID, &asked.at, message);
            let help = "\"verifyClientAuthMode\": \"Passthrough\" asks for certificates without checking them";
            context.problems.push(problem.expected("\"trustedClientCertificates\" with at least one").help(help));
        }
    }

    /// The lists that the site file gives for the profile's chains.
    fn revocation_lists(&self, context: &mut Context<'_>) -> Vec<Vec<u8>> {
        let (gateway, Some(site)) = (context.gateway, context.site) else { return Vec::new() };
        let mut lists = Vec::new();
        let names = self.listed.iter().filter_map(|index| gateway.trusted_client_certificates.get(*index));
        for path in names.filter_map(|one| site.revocation_lists.get(&one.name)).flat_map(|paths| paths.value.iter()) {
            let Some(content) = context.file(path) else { continue };
            match read_revocation_lists(content) {
                Ok(read) => lists.extend(read),
                Err(error) => context.file_error(&path.at, error),
            }
        }
        lists
    }
}
