//! The host's clock as rules see it: `TIME` and its parts.

use crate::variables::Variable;

/// A moment, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Moment {
    year: i64,
    /// From 0.
    month: i64,
    /// From 1.
    day: i64,
    /// 0 is Sunday.
    weekday: i64,
    /// Since midnight.
    second: i64,
}

const DAY: i64 = 86_400;

/// The value of a variable of time; none if it is another variable.
pub(super) fn value(variable: Variable, (unix_seconds, offset): (i64, i32)) -> Option<String> {
    let local = unix_seconds.saturating_add(i64::from(offset));
    let moment = Moment::of(local);
    let (hour, minute, second) = (moment.second / 3600, moment.second / 60 % 60, moment.second % 60);
    Some(match variable {
        Variable::Time => format!("{hour:02}:{minute:02}:{second:02}"),
        Variable::TimeDay => moment.day.to_string(),
        Variable::TimeEpoch => unix_seconds.to_string(),
        Variable::TimeHour => hour.to_string(),
        Variable::TimeMin => minute.to_string(),
        Variable::TimeMon => moment.month.to_string(),
        Variable::TimeSec => second.to_string(),
        Variable::TimeWday => moment.weekday.to_string(),
        Variable::TimeYear => moment.year.to_string(),
        _ => return None,
    })
}

impl Moment {
    /// From seconds since the beginning of 1970. The calendar repeats every 400 years; counted from March on, the odd
    /// day of a leap year is the last of its year.
    fn of(seconds: i64) -> Self {
        let days = seconds.div_euclid(DAY);
        let since_march = days + 719_468;
        let (era, day_of_era) = (since_march.div_euclid(146_097), since_march.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12;
        Self {
            year: year_of_era + era * 400 + i64::from(month < 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            weekday: (days + 4).rem_euclid(7),
            second: seconds.rem_euclid(DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_taken_apart_as_calendars_do() {
        for (seconds, year, month, day, weekday) in [
            (0, 1970, 0, 1, 4),
            (951_782_400, 2000, 1, 29, 2),
            (951_868_800, 2000, 2, 1, 3),
            (1_704_067_199, 2023, 11, 31, 0),
            (4_107_542_400, 2100, 2, 1, 1),
            (-1, 1969, 11, 31, 3),
        ] {
            let moment = Moment::of(seconds);
            let second = seconds.rem_euclid(DAY);
            assert_eq!(moment, Moment { year, month, day, weekday, second }, "{seconds}");
        }
    }

    #[test]
    fn local_time_is_told_and_the_epoch_is_not_local() {
        let time = (1_767_225_599, 3_600);
        let of = |variable| value(variable, time).unwrap();
        assert_eq!((of(Variable::Time), of(Variable::TimeYear)), ("00:59:59".to_owned(), "2026".to_owned()));
        assert_eq!(of(Variable::TimeEpoch), "1767225599");
        assert_eq!(value(Variable::Args, time), None);
        assert!(
            value(Variable::TimeDay, (i64::MIN, i32::MIN)).is_some() && value(Variable::Time, (i64::MAX, 9)).is_some()
        );
    }
}
