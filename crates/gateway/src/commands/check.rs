//! `gatehouse check`: every problem of a document at once.

use std::sync::Arc;

use model::Document;
use model::problem::{render_json, render_sarif};
use snapshot::compile::codes::IGNORED_BY_AZURE;

use super::{PROBLEMS, usage};
use crate::cli::{Check, Format, Target};
use crate::documents::{Loaded, Purpose, load};
use crate::error_pages::ErrorPages;
use crate::terminal;

pub(super) fn run(args: &Check) -> u8 {
    let azure = args.target == Target::Azure;
    let pages = args.fetch.then(|| Arc::new(ErrorPages::in_memory()));
    let loaded = match load(&args.documents, &Purpose { azure, pages, ..Purpose::default() }) {
        Ok(loaded) => loaded,
        Err(unreadable) => return usage(&unreadable),
    };
    match args.format {
        Format::Json => terminal::out(&render_json(&loaded.problems, &loaded.sources)),
        Format::Sarif => terminal::out(&render_sarif(&loaded.problems, &loaded.sources)),
        Format::Text => {
            terminal::out(&loaded.problems_text(terminal::colour_out()));
            if let Some(snapshot) = &loaded.snapshot {
                terminal::out(&format!(
                    "{}: ok, {}, {}, {}\n",
                    snapshot.identity.name,
                    terminal::count(snapshot.listeners.len(), "listener"),
                    terminal::count(snapshot.rules.len(), "rule"),
                    terminal::count(snapshot.pools.len(), "pool"),
                ));
            } else if azure && !loaded.problems.has_errors() {
                terminal::out(&taken_by_azure(&loaded));
            }
        }
    }
    if loaded.problems.has_errors() { PROBLEMS } else { 0 }
}

/// What stands at the end when Azure has nothing against the document.
fn taken_by_azure(loaded: &Loaded) -> String {
    let name = loaded.document.as_ref().map(Document::name).filter(|name| !name.is_empty());
    let ignored = loaded.problems.iter().filter(|problem| problem.code == IGNORED_BY_AZURE).count();
    let extensions = match ignored {
        0 => String::new(),
        _ => format!(" and ignore {}", terminal::count(ignored, "extension")),
    };
    format!("{}: Azure would take it{extensions}\n", name.unwrap_or("gateway"))
}

#[cfg(test)]
mod tests {
    use model::Source;

    use super::*;
    use crate::documents::load_texts;
    use crate::sample::DOCUMENT;

    #[test]
    fn what_azure_would_take_is_said_with_what_it_would_ignore() {
        let extended =
            DOCUMENT.replacen("\"properties\": {", "\"properties\": {\"gatehouse\": {\"maxRetries\": 1},", 1);
        for (text, expected) in
            [(DOCUMENT, "dev: Azure would take it\n"), (&extended, "dev: Azure would take it and ignore 1 extension\n")]
        {
            let purpose = Purpose { azure: true, ..Purpose::default() };
            let loaded = load_texts(vec![Source::new("gateway.json", text)], None, None, purpose);
            assert_eq!(taken_by_azure(&loaded), expected, "{}", loaded.problems_text(false));
        }
    }
}
