//! What a stage expects.

use regex_automata::meta::Regex;

use super::fields::{Fields, number};
use crate::expected::Expected;
use crate::yaml::Yaml;

pub(super) fn read(node: &Yaml) -> Result<Expected, String> {
    let mut fields = Fields::of("output", node)?;
    let mut expected = match fields.take("log") {
        None | Some(Yaml::Null) => Expected::default(),
        Some(log) => read_log(log)?,
    };
    expected.status = status(&mut fields)?;
    expected.error = fields.switch("expect_error")?.unwrap_or(false);
    expected.response_contains = fields.text("response_contains")?.filter(|text| !text.is_empty()).map(str::to_owned);
    expected.retries_once = fields.switch("retry_once")?.unwrap_or(false);
    expected.is_isolated = fields.switch("isolated")?.unwrap_or(false);
    let contains = pattern(&mut fields, "log_contains")?;
    let not = pattern(&mut fields, "no_log_contains")?;
    fields.end()?;
    // The older keys count where the newer ones say nothing.
    if expected.ids.is_empty() && expected.log.is_none() {
        expected.log = contains;
    }
    if expected.no_ids.is_empty() && expected.no_log.is_none() {
        expected.no_log = not;
    }
    if expected.is_isolated && expected.ids.len() != 1 {
        return Err("output: isolated without one expected rule alone".to_owned());
    }
    Ok(expected)
}

fn read_log(node: &Yaml) -> Result<Expected, String> {
    let mut fields = Fields::of("log", node)?;
    let expected = Expected {
        ids: fields.numbers("expect_ids")?,
        no_ids: fields.numbers("no_expect_ids")?,
        log: pattern(&mut fields, "match_regex")?,
        no_log: pattern(&mut fields, "no_match_regex")?,
        ..Expected::default()
    };
    fields.end()?;
    Ok(expected)
}

/// One status or a list of them.
fn status(fields: &mut Fields<'_>) -> Result<Vec<u16>, String> {
    let nodes = match fields.take("status") {
        None | Some(Yaml::Null) => &[][..],
        Some(Yaml::List(items)) => items,
        Some(other) => std::slice::from_ref(other),
    };
    let one = |node: &Yaml| {
        let status = number(node).filter(|status: &u16| (100..=999).contains(status));
        status.ok_or_else(|| "output: a status that is none".to_owned())
    };
    nodes.iter().map(one).collect()
}

fn pattern(fields: &mut Fields<'_>, key: &str) -> Result<Option<Regex>, String> {
    let Some(text) = fields.text(key)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    Regex::new(text).map(Some).map_err(|error| format!("{key}: {text:?} is no pattern: {error}"))
}
