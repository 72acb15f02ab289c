//! A condition, made ready.

use std::borrow::Cow;
use std::net::IpAddr;

use waf::transformations::Transformation;

use super::fault::What;
use super::parts::{Found, View};
use super::spec::{ConditionSpec, Operator, Transform, Variable};
use super::test::Test;
use crate::geo::{Countries, Country};

/// A condition that can be asked.
#[derive(Debug)]
pub(super) struct Condition {
    variables: Vec<(Variable, Option<String>)>,
    operator: Operator,
    test: Test,
    transforms: Vec<Transformation>,
    negated: bool,
}

/// What a condition says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// That depends on the body.
    NeedsBody,
}

impl Condition {
    /// Makes a condition ready, or says what is wrong, each with the place of the value or variable.
    pub(super) fn new(spec: &ConditionSpec) -> Result<Self, Vec<(Option<usize>, What)>> {
        let mut faults = variables(spec);
        match Test::new(spec) {
            Ok(test) if faults.is_empty() => Ok(Self {
                variables: spec.variables.iter().map(|(variable, name)| (*variable, selector(name).cloned())).collect(),
                operator: spec.operator,
                test,
                transforms: spec.transforms.iter().copied().map(transformation).collect(),
                negated: spec.negated,
            }),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// Whether it holds. Variables are alternatives; what the head decides does not wait for the body.
    pub(super) fn holds(&self, view: &View<'_>, countries: &dyn Countries) -> Holds {
        let mut found = Found::No;
        for (variable, selector) in &self.variables {
            match view.any(*variable, selector.as_deref(), &mut |value| self.matches(value, countries)) {
                Found::Yes => return if self.negated { Holds::No } else { Holds::Yes },
                Found::NeedsBody => found = Found::NeedsBody,
                Found::No => {}
            }
        }
        match found {
            Found::NeedsBody => Holds::NeedsBody,
            _ if self.negated => Holds::Yes,
            _ => Holds::No,
        }
    }

    /// How often it goes through the body.
    pub(super) fn looks_at_body(&self) -> usize {
        let of_body = |(variable, _): &&(Variable, _)| matches!(variable, Variable::PostArgs | Variable::RequestBody);
        self.variables.iter().filter(of_body).count() * (1 + self.transforms.len())
    }

    /// Whether it looks at countries.
    pub(super) fn is_geo(&self) -> bool {
        self.operator == Operator::GeoMatch
    }

    /// What it looks at and how, as an operator would say it: `RequestHeaders:user-agent Contains`.
    pub(super) fn describe(&self) -> String {
        let name = |(variable, selector): &(Variable, Option<String>)| match selector {
            Some(selector) => format!("{}:{selector}", variable.name()),
            None => variable.name().to_owned(),
        };
        let names: Vec<String> = self.variables.iter().map(name).collect();
        let not = if self.negated { "not " } else { "" };
        format!("{} {not}{}", names.join("|"), self.operator.name())
    }

    fn matches(&self, value: &[u8], countries: &dyn Countries) -> bool {
        let apply = |value, transform: &Transformation| transform.apply(value);
        let value = self.transforms.iter().fold(Cow::Borrowed(value), apply);
        self.test.matches(&value, |address| country(address, countries))
    }
}

fn country(address: &[u8], countries: &dyn Countries) -> Option<Country> {
    let address: IpAddr = std::str::from_utf8(address).ok()?.parse().ok()?;
    Some(countries.country(address))
}

/// What is wrong with the variables.
fn variables(spec: &ConditionSpec) -> Vec<(Option<usize>, What)> {
    let mut faults = Vec::new();
    if spec.variables.is_empty() {
        faults.push((None, What::NoVariable));
    }
    let of_address = matches!(spec.operator, Operator::IpMatch | Operator::GeoMatch);
    for (place, (variable, name)) in spec.variables.iter().enumerate() {
        if selector(name).is_some() && !variable.is_collection() {
            faults.push((Some(place), What::Selector(variable.name())));
        }
        if of_address && *variable != Variable::RemoteAddr {
            let what = What::Variable { operator: spec.operator.name(), variable: variable.name() };
            faults.push((Some(place), what));
        }
    }
    faults
}

/// Templates write an empty selector where they mean none.
fn selector(name: &Option<String>) -> Option<&String> {
    name.as_ref().filter(|name| !name.is_empty())
}

/// The engine's transformation for one of ours.
fn transformation(transform: Transform) -> Transformation {
    match transform {
        Transform::Uppercase => Transformation::Uppercase,
        Transform::Lowercase => Transformation::Lowercase,
        Transform::Trim => Transformation::Trim,
        Transform::UrlDecode => Transformation::UrlDecode,
        Transform::UrlEncode => Transformation::UrlEncode,
        Transform::RemoveNulls => Transformation::RemoveNulls,
        Transform::HtmlEntityDecode => Transformation::HtmlEntityDecode,
    }
}
