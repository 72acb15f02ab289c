//! Real programs through a gateway: their own clients and servers, which know nothing of it.
//!
//! A module for each, named as `cargo xtask programs` names it. Where a program is not there, its tests say so and
//! prove nothing.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod mariadb;
mod postgresql;
mod postgresql_direct;
mod redis;
mod smtp;
mod ssh;
