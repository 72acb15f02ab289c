//! Bearer tokens: which are good, and who they say is asking.
//!
//! A [`Policy`] says which tokens are good, [`Keys`] are the public keys of those who issue them, and a [`Store`] gets
//! the keys and keeps them fresh for all workers. Nothing here opens a socket: documents come through a function that
//! the store is given. Cryptography is the `jsonwebtoken` crate's, on aws-lc-rs.
//!
//! Source: Azure, "JSON Web Token (JWT) validation in Azure Application Gateway" (json-web-token-overview), read
//! 2026-11-22; RFC 7515, 7517, 7518 and 7519.

mod check;
mod claims;
mod discovery;
mod keys;
mod policy;
mod source;
mod store;
mod token;

#[cfg(test)]
mod fixtures;

pub use check::Verdict;
pub use keys::{Keys, KeysError, LARGEST as LARGEST_DOCUMENT};
pub use policy::{Action, Guid, Issuer, KeySource, Policy, Tenant};
pub use source::SourceStatus;
pub use store::{Fetch, Fetching, Store};
