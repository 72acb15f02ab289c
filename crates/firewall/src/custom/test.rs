//! The comparison of a condition, made ready.

use std::cmp::Ordering;

use memchr::memmem::Finder;
use waf::operators::{Environment, Operator as EngineOperator, OperatorFault};

use super::fault::What;
use super::spec::{ConditionSpec, Operator};
use crate::geo::{self, Country};

/// A comparison; one of its values is enough.
#[derive(Debug)]
pub(super) enum Test {
    Any,
    Equal(Vec<Vec<u8>>),
    BeginsWith(Vec<Vec<u8>>),
    EndsWith(Vec<Vec<u8>>),
    Contains(Vec<Finder<'static>>),
    /// The length in bytes stands so to one of the numbers.
    Length(fn(Ordering) -> bool, Vec<usize>),
    /// Patterns, or networks.
    Engine(Vec<EngineOperator>),
    Countries(Vec<Country>),
}

/// A fault of a value, by its place, or of the whole.
type Faults = Vec<(Option<usize>, What)>;

impl Test {
    pub(super) fn new(spec: &ConditionSpec) -> Result<Self, Faults> {
        let name = spec.operator.name();
        if spec.values.is_empty() && spec.operator != Operator::Any {
            return Err(vec![(None, What::NoValue(name))]);
        }
        let texts = || spec.values.iter().map(|value| value.clone().into_bytes()).collect();
        match spec.operator {
            Operator::Any => Ok(Self::Any),
            Operator::Equal => Ok(Self::Equal(texts())),
            Operator::BeginsWith => Ok(Self::BeginsWith(texts())),
            Operator::EndsWith => Ok(Self::EndsWith(texts())),
            Operator::Contains => Ok(Self::Contains(finders(&spec.values))),
            Operator::LessThan => lengths(spec, Ordering::is_lt),
            Operator::GreaterThan => lengths(spec, Ordering::is_gt),
            Operator::LessThanOrEqual => lengths(spec, Ordering::is_le),
            Operator::GreaterThanOrEqual => lengths(spec, Ordering::is_ge),
            Operator::Regex => each(&spec.values, |value| engine("rx", &without_macros(value))).map(Self::Engine),
            Operator::IpMatch => networks(&spec.values),
            Operator::GeoMatch => {
                each(&spec.values, |value| geo::parse(value.trim()).ok_or(What::NotACountry)).map(Self::Countries)
            }
        }
    }

    /// Whether a part's value satisfies it; `country` is the country of an address.
    pub(super) fn matches(&self, value: &[u8], country: impl FnOnce(&[u8]) -> Option<Country>) -> bool {
        match self {
            Self::Any => true,
            Self::Equal(texts) => texts.iter().any(|text| value == text),
            Self::BeginsWith(texts) => texts.iter().any(|text| value.starts_with(text)),
            Self::EndsWith(texts) => texts.iter().any(|text| value.ends_with(text)),
            Self::Contains(finders) => finders.iter().any(|finder| finder.find(value).is_some()),
            Self::Length(stands, numbers) => numbers.iter().any(|number| stands(value.len().cmp(number))),
            Self::Engine(operators) => {
                operators.iter().any(|operator| operator.matches(value, operator.argument().as_bytes(), None))
            }
            Self::Countries(codes) => country(value).is_some_and(|country| codes.contains(&country)),
        }
    }
}

/// Makes something of each value, or tells all that cannot be made.
fn each<T>(values: &[String], make: impl Fn(&str) -> Result<T, What>) -> Result<Vec<T>, Faults> {
    let (mut made, mut faults) = (Vec::new(), Vec::new());
    for (place, value) in values.iter().enumerate() {
        match make(value) {
            Ok(one) => made.push(one),
            Err(what) => faults.push((Some(place), what)),
        }
    }
    if faults.is_empty() { Ok(made) } else { Err(faults) }
}

fn finders(values: &[String]) -> Vec<Finder<'static>> {
    values.iter().map(|value| Finder::new(value).into_owned()).collect()
}

fn lengths(spec: &ConditionSpec, stands: fn(Ordering) -> bool) -> Result<Test, Faults> {
    let number = |value: &str| value.trim().parse().map_err(|_| What::NotANumber(spec.operator.name()));
    each(&spec.values, number).map(|numbers| Test::Length(stands, numbers))
}

/// All networks of a condition are looked through at once.
fn networks(values: &[String]) -> Result<Test, Faults> {
    each(values, |value| {
        // The engine takes lists; a value of ours is one network.
        if value.contains(',') {
            let problem = format!("\"{value}\" is more than one network");
            return Err(What::Operator(OperatorFault::Argument { operator: "ipMatch", problem }));
        }
        engine("ipMatch", value)
    })?;
    let all = engine("ipMatch", &values.join(",")).map_err(|what| vec![(None, what)])?;
    Ok(Test::Engine(vec![all]))
}

fn engine(name: &str, argument: &str) -> Result<EngineOperator, What> {
    EngineOperator::parse(name, argument, &NoFiles).map_err(What::Operator)
}

/// The engine's patterns may hold `%{macros}`, those of Azure may not: the percent sign is written as its number.
fn without_macros(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        let escaped = if character == '\\' { rest.next() } else { None };
        if (character == '%' || escaped == Some('%')) && rest.peek() == Some(&'{') {
            out.push_str("\\x25");
        } else {
            out.push(character);
            out.extend(escaped);
        }
    }
    out
}

/// Values of rules name no files.
struct NoFiles;

impl Environment for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("rules of a policy name no files".to_owned())
    }
}
