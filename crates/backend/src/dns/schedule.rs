//! When a name is looked up again: a pure engine.
//!
//! Before the answer's life ends, so that the next one is there by then, and not in step with other names. After a
//! failure soon, then less and less often; where servers say how long nothing will be there, not before.

use std::time::Duration;

use super::knowledge::Next;
use super::{MAX_TTL, MIN_TTL};

/// The longest pause after a failure, but for the jitter.
const MAX_RETRY: Duration = Duration::from_secs(30);
/// A good answer is replaced when so much of its life is left, or up to twice as much; a failure is waited out for so
/// much longer: a tenth.
const PART: u32 = 10;

/// The past of one name.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Failures since the last good answer.
    failures: u32,
}

impl Schedule {
    /// How long to wait. `chance` draws a duration below its argument.
    pub(super) fn pause(&mut self, next: Next, chance: impl Fn(Duration) -> Duration) -> Duration {
        match next {
            Next::Lives { ttl, failed: false } => {
                self.failures = 0;
                refresh(ttl, chance)
            }
            Next::Lives { ttl, failed: true } => self.retry(None, &chance).min(refresh(ttl, &chance)),
            Next::Failed { absent_for } => self.retry(absent_for, chance),
        }
    }

    fn retry(&mut self, absent_for: Option<Duration>, chance: impl Fn(Duration) -> Duration) -> Duration {
        let doubled = MIN_TTL.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.max(absent_for.unwrap_or_default()).min(MAX_RETRY);
        pause + chance(pause / PART)
    }
}

fn refresh(ttl: Duration, chance: impl Fn(Duration) -> Duration) -> Duration {
    let ttl = ttl.clamp(MIN_TTL, MAX_TTL);
    (ttl - ttl / PART - chance(ttl / PART)).max(MIN_TTL)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: fn(Duration) -> Duration = |_| Duration::ZERO;
    const ALL: fn(Duration) -> Duration = |limit| limit;

    fn lives(seconds: u64, failed: bool) -> Next {
        Next::Lives { ttl: Duration::from_secs(seconds), failed }
    }

    fn failed(absent_for: Option<u64>) -> Next {
        Next::Failed { absent_for: absent_for.map(Duration::from_secs) }
    }

    #[test]
    fn an_answer_is_replaced_when_a_tenth_to_a_fifth_of_its_life_is_left() {
        let rows = [
            (0, 1000, 1000),
            (1, 1000, 1000),
            (2, 1600, 1800),
            (20, 16_000, 18_000),
            (300, 240_000, 270_000),
            (86_400, 240_000, 270_000),
            (u64::from(u32::MAX), 240_000, 270_000),
        ];
        for (ttl, earliest, latest) in rows {
            let mut schedule = Schedule::default();
            assert_eq!(schedule.pause(lives(ttl, false), ALL).as_millis(), earliest, "{ttl}");
            assert_eq!(schedule.pause(lives(ttl, false), NONE).as_millis(), latest, "{ttl}");
        }
    }

    #[test]
    fn failures_are_waited_out_longer_and_longer() {
        let rows = [
            (vec![failed(None); 7], vec![1, 2, 4, 8, 16, 30, 30]),
            // A zone that says how long nothing will be there is believed, within bounds.
            (vec![failed(Some(5)); 4], vec![5, 5, 5, 8]),
            (vec![failed(Some(3600)); 2], vec![30, 30]),
            (vec![failed(Some(0)); 2], vec![1, 2]),
            // A good answer begins anew.
            (vec![failed(None), failed(None), lives(300, false), failed(None)], vec![1, 2, 270, 1]),
            // One family is asked for again before the other's life ends.
            (vec![lives(300, true), lives(300, true), lives(2, true)], vec![1, 2, 1]),
        ];
        for (nexts, expected) in rows {
            let mut schedule = Schedule::default();
            let pauses: Vec<_> = nexts.iter().map(|next| schedule.pause(*next, NONE).as_secs()).collect();
            assert_eq!(pauses, expected, "{nexts:?}");
        }
        assert_eq!(Schedule::default().pause(failed(Some(60)), ALL).as_secs(), 33);
    }

    #[test]
    fn a_million_failures_are_no_problem() {
        let mut schedule = Schedule { failures: u32::MAX - 1 };
        for _ in 0..3 {
            assert_eq!(schedule.pause(failed(None), NONE), MAX_RETRY);
        }
    }
}
