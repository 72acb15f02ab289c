//! The pages of the logs have every field of their rows and no other, and every word of the lists in them.

#![allow(clippy::unwrap_used, reason = "helpers of tests; a failure is meant to end the test")]

mod findings;
mod page;
mod requests;
mod sessions;
