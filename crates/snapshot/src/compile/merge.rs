//! All problems of a document as one list: those of reading and those of compiling.

use model::problem::{Problem, Problems, Severity, codes};
use tls::certificate::codes as certificate;

use super::codes::{CERTIFICATE_DATA_MISSING, LISTENER_WITHOUT_RULE, NOT_USED, NOTHING_SERVED, POOL_EMPTY};

/// Errors after which values of a template are not known: where they belong, nothing stands.
const UNKNOWN_VALUES: &[&str] = &[
    codes::EXPRESSION_OUTSIDE_TEMPLATE,
    codes::EXPRESSION_SYNTAX,
    codes::UNKNOWN_FUNCTION,
    codes::FUNCTION_ARGUMENTS,
    codes::NOT_KNOWN_BEFORE_DEPLOYMENT,
    codes::PARAMETER_MISSING,
    codes::PARAMETER_VALUE,
    codes::VARIABLE_UNKNOWN,
    codes::CIRCULAR_EXPRESSION,
    codes::PROPERTY_NOT_FOUND,
    codes::RESOURCE_NOT_FOUND,
    codes::INVALID_COPY,
    codes::INVALID_TEMPLATE,
    codes::TEMPLATE_TOO_COMPLEX,
];

/// Problems that say something is absent, which nobody can tell while values are not known.
const ABSENCES: &[&str] = &[
    codes::MISSING_PROPERTY,
    codes::MISSING_NAME,
    NOT_USED,
    NOTHING_SERVED,
    LISTENER_WITHOUT_RULE,
    POOL_EMPTY,
    CERTIFICATE_DATA_MISSING,
    certificate::CLIENT_CA_MISSING,
    certificate::PFX_PASSWORD_MISSING,
    certificate::KEY_PASSWORD_MISSING,
];

/// Puts both lists together in the order of the text. A property that reading refused is absent for
/// compiling; that echo is dropped, since the first report says all there is to do. So is what seems absent
/// because a template could not be worked out.
pub fn merged(reading: Problems, compiled: Problems) -> Problems {
    if reading.more() + compiled.more() > 0 {
        // More than a collector keeps: counts have to stay right, order is of no help any more.
        let mut all = reading;
        all.append(compiled);
        return all;
    }
    let refused: Vec<&Problem> = reading.errors().collect();
    let mut list: Vec<Problem> = compiled.iter().filter(|problem| !is_echo(problem, &refused)).cloned().collect();
    list.extend(reading.iter().cloned());
    if reading.errors().any(|problem| UNKNOWN_VALUES.contains(&problem.code)) {
        list.retain(|problem| !ABSENCES.contains(&problem.code));
    }
    // Stable: what stands in no text keeps its order, at the end.
    list.sort_by_key(|problem| (problem.span.is_none(), problem.span));
    let mut all = Problems::new();
    list.into_iter().for_each(|problem| all.push(problem));
    all
}

/// Whether a property is missed that reading reported as wrong.
fn is_echo(problem: &Problem, refused: &[&Problem]) -> bool {
    let property = problem.expected.as_deref().and_then(|expected| expected.split('"').nth(1));
    let (Some(property), true) = (property, problem.code == codes::MISSING_PROPERTY) else { return false };
    let owner = problem.path.strip_suffix(".name").unwrap_or(&problem.path);
    let is_there = |path: &str| {
        let inside = path.strip_prefix(owner).is_some_and(|rest| rest.starts_with('.'));
        inside && path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(property))
    };
    // What has to be there is missed by both.
    let is_missed = |error: &Problem| {
        error.code == problem.code && error.path == problem.path && error.expected == problem.expected
    };
    problem.severity == Severity::Error && refused.iter().any(|error| is_there(&error.path) || is_missed(error))
}

#[cfg(test)]
mod tests {
    use model::At;

    use super::*;

    #[test]
    fn nothing_is_said_to_be_absent_while_a_template_cannot_be_worked_out() {
        let at = At::default();
        let compiled = || {
            let mut problems = Problems::new();
            problems.push(Problem::warning(NOT_USED, &at, "nothing uses the pool"));
            problems.push(Problem::warning(NOTHING_SERVED, &at, "the gateway has no rules"));
            problems.push(Problem::error(codes::MISSING_PROPERTY, &at, "no port"));
            problems.push(Problem::error(codes::OUT_OF_RANGE, &at, "too large"));
            problems
        };
        let read = |code| {
            let mut problems = Problems::new();
            problems.push(Problem::error(code, &at, "not known"));
            problems
        };
        let codes_of = |problems: Problems| -> Vec<_> { problems.iter().map(|problem| problem.code).collect() };
        for code in UNKNOWN_VALUES {
            assert_eq!(codes_of(merged(read(code), compiled())), [codes::OUT_OF_RANGE, code], "{code}");
        }
        assert_eq!(codes_of(merged(read(codes::TYPE_MISMATCH), compiled())).len(), 5);
    }
}
