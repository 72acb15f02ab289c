//! `@verifyCC`, `@verifySSN`, `@verifyCPF`, `@verifySVNR`, `@validateNid`: numbers with check digits or known shapes.
//!
//! Argument: a pattern that finds candidates; for `@validateNid` the country (`cl` or `us`) and the pattern.
//! Returns: true if one candidate passes the check of its kind; the candidate is the capture.
//! Example: `@verifyCC \d{13,16}`.

use super::rx::Pattern;
use super::{Captures, OperatorFault, Work};

/// Numbers of one kind.
#[derive(Debug)]
pub(super) struct Numbers {
    pattern: Pattern,
    kind: Kind,
}

/// Which check a candidate has to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Payment cards: the last digit of Luhn.
    Card,
    /// Social security numbers of the United States: no check digit, but shapes that are never given out.
    Ssn,
    /// Tax numbers of Brazil: two check digits.
    Cpf,
    /// Insurance numbers of Austria: the fourth digit checks the others.
    Svnr,
    /// Identity numbers of Chile: the last character checks the others.
    Chile,
}

impl Numbers {
    pub(super) fn parse(operator: &'static str, kind: Kind, argument: &str) -> Result<Self, OperatorFault> {
        let pattern = Pattern::compile(argument).map_err(|fault| OperatorFault::Pattern { operator, fault })?;
        Ok(Self { pattern, kind })
    }

    /// `@validateNid`: the country stands before the pattern.
    pub(super) fn parse_nid(argument: &str) -> Result<Self, OperatorFault> {
        let operator = "validateNid";
        let (country, pattern) = argument.trim_start().split_once(' ').unwrap_or((argument, ""));
        let kind = match country {
            "cl" => Kind::Chile,
            "us" => Kind::Ssn,
            other => {
                let problem = format!("\"{other}\" is not a known country; cl and us are");
                return Err(OperatorFault::Argument { operator, problem });
            }
        };
        Self::parse(operator, kind, pattern.trim_start())
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>, work: &mut Work) -> bool {
        let found = self.pattern.candidates(value, work).find(|candidate| self.kind.holds(candidate));
        if let (Some(found), Some(captures)) = (&found, captures) {
            captures.push(found);
        }
        found.is_some()
    }
}

impl Kind {
    /// Whether a candidate passes; everything in it but digits is passed over.
    fn holds(self, candidate: &[u8]) -> bool {
        let digits: Vec<u32> = candidate.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| digit(*byte)).collect();
        match self {
            Self::Card => luhn(&digits),
            Self::Ssn => ssn(&digits),
            Self::Cpf => cpf(&digits),
            Self::Svnr => svnr(&digits),
            Self::Chile => chile(candidate),
        }
    }
}

fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

fn luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| match (place % 2, digit * 2) {
        (0, _) => *digit,
        (_, doubled) if doubled > 9 => doubled - 9,
        (_, doubled) => doubled,
    });
    digits.len() >= 2 && weighed.sum::<u32>() % 10 == 0
}

fn ssn(digits: &[u32]) -> bool {
    let number = |part: &[u32]| part.iter().fold(0, |number, digit| number * 10 + digit);
    let rising = digits.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let (9, false) = (digits.len(), rising) else { return false };
    let (area, group, serial) = (number(&digits[..3]), number(&digits[3..5]), number(&digits[5..]));
    area != 0 && area != 666 && area < 740 && group != 0 && serial != 0 && digits.windows(2).any(|p| p[0] != p[1])
}

fn cpf(digits: &[u32]) -> bool {
    let check = |count: u32| {
        let sum: u32 = (2..=count + 1).rev().zip(digits).map(|(weight, digit)| weight * digit).sum();
        sum * 10 % 11 % 10
    };
    digits.len() == 11
        && digits.windows(2).any(|pair| pair[0] != pair[1])
        && check(9) == digits[9]
        && check(10) == digits[10]
}

fn svnr(digits: &[u32]) -> bool {
    const WEIGHTS: [u32; 10] = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    digits.len() == 10 && digits[0] != 0 && sum % 11 == digits[3]
}

fn chile(candidate: &[u8]) -> bool {
    let meant: Vec<u8> =
        candidate.iter().copied().filter(|byte| byte.is_ascii_digit() || matches!(byte, b'k' | b'K')).collect();
    let Some((&check, body)) = meant.split_last() else { return false };
    let body: Vec<u32> = body.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| digit(*byte)).collect();
    let sum: u32 = body.iter().rev().zip((2..=7).cycle()).map(|(digit, weight)| digit * weight).sum();
    let wanted = match 11 - sum % 11 {
        11 => b'0',
        10 => b'k',
        other => other.to_le_bytes()[0] + b'0',
    };
    (7..=8).contains(&body.len()) && check.to_ascii_lowercase() == wanted
}
