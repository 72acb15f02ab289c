//! Times of certificates as people read them.

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

/// The date and time in UTC of so many seconds since 1970; `None` beyond the year 9999. Up to its last second, which
/// certificates without an end have as their end (RFC 5280, 4.1.2.5).
pub(crate) fn date_time(seconds: i64) -> Option<DateTime> {
    date(1970, 1, 1).at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds)).ok()
}
