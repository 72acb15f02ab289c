//! The coarse clock: the texts of the current second, made once a second by each worker.
//!
//! A log row and a `Date` header need the wall clock as text, and neither needs more than seconds. Making both texts
//! costs some 250 instructions; a request pays only for reading the clock. Timeouts never come from here: they use a
//! monotonic clock, so that a wall-clock jump changes nothing but what is printed.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One second of wall-clock time in the two forms that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970, UTC.
    pub seconds: u64,
    /// As the access log writes it: `2026-11-22T07:53:15+00:00`.
    ///
    /// Source: Azure, "Monitoring data reference", v2 rows: `timeStamp` with `+00:00`, second precision.
    pub log: [u8; 25],
    /// As a `Date` header: `Sun, 22 Nov 2026 07:53:15 GMT` (RFC 9110 5.6.7).
    pub http_date: [u8; 29],
}

impl Stamp {
    /// Both texts of one second. Years beyond 9999 do not occur before then.
    pub fn of(seconds: u64) -> Self {
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);

        let mut log = *b"0000-00-00T00:00:00+00:00";
        let mut http_date = *b"Thu, 00 Jan 0000 00:00:00 GMT";
        // 1970-01-01 was a Thursday.
        let weekday = WEEKDAYS[(days % 7) as usize];
        let month_name = MONTHS[(month - 1) as usize % 12];
        http_date[0..3].copy_from_slice(weekday);
        http_date[8..11].copy_from_slice(month_name);
        for (at_log, at_http, value) in
            [(0, 12, year / 100), (2, 14, year % 100), (8, 5, day), (11, 17, hour), (14, 20, minute), (17, 23, second)]
        {
            let pair = two_digits(value);
            log[at_log..at_log + 2].copy_from_slice(&pair);
            http_date[at_http..at_http + 2].copy_from_slice(&pair);
        }
        log[5..7].copy_from_slice(&two_digits(month));
        Self { seconds, log, http_date }
    }

    /// The log form as text.
    pub fn log_str(&self) -> &str {
        std::str::from_utf8(&self.log).unwrap_or_default()
    }
}

/// One worker's clock. Not `Sync`: every worker has its own.
#[derive(Debug)]
pub struct Clock {
    stamp: Cell<Stamp>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that shows the present second.
    pub fn new() -> Self {
        Self::at(SystemTime::now())
    }

    /// A clock that shows a given time until it is asked for another.
    pub fn at(now: SystemTime) -> Self {
        Self { stamp: Cell::new(Stamp::of(seconds_of(now))) }
    }

    /// The present second: reads the system's clock, makes the texts only when the second changed.
    #[inline]
    pub fn now(&self) -> Stamp {
        self.tick(SystemTime::now())
    }

    /// The second of a time the caller has read.
    #[inline]
    pub fn tick(&self, now: SystemTime) -> Stamp {
        let seconds = seconds_of(now);
        if self.stamp.get().seconds != seconds {
            self.stamp.set(Stamp::of(seconds));
        }
        self.stamp.get()
    }

    /// What the last reading showed: free, at most as old as the worker's last `now` or `tick`.
    #[inline]
    pub fn cached(&self) -> Stamp {
        self.stamp.get()
    }
}

fn seconds_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Days since 1970-01-01 to year, month (from 1) and day (from 1) of the Gregorian calendar. Eras of 400 years, months
/// counted from March, so that the leap day stands last.
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

fn two_digits(value: u64) -> [u8; 2] {
    let value = (value % 100) as u8;
    [b'0' + value / 10, b'0' + value % 10]
}

const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_prints_as_log_time_and_as_http_date() {
        for (seconds, log, http) in [
            (0, "1970-01-01T00:00:00+00:00", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_795_333_995, "2026-11-22T07:53:15+00:00", "Sun, 22 Nov 2026 07:53:15 GMT"),
            (951_782_400, "2000-02-29T00:00:00+00:00", "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "2100-02-28T23:59:59+00:00", "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "2100-03-01T00:00:00+00:00", "Mon, 01 Mar 2100 00:00:00 GMT"),
            (784_111_777, "1994-11-06T08:49:37+00:00", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            let stamp = Stamp::of(seconds);
            assert_eq!(stamp.log_str(), log);
            assert_eq!(std::str::from_utf8(&stamp.http_date).unwrap(), http);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let length = |year: u64, month: u64| match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1970, 1, 1);
        for day in 0..200_000 {
            assert_eq!(civil(day), expected);
            expected.2 += 1;
            if expected.2 > length(expected.0, expected.1) {
                expected = if expected.1 == 12 { (expected.0 + 1, 1, 1) } else { (expected.0, expected.1 + 1, 1) };
            }
        }
    }

    #[test]
    fn the_texts_change_with_the_second_and_not_before() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let clock = Clock::at(at(1_000));
        assert_eq!(clock.tick(at(1_999)).seconds, 1);
        assert_eq!(clock.tick(at(2_000)).seconds, 2);
        assert_eq!(clock.cached(), Stamp::of(2));
    }
}
