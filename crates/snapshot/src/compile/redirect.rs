//! Redirect configurations.
//!
//! Source: Azure, "Application Gateway redirect overview" (redirect-overview): a target listener or a
//! target URL, never both. Parity: `includePath` and `includeQueryString` have no documented default;
//! absent counts as true for a listener (what the portal and most reports do) and false for a URL.

use model::Problem;
use model::redirect_configuration::{RedirectConfiguration, RedirectType};
use model::schema::Named;
use routing::{ListenerTarget, Redirect, RedirectStatus, RedirectTarget, UrlTarget};

use super::codes;
use super::context::{Context, Link, text};

/// A redirect whose target listener is still an index.
pub(super) struct Definition {
    status: RedirectStatus,
    pub(super) target: Target,
    include_path: bool,
    include_query: bool,
}

/// Where it leads.
pub(super) enum Target {
    /// To a listener of the document.
    Listener(usize),
    /// To a URL.
    Url(UrlTarget),
}

/// All redirects, in the document's order; `None` for those that cannot be used.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Option<Definition>> {
    let gateway = context.gateway;
    gateway.redirect_configurations.iter().map(|redirect| one(context, redirect)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<RedirectConfiguration>) -> Option<Definition> {
    let owner = format!("the redirect {:?}", asked.name.value);
    if asked.redirect_type.is_none() {
        context.missing(&asked.name.at, "redirectType", &owner);
    }
    let target = target(context, asked, &owner);
    let status = match asked.redirect_type.as_ref()?.value {
        RedirectType::Permanent => RedirectStatus::MovedPermanently,
        RedirectType::Found => RedirectStatus::Found,
        RedirectType::SeeOther => RedirectStatus::SeeOther,
        RedirectType::Temporary => RedirectStatus::Temporary,
    };
    let target = target?;
    let absent = matches!(target, Target::Listener(_));
    let included = |switch: &model::Opt<bool>| switch.as_ref().map_or(absent, |switch| switch.value);
    let (path, query) = (included(&asked.include_path), included(&asked.include_query_string));
    if absent && (asked.include_path.is_none() || asked.include_query_string.is_none()) {
        let message = format!("{owner} does not say whether path and query are kept; they are");
        let problem = Problem::warning(codes::REDIRECT_INCLUDE_UNSAID, &asked.name.at, message);
        context
            .problems
            .push(problem.help("set \"includePath\" and \"includeQueryString\": tools disagree on the default"));
    }
    Some(Definition { status, target, include_path: path, include_query: query })
}

fn target(context: &mut Context<'_>, asked: &Named<RedirectConfiguration>, owner: &str) -> Option<Target> {
    let gateway = context.gateway;
    let listener = context.link(&gateway.http_listeners, &asked.target_listener);
    match (listener, text(&asked.target_url)) {
        (Link::Absent, None) => {
            let problem = Problem::error(codes::TARGET_MISSING, &asked.name.at, format!("{owner} leads nowhere"));
            context.problems.push(problem.expected("\"targetListener\" or \"targetUrl\""));
            None
        }
        (Link::Absent, Some(url)) => match UrlTarget::parse(&url.value) {
            Ok(url) => Some(Target::Url(url)),
            Err(error) => {
                let problem = Problem::error(codes::INVALID_REDIRECT_URL, &url.at, error.to_string());
                let expected = "a URL such as \"https://example.com/\"";
                context.problems.push(problem.found(format!("{:?}", url.value)).expected(expected));
                None
            }
        },
        (_, Some(url)) => {
            let message = format!("{owner} has both \"targetListener\" and \"targetUrl\"");
            context.problems.push(Problem::error(codes::TARGET_CONFLICT, &url.at, message).help("keep one of the two"));
            None
        }
        (listener, None) => listener.index().map(Target::Listener),
    }
}

impl Definition {
    /// The redirect as it runs; `target` says what the index of a listener became.
    pub(super) fn linked(&self, target: impl FnOnce(usize) -> Option<ListenerTarget>) -> Option<Redirect> {
        let target = match &self.target {
            Target::Listener(listener) => RedirectTarget::Listener(target(*listener)?),
            Target::Url(url) => RedirectTarget::Url(url.clone()),
        };
        let (include_path, include_query) = (self.include_path, self.include_query);
        Some(Redirect { status: self.status, target, include_path, include_query })
    }
}
