//! A session as one line for a person at a terminal:
//!
//! `07:53:15 TLS 200 10.1.0.7:50412 -> sql/sql (db.example) -> 10.0.0.5:1433  5.1 kB in  20.4 kB out  12.3 s  closed`.

use std::time::Duration;

use super::{DIM, Line, PLAIN, paint, status_colour};
use crate::access_log::SessionRecord;
use crate::access_log::line::MAX_LINE;

/// Writes the line and its newline; returns its length. Status and end reason only of a session that ended.
pub(in crate::access_log) fn write(
    bytes: &mut [u8; MAX_LINE],
    record: &SessionRecord<'_>,
    ended: bool,
    colour: bool,
) -> usize {
    let mut owned = Line::new(bytes);
    let line = &mut owned;
    let paint = |line: &mut Line<'_>, code: &[u8; 5]| paint(line, code, colour);
    paint(line, DIM);
    line.plain(&record.stamp.log[11..19]);
    paint(line, PLAIN);
    line.literal(if record.tls.is_some() { b" TLS " } else { b" TCP " });
    if ended {
        paint(line, status_colour(record.status));
        line.number(u64::from(record.status));
        paint(line, PLAIN);
    } else {
        line.literal(b"-");
    }
    line.literal(b" ");
    line.socket(record.client);
    line.literal(b" -> ");
    paint(line, DIM);
    line.plain(&record.labels.text);
    paint(line, PLAIN);
    if !record.server_name.is_empty() {
        line.literal(b" (");
        line.visible(record.server_name.as_bytes());
        line.literal(b")");
    }
    if let Some(server) = record.server {
        line.literal(b" -> ");
        line.socket(server);
    }
    line.literal(b"  ");
    amount(line, record.received_bytes);
    line.literal(b" in  ");
    amount(line, record.sent_bytes);
    line.literal(b" out  ");
    lasted(line, record.session_time);
    line.literal(b"  ");
    if ended {
        paint(line, status_colour(record.status));
        line.plain(record.end_reason.as_bytes());
        paint(line, PLAIN);
    } else {
        line.literal(b"goes on");
    }
    if !record.detail.is_empty() {
        line.literal(b" (");
        line.visible(record.detail.as_bytes());
        line.literal(b")");
    }
    line.literal(b"\n");
    owned.finish()
}

/// Bytes: whole below 1000, then tenths of the unit that leaves at most three digits before the point, cut rather than
/// rounded.
fn amount(line: &mut Line<'_>, bytes: u64) {
    let units: [(u64, &[u8]); 4] =
        [(1_000_000_000_000, b" TB"), (1_000_000_000, b" GB"), (1_000_000, b" MB"), (1_000, b" kB")];
    match units.into_iter().find(|&(size, _)| bytes >= size) {
        Some((size, unit)) => {
            tenths(line, bytes / (size / 10));
            line.plain(unit);
        }
        None => {
            line.number(bytes);
            line.literal(b" B");
        }
    }
}

/// Milliseconds, seconds, or minutes and hours.
fn lasted(line: &mut Line<'_>, time: Duration) {
    match time.as_secs() {
        0 => {
            tenths(line, u64::from(time.subsec_micros() / 100));
            line.literal(b" ms");
        }
        seconds @ 1..60 => {
            tenths(line, seconds * 10 + u64::from(time.subsec_millis() / 100));
            line.literal(b" s");
        }
        seconds => {
            if seconds >= 3600 {
                line.number(seconds / 3600);
                line.literal(b" h ");
            }
            line.number(seconds / 60 % 60);
            line.literal(b" min ");
            line.number(seconds % 60);
            line.literal(b" s");
        }
    }
}

fn tenths(line: &mut Line<'_>, tenths: u64) {
    line.number(tenths / 10);
    line.literal(b".");
    line.number(tenths % 10);
}

#[cfg(test)]
mod tests;
