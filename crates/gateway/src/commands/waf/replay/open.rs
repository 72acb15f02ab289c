//! Transactions of which rows have come and the end has not: at most so many, so that no log is too long.

use std::collections::{HashMap, VecDeque};

/// Things by name, in the order in which they were begun. Where there are too many, the oldest is taken out.
#[derive(Debug)]
pub(super) struct Open<T> {
    most: usize,
    order: VecDeque<String>,
    of: HashMap<String, T>,
}

impl<T> Open<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), of: HashMap::new() }
    }

    /// What goes by a name, if it is there.
    pub(super) fn get(&mut self, id: &str) -> Option<&mut T> {
        self.of.get_mut(id)
    }

    /// Begins one. What comes back had to make room.
    pub(super) fn begin(&mut self, id: &str, thing: T) -> Option<T> {
        self.order.push_back(id.to_owned());
        self.of.insert(id.to_owned(), thing);
        // Names of what was taken out stay in the order until they are the oldest.
        if self.order.len() <= self.most {
            None
        } else {
            self.order.pop_front().and_then(|oldest| self.of.remove(&oldest))
        }
    }

    /// Takes one out.
    pub(super) fn take(&mut self, id: &str) -> Option<T> {
        self.of.remove(id)
    }

    /// Takes out all that is left, the oldest first.
    pub(super) fn take_all(&mut self) -> Vec<T> {
        let order = std::mem::take(&mut self.order);
        order.iter().filter_map(|id| self.of.remove(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut open = Open::new(2);
        assert_eq!((open.begin("a", 1), open.begin("b", 2), open.begin("c", 3)), (None, None, Some(1)));
        assert_eq!(open.get("a"), None);
        assert_eq!(open.take("b"), Some(2));
        assert_eq!(open.begin("d", 4), None, "b was taken out before");
        assert_eq!(open.take_all(), [3, 4]);
        assert!(open.take_all().is_empty());
    }
}
