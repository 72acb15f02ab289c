//! TLS to servers: which roots, which name, which checks.
//!
//! Source: Azure, "Overview of TLS termination and end to end TLS" (ssl-overview, table of SNI) and "Application Gateway
//! HTTP settings configuration" (configuration-http-settings), read 2026-11-22: `sniName` before `hostName` before the
//! member's name; checks that are not mentioned are on. Parity: where nothing else says a name, the client's host is
//! sent, as the newer of two contradicting pages has it.

use std::sync::Arc;

use model::backend_http_settings::BackendHttpSettings;
use model::backend_settings::BackendSettings;
use model::schema::{Field, Named};
use model::{Problem, Severity};
use routing::{HostPattern, is_ip_literal};
use tls::certificate::Identity;
use tls::connector::{ServerTls, Sni, Trust};

use super::certificates::Material;
use super::codes;
use super::context::{Context, Link, text};
use super::ssl_certificate::Certificate;
use super::trusted_root_certificate::Roots;
use crate::{HostHeader, Scheme};

/// What settings may refer to.
pub(super) struct Stores<'p> {
    pub(super) certificates: &'p [Certificate],
    pub(super) roots: &'p [Roots],
}

/// Something that the settings need and that is in Azure only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unbound {
    /// A trusted root, and why.
    Root(usize, &'static str),
    /// A certificate, and why.
    Certificate(usize, &'static str),
}

/// How TLS is spoken with servers, and what is missing for it.
#[derive(Default)]
pub(super) struct Compiled {
    pub(super) tls: Option<Arc<ServerTls>>,
    pub(super) unbound: Vec<Unbound>,
}

/// Compiles what settings say of TLS. With plain HTTP there is none, and what is said of it counts for nothing.
pub(super) fn compiled(
    context: &mut Context<'_>,
    asked: &Named<BackendHttpSettings>,
    stores: &Stores<'_>,
    (scheme, host): (Option<Scheme>, &HostHeader),
) -> Compiled {
    let gateway = context.gateway;
    let mut unbound = Vec::new();
    let listed = context.links(&gateway.trusted_root_certificates, &asked.trusted_root_certificates);
    context.links(&gateway.authentication_certificates, &asked.authentication_certificates);
    let identity = context.link(&gateway.ssl_certificates, &asked.gatehouse.client_certificate);
    if scheme != Some(Scheme::Https) {
        if let Some(field) = asked.trusted_root_certificates.first().filter(|_| scheme.is_some()) {
            let message = format!("the settings {:?} speak Http; the trusted roots are not used", asked.name.value);
            context.warn(codes::NOT_USED, &field.at, message);
        }
        return Compiled::default();
    }
    if let Some(field) = asked.authentication_certificates.first() {
        let message = "authentication certificates belong to the retired v1 tier";
        let problem = Problem::error(codes::AUTHENTICATION_CERTIFICATE, &field.at, message);
        context.problems.push(problem.expected("\"trustedRootCertificates\""));
    }
    let identity = stores.identity(identity, &mut unbound);
    let tls = ServerTls {
        trust: stores.trust(&listed, asked.trusted_root_certificates.is_empty(), &mut unbound),
        check_chain: asked.validate_cert_chain_and_expiry.as_ref().is_none_or(|switch| switch.value),
        check_name: asked.validate_sni.as_ref().is_none_or(|switch| switch.value),
        sni: sni(context, asked, host),
        alpn: Vec::new(),
        identity,
    };
    Compiled { tls: Some(Arc::new(tls)), unbound }
}

/// What settings of TCP and TLS say, beside roots and certificates.
pub(super) struct OfBytes {
    pub(super) scheme: Option<Scheme>,
    /// The servers' name; `None`: that of the member.
    pub(super) name: Option<Arc<str>>,
    /// Protocols that are offered.
    pub(super) alpn: Vec<Box<[u8]>>,
}

/// Compiles what settings of TCP and TLS say of TLS. Nothing of it can be switched off.
pub(super) fn of_bytes(
    context: &mut Context<'_>,
    asked: &Named<BackendSettings>,
    stores: &Stores<'_>,
    told: OfBytes,
) -> Compiled {
    let gateway = context.gateway;
    let mut unbound = Vec::new();
    let listed = context.links(&gateway.trusted_root_certificates, &asked.trusted_root_certificates);
    let identity = context.link(&gateway.ssl_certificates, &asked.gatehouse.client_certificate);
    if told.scheme != Some(Scheme::Tls) {
        return Compiled::default();
    }
    let tls = ServerTls {
        trust: stores.trust(&listed, asked.trusted_root_certificates.is_empty(), &mut unbound),
        check_chain: true,
        check_name: true,
        sni: told.name.map_or(Sni::Server, Sni::Fixed),
        alpn: told.alpn,
        identity: stores.identity(identity, &mut unbound),
    };
    Compiled { tls: Some(Arc::new(tls)), unbound }
}

impl Stores<'_> {
    /// Whom to trust: the roots that are listed, or the public ones where no list stands. A list that could not be read
    /// whole must not become the public roots.
    fn trust(&self, listed: &[usize], is_silent: bool, unbound: &mut Vec<Unbound>) -> Trust {
        let mut roots = Vec::new();
        for index in listed {
            match self.roots.get(*index) {
                Some(Material::Ready(certificates)) => roots.extend(certificates.iter().cloned()),
                Some(Material::Unbound(why)) => unbound.push(Unbound::Root(*index, why)),
                Some(Material::Broken) | None => {}
            }
        }
        if is_silent { Trust::WellKnown } else { Trust::Roots(roots) }
    }

    /// What is shown to servers that ask.
    fn identity(&self, link: Link, unbound: &mut Vec<Unbound>) -> Option<Identity> {
        let index = link.index()?;
        match self.certificates.get(index)? {
            Material::Ready(identity) => Some((**identity).clone()),
            Material::Unbound(why) => {
                unbound.push(Unbound::Certificate(index, why));
                None
            }
            Material::Broken => None,
        }
    }
}

fn sni(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>, host: &HostHeader) -> Sni {
    if let Some(field) = text(&asked.sni_name) {
        let name = field.value.trim().trim_end_matches('.');
        if !is_name(name) {
            context.problems.push(no_name(Severity::Error, field));
        }
        return Sni::Fixed(Arc::from(name));
    }
    match host {
        HostHeader::Fixed(host) => Sni::Fixed(Arc::from(without_port(host))),
        HostHeader::Server => Sni::Server,
        HostHeader::Client => Sni::Client,
    }
}

/// The name of a server of TLS, or of one that is probed. An address, which is never sent (RFC 6066), is passed over
/// with a warning.
pub(super) fn server_name(context: &mut Context<'_>, field: &Field<String>) -> Option<Arc<str>> {
    let name = field.value.trim().trim_end_matches('.');
    if is_name(name) {
        return Some(Arc::from(name));
    }
    let severity = if is_ip_literal(name.as_bytes()) { Severity::Warning } else { Severity::Error };
    context.problems.push(no_name(severity, field));
    None
}

fn is_name(name: &str) -> bool {
    HostPattern::parse(name).is_ok_and(|pattern| pattern.is_exact()) && !is_ip_literal(name.as_bytes())
}

fn no_name(severity: Severity, field: &Field<String>) -> Problem {
    let problem = Problem::error(codes::INVALID_SNI_NAME, &field.at, "this cannot be a server's name in TLS");
    let expected = "a DNS name such as \"app.example.com\"; no address, no wildcard, no port";
    Problem { severity, ..problem.found(format!("{:?}", field.value)).expected(expected) }
}

/// The name in a Host header.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_host_is_no_part_of_its_name() {
        let rows =
            [("a.com", "a.com"), ("a.com:8443", "a.com"), ("[::1]:443", "[::1]:443"), ("::1", "::1"), ("a:b", "a:b")];
        for (host, expected) in rows {
            assert_eq!(without_port(host), expected);
        }
    }
}
