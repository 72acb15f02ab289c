//! TLS as this tool speaks it: TLS 1.3, one suite, one group, the certificate taken as it is.
//!
//! The proxy is measured, not what stands around it, so this is cheap: records are opened where they lie in the read
//! buffer. What is offered leaves no choice to a proxy: everyone does the same cryptography.

mod client;
mod server;

use std::sync::Arc;

use anyhow::Result;
use rustls::client::UnbufferedClientConnection;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, InsufficientSizeError, UnbufferedStatus};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};

pub(crate) use client::{config as client_config, server_name};
pub(crate) use server::config as server_config;

/// Plaintext of one record at most.
pub(crate) const RECORD: usize = 16 * 1_024;
/// Room that sealing takes beyond the plaintext, for each record begun: header, content type, tag.
const RECORD_OVERHEAD: usize = 5 + 1 + 16;

/// One suite, one group.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    provider.cipher_suites = vec![cipher_suite::TLS13_AES_256_GCM_SHA384];
    provider.kx_groups = vec![kx_group::X25519];
    Arc::new(provider)
}

/// One TLS connection, without its socket.
pub(crate) struct Session {
    side: Side,
    /// A record of which the end has not come yet.
    unfinished: Vec<u8>,
    may_send: bool,
}

/// Which end of the connection this is.
enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

impl Session {
    /// Begins a connection; what has to be sent is appended to `out`.
    pub(crate) fn begin(config: &Arc<ClientConfig>, out: &mut Vec<u8>) -> Result<Session, String> {
        let name = server_name().map_err(|problem| problem.to_string())?;
        let tls = UnbufferedClientConnection::new(Arc::clone(config), name).map_err(|error| error.to_string())?;
        let mut session = Session::of(Side::Client(tls));
        session.take(&mut [], out, |_| Ok(()))?;
        Ok(session)
    }

    /// Expects a connection.
    pub(crate) fn accept(config: &Arc<ServerConfig>) -> Result<Session> {
        Ok(Session::of(Side::Server(UnbufferedServerConnection::new(Arc::clone(config))?)))
    }

    fn of(side: Side) -> Session {
        Session { side, unfinished: Vec::new(), may_send: false }
    }

    /// Puts what is kept of an unfinished record at the front of `buffer`; returns how much that is.
    pub(crate) fn restore(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.unfinished.len()].copy_from_slice(&self.unfinished);
        self.unfinished.len()
    }

    /// Bytes kept of an unfinished record.
    pub(crate) fn kept(&self) -> usize {
        self.unfinished.len()
    }

    /// Whether requests may be sent.
    pub(crate) fn may_send(&self) -> bool {
        self.may_send
    }

    /// Whether the handshake resumed an earlier session.
    pub(crate) fn resumed(&self) -> bool {
        let kind = match &self.side {
            Side::Client(tls) => tls.handshake_kind(),
            Side::Server(tls) => tls.handshake_kind(),
        };
        kind == Some(HandshakeKind::Resumed)
    }

    /// The application protocol that was agreed on.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match &self.side {
            Side::Client(tls) => tls.alpn_protocol(),
            Side::Server(tls) => tls.alpn_protocol(),
        }
    }

    /// Takes bytes from the socket, with what [`Session::restore`] put before them; hands on what they hold and appends
    /// what TLS itself has to send to `out`.
    pub(crate) fn take(
        &mut self,
        wire: &mut [u8],
        out: &mut Vec<u8>,
        mut plain: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut at = 0;
        loop {
            let next = match &mut self.side {
                Side::Client(tls) => step(tls.process_tls_records(&mut wire[at..]), out, &mut plain)?,
                Side::Server(tls) => step(tls.process_tls_records(&mut wire[at..]), out, &mut plain)?,
            };
            at += next.used;
            self.may_send |= next.may_send;
            if !next.more {
                break;
            }
        }
        self.unfinished.clear();
        self.unfinished.extend_from_slice(&wire[at..]);
        Ok(())
    }

    /// Appends `plain` to `out` as records.
    pub(crate) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let begun = out.len();
        out.resize(begun + sealed_length(plain.len()), 0);
        let written = self.seal_into(plain, &mut out[begun..])?;
        out.truncate(begun + written);
        Ok(())
    }

    /// Writes `plain` into `out` as records; returns their length, [`sealed_length`] at most.
    pub(crate) fn seal_into(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, String> {
        match &mut self.side {
            Side::Client(tls) => encrypt(tls.process_tls_records(&mut []), plain, out),
            Side::Server(tls) => encrypt(tls.process_tls_records(&mut []), plain, out),
        }
    }
}

/// Room that so much plaintext takes as records.
pub(crate) const fn sealed_length(plain: usize) -> usize {
    // As if there were always a last record that is not full.
    plain + RECORD_OVERHEAD * (plain / RECORD + 1)
}

/// What one step of the protocol brought.
struct Step {
    /// Bytes of the read buffer that were used.
    used: usize,
    /// Whether there is another step to take.
    more: bool,
    /// Whether the connection can carry data now.
    may_send: bool,
}

fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    out: &mut Vec<u8>,
    plain: &mut impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<Step, String> {
    let UnbufferedStatus { mut discard, state, .. } = status;
    let (mut more, mut may_send) = (true, false);
    match state.map_err(|error| format!("TLS: {error}"))? {
        ConnectionState::EncodeTlsData(mut data) => encode(&mut data, out)?,
        ConnectionState::TransmitTlsData(sent) => sent.done(),
        ConnectionState::ReadTraffic(mut traffic) => {
            while let Some(record) = traffic.next_record() {
                let record = record.map_err(|error| format!("TLS: {error}"))?;
                discard += record.discard;
                plain(record.payload)?;
            }
        }
        ConnectionState::WriteTraffic(_) => (more, may_send) = (false, true),
        _ => more = false,
    }
    Ok(Step { used: discard, more, may_send })
}

fn encrypt<Data>(status: UnbufferedStatus<'_, '_, Data>, plain: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let ConnectionState::WriteTraffic(mut traffic) = status.state.map_err(|error| format!("TLS: {error}"))? else {
        return Err("TLS: nothing can be sent now".to_owned());
    };
    traffic.encrypt(plain, out).map_err(|error| format!("TLS: {error}"))
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
