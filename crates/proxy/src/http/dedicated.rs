//! Connections to servers that belong to one client connection.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration", dedicated backend connection (read 2026-11-22): for
//! NTLM and Kerberos, which authenticate a connection and not a request. With HTTP/2 each request has its own.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::Context;

use backend::Server;
use backend::connections::Link;

/// Connections that one client connection keeps: one to each of the targets that its requests lead to. Beyond so many
/// the oldest is closed.
const MOST: usize = 16;

/// In a box: most client connections have none.
#[derive(Default)]
struct Owned {
    list: Vec<Own>,
}

struct Own {
    server: Arc<Server>,
    link: Link,
}

/// What a client connection has of its own.
#[derive(Default)]
pub struct Dedicated {
    own: RefCell<Option<Box<Owned>>>,
    lost: Cell<bool>,
}

impl Dedicated {
    /// The one of these servers that there is a connection to.
    pub fn server(&self, eligible: &[Arc<Server>]) -> Option<Arc<Server>> {
        let own = self.own.borrow();
        let is_eligible = |own: &&Own| eligible.iter().any(|server| server.id == own.server.id);
        own.as_ref()?.list.iter().rfind(is_eligible).map(|own| Arc::clone(&own.server))
    }

    /// The connection to a server.
    pub fn take(&self, server: u64) -> Option<Link> {
        let mut own = self.own.borrow_mut();
        let list = &mut own.as_mut()?.list;
        let at = list.iter().rposition(|own| own.server.id == server)?;
        Some(list.remove(at).link)
    }

    /// Keeps a connection for the client's next request.
    pub fn keep(&self, server: &Arc<Server>, link: Link) {
        let mut own = self.own.borrow_mut();
        let list = &mut own.get_or_insert_default().list;
        if list.len() >= MOST {
            list.remove(0);
        }
        list.push(Own { server: Arc::clone(server), link });
    }

    /// A connection to a server has ended: so must the client's, which may have been authenticated by it.
    pub fn lose(&self) {
        self.lost.set(true);
    }

    /// Whether the client's connection is to end.
    #[inline]
    pub fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// Looks, while the client is idle, whether a server has closed its connection or says what nobody asked for.
    pub fn poll_lost(&self, context: &mut Context<'_>) -> bool {
        let own = self.own.borrow();
        let Some(owned) = own.as_ref() else { return false };
        owned.list.iter().any(|own| own.link.stream.borrow_mut().poll_closed(context).is_ready())
    }
}
