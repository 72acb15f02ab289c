//! The endpoint: what becomes of an answer to a puzzle.

use std::borrow::Cow;
use std::time::Duration;

use super::puzzle::Flaw;
use super::{Clearances, Kind, host, is_from_elsewhere};
use crate::events::{Action, Event};
use crate::request::Request;

/// The largest answer, in bytes; those of the page's script have about 140. Who reads it may stop one byte later.
pub const MAX_ANSWER: usize = 1024;

/// Why an answer gives no clearance. The gateway answers 403 with [`Refusal::reason`] as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Answers are sent with POST.
    Method,
    /// It has more than [`MAX_ANSWER`] bytes.
    TooLarge,
    /// A page of another origin sends it, or the client does not say which.
    Origin,
    /// It holds no puzzle of ours for this client and host: forged, or the client's address has changed.
    Puzzle,
    /// The puzzle's two minutes are over.
    Old,
    /// The number does not solve the puzzle.
    Wrong,
}

impl Refusal {
    /// A word for it, which the page's script shows.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::TooLarge => "size",
            Self::Origin => "origin",
            Self::Puzzle => "puzzle",
            Self::Old => "old",
            Self::Wrong => "wrong",
        }
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Forged => Self::Puzzle,
            Flaw::Old => Self::Old,
            Flaw::Wrong => Self::Wrong,
        }
    }
}

impl Clearances {
    /// Takes a request to the endpoint. The value of `Set-Cookie` where it is a right answer, which goes with a 204.
    /// `is_tls`: the client came over TLS, so the cookie is not to be sent without.
    ///
    /// # Errors
    ///
    /// Why it gives no clearance.
    pub fn answer(&self, request: &Request<'_>, body: &[u8], is_tls: bool, now: Duration) -> Result<String, Refusal> {
        if request.method != b"POST" {
            return Err(Refusal::Method);
        }
        if body.len() > MAX_ANSWER {
            return Err(Refusal::TooLarge);
        }
        // Scripts' POSTs always name their origin, so one that does not comes from no page of ours.
        if request.header("origin").next().is_none() || is_from_elsewhere(request) {
            return Err(Refusal::Origin);
        }
        let lifetime = self.check(request, body, now)?;
        let value = self.grant(Kind::Script, request.client, host(request), lifetime, now);
        let secure = if is_tls { "; Secure" } else { "" };
        let (name, age) = (Kind::Script.cookie(), lifetime.as_secs());
        Ok(format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"))
    }
}

/// What the firewall log tells of an answer. The rule that challenged is not known any more: the row has number `0`.
#[must_use]
pub fn told(answer: &Result<String, Refusal>) -> Event {
    let (action, message) = match answer {
        Ok(_) => ("JSChallengePass", Cow::Borrowed("Challenge answered")),
        Err(refusal) => ("JSChallengeBlock", Cow::Owned(format!("Challenge not answered: {}", refusal.reason()))),
    };
    Event {
        action: Action::Custom(action),
        rule_set_type: "",
        rule_set_version: "",
        rule_id: "0".to_owned(),
        rule_group: Cow::Borrowed(""),
        message: message.into_owned(),
        details: None,
    }
}
