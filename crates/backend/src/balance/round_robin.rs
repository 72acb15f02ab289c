//! Round robin: one after the other, in pool order.
//!
//! Source: Azure, "How an application gateway works": requests, not connections, are spread over the healthy servers.

use std::cell::Cell;
use std::sync::Arc;

use crate::server::Server;

/// The next server of the list, and none that is excluded (the one a first attempt failed on).
///
/// `counter` is the caller's own (one for each worker and target, from 0): the position to be tried next. Servers take
/// turns strictly as long as the list stays the same; when it changed, the turn goes on at the same position.
pub fn pick<'a>(list: &'a [Arc<Server>], counter: &Cell<usize>, exclude: Option<u64>) -> Option<&'a Arc<Server>> {
    for _ in 0..list.len().min(MAX_SKIPPED) {
        let at = if counter.get() < list.len() { counter.get() } else { 0 };
        counter.set(at + 1);
        let server = &list[at];
        if Some(server.id) != exclude {
            return Some(server);
        }
    }
    None
}

/// An id stands once in a list, so the second look finds another server if there is one.
const MAX_SKIPPED: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Verdicts;

    fn servers(count: u8) -> Vec<Arc<Server>> {
        let server = |last| Server::new([10, 0, 0, last].into(), 80, None, Verdicts::new(true));
        (0..count).map(|last| Arc::new(server(last))).collect()
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
    fn a_counter_beyond_a_shorter_list_starts_again() {
        assert_eq!(order(&servers(2), &Cell::new(9), None, 3), [0, 1, 0].map(Some));
    }
}
