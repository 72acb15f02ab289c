//! Problems for people: place, excerpt with caret, and what would do.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::source::Sources;

use super::place::Places;
use super::{Problem, Problems, Severity};

/// How to show problems as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// Use colours, for terminals.
    pub color: bool,
}

/// All problems as text, one after the other.
pub fn render_text(problems: &Problems, sources: &Sources, options: &TextOptions) -> String {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let places = Places::new(problems, sources);
    let mut out = String::new();
    for problem in problems.iter() {
        out.push_str(&one(problem, &places, &renderer));
        out.push_str("\n\n");
    }
    if problems.more() > 0 {
        out.push_str(&format!("... and {} more problems\n", problems.more()));
    }
    out
}

fn one(problem: &Problem, places: &Places<'_>, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(problem.message.clone()).id(problem.code));
    if let Some(span) = problem.span {
        let name = places.name(span).to_owned();
        let (line, column) = places.line_column(span.source, span.start);
        let excerpt = places.excerpt(span).filter(|excerpt| !excerpt.line.trim().is_empty());
        let whole_line = excerpt.as_ref().is_some_and(|excerpt| !excerpt.cut);
        if !whole_line {
            group = group.element(Origin::path(name.clone()).line(line).char_column(column));
        }
        if let Some(excerpt) = excerpt {
            let caret = AnnotationKind::Primary.span(excerpt.range);
            let snippet = Snippet::source(excerpt.line).line_start(line).annotation(caret);
            group = group.element(if whole_line { snippet.path(name) } else { snippet });
        }
    }
    if !problem.path.is_empty() {
        group = group.element(Level::NOTE.message(format!("at {}", problem.path)));
    }
    if let Some(found) = &problem.found {
        group = group.element(Level::NOTE.message(format!("found {found}")));
    }
    if let Some(expected) = &problem.expected {
        group = group.element(Level::NOTE.message(format!("expected {expected}")));
    }
    if let Some(suggestion) = &problem.suggestion {
        group = group.element(Level::HELP.message(format!("did you mean {suggestion:?}?")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.clone()));
    }
    renderer.render(&[group])
}
