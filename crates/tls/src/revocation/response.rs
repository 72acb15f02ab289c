//! A responder's answer (RFC 6960 section 4.2).

use std::borrow::Cow;

use x509_parser::asn1_rs::FromDer;
use x509_parser::time::ASN1Time;

use super::{MAX_AGE, SKEW};
use crate::der::{self, Element, Elements, tagged};
use crate::signature::Signed;

/// Certificates that an answer may carry. One is usual: the responder's.
const MAX_CERTIFICATES: usize = 8;
/// Certificates that one answer may be about.
const MAX_SINGLES: usize = 64;
/// OBJECT IDENTIFIER `id-pkix-ocsp-basic`, the one kind of answer there is.
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

pub(super) type Refused = Cow<'static, str>;

/// A BasicOCSPResponse.
pub(super) struct Basic<'a> {
    pub(super) signed: Signed<'a>,
    /// Who has signed it: a name, or the hash of a key.
    pub(super) responder: Element<'a>,
    singles: Vec<Single<'a>>,
    /// Certificates that the responder has sent along.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// What it says of one certificate.
pub(super) struct Single<'a> {
    id: &'a [u8],
    pub(super) status: Said,
    this_update: i64,
    next_update: Option<i64>,
}

/// CertStatus.
#[derive(Clone, Copy)]
pub(super) enum Said {
    Good,
    Revoked,
    Unknown,
}

impl<'a> Basic<'a> {
    /// Reads an OCSPResponse.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let mut outer = der::single(bytes, der::SEQUENCE).ok_or(MALFORMED)?.elements();
        let status = outer.next_if(der::ENUMERATED).ok_or(MALFORMED)?.content;
        if status != [0] {
            return Err(refusal(status));
        }
        let bytes = outer.next_if(tagged(0)).ok_or(MALFORMED)?;
        let mut typed = der::single(bytes.content, der::SEQUENCE).ok_or(MALFORMED)?.elements();
        if typed.next_if(der::OBJECT_IDENTIFIER).ok_or(MALFORMED)?.content != BASIC {
            return Err("the OCSP response is of an unknown kind".into());
        }
        let basic = typed.next_if(der::OCTET_STRING).ok_or(MALFORMED)?.content;
        Self::read_basic(basic).ok_or(MALFORMED.into())
    }

    fn read_basic(bytes: &'a [u8]) -> Option<Self> {
        let mut elements = der::single(bytes, der::SEQUENCE)?.elements();
        let signed = Signed::take(&mut elements)?;
        let certificates = match elements.next_if(tagged(0)) {
            Some(list) => several(der::single(list.content, der::SEQUENCE)?, MAX_CERTIFICATES)?,
            None => Vec::new(),
        };

        let mut data = der::single(signed.data, der::SEQUENCE)?.elements();
        // The version: there is only one.
        data.next_if(tagged(0));
        let responder = data.next_if(tagged(1)).or_else(|| data.next_if(tagged(2)))?;
        // When it was made: the times of each certificate's status count.
        data.next_if(der::GENERALIZED_TIME)?;
        let singles = several(data.next_if(der::SEQUENCE)?, MAX_SINGLES)?;
        refuse_critical(data.next_if(tagged(1)))?;
        let singles = singles.into_iter().map(Single::read).collect::<Option<_>>()?;
        let certificates = certificates.iter().map(|certificate| certificate.raw).collect();
        (elements.is_empty() && data.is_empty()).then_some(Self { signed, responder, singles, certificates })
    }

    /// What it says of the certificate with this CertID.
    pub(super) fn about(&self, id: &[u8]) -> Result<&Single<'a>, Refused> {
        let asked = Id::read(id);
        let is_it = |single: &&Single<'_>| asked.is_some() && Id::read(single.id) == asked;
        self.singles.iter().find(is_it).ok_or("the OCSP response is about another certificate".into())
    }
}

impl<'a> Single<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        let mut elements = (element.tag == der::SEQUENCE).then(|| element.elements())?;
        let id = elements.next_if(der::SEQUENCE)?.raw;
        let status = match elements.next()?.tag {
            0x80 => Said::Good,
            0xa1 => Said::Revoked,
            0x82 => Said::Unknown,
            _ => return None,
        };
        let this_update = time(elements.next_if(der::GENERALIZED_TIME)?.raw)?;
        let next_update = match elements.next_if(tagged(0)) {
            Some(next) => Some(time(next.content)?),
            None => None,
        };
        refuse_critical(elements.next_if(tagged(1)))?;
        elements.is_empty().then_some(Self { id, status, this_update, next_update })
    }

    /// Until when it may be kept, if it is of these days.
    pub(super) fn current_until(&self, now: i64) -> Result<i64, Refused> {
        if self.this_update > now.saturating_add(SKEW) {
            return Err("the OCSP response is not valid yet; the clocks may differ".into());
        }
        match self.next_update {
            Some(next) if next.saturating_add(SKEW) < now => Err("the OCSP response has expired".into()),
            Some(next) => Ok(next),
            None if self.this_update.saturating_add(MAX_AGE) < now => {
                Err("the OCSP response is older than a day and does not say until when it holds".into())
            }
            None => Ok(now),
        }
    }
}

/// A CertID. The algorithm's parameters may be NULL or left out, whatever was asked.
#[derive(PartialEq, Eq)]
struct Id<'a> {
    algorithm: &'a [u8],
    hashes: [&'a [u8]; 2],
    serial: &'a [u8],
}

impl<'a> Id<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut elements = der::single(bytes, der::SEQUENCE)?.elements();
        let algorithm = elements.next_if(der::SEQUENCE)?.elements().next_if(der::OBJECT_IDENTIFIER)?.content;
        let hashes = [elements.next_if(der::OCTET_STRING)?.content, elements.next_if(der::OCTET_STRING)?.content];
        let serial = elements.next_if(der::INTEGER)?.content;
        Some(Self { algorithm, hashes, serial })
    }
}

const MALFORMED: &str = "the OCSP response cannot be read";

/// What a responder means that does not answer.
fn refusal(status: &[u8]) -> Refused {
    match status {
        [1] => "the OCSP responder cannot read the request".into(),
        [2] => "the OCSP responder has a fault of its own".into(),
        [3] => "the OCSP responder asks to try later".into(),
        [5] => "the OCSP responder answers signed requests only".into(),
        [6] => "the OCSP responder does not answer for this certificate".into(),
        _ => MALFORMED.into(),
    }
}

fn several(list: Element<'_>, most: usize) -> Option<Vec<Element<'_>>> {
    let mut elements = list.elements();
    let several: Vec<_> = elements.by_ref().take(most).collect();
    elements.is_empty().then_some(several)
}

/// None of the extensions that an answer may have is known here; those that must not be ignored make it unreadable.
fn refuse_critical(extensions: Option<Element<'_>>) -> Option<()> {
    let Some(extensions) = extensions else { return Some(()) };
    let mut list = der::single(extensions.content, der::SEQUENCE)?.elements();
    for extension in list.by_ref() {
        let mut fields: Elements<'_> = extension.elements();
        fields.next_if(der::OBJECT_IDENTIFIER)?;
        if fields.next_if(der::BOOLEAN).is_some_and(|critical| critical.content != [0]) {
            return None;
        }
    }
    list.is_empty().then_some(())
}

/// A GeneralizedTime in Unix seconds.
fn time(bytes: &[u8]) -> Option<i64> {
    let time = der::single(bytes, der::GENERALIZED_TIME)?;
    ASN1Time::from_der(time.raw).ok().map(|(_, time)| time.timestamp())
}
