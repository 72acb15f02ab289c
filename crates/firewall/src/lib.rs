//! Firewall policies as Azure has them: custom rules, managed rule sets, what is left out of them, size limits, and
//! what is told of it. The rules of rule sets are run by the engine, `waf`.
//!
//! Pure: no sockets, files or clocks. A compiled [`Policy`] is shared by all requests; each request is an
//! [`inspection::Inspection`].
//!
//! Source: Azure, "Web Application Firewall on Application Gateway" (the pages are named where they count), read
//! 2026-11-22.

pub mod baseline;
pub mod challenge;
pub mod custom;
pub mod events;
pub mod exceptions;
pub mod exclusions;
pub mod explain;
pub mod geo;
pub mod inspection;
pub mod legacy;
pub mod managed;
pub mod policy;
pub mod rate;
pub mod request;
pub mod scrubbing;
pub mod selection;

pub use policy::{Block, Limits, Mode, Policy};
pub use request::Request;

#[cfg(test)]
mod corpus;
