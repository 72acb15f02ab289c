//! No way from a server's certificate to a trusted root: which piece is missing or foreign?

use super::classify::{Presented, issuer_of, subject_of};
use super::error::Class;

/// Class and words.
pub(super) fn unknown_issuer(presented: &Presented<'_>) -> (Class, String) {
    let (subject, issuer) = (presented.subject(), presented.issuer());
    let path = presented.path();
    let Some(top) = path.last().filter(|_| path.len() > 1) else { return no_issuer(presented) };
    let name = subject_of(top.der);
    match (presented.roots, top.is_self_signed()) {
        (Some(_), true) => {
            let text = format!(
                "the chain that the server sends ends at the root {name}, which is not one of the trusted roots; \
                 upload it as a trusted root"
            );
            (Class::RootMismatchRootPresented, text)
        }
        (Some(_), false) => {
            let above = issuer_of(top.der);
            let text = format!(
                "the chain that the server sends ends at {name}, issued by {above}, which is not one of the trusted \
                 roots; upload {above}, or let the server send what is missing between them"
            );
            (Class::RootMismatchNoRootPresented, text)
        }
        (None, true) if path.len() == 2 => {
            let text = format!(
                "the server's certificate, {subject}, was issued by {issuer}, which is no well-known authority; upload \
                 {issuer} as a trusted root"
            );
            (Class::LeafNotWellKnown, text)
        }
        (None, _) => {
            let root = if top.is_self_signed() { name.clone() } else { issuer_of(top.der) };
            let text = format!(
                "the chain that the server sends goes up to {name}, and {root} is no well-known authority; upload \
                 {root} as a trusted root"
            );
            (Class::IntermediateNotWellKnown, text)
        }
    }
}

/// The leaf's own issuer was not presented.
fn no_issuer(presented: &Presented<'_>) -> (Class, String) {
    let (subject, issuer) = (presented.subject(), presented.issuer());
    match (presented.facts.is_self_signed, presented.facts.is_ca, presented.roots) {
        (true, true, Some(_)) => {
            let text = format!(
                "the server's certificate, {subject}, is self-signed and is not one of the trusted roots; upload it \
                 as a trusted root"
            );
            (Class::RootMismatchRootPresented, text)
        }
        (true, true, None) => {
            let text = format!(
                "the server's certificate, {subject}, is self-signed and so from no well-known authority; upload it \
                 as a trusted root"
            );
            (Class::LeafNotWellKnown, text)
        }
        (true, false, _) => {
            let text = format!(
                "the server's certificate, {subject}, is self-signed but no authority (CA:TRUE), so it counts as one \
                 whose issuer is missing; upload this very certificate as a trusted root"
            );
            (Class::IntermediateMissing, text)
        }
        (false, _, None) if presented.others.is_empty() => {
            let text = format!(
                "the server's certificate, {subject}, was issued by {issuer}, which is no well-known authority, and \
                 the server sends no other certificate; let it send {issuer} if that is an intermediate, or upload \
                 the root as a trusted root"
            );
            (Class::LeafNotWellKnown, text)
        }
        (false, ..) => {
            let text = format!(
                "the server's certificate, {subject}, was issued by {issuer}, which is missing from the chain that \
                 the server sends; let it send its certificate and every intermediate"
            );
            (Class::IntermediateMissing, text)
        }
    }
}
