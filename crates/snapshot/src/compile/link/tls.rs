//! TLS of listeners that rules serve, and what is missing for it on this machine.

use std::sync::Arc;

use model::schema::{Field, Opt};
use model::ssl_certificate::SslCertificate;
use model::{Problem, Reference};
use routing::HostPattern;
use tls::acceptor::{Application, ListenerTls};
use tls::certificate::Identity;
use tls::policy::{Policy, Version};

use super::Linker;
use crate::compile::certificates::Material;
use crate::compile::codes;
use crate::compile::context::Link;
use crate::compile::server_tls::Unbound;

const LINES: &str = "{ pfx: FILE, passwordFile: FILE }   # or { cert: FILE, key: FILE }";
const PUBLIC_LINES: &str = "{ cert: FILE }";

/// What a listener of either kind says of TLS.
pub(super) struct AskedTls<'a> {
    pub(super) name: &'a Field<String>,
    /// The certificate as written, for its place.
    pub(super) reference: &'a Opt<Reference<SslCertificate>>,
    pub(super) certificate: Option<usize>,
    pub(super) profile: Link,
    pub(super) hosts: &'a [HostPattern],
    pub(super) application: Application,
}

impl Linker<'_, '_> {
    /// How a listener speaks TLS. `None`: it cannot, and a problem says so.
    pub(super) fn listener_tls(&mut self, asked: &AskedTls<'_>) -> Option<ListenerTls> {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let identity = self.identity(asked);
        let profile = match asked.profile {
            Link::To(index) => Some((index, parts.profiles.get(index)?)),
            Link::Absent => None,
            Link::Broken => return None,
        };
        for (chain, why) in profile.iter().flat_map(|(_, profile)| &profile.unbound) {
            if let Some(one) = gateway.trusted_client_certificates.get(*chain)
                && self.reported.insert(("client CA", *chain, 0))
            {
                self.context.not_bound(&one.name, "the trusted client certificate", why, PUBLIC_LINES);
            }
        }
        let own = profile.and_then(|(_, profile)| profile.policy.as_ref());
        let policy = own.unwrap_or(&parts.policy).clone()?;
        let identity = identity?;
        self.check_key(asked, &identity, &policy);
        let client_auth = profile.and_then(|(_, profile)| profile.client_auth.clone());
        Some(ListenerTls { identity, policy, client_auth, application: asked.application.clone() })
    }

    fn identity(&mut self, asked: &AskedTls<'_>) -> Option<Arc<Identity>> {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let index = asked.certificate?;
        let why = match parts.certificates.get(index)? {
            Material::Ready(identity) => return Some(Arc::clone(identity)),
            Material::Broken => return None,
            Material::Unbound(why) => why,
        };
        let one = gateway.ssl_certificates.get(index)?;
        let Some(issuer) = &self.context.environment.issuer else {
            if self.reported.insert(("certificate", index, 0)) {
                self.context.not_bound(&one.name, "the certificate", why, LINES);
            }
            return None;
        };
        match issuer.issue(&names(asked.hosts)) {
            Ok(identity) => Some(Arc::new(identity)),
            Err(error) => {
                let message = format!("no certificate could be issued for the listener {:?}", asked.name.value);
                let problem = Problem::error(error.code, &asked.name.at, message);
                self.context.machine_refuses(problem.found(error.to_string()));
                None
            }
        }
    }

    /// A policy whose suites do not go with the certificate's key: nobody, or nobody with TLS 1.2, can connect.
    fn check_key(&mut self, asked: &AskedTls<'_>, identity: &Identity, policy: &Policy) {
        let key = identity.facts().key;
        let Some(field) = asked.reference.as_ref().filter(|_| !policy.takes_with_tls12(key)) else { return };
        let suites: Vec<&str> =
            policy.suites.iter().filter(|suite| !suite.is_tls13()).map(|suite| suite.iana()).collect();
        let wanted = if suites.iter().any(|suite| suite.contains("ECDSA")) { "an EC key" } else { "an RSA key" };
        let what = format!("the suites of the policy {} do not go with the key of the certificate", policy.name);
        let problem = if policy.max == Version::Tls12 {
            Problem::error(codes::SUITES_NOT_FOR_KEY, &field.at, format!("no client can connect: {what}"))
        } else {
            Problem::warning(codes::SUITES_NOT_FOR_KEY, &field.at, format!("no client of TLS 1.2 can connect: {what}"))
        };
        let expected = format!("{wanted} for {}", suites.join(", "));
        self.context.problems.push(problem.found(key.to_string()).expected(expected));
    }

    /// Reports what settings in use need and what is in Azure only, once each.
    pub(super) fn bound(&mut self, unbound: &[Unbound]) {
        let gateway = self.context.gateway;
        for unbound in unbound {
            match *unbound {
                Unbound::Root(index, why) => {
                    if let Some(one) = gateway.trusted_root_certificates.get(index)
                        && self.reported.insert(("root", index, 0))
                    {
                        self.context.not_bound(&one.name, "the trusted root", why, PUBLIC_LINES);
                    }
                }
                Unbound::Certificate(index, why) => {
                    if let Some(one) = gateway.ssl_certificates.get(index)
                        && self.reported.insert(("certificate", index, 0))
                    {
                        self.context.not_bound(&one.name, "the certificate", why, LINES);
                    }
                }
            }
        }
    }
}

/// The names of a certificate for these hosts: those that a certificate can have, or that of this machine.
fn names(hosts: &[HostPattern]) -> Vec<String> {
    let is_possible = |host: &&str| !host.strip_prefix("*.").unwrap_or(host).contains(['*', '?']);
    let names: Vec<String> = hosts.iter().map(HostPattern::as_str).filter(is_possible).map(str::to_owned).collect();
    if names.is_empty() { vec!["localhost".to_owned()] } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_issued_for_the_hosts_that_it_can_name() {
        let rows: [(&[&str], &[&str]); 4] = [
            (&["www.example.com", "*.example.com"], &["www.example.com", "*.example.com"]),
            (&["a?.example.com", "b.example.com"], &["b.example.com"]),
            (&["*.*.example.com"], &["localhost"]),
            (&[], &["localhost"]),
        ];
        for (hosts, expected) in rows {
            let hosts: Vec<_> = hosts.iter().map(|host| HostPattern::parse(host).unwrap()).collect();
            assert_eq!(names(&hosts), expected);
        }
    }
}
