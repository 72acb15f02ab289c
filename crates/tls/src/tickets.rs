//! Session tickets: keys that all workers share, that rotate, and that several gateways can share.
//!
//! A key is derived from a secret and the time, so that gateways with the same secret change to the same new key at the
//! same moment without talking to each other. Tickets of listeners that ask for client certificates in different ways
//! have different keys: a session of the one is worth nothing at the other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::client_auth::{ClientAuth, Mode, Revocation};

/// Seconds between two changes of the key: six hours.
const PERIOD: u64 = 6 * 3600;
/// Seconds for which clients keep a ticket. The key before the present one still opens tickets, so a ticket is good for
/// six hours at least.
const LIFETIME: u32 = 12 * 3600;
/// Sessions of TLS 1.2 clients that know no tickets, kept for all workers together.
const SESSION_IDS: usize = 20_480;
/// The least a shared secret has, in bytes.
pub const MIN_SECRET: usize = 32;

const NAME_LEN: usize = 16;

/// The secrets behind the tickets, and what was derived from them.
pub struct Tickets {
    /// The first one encrypts, all of them open. Made when the first listener needs them, where they are random: the
    /// cryptography's first random bytes cost 420 million instructions, which a gateway without TLS need not spend.
    secrets: OnceLock<Vec<Prk>>,
    contexts: Mutex<HashMap<[u8; 32], Context>>,
}

/// What listeners with the same client authentication share.
#[derive(Clone)]
pub(crate) struct Context {
    /// Seals and opens tickets.
    pub(crate) producer: Arc<dyn ProducesTickets>,
    /// Sessions of TLS 1.2 clients that know no tickets.
    pub(crate) sessions: Arc<dyn StoresServerSessions>,
}

fn extract(secrets: &[impl AsRef<[u8]>]) -> Vec<Prk> {
    let salt = Salt::new(HKDF_SHA256, b"gatehouse session tickets");
    secrets.iter().map(|secret| salt.extract(secret.as_ref())).collect()
}

impl Tickets {
    /// Tickets of this process alone.
    pub fn random() -> Self {
        Self { secrets: OnceLock::new(), contexts: Mutex::default() }
    }

    /// Tickets of every gateway that has these secrets. The first encrypts; the others only open, so that secrets can
    /// be changed one gateway at a time.
    pub fn shared(secrets: &[impl AsRef<[u8]>]) -> Self {
        Self { secrets: OnceLock::from(extract(secrets)), contexts: Mutex::default() }
    }

    fn secrets(&self) -> Result<&Vec<Prk>, rustls::Error> {
        if let Some(secrets) = self.secrets.get() {
            return Ok(secrets);
        }
        let mut secret = Zeroizing::new([0; MIN_SECRET]);
        rand::fill(&mut *secret).map_err(|_| rustls::Error::FailedToGetRandomBytes)?;
        Ok(self.secrets.get_or_init(|| extract(&[secret])))
    }

    /// What listeners with this client authentication share.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn context(&self, client_auth: Option<&ClientAuth>) -> Result<Context, rustls::Error> {
        let secrets = self.secrets()?;
        let id = client_auth.map_or([0; 32], digest);
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Context {
            producer: Arc::new(Producer::new(secrets.clone(), id, unix_seconds)),
            sessions: ServerSessionMemoryCache::new(SESSION_IDS),
        };
        Ok(contexts.entry(id).or_insert_with(make).clone())
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tickets({} secrets)", self.secrets.get().map_or(0, Vec::len))
    }
}

/// Stands for everything that decides what a client certificate is worth.
fn digest(client_auth: &ClientAuth) -> [u8; 32] {
    let mut hash = Sha256::new();
    let revocation = match client_auth.revocation {
        Revocation::None => 0,
        Revocation::Ocsp { soft_fail } => 1 + u8::from(soft_fail),
    };
    let strict = client_auth.mode == Mode::Strict;
    hash.update([u8::from(strict), u8::from(client_auth.verify_issuer), revocation, client_auth.max_depth]);
    let chains = client_auth.chains.iter().flat_map(|chain| std::iter::once(&chain.root).chain(&chain.intermediates));
    for der in chains.map(AsRef::as_ref).chain(client_auth.crls.iter().map(Vec::as_slice)) {
        hash.update((der.len() as u64).to_be_bytes());
        hash.update(der);
    }
    hash.finalize().into()
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Seals and opens the tickets of one context.
struct Producer {
    secrets: Vec<Prk>,
    context: [u8; 32],
    now: fn() -> u64,
    keys: RwLock<Keys>,
}

/// The keys of one period: the sealing one first, then those that only open.
struct Keys {
    period: u64,
    keys: Arc<[Key]>,
}

struct Key {
    name: [u8; NAME_LEN],
    key: LessSafeKey,
}

impl Producer {
    fn new(secrets: Vec<Prk>, context: [u8; 32], now: fn() -> u64) -> Self {
        let period = now() / PERIOD;
        let keys = derive(&secrets, &context, period);
        Self { secrets, context, now, keys: RwLock::new(Keys { period, keys }) }
    }

    fn keys(&self) -> Arc<[Key]> {
        let period = (self.now)() / PERIOD;
        {
            let known = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            if known.period == period {
                return Arc::clone(&known.keys);
            }
        }
        let keys = derive(&self.secrets, &self.context, period);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Keys { period, keys: Arc::clone(&keys) };
        keys
    }
}

/// The present period's key of the first secret, then everything else that may have sealed a ticket: the period before,
/// and the one to come, since clocks of several gateways differ.
fn derive(secrets: &[Prk], context: &[u8; 32], period: u64) -> Arc<[Key]> {
    let periods = [period, period.saturating_sub(1), period + 1];
    let all = secrets.iter().flat_map(|secret| periods.iter().map(move |period| (secret, period)));
    all.filter_map(|(secret, period)| derive_one(secret, context, *period)).collect()
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        NAME_LEN + AES_256_GCM.key_len()
    }
}

fn derive_one(secret: &Prk, context: &[u8; 32], period: u64) -> Option<Key> {
    let mut bytes = Zeroizing::new([0; NAME_LEN + 32]);
    secret.expand(&[context, &period.to_be_bytes()], Length).ok()?.fill(&mut *bytes).ok()?;
    let (name, key) = bytes.split_first_chunk::<NAME_LEN>()?;
    Some(Key { name: *name, key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?) })
}

impl ProducesTickets for Producer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys();
        let Key { name, key } = keys.first()?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce_used, Aad::from(name), &mut sealed).ok()?;
        Some([name.as_slice(), &nonce, &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME_LEN>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.name == *name)?;
        let mut sealed = sealed.to_vec();
        let opened = key.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(name), &mut sealed).ok()?;
        let length = opened.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Producer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producer(secrets: &[&[u8]], context: u8, now: fn() -> u64) -> Producer {
        Producer::new(extract(secrets), [context; 32], now)
    }

    const ONE: &[u8] = &[1; 32];
    const TWO: &[u8] = &[2; 32];

    #[test]
    fn a_ticket_opens_in_its_own_period_and_the_next_and_no_later() {
        let now = || 10 * PERIOD;
        let ticket = producer(&[ONE], 0, now).encrypt(b"session").unwrap();
        let rows: [(fn() -> u64, bool); 5] = [
            (|| 10 * PERIOD + 1, true),
            (|| 11 * PERIOD, true),
            (|| 12 * PERIOD, false),
            // A gateway whose clock is behind.
            (|| 9 * PERIOD, true),
            (|| 8 * PERIOD, false),
        ];
        for (now, opens) in rows {
            let opened = producer(&[ONE], 0, now).decrypt(&ticket);
            assert_eq!(opened, opens.then(|| b"session".to_vec()), "at {}", now());
        }
    }

    #[test]
    fn a_secret_that_was_replaced_still_opens_and_no_longer_seals() {
        let now = || 10 * PERIOD;
        let old = producer(&[ONE], 0, now);
        let both = producer(&[TWO, ONE], 0, now);
        assert!(both.decrypt(&old.encrypt(b"x").unwrap()).is_some());
        assert!(old.decrypt(&both.encrypt(b"x").unwrap()).is_none());
    }

    #[test]
    fn a_ticket_is_worth_nothing_under_another_client_authentication() {
        let now = || 10 * PERIOD;
        let ticket = producer(&[ONE], 1, now).encrypt(b"x").unwrap();
        assert!(producer(&[ONE], 2, now).decrypt(&ticket).is_none());
    }

    #[test]
    fn damaged_tickets_do_not_open() {
        let one = producer(&[ONE], 0, || 10 * PERIOD);
        let ticket = one.encrypt(b"session").unwrap();
        for length in 0..ticket.len() {
            assert!(one.decrypt(&ticket[..length]).is_none());
        }
        for at in 0..ticket.len() {
            let mut damaged = ticket.clone();
            damaged[at] ^= 1;
            assert!(one.decrypt(&damaged).is_none(), "byte {at}");
        }
    }

    #[test]
    fn keys_change_while_the_process_runs() {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NOW: AtomicU64 = AtomicU64::new(10 * PERIOD);
        let one = producer(&[ONE], 0, || NOW.load(Ordering::Relaxed));
        let first = one.encrypt(b"x").unwrap();
        NOW.store(11 * PERIOD, Ordering::Relaxed);
        let second = one.encrypt(b"x").unwrap();
        assert_ne!(first[..NAME_LEN], second[..NAME_LEN]);
        assert!(one.decrypt(&first).is_some() && one.decrypt(&second).is_some());
    }
}
