//! `gatehouse export`: a document in canonical form.

use super::{PROBLEMS, usage};
use crate::cli::{Export, ExportFormat};
use crate::documents::{Purpose, load};
use crate::terminal;

pub(super) fn run(args: &Export) -> u8 {
    let loaded = match load(&args.documents, &Purpose::default()) {
        Ok(loaded) => loaded,
        Err(unreadable) => return usage(&unreadable),
    };
    let Some(document) = &loaded.document else {
        terminal::note(&loaded.problems_text(terminal::colour()));
        return PROBLEMS;
    };
    let options = model::export::ExportOptions { extensions: args.keep_extensions, ..Default::default() };
    let exported = model::export::export(document, &options);
    terminal::out(&match args.format {
        ExportFormat::Arm => exported.to_json(),
        ExportFormat::Yaml => exported.to_yaml(),
    });
    for path in &exported.left_out {
        terminal::note(&format!("left out, Azure does not have it: {path}"));
    }
    0
}
