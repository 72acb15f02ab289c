//! Bearer tokens: whether a rule lets a request in, and who it says is asking.
//!
//! Source: Azure, "JSON Web Token validation in Application Gateway". Parity: tokens are checked right after the rule is
//! known, before rewrites, so that these can see who is asking.

use jwt::Verdict;
use snapshot::JwtId;

use crate::failure::Failure;
use crate::http::client::Seat;
use crate::http::exchange::{Exchange, Identified};
use crate::http::field::Known;
use crate::http::head::Request;
use crate::tls::accept::unix_seconds;

/// A token whose key is not known yet, while newer keys are asked for.
pub(super) struct Wait {
    check: JwtId,
    authorization: Option<Vec<u8>>,
}

/// Why nobody is known to be asking.
pub(super) enum Unidentified {
    /// Newer keys have to be waited for.
    Unknown(Box<Wait>),
    /// The request is refused.
    Refused(Failure),
}

impl Exchange {
    /// Who is asking; `None` where the check lets in requests without a good token.
    pub(super) fn identify(
        &mut self,
        seat: &Seat,
        request: &Request<'_>,
        check: JwtId,
    ) -> Result<Identified, Unidentified> {
        let policy = &self.view.published.snapshot.jwt[check];
        let authorization = request.value(Known::Authorization);
        let verdict = match self.verdict.take() {
            Some(verdict) => *verdict,
            None => seat.worker.shared.tokens.check(policy, authorization, unix_seconds()),
        };
        match verdict {
            Verdict::Identity(identity) => Ok(Some(identity)),
            Verdict::Anonymous => Ok(None),
            Verdict::UnknownKey => {
                let authorization = authorization.map(<[u8]>::to_vec);
                Err(Unidentified::Unknown(Box::new(Wait { check, authorization })))
            }
            Verdict::Refused { status, reason } => {
                self.facts.detail = Some(reason.into());
                Err(Unidentified::Refused(match status {
                    403 => Failure::TokenWithoutIdentity,
                    503 => Failure::TokenKeysMissing,
                    _ if authorization.is_none() => Failure::TokenMissing,
                    _ => Failure::TokenInvalid,
                }))
            }
        }
    }

    /// Waits for newer keys and judges the token again.
    pub(super) async fn identify_again(&mut self, seat: &Seat, wait: &Wait) {
        let policy = &self.view.published.snapshot.jwt[wait.check];
        let verdict =
            seat.worker.shared.tokens.check_again(policy, wait.authorization.as_deref(), unix_seconds()).await;
        self.verdict = Some(Box::new(verdict));
    }
}
