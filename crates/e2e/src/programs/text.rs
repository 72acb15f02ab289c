//! Long texts for programs to carry.

use std::fmt::Write as _;

use crate::dice::Dice;

/// Numbers on a line, which is then as long as lines of mail may be.
const NUMBERS: usize = 62;

/// Rows of a table as databases read and write them, a kilobyte each: a number and a text.
pub fn rows(count: usize) -> String {
    lines(count).lines().enumerate().fold(String::new(), |mut text, (number, line)| {
        let _ = writeln!(text, "{number}\t{line}");
        text
    })
}

/// Lines of a kilobyte each.
pub fn lines(count: usize) -> String {
    let mut dice = Dice::new(13);
    let mut text = String::new();
    for _ in 0..count {
        for _ in 0..NUMBERS {
            let _ = write!(text, "{:016x}", dice.roll());
        }
        text.push('\n');
    }
    text
}
