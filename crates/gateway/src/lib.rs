//! The gateway as a library: what the `gatehouse` command is made of, and what whole-gateway tests start in-process.
//!
//! Wiring only: files to texts, texts to a snapshot, a snapshot to threads. What a document means is decided in
//! `model` and `snapshot`, what happens to a request in `proxy`.

pub mod affinity;
pub mod certificates;
pub mod cli;
pub mod commands;
pub mod dev_ca;
pub mod documents;
pub mod error_pages;
pub mod inputs;
mod kept;
pub mod last_good;
pub mod names;
pub mod rule_folder;
pub mod rule_sets;
pub mod running;
pub mod sample;
pub mod site_files;
pub mod terminal;
pub mod tickets;
mod tokens;
pub mod watch;

pub use running::{Running, Settings, StartError};
