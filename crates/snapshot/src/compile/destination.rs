//! Where a rule, a path rule or a path map's default leads: a pool with settings, a load
//! distribution policy with settings, or a redirect.
//!
//! Source: Azure, "Application Gateway request routing rules": pool and settings on one side and a
//! redirect on the other exclude each other; a distribution policy stands in place of the pool.

use model::Problem;
use model::backend_address_pool::BackendAddressPool;
use model::backend_http_settings::BackendHttpSettings;
use model::load_distribution_policy::LoadDistributionPolicy;
use model::node::At;
use model::redirect_configuration::RedirectConfiguration;
use model::reference::Reference;
use model::schema::{Field, Opt};

use super::codes;
use super::context::{Context, Link};

/// What was written.
pub(super) struct Asked<'a> {
    /// Whose destination this is, for messages: `the rule "r1"`.
    pub(super) owner: String,
    /// Where the owner stands.
    pub(super) at: &'a At,
    pub(super) pool: &'a Opt<Reference<BackendAddressPool>>,
    pub(super) settings: &'a Opt<Reference<BackendHttpSettings>>,
    pub(super) redirect: &'a Opt<Reference<RedirectConfiguration>>,
    pub(super) distribution: &'a Opt<Reference<LoadDistributionPolicy>>,
    /// `defaultBackendAddressPool` and the like, in the order above.
    pub(super) names: [&'static str; 4],
}

/// The properties of rules and path rules.
pub(super) const NAMES: [&str; 4] =
    ["backendAddressPool", "backendHttpSettings", "redirectConfiguration", "loadDistributionPolicy"];

/// The properties of a path map's default.
pub(super) const DEFAULT_NAMES: [&str; 4] = [
    "defaultBackendAddressPool",
    "defaultBackendHttpSettings",
    "defaultRedirectConfiguration",
    "defaultLoadDistributionPolicy",
];

/// Where it leads, as indices into the document's collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// To a pool.
    Forward { pool: usize, settings: usize },
    /// To several pools.
    Distribute { policy: usize, settings: usize },
    /// Elsewhere.
    Redirect(usize),
    /// Nowhere, and a problem says why.
    Broken,
}

impl Destination {
    /// The settings requests are sent with.
    pub(super) fn settings(self) -> Option<usize> {
        match self {
            Self::Forward { settings, .. } | Self::Distribute { settings, .. } => Some(settings),
            Self::Redirect(_) | Self::Broken => None,
        }
    }
}

/// Checks that exactly one destination is given, whole, and follows its references.
pub(super) fn destination(context: &mut Context<'_>, asked: &Asked<'_>) -> Destination {
    let gateway = context.gateway;
    let pool = context.link(&gateway.backend_address_pools, asked.pool);
    let settings = context.link(&gateway.backend_http_settings_collection, asked.settings);
    let redirect = context.link(&gateway.redirect_configurations, asked.redirect);
    let policy = context.link(&gateway.load_distribution_policies, asked.distribution);
    let [pool_name, settings_name, redirect_name, policy_name] = asked.names;

    let rivals = [(pool, pool_name), (settings, settings_name), (policy, policy_name)];
    let rival = rivals.iter().find(|(link, _)| link.is_given()).map(|(_, name)| *name);
    let conflict = match (place(asked.redirect), rival, place(asked.distribution)) {
        (Some(at), Some(rival), _) => Some((at, redirect_name, rival)),
        (None, _, Some(at)) if pool.is_given() => Some((at, policy_name, pool_name)),
        _ => None,
    };
    if let Some((at, one, other)) = conflict {
        let message = format!("{} has both {one:?} and {other:?}", asked.owner);
        let problem = Problem::error(codes::TARGET_CONFLICT, at, message).help("keep one of the two");
        context.problems.push(problem);
        return Destination::Broken;
    }
    match (redirect, policy, pool, settings) {
        (Link::To(redirect), ..) => Destination::Redirect(redirect),
        (Link::Absent, Link::To(policy), _, Link::To(settings)) => Destination::Distribute { policy, settings },
        (Link::Absent, Link::Absent, Link::To(pool), Link::To(settings)) => Destination::Forward { pool, settings },
        (Link::Absent, Link::Absent, Link::Absent, Link::Absent) => {
            let message = format!("{} leads nowhere", asked.owner);
            let expected = format!("{pool_name:?} with {settings_name:?}, or {redirect_name:?}");
            incomplete(context, asked, codes::TARGET_MISSING, message, expected)
        }
        (Link::Absent, _, _, Link::Absent) => {
            let message = format!("{} has a pool but no settings: port and protocol are unknown", asked.owner);
            incomplete(context, asked, codes::SETTINGS_MISSING, message, format!("{settings_name:?}"))
        }
        (Link::Absent, Link::Absent, Link::Absent, _) => {
            let message = format!("{} has settings but no pool", asked.owner);
            incomplete(context, asked, codes::POOL_MISSING, message, format!("{pool_name:?}"))
        }
        _ => Destination::Broken,
    }
}

fn place<T>(field: &Opt<Reference<T>>) -> Option<&At> {
    field.as_ref().map(|field: &Field<_>| &field.at)
}

fn incomplete(
    context: &mut Context<'_>,
    asked: &Asked<'_>,
    code: &'static str,
    message: String,
    expected: String,
) -> Destination {
    context.problems.push(Problem::error(code, asked.at, message).expected(expected));
    Destination::Broken
}
