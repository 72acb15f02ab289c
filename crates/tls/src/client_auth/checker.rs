//! The judge of client certificates.

use rustls::pki_types::CertificateDer;
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder, VerifiedPath,
};

use super::texts::{self, Refusal};
use super::{ClientAuth, LIST_INVALID, Mode, Verdict};
use crate::anchors::{Anchors, check_dates, unix_time};
use crate::certificate::{CertificateError, Facts, codes, parse};
use crate::chain::{Named, climb};
use crate::signature::Signed;

/// Judges the chains that clients present. Made once from a [`ClientAuth`].
#[derive(Debug)]
pub struct Checker {
    mode: Mode,
    roots: Anchors,
    intermediates: Vec<CertificateDer<'static>>,
    /// The names that sign leaves, DER. `None`: any will do.
    issuers: Option<Vec<Vec<u8>>>,
    lists: Option<Vec<CertRevocationList<'static>>>,
    max_depth: usize,
}

impl Checker {
    /// Reads the roots and the lists of revoked certificates.
    ///
    /// # Errors
    /// One of them cannot be read ([`codes::CLIENT_CA_INVALID`], [`LIST_INVALID`]).
    pub fn new(auth: &ClientAuth) -> Result<Self, CertificateError> {
        let roots = Anchors::new(auth.chains.iter().map(|chain| &chain.root))
            .map_err(|message| CertificateError::new(codes::CLIENT_CA_INVALID, message))?;
        let lists = auth.crls.iter().map(|der| list(der)).collect::<Result<Vec<_>, _>>()?;
        let issuers = || auth.chains.iter().map(|chain| chain.issuer_dn.clone()).collect();
        Ok(Self {
            mode: auth.mode,
            roots,
            intermediates: auth.chains.iter().flat_map(|chain| chain.intermediates.clone()).collect(),
            issuers: auth.verify_issuer.then(issuers),
            lists: (!lists.is_empty()).then_some(lists),
            max_depth: usize::from(auth.max_depth),
        })
    }

    /// Judges what a client has presented, leaf first: all but OCSP. In Passthrough nothing is checked, and the
    /// verdict says so.
    pub fn verdict(&self, presented: Option<&[CertificateDer<'static>]>, now: i64) -> Verdict {
        let Some((leaf, others)) = presented.and_then(<[_]>::split_first) else { return Verdict::Absent };
        let judged = match self.mode {
            Mode::Strict => self.check(leaf, others, now),
            Mode::Passthrough => return Verdict::Failed(texts::NOT_CHECKED.into()),
        };
        judged.map_or_else(|refusal| Verdict::Failed(refusal.text), |()| Verdict::Success)
    }

    /// The certificate of who issued a presented one, for OCSP: among what was presented and uploaded, one that has
    /// the issuer's name and whose key has signed it.
    pub fn issuer_of(&self, presented: &[CertificateDer<'_>]) -> Option<CertificateDer<'static>> {
        let (leaf, others) = presented.split_first()?;
        let signed = Signed::certificate(leaf)?;
        let name = Named::read(leaf)?.issuer;
        let is_issuer = |candidate: &&CertificateDer<'_>| issues(candidate, name, &signed);
        // Uploaded ones first: they are known to be what they say.
        let uploaded = self.roots.certificates().chain(&self.intermediates).find(is_issuer).cloned();
        uploaded.or_else(|| others.iter().find(is_issuer).map(|issuer| issuer.clone().into_owned()))
    }

    /// Judges a chain as Strict asks for it.
    pub(super) fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: i64,
    ) -> Result<(), Refusal> {
        if self.roots.contain(leaf) {
            self.check_root_as_leaf(leaf, now)?;
        } else {
            self.check_chain(leaf, others, now)?;
        }
        let name = Named::read(leaf).ok_or(Refusal::bad(texts::UNREADABLE))?.issuer;
        let is_known = |issuers: &Vec<Vec<u8>>| issuers.iter().any(|issuer| issuer == name);
        if self.issuers.as_ref().is_none_or(is_known) { Ok(()) } else { Err(Refusal::bad(texts::ISSUER_MISMATCH)) }
    }

    /// A self-signed certificate that was uploaded as a root and is used by its owner. webpki takes no authority for a
    /// leaf; OpenSSL, and so Azure, does.
    fn check_root_as_leaf(&self, leaf: &CertificateDer<'_>, now: i64) -> Result<(), Refusal> {
        let facts = Facts::read(leaf).map_err(|_| Refusal::bad(texts::UNREADABLE))?;
        check_dates(&facts, now).map_err(|error| Refusal::from(&error))?;
        let usage = parse(leaf).ok().and_then(|leaf| {
            let usage = leaf.tbs_certificate.extended_key_usage().ok()?;
            Some(usage.is_none_or(|usage| usage.value.client_auth))
        });
        match (usage, &self.lists) {
            (Some(true), None) => Ok(()),
            (Some(true), Some(_)) => Err(Refusal::from(&Error::UnknownRevocationStatus)),
            _ => Err(Refusal::bad(texts::UNSUITABLE)),
        }
    }

    fn check_chain(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>], now: i64) -> Result<(), Refusal> {
        let refusal = |error: Error| match error {
            Error::UnknownIssuer => Refusal::unknown(self.unknown_issuer(leaf, others)),
            error => Refusal::from(&error),
        };
        let end = EndEntityCert::try_from(leaf).map_err(refusal)?;
        let all = others.iter().map(AsRef::as_ref).chain(self.intermediates.iter().map(AsRef::<[u8]>::as_ref));
        let intermediates: Vec<_> = all.map(CertificateDer::from).collect();
        self.check_path(&end, &intermediates, now).map_err(refusal)
    }

    fn check_path(&self, end: &EndEntityCert<'_>, intermediates: &[CertificateDer<'_>], now: i64) -> Result<(), Error> {
        let Some(lists) = &self.lists else { return self.verify(end, intermediates, None, now) };
        // Several lists of one issuer may be at hand, an old and a new one: revoked in one of them is revoked, and one
        // that is current is enough.
        let mut verdict = Err(Error::UnknownRevocationStatus);
        let mut any = false;
        for list in lists.iter().filter(|list| list.issuer() == end.issuer()) {
            any = true;
            let lists = [list];
            let Ok(options) = RevocationOptionsBuilder::new(&lists) else { continue };
            let options = options.with_depth(RevocationCheckDepth::EndEntity);
            let options = options.with_expiration_policy(ExpirationPolicy::Enforce).build();
            match self.verify(end, intermediates, Some(options), now) {
                Err(Error::CertRevoked) => return Err(Error::CertRevoked),
                Ok(()) => verdict = Ok(()),
                Err(error) if verdict.is_err() => verdict = Err(error),
                Err(_) => {}
            }
        }
        // What is wrong with the chain is said before a list is missed.
        if !any {
            self.verify(end, intermediates, None, now)?;
        }
        verdict
    }

    fn verify(
        &self,
        end: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
        revocation: Option<RevocationOptions<'_>>,
        now: i64,
    ) -> Result<(), Error> {
        let check_path = |path: &VerifiedPath<'_>| {
            if path.intermediate_certificates().count() > self.max_depth {
                return Err(Error::MaximumPathDepthExceeded);
            }
            self.roots.check_dates(path.anchor(), now)
        };
        let (algorithms, usage) = (webpki::ALL_VERIFICATION_ALGS, KeyUsage::client_auth());
        let trusted = self.roots.trusted();
        end.verify_for_usage(algorithms, trusted, intermediates, unix_time(now), usage, revocation, Some(&check_path))
            .map(|_| ())
    }

    /// Which of OpenSSL's ways to miss an issuer it is.
    fn unknown_issuer(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> &'static str {
        let Some(leaf) = Named::read(leaf) else { return texts::UNREADABLE };
        let presented = others.iter().filter_map(|der| Named::read(der));
        let uploaded = self.intermediates.iter().chain(self.roots.certificates());
        let pool: Vec<_> = presented.chain(uploaded.filter_map(|der| Named::read(der))).collect();
        let path = climb(leaf, &pool);
        match path.as_slice() {
            [alone] if alone.is_self_signed() => texts::SELF_SIGNED,
            [_] => texts::FIRST,
            [.., top] if top.is_self_signed() => texts::SELF_SIGNED_IN_CHAIN,
            [.., top] if others.iter().all(|der| **der != *top.der) => texts::ISSUER,
            _ => texts::LOCAL_ISSUER,
        }
    }
}

/// Whether a certificate has this name and a key that has signed this.
fn issues(candidate: &[u8], name: &[u8], signed: &Signed<'_>) -> bool {
    parse(candidate).is_ok_and(|candidate| {
        let candidate = &candidate.tbs_certificate;
        candidate.subject.as_raw() == name && signed.is_by(candidate.subject_pki.raw)
    })
}

fn list(der: &[u8]) -> Result<CertRevocationList<'static>, CertificateError> {
    let unreadable = |error: Error| {
        let message = format!("the list of revoked certificates cannot be read: {error}");
        CertificateError::new(LIST_INVALID, message)
            .expected("a full list of version 2 that says when the next one comes")
    };
    Ok(OwnedCertRevocationList::from_der(der).map_err(unreadable)?.into())
}
