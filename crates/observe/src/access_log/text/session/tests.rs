use super::*;
use crate::access_log::end_reason;
use crate::access_log::json::session::tests::example;

fn written(record: &SessionRecord<'_>, ended: bool, colour: bool) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let len = write(&mut bytes, record, ended, colour);
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

fn one(write: impl FnOnce(&mut Line<'_>)) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let mut line = Line::new(&mut bytes);
    write(&mut line);
    let len = line.finish();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn a_line_has_client_listener_server_bytes_time_and_why_it_ended() {
    let line = "07:53:15 TLS 200 203.0.113.7:50412 -> sql-listener/sql-rule (db.example) -> 10.0.0.5:1433  \
                5.1 kB in  20.4 kB out  12.3 s  closed\n";
    assert_eq!(written(&example(), true, false), line);
}

#[test]
fn a_session_without_server_ends_with_its_reason_and_detail() {
    let record = SessionRecord {
        client: "[2001:db8::1]:9".parse().unwrap(),
        tls: None,
        server: None,
        server_name: "",
        received_bytes: 0,
        sent_bytes: 0,
        session_time: Duration::from_micros(450),
        status: 400,
        end_reason: end_reason::PROXY_HEADER,
        detail: "no \"PROXY\"",
        ..example()
    };
    let line = "07:53:15 TCP 400 [2001:db8::1]:9 -> sql-listener/sql-rule  0 B in  0 B out  0.4 ms  \
                proxy_header (no \"PROXY\")\n";
    assert_eq!(written(&record, true, false), line);
}

#[test]
fn a_session_that_goes_on_says_so() {
    let line = "07:53:15 TLS - 203.0.113.7:50412 -> sql-listener/sql-rule (db.example) -> 10.0.0.5:1433  \
                5.1 kB in  20.4 kB out  12.3 s  goes on\n";
    assert_eq!(written(&example(), false, false), line);
}

#[test]
fn colour_codes_stand_only_where_colour_is_wanted() {
    let record = SessionRecord { server_name: "\u{1b}[2J", ..example() };
    assert!(!written(&record, true, false).contains('\x1b'));
    let coloured = written(&record, true, true);
    assert!(coloured.contains("\x1b[32m200\x1b[39m") && coloured.contains("\x1b[32mclosed\x1b[39m"), "{coloured}");
    assert!(!coloured.contains("\x1b[2J"));
}

#[test]
fn bytes_print_in_the_unit_that_suits_them() {
    for (bytes, text) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_049, "1.0 kB"),
        (999_999, "999.9 kB"),
        (1_000_000, "1.0 MB"),
        (12_345_678_901, "12.3 GB"),
        (5_000_000_000_000, "5.0 TB"),
        (u64::MAX, "18446744.0 TB"),
    ] {
        assert_eq!(one(|line| amount(line, bytes)), text);
    }
}

#[test]
fn times_print_in_the_units_that_suit_them() {
    for (micros, text) in [
        (99, "0.0 ms"),
        (34_267, "34.2 ms"),
        (999_999, "999.9 ms"),
        (1_000_000, "1.0 s"),
        (59_999_999, "59.9 s"),
        (60_000_000, "1 min 0 s"),
        (3_599_999_999, "59 min 59 s"),
        (3_600_000_000, "1 h 0 min 0 s"),
        (180_061_000_000, "50 h 1 min 1 s"),
    ] {
        assert_eq!(one(|line| lasted(line, Duration::from_micros(micros))), text);
    }
}
