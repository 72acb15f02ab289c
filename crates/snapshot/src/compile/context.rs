//! What every part of the compiler shares: the document, the machine, and where problems go.

use std::collections::HashSet;

use model::application_gateway::ApplicationGateway;
use model::node::At;
use model::reference::Reference;
use model::schema::{Collection, Field, List, Named, Opt, Resource};
use model::site::Site;
use model::{Problem, Problems};

use super::{Environment, Mode};

/// The document on one side, the list of problems on the other.
pub(super) struct Context<'a> {
    pub(super) gateway: &'a Named<ApplicationGateway>,
    pub(super) document: &'a model::Document,
    pub(super) site: Option<&'a Site>,
    pub(super) environment: &'a Environment,
    pub(super) problems: Problems,
    /// What references lead to: collection and index.
    pub(super) mentioned: HashSet<(&'static str, usize)>,
    /// Collections that some reference should have led into and did not.
    pub(super) missed: HashSet<&'static str>,
}

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// There is none.
    Absent,
    /// It leads nowhere, and a problem says so.
    Broken,
    /// The index in its collection.
    To(usize),
}

impl Link {
    /// The index, when there is one.
    pub(super) fn index(self) -> Option<usize> {
        match self {
            Self::To(index) => Some(index),
            Self::Absent | Self::Broken => None,
        }
    }

    /// Whether something stands there, right or wrong.
    pub(super) fn is_given(self) -> bool {
        self != Self::Absent
    }
}

impl<'a> Context<'a> {
    /// A context in which nothing was looked at yet.
    pub(super) fn new(document: &'a model::Document, site: Option<&'a Site>, environment: &'a Environment) -> Self {
        let (problems, mentioned, missed) = (Problems::new(), HashSet::new(), HashSet::new());
        Self { gateway: &document.gateway, document, site, environment, problems, mentioned, missed }
    }

    /// Adds an error; the builder methods of `Problem` say the rest.
    pub(super) fn error(&mut self, code: &'static str, at: &At, message: impl Into<String>) {
        self.problems.push(Problem::error(code, at, message));
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, code: &'static str, at: &At, message: impl Into<String>) {
        self.problems.push(Problem::warning(code, at, message));
    }

    /// Adds a problem that Azure would refuse and this gateway would not: an error only for who
    /// asked whether Azure takes the document.
    pub(super) fn azure_refuses(&mut self, problem: Problem) {
        let severity = if self.environment.target_azure { model::Severity::Error } else { model::Severity::Warning };
        self.problems.push(Problem { severity, ..problem });
    }

    /// Adds a problem of this machine and not of the document: no error for who asked about Azure.
    pub(super) fn machine_refuses(&mut self, problem: Problem) {
        let severity = if self.environment.target_azure { model::Severity::Warning } else { problem.severity };
        self.problems.push(Problem { severity, ..problem });
    }

    /// Follows a reference into `collection`, reporting a broken one.
    pub(super) fn link<T: Resource>(&mut self, collection: &Collection<T>, to: &Opt<Reference<T>>) -> Link {
        to.as_ref().map_or(Link::Absent, |to| self.link_one(collection, to))
    }

    /// Follows a reference that is there.
    pub(super) fn link_one<T: Resource>(&mut self, collection: &Collection<T>, to: &Field<Reference<T>>) -> Link {
        let gateway = self.document.name();
        let mut problems = Problems::new();
        if let Some(index) = collection.resolve(to, gateway, &mut problems) {
            self.mentioned.insert((<T as Resource>::COLLECTION, index));
            return Link::To(index);
        }
        self.missed.insert(<T as Resource>::COLLECTION);
        for problem in problems.iter().cloned() {
            let help = self.counterpart(<T as Resource>::COLLECTION, to.name()).or(problem.help);
            self.problems.push(Problem { help, ..problem });
        }
        Link::Broken
    }

    /// What to say of a name that is missed in one collection and stands in its counterpart: those of HTTP, and those
    /// of TCP and TLS, do not mix.
    fn counterpart(&self, collection: &str, name: &str) -> Option<String> {
        let gateway = self.gateway;
        let (http_listeners, listeners) = (&gateway.http_listeners, &gateway.listeners);
        let (http_settings, settings) =
            (&gateway.backend_http_settings_collection, &gateway.backend_settings_collection);
        let (other, is_there) = match collection {
            "httpListeners" => ("listeners", listeners.find(name).is_some()),
            "listeners" => ("httpListeners", http_listeners.find(name).is_some()),
            "backendHttpSettingsCollection" => ("backendSettingsCollection", settings.find(name).is_some()),
            "backendSettingsCollection" => ("backendHttpSettingsCollection", http_settings.find(name).is_some()),
            _ => return None,
        };
        let help = format!("{name:?} is one of {other}; HTTP does not mix with TCP and TLS");
        is_there.then_some(help)
    }

    /// Follows every reference of a list; those that lead nowhere are reported and left out.
    pub(super) fn links<T: Resource>(&mut self, collection: &Collection<T>, to: &List<Reference<T>>) -> Vec<usize> {
        to.iter().filter_map(|to| self.link_one(collection, to).index()).collect()
    }

    /// A number within its range: `None` when absent, or when outside, which is an error.
    pub(super) fn number(&mut self, name: &str, field: &Opt<i64>, (low, high): (i64, i64)) -> Option<u32> {
        let field = field.as_ref()?;
        if (low..=high).contains(&field.value) {
            return u32::try_from(field.value).ok();
        }
        let message = format!("{name} is out of range");
        let problem = Problem::error(model::problem::codes::OUT_OF_RANGE, &field.at, message);
        self.problems.push(problem.found(field.value.to_string()).expected(format!("{low} to {high}")));
        None
    }

    /// A property that has to be there, reporting that it is not.
    pub(super) fn required<'f, T>(
        &mut self,
        field: &'f Opt<T>,
        at: &At,
        property: &str,
        of: &str,
    ) -> Option<&'f Field<T>> {
        if field.is_none() {
            self.missing(at, property, of);
        }
        field.as_ref()
    }

    /// Reports a property that has to be there.
    pub(super) fn missing(&mut self, at: &At, property: &str, of: &str) {
        let problem = Problem::error(model::problem::codes::MISSING_PROPERTY, at, format!("{of} has no {property}"));
        self.problems.push(problem.expected(format!("the property {property:?}")));
    }

    /// Whether the baseline may stand in for firewall rules that are not on this machine.
    pub(super) fn may_stand_in(&self) -> bool {
        self.is_dev() || self.environment.stand_in_rules
    }

    /// Whether the gateway is tried out on a developer's machine.
    pub(super) fn is_dev(&self) -> bool {
        self.environment.mode == Mode::Dev
    }
}

/// Whether a switch is on; absent is off.
pub(super) fn is_on(switch: &Opt<bool>) -> bool {
    switch.as_ref().is_some_and(|switch| switch.value)
}

/// The text, unless absent or empty; tools write `""` for absent.
pub(super) fn text(field: &Opt<String>) -> Option<&Field<String>> {
    field.as_ref().filter(|field| !field.value.trim().is_empty())
}
