//! The two ends of a stream: one that sends the pattern, one that compares its beginning and forgets the rest.

use std::time::Duration;

use super::endpoint::{Endpoint, Got, Scratch};
use super::pattern::{COMPARED, Pattern};
use crate::tls::{self, RECORD};

/// Calls in a row for one stream before others have their turn.
const TURNS: usize = 16;
/// How long a receiving end waits when it has taken everything. To look at each segment as it comes would cost the
/// proxy a wake-up of another core for each, which no client on another machine asks of it.
pub(super) const PAUSE: Duration = Duration::from_micros(500);
/// Plaintext sealed at once.
const SEALED: usize = 16 * RECORD;

/// What one turn moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Bytes of the stream, without what TLS adds.
    pub(super) bytes: u64,
    /// There is more to do at once: no event will tell.
    pub(super) again: bool,
    /// The other side has closed.
    pub(super) closed: bool,
}

/// The end that sends.
#[derive(Default)]
pub(super) struct Source {
    position: u64,
    /// Records, and how much of them has left; nothing without TLS.
    records: Vec<u8>,
    left: usize,
}

impl Source {
    /// Sends as much as the socket takes.
    pub(super) fn push(&mut self, endpoint: &mut Endpoint, pattern: &Pattern) -> Result<Moved, String> {
        let begun = self.position;
        if !endpoint.flush()? {
            return Ok(Moved::default());
        }
        for _ in 0..TURNS {
            if !self.send(endpoint, pattern)? {
                return Ok(Moved { bytes: self.position - begun, ..Moved::default() });
            }
        }
        Ok(Moved { bytes: self.position - begun, again: true, closed: false })
    }

    /// Sends once; true when the socket took everything.
    fn send(&mut self, endpoint: &mut Endpoint, pattern: &Pattern) -> Result<bool, String> {
        let ahead = pattern.after(self.position);
        let Some(tls) = endpoint.tls() else {
            let count = endpoint.send_file(pattern.file(), pattern.place(self.position), ahead.len())?;
            self.position += count as u64;
            return Ok(count == ahead.len());
        };
        if self.left == self.records.len() {
            let plain = &ahead[..SEALED.min(ahead.len())];
            self.records.resize(tls::sealed_length(SEALED), 0);
            let length = tls.seal_into(plain, &mut self.records)?;
            self.records.truncate(length);
            self.position += plain.len() as u64;
            self.left = 0;
        }
        self.left += endpoint.send(&self.records[self.left..])?;
        Ok(self.left == self.records.len())
    }
}

/// The end that receives.
#[derive(Default)]
pub(super) struct Sink {
    /// Bytes that were compared.
    compared: u64,
    /// What they were on the wire.
    wire: u64,
}

impl Sink {
    /// Takes what is there, to the end of the connection if it `hung_up`.
    pub(super) fn pull(
        &mut self,
        endpoint: &mut Endpoint,
        hung_up: bool,
        pattern: &Pattern,
        scratch: &mut Scratch,
    ) -> Result<Moved, String> {
        let mut moved = Moved::default();
        for _ in 0..TURNS {
            let (certain, before) = (self.is_certain(), self.compared);
            let got = if certain {
                endpoint.discard(scratch)
            } else {
                endpoint.read(scratch, |bytes| self.compare(bytes, pattern))?
            };
            let Got::Bytes { wire, all } = got else {
                return Ok(Moved { closed: got == Got::Closed, ..moved });
            };
            if certain {
                moved.bytes += (wire as f64 * self.share()) as u64;
            } else {
                moved.bytes += self.compared - before;
                self.wire += wire as u64;
                if self.is_certain() {
                    // The rest of a record that is thrown away from here on.
                    self.wire -= endpoint.kept() as u64;
                }
            }
            if all && !hung_up {
                return Ok(moved);
            }
        }
        Ok(Moved { again: true, ..moved })
    }

    /// Whether enough was compared.
    fn is_certain(&self) -> bool {
        self.compared >= COMPARED
    }

    /// How much of the wire is the stream itself: the rest is what TLS adds, which is not the same for all.
    fn share(&self) -> f64 {
        self.compared as f64 / self.wire.max(1) as f64
    }

    /// Compares what was read.
    pub(super) fn compare(&mut self, bytes: &[u8], pattern: &Pattern) -> Result<(), String> {
        if !pattern.matches(self.compared, bytes) {
            return Err(format!("wrong bytes after {} of a stream", self.compared));
        }
        self.compared += bytes.len() as u64;
        Ok(())
    }
}
