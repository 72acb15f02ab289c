//! What is asked and answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question to a running gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Everything on the status board.
    Status,
    /// The health of every server.
    Health,
    /// Read the document again and apply it.
    Reload,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Response {
    /// The status board: its JSON form, and its text form for a terminal.
    Board {
        /// For scripts.
        json: Value,
        /// For people.
        text: String,
    },
    /// What became of a reload.
    Reloaded(Reloaded),
    /// The question was not understood.
    Refused {
        /// Why.
        message: String,
    },
}

/// What became of a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reloaded {
    /// False: the document was refused and nothing changed.
    pub applied: bool,
    /// The revision now in force.
    pub revision: u64,
    /// What changed, or the problems, as text.
    pub text: String,
}
