//! From model to snapshot: every check there is, all problems at once, then one linked table of what runs.
//!
//! Three passes: each resource by itself (one file per kind, under the model's names), then rules and
//! what they lead to (`link`), then what only shows with everything in sight (`lint`, `limits`,
//! `features`). No pass stops at a mistake; parts that cannot be used are left out, and a snapshot
//! is given only when there was no error.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::site::Site;
use model::{Document, Problems};
use tls::certificate::{CertificateError, Identity as Certificate};

use crate::{AffinityKey, Identity, Pool, Snapshot};

pub mod codes;

mod advanced_routing_map;
mod affinity;
mod affinity_lint;
mod backend_http_settings;
mod certificates;
mod context;
mod custom_error;
mod destination;
mod entra_jwt_validation_config;
mod features;
mod files;
mod firewall;
mod frontend;
mod host_name;
mod http3;
mod layer4;
mod limits;
mod link;
mod lint;
mod listener;
mod load_distribution_policy;
mod merge;
mod options;
mod pool;
mod probe;
mod redirect;
mod rewrite_actions;
mod rewrite_language;
mod rewrite_rule_set;
mod rule;
mod rule_sets;
mod server_tls;
mod shared_names;
mod shared_port;
mod site;
mod sku;
mod ssl_certificate;
mod ssl_policy;
mod ssl_profile;
mod trusted_client_certificate;
mod trusted_root_certificate;
mod unreachable;
mod unsupported;
mod url_path_map;
mod web_application_firewall_configuration;
mod web_application_firewall_policy;

pub use custom_error::page_urls;
pub use entra_jwt_validation_config::key_files;
pub use files::Files;
pub use firewall::{FirewallCache, firewall_policy};
pub use merge::merged;
pub use rule_sets::{RuleFolder, RuleSets};

use context::Context;

/// What compiling has to know beside the texts.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The addresses of this machine: a `privateIPAddress` among them is bound as it is.
    pub local_addresses: Vec<IpAddr>,
    /// Where frontends are opened that nothing binds.
    pub mode: Mode,
    /// The question is whether Azure takes the document. What Azure would refuse is an error, what
    /// only this machine lacks a warning, and no snapshot is given.
    pub target_azure: bool,
    /// What stands in the files that the site file names, and in those with keys of token issuers that the document
    /// names ([`key_files`]).
    pub files: Files,
    /// The time, in Unix seconds, to tell whether certificates are of today.
    pub now: i64,
    /// Who issues a certificate for a listener whose own is in Azure only. `None`: that is an error.
    pub issuer: Option<Arc<dyn Issuer>>,
    /// The secret that affinity cookies are made with where the site file names none. Only a gateway that serves needs
    /// one.
    pub affinity_key: Option<AffinityKey>,
    /// Error pages by their URLs: what was fetched, or why it could not be (lower case, no full stop). A page whose URL
    /// is not here was not asked for, and a warning says so.
    pub pages: BTreeMap<String, Result<Arc<[u8]>, String>>,
    /// The firewall's rules that are on this machine.
    pub rule_sets: RuleSets,
    /// Where there are no rules, the baseline is run in their place, with a warning, as in [`Mode::Dev`]. For those who
    /// only look at what a gateway would do.
    pub stand_in_rules: bool,
    /// Programs of firewall policies of earlier compilations.
    pub firewall_cache: FirewallCache,
}

/// An authority on a developer's machine.
pub trait Issuer: std::fmt::Debug + Send + Sync {
    /// Issues a certificate for these host names; a wildcard is the left-most label.
    ///
    /// # Errors
    /// It cannot be made; the error says why.
    fn issue(&self, names: &[String]) -> Result<Certificate, CertificateError>;
}

/// What a gateway is run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// To serve: frontends are opened on all addresses.
    #[default]
    Run,
    /// To be tried out: frontends are opened on loopback.
    Dev,
}

/// What compiling gives.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What runs; `None` when there was an error.
    pub snapshot: Option<Snapshot>,
    /// All that was found.
    pub problems: Problems,
}

/// Checks a document against everything known and turns it into what runs.
pub fn compile(document: &Document, site: Option<&Site>, environment: &Environment) -> Compiled {
    let mut context = Context::new(document, site, environment);
    let parts = Parts::read(&mut context);
    shared_port::check(&mut context, &parts);
    shared_names::check(&mut context);
    let (snapshot, used) = link::link(&mut context, &parts);
    features::report(&mut context, &used);
    limits::check(&mut context, &parts, &used);
    lint::check(&mut context, &parts, &used);
    unreachable::check(&mut context, &parts);
    layer4::lint::nameless_servers(&mut context, &parts);
    affinity_lint::check(&mut context, &parts, &used);
    site::check_settings(&mut context);
    site::check_names(&mut context);
    let snapshot = Snapshot {
        identity: identity(document),
        limits: options::limits(&mut context),
        options: options::options(&mut context),
        ..snapshot
    };
    let problems = context.problems;
    let is_usable = !problems.has_errors() && !environment.target_azure;
    Compiled { snapshot: is_usable.then_some(snapshot), problems }
}

fn identity(document: &Document) -> Identity {
    let id = document.id.full().or_else(|| document.gateway.id.as_ref().map(|id| id.value.clone()));
    let name = if document.name().is_empty() { Identity::default().name } else { Arc::from(document.name()) };
    Identity { name, resource_id: Arc::from(id.unwrap_or_default().to_uppercase()), ..Identity::default() }
}

/// Every resource checked by itself, in the order of the document's collections: an index into one
/// is an index into the other.
struct Parts {
    frontends: Vec<frontend::Frontend>,
    ports: Vec<Option<frontend::Port>>,
    certificates: Vec<ssl_certificate::Certificate>,
    policy: ssl_policy::Served,
    profiles: Vec<ssl_profile::Definition>,
    listeners: Vec<listener::Definition>,
    pools: Vec<Pool>,
    settings: Vec<Option<backend_http_settings::Definition>>,
    probes: Vec<probe::Definition>,
    redirects: Vec<Option<redirect::Definition>>,
    rewrites: Vec<rewrite_rule_set::Facts>,
    distributions: Vec<load_distribution_policy::Definition>,
    tokens: Vec<Option<jwt::Policy>>,
    pages: custom_error::Served,
    maps: Vec<url_path_map::Definition>,
    rules: Vec<rule::Definition>,
    layer4: layer4::Parts,
}

impl Parts {
    fn read(context: &mut Context<'_>) -> Self {
        sku::check(context);
        let frontends = frontend::frontends(context);
        let ports = frontend::ports(context);
        let certificates = ssl_certificate::all(context);
        let roots = trusted_root_certificate::all(context);
        let chains = trusted_client_certificate::all(context);
        let policy = ssl_policy::of_gateway(context, context.gateway);
        let profiles = ssl_profile::all(context, &chains);
        ssl_policy::check_families(context);
        let listeners = listener::all(context);
        http3::check(context, &listeners, &profiles, &policy);
        let pools = pool::pools(context);
        let probes = probe::all(context);
        let stores = server_tls::Stores { certificates: &certificates, roots: &roots };
        let settings = backend_http_settings::all(context, &stores);
        probe::check_settings(context, &probes, &settings);
        let layer4 = layer4::Parts::read(context, &stores, &probes);
        let redirects = redirect::all(context);
        let rewrites = rewrite_rule_set::all(context);
        let distributions = load_distribution_policy::all(context);
        let tokens = entra_jwt_validation_config::all(context);
        let pages = custom_error::all(context);
        let maps = url_path_map::all(context);
        let reroutes: Vec<bool> = rewrites.iter().map(|facts| facts.always_reroutes).collect();
        url_path_map::check_reroutes(context, &maps, &reroutes);
        advanced_routing_map::check_all(context);
        let rules = rule::all(context, &listeners, &rewrites);
        Self {
            frontends,
            ports,
            certificates,
            policy,
            profiles,
            listeners,
            pools,
            settings,
            probes,
            redirects,
            rewrites,
            distributions,
            tokens,
            pages,
            maps,
            rules,
            layer4,
        }
    }
}

#[cfg(test)]
mod tests;
