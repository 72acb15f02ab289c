use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn answer(addresses: &[&str], ttl: u64) -> Result<Answer, LookupError> {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Ok(Answer { addresses, ttl: SECOND * u32::try_from(ttl).unwrap() })
}

fn failed(text: &str) -> Result<Answer, LookupError> {
    Err(LookupError::new(text))
}

fn found(v4: Result<Answer, LookupError>, v6: Result<Answer, LookupError>) -> Found {
    Found { v4, v6, unusable: Vec::new() }
}

fn addresses(knowledge: &Knowledge) -> Vec<String> {
    knowledge.state(None).addresses.iter().map(ToString::to_string).collect()
}

/// A name with one address of each family.
fn known(now: Instant) -> Knowledge {
    let mut knowledge = Knowledge::default();
    knowledge.take(found(answer(&["10.0.0.1"], 60), answer(&["2001:db8::1"], 30)), now);
    knowledge
}

#[test]
fn an_answer_replaces_the_one_before() {
    let now = Instant::now();
    let mut knowledge = known(now);
    assert_eq!(addresses(&knowledge), ["10.0.0.1", "2001:db8::1"]);
    let next = knowledge.take(found(answer(&["10.0.0.3", "10.0.0.2"], 60), answer(&[], 0)), now + SECOND);
    // A family that is empty does not end the other's life.
    assert_eq!(next, Next::Lives { ttl: SECOND * 60, failed: false });
    assert_eq!(addresses(&knowledge), ["10.0.0.2", "10.0.0.3"]);
    let state = knowledge.state(None);
    assert_eq!((state.is_stale, state.error, state.resolved), (false, None, Some(now + SECOND)));
}

#[test]
fn a_family_that_fails_keeps_its_addresses_whatever_the_other_has() {
    let now = Instant::now();
    for (v4, v6, expected, error) in [
        (answer(&["10.0.0.2"], 60), failed("silence"), ["10.0.0.2", "2001:db8::1"], "IPv6: silence"),
        (failed("silence"), answer(&["2001:db8::2"], 60), ["10.0.0.1", "2001:db8::2"], "IPv4: silence"),
        (failed("silence"), failed("silence"), ["10.0.0.1", "2001:db8::1"], "silence"),
        (failed("silence"), failed("noise"), ["10.0.0.1", "2001:db8::1"], "IPv4: silence; IPv6: noise"),
        (answer(&[], 60), answer(&[], 60), ["10.0.0.1", "2001:db8::1"], "the name has no address"),
    ] {
        let mut knowledge = known(now);
        knowledge.take(found(v4, v6), now + SECOND);
        let state = knowledge.state(None);
        assert_eq!(addresses(&knowledge), expected);
        assert_eq!((state.is_stale, state.error.as_deref()), (true, Some(error)));
        assert_eq!((state.code(), state.resolved), ("Stale", Some(now)), "the older of both");
    }
}

#[test]
fn a_family_that_there_never_was_an_address_of_makes_nothing_stale() {
    let mut knowledge = Knowledge::default();
    let next = knowledge.take(found(answer(&["10.0.0.1"], 60), failed("silence")), Instant::now());
    assert_eq!(next, Next::Lives { ttl: SECOND * 60, failed: true });
    assert_eq!((knowledge.state(None).code(), knowledge.end()), ("Resolved", None));
}

#[test]
fn last_good_addresses_are_forgotten_after_an_hour_and_not_before() {
    let began = Instant::now();
    let mut knowledge = known(began);
    let later = began + KEPT_FOR / 2;
    knowledge.take(found(answer(&["10.0.0.1"], 60), failed("silence")), later);
    knowledge.take(found(failed("silence"), failed("silence")), later + SECOND);
    // IPv6 was last answered at the beginning, IPv4 half an hour later.
    assert_eq!(knowledge.end(), Some(began + KEPT_FOR));
    assert!(!knowledge.forget_old(began + KEPT_FOR - SECOND));
    assert!(knowledge.forget_old(began + KEPT_FOR));
    assert_eq!(addresses(&knowledge), ["10.0.0.1"]);
    assert_eq!(knowledge.end(), Some(later + KEPT_FOR));
    knowledge.take(found(failed("silence"), failed("silence")), later + KEPT_FOR);
    assert!(addresses(&knowledge).is_empty());
    assert_eq!((knowledge.state(None).code(), knowledge.end()), ("DnsFailure", None));
}

#[test]
fn what_a_process_before_knew_counts_until_the_first_answer_and_no_longer_than_it_would_have() {
    let now = Instant::now();
    let then = now.checked_sub(KEPT_FOR - SECOND).unwrap();
    let remembered = || Knowledge::remembered(&["10.0.0.1".parse().unwrap(), "0.0.0.0".parse().unwrap()], then);
    let state = remembered().state(None);
    assert_eq!((addresses(&remembered()), state.code()), (vec!["10.0.0.1".to_owned()], "Resolving"));
    assert_eq!(state.resolved, Some(then));

    let mut fails = remembered();
    fails.take(found(failed("silence"), failed("silence")), now);
    assert_eq!((addresses(&fails).len(), fails.end()), (1, Some(then + KEPT_FOR)));
    assert!(fails.forget_old(now + SECOND));

    let mut succeeds = remembered();
    succeeds.take(found(answer(&["10.0.0.2"], 60), answer(&[], 60)), now);
    assert_eq!(addresses(&succeeds), ["10.0.0.2"]);
}

#[test]
fn denial_has_a_time_only_when_everybody_denies() {
    let absent = |seconds: Option<u64>| -> Result<Answer, LookupError> {
        Err(LookupError { absent_for: seconds.map(Duration::from_secs), ..LookupError::absent("nothing") })
    };
    for (v4, v6, expected) in [
        (absent(Some(60)), absent(Some(5)), Some(5)),
        (absent(Some(60)), absent(None), Some(60)),
        (absent(None), absent(None), None),
        (absent(Some(60)), failed("silence"), None),
        (failed("silence"), failed("silence"), None),
    ] {
        let next = Knowledge::default().take(found(v4, v6), Instant::now());
        assert_eq!(next, Next::Failed { absent_for: expected.map(Duration::from_secs) });
    }
}

#[test]
fn of_a_thousand_addresses_the_same_64_stay_in_use() {
    let many = |numbers: &mut dyn Iterator<Item = u32>| {
        let v4: Vec<_> = numbers.map(|number| IpAddr::from(std::net::Ipv4Addr::from(0x0A00_0000 + number))).collect();
        Ok(Answer { addresses: v4, ttl: SECOND })
    };
    let now = Instant::now();
    let mut knowledge = Knowledge::default();
    knowledge.take(found(many(&mut (0..1000).rev()), answer(&["2001:db8::1"], 60)), now);
    let first = addresses(&knowledge);
    assert_eq!(first.len(), MAX_ADDRESSES);
    assert_eq!(knowledge.state(None).left_out.as_deref(), Some("64 of 1001 addresses are used, not more"));
    for shift in [7, 500, 999] {
        knowledge.take(found(many(&mut (0..1000).map(|n| (n + shift) % 1000)), answer(&["2001:db8::1"], 60)), now);
        assert_eq!(addresses(&knowledge), first);
    }
}

#[test]
fn what_no_server_can_have_is_said() {
    let mut knowledge = Knowledge::default();
    let unusable = vec!["0.0.0.0".parse().unwrap(), "224.0.0.1".parse().unwrap()];
    let found = found(answer(&["10.0.0.1"], 60), answer(&[], 60));
    knowledge.take(Found { unusable, ..found }, Instant::now());
    let expected = "left out, because no server can have such addresses: 0.0.0.0, 224.0.0.1";
    assert_eq!(knowledge.state(None).left_out.as_deref(), Some(expected));
}
