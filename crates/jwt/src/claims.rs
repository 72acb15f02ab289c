//! What a token says.

use std::borrow::Cow;

use serde::Deserialize;

/// The claims that decide; others are not looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims<'a> {
    /// Who issued it.
    #[serde(borrow, default)]
    pub(crate) iss: Option<Cow<'a, str>>,
    /// Whom it is for.
    #[serde(borrow, default)]
    pub(crate) aud: Option<Audience<'a>>,
    /// Not good from then on.
    #[serde(default)]
    pub(crate) exp: Option<Moment>,
    /// Not good before.
    #[serde(default)]
    pub(crate) nbf: Option<Moment>,
    /// The tenant of Entra.
    #[serde(borrow, default)]
    pub(crate) tid: Option<Cow<'a, str>>,
    /// Who is asking, in all of the tenant.
    #[serde(borrow, default)]
    pub(crate) oid: Option<Cow<'a, str>>,
    /// Who is asking, for the application.
    #[serde(borrow, default)]
    pub(crate) sub: Option<Cow<'a, str>>,
}

/// One audience or several (RFC 7519, 4.1.3).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience<'a> {
    /// One.
    One(#[serde(borrow)] Cow<'a, str>),
    /// Several.
    Several(#[serde(borrow)] Vec<Cow<'a, str>>),
}

impl Audience<'_> {
    /// Whether it is for one of these.
    pub(crate) fn is_among(&self, wanted: &[impl AsRef<str>]) -> bool {
        let is_wanted = |name: &str| wanted.iter().any(|wanted| is_same(wanted.as_ref(), name));
        match self {
            Self::One(name) => is_wanted(name),
            Self::Several(names) => names.iter().any(|name| is_wanted(name)),
        }
    }
}

/// Client ids are GUIDs, which people write in either case; every other audience is compared as it is.
fn is_same(wanted: &str, name: &str) -> bool {
    wanted == name || (crate::Guid::parse(name).is_some() && wanted.eq_ignore_ascii_case(name))
}

/// Unix seconds, perhaps with a fraction (RFC 7519, 2: NumericDate).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(f64);

impl Moment {
    /// Whether it has come by `now`, in Unix seconds.
    pub(crate) fn has_come(self, now: i64) -> bool {
        // Exact for any year that a date can have.
        #[expect(clippy::cast_precision_loss, reason = "seconds stay far below 2^53")]
        let now = now as f64;
        now >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_be_for_several() {
        let wanted = ["api://shop", "72f988bf-86f1-41af-91ab-2d7cd011db47"];
        let rows = [
            (r#""api://shop""#, true),
            (r#""api://SHOP""#, false),
            (r#""72F988BF-86F1-41AF-91AB-2D7CD011DB47""#, true),
            (r#"["other", "api://shop"]"#, true),
            (r#"["other"]"#, false),
            ("[]", false),
            (r#""""#, false),
        ];
        for (text, expected) in rows {
            let audience: Audience<'_> = serde_json::from_str(text).unwrap();
            assert_eq!(audience.is_among(&wanted), expected, "{text}");
        }
    }

    #[test]
    fn a_moment_may_have_a_fraction() {
        for (text, now, expected) in [("100", 99, false), ("100", 100, true), ("99.5", 99, false), ("1e300", 99, false)]
        {
            let moment: Moment = serde_json::from_str(text).unwrap();
            assert_eq!(moment.has_come(now), expected, "{text}");
        }
    }
}
