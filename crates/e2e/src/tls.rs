//! TLS clients and servers for tests: they accept every certificate, tell what they saw, and can be told what to say.

mod client;
mod server;
mod sessions;
mod trust;

pub use client::{Secure, Tls};
pub use server::{Handshaken, TlsServer};
pub use sessions::Sessions;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, SupportedCipherSuite};

fn provider(suites: Option<&[CipherSuite]>) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if let Some(suites) = suites {
        let of = |wanted: &CipherSuite| {
            provider.cipher_suites.iter().find(|suite| suite.suite() == *wanted).copied().expect("a suite of rustls")
        };
        provider.cipher_suites = suites.iter().map(of).collect::<Vec<SupportedCipherSuite>>();
    }
    Arc::new(provider)
}
