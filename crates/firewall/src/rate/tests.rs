//! Rate limits in times that are passed in.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const TEN: Limit = Limit { window: MINUTE, threshold: 10 };

/// One group under one rule.
struct One {
    counters: Counters,
    scope: Scope,
}

impl One {
    fn new() -> Self {
        let counters = Counters::new(1000);
        let scope = counters.scope("listener", "rule", MINUTE);
        Self { counters, scope }
    }

    /// How many of some requests pass, all of them at one time.
    fn passed(&self, limit: &Limit, second: u64, requests: u32) -> u32 {
        let now = Duration::from_secs(second);
        let count = |_: &u32| self.counters.count(self.scope, Group::Everything, limit, now) == Verdict::Under;
        u32::try_from((0..requests).filter(count).count()).unwrap()
    }
}

#[test]
fn requests_up_to_the_threshold_pass_and_the_rest_of_the_first_window_is_refused() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 1000, 10), 10);
    assert_eq!(one.passed(&TEN, 1000, 1), 0);
    for second in [1001, 1030, 1059] {
        assert_eq!(one.passed(&TEN, second, 100), 0, "second {second}");
    }
}

#[test]
fn what_is_not_exceeded_goes_on_for_ever() {
    let one = One::new();
    for window in 0..20 {
        assert_eq!(one.passed(&TEN, window * 60, 5) + one.passed(&TEN, window * 60 + 30, 4), 9, "window {window}");
    }
}

/// The rest of the window is refused also where the window before had requests, whose weight goes down meanwhile.
#[test]
fn the_window_that_is_first_exceeded_stays_closed() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 0, 1), 1);
    assert_eq!(one.passed(&TEN, 50, 7), 7);
    assert_eq!(one.passed(&TEN, 60, 100), 3, "seven of the last minute and three");
    assert_eq!(one.passed(&TEN, 119, 100), 0);
}

#[test]
fn from_the_second_window_on_as_many_pass_as_the_threshold_says() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 0, 1000), 10);
    for window in 1..6 {
        let passed: u32 = (0..60).map(|second| one.passed(&TEN, window * 60 + second, 50)).sum();
        assert_eq!(passed, 10, "window {window}");
    }
}

/// Only the first of the windows that are exceeded is closed: in the next ones, room that is there is used.
#[test]
fn a_window_after_an_exceeded_one_is_not_closed() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 0, 1), 1);
    assert_eq!(one.passed(&TEN, 50, 100), 9);
    assert_eq!(one.passed(&TEN, 60, 100), 1, "nine are ten seconds old");
    assert_eq!(one.passed(&TEN, 110, 100), 9, "and now they are a minute old");
}

/// A group that comes back within its limit is a new one to it: the next time, its window is closed again.
#[test]
fn after_a_window_within_the_limit_all_begins_anew() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 0, 11), 10);
    assert_eq!(one.passed(&TEN, 110, 1), 1, "the second window throttles");
    assert_eq!(one.passed(&TEN, 120, 100), 9, "exceeded for the first time again");
    assert_eq!(one.passed(&TEN, 179, 100), 0);
    assert_eq!(one.passed(&TEN, 1000, 5), 5, "long after");
}

/// A window that slides by tenths: in nine tenths of it never more pass than the threshold says.
#[test]
fn the_edge_of_a_window_lets_no_second_helping_through() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 0, 1), 1);
    assert_eq!(one.passed(&TEN, 59, 9), 9);
    assert_eq!(one.passed(&TEN, 60, 9), 1, "nine are a second old");
    assert_eq!(one.passed(&TEN, 113, 9), 0);
    assert_eq!(one.passed(&TEN, 120, 20), 10, "the second window is throttled only");
}

#[test]
fn five_minutes_are_five_minutes() {
    let one = One::new();
    let limit = Limit { window: MINUTE * 5, threshold: 10 };
    assert_eq!(one.passed(&limit, 0, 20), 10);
    assert_eq!(one.passed(&limit, 299, 20), 0);
    assert_eq!(one.passed(&limit, 450, 20), 10);
}

#[test]
fn points_rules_windows_and_groups_count_apart() {
    let counters = Counters::default();
    let client = Group::Address([192, 0, 2, 1].into());
    let first = counters.scope("a", "b", MINUTE);
    let one = Limit { window: MINUTE, threshold: 1 };
    assert_eq!(counters.count(first, client, &one, MINUTE), Verdict::Under);
    assert_eq!(counters.count(first, client, &one, MINUTE), Verdict::Over);
    for (scope, group) in [
        (counters.scope("ab", "", MINUTE), client),
        (counters.scope("c", "b", MINUTE), client),
        (counters.scope("a", "c", MINUTE), client),
        (counters.scope("a", "b", MINUTE * 5), client),
        (first, Group::Address([192, 0, 2, 2].into())),
        (first, Group::Country(*b"DE")),
        (first, Group::Everything),
    ] {
        assert_eq!(counters.count(scope, group, &one, MINUTE), Verdict::Under, "{scope:?} {group:?}");
    }
    // What a changed configuration asks for under the same names is the same counter, with the new threshold.
    let more = Limit { window: MINUTE, threshold: 100 };
    assert_eq!(counters.scope("a", "b", MINUTE), first);
    assert_eq!(counters.count(first, client, &more, MINUTE), Verdict::Over, "this window is closed");
    assert_eq!(counters.count(first, client, &more, MINUTE * 2), Verdict::Under);
}

#[test]
fn all_workers_count_together() {
    let one = One::new();
    let limit = Limit { window: MINUTE, threshold: 1000 };
    let passed: u32 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| one.passed(&limit, 60, 500))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(passed, 1000);
}

#[test]
fn groups_are_bounded_and_one_that_goes_on_is_not_forgotten() {
    let counters = Counters::new(1280);
    let scope = counters.scope("listener", "rule", MINUTE);
    let limit = Limit { window: MINUTE, threshold: 1 };
    let attacker = Group::Address([192, 0, 2, 1].into());
    assert_eq!(counters.count(scope, attacker, &limit, MINUTE), Verdict::Under);
    for number in 0..50_000_u32 {
        let other = Group::Address(std::net::Ipv4Addr::from(number).into());
        assert_eq!(counters.count(scope, other, &limit, MINUTE), Verdict::Under, "{number}");
        assert_eq!(counters.count(scope, attacker, &limit, MINUTE), Verdict::Over, "{number}");
    }
    assert!((640..=1280).contains(&counters.groups()), "{}", counters.groups());
}

#[test]
fn a_clock_that_goes_back_and_odd_limits_are_survived() {
    let one = One::new();
    assert_eq!(one.passed(&TEN, 1000, 5), 5);
    assert_eq!(one.passed(&TEN, 0, 10), 5);
    for limit in [
        Limit { window: Duration::ZERO, threshold: 1 },
        Limit { window: Duration::MAX, threshold: u32::MAX },
        Limit { window: Duration::from_nanos(1), threshold: 0 },
    ] {
        one.passed(&limit, 2000, 3);
        one.passed(&limit, u64::MAX, 3);
    }
}
