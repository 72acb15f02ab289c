//! Error pages of the operator's own.
//!
//! Source: Azure, "Create custom error pages" (custom-error): a listener with pages of its own has none of the
//! gateway's.

use std::sync::Arc;

/// Pages by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages(Vec<(u16, Page)>);

/// An error page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The document. Below 1 MB.
    pub body: Arc<[u8]>,
    /// Where `{transactionId}` stands in it, in order.
    pub ids: Vec<usize>,
}

/// What the id of the request replaces in a page. An extension.
pub const TRANSACTION_ID: &str = "{transactionId}";

impl Page {
    /// A page with the places of its ids found.
    pub fn new(body: Arc<[u8]>) -> Self {
        let wanted = TRANSACTION_ID.as_bytes();
        let (mut ids, mut at) = (Vec::new(), 0);
        while let Some(rest) = body.get(at..).filter(|rest| rest.len() >= wanted.len()) {
            let Some(found) = rest.windows(wanted.len()).position(|window| window == wanted) else { break };
            ids.push(at + found);
            at += found + wanted.len();
        }
        Self { body, ids }
    }
}

impl Pages {
    /// Adds the page of a status.
    pub fn insert(&mut self, status: u16, page: Page) {
        self.0.push((status, page));
    }

    /// The page of a status.
    pub fn get(&self, status: u16) -> Option<&Page> {
        self.0.iter().find(|(its, _)| *its == status).map(|(_, page)| page)
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_id_is_found() {
        let rows: [(&str, &[usize]); 4] = [
            ("", &[]),
            ("no id {transactionId", &[]),
            ("{transactionId}", &[0]),
            ("a {transactionId} b {transactionId}", &[2, 20]),
        ];
        for (body, expected) in rows {
            assert_eq!(Page::new(body.as_bytes().into()).ids, expected, "{body}");
        }
    }
}
