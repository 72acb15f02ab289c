//! Server certificates: opened where the document has them.
//!
//! Source: Azure, "Overview of TLS termination" (ssl-overview).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Problem;
use tls::certificate::{Identity, read_any};

use super::context::Context;

/// All certificates, in the document's order; `None` for those that cannot be used.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Option<Arc<Identity>>> {
    let gateway = context.gateway;
    let mut identities = Vec::new();
    for asked in &gateway.ssl_certificates {
        let identity = asked.data.as_ref().and_then(|data| {
            let bytes = STANDARD.decode(data.value.expose().trim()).ok()?;
            let password = asked.password.as_ref().map(|password| password.value.expose());
            match read_any(&bytes, password.as_deref(), 1_800_000_000) {
                Ok(read) => Some(Arc::new(read.identity)),
                Err(error) => {
                    context.problems.push(Problem::error(error.code, &data.at, error.message));
                    None
                }
            }
        });
        identities.push(identity);
    }
    identities
}
