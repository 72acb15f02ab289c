//! What an error in a handshake says, and what may help.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};

use super::error::{Class, ServerTlsError};

/// What went wrong in a handshake to which `name` was sent.
pub(super) fn failure(error: &io::Error, name: Option<&str>) -> ServerTlsError {
    if let Some(error) = tls_error(error) {
        let sent = match name {
            Some(name) => format!("the name {name} was sent to it"),
            None => "no name was sent to it".to_owned(),
        };
        return of(error, &sent);
    }
    let text = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the server closed the connection within the TLS handshake; it may speak TLS before 1.2 only, no TLS on \
             this port, or not to this name"
                .to_owned()
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "the server reset the connection within the TLS handshake; it may speak TLS before 1.2 only, no TLS on \
             this port, or not to this name"
                .to_owned()
        }
        _ => format!("the connection broke within the TLS handshake: {error}"),
    };
    ServerTlsError::new(Class::Closed, text)
}

/// The name cannot be sent; settings are checked, so this is a client's.
pub(super) fn unsendable(name: &str) -> ServerTlsError {
    let name: String = name.chars().take(100).flat_map(char::escape_default).collect();
    ServerTlsError::new(Class::TlsHandshakeFailed, format!("{name} is no DNS name, so it cannot be sent to the server"))
}

/// The error of rustls in an error of a stream.
pub(super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref::<Error>()
}

/// What an error of rustls says. `sent` tells which name was sent to the server, where that may matter.
pub(super) fn of(error: &Error, sent: &str) -> ServerTlsError {
    let (class, text) = match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(ours))) => {
            match ours.downcast_ref::<ServerTlsError>() {
                Some(ours) => return ours.clone(),
                None => (Class::CertVerifyOther(1), format!("the server's certificate was refused: {ours}")),
            }
        }
        Error::InvalidCertificate(CertificateError::BadEncoding) => {
            (Class::CertVerifyOther(1), "the server's certificate cannot be read".to_owned())
        }
        Error::InvalidCertificate(_) => {
            let text = "the server could not prove that it has the key of the certificate it shows";
            (Class::TlsHandshakeFailed, text.to_owned())
        }
        Error::NoCertificatesPresented => {
            (Class::LeafMissing, "the server sends no certificate; give it one".to_owned())
        }
        Error::AlertReceived(alert) => (Class::TlsHandshakeFailed, alert_text(*alert, sent)),
        Error::PeerIncompatible(incompatible) => (Class::TlsHandshakeFailed, incompatible_text(incompatible)),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => {
            let text = "what the server answers is not TLS; it may speak plain HTTP on this port";
            (Class::TlsHandshakeFailed, text.to_owned())
        }
        other => (Class::TlsHandshakeFailed, format!("the server does not keep to TLS: {other}")),
    };
    ServerTlsError::new(class, text)
}

const SPOKEN: &str = "TLS 1.3, and 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305, are spoken to servers";

fn incompatible_text(incompatible: &PeerIncompatible) -> String {
    match incompatible {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired => {
            format!("the server speaks no common version of TLS; {SPOKEN}")
        }
        PeerIncompatible::NoCipherSuitesInCommon => {
            format!("there is no common cipher suite with the server; {SPOKEN}")
        }
        PeerIncompatible::NoKxGroupsInCommon => {
            "there is no common key exchange with the server; X25519, P-256 and P-384 are spoken".to_owned()
        }
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
            "the server asks for a client certificate with signatures that the one shown to it cannot make".to_owned()
        }
        other => format!("the server lacks something of TLS that is needed: {other:?}"),
    }
}

/// An alert's name as RFC 8446 writes it, its number, and what is mostly behind it.
fn alert_text(alert: AlertDescription, sent: &str) -> String {
    use AlertDescription as Alert;
    let certificate = "it refuses the client certificate it got, or wants one";
    let (word, advice) = match alert {
        Alert::CloseNotify => ("close_notify", String::new()),
        Alert::UnexpectedMessage => ("unexpected_message", String::new()),
        Alert::BadRecordMac => ("bad_record_mac", String::new()),
        Alert::HandshakeFailure => (
            "handshake_failure",
            format!("mostly no common cipher suite ({SPOKEN}), or a name it does not know ({sent})"),
        ),
        Alert::InsufficientSecurity => ("insufficient_security", SPOKEN.to_owned()),
        Alert::ProtocolVersion => ("protocol_version", SPOKEN.to_owned()),
        Alert::BadCertificate => ("bad_certificate", certificate.to_owned()),
        Alert::UnsupportedCertificate => ("unsupported_certificate", certificate.to_owned()),
        Alert::CertificateRevoked => ("certificate_revoked", certificate.to_owned()),
        Alert::CertificateExpired => ("certificate_expired", certificate.to_owned()),
        Alert::CertificateUnknown => ("certificate_unknown", certificate.to_owned()),
        Alert::UnknownCA => ("unknown_ca", certificate.to_owned()),
        Alert::AccessDenied => ("access_denied", certificate.to_owned()),
        Alert::CertificateRequired => ("certificate_required", "it wants a client certificate".to_owned()),
        Alert::IllegalParameter => ("illegal_parameter", String::new()),
        Alert::DecodeError => ("decode_error", String::new()),
        Alert::DecryptError => ("decrypt_error", String::new()),
        Alert::InternalError => ("internal_error", "the server has a fault of its own".to_owned()),
        Alert::MissingExtension => ("missing_extension", sent.to_owned()),
        Alert::UnsupportedExtension => ("unsupported_extension", String::new()),
        Alert::UnrecognisedName => ("unrecognized_name", format!("{sent}; set hostName or sniName to one it knows")),
        Alert::NoApplicationProtocol => {
            let advice = "it speaks none of the protocols offered (ALPN); without any, it may speak HTTP/2 only";
            ("no_application_protocol", advice.to_owned())
        }
        _ => ("unnamed", String::new()),
    };
    let number = u8::from(alert);
    let advice = if advice.is_empty() { advice } else { format!("; {advice}") };
    format!("the server ended TLS with the alert {word} ({number}){advice}")
}
