//! The baseline, as a client meets it: attacks are refused, what ordinary clients send passes.

mod attacks;
mod beside_core_rule_set;
mod ordinary;
mod request;
mod rules;

// What the engine's own tests read the public rule sets with.
#[allow(dead_code, reason = "shared with the engine's tests, which use all of it")]
#[path = "../../../waf/tests/core_rule_set/corpus.rs"]
mod corpus;
