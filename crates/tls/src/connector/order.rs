//! Whether a presented chain begins with a server's certificate.

use rustls::pki_types::CertificateDer;

use super::error::{Class, ServerTlsError};
use crate::certificate::Facts;

/// A chain must begin with the leaf. An authority may be a server's own certificate when it is a trusted root, or alone
/// and signed by itself: that it is not trusted then is found out later.
pub(super) fn check_order(
    first: &Facts,
    others: &[CertificateDer<'_>],
    has_roots: bool,
    is_root: bool,
) -> Result<(), ServerTlsError> {
    if !first.is_ca {
        return Ok(());
    }
    let others: Vec<_> = others.iter().filter_map(|der| Facts::read(der).ok()).collect();
    if let Some(position) = others.iter().position(|other| !other.is_ca) {
        let leaf = others.get(position).map_or("", |leaf| &leaf.subject);
        let text = format!(
            "the server's own certificate, {leaf}, is number {} of the chain it sends; {}, an authority, comes first; \
             put the server's own first, then each issuer",
            position + 2,
            first.subject
        );
        return Err(ServerTlsError::new(Class::LeafNotFirst, text));
    }
    if is_root || (others.is_empty() && first.is_self_signed) {
        return Ok(());
    }
    let advice = if has_roots { "" } else { "; a self-signed one has to be uploaded as a trusted root" };
    let text = format!(
        "the chain that the server sends has no certificate of a server in it: {} is an authority (CA:TRUE){}{advice}",
        first.subject,
        if others.is_empty() { "" } else { ", and so are all others" }
    );
    Err(ServerTlsError::new(Class::LeafMissing, text))
}
