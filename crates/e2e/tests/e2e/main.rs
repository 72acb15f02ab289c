//! Whole-gateway tests on real sockets: one gateway, fake servers and raw clients in each test.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod hosts;
mod override_path;
mod paths;
mod redirects;
