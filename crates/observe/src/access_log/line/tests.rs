use super::*;

fn written(write: impl FnOnce(&mut Line<'_>)) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let mut line = Line::new(&mut bytes);
    write(&mut line);
    let len = line.finish();
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn numbers_print_in_decimal() {
    for value in [
        0,
        1,
        9,
        10,
        99,
        100,
        101,
        999,
        1_000,
        1_466,
        9_999,
        10_000,
        65_535,
        99_999,
        100_000,
        u64::from(u32::MAX),
        u64::MAX - 1,
        u64::MAX,
    ] {
        assert_eq!(written(|line| line.number(value)), value.to_string());
    }
}

#[test]
fn seconds_have_three_decimals() {
    for (millis, text) in [
        (0, "0.000"),
        (7, "0.007"),
        (34, "0.034"),
        (999, "0.999"),
        (9_999, "9.999"),
        (10_000, "10.000"),
        (86_400_120, "86400.120"),
    ] {
        assert_eq!(written(|line| line.seconds(Duration::from_millis(millis))), text);
    }
    assert_eq!(written(|line| line.seconds(Duration::from_nanos(999_999))), "0.000");
}

#[test]
fn every_octet_prints_as_the_standard_library_prints_it() {
    for octet in 0..=255 {
        let ip = IpAddr::from([octet, 0, 255 - octet, octet]);
        assert_eq!(written(|line| line.ip(ip)), ip.to_string());
    }
}

#[test]
fn what_does_not_fit_is_left_out() {
    let text = written(|line| {
        line.plain(&[b'x'; MAX_LINE - 3]);
        line.literal(b"four");
        line.plain(b"four");
        line.number(1234);
        line.literal(b"abc");
        line.literal(b"d");
        line.number(5);
        line.escaped(b"e");
    });
    assert_eq!(text.len(), MAX_LINE);
    assert!(text.ends_with("xabc"));
}
