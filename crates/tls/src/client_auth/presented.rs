//! What logs and rewrites say of a client certificate.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway", mutual authentication server variables (read
//! 2026-11-22). The forms of certificate and dates are not documented; these are nginx's and OpenSSL's.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;

use crate::calendar::date_time;
use crate::certificate::Facts;

/// A client certificate that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// What it says of itself.
    pub facts: Facts,
    /// The certificate.
    pub der: CertificateDer<'static>,
}

impl ClientCertificate {
    /// Reads a certificate; `None` when it is none.
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        Some(Self { facts: Facts::read(der).ok()?, der: der.clone().into_owned() })
    }

    /// Its PEM, percent-encoded so that it can stand in a header field (`client_certificate`).
    pub fn escaped_pem(&self) -> String {
        let base64 = STANDARD.encode(&self.der);
        let mut text = String::with_capacity(base64.len() + base64.len() / 8 + 96);
        text.push_str("-----BEGIN%20CERTIFICATE-----%0A");
        for (index, character) in base64.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                text.push_str("%0A");
            }
            match character {
                '+' | '/' | '=' => _ = write!(text, "%{:02X}", u32::from(character)),
                _ => text.push(character),
            }
        }
        text.push_str("%0A-----END%20CERTIFICATE-----%0A");
        text
    }

    /// From when it is valid, as OpenSSL writes it: `Jul  1 12:00:00 2027 GMT`.
    pub fn start_date(&self) -> String {
        date(self.facts.not_before)
    }

    /// Until when it is valid, as OpenSSL writes it: `Jul  1 12:00:00 2027 GMT`.
    pub fn end_date(&self) -> String {
        date(self.facts.not_after)
    }
}

/// A time in OpenSSL's form; empty for one beyond the calendar, which no certificate can have.
fn date(seconds: i64) -> String {
    date_time(seconds).map(|time| time.strftime("%b %e %H:%M:%S %Y GMT").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_openssl_does() {
        for (seconds, expected) in [
            (1_814_443_200, "Jul  1 12:00:00 2027 GMT"),
            (1_829_347_199, "Dec 20 23:59:59 2027 GMT"),
            (0, "Jan  1 00:00:00 1970 GMT"),
            (-1, "Dec 31 23:59:59 1969 GMT"),
            (253_402_300_799, "Dec 31 23:59:59 9999 GMT"),
            (i64::MAX, ""),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn the_escaped_pem_decodes_to_the_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        let escaped = ClientCertificate::read(made.der()).unwrap().escaped_pem();
        assert!(escaped.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-%".contains(&byte)), "{escaped}");
        let codes = [("%0A", "\n"), ("%20", " "), ("%2B", "+"), ("%2F", "/"), ("%3D", "=")];
        let pem = codes.iter().fold(escaped, |text, (code, character)| text.replace(code, character));
        assert_eq!(pem, made.pem().replace("\r\n", "\n"));
    }

    #[test]
    fn what_is_no_certificate_is_not_read() {
        assert!(ClientCertificate::read(&CertificateDer::from(vec![0x30, 0])).is_none());
    }
}
