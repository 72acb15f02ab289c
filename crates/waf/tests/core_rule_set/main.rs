//! The OWASP core rule set, versions 3.3.10 and 4.28.0, unmodified: it loads, its own regression tests pass, and what
//! ordinary clients send is let through.
//!
//! The rule sets are not part of this tree. They are found under `GATEHOUSE_CORPUS`, a folder that holds
//! `waf-corpus`; without them the tests say so and pass.

mod corpus;
mod decisions;
mod loading;
mod regression;
