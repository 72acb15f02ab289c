//! A policy, compiled.

use std::sync::Arc;

use crate::managed::bots::Bots;
use crate::managed::{Action, Managed};
use crate::scrubbing::Scrubbing;
use crate::{challenge, custom};

/// What a policy does with what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It tells.
    #[default]
    Detection,
    /// It blocks.
    Prevention,
}

/// What of a request is looked at, and how large it may be.
///
/// Source: `application-gateway-waf-request-size-limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bodies are inspected (`requestBodyCheck`). Default true.
    pub inspects_body: bool,
    /// Bytes of a body that rules see (`requestBodyInspectLimitInKB`). Default 128 KiB.
    pub inspected_body: usize,
    /// The largest body without files, in bytes; `None`: not enforced. Default 128 KiB.
    pub max_body: Option<u64>,
    /// The largest upload, in bytes; enforced from 4 KiB above it. `None`: not enforced. Default 100 MiB.
    pub max_upload: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { inspects_body: true, inspected_body: 128 << 10, max_body: Some(128 << 10), max_upload: Some(100 << 20) }
    }
}

/// What a blocked request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The status. Default 403.
    pub status: u16,
    /// The policy's own body; `None`: the gateway's page.
    pub body: Option<Arc<[u8]>>,
}

impl Default for Block {
    fn default() -> Self {
        Self { status: 403, body: None }
    }
}

/// A policy that can be run.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: Arc<str>,
    /// Its resource id.
    pub id: Arc<str>,
    /// Whether it blocks.
    pub mode: Mode,
    /// What it looks at.
    pub limits: Limits,
    /// How it blocks.
    pub block: Block,
    /// Rules of the operator's own.
    pub custom: custom::Rules,
    /// How long an answered challenge counts.
    pub clearance: challenge::Lifetimes,
    /// Rule sets.
    pub managed: Managed,
    /// What logs do not tell.
    pub scrubbing: Scrubbing,
}

impl Policy {
    /// Whether a rule of it challenges clients.
    #[must_use]
    pub fn challenges(&self) -> bool {
        let of_bots = |bots: &Bots| bots.choice.rules.values().any(|rule| rule.action == Action::JsChallenge);
        self.custom.challenge() || self.managed.bots.as_ref().is_some_and(of_bots)
    }
}
