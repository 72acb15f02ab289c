//! `gatehouse diff`: what differs between two documents, by name and not by place in a list.

use std::path::Path;

use model::export::diff;
use model::{Document, Source};

use super::{PROBLEMS, usage};
use crate::cli::Diff;
use crate::documents::{Loaded, Purpose, load_texts, read_file};
use crate::terminal;

pub(super) fn run(args: &Diff) -> u8 {
    let (before, after) = match (open(&args.before), open(&args.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(code), _) | (_, Err(code)) => return code,
    };
    let changes = diff(&before, &after);
    for change in &changes {
        let line = match (&change.before, &change.after) {
            (None, Some(after)) => format!("+ {}: {after}\n", change.path),
            (Some(before), None) => format!("- {}: {before}\n", change.path),
            (before, after) => {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                format!("~ {}: {} -> {}\n", change.path, text(before), text(after))
            }
        };
        terminal::out(&line);
    }
    terminal::out(&format!("{}\n", terminal::count(changes.len(), "difference")));
    0
}

fn open(path: &Path) -> Result<Document, u8> {
    let text = read_file(path).map_err(|unreadable| usage(&unreadable))?;
    let loaded: Loaded =
        load_texts(vec![Source::new(path.display().to_string(), text)], None, None, Purpose::default());
    let colour = terminal::colour();
    let text = loaded.problems_text(colour);
    loaded.document.ok_or_else(|| {
        terminal::note(&text);
        PROBLEMS
    })
}
