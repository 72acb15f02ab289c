//! What a client's handshake said, for every request on its connection.

use std::fmt::Write as _;
use std::sync::Arc;

use observe::access_log::TlsInfo;
use rustls::{CipherSuite, CommonState, ProtocolVersion, ServerConnection};
use snapshot::Listener;
use tls::client_auth::{ClientAuth, ClientCertificate, Mode, Verdict};
use tls::policy::Suite;

use crate::failure::Failure;

/// A TLS session with a client.
#[derive(Debug)]
pub struct Session {
    cipher: &'static str,
    protocol: &'static str,
    client_auth: Option<Arc<ClientAuth>>,
    verdict: Verdict,
    verify: String,
    certificate: Option<ClientCertificate>,
    ja4: Option<String>,
    offered: Option<String>,
}

impl Session {
    /// Reads a finished handshake. `client_auth` is what it asked for, `ja4` what it looked like, `offered` the suites
    /// that the client named, where a rewrite asks for them.
    pub fn new(
        connection: &ServerConnection,
        client_auth: Option<Arc<ClientAuth>>,
        verdict: Verdict,
        ja4: Option<String>,
        offered: Option<String>,
    ) -> Self {
        let (cipher, protocol) = Agreed::of(connection).names();
        let certificate = connection.peer_certificates().and_then(|chain| ClientCertificate::read(chain.first()?));
        Self { cipher, protocol, client_auth, verify: verdict.to_string(), verdict, certificate, ja4, offered }
    }

    /// The suites that the client named, where a rewrite asks for them.
    pub fn offered(&self) -> &str {
        self.offered.as_deref().unwrap_or("")
    }

    /// The client's certificate, good or not.
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        self.certificate.as_ref()
    }

    /// The common name in the client's certificate, good or not; empty where it has none.
    pub fn common_name(&self) -> Option<&str> {
        self.certificate.as_ref().map(|certificate| certificate.facts.common_name.as_deref().unwrap_or(""))
    }

    /// Whether the client's certificate was checked and found good.
    pub fn is_verified(&self) -> bool {
        self.verdict == Verdict::Success
    }

    /// As the access log shows it.
    pub fn info(&self) -> TlsInfo<'_> {
        let facts = self.certificate.as_ref().map(|certificate| &certificate.facts);
        TlsInfo {
            cipher: self.cipher,
            protocol: self.protocol,
            client_verify: &self.verify,
            fingerprint: facts.map_or("", |facts| &facts.sha1),
            issuer: facts.map_or("", |facts| &facts.issuer),
        }
    }

    /// The fingerprint of the client's hello, where the policy calls for it.
    pub fn ja4(&self) -> Option<&str> {
        self.ja4.as_deref()
    }

    /// Why a request on this session is not served, if it is not: the client has no good certificate where one is
    /// demanded, or its host belongs to a listener that asks for certificates in another way.
    ///
    /// Parity: Azure leaves the second case open, which would let a client in by the name of another site.
    #[inline]
    pub fn refuses(&self, listener: Option<&Listener>) -> Option<Failure> {
        let asked = listener.and_then(|listener| listener.tls.as_ref()).and_then(|tls| tls.client_auth.as_ref());
        match (&self.client_auth, asked) {
            (None, None) => None,
            (ours, asked) => self.judge(ours.as_ref(), asked, listener.is_some()),
        }
    }

    fn judge(&self, ours: Option<&Arc<ClientAuth>>, asked: Option<&Arc<ClientAuth>>, found: bool) -> Option<Failure> {
        if ours.is_some_and(|ours| ours.mode == Mode::Strict) {
            match self.verdict {
                Verdict::Success => {}
                Verdict::Absent => return Some(Failure::ClientCertificateMissing),
                Verdict::Failed(_) => return Some(Failure::ClientCertificateInvalid),
            }
        }
        let same = match (ours, asked) {
            (Some(ours), Some(asked)) => Arc::ptr_eq(ours, asked) || ours == asked,
            (ours, asked) => ours.is_none() == asked.is_none(),
        };
        (found && !same).then_some(Failure::Misdirected)
    }
}

/// What two ends of a session have agreed on.
#[derive(Clone, Copy, Debug)]
pub struct Agreed {
    suite: Option<CipherSuite>,
    version: Option<ProtocolVersion>,
}

impl Agreed {
    /// Reads a session after its handshake.
    pub fn of(session: &CommonState) -> Self {
        let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
        Self { suite, version: session.protocol_version() }
    }

    /// Suite and version, as the access log spells them.
    pub fn names(self) -> (&'static str, &'static str) {
        let protocol = match self.version {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "",
        };
        (self.suite.and_then(suite_name).unwrap_or(""), protocol)
    }
}

/// What OpenSSL calls a suite, if it is one that is spoken here.
fn suite_name(suite: CipherSuite) -> Option<&'static str> {
    match suite {
        // In no policy, but servers may choose them.
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => Some("TLS_CHACHA20_POLY1305_SHA256"),
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => Some("ECDHE-RSA-CHACHA20-POLY1305"),
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => Some("ECDHE-ECDSA-CHACHA20-POLY1305"),
        other => Suite::of(other).map(Suite::openssl),
    }
}

/// Suites as nginx lists them: names, and numbers where there is none, with colons between.
pub fn suite_list(suites: &[CipherSuite]) -> String {
    let mut list = String::new();
    for suite in suites.iter().take(MAX_OFFERED) {
        let separator = if list.is_empty() { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = match suite_name(*suite) {
            Some(name) => write!(list, "{separator}{name}"),
            None => write!(list, "{separator}0x{:04x}", u16::from(*suite)),
        };
    }
    list
}

/// Suites of a hello that are listed; clients name about twenty.
const MAX_OFFERED: usize = 100;
