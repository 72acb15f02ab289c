//! The `gatehouse` command as a user meets it: its output, its exit codes, its files, sockets and signals.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bad_input;
mod certificates;
mod check;
mod command;
mod dev;
mod documents;
mod elsewhere;
mod examples;
mod explain;
mod logs;
mod names;
mod serving;
mod waf;
