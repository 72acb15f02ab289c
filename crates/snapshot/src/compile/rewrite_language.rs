//! The language of rewrite sets, checked by the crate that runs it; here its errors become problems.

use model::Problem;
use model::schema::{Field, Opt};
use rewrite::{Condition, Note, Pattern, Server, Template, UnknownVariable, Variable};

use super::codes;
use super::context::{Context, is_on};

/// The variable of a condition.
pub(super) fn variable(context: &mut Context<'_>, field: &Field<String>) -> Option<Variable> {
    let parsed = Variable::parse(&field.value);
    parsed.map_err(|error| unknown(context, field, &error)).ok()
}

/// A value with tokens, in a rule with these conditions.
pub(super) fn template(context: &mut Context<'_>, field: &Field<String>, conditions: &[Condition]) -> Option<Template> {
    let template = Template::parse(&field.value, conditions).map_err(|error| unknown(context, field, &error)).ok()?;
    for note in template.notes() {
        let problem = Problem::warning(codes::TOKEN_EMPTY, &field.at, note.to_string());
        let help = match note {
            Note::NoSuchGroup { .. } => "groups are counted from 1, by their opening parentheses",
            Note::NoCondition { .. } => "a capture needs a condition of the same rule that is not negated",
            Note::NotAvailable { .. } => "servers get the header all the same, and the access log has its value",
        };
        context.problems.push(problem.help(help));
    }
    Some(template)
}

/// A pattern; whether case matters stands beside it.
pub(super) fn pattern(context: &mut Context<'_>, field: &Field<String>, ignore_case: &Opt<bool>) -> Option<Pattern> {
    match Pattern::new(&field.value, is_on(ignore_case)) {
        Ok(pattern) => Some(pattern),
        Err(reason) => {
            let message = format!("this is not a pattern: {reason}");
            let problem = Problem::error(codes::INVALID_PATTERN, &field.at, message);
            let help = "patterns are of the RE2 kind: no look-around, no back-references";
            context.problems.push(problem.found(format!("{:?}", field.value)).help(help));
            None
        }
    }
}

/// Checks a pattern that something else runs.
pub(super) fn check_pattern(context: &mut Context<'_>, field: &Field<String>) {
    pattern(context, field, &None);
}

fn unknown(context: &mut Context<'_>, field: &Field<String>, error: &UnknownVariable) {
    let bare = error.name.strip_prefix("var_").unwrap_or(&error.name).replace('-', "_");
    let nearest = model::problem::nearest(&bare, Server::ALL.iter().map(|variable| variable.name()));
    let problem = Problem::error(codes::UNKNOWN_VARIABLE, &field.at, "there is no such variable");
    let expected = "http_req_<header>, http_resp_<header> or var_<server variable>";
    let problem = problem.found(format!("{:?}", error.name)).expected(expected);
    context.problems.push(problem.suggest(nearest.map(|name| format!("var_{name}"))));
}
