//! Servers that a request was tried on before.

/// Ids of servers in the order in which they were tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried<'a>(pub(crate) &'a [u64]);

/// How welcome a server is for the next attempt; the greater, the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Welcome {
    /// It failed once, but not just now.
    Again,
    /// It was not tried.
    Fresh,
}

impl Tried<'_> {
    /// True for a first attempt.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// `None` for the server that failed just now.
    #[inline]
    pub(crate) fn welcome(self, server: u64) -> Option<Welcome> {
        match self.0 {
            [.., last] if *last == server => None,
            tried if tried.contains(&server) => Some(Welcome::Again),
            _ => Some(Welcome::Fresh),
        }
    }
}
