//! The site file: what exists only in a cloud, bound to this machine.
//!
//! YAML or JSON, read with the same tables and the same problems as the document.

use std::net::{IpAddr, SocketAddr};

use crate::node::{At, Node, Object, Value};
use crate::problem::{Problem, Problems, codes};
use crate::schema::{Field, List, Map, Opt, Reader, Secret, Shape, Slot, Writer, choices, properties, read_object};
use crate::source::{Source, Sources};
use crate::syntax;

properties! {
    /// How this machine provides what Azure would.
    pub struct Site {
        /// Local addresses by the name of a frontend IP configuration.
        pub addresses: Map<List<String>> = "addresses";
        /// Local ports by the port in the document: `80: 8080`, or `80: {bind: 8080, public: 80}`.
        pub ports: Map<PortBinding> = "ports";
        /// Certificate files by the name of a certificate or by Key Vault secret id.
        pub certificates: Map<CertificateFiles> = "certificates";
        /// Files with lists of revoked certificates (DER or PEM) by the name of a trusted client certificate.
        pub revocation_lists: Map<List<String>> = "revocationLists";
        /// TLS with clients.
        pub tls: Opt<Tls> = "tls";
        /// Affinity cookies.
        pub affinity: Opt<Affinity> = "affinity";
        /// Files with error pages by the URL of a custom error page; such a URL is not fetched.
        pub error_pages: Map<String> = "errorPages";
        /// Addresses of servers by network interface or scale set id, or by the name of a pool.
        pub members: Map<List<String>> = "members";
        /// Folders of this machine.
        pub folders: Opt<Folders> = "folders";
        /// Name servers. Default: those of the machine.
        pub dns: Opt<Dns> = "dns";
        /// What firewall policies need of this machine.
        pub firewall: Opt<Firewall> = "firewall";
        /// Logs.
        pub log: Opt<Log> = "log";
        /// Where the gateway can be asked and told.
        pub admin: Opt<Admin> = "admin";
        /// Worker threads. Default: one per processor. 1 to 256.
        pub workers: Opt<i64> = "workers";
        /// Values of template parameters.
        pub parameters: Map<Node> = "parameters";
    }
}

/// Where a port of the document is opened on this machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PortBinding {
    /// The port that is opened. 0 to 65535; 0 lets the system choose.
    pub bind: Field<i64>,
    /// The port clients see, for redirects. 1 to 65535. Default: the port that is opened.
    pub public: Opt<i64>,
}

properties! {
    /// The long form of a port binding.
    pub struct PortBindingObject {
        /// The port that is opened.
        pub bind: Opt<i64> = "bind", required;
        /// The port clients see.
        pub public: Opt<i64> = "public";
    }
}

properties! {
    /// Files with a certificate: a PFX with its password, or a PEM chain with its key. Relative to the site file.
    pub struct CertificateFiles {
        /// A PFX file.
        pub pfx: Opt<String> = "pfx";
        /// Password of the PFX, or of an encrypted key.
        pub password: Opt<Secret> = "password";
        /// File with the password; its first line counts.
        pub password_file: Opt<String> = "passwordFile";
        /// A PEM file with the certificate and its chain; alone for a trusted root or a client CA.
        pub cert: Opt<String> = "cert";
        /// A PEM file with the key. Default: the key stands in the file of the certificate.
        pub key: Opt<String> = "key";
        /// A file with an OCSP response (DER) that is stapled to handshakes.
        pub ocsp: Opt<String> = "ocsp";
    }
}

properties! {
    /// TLS with clients.
    pub struct Tls {
        /// Files with secrets that several gateways share, so that each resumes the others' sessions. At least 32 bytes
        /// each; the first encrypts, all decrypt. Default: a secret of this process alone.
        pub ticket_keys: List<String> = "ticketKeys";
    }
}

properties! {
    /// Affinity cookies.
    pub struct Affinity {
        /// File with the secret that affinity cookies are made with. At least 32 bytes; gateways that share it know
        /// each other's cookies. Default: a secret that this machine makes for itself and keeps in the state folder.
        pub key: Opt<String> = "key";
    }
}

/// What is in a file that the site file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A private key, a password or another secret: nobody else may read it.
    Secret,
    /// Certificates or a PEM that may hold a key as well: it is a secret when it does.
    PerhapsSecret,
    /// Anybody may read it.
    Public,
    /// Anybody may read it, and it may be large.
    Database,
}

impl Site {
    /// Every file whose content a gateway needs, with its place, in the order of the site file.
    pub fn files(&self) -> Vec<(&Field<String>, FileKind)> {
        let mut files = Vec::new();
        for (_, one) in self.certificates.iter() {
            let named = [
                (&one.pfx, FileKind::Secret),
                (&one.password_file, FileKind::Secret),
                (&one.cert, FileKind::PerhapsSecret),
                (&one.key, FileKind::Secret),
                (&one.ocsp, FileKind::Public),
            ];
            files.extend(named.into_iter().filter_map(|(field, kind)| Some((field.as_ref()?, kind))));
        }
        for (_, lists) in self.revocation_lists.iter() {
            files.extend(lists.value.iter().map(|field| (field, FileKind::Public)));
        }
        let keys = self.tls.iter().flat_map(|tls| tls.value.ticket_keys.iter());
        files.extend(keys.map(|field| (field, FileKind::Secret)));
        let affinity = self.affinity.iter().filter_map(|affinity| affinity.key.as_ref());
        files.extend(affinity.map(|field| (field, FileKind::Secret)));
        for firewall in self.firewall.iter() {
            let named = [
                (&firewall.setup, FileKind::Public),
                (&firewall.countries, FileKind::Database),
                (&firewall.bad_addresses, FileKind::Database),
                (&firewall.clearance_key, FileKind::Secret),
            ];
            files.extend(named.into_iter().filter_map(|(field, kind)| Some((field.as_ref()?, kind))));
        }
        files.extend(self.error_pages.iter().map(|(_, path)| (path, FileKind::Public)));
        files
    }
}

properties! {
    /// Folders of this machine.
    pub struct Folders {
        /// Firewall rule sets.
        pub rule_sets: Opt<String> = "ruleSets";
        /// What the gateway keeps between runs.
        pub state: Opt<String> = "state";
    }
}

properties! {
    /// What firewall policies need of this machine.
    pub struct Firewall {
        /// File in the rule language that stands in for the set-up in the folder of rules.
        pub setup: Opt<String> = "setup";
        /// Database of countries, in the format MaxMind DB.
        pub countries: Opt<String> = "countries";
        /// File with bad addresses, one address or network a line.
        pub bad_addresses: Opt<String> = "badAddresses";
        /// File with the secret that seals answered challenges. At least 32 bytes; gateways that share it know each
        /// other's. Default: a secret of this process alone.
        pub clearance_key: Opt<String> = "clearanceKey";
    }
}

properties! {
    /// Where names of pool members are looked up.
    pub struct Dns {
        /// Name servers: addresses, each with an optional port. Default: those of the machine.
        pub servers: List<String> = "servers";
        /// Domains in which names without a dot are looked for. Default: those of the machine.
        pub search: List<String> = "search";
        /// Name servers for a name and all names below it, in place of the others.
        pub forward: Map<List<String>> = "forward";
    }
}

properties! {
    /// Logs.
    pub struct Log {
        /// Where access lines go: `stdout`, `off`, or a path. Default stdout.
        pub access: Opt<String> = "access";
        /// Where the firewall's lines go: `stdout`, `off`, or a path. Default: where access lines go.
        pub firewall: Opt<String> = "firewall";
        /// How they look. Default json.
        pub format: Opt<LogFormat> = "format";
    }
}

choices! {
    /// How log lines look.
    pub enum LogFormat {
        /// One JSON object per line.
        Json = "json",
        /// Words for people.
        Text = "text",
    }
}

properties! {
    /// Where the gateway can be asked and told.
    pub struct Admin {
        /// Path of a local socket.
        pub socket: Opt<String> = "socket";
        /// Address and port.
        pub address: Opt<String> = "address";
    }
}

/// How many worker threads there may be.
const WORKERS: std::ops::RangeInclusive<i64> = 1..=256;

/// The port of a name server that none is given for.
const DNS_PORT: u16 = 53;

/// A name server as the site file writes it: an address, or an address with a port.
pub fn name_server(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let alone = || Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, DNS_PORT));
    text.parse().ok().or_else(alone).filter(|server: &SocketAddr| server.port() != 0)
}

/// Reads a site file. The text is added to `sources`, so that problems can show it.
pub fn read_site(source: Source, sources: &mut Sources, problems: &mut Problems) -> Option<Site> {
    let index = sources.push(source);
    let mut roots = syntax::parse(sources.get(index)?, index, problems);
    roots.iter_mut().for_each(|root| syntax::mark_secrets(root, sources));
    let root = match roots.len() {
        0 => return (!problems.has_errors()).then(Site::default),
        1 => roots.remove(0),
        _ => {
            let message = "a site file is one document";
            problems.push(Problem::error(codes::UNKNOWN_FORM, &roots[1].at, message));
            roots.remove(0)
        }
    };
    let mut reader = Reader::new(problems);
    let site: Option<Site> = read_object(&root, &mut reader);
    reader.secrets.drain(..).for_each(|span| sources.hide(span));
    site.inspect(|site| check(site, problems))
}

fn check(site: &Site, problems: &mut Problems) {
    for (port, binding) in site.ports.iter() {
        if port.parse::<u16>().is_err() {
            let problem = Problem::error(codes::OUT_OF_RANGE, &port.at, "this is not a port");
            problems.push(problem.found(format!("{:?}", port.value)).expected("1 to 65535"));
        }
        in_range(&binding.bind, 0..=65535, problems);
        binding.public.iter().for_each(|public| in_range(public, 1..=65535, problems));
    }
    site.workers.iter().for_each(|workers| in_range(workers, WORKERS, problems));
    for (_, files) in site.certificates.iter() {
        let message = match (&files.pfx, &files.cert, &files.key) {
            (Some(_), None, None) | (None, Some(_), _) => None,
            (Some(_), _, _) => Some("a certificate is a PFX, or a PEM chain with a key, not both"),
            (None, None, Some(_)) => Some("a key needs its certificate"),
            (None, None, None) => Some("neither a PFX nor a PEM chain is given"),
        };
        if let Some(message) = message {
            let problem = Problem::error(codes::MISSING_PROPERTY, &files.at, message);
            problems.push(problem.expected("`pfx` with `password` or `passwordFile`, or `cert` with `key`"));
        }
        if let (Some(_), Some(file)) = (&files.password, &files.password_file) {
            let problem =
                Problem::error(codes::DUPLICATE_KEY, &file.at, "`password` and `passwordFile` exclude each other");
            problems.push(problem.help("keep one of the two"));
        }
    }
}

fn in_range(number: &Field<i64>, range: std::ops::RangeInclusive<i64>, problems: &mut Problems) {
    if !range.contains(&number.value) {
        let problem = Problem::error(codes::OUT_OF_RANGE, &number.at, "this number is out of range");
        problems.push(problem.found(number.value.to_string()).expected(format!(
            "{} to {}",
            range.start(),
            range.end()
        )));
    }
}

impl Shape for PortBinding {
    const KIND: &'static str = "a port or {bind: port, public: port}";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Value::Object(_) = node.value {
            let object: PortBindingObject = read_object(node, reader)?;
            return Some(Self { bind: object.bind?, public: object.public });
        }
        let mut bind: Opt<i64> = None;
        bind.read(node, reader);
        Some(Self { bind: bind?, public: None })
    }

    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        let mut object = Object::default();
        object.push("bind", self.bind.value.write(&self.bind.at, writer));
        if let Some(public) = self.public.write(writer) {
            object.push("public", public);
        }
        Node::new(Value::Object(object), at.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Site>, Vec<String>) {
        let mut sources = Sources::default();
        let mut problems = Problems::new();
        let site = read_site(Source::new("site.yaml", text), &mut sources, &mut problems);
        (site, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_site_file_binds_everything_a_cloud_would_provide() {
        let text = "
addresses: {feip: [127.0.0.1, '::1']}
ports: {80: 8080, 443: {bind: 8443, public: 443}}
certificates:
  shop: {pfx: shop.pfx, password: hidden}
  https://v.vault.azure.net/secrets/s: {cert: a.pem, key: b.pem, ocsp: a.ocsp}
  root: {cert: root.pem}
revocationLists: {clients: [clients.crl]}
tls: {ticketKeys: [new.key, old.key]}
affinity: {key: affinity.key}
errorPages: {'https://b.com/502.html': pages/502.html}
members: {pool1: [10.0.0.4]}
folders: {ruleSets: rules, state: state}
dns: {servers: [9.9.9.9], search: [corp.example], forward: {b.example: [9.9.9.10]}}
firewall: {setup: my.conf, countries: c.mmdb, badAddresses: bad.txt, clearanceKey: c.key}
log: {access: 'off', firewall: fw.log, format: TEXT}
admin: {socket: /run/g.sock, address: '127.0.0.1:9000'}
workers: 4
parameters: {name: gw, list: [1, 2]}
";
        let (site, problems) = read(text);
        assert_eq!(problems, [""; 0]);
        let site = site.unwrap();
        assert_eq!(site.ports.get("443").unwrap().bind.value, 8443);
        assert_eq!(site.addresses.get("FEIP").unwrap().len(), 2);
        assert_eq!(site.log.as_ref().unwrap().format.as_ref().unwrap().value, LogFormat::Text);
        assert!(!format!("{:?}", site.certificates).contains("hidden"));
        let files: Vec<_> = site.files().iter().map(|(path, kind)| (path.as_str().to_owned(), *kind)).collect();
        let expected = [
            ("shop.pfx", FileKind::Secret),
            ("a.pem", FileKind::PerhapsSecret),
            ("b.pem", FileKind::Secret),
            ("a.ocsp", FileKind::Public),
            ("root.pem", FileKind::PerhapsSecret),
            ("clients.crl", FileKind::Public),
            ("new.key", FileKind::Secret),
            ("old.key", FileKind::Secret),
            ("affinity.key", FileKind::Secret),
            ("my.conf", FileKind::Public),
            ("c.mmdb", FileKind::Database),
            ("bad.txt", FileKind::Database),
            ("c.key", FileKind::Secret),
            ("pages/502.html", FileKind::Public),
        ];
        assert_eq!(files, expected.map(|(path, kind)| (path.to_owned(), kind)));
    }

    #[test]
    fn a_name_server_is_an_address_with_or_without_a_port() {
        let rows = [
            ("9.9.9.9", Some("9.9.9.9:53")),
            ("9.9.9.9:5353", Some("9.9.9.9:5353")),
            ("::1", Some("[::1]:53")),
            ("[::1]:5353", Some("[::1]:5353")),
            ("9.9.9.9:0", None),
            ("9.9.9.9:dns", None),
            ("dns.example", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(name_server(text), expected.map(|server| server.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn mistakes_in_a_site_file_are_named() {
        let rows = [
            ("adresses: {}", "Did you mean \"addresses\"?"),
            ("ports: {80: 99999}", "found 99999, expected 0 to 65535"),
            ("ports: {http: 80}", "this is not a port; found \"http\""),
            ("ports: {80: {public: 80}}", "\"bind\" has to be given here"),
            ("certificates: {a: {pfx: a, key: b}}", "not both"),
            ("certificates: {a: {key: b}}", "a key needs its certificate"),
            ("certificates: {a: {password: b}}", "neither a PFX nor a PEM chain is given"),
            ("certificates: {a: {pfx: a, password: b, passwordFile: c}}", "exclude each other"),
            ("workers: many", "this should be a whole number"),
            ("workers: 0", "found 0, expected 1 to 256"),
            ("workers: 257", "found 257, expected 1 to 256"),
            ("log: {format: jsn}", "Did you mean \"json\"?"),
            ("addresses: [a]", "this should be an object"),
            ("affinity: {secret: a}", "no property \"secret\""),
            ("errorPages: {a: [b]}", "this should be a string"),
        ];
        for (text, expected) in rows {
            let (_, problems) = read(text);
            assert!(problems.join("\n").contains(expected), "{text}: {problems:?}");
        }
    }
}
