//! Files to tests. Every key is known or a fault.

mod fields;
mod input;
mod output;

use thiserror::Error;

use crate::expected::Expected;
use crate::request::Request;
use crate::yaml::Yaml;
use fields::Fields;

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    /// `942100-1`: the rule and the number; the second of this name in its file is `942100-1 (2)`.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// What is sent, one after the other; all of it has to go as expected.
    pub stages: Vec<Stage>,
    /// The file says that its tests are not to be run (`enabled: false` of the older format; the newer ignores it).
    pub is_disabled: bool,
}

/// A part of a test.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What is sent; several with `uris`, all with the same expectation.
    pub requests: Vec<Request>,
    /// It goes where the answer of the stage before it says.
    pub follows_redirect: bool,
    /// It asks for TLS.
    pub is_secure: bool,
    /// What has to come of each request.
    pub expected: Expected,
}

/// A file or test that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}{}{test}: not understood: {why}", if test.is_empty() { "" } else { ", " })]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The test, as far as it has a name; empty for the file as a whole.
    pub test: String,
    /// What it is.
    pub why: String,
}

/// Reads a file: its tests, and what of it is not understood.
#[must_use]
pub fn read(file: &str, text: &str) -> (Vec<Test>, Vec<Fault>) {
    let fault = |test: &str, why: String| Fault { file: file.to_owned(), test: test.to_owned(), why };
    let document = match Yaml::parse(text) {
        Ok(Some(document)) => document,
        // A file of comments holds no test.
        Ok(None) => return (Vec::new(), Vec::new()),
        Err(why) => return (Vec::new(), vec![fault("", why)]),
    };
    let (rule, is_disabled, tests) = match head(file, &document) {
        Ok(head) => head,
        Err(why) => return (Vec::new(), vec![fault("", why)]),
    };
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (at, test) in tests.iter().enumerate() {
        let mut name = self::name(test, rule.as_deref(), at + 1);
        // Numbers that stand twice are a slip of the file, and both tests count.
        let twins =
            tests[..at].iter().enumerate().filter(|(at, other)| self::name(other, rule.as_deref(), at + 1) == name);
        match twins.count() {
            0 => {}
            twins => name.push_str(&format!(" ({})", twins + 1)),
        }
        match self::test(test) {
            Ok(stages) => read.push(Test { name, file: file.to_owned(), stages, is_disabled }),
            Err(why) => faults.push(fault(&name, why)),
        }
    }
    (read, faults)
}

/// The rule's number, whether the tests are switched off, and the tests.
fn head<'y>(file: &str, document: &'y Yaml) -> Result<(Option<String>, bool, &'y [Yaml]), String> {
    let mut fields = Fields::of("the file", document)?;
    // What describes the file stands beside `meta` where it was not indented, and says nothing of the tests.
    let outside = describe(&mut fields)?;
    let inside = match fields.take("meta") {
        None | Some(Yaml::Null) => true,
        Some(meta) => {
            let mut meta = Fields::of("meta", meta)?;
            let enabled = describe(&mut meta)?;
            meta.end()?;
            enabled
        }
    };
    let rule = fields.number("rule_id")?;
    let tests = fields.list("tests")?.unwrap_or_default();
    fields.end()?;
    // Rules are named by the file where it does not say them.
    let is_disabled = rule.is_none() && !(outside && inside);
    let rule = rule.map(|rule| rule.to_string()).or_else(|| first_number(file));
    Ok((rule, is_disabled, tests))
}

/// The keys of `meta`; whether the tests are on.
fn describe(meta: &mut Fields<'_>) -> Result<bool, String> {
    for key in ["author", "name", "description", "version"] {
        meta.text(key)?;
    }
    meta.list("tags")?;
    Ok(meta.switch("enabled")?.unwrap_or(true))
}

fn first_number(file: &str) -> Option<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let begin = name.find(|c: char| c.is_ascii_digit())?;
    let digits = name[begin..].split(|c: char| !c.is_ascii_digit()).next()?;
    Some(digits.to_owned())
}

/// `942100-1`, from whatever there is of it.
fn name(test: &Yaml, rule: Option<&str>, position: usize) -> String {
    let Yaml::Map(entries) = test else { return format!("{}-{position}", rule.unwrap_or("?")) };
    let text = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    match (text("test_id"), text("test_title")) {
        (Some(Yaml::Text(id)), _) => format!("{}-{id}", rule.unwrap_or("?")),
        (_, Some(Yaml::Text(title))) => title.clone(),
        _ => format!("{}-{position}", rule.unwrap_or("?")),
    }
}

fn test(test: &Yaml) -> Result<Vec<Stage>, String> {
    let mut fields = Fields::of("a test", test)?;
    fields.number("test_id")?;
    for key in ["test_title", "desc", "description"] {
        fields.text(key)?;
    }
    fields.list("tags")?;
    let stages = fields.list("stages")?.ok_or("no stages")?;
    fields.end()?;
    if stages.is_empty() {
        return Err("no stages".to_owned());
    }
    let stages: Vec<Stage> = stages.iter().map(stage).collect::<Result<_, _>>()?;
    if stages.first().is_some_and(|stage| stage.follows_redirect) {
        return Err("the first stage has no redirect to follow".to_owned());
    }
    Ok(stages)
}

fn stage(stage: &Yaml) -> Result<Stage, String> {
    let mut fields = Fields::of("a stage", stage)?;
    if let Some(inner) = fields.take("stage") {
        fields.end()?;
        fields = Fields::of("a stage", inner)?;
    }
    fields.text("description")?;
    let input = fields.take("input").ok_or("a stage without input")?;
    // A stage without an output, or with an empty one, wants an answer and no more: the next may build on it.
    let output = fields.take("output").filter(|output| **output != Yaml::Null);
    fields.end()?;
    let input = input::read(input)?;
    let expected = output.map_or_else(|| Ok(Expected::default()), output::read)?;
    Ok(Stage {
        requests: input.requests,
        follows_redirect: input.follows_redirect,
        is_secure: input.is_secure,
        expected,
    })
}

#[cfg(test)]
mod tests;
