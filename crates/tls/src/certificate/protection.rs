//! How a password protects keys and certificates: the schemes of PKCS#5 and PKCS#12, to read and not to write.
//!
//! Old files (RC2 and 3DES with SHA-1, what `openssl pkcs12 -legacy` and Windows write) and new ones (AES with PBKDF2).
//! Source: RFC 7292 appendix B and C, RFC 8018 section 6.2.

use std::cell::Cell;
use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm as Aes, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{digest, pbkdf2};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use des::TdesEde3;
use rc2::Rc2;
use zeroize::Zeroizing;

use super::tlv::{Element, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// Rounds of all derivations of one file together: some seconds of work, and a hundred times what tools ask for.
const MOST_ROUNDS: u32 = 5_000_000;

/// Why something protected was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The password is another one, or the data is damaged.
    Password,
    /// The scheme is not one of those read here.
    Scheme(String),
    /// The description of the scheme makes no sense.
    Damaged,
}

/// A password in the forms that the schemes want.
#[derive(Debug)]
pub(super) struct Password<'a> {
    text: &'a str,
    /// UTF-16 with two zeros at its end; empty for "no password", which is not the same as an empty one.
    wide: Zeroizing<Vec<u8>>,
    rounds_left: Cell<u32>,
}

impl<'a> Password<'a> {
    /// This text.
    pub(super) fn new(text: &'a str) -> Self {
        let units = text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes);
        Self { text, wide: Zeroizing::new(units.collect()), rounds_left: Cell::new(MOST_ROUNDS) }
    }

    /// None at all.
    pub(super) fn none() -> Password<'static> {
        Password { text: "", wide: Zeroizing::default(), rounds_left: Cell::new(MOST_ROUNDS) }
    }

    /// A key for one purpose, by the way of PKCS#12.
    pub(super) fn derive(
        &self,
        algorithm: &'static digest::Algorithm,
        purpose: Purpose,
        salt: &[u8],
        rounds: u32,
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Closed> {
        self.spend(rounds)?;
        Ok(pkcs12_key(algorithm, &self.wide, purpose, salt, rounds, length))
    }

    fn spend(&self, rounds: u32) -> Result<NonZeroU32, Closed> {
        let wanted = NonZeroU32::new(rounds).ok_or(Closed::Damaged)?;
        let left = self.rounds_left.get().checked_sub(rounds);
        self.rounds_left.set(left.ok_or_else(|| Closed::Scheme(format!("{rounds} rounds of key derivation")))?);
        Ok(wanted)
    }

    /// Opens what the algorithm identifier `scheme` describes.
    pub(super) fn open(&self, scheme: &Element<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
        let mut parts = scheme.children();
        let name = parts.tagged(OBJECT_IDENTIFIER).map(|oid| oid.id()).ok_or(Closed::Damaged)?;
        let parameters = parts.tagged(SEQUENCE);
        let parameters = || parameters.ok_or(Closed::Damaged);
        match name.as_str() {
            "1.2.840.113549.1.12.1.3" => self.open_old(Old::TripleDes, parameters()?, data),
            "1.2.840.113549.1.12.1.5" => self.open_old(Old::Rc2(16), parameters()?, data),
            "1.2.840.113549.1.12.1.6" => self.open_old(Old::Rc2(5), parameters()?, data),
            "1.2.840.113549.1.5.13" => self.open_new(parameters()?, data),
            "1.2.840.113549.1.12.1.1" | "1.2.840.113549.1.12.1.2" => Err(Closed::Scheme("RC4".into())),
            "1.2.840.113549.1.12.1.4" => Err(Closed::Scheme("3DES with two keys".into())),
            "1.2.840.113549.1.5.3" | "1.2.840.113549.1.5.10" => Err(Closed::Scheme("DES".into())),
            other => Err(Closed::Scheme(format!("the algorithm {other}"))),
        }
    }

    /// The schemes of PKCS#12: key and starting block both come from the password.
    fn open_old(&self, cipher: Old, parameters: Element<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
        let mut parts = parameters.children();
        let salt = parts.tagged(OCTET_STRING).ok_or(Closed::Damaged)?.content;
        let rounds = parts.next().and_then(|rounds| rounds.number()).ok_or(Closed::Damaged)?;
        let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        let start = self.derive(sha1, Purpose::Start, salt, rounds, 8)?;
        let key = |length| self.derive(sha1, Purpose::Key, salt, rounds, length);
        match cipher {
            Old::TripleDes => cbc::<TdesEde3>(&key(24)?, &start, data),
            Old::Rc2(length) => cbc::<Rc2>(&key(length)?, &start, data),
        }
    }

    /// PBES2: a derivation and a cipher that are named one by one.
    fn open_new(&self, parameters: Element<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
        let mut parts = parameters.children();
        let derivation = parts.tagged(SEQUENCE).ok_or(Closed::Damaged)?;
        let mut cipher = parts.tagged(SEQUENCE).ok_or(Closed::Damaged)?.children();
        let name = cipher.tagged(OBJECT_IDENTIFIER).ok_or(Closed::Damaged)?.id();
        let start = cipher.tagged(OCTET_STRING).ok_or(Closed::Damaged)?.content;
        let aes = |algorithm, length| aes(algorithm, &self.pbkdf2(&derivation, length)?, start, data);
        match name.as_str() {
            "2.16.840.1.101.3.4.1.2" => aes(&AES_128, 16),
            "2.16.840.1.101.3.4.1.22" => aes(&AES_192, 24),
            "2.16.840.1.101.3.4.1.42" => aes(&AES_256, 32),
            "1.2.840.113549.3.7" => cbc::<TdesEde3>(&self.pbkdf2(&derivation, 24)?, start, data),
            other => Err(Closed::Scheme(format!("the cipher {other}"))),
        }
    }

    fn pbkdf2(&self, derivation: &Element<'_>, length: usize) -> Result<Zeroizing<Vec<u8>>, Closed> {
        let mut parts = derivation.children();
        let name = parts.tagged(OBJECT_IDENTIFIER).ok_or(Closed::Damaged)?.id();
        if name != "1.2.840.113549.1.5.12" {
            let name = if name == "1.3.6.1.4.1.11591.4.11" { "scrypt".into() } else { name };
            return Err(Closed::Scheme(format!("key derivation with {name}")));
        }
        let mut parts = parts.tagged(SEQUENCE).ok_or(Closed::Damaged)?.children();
        let salt = parts.tagged(OCTET_STRING).ok_or(Closed::Damaged)?.content;
        let rounds = parts.next().and_then(|rounds| rounds.number()).ok_or(Closed::Damaged)?;
        // The length of the key may stand here; the cipher tells it as well.
        let _ = parts.tagged(super::tlv::INTEGER);
        let hash =
            parts.tagged(SEQUENCE).and_then(|hash| hash.children().tagged(OBJECT_IDENTIFIER)).map(|oid| oid.id());
        let algorithm = match hash.as_deref() {
            None | Some("1.2.840.113549.2.7") => pbkdf2::PBKDF2_HMAC_SHA1,
            Some("1.2.840.113549.2.9") => pbkdf2::PBKDF2_HMAC_SHA256,
            Some("1.2.840.113549.2.10") => pbkdf2::PBKDF2_HMAC_SHA384,
            Some("1.2.840.113549.2.11") => pbkdf2::PBKDF2_HMAC_SHA512,
            Some(other) => return Err(Closed::Scheme(format!("key derivation with the hash {other}"))),
        };
        let mut key = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(algorithm, self.spend(rounds)?, salt, self.text.as_bytes(), &mut key);
        Ok(key)
    }
}

/// Ciphers of the old schemes; RC2 with the length of its key in bytes.
#[derive(Clone, Copy)]
enum Old {
    TripleDes,
    Rc2(usize),
}

/// What a derived key is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// To decrypt.
    Key = 1,
    /// As the block before the first one.
    Start = 2,
    /// To authenticate.
    Mac = 3,
}

/// RFC 7292 appendix B.2, with its letters.
fn pkcs12_key(
    algorithm: &'static digest::Algorithm,
    password: &[u8],
    purpose: Purpose,
    salt: &[u8],
    rounds: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let v = algorithm.block_len();
    let filled =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().cycle().take(v * bytes.len().div_ceil(v)).collect() };
    let d = vec![purpose as u8; v];
    let mut i = Zeroizing::new([filled(salt), filled(password)].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(length + algorithm.output_len()));
    while key.len() < length {
        let mut context = digest::Context::new(algorithm);
        context.update(&d);
        context.update(&i);
        let mut a = context.finish();
        for _ in 1..rounds {
            a = digest::digest(algorithm, a.as_ref());
        }
        key.extend_from_slice(a.as_ref());
        let b: Zeroizing<Vec<u8>> = Zeroizing::new(a.as_ref().iter().copied().cycle().take(v).collect());
        for block in i.chunks_mut(v) {
            let mut carry = 1u16;
            for (digit, other) in block.iter_mut().rev().zip(b.iter().rev()) {
                carry += u16::from(*digit) + u16::from(*other);
                *digit = carry.to_be_bytes()[1];
                carry >>= 8;
            }
        }
    }
    key.truncate(length);
    key
}

fn aes(algorithm: &'static Aes, key: &[u8], start: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let start = <[u8; 16]>::try_from(start).map_err(|_| Closed::Damaged)?;
    let key = UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7);
    let mut buffer = Zeroizing::new(data.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(start));
    let plain = key.map_err(|_| Closed::Damaged)?.decrypt(&mut buffer, context).map_err(|_| Closed::Password)?;
    let length = plain.len();
    buffer.truncate(length);
    Ok(buffer)
}

fn cbc<C: KeyInit + BlockCipherDecrypt>(key: &[u8], start: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let cipher = C::new_from_slice(key).map_err(|_| Closed::Damaged)?;
    let cipher = cbc::Decryptor::inner_iv_slice_init(cipher, start).map_err(|_| Closed::Damaged)?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = cipher.decrypt_padded::<Pkcs7>(&mut buffer).map_err(|_| Closed::Password)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::facts::lower_hex;

    #[test]
    fn keys_are_derived_as_others_derive_them() {
        // openssl kdf -provider legacy -provider default -keylen $LENGTH -kdfopt digest:SHA1 -kdfopt id:$PURPOSE
        // -kdfopt hexpass:0073006d006500670000 -kdfopt hexsalt:$SALT -kdfopt iter:$ROUNDS PKCS12KDF
        let (short, long) =
            ([0x0A, 0x58, 0xCF, 0x64, 0x53, 0x0D, 0x82, 0x3F], [0x05, 0xDE, 0xC9, 0x59, 0xAC, 0xFF, 0x72, 0xF7]);
        let rows = [
            (Purpose::Key, short, 1, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"),
            (Purpose::Start, short, 1, "79993dfe048d3b76"),
            (Purpose::Mac, long, 1000, "eb523430cfb2fd79f1fd0c3b6f2e7f1971dc7115"),
        ];
        let password = Password::new("smeg");
        for (purpose, salt, rounds, expected) in rows {
            let length = expected.len() / 2;
            let key = password.derive(&digest::SHA1_FOR_LEGACY_USE_ONLY, purpose, &salt, rounds, length).unwrap();
            assert_eq!(lower_hex(&key), expected, "{purpose:?}");
        }
    }

    #[test]
    fn the_work_is_bounded() {
        let password = Password::new("");
        let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        assert!(password.derive(sha1, Purpose::Mac, b"salt", 0, 8).is_err_and(|closed| closed == Closed::Damaged));
        let closed = password.derive(sha1, Purpose::Mac, b"salt", MOST_ROUNDS + 1, 8).unwrap_err();
        assert_eq!(closed, Closed::Scheme("5000001 rounds of key derivation".into()));
    }
}
