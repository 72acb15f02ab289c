//! Which tokens are good.

use std::sync::Arc;

use crate::keys::Keys;

/// Which bearer tokens are good, and what happens without one (`entraJWTValidationConfigs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The name in the document.
    pub name: Arc<str>,
    /// Who issues them.
    pub issuer: Issuer,
    /// Whom they are for: the client id and further audiences. A token has to be for one of them; with none listed, no
    /// token is good.
    pub audiences: Vec<Arc<str>>,
    /// Where the issuer's keys are.
    pub keys: KeySource,
    /// What happens without a good token.
    pub action: Action,
}

/// What happens to a request without a good token (`unAuthorizedRequestAction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// It is refused: 401, or 403 when the token is good but does not say who is asking.
    #[default]
    Deny,
    /// It goes on without an identity.
    Allow,
}

/// Who issues good tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Microsoft Entra ID for a tenant, or for several. Identities are `tid:oid`.
    Entra(Tenant),
    /// Another one: `iss` is exactly this. Identities are `iss:sub`. An extension.
    Other(Arc<str>),
}

/// A tenant of Entra, or a group of them (`tenantId`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// One.
    Id(Guid),
    /// `common`: organizations and personal accounts.
    Common,
    /// `organizations`: any but personal accounts.
    Organizations,
    /// `consumers`: personal accounts.
    Consumers,
}

/// The id of a tenant or of a user, in lower case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Guid([u8; 36]);

/// The tenant that personal accounts are in.
/// Source: Microsoft identity platform, "Access tokens" (access-tokens), read 2026-11-22.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

const AUTHORITY: &str = "https://login.microsoftonline.com/";

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A document at this URL, fetched and kept fresh.
    Url(Arc<str>),
    /// The document that the configuration of this issuer names: at `/.well-known/openid-configuration` below it.
    Discovered(Arc<str>),
    /// These, from a file.
    Given(Arc<Keys>),
}

impl KeySource {
    /// What the source is called on the status board: its URL; `None` for keys from a file.
    pub fn url(&self) -> Option<&Arc<str>> {
        match self {
            Self::Url(url) | Self::Discovered(url) => Some(url),
            Self::Given(_) => None,
        }
    }
}

impl Tenant {
    /// A tenant as a document writes it; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let words = [("common", Self::Common), ("organizations", Self::Organizations), ("consumers", Self::Consumers)];
        match words.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, tenant)) => Some(tenant),
            None => Guid::parse(text).map(Self::Id),
        }
    }

    /// Where Entra's keys for it are.
    pub fn keys_url(&self) -> Arc<str> {
        Arc::from(format!("{AUTHORITY}{self}/discovery/v2.0/keys"))
    }

    /// Whether tokens of a tenant are good.
    pub(crate) fn takes(&self, tenant: &Guid) -> bool {
        let is_personal = tenant.as_str() == PERSONAL;
        match self {
            Self::Id(id) => id == tenant,
            Self::Common => true,
            Self::Organizations => !is_personal,
            Self::Consumers => is_personal,
        }
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Id(id) => id.as_str(),
            Self::Common => "common",
            Self::Organizations => "organizations",
            Self::Consumers => "consumers",
        })
    }
}

impl Guid {
    /// A GUID in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes: [u8; 36] = text.as_bytes().try_into().ok()?;
        bytes.make_ascii_lowercase();
        let is_guid = bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        is_guid.then_some(Self(bytes))
    }

    /// Lower case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether an issuer is Entra for this tenant: of tokens of version 2, or of version 1.
    pub(crate) fn is_issued_by(&self, issuer: &str) -> bool {
        let version_2 = issuer.strip_prefix(AUTHORITY).and_then(|rest| rest.strip_suffix("/v2.0"));
        let version_1 = issuer.strip_prefix("https://sts.windows.net/").and_then(|rest| rest.strip_suffix('/'));
        version_2.or(version_1).is_some_and(|tenant| tenant.eq_ignore_ascii_case(self.as_str()))
    }
}

impl std::fmt::Debug for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    #[test]
    fn a_tenant_is_a_guid_or_one_of_three_words() {
        let id = Tenant::Id(Guid::parse(ID).unwrap());
        let rows = [
            (ID, Some(id)),
            ("72F988BF-86F1-41AF-91AB-2D7CD011DB47", Some(id)),
            ("common", Some(Tenant::Common)),
            ("Organizations", Some(Tenant::Organizations)),
            ("consumers", Some(Tenant::Consumers)),
            ("contoso.onmicrosoft.com", None),
            ("72f988bf-86f1-41af-91ab-2d7cd011db4", None),
            ("72f988bf-86f1-41af-91ab-2d7cd011db4g", None),
            ("72f988bf+86f1-41af-91ab-2d7cd011db47", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Tenant::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn each_tenant_has_keys_of_its_own() {
        let url = |tenant: &str| Tenant::parse(tenant).unwrap().keys_url();
        assert_eq!(*url(ID), *format!("https://login.microsoftonline.com/{ID}/discovery/v2.0/keys"));
        assert_eq!(&*url("common"), "https://login.microsoftonline.com/common/discovery/v2.0/keys");
    }

    #[test]
    fn a_tenants_tokens_come_from_its_own_issuers() {
        let id = Guid::parse(ID).unwrap();
        let rows = [
            (format!("https://login.microsoftonline.com/{ID}/v2.0"), true),
            (format!("https://sts.windows.net/{ID}/"), true),
            (format!("https://sts.windows.net/{ID}"), false),
            (format!("https://login.microsoftonline.com/{ID}/"), false),
            (format!("https://login.microsoftonline.com.evil.example/{ID}/v2.0"), false),
            (format!("https://login.microsoftonline.com/{PERSONAL}/v2.0"), false),
            ("https://login.microsoftonline.com/common/v2.0".to_owned(), false),
            (String::new(), false),
        ];
        for (issuer, expected) in rows {
            assert_eq!(id.is_issued_by(&issuer), expected, "{issuer}");
        }
    }
}
