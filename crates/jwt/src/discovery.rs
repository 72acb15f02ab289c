//! What an issuer says of itself (OpenID Connect Discovery 1.0): where its keys are.

use serde::Deserialize;

/// The document that an issuer says it in.
pub(crate) fn url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer's keys are, by its document.
///
/// # Errors
/// It is none, or another issuer's (3: both must be exactly the same), or leads from HTTPS to something else.
pub(crate) fn keys_url(issuer: &str, document: &[u8]) -> Result<String, String> {
    let found: Configuration = serde_json::from_slice(document)
        .map_err(|_| "the issuer's configuration does not say where its keys are (\"jwks_uri\")".to_owned())?;
    if found.issuer != issuer {
        return Err(format!("the configuration is of the issuer {:?}", found.issuer));
    }
    if issuer.starts_with("https://") && !found.jwks_uri.starts_with("https://") {
        return Err(format!("the issuer's keys are not at an https URL: {:?}", found.jwks_uri));
    }
    Ok(found.jwks_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_below_the_issuer() {
        for issuer in ["https://id.example/realms/a", "https://id.example/realms/a/"] {
            assert_eq!(url(issuer), "https://id.example/realms/a/.well-known/openid-configuration");
        }
    }

    #[test]
    fn only_the_issuers_own_document_leads_to_its_keys() {
        let document = |issuer: &str, keys: &str| format!(r#"{{"issuer": "{issuer}", "jwks_uri": "{keys}"}}"#);
        let rows = [
            (document("https://a", "https://b/keys"), Ok("https://b/keys")),
            (document("https://a/", "https://b/keys"), Err("of the issuer \"https://a/\"")),
            (document("https://a", "http://b/keys"), Err("not at an https URL")),
            (r#"{"issuer": "https://a"}"#.to_owned(), Err("does not say where its keys are")),
            ("<html>".to_owned(), Err("does not say where its keys are")),
        ];
        for (document, expected) in rows {
            match (keys_url("https://a", document.as_bytes()), expected) {
                (Ok(url), expected) => assert_eq!(Ok(url.as_str()), expected),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
                (Err(why), Ok(_)) => panic!("{why}"),
            }
        }
    }
}
