//! `@eq`, `@ne`, `@ge`, `@gt`, `@le`, `@lt`: compare whole numbers.
//!
//! Argument: a number, macros allowed.
//! Returns: both sides are read as far as they are a number, with a sign and blanks before it; text is 0.
//! Example: `@ge 5`.

use std::cmp::Ordering;

/// Which comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Ge,
    Gt,
    Le,
    Lt,
}

impl Comparison {
    pub(super) fn matches(self, value: &[u8], argument: &[u8]) -> bool {
        let order = parse(value).cmp(&parse(argument));
        match self {
            Self::Eq => order == Ordering::Equal,
            Self::Ne => order != Ordering::Equal,
            Self::Ge => order != Ordering::Less,
            Self::Gt => order == Ordering::Greater,
            Self::Le => order != Ordering::Greater,
            Self::Lt => order == Ordering::Less,
        }
    }
}

/// The number a text begins with; 0 if there is none, the nearest of 64 bits if it is too great.
fn parse(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0_i64, |total, byte| {
        let digit = i64::from(byte - b'0');
        total.saturating_mul(10).saturating_add(if negative { -digit } else { digit })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_far_as_it_goes() {
        for (text, number) in [("", 0), ("abc", 0), (" 12x", 12), ("-5", -5), ("+7", 7), ("--1", 0), ("5.9", 5)] {
            assert_eq!(parse(text.as_bytes()), number, "{text}");
        }
        assert_eq!(parse(b"99999999999999999999999"), i64::MAX);
        assert_eq!(parse(b"-99999999999999999999999"), i64::MIN);
    }
}
