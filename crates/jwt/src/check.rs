//! The verdict on a request: is its token good, and who is asking?

use crate::claims::Claims;
use crate::keys::Keys;
use crate::policy::{Action, Guid, Issuer, Policy};
use crate::token::Token;

/// How far clocks may differ, in seconds.
const SKEW: i64 = 60;
/// The longest subject (OpenID Connect Core, 2: `sub` has at most 255 characters).
const LONGEST_SUBJECT: usize = 255;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, and this is who is asking: printable ASCII without blanks.
    Identity(String),
    /// It goes on without an identity.
    Anonymous,
    /// It is refused.
    Refused {
        /// 401: no token, or none that is good. 403: a good one that does not say who is asking. 503: there are no keys
        /// to check tokens with.
        status: u16,
        /// Why, for the log: `token_` and the reason.
        reason: &'static str,
    },
    /// It names a key that is not there; it may be a new one, and newer keys are to be asked for.
    UnknownKey,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is none.
    Missing,
    /// More bytes than any token has.
    TooLarge,
    /// Not of the form of a token.
    Malformed,
    /// Signed in a way that is not accepted: not at all, with a shared secret, or unlike the key.
    Algorithm,
    /// Another issuer.
    Issuer,
    /// Another tenant, or none.
    Tenant,
    /// For somebody else.
    Audience,
    /// Too old, or it does not say how long it is good.
    Expired,
    /// Not good yet.
    TooEarly,
    /// It does not say which key it was signed with, and there are several.
    KeyNotNamed,
    /// It names a key that is not there.
    UnknownKey,
    /// The signature is not of the key.
    Signature,
    /// Good, but it does not say who is asking.
    NoIdentity,
    /// There are no keys yet.
    NoKeys,
}

impl Failure {
    pub(crate) fn refused(self) -> Verdict {
        let (status, reason) = match self {
            Self::Missing => (401, "token_missing"),
            Self::TooLarge => (401, "token_too_large"),
            Self::Malformed => (401, "token_malformed"),
            Self::Algorithm => (401, "token_algorithm"),
            Self::Issuer => (401, "token_issuer"),
            Self::Tenant => (401, "token_tenant"),
            Self::Audience => (401, "token_audience"),
            Self::Expired => (401, "token_expired"),
            Self::TooEarly => (401, "token_too_early"),
            Self::KeyNotNamed => (401, "token_key_not_named"),
            Self::UnknownKey => (401, "token_key_unknown"),
            Self::Signature => (401, "token_signature"),
            Self::NoIdentity => (403, "token_without_identity"),
            Self::NoKeys => (503, "token_keys_missing"),
        };
        Verdict::Refused { status, reason }
    }
}

impl Policy {
    /// Judges a request by its `Authorization` field; several of them are as good as a broken one, and are to be passed
    /// in as one value. `now` is in Unix seconds.
    ///
    /// What costs least is looked at first: a token that is not for us costs no signature and asks for no new keys.
    pub fn check(&self, authorization: Option<&[u8]>, keys: &Keys, now: i64) -> Verdict {
        match self.identity(authorization, keys, now) {
            Ok(identity) => Verdict::Identity(identity),
            Err(Failure::UnknownKey) => Verdict::UnknownKey,
            Err(failure) => self.without(failure),
        }
    }

    /// What becomes of a request without a good token.
    pub(crate) fn without(&self, failure: Failure) -> Verdict {
        match self.action {
            Action::Allow => Verdict::Anonymous,
            Action::Deny => failure.refused(),
        }
    }

    fn identity(&self, authorization: Option<&[u8]>, keys: &Keys, now: i64) -> Result<String, Failure> {
        let token = Token::of_field(authorization.ok_or(Failure::Missing)?)?;
        let claims: Claims<'_> = serde_json::from_slice(&token.claims).map_err(|_| Failure::Malformed)?;
        let tenant = self.tenant(&claims)?;
        if !claims.aud.as_ref().is_some_and(|audience| audience.is_among(&self.audiences)) {
            return Err(Failure::Audience);
        }
        if claims.exp.is_none_or(|end| end.has_come(now.saturating_sub(SKEW))) {
            return Err(Failure::Expired);
        }
        if claims.nbf.is_some_and(|begin| !begin.has_come(now.saturating_add(SKEW))) {
            return Err(Failure::TooEarly);
        }
        keys.verify(&token, tenant.as_ref())?;
        match &tenant {
            Some(tenant) => {
                let user = claims.oid.as_deref().and_then(Guid::parse).ok_or(Failure::NoIdentity)?;
                Ok(format!("{}:{}", tenant.as_str(), user.as_str()))
            }
            None => of_other(&claims).ok_or(Failure::NoIdentity),
        }
    }

    /// The tenant of a token of Entra; `None` for those of others.
    fn tenant(&self, claims: &Claims<'_>) -> Result<Option<Guid>, Failure> {
        let issuer = claims.iss.as_deref().ok_or(Failure::Issuer)?;
        match &self.issuer {
            Issuer::Other(wanted) if **wanted == *issuer => Ok(None),
            Issuer::Other(_) => Err(Failure::Issuer),
            Issuer::Entra(wanted) => {
                let tenant = claims.tid.as_deref().and_then(Guid::parse).ok_or(Failure::Tenant)?;
                if !wanted.takes(&tenant) {
                    return Err(Failure::Tenant);
                }
                if !tenant.is_issued_by(issuer) {
                    return Err(Failure::Issuer);
                }
                Ok(Some(tenant))
            }
        }
    }
}

/// `iss:sub`: a subject is one of its issuer's only. The issuer is first, so that nobody else's subject can be made to
/// look like it; both have to be fit for a header field.
fn of_other(claims: &Claims<'_>) -> Option<String> {
    let (issuer, subject) = (claims.iss.as_deref()?, claims.sub.as_deref()?);
    let is_printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_fit = is_printable(issuer) && is_printable(subject) && subject.len() <= LONGEST_SUBJECT;
    is_fit.then(|| format!("{issuer}:{subject}"))
}

#[cfg(test)]
mod tests;
