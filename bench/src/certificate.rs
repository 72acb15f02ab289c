//! The certificate of a run: ECDSA P-256, signed by itself, the same files for every proxy.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The name that clients send and the certificate bears.
pub(crate) const NAME: &str = "h0.bench.test";

/// Where the files are.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// The certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    /// Both in one file, as HAProxy wants them.
    pub(crate) both: PathBuf,
}

impl Certificate {
    /// Makes a certificate and a key in a folder.
    pub(crate) fn make(folder: &Path) -> Result<Certificate> {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).context("make a certificate")?;
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            // A key that others may read is refused by the gateway.
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
            file.and_then(|mut file| file.write_all(text.as_bytes()))
                .with_context(|| format!("write {}", path.display()))?;
            anyhow::Ok(path)
        };
        Ok(Certificate {
            certificate: write("certificate.pem", &certificate)?,
            key: write("key.pem", &key)?,
            both: write("both.pem", &format!("{certificate}{key}"))?,
        })
    }
}
