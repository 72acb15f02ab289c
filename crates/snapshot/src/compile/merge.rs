//! All problems of a document as one list: those of reading and those of compiling.

use model::problem::{Problem, Problems, Severity, codes};

/// Puts both lists together in the order of the text. A property that reading refused is absent for
/// compiling; that echo is dropped, since the first report says all there is to do.
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
    problem.severity == Severity::Error && refused.iter().any(|error| is_there(&error.path))
}
