//! What a rule asks of a value.
//!
//! One file for each operator or family; [`Operator`] is one of them with its argument, ready to run. Parsing does all
//! that can be done before a request comes; running reads bytes and no file.

mod begins_with;
mod captures;
mod contains;
mod contains_word;
mod digits;
mod ends_with;
mod fault;
mod ip_match;
mod number;
mod pm;
pub(crate) mod rx;
mod streq;
mod validate_byte_range;
mod validate_url_encoding;
mod validate_utf8_encoding;
mod within;
mod work;

#[cfg(test)]
mod tests;

pub use captures::Captures;
pub use fault::OperatorFault;
pub use rx::PatternFault;
pub(crate) use rx::required_byte::commonness;
pub(crate) use work::Work;

use crate::byte_set::ByteSet;
use crate::injection;
use digits::{Kind as NumberKind, Numbers};
use ip_match::Networks;
use number::Comparison;
use pm::Phrases;
use rx::Rx;
use validate_byte_range::Allowed;

/// What an operator may ask for while it is parsed.
pub trait Environment {
    /// The bytes of a file that an argument names, or why it cannot be had.
    fn read(&self, file: &str) -> Result<Vec<u8>, String>;
}

/// An operator with its argument.
#[derive(Debug)]
pub struct Operator {
    name: &'static str,
    argument: String,
    check: Check,
}

#[derive(Debug)]
enum Check {
    Always,
    Never,
    /// A comparison of the value with the argument as it is at run time.
    Text(fn(&[u8], &[u8]) -> bool),
    Number(Comparison),
    /// A property of the value alone.
    Value(fn(&[u8]) -> bool),
    Rx(Rx),
    Phrases(Phrases),
    Networks(Networks),
    Bytes(Allowed),
    Digits(Numbers),
    Sql,
    Xss,
}

impl Operator {
    /// Makes an operator ready. `name` is without `@` and in any case; `argument` is everything behind the blank.
    pub fn parse(name: &str, argument: &str, environment: &dyn Environment) -> Result<Self, OperatorFault> {
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let (name, make) = known.ok_or_else(|| unavailable(name))?;
        Ok(Self { name, argument: argument.to_owned(), check: make(argument, environment)? })
    }

    /// The name as rules write it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The argument as the rule has it, macros not expanded.
    pub fn argument(&self) -> &str {
        &self.argument
    }

    /// Whether a value matches. `argument` is [`Operator::argument`] with its macros expanded; operators that take no
    /// macros do not look at it. Where groups are asked for they are cleared first, and filled on a match.
    pub fn matches(&self, value: &[u8], argument: &[u8], captures: Option<&mut Captures>) -> bool {
        self.look(value, argument, captures, &mut Work::default())
    }

    /// As [`Operator::matches`], and counts what that cost.
    pub(crate) fn look(
        &self,
        value: &[u8],
        argument: &[u8],
        mut captures: Option<&mut Captures>,
        work: &mut Work,
    ) -> bool {
        if let Some(captures) = captures.as_deref_mut() {
            captures.clear();
        }
        let length = value.len() as u64;
        match &self.check {
            Check::Always => true,
            Check::Never => false,
            Check::Text(test) => {
                work.add(length);
                test(value, argument)
            }
            Check::Number(comparison) => comparison.matches(value, argument),
            Check::Value(test) => {
                work.add(length);
                test(value)
            }
            Check::Rx(rx) => rx.matches(value, argument, captures, work),
            Check::Phrases(phrases) => {
                work.add(length * PHRASES);
                phrases.matches(value, captures)
            }
            Check::Networks(networks) => networks.matches(value),
            Check::Bytes(allowed) => {
                work.add(length);
                allowed.matches(value, captures)
            }
            Check::Digits(numbers) => numbers.matches(value, captures, work),
            Check::Sql => store(injection::sql::detect(value, work).as_deref(), captures),
            Check::Xss => {
                work.add(length * MARKUP);
                store(injection::xss::detect(value).then_some(value), captures)
            }
        }
    }

    /// What it costs to get ready for an argument whose macros have been expanded.
    pub(crate) fn expansion_cost(&self, argument: &[u8]) -> u64 {
        match &self.check {
            Check::Rx(rx) => rx.expansion_cost(argument),
            _ => 0,
        }
    }

    /// Texts in small letters of which at least one occurs, case aside, in every value that matches: the material of
    /// a prefilter. `None`: nothing is known, the operator has to run. At most 256 for a pattern; every phrase for a
    /// list of phrases.
    pub fn literals(&self) -> Option<Vec<Vec<u8>>> {
        match &self.check {
            Check::Rx(rx) => rx.literals(),
            Check::Phrases(phrases) => Some(phrases.literals()),
            Check::Text(_) => self.needle().map(|needle| vec![needle.to_ascii_lowercase()]),
            _ => None,
        }
    }

    /// A byte of each of these sets occurs in every value that matches.
    pub(crate) fn required(&self) -> Vec<ByteSet> {
        match &self.check {
            Check::Rx(rx) => rx.required().to_vec(),
            Check::Text(_) => self
                .needle()
                .map(|needle| needle.iter().map(|byte| ByteSet::of(&[*byte])).collect())
                .unwrap_or_default(),
            Check::Xss => vec![injection::xss::REQUIRED],
            _ => Vec::new(),
        }
    }

    /// The text that occurs in every value that matches.
    fn needle(&self) -> Option<&[u8]> {
        let fixed = NEEDLES.contains(&self.name) && !has_macro(&self.argument) && !self.argument.is_empty();
        fixed.then_some(self.argument.as_bytes())
    }
}

/// What a byte costs, against one that a linear-time pattern looks at: in a search for many phrases, and where a value
/// is read as markup from each of five places.
const PHRASES: u64 = 2;
const MARKUP: u64 = 4;

/// Stores what was found as the whole match.
fn store(found: Option<&[u8]>, captures: Option<&mut Captures>) -> bool {
    if let (Some(found), Some(captures)) = (found, captures) {
        captures.push(found);
    }
    found.is_some()
}

/// Whether an argument holds a macro, `%{...}`.
pub(crate) fn has_macro(argument: &str) -> bool {
    argument.split("%{").skip(1).any(|rest| rest.contains('}'))
}

/// The operators whose argument occurs in every value that matches.
const NEEDLES: &[&str] = &["beginsWith", "contains", "containsWord", "endsWith", "streq", "strmatch"];

type Make = fn(&str, &dyn Environment) -> Result<Check, OperatorFault>;

const NAMES: &[(&str, Make)] = &[
    ("beginsWith", |_, _| Ok(Check::Text(begins_with::matches))),
    ("contains", |_, _| Ok(Check::Text(contains::matches))),
    ("containsWord", |_, _| Ok(Check::Text(contains_word::matches))),
    ("detectSQLi", |_, _| Ok(Check::Sql)),
    ("detectXSS", |_, _| Ok(Check::Xss)),
    ("endsWith", |_, _| Ok(Check::Text(ends_with::matches))),
    ("eq", |_, _| Ok(Check::Number(Comparison::Eq))),
    ("ge", |_, _| Ok(Check::Number(Comparison::Ge))),
    ("gt", |_, _| Ok(Check::Number(Comparison::Gt))),
    ("ipMatch", |argument, _| Networks::from_argument(argument).map(Check::Networks)),
    ("ipMatchF", |argument, files| Networks::from_files(argument, files).map(Check::Networks)),
    ("ipMatchFromFile", |argument, files| Networks::from_files(argument, files).map(Check::Networks)),
    ("le", |_, _| Ok(Check::Number(Comparison::Le))),
    ("lt", |_, _| Ok(Check::Number(Comparison::Lt))),
    ("ne", |_, _| Ok(Check::Number(Comparison::Ne))),
    ("noMatch", |_, _| Ok(Check::Never)),
    ("pm", |argument, _| Phrases::from_argument(argument).map(Check::Phrases)),
    ("pmf", |argument, files| Phrases::from_files(argument, files).map(Check::Phrases)),
    ("pmFromFile", |argument, files| Phrases::from_files(argument, files).map(Check::Phrases)),
    ("rx", |argument, _| Rx::parse(argument).map(Check::Rx)),
    ("streq", |_, _| Ok(Check::Text(streq::matches))),
    ("strmatch", |_, _| Ok(Check::Text(contains::matches))),
    ("unconditionalMatch", |_, _| Ok(Check::Always)),
    ("validateByteRange", |argument, _| Allowed::parse(argument).map(Check::Bytes)),
    ("validateNid", |argument, _| Numbers::parse_nid(argument).map(Check::Digits)),
    ("validateUrlEncoding", |_, _| Ok(Check::Value(validate_url_encoding::matches))),
    ("validateUtf8Encoding", |_, _| Ok(Check::Value(validate_utf8_encoding::matches))),
    ("verifyCC", |argument, _| Numbers::parse("verifyCC", NumberKind::Card, argument).map(Check::Digits)),
    ("verifyCPF", |argument, _| Numbers::parse("verifyCPF", NumberKind::Cpf, argument).map(Check::Digits)),
    ("verifySSN", |argument, _| Numbers::parse("verifySSN", NumberKind::Ssn, argument).map(Check::Digits)),
    ("verifySVNR", |argument, _| Numbers::parse("verifySVNR", NumberKind::Svnr, argument).map(Check::Digits)),
    ("within", |_, _| Ok(Check::Text(within::matches))),
];

/// Operators that exist elsewhere and need what an engine without sockets, files and databases has not got.
const UNAVAILABLE: &[(&str, &str)] = &[
    ("fuzzyHash", "a library of similar files"),
    ("geoLookup", "a database of addresses"),
    ("gsbLookup", "a database of malicious sites"),
    ("inspectFile", "a program outside of the gateway"),
    ("rbl", "an answer of the DNS for every request"),
    ("rsub", "a stream that can be rewritten"),
    ("validateDTD", "a schema"),
    ("validateHash", "links signed by the gateway"),
    ("validateSchema", "a schema"),
];

/// The fault for a name that is not in the list of operators.
fn unavailable(name: &str) -> OperatorFault {
    match UNAVAILABLE.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((operator, needs)) => OperatorFault::Unavailable { operator, needs },
        None => OperatorFault::Unknown(name.to_owned()),
    }
}
