//! What is odd about certificates that can be shown all the same.

use x509_parser::certificate::X509Certificate;

use super::codes;
use super::error::Finding;
use super::facts::Facts;

/// From when on an expiry is announced, in seconds.
pub const EXPIRY_NOTICE: i64 = 30 * 86_400;

/// Signatures with SHA-1 or MD5.
const WEAK: &[&str] = &[
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.2.840.10045.4.1",
    "1.2.840.10040.4.3",
    "1.3.14.3.2.29",
];

/// Looks at a chain, leaf first.
pub(super) fn chain(chain: &[(&Facts, &X509Certificate<'_>)], now: i64, findings: &mut Vec<Finding>) {
    for (index, (facts, parsed)) in chain.iter().enumerate() {
        // Clients have roots of their own and do not look at those that are sent.
        if index > 0 && facts.is_self_signed {
            continue;
        }
        let whose = if index == 0 { "the certificate" } else { "the intermediate certificate" };
        let whose = format!("{whose} of {}", facts.subject);
        findings.extend(dates(facts, &whose, "it is served all the same, and clients refuse it", now));
        if !facts.is_self_signed && WEAK.contains(&parsed.signature_algorithm.algorithm.to_id_string().as_str()) {
            let message = format!("{whose} is signed with SHA-1 or MD5; clients refuse it");
            findings.push(Finding::new(codes::WEAK_SIGNATURE, message).help("have it issued anew with SHA-256"));
        }
    }
    if let Some((facts, parsed)) = chain.first() {
        leaf(facts, parsed, findings);
    }
}

/// Whether a certificate is within its time, and for long enough. `effect` says what comes of it when it is not.
pub fn dates(facts: &Facts, whose: &str, effect: &str, now: i64) -> Option<Finding> {
    if now > facts.not_after {
        let message = format!("{whose} expired on {}; {effect}", day(facts.not_after));
        return Some(Finding::new(codes::EXPIRED, message).help("renew it"));
    }
    if now < facts.not_before {
        let message = format!("{whose} is not valid before {}; {effect}", day(facts.not_before));
        return Some(Finding::new(codes::NOT_YET_VALID, message).help("is the clock of this machine right?"));
    }
    let left = facts.not_after - now;
    (left <= EXPIRY_NOTICE).then(|| {
        let days = left / 86_400;
        let message = format!("{whose} expires on {}, in {days} {}", day(facts.not_after), plural(days));
        Finding::new(codes::EXPIRES_SOON, message).help("renew it")
    })
}

fn plural(days: i64) -> &'static str {
    if days == 1 { "day" } else { "days" }
}

/// A moment, in Unix seconds, as a date in UTC.
pub fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn leaf(facts: &Facts, parsed: &X509Certificate<'_>, findings: &mut Vec<Finding>) {
    let subject = &facts.subject;
    if !facts.has_alternative_names {
        let message =
            format!("the certificate of {subject} has no alternative names; most clients ignore its common name");
        findings
            .push(Finding::new(codes::NO_NAMES, message).help("have it issued with its host names in subjectAltName"));
    }
    if facts.is_ca {
        let message = format!("the certificate of {subject} is that of an authority (CA:TRUE); some clients refuse it");
        findings.push(Finding::new(codes::IS_CA, message).help("use a certificate that is issued for a server"));
    }
    let usage = parsed.extended_key_usage().ok().flatten();
    if usage.is_some_and(|usage| !usage.value.server_auth && !usage.value.any) {
        let message =
            format!("the certificate of {subject} may not be used by servers (extendedKeyUsage); clients refuse it");
        findings.push(Finding::new(codes::NOT_FOR_SERVERS, message).help("have it issued with serverAuth"));
    }
}
