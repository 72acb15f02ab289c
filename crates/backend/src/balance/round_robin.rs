//! Round robin: one after the other, in pool order.
//!
//! Source: Azure, "How an application gateway works": requests, not connections, are spread over the healthy servers.

use std::cell::Cell;
use std::sync::Arc;

use crate::balance::tried::{Tried, Welcome};
use crate::server::Server;

/// The next server of the list, and none that is excluded (the one a first attempt failed on).
///
/// `counter` is the caller's own (one for each worker and target): the position to be tried next. It begins with the
/// worker's index, so that workers do not all begin with the same server. Servers take turns strictly as long as the
/// list stays the same; when it changed, the turn goes on at the same position.
pub fn pick<'a>(list: &'a [Arc<Server>], counter: &Cell<usize>, exclude: Option<u64>) -> Option<&'a Arc<Server>> {
    for _ in 0..list.len().min(MAX_SKIPPED) {
        let at = position(list, counter);
        counter.set(at + 1);
        let server = list.get(at)?;
        if Some(server.id) != exclude {
            return Some(server);
        }
    }
    None
}

/// A server for a further attempt: the next that was not tried, else the next but the one tried last. It takes no turn:
/// of two servers a dead one would be everybody's first.
pub fn further<'a>(list: &'a [Arc<Server>], counter: &Cell<usize>, tried: &[u64]) -> Option<&'a Arc<Server>> {
    let (before, after) = list.split_at_checked(position(list, counter))?;
    let in_turn = || after.iter().chain(before);
    let welcome = |server: &&Arc<Server>| Tried(tried).welcome(server.id);
    let fresh = in_turn().find(|server| welcome(server) == Some(Welcome::Fresh));
    fresh.or_else(|| in_turn().find(|server| welcome(server).is_some()))
}

fn position(list: &[Arc<Server>], counter: &Cell<usize>) -> usize {
    let at = counter.get();
    // A division would cost more than the rest.
    if at < list.len() { at } else { at.checked_rem(list.len()).unwrap_or(0) }
}

/// An id stands once in a list, so the second look finds another server if there is one.
const MAX_SKIPPED: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::server;

    fn servers(count: u8) -> Vec<Arc<Server>> {
        (0..count).map(|last| Arc::new(server(&format!("10.0.0.{last}"), None))).collect()
    }

    fn order(list: &[Arc<Server>], counter: &Cell<usize>, exclude: Option<u64>, picks: usize) -> Vec<Option<u8>> {
        let last = |server: &Arc<Server>| match server.address {
            std::net::SocketAddr::V4(v4) => v4.ip().octets()[3],
            std::net::SocketAddr::V6(_) => unreachable!(),
        };
        (0..picks).map(|_| pick(list, counter, exclude).map(last)).collect()
    }

    #[test]
    fn servers_take_turns_strictly() {
        assert_eq!(order(&servers(3), &Cell::new(0), None, 7), [0, 1, 2, 0, 1, 2, 0].map(Some));
    }

    #[test]
    fn an_excluded_server_is_passed_over() {
        let list = servers(3);
        assert_eq!(order(&list, &Cell::new(0), Some(list[1].id), 4), [0, 2, 0, 2].map(Some));
    }

    #[test]
    fn nothing_is_picked_from_nothing() {
        let one = servers(1);
        assert_eq!(order(&[], &Cell::new(5), None, 2), [None, None]);
        assert_eq!(order(&one, &Cell::new(0), Some(one[0].id), 2), [None, None]);
    }

    #[test]
    fn a_counter_beyond_the_list_goes_on_at_its_remainder() {
        assert_eq!(order(&servers(2), &Cell::new(9), None, 3), [1, 0, 1].map(Some));
    }

    /// Rows: position, servers that were tried, the next.
    #[test]
    fn a_further_attempt_is_the_next_that_was_not_tried_and_takes_no_turn() {
        let list = servers(4);
        for (rule, at, tried, expected) in [
            ("the next in turn", 1, &[0][..], Some(1)),
            ("the next but those that were tried", 1, &[1, 2], Some(3)),
            ("round the end", 3, &[2, 3], Some(0)),
            ("a counter at the end of the list", 4, &[0], Some(1)),
            ("all were tried: not the last again", 0, &[2, 3, 1, 0], Some(1)),
        ] {
            let counter = Cell::new(at);
            let tried: Vec<u64> = tried.iter().map(|server: &usize| list[*server].id).collect();
            let next = further(&list, &counter, &tried).map(|server| list.iter().position(|s| s.id == server.id));
            assert_eq!(next, Some(expected), "{rule}");
            assert_eq!(counter.get(), at, "{rule}");
        }
        assert!(further(&servers(0), &Cell::new(7), &[1]).is_none());
        assert!(further(&list[..1], &Cell::new(0), &[list[0].id]).is_none());
    }

    #[test]
    fn workers_that_begin_at_their_index_are_fair_together() {
        let list = servers(3);
        let firsts: Vec<_> = (0..6).flat_map(|worker| order(&list, &Cell::new(worker), None, 1)).collect();
        assert_eq!(firsts, [0, 1, 2, 0, 1, 2].map(Some));
    }
}
