//! Puzzles: what a script is given to prove that it runs, sealed so that nothing is kept of it here.
//!
//! A puzzle is text of digits and points: when it was given (seconds since 1970), how long the clearance will count
//! (seconds), how many zero bits are asked, a number used once, and a seal over all of it, the kind of challenge, the
//! client and the host. Its answer is a number: the SHA-256 of puzzle, colon and number begins with the zero bits.
//!
//! A puzzle may be answered again while it lives: who does gets the clearance that he has already, for the same client
//! and host, and an end at most two minutes after the first one's; so no memory of answered ones is needed.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};

use super::{Clearances, Kind, bound, bytes, digits, host};
use crate::request::Request;

/// How long a puzzle can be answered.
const LIFE: Duration = Duration::from_secs(120);

/// How far in the future a puzzle may have been given: clocks of gateways that share a key differ.
const SKEW: Duration = Duration::from_secs(10);

/// Zero bits that are asked, at most 32 (the page's script looks at one word): 65,536 tries on average, a tenth of a
/// second of Node.js on a server's core; one client in a hundred needs five times that.
pub(super) const BITS: u32 = 16;

/// What is wrong with a puzzle that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is no puzzle of ours for this client and host.
    Forged,
    /// Its time is over, or has not come.
    Old,
    /// The number is no answer.
    Wrong,
}

/// A puzzle whose seal is whole.
struct Puzzle {
    given: Duration,
    lifetime: Duration,
    bits: u32,
}

impl Clearances {
    /// A puzzle for the client and host of a request, to be answered within two minutes. `lifetime`: how long the
    /// clearance counts that its answer gives. `nonce`: random bytes, used once.
    #[must_use]
    pub fn puzzle(&self, request: &Request<'_>, lifetime: Duration, nonce: &[u8; 12], now: Duration) -> String {
        self.puzzle_of(Kind::Script, BITS, request, lifetime, nonce, now)
    }

    pub(super) fn puzzle_of(
        &self,
        kind: Kind,
        bits: u32,
        request: &Request<'_>,
        lifetime: Duration,
        nonce: &[u8],
        now: Duration,
    ) -> String {
        let open = format!("{}.{}.{bits}.{}", now.as_secs(), lifetime.as_secs(), digits(nonce));
        let seal = hmac::sign(&self.key, &content(kind, &open, request.client, host(request)));
        format!("{open}.{}", digits(seal.as_ref()))
    }

    /// How long the clearance counts that an answer, `puzzle:number`, gives.
    pub(super) fn check(&self, request: &Request<'_>, answer: &[u8], now: Duration) -> Result<Duration, Flaw> {
        let answer = std::str::from_utf8(answer).map_err(|_| Flaw::Forged)?;
        let (puzzle, number) = answer.split_once(':').ok_or(Flaw::Forged)?;
        let puzzle = self.opened(request, puzzle).ok_or(Flaw::Forged)?;
        if now.saturating_sub(puzzle.given) >= LIFE || puzzle.given.saturating_sub(now) > SKEW {
            return Err(Flaw::Old);
        }
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && zero_bits(answer) >= puzzle.bits { Ok(puzzle.lifetime) } else { Err(Flaw::Wrong) }
    }

    /// Reads a puzzle whose seal is ours. The seal is compared in constant time, and nothing is believed before.
    fn opened(&self, request: &Request<'_>, puzzle: &str) -> Option<Puzzle> {
        let (open, seal) = puzzle.rsplit_once('.')?;
        let sealed = content(Kind::Script, open, request.client, host(request));
        hmac::verify(&self.key, &sealed, &bytes(seal)?).ok()?;
        let mut parts = open.split('.');
        Some(Puzzle {
            given: Duration::from_secs(parts.next()?.parse().ok()?),
            lifetime: Duration::from_secs(parts.next()?.parse().ok()?),
            bits: parts.next()?.parse().ok()?,
        })
    }
}

/// What a puzzle's seal is for. Its first byte tells it from a clearance.
fn content(kind: Kind, open: &str, client: IpAddr, host: &[u8]) -> Vec<u8> {
    let mut content = vec![b'p', kind.letter()];
    content.extend_from_slice(open.as_bytes());
    content.push(b':');
    bound(&mut content, client, host);
    content
}

/// Zero bits that the hash of a text begins with, up to 64.
fn zero_bits(text: &str) -> u32 {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first).leading_zeros())
}
