use super::*;

fn probed(outcome: Outcome) -> Probed {
    Probed { started: Instant::now(), took: Duration::from_millis(3), outcome }
}

fn failure() -> Outcome {
    Err(Failure::InvalidHttp { problem: "test" })
}

/// Plays `+` (success) and `-` (failure); returns the state after each: `U`p, `D`own.
fn play(outcomes: &str, threshold: u32) -> String {
    let mut verdicts = Verdicts::new(false);
    let mut states = String::new();
    for outcome in outcomes.chars() {
        let before = verdicts.state();
        let change =
            verdicts.take(probed(if outcome == '+' { Ok(Success::Status(200)) } else { failure() }), threshold);
        assert_eq!(change, (before != verdicts.state()).then_some(verdicts.state()));
        assert_eq!(verdicts.in_rotation(), verdicts.state() == State::Up);
        states.push(if verdicts.state() == State::Up { 'U' } else { 'D' });
    }
    states
}

#[test]
fn outcomes_make_verdicts() {
    for (rule, threshold, outcomes, states) in [
        ("the first success makes a server up", 3, "+", "U"),
        ("the first failure of all makes it down whatever the threshold", 3, "-", "D"),
        ("failures below the threshold leave it up", 3, "+--", "UUU"),
        ("the threshold's failure makes it down", 3, "+---", "UUUD"),
        ("a threshold of one takes the first failure", 1, "+-", "UD"),
        ("a success between failures starts the count again", 3, "+--+--", "UUUUUU"),
        ("alternating results never make it down at threshold two", 2, "+-+-+-+-+-+-", "UUUUUUUUUUUU"),
        ("one success makes it up again", 3, "+---+", "UUUDU"),
        ("after recovery it takes the whole threshold again", 2, "+--+--", "UUDUUD"),
        ("a server that never answered stays down", 2, "----", "DDDD"),
    ] {
        assert_eq!(play(outcomes, threshold), states, "{rule}");
    }
}

#[test]
fn failures_are_counted_from_the_last_success() {
    let mut verdicts = Verdicts::new(false);
    let counts: Vec<_> = "+--+-"
        .chars()
        .map(|outcome| {
            verdicts.take(probed(if outcome == '+' { Ok(Success::Status(200)) } else { failure() }), 9);
            verdicts.failures()
        })
        .collect();
    assert_eq!(counts, [0, 1, 2, 0, 1]);
}

#[test]
fn a_presumption_lasts_until_the_first_probe() {
    let mut presumed = Verdicts::new(true);
    assert!(presumed.in_rotation() && !presumed.is_undecided());
    assert_eq!(presumed.state(), State::Unknown);
    presumed.take(probed(failure()), 3);
    assert!(!presumed.in_rotation());
    assert_eq!(presumed.state(), State::Down);

    let mut unknown = Verdicts::new(false);
    assert!(!unknown.in_rotation() && unknown.is_undecided());
    unknown.take(probed(Ok(Success::Status(200))), 3);
    assert!(unknown.in_rotation() && !unknown.is_undecided());
}

#[test]
fn every_failure_says_what_and_has_a_token() {
    let after = Duration::from_secs(30);
    let address = "10.0.0.4:80".parse().unwrap();
    for (failure, code, words) in [
        (Failure::DnsFailure { name: "a.example".into(), error: "no such name".into() }, "DnsFailure", "a.example"),
        (
            Failure::ConnectFailed { address, error: "Connection refused".into() },
            "ConnectFailed",
            "10.0.0.4:80: Connection refused",
        ),
        (
            Failure::Timeout { after, doing: Step::Connect },
            "Timeout",
            "no TCP connection within the probe's timeout of 30s",
        ),
        (Failure::Timeout { after, doing: Step::Head }, "Timeout", "no response within"),
        (Failure::Timeout { after, doing: Step::Body }, "Timeout", "body did not end"),
        (
            Failure::StatusMismatch { expected: "200-399".into(), received: 404 },
            "StatusMismatch",
            "received 404 status code, expected 200-399",
        ),
        (Failure::BodyMismatch { expected: "well".into() }, "BodyMismatch", "\"well\""),
        (Failure::InvalidHttp { problem: "nonsense" }, "InvalidHttp", "nonsense"),
        (Failure::Timeout { after, doing: Step::Tls }, "Timeout", "TLS handshake did not end within"),
        (Failure::Timeout { after, doing: Step::TlsBehindHeader }, "Timeout", "may not understand the PROXY header"),
        (
            Failure::ProxyHeaderUnsupported { text: "the server closed the connection".into() },
            "ProxyHeaderUnsupported",
            "does not understand the PROXY header",
        ),
        (Failure::Tls { code: "CertDateInvalid", text: "it expired".into() }, "CertDateInvalid", "it expired"),
    ] {
        assert_eq!(failure.code(), code);
        assert!(failure.to_string().contains(words), "{failure}");
    }
}

/// A status is named where there is one.
#[test]
fn a_success_says_what_was_asked_for() {
    for (success, text) in [
        (Success::Status(204), "Success. Received 204 status code"),
        (Success::Connection, "Success. TCP connection made"),
        (Success::Handshake, "Success. TLS handshake completed"),
    ] {
        assert_eq!(success.to_string(), text);
    }
}

#[test]
fn a_change_prints_as_one_line() {
    let change = HealthChange {
        pool: "shop".into(),
        settings: "plain".into(),
        address: "10.0.0.4:80".parse().unwrap(),
        name: Some("a.example".into()),
        state: State::Down,
        reason: "no answer".into(),
        in_rotation: (1, 2),
    };
    let line = "server 10.0.0.4:80 (a.example) of shop/plain is down: no answer (1 of 2 in rotation)";
    assert_eq!(change.to_string(), line);
    let up = HealthChange {
        name: None,
        state: State::Up,
        reason: Success::Status(200).to_string(),
        in_rotation: (2, 2),
        ..change
    };
    let line = "server 10.0.0.4:80 of shop/plain is up: Success. Received 200 status code (2 of 2 in rotation)";
    assert_eq!(up.to_string(), line);
}
