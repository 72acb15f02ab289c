//! TLS as the load generator speaks it: TLS 1.3, one suite, one group, the certificate taken as it is.
//!
//! The proxy is measured, not the client, so the client is cheap: records are opened where they lie in the read buffer,
//! one configuration serves all connections, and nothing is verified. What it offers leaves no choice to a proxy:
//! everyone does the same cryptography.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue, UnbufferedClientConnection,
};
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, InsufficientSizeError, UnbufferedStatus};
use rustls::{ClientConfig, DigitallySignedStruct, Error, HandshakeKind, NamedGroup, SignatureScheme, version};

use crate::certificate::NAME;

/// Tickets kept at most: more than connections are ever open in a run that resumes.
const MAX_TICKETS: usize = 1_024;
/// Room that sealing takes beyond the plaintext, for each record begun: header, content type, tag.
const RECORD_OVERHEAD: usize = 5 + 1 + 16;
/// Plaintext of one record at most.
const RECORD: usize = 16 * 1_024;

/// A configuration that offers one application protocol, and resumes sessions or never does.
pub(crate) fn config(protocol: &[u8], resume: bool) -> Result<Arc<ClientConfig>> {
    let mut provider = default_provider();
    provider.cipher_suites = vec![cipher_suite::TLS13_AES_256_GCM_SHA384];
    provider.kx_groups = vec![kx_group::X25519];
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config.resumption = if resume { Resumption::store(Arc::new(Tickets::default())) } else { Resumption::disabled() };
    Ok(Arc::new(config))
}

/// The name of the server, as it is sent.
pub(crate) fn server_name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(NAME)?)
}

/// One TLS connection, without its socket.
pub(super) struct Session {
    tls: UnbufferedClientConnection,
    /// A record of which the end has not come yet.
    unfinished: Vec<u8>,
    may_send: bool,
}

impl Session {
    /// Begins a connection; what has to be sent is appended to `out`.
    pub(super) fn begin(config: &Arc<ClientConfig>, out: &mut Vec<u8>) -> Result<Session, String> {
        let name = server_name().map_err(|problem| problem.to_string())?;
        let tls = UnbufferedClientConnection::new(Arc::clone(config), name).map_err(|error| error.to_string())?;
        let mut session = Session { tls, unfinished: Vec::new(), may_send: false };
        session.take(&mut [], out, |_| Ok(()))?;
        Ok(session)
    }

    /// Puts what is kept of an unfinished record at the front of `buffer`; returns how much that is.
    pub(super) fn restore(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.unfinished.len()].copy_from_slice(&self.unfinished);
        self.unfinished.len()
    }

    /// Whether requests may be sent.
    pub(super) fn may_send(&self) -> bool {
        self.may_send
    }

    /// Whether the handshake resumed an earlier session.
    pub(super) fn resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// The application protocol that was agreed on.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    /// Takes bytes from the socket, with what [`Session::restore`] put before them; hands on what they hold and appends
    /// what TLS itself has to send to `out`.
    pub(super) fn take(
        &mut self,
        wire: &mut [u8],
        out: &mut Vec<u8>,
        mut plain: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut at = 0;
        loop {
            let UnbufferedStatus { mut discard, state, .. } = self.tls.process_tls_records(&mut wire[at..]);
            let more = match state.map_err(|error| format!("TLS: {error}"))? {
                ConnectionState::EncodeTlsData(mut data) => {
                    encode(&mut data, out)?;
                    true
                }
                ConnectionState::TransmitTlsData(sent) => {
                    sent.done();
                    true
                }
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(|error| format!("TLS: {error}"))?;
                        discard += record.discard;
                        plain(record.payload)?;
                    }
                    true
                }
                ConnectionState::WriteTraffic(_) => {
                    self.may_send = true;
                    false
                }
                _ => false,
            };
            at += discard;
            if !more {
                break;
            }
        }
        self.unfinished.clear();
        self.unfinished.extend_from_slice(&wire[at..]);
        Ok(())
    }

    /// Appends `plain` to `out` as records.
    pub(super) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let UnbufferedStatus { state, .. } = self.tls.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = state.map_err(|error| format!("TLS: {error}"))? else {
            return Err("TLS: nothing can be sent now".to_owned());
        };
        let room = plain.len() + RECORD_OVERHEAD * plain.len().div_ceil(RECORD).max(1);
        let begun = out.len();
        out.resize(begun + room, 0);
        let written = traffic.encrypt(plain, &mut out[begun..]).map_err(|error| format!("TLS: {error}"))?;
        out.truncate(begun + written);
        Ok(())
    }
}

/// Appends a handshake record to `out`.
fn encode<Data>(data: &mut EncodeTlsData<'_, Data>, out: &mut Vec<u8>) -> Result<(), String> {
    // Only the refusal says how long the record is.
    let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = data.encode(&mut []) else {
        return Err("TLS: a handshake record without content".to_owned());
    };
    let begun = out.len();
    out.resize(begun + required_size, 0);
    data.encode(&mut out[begun..]).map(drop).map_err(|error| format!("TLS: {error}"))
}

/// The tickets of a run: each is used once, the newest first, by whichever connection comes next.
///
/// The store of the library keeps eight for each server, too few for 64 connections that open at once.
#[derive(Debug, Default)]
struct Tickets(Mutex<Vec<Tls13ClientSessionValue>>);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        // Only one group is ever offered.
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        if let Ok(mut tickets) = self.0.lock()
            && tickets.len() < MAX_TICKETS
        {
            tickets.push(ticket);
        }
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.lock().ok()?.pop()
    }
}

/// Takes any certificate and any signature: what a client spends on them is not measured.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(rustls::PeerIncompatible::Tls12NotOffered))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
