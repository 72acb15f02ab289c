use std::net::IpAddr;

use hickory_net::proto::op::ResponseCode;

use super::*;

/// What a server says: an address, `-` for none, `x` for no name, `!` for a failure.
fn outcome(text: &str) -> Outcome {
    match text {
        "-" => Outcome::Nothing { absent_for: Some(Duration::from_secs(60)) },
        "x" => Outcome::NoName { absent_for: Some(Duration::from_secs(5)) },
        "!" => Outcome::Failed(Failed::Code(ResponseCode::ServFail)),
        "?" => Outcome::Failed(Failed::Silent),
        address => Outcome::Addresses {
            addresses: vec![address.parse().unwrap()],
            ttl: Duration::from_secs(60),
            unusable: Vec::new(),
        },
    }
}

/// Server, family, and what it said.
type Row<'a> = (usize, Family, &'a str);

/// A verdict after rows; servers are asked in the order of their first words.
fn verdict(rows: &[Row<'_>]) -> Verdict {
    let mut verdict = Verdict::default();
    for (server, family, text) in rows {
        if !verdict.asked.contains(server) {
            verdict.asked(*server);
        }
        verdict.take(Said { server: *server, family: *family, outcome: outcome(text) });
    }
    verdict
}

fn servers() -> Vec<SocketAddr> {
    ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"].iter().map(|server| server.parse().unwrap()).collect()
}

/// Addresses, or `-` for a believed absence, or the error.
fn words(family: &Result<Answer, LookupError>) -> String {
    match family {
        Ok(answer) if answer.addresses.is_empty() => "-".to_owned(),
        Ok(answer) => answer.addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => error.text.clone(),
    }
}

use Family::{V4, V6};

#[test]
fn the_first_good_answer_counts_whatever_the_others_say() {
    let fails = "the server failed (SERVFAIL)";
    type Whole<'a> = (&'a [Row<'a>], bool, &'a str, &'a str);
    let rows: [Whole<'_>; 10] = [
        (&[(0, V4, "10.1.0.1"), (0, V6, "2001:db8::1")], true, "10.1.0.1", "2001:db8::1"),
        (&[(0, V4, "10.1.0.1"), (0, V6, "-")], true, "10.1.0.1", "-"),
        (&[(0, V6, "2001:db8::1"), (0, V4, "-")], true, "-", "2001:db8::1"),
        // One that fails, one that denies.
        (&[(0, V4, "!"), (0, V6, "!"), (1, V4, "10.1.0.1"), (1, V6, "-")], true, "10.1.0.1", "-"),
        (&[(0, V4, "x"), (0, V6, "x"), (1, V4, "10.1.0.1"), (1, V6, "-")], true, "10.1.0.1", "-"),
        (&[(0, V4, "-"), (0, V6, "-"), (1, V4, "10.1.0.1"), (1, V6, "-")], true, "10.1.0.1", "-"),
        // Each has one family.
        (&[(0, V4, "10.1.0.1"), (0, V6, "!"), (1, V4, "!"), (1, V6, "2001:db8::1")], true, "10.1.0.1", "2001:db8::1"),
        // The first of two different answers.
        (&[(0, V4, "10.1.0.1"), (1, V4, "10.1.0.2"), (0, V6, "-")], true, "10.1.0.1", "-"),
        // Nobody who has addresses of the one says that there are none of the other.
        (
            &[(0, V4, "10.1.0.1"), (0, V6, "!"), (1, V4, "-"), (1, V6, "-")],
            false,
            "10.1.0.1",
            "the server failed (SERVFAIL) (10.0.0.1:53); the name has no address (10.0.0.2:53)",
        ),
        (&[(0, V4, "10.1.0.1"), (0, V6, "!")], false, "10.1.0.1", &format!("{fails} (10.0.0.1:53)")),
    ];
    for (said, is_complete, v4, v6) in rows {
        let verdict = verdict(said);
        let found = verdict.found(&servers());
        assert_eq!((words(&found.v4).as_str(), words(&found.v6).as_str()), (v4, v6), "{said:?}");
        assert_eq!(verdict.is_complete(), is_complete, "{said:?}");
    }
}

#[test]
fn the_next_server_is_asked_when_one_falls_short() {
    let rows: [(&[Row<'_>], bool); 9] = [
        (&[], false),
        (&[(0, V4, "10.1.0.1")], false),
        (&[(0, V4, "-")], false),
        (&[(0, V4, "!")], true),
        (&[(0, V4, "x")], true),
        (&[(0, V4, "-"), (0, V6, "-")], true),
        (&[(0, V4, "10.1.0.1"), (0, V6, "!")], true),
        // The one that was asked last may still have it.
        (&[(0, V4, "!"), (0, V6, "!"), (1, V4, "10.1.0.1")], false),
        (&[(0, V4, "!"), (0, V6, "!"), (1, V4, "?")], true),
    ];
    for (said, expected) in rows {
        assert_eq!(verdict(said).needs_another(), expected, "{said:?}");
    }
}

#[test]
fn a_failure_tells_what_every_server_said() {
    type Denial = (bool, Option<u64>);
    let rows: [(&[Row<'_>], &str, Denial); 4] = [
        (&[(0, V4, "x"), (1, V4, "x")], "there is no such name (10.0.0.1:53, 10.0.0.2:53)", (true, Some(5))),
        (
            &[(0, V4, "-"), (1, V4, "x")],
            "the name has no address (10.0.0.1:53); there is no such name (10.0.0.2:53)",
            (true, Some(5)),
        ),
        (
            &[(0, V4, "x"), (1, V4, "?")],
            "there is no such name (10.0.0.1:53); no answer within 5 s (10.0.0.2:53)",
            (false, None),
        ),
        (&[(0, V6, "x")], "no answer, while other questions have theirs (10.0.0.1:53)", (false, None)),
    ];
    for (said, text, (is_absent, absent_for)) in rows {
        let Err(error) = verdict(said).found(&servers()).v4 else { panic!("{said:?}") };
        assert_eq!(error.text, text);
        assert_eq!((error.is_absent, error.absent_for), (is_absent, absent_for.map(Duration::from_secs)), "{text}");
    }
}

#[test]
fn the_server_that_had_addresses_is_the_best() {
    assert_eq!(verdict(&[(2, V4, "x"), (1, V4, "10.1.0.1"), (0, V4, "10.1.0.1")]).best(), Some(1));
    assert_eq!(verdict(&[(2, V4, "x")]).best(), None);
}
