//! Regression tests of firewall rules, in the format of go-ftw: files are read strictly, requests are completed as that
//! runner completes them, and what was found is held against what the tests expect.
//!
//! A tool of developers: nothing that ships depends on it. Both generations of the format are read, the one with
//! `test_title`, `stage` and `log_contains`, and the one with `rule_id`, `test_id` and `log`. What is not understood
//! (a key, a template function, a shape) is a [`Fault`] of its test, never passed over.
//!
//! It sends nothing: a [`Stage`] gives the bytes of its requests, and [`Expected`] judges an [`Observed`].
//!
//! Source: the format's description `coreruleset/ftw-tests-schema` and the runner `coreruleset/go-ftw`, read
//! 2026-11-22.

mod expected;
mod folder;
mod form;
mod reader;
mod request;
mod template;
mod yaml;

pub use expected::{Answer, Expected, Observed};
pub use folder::{Folder, read_folder};
pub use regex_automata::meta::Regex as Pattern;

pub use reader::{Fault, Stage, Test, read};
pub use request::{Parts, Request};
