use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};

use super::*;
use crate::der::{GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encode, tagged};
use crate::fixtures::{Authority, NOW, expire, signed};

const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
const GOOD: &[u8] = &[0x80, 0];
const UNKNOWN: &[u8] = &[0x82, 0];
const HOUR: i64 = 3600;

fn time(seconds: i64) -> Vec<u8> {
    let text = jiff::Timestamp::from_second(seconds).unwrap().strftime("%Y%m%d%H%M%SZ").to_string();
    encode(GENERALIZED_TIME, &[text.as_bytes()])
}

fn revoked() -> Vec<u8> {
    encode(tagged(1), &[&time(NOW - HOUR)])
}

/// An authority, a certificate of it, and the question about that.
struct Case {
    root: Authority,
    leaf: CertificateDer<'static>,
    question: Question,
}

impl Case {
    fn new() -> Self {
        let root = Authority::root("Root");
        let leaf = root.leaf("leaf.example").der;
        let question = question(&leaf, &root.der()).unwrap();
        Self { root, leaf, question }
    }

    fn answer(&self, response: &[u8]) -> Result<Status, String> {
        answer(&self.question, response, &self.root.der(), NOW).map_err(Cow::into_owned)
    }

    /// What the authority itself answers.
    fn says(&self, status: &[u8]) -> Answer {
        Answer {
            id: self.question.id.clone(),
            status: status.to_vec(),
            this_update: NOW - HOUR,
            next_update: Some(NOW + HOUR),
            extensions: Vec::new(),
            responder: encode(tagged(2), &[&encode(OCTET_STRING, &[&[0; 20]])]),
        }
    }

    /// The authority's key.
    fn key(&self) -> &KeyPair {
        self.root.issuer().key()
    }
}

/// An answer before it is signed.
#[derive(Clone)]
struct Answer {
    id: Vec<u8>,
    status: Vec<u8>,
    this_update: i64,
    next_update: Option<i64>,
    extensions: Vec<u8>,
    responder: Vec<u8>,
}

impl Answer {
    fn signed(&self, key: &KeyPair, certificates: &[&CertificateDer<'_>]) -> Vec<u8> {
        let next = self.next_update.map(|next| encode(tagged(0), &[&time(next)])).unwrap_or_default();
        let parts: [&[u8]; 5] = [&self.id, &self.status, &time(self.this_update), &next, &self.extensions];
        let singles = encode(SEQUENCE, &[&encode(SEQUENCE, &parts)]);
        let data = encode(SEQUENCE, &[&self.responder, &time(self.this_update), &singles]);
        let list: Vec<&[u8]> = certificates.iter().map(|der| &***der).collect();
        let list = encode(tagged(0), &[&encode(SEQUENCE, &list)]);
        whole(&signed(&data, key, if certificates.is_empty() { &[] } else { &list }))
    }
}

fn whole(basic: &[u8]) -> Vec<u8> {
    let bytes = encode(SEQUENCE, &[&encode(OBJECT_IDENTIFIER, &[BASIC]), &encode(OCTET_STRING, &[basic])]);
    encode(SEQUENCE, &[&[0x0a, 1, 0], &encode(tagged(0), &[&bytes])])
}

/// `authorityInfoAccess` with these OCSP responders.
fn with_responders(params: &mut CertificateParams, urls: &[&str]) {
    let ocsp = encode(OBJECT_IDENTIFIER, &[&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01]]);
    let entries: Vec<_> = urls.iter().map(|url| encode(SEQUENCE, &[&ocsp, &encode(0x86, &[url.as_bytes()])])).collect();
    let content = encode(SEQUENCE, &entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content));
}

#[test]
fn a_question_names_the_certificate_by_hashes_of_its_issuer() {
    let root = Authority::root("Root");
    let urls = ["http://a.example/ocsp", "ldap://b.example", "https://c.example"];
    let leaf = root.leaf_with("leaf.example", |params| {
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x12, 0x34]));
        with_responders(params, &urls);
    });
    let question = question(&leaf.der, &root.der()).unwrap();
    assert_eq!(question.urls, ["http://a.example/ocsp", "https://c.example"]);

    let issuer = root.der();
    let issuer = parse(&issuer).unwrap();
    let name = Sha1::digest(issuer.subject().as_raw());
    let key = Sha1::digest(&issuer.public_key().subject_public_key.data);
    // RFC 6960 appendix B: OCSPRequest { TBSRequest { requestList { Request { CertID } } } }.
    let mut expected = vec![0x30, 0x43, 0x30, 0x41, 0x30, 0x3f, 0x30, 0x3d, 0x30, 0x3b];
    expected.extend([0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00]);
    expected.extend([&[0x04, 0x14], &name[..], &[0x04, 0x14], &key[..], &[0x02, 0x02, 0x12, 0x34]].concat());
    expected[1] = (expected.len() - 2) as u8;
    for (at, less) in [(3, 4), (5, 6), (7, 8)] {
        expected[at] = (expected.len() - less) as u8;
    }
    expected[9] = (expected.len() - 10) as u8;
    assert_eq!(question.request, expected);
}

#[test]
fn two_certificates_have_two_keys_and_a_renewed_one_another() {
    let case = Case::new();
    let other = question(&case.root.leaf("leaf.example").der, &case.root.der()).unwrap();
    assert_ne!(case.question.key, other.key);
    assert_eq!(case.question, question(&case.leaf, &case.root.der()).unwrap());
}

#[test]
fn a_question_is_asked_of_the_issuer_only() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let namesake = Authority::root("Root");
    for wrong in [other.der(), namesake.der()] {
        assert!(question(&root.leaf("leaf.example").der, &wrong).unwrap_err().contains("not issued by"));
    }
    let garbage = CertificateDer::from(b"garbage".to_vec());
    assert!(question(&garbage, &root.der()).is_err());
    assert!(question(&root.leaf("leaf.example").der, &garbage).is_err());
}

#[test]
fn the_issuer_says_good_revoked_or_unknown() {
    let case = Case::new();
    for (status, expected) in
        [(GOOD, Status::Good { until: NOW + HOUR }), (&revoked(), Status::Revoked), (UNKNOWN, Status::Unknown)]
    {
        assert_eq!(case.answer(&case.says(status).signed(case.key(), &[])), Ok(expected));
    }
}

#[test]
fn an_answer_must_be_of_these_days() {
    let case = Case::new();
    for (rule, this, next, expected) in [
        ("current", -HOUR, Some(HOUR), Ok(HOUR)),
        ("over since a moment", -HOUR, Some(-SKEW), Ok(-SKEW)),
        ("over", -HOUR, Some(-SKEW - 1), Err("has expired")),
        ("to come in a moment", SKEW, Some(HOUR), Ok(HOUR)),
        ("to come", SKEW + 1, Some(HOUR), Err("not valid yet")),
        ("without an end", -MAX_AGE, None, Ok(0)),
        ("without an end and old", -MAX_AGE - 1, None, Err("older than a day")),
    ] {
        let answer = Answer { this_update: NOW + this, next_update: next.map(|next| NOW + next), ..case.says(GOOD) };
        match (case.answer(&answer.signed(case.key(), &[])), expected) {
            (Ok(status), Ok(until)) => assert_eq!(status, Status::Good { until: NOW + until }, "{rule}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{rule}: {error}"),
            (got, _) => panic!("{rule}: {got:?}"),
        }
    }
}

#[test]
fn an_answer_about_another_certificate_says_nothing() {
    let case = Case::new();
    let (other, namesake) = (case.root.leaf("other.example").der, Authority::root("Root"));
    let of_namesake = namesake.leaf("leaf.example").der;
    for id in [question(&other, &case.root.der()).unwrap().id, question(&of_namesake, &namesake.der()).unwrap().id] {
        let answer = Answer { id, ..case.says(GOOD) }.signed(case.key(), &[]);
        assert_eq!(case.answer(&answer), Err("the OCSP response is about another certificate".into()));
    }
}

#[test]
fn the_parameters_of_the_hash_may_be_left_out() {
    let case = Case::new();
    let bare = [0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];
    let hashes = &crate::der::single(&case.question.id, SEQUENCE).unwrap().content[SHA1.len()..];
    let answer = Answer { id: encode(SEQUENCE, &[&bare, hashes]), ..case.says(GOOD) };
    assert!(case.answer(&answer.signed(case.key(), &[])).is_ok());
}

/// A responder that the authority has appointed.
fn for_ocsp(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
}

#[test]
fn only_the_issuer_and_whom_it_has_appointed_can_answer() {
    let case = Case::new();
    let appointed = case.root.leaf_with("responder", for_ocsp);
    let plain = case.root.leaf("responder");
    let late = case.root.leaf_with("responder", |params| {
        for_ocsp(params);
        expire(params);
    });
    let (other, namesake) = (Authority::root("Other"), Authority::root("Root"));
    let (foreign, forged) = (other.leaf_with("responder", for_ocsp), namesake.leaf_with("responder", for_ocsp));
    let below = case.root.intermediate("Below").leaf_with("responder", for_ocsp);
    let not_issued = "the OCSP responder's certificate does not come from the certificate's issuer";
    for (rule, responder, expected) in [
        ("appointed", &appointed, None),
        ("not appointed", &plain, Some("the OCSP responder's certificate is not for signing OCSP responses")),
        ("not appointed any more", &late, Some("the OCSP responder's certificate is outside its dates")),
        ("appointed by another", &foreign, Some(not_issued)),
        ("appointed by a namesake", &forged, Some(not_issued)),
        ("appointed by an authority below", &below, Some(not_issued)),
    ] {
        let parsed = parse(&responder.der).unwrap();
        let hash = Sha1::digest(&parsed.public_key().subject_public_key.data);
        for id in
            [encode(tagged(1), &[parsed.subject().as_raw()]), encode(tagged(2), &[&encode(OCTET_STRING, &[&hash])])]
        {
            let answer = Answer { responder: id, ..case.says(GOOD) }.signed(&responder.key, &[&responder.der]);
            let got = case.answer(&answer);
            match expected {
                None => assert_eq!(got, Ok(Status::Good { until: NOW + HOUR }), "{rule}"),
                Some(why) => assert_eq!(got, Err(why.into()), "{rule}"),
            }
        }
    }
}

#[test]
fn a_signature_by_nobody_known_says_nothing() {
    let case = Case::new();
    let stranger = KeyPair::generate().unwrap();
    let unsigned = "the OCSP response is not signed by the certificate's issuer";
    assert_eq!(case.answer(&case.says(GOOD).signed(&stranger, &[])), Err(unsigned.into()));

    // The appointed responder's certificate, under a name that it does not have, and under its own with another key.
    let appointed = case.root.leaf_with("responder", for_ocsp);
    let by_other_name = case.says(GOOD).signed(&appointed.key, &[&appointed.der]);
    assert_eq!(case.answer(&by_other_name), Err(unsigned.into()));
    let name = encode(tagged(1), &[parse(&appointed.der).unwrap().subject().as_raw()]);
    let forged = Answer { responder: name, ..case.says(GOOD) }.signed(&stranger, &[&appointed.der]);
    assert_eq!(case.answer(&forged), Err("the OCSP response's signature is wrong".into()));
}

#[test]
fn a_changed_answer_says_nothing() {
    let case = Case::new();
    let response = case.says(UNKNOWN).signed(case.key(), &[]);
    let at = response.windows(2).position(|window| window == UNKNOWN).unwrap();
    let mut forged = response;
    forged[at] = 0x80;
    assert!(case.answer(&forged).unwrap_err().contains("not signed"));
}

#[test]
fn a_responder_that_refuses_is_quoted() {
    let case = Case::new();
    for (status, expected) in [(1, "cannot read"), (2, "fault"), (3, "later"), (5, "signed requests"), (6, "does not")]
    {
        let error = case.answer(&[0x30, 3, 0x0a, 1, status]).unwrap_err();
        assert!(error.contains(expected), "{status}: {error}");
    }
}

#[test]
fn critical_extensions_are_not_ignored() {
    let case = Case::new();
    let oid = encode(OBJECT_IDENTIFIER, &[&[0x2a, 3]]);
    let value = encode(OCTET_STRING, &[&[]]);
    for (critical, is_read) in [(&[][..], true), (&[1, 1, 0], true), (&[1, 1, 0xff], false)] {
        let extension = encode(SEQUENCE, &[&encode(SEQUENCE, &[&oid, critical, &value])]);
        let answer = Answer { extensions: encode(tagged(1), &[&extension]), ..case.says(GOOD) };
        assert_eq!(case.answer(&answer.signed(case.key(), &[])).is_ok(), is_read, "{critical:?}");
    }
}

#[test]
fn damaged_and_oversized_answers_are_refused() {
    let case = Case::new();
    let response = case.says(GOOD).signed(case.key(), &[&case.leaf]);
    assert!(case.answer(&response).is_ok());
    for end in 0..response.len() {
        assert!(case.answer(&response[..end]).is_err(), "{end}");
    }
    for at in 0..response.len() {
        let mut changed = response.clone();
        changed[at] ^= 0x01;
        // It is read as something or refused; never is a changed answer a good one for longer.
        if let Ok(Status::Good { until }) = case.answer(&changed) {
            assert_eq!(until, NOW + HOUR, "{at}");
        }
    }
    let long = [response, vec![0; MAX_RESPONSE]].concat();
    assert!(case.answer(&long).unwrap_err().contains("64 KiB"));
    let id = encode(INTEGER, &[&[1]]);
    assert!(case.answer(&Answer { id, ..case.says(GOOD) }.signed(case.key(), &[])).is_err());
}

#[test]
fn only_a_good_answer_is_stapled() {
    let case = Case::new();
    let check = |response: &[u8]| check_staple(response, &case.leaf, &case.root.der(), NOW).map_err(|error| error.code);
    assert_eq!(check(&case.says(GOOD).signed(case.key(), &[])), Ok(NOW + HOUR));
    assert_eq!(check(&case.says(&revoked()).signed(case.key(), &[])), Err(CERTIFICATE_REVOKED));
    assert_eq!(check(&case.says(UNKNOWN).signed(case.key(), &[])), Err(CERTIFICATE_UNKNOWN));
    assert_eq!(check(b"garbage"), Err(RESPONSE_INVALID));
}
