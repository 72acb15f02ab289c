//! TLS in documents: certificates, profiles, listeners on port 443, and settings for servers that speak TLS.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Document;
use crate::ca::Issued;
use crate::farm::Farm;

/// What protects a PFX here.
const PASSWORD: &str = "secret1";

impl Document {
    /// One listener `web` for every host on port 443 with this certificate, HTTP/2 on, and a rule to all servers.
    pub fn https(farm: &Farm, certificate: &Issued) -> Self {
        Self::new(farm)
            .certificate("cert", certificate)
            .secure(&[("web", "sslCertificate: cert")])
            .section("enableHttp2", "true")
    }

    /// A certificate that stands in the document.
    pub fn certificate(self, name: &str, issued: &Issued) -> Self {
        self.pfx(name, &issued.pfx(PASSWORD), PASSWORD)
    }

    /// A certificate whose chain and key are PEM files that the site file names.
    pub fn certificate_files(self, name: &str, issued: &Issued) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Arc::clone(self.files.get_or_init(Arc::default));
        let chain = folder.write(&format!("{number}.pem"), issued.pem());
        let key = folder.secret(&format!("{number}.key"), issued.key_pem());
        self.certificate_paths(name, &chain, &key)
    }

    /// The same, with files that are there already.
    pub fn certificate_paths(mut self, name: &str, chain: &Path, key: &Path) -> Self {
        let files = format!("{name}: {{cert: '{}', key: '{}'}}", chain.display(), key.display());
        replace(&mut self.files_of_certificates, name, files);
        replace(&mut self.certificates, name, format!("{{name: {name}}}"));
        self
    }

    /// A certificate that stands in the document: a PFX in base64, with its password.
    pub fn pfx(mut self, name: &str, pfx: &str, password: &str) -> Self {
        self.files_of_certificates.retain(|(its, _)| its != name);
        replace(&mut self.certificates, name, format!("{{name: {name}, data: {pfx}, password: '{password}'}}"));
        self
    }

    /// A certificate as [`certificate_files`](Self::certificate_files), with an OCSP response that is stapled to
    /// handshakes.
    pub fn stapled(self, name: &str, issued: &Issued, response: &[u8]) -> Self {
        let mut document = self.certificate_files(name, issued);
        let folder = Arc::clone(document.files.get_or_init(Arc::default));
        let path = folder.write(&format!("{name}.ocsp"), response);
        for (its, yaml) in &mut document.files_of_certificates {
            if its == name {
                *yaml = yaml.replace('}', &format!(", ocsp: '{}'}}", path.display()));
            }
        }
        document
    }

    /// Lists of revoked certificates for the chain of that name.
    pub fn revocation_lists(mut self, name: &str, lists: &[Vec<u8>]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = Arc::clone(self.files.get_or_init(Arc::default));
        let path = |list: &Vec<u8>| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            format!("'{}'", folder.write(&format!("{number}.crl"), list).display())
        };
        let paths: Vec<_> = lists.iter().map(path).collect();
        replace(&mut self.lists, name, format!("{name}: [{}]", paths.join(", ")));
        self
    }

    /// Listeners on port 443: name and further properties.
    pub fn secure(self, listeners: &[(&str, &str)]) -> Self {
        let listeners: Vec<_> = listeners.iter().map(|&(name, more)| (name, 443, more)).collect();
        self.listeners_on(&listeners)
    }

    /// Listeners on port 80 (plain) or 443 (TLS): name, port and further properties.
    pub fn listeners_on(self, listeners: &[(&str, u16, &str)]) -> Self {
        let listener = |(name, port, more): &(&str, u16, &str)| {
            let protocol = if *port == 443 { "Https" } else { "Http" };
            let more = if more.is_empty() { String::new() } else { format!(", {more}") };
            format!(
                "{{name: {name}, frontendIPConfiguration: feip, frontendPort: p{port}, protocol: {protocol}{more}}}"
            )
        };
        let list: Vec<_> = listeners.iter().map(listener).collect();
        let mut ports: Vec<u16> = listeners.iter().map(|&(_, port, _)| port).collect();
        ports.sort_unstable();
        ports.dedup();
        let names: Vec<_> = ports.iter().map(|port| format!("{{name: p{port}, port: {port}}}")).collect();
        let document = self
            .section("frontendPorts", format!("[{}]", names.join(", ")))
            .section("httpListeners", format!("[{}]", list.join(", ")));
        let closed = Self { ports: Vec::new(), ..document };
        ports.into_iter().fold(closed, |document, port| document.port(port, "0"))
    }

    /// A rule for each of these listeners to `pool`, the first with the best priority.
    pub fn rules_for(self, listeners: &[&str]) -> Self {
        let rule = |(number, name): (usize, &&str)| {
            format!(
                "{{name: rule-{name}, priority: {}, httpListener: {name}, backendAddressPool: pool, \
                 backendHttpSettings: http}}",
                (number + 1) * 10
            )
        };
        let rules: Vec<_> = listeners.iter().enumerate().map(rule).collect();
        self.section("requestRoutingRules", format!("[{}]", rules.join(", ")))
    }

    /// A TLS profile: name and further properties.
    pub fn profile(mut self, name: &str, more: &str) -> Self {
        replace(&mut self.profiles, name, format!("{{name: {name}, {more}}}"));
        self
    }

    /// A chain that client certificates may lead to.
    pub fn client_ca(mut self, name: &str, pem: &str) -> Self {
        let data = STANDARD.encode(pem);
        replace(&mut self.client_cas, name, format!("{{name: {name}, data: {data}}}"));
        self
    }

    /// A root that servers' certificates may lead to.
    pub fn root(mut self, name: &str, certificate: impl AsRef<[u8]>) -> Self {
        let data = STANDARD.encode(certificate);
        replace(&mut self.roots, name, format!("{{name: {name}, data: {data}}}"));
        self
    }

    /// The settings `http` for servers that speak TLS, with further properties.
    pub fn tls_settings(self, farm: &Farm, more: &str) -> Self {
        let comma = if more.is_empty() { "" } else { ", " };
        let settings = format!("[{{name: http, port: {}, protocol: Https{comma}{more}}}]", farm.port());
        self.section("backendHttpSettingsCollection", settings)
    }

    pub(super) fn tls_sections(&self) -> String {
        let sections = [
            ("sslCertificates", &self.certificates),
            ("sslProfiles", &self.profiles),
            ("trustedClientCertificates", &self.client_cas),
            ("trustedRootCertificates", &self.roots),
        ];
        let section = |(name, list): (&str, &Vec<(String, String)>)| {
            let list: Vec<_> = list.iter().map(|(_, yaml)| yaml.as_str()).collect();
            if list.is_empty() { String::new() } else { format!("  {name}: [{}]\n", list.join(", ")) }
        };
        sections.into_iter().map(section).collect()
    }

    pub(super) fn tls_site(&self) -> String {
        let sections = [("certificates", &self.files_of_certificates), ("revocationLists", &self.lists)];
        let section = |(name, list): (&str, &Vec<(String, String)>)| {
            let list: Vec<_> = list.iter().map(|(_, yaml)| yaml.as_str()).collect();
            if list.is_empty() { String::new() } else { format!("{name}: {{{}}}\n", list.join(", ")) }
        };
        sections.into_iter().map(section).collect()
    }
}

fn replace(list: &mut Vec<(String, String)>, name: &str, yaml: String) {
    match list.iter_mut().find(|(its, _)| its == name) {
        Some((_, old)) => *old = yaml,
        None => list.push((name.to_owned(), yaml)),
    }
}
