//! Content that a client sends as there is room for it.
//!
//! Source: RFC 9113, section 6.9.

use std::time::Duration;

use super::H2;
use super::frame::{Frame, flag, setting};

/// What a stream and the connection may hold at first.
pub(super) const WINDOW: usize = 65_535;

/// How much may be sent at once.
const PIECE: usize = 16_384;

impl H2 {
    /// Sends content as there is room for it, and ends the stream.
    #[track_caller]
    pub fn upload(&mut self, stream: u32, content: &[u8]) {
        let mut sent = 0;
        while sent < content.len() {
            let room = self.room(stream, sent).min(PIECE).min(content.len() - sent);
            if room == 0 {
                self.event().unwrap();
                continue;
            }
            self.frame(&Frame::data(stream, 0, &content[sent..sent + room]));
            self.given.insert(0, self.given[&0] - room as i64);
            sent += room;
        }
        self.frame(&Frame::data(stream, flag::END_STREAM, []));
    }

    /// Sends content as long as there comes room for it within `patience`, at most so much. Returns how much it was.
    #[track_caller]
    pub fn upload_while_room(&mut self, stream: u32, most: usize, patience: Duration) -> usize {
        let mut sent = 0;
        while sent < most {
            let room = self.room(stream, sent).min(PIECE).min(most - sent);
            if room > 0 {
                self.frame(&Frame::data(stream, 0, vec![b'x'; room]));
                self.given.insert(0, self.given[&0] - room as i64);
                sent += room;
            } else if !self.wire_has_more(patience) {
                break;
            }
        }
        sent
    }

    /// The room that a stream was given beyond its first.
    pub fn given(&self, stream: u32) -> usize {
        self.given.get(&stream).map_or(0, |&octets| usize::try_from(octets).unwrap_or(0))
    }

    fn wire_has_more(&mut self, patience: Duration) -> bool {
        if self.wire.pending() == 0 && !self.wire.poll(patience).unwrap() {
            return false;
        }
        self.event().unwrap();
        true
    }

    /// The room for content on a stream on which so much was sent, and on the connection.
    fn room(&self, stream: u32, sent: usize) -> usize {
        let initial = self.settings.get(&setting::INITIAL_WINDOW_SIZE).map_or(WINDOW, |&size| size as usize);
        let of_stream = initial as i64 + self.given.get(&stream).copied().unwrap_or(0) - sent as i64;
        usize::try_from(of_stream.min(self.given[&0])).unwrap_or(0)
    }
}
