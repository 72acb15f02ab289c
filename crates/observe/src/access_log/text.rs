//! A record as one line for a person at a terminal:
//!
//! `07:53:15 GET 200 shop.example/cart?x=1  web/shop -> 10.0.0.4:80  34.1 ms`, then the reason when there is one.

pub(super) mod firewall;
pub(super) mod session;

use super::AccessRecord;
use super::line::{Line, MAX_LINE};

/// Writes the line and its newline; returns its length.
pub(super) fn write(bytes: &mut [u8; MAX_LINE], record: &AccessRecord<'_>, colour: bool) -> usize {
    let mut owned = Line::new(bytes);
    let line = &mut owned;
    let paint = |line: &mut Line<'_>, code: &[u8; 5]| paint(line, code, colour);
    paint(line, DIM);
    line.plain(&record.stamp.log[11..19]);
    paint(line, PLAIN);
    line.literal(b" ");
    line.visible(if record.method.is_empty() { b"-" } else { record.method });
    line.literal(b" ");
    paint(line, status_colour(record.status));
    line.number(u64::from(record.status));
    paint(line, PLAIN);
    line.literal(b" ");
    line.visible(record.original_host);
    line.visible(record.original_target);
    line.literal(b"  ");
    paint(line, DIM);
    line.plain(&record.labels.text);
    paint(line, PLAIN);
    if let Some(&server) = record.servers.last() {
        line.literal(b" -> ");
        line.socket(server);
    }
    line.literal(b"  ");
    let tenths = u64::try_from(record.time_taken.as_micros() / 100).unwrap_or(u64::MAX);
    line.number(tenths / 10);
    line.literal(b".");
    line.number(tenths % 10);
    line.literal(b" ms");
    if !record.reason.is_empty() {
        line.literal(b"  ");
        paint(line, status_colour(record.status));
        line.visible(record.reason.as_bytes());
        paint(line, PLAIN);
        if !record.detail.is_empty() {
            line.literal(b" (");
            line.visible(record.detail.as_bytes());
            line.literal(b")");
        }
    }
    line.literal(b"\n");
    owned.finish()
}

fn paint(line: &mut Line<'_>, code: &[u8; 5], colour: bool) {
    if colour {
        line.literal(code);
    }
}

/// Green for success, cyan for redirects, yellow for the client's fault, red for ours or the server's.
fn status_colour(status: u16) -> &'static [u8; 5] {
    match status / 100 {
        1 | 2 => b"\x1b[32m",
        3 => b"\x1b[36m",
        4 => b"\x1b[33m",
        _ => b"\x1b[31m",
    }
}

const DIM: &[u8; 5] = b"\x1b[90m";
const PLAIN: &[u8; 5] = b"\x1b[39m";

#[cfg(test)]
mod tests {
    use super::super::json::tests::example;
    use super::*;

    fn written(record: &AccessRecord<'_>, colour: bool) -> String {
        let mut bytes = Box::new([0; MAX_LINE]);
        let len = write(&mut bytes, record, colour);
        String::from_utf8(bytes[..len].to_vec()).unwrap()
    }

    #[test]
    fn a_plain_line_has_time_method_status_url_rule_server_and_milliseconds() {
        example(|record| {
            let line = "07:53:15 GET 200 shop.example/cart?x=1  web/shop -> 10.0.0.4:80  34.2 ms\n";
            assert_eq!(written(&record, false), line);
        });
    }

    #[test]
    fn a_refusal_ends_with_its_reason() {
        example(|mut record| {
            (record.status, record.servers, record.reason) = (502, &[], "no_live_server");
            let line = "07:53:15 GET 502 shop.example/cart?x=1  web/shop  34.2 ms  no_live_server\n";
            assert_eq!(written(&record, false), line);
        });
    }

    #[test]
    fn colour_codes_stand_only_where_colour_is_wanted() {
        example(|mut record| {
            record.original_target = b"/\x1b[2J";
            assert!(!written(&record, false).contains('\x1b'));
            assert!(written(&record, true).contains("\x1b[32m200\x1b[39m"));
            assert!(!written(&record, true).contains("\x1b[2J"));
        });
    }
}
