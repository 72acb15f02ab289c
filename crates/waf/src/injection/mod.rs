//! Whether a value is an attack on a database or a page: `@detectSQLi` and `@detectXSS`.
//!
//! Both follow libinjection, because rules and their scores were tuned on its verdicts: the same tokens, the same
//! folding, the same fingerprints, the same lists of tags and attributes. The code is ours; the word lists are
//! libinjection's (see `NOTICE`). Work is linear in the value, and nothing is kept between values.

pub(crate) mod sql;
pub(crate) mod xss;

#[cfg(test)]
mod vectors;
