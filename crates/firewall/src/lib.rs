//! Firewall policies as Azure has them: custom rules, managed rule sets, what is left out of them, size limits, and what
//! is told of it. The rules of rule sets are run by the engine, `waf`.
//!
//! Pure: no sockets, files or clocks. A compiled [`Policy`] is shared by all requests; each request is an
//! [`inspection::Inspection`].
//!
//! Source: Azure, "Web Application Firewall on Application Gateway" (the pages are named where they count), read
//! 2026-11-22.

pub mod policy;
pub mod request;

pub use policy::{Block, Limits, Mode, Policy};
pub use request::Request;
