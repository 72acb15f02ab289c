//! `@validateByteRange`: a byte of the value is outside the list.
//!
//! Argument: bytes and ranges of bytes between commas, 0 to 255; an empty list allows no byte.
//! Returns: true if one byte is not allowed; the first such byte is the capture.
//! Example: `@validateByteRange 9,10,13,32-126`.

use super::{Captures, OperatorFault};

/// Which bytes are allowed.
#[derive(Debug)]
pub(super) struct Allowed(Box<[bool; 256]>);

impl Allowed {
    pub(super) fn parse(argument: &str) -> Result<Self, OperatorFault> {
        let mut allowed = Box::new([false; 256]);
        for item in argument.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let (Ok(first), Ok(last)) = (first.trim().parse::<u8>(), last.trim().parse::<u8>()) else {
                return Err(fault(item));
            };
            if first > last {
                return Err(fault(item));
            }
            allowed[usize::from(first)..=usize::from(last)].fill(true);
        }
        Ok(Self(allowed))
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>) -> bool {
        let Some(place) = value.iter().position(|byte| !self.0[usize::from(*byte)]) else { return false };
        if let Some(captures) = captures {
            captures.push(&value[place..=place]);
        }
        true
    }
}

fn fault(item: &str) -> OperatorFault {
    let problem = format!("\"{item}\" is no byte or range of bytes, such as 32-126");
    OperatorFault::Argument { operator: "validateByteRange", problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_outside_the_list_matches() {
        let allowed = Allowed::parse("9,10,13,32-126").unwrap();
        assert!(!allowed.matches(b"plain text\r\n", None));
        assert!(allowed.matches(b"nul\0", None) && allowed.matches(b"\x7F", None));
    }

    #[test]
    fn lists_that_are_none_are_refused() {
        for argument in ["256", "5-3", "a-b", "1-2-3"] {
            assert!(Allowed::parse(argument).is_err(), "{argument}");
        }
    }
}
