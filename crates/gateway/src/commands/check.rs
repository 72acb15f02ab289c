//! `gatehouse check`: every problem of a document at once.

use model::problem::{render_json, render_sarif};

use super::{PROBLEMS, usage};
use crate::cli::{Check, Format, Target};
use crate::documents::{Purpose, load};
use crate::terminal;

pub(super) fn run(args: &Check) -> u8 {
    let azure = args.target == Target::Azure;
    let loaded = match load(&args.documents, Purpose { loopback: false, azure }) {
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
            }
        }
    }
    if loaded.problems.has_errors() { PROBLEMS } else { 0 }
}
