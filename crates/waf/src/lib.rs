//! The firewall's engine: reads rules, inspects a request, says what it found and why.
//!
//! It knows rules and bytes; sockets, files, clocks and Azure's words are other crates' business.
//!
//! Text becomes a [`seclang::Document`], a document with a policy's [`program::Options`] becomes a
//! [`program::Program`], which all requests share; each request is a [`transaction::Transaction`], and what comes of it
//! is a [`verdict::Verdict`].
//!
//! ```
//! use std::sync::Arc;
//! use waf::program::{Library, Options, Program};
//! use waf::seclang::{Document, Reader};
//! use waf::transaction::{Head, Transaction};
//!
//! struct NoFiles;
//! impl Reader for NoFiles {
//!     fn read(&self, _: &str) -> Result<Vec<u8>, String> {
//!         Err("there are no files".to_owned())
//!     }
//!     fn list(&self, _: &str) -> Result<Vec<String>, String> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! let rules = r#"SecRule ARGS "@contains ../" "id:1,phase:1,deny,status:403,msg:'found in %{MATCHED_VAR_NAME}'""#;
//! let document = Document::parse("example.conf", rules, &NoFiles).expect("rules that can be read");
//! let program = Program::compile(&document, &Options::default(), &NoFiles, &mut Library::new());
//! let program = Arc::new(program.expect("rules that fit together"));
//!
//! let head = Head {
//!     method: b"GET",
//!     target: b"/?file=../../etc/passwd",
//!     protocol: "HTTP/1.1",
//!     remote: [192, 0, 2, 1].into(),
//!     remote_port: 40_000,
//!     unique_id: "42",
//! };
//! let mut transaction = Transaction::new(&program, &head, [(&b"Host"[..], &b"www.example.com"[..])]);
//! transaction.request_head();
//! assert!(transaction.stopped().is_some());
//! let verdict = transaction.finish(0);
//! assert_eq!(verdict.matches[0].message, "found in ARGS:file");
//! ```

pub mod body;
pub mod operators;
pub mod transformations;

mod actions;
mod byte_set;
mod injection;
pub mod program;
pub mod seclang;
pub mod transaction;
pub mod variables;
pub mod verdict;

pub use actions::{Phase, Severity};

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod vectors;
