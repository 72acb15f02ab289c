//! A worker's empty pipes, kept for the next stream: making one costs as much as moving a megabyte.

use std::cell::RefCell;

use kernel::pipe::Pipe;

/// Pipes that a worker keeps.
const KEPT: usize = 8;

thread_local! {
    static EMPTY: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// A pipe, if one can be had.
pub(super) fn take() -> Option<Pipe> {
    EMPTY.with_borrow_mut(Vec::pop).or_else(Pipe::new)
}

/// Keeps a pipe that nobody needs; one with bytes inside is of no use to anybody.
pub(super) fn give_back(pipe: Pipe) {
    if pipe.held() > 0 {
        return;
    }
    EMPTY.with_borrow_mut(|empty| {
        if empty.len() < KEPT {
            empty.push(pipe);
        }
    });
}
