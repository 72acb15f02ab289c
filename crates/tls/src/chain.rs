//! Chains as they are presented: who names whom as issuer. No signatures here: this is for saying what is wrong with a
//! chain that could not be verified.

use crate::certificate::parse;

/// The names of one certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The certificate.
    pub(crate) der: &'a [u8],
    /// Its subject, DER.
    pub(crate) subject: &'a [u8],
    /// Its issuer, DER.
    pub(crate) issuer: &'a [u8],
}

impl<'a> Named<'a> {
    /// Reads a certificate.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let tbs = parse(der).ok()?.tbs_certificate;
        Some(Self { der, subject: tbs.subject.as_raw(), issuer: tbs.issuer.as_raw() })
    }

    /// Whether it names itself as its issuer.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }
}

/// From a leaf upwards, by names, as far as the others go.
pub(crate) fn climb<'a>(leaf: Named<'a>, others: &[Named<'a>]) -> Vec<Named<'a>> {
    let mut path = vec![leaf];
    let mut top = leaf;
    while !top.is_self_signed() {
        let is_next = |other: &&Named<'_>| other.subject == top.issuer && path.iter().all(|seen| seen.der != other.der);
        let Some(next) = others.iter().find(is_next) else { break };
        top = *next;
        path.push(top);
    }
    path
}
