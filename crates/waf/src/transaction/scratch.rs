//! Memory that requests use one after the other.
//!
//! A request fills a dozen lists with some tens of kilobytes. To ask the allocator for them and to give them back costs
//! a tenth of what an ordinary request costs altogether.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::contents::Lists;
use super::shelf::Shelves;

/// The lists of one request, emptied.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) contents: Lists,
    pub(super) shelves: Shelves,
}

/// The lists that no request uses now.
#[derive(Default)]
pub(crate) struct Scratches(Mutex<Vec<Scratch>>);

/// The most that are kept: more than threads of a machine take up requests at once.
const KEPT: usize = 16;

/// Lists that grew larger than this, in bytes, are not kept.
const LARGE: usize = 256 << 10;

impl Scratches {
    pub(super) fn take(&self) -> Scratch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give(&self, mut scratch: Scratch) {
        if scratch.contents.room() + scratch.shelves.room() > LARGE {
            return;
        }
        scratch.contents.clear();
        scratch.shelves.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(scratch);
        }
    }
}

impl fmt::Debug for Scratches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratches")
    }
}
