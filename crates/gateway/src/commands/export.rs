//! `gatehouse export`: a document in canonical form.

use super::{PROBLEMS, usage};
use crate::cli::{Export, ExportFormat};
use crate::documents::{Purpose, load};
use crate::terminal;

pub(super) fn run(args: &Export) -> u8 {
    let loaded = match load(&args.documents, Purpose::default()) {
        Ok(loaded) => loaded,
        Err(unreadable) => return usage(&unreadable),
    };
    let Some(document) = &loaded.document else {
        terminal::note(&loaded.problems_text(terminal::colour()));
        return PROBLEMS;
    };
    let options = model::export::ExportOptions { extensions: args.keep_extensions, ..Default::default() };
    let exported = match args.format {
        ExportFormat::Arm => model::export::to_json(document, &options),
        ExportFormat::Yaml => model::export::to_yaml(document, &options),
    };
    terminal::out(&exported.text);
    for stripped in &exported.stripped {
        terminal::note(&format!("left out, Azure does not have it: {stripped}"));
    }
    0
}
