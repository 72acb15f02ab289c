//! Rows of sessions in the access log: one for each, with four counters.

use serde_json::Value;

use crate::gateway::Gateway;

/// The row of a session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its outcome, as the log writes it.
    pub status: String,
    /// Why it ended.
    pub end: String,
    /// The server, `address:port`; empty for none.
    pub server: String,
    /// Bytes from the client.
    pub received: u64,
    /// Bytes to the client.
    pub sent: u64,
    /// Bytes to the server.
    pub upstream_sent: u64,
    /// Bytes from the server.
    pub upstream_received: u64,
    /// The whole row.
    pub row: Value,
}

impl SessionRow {
    #[track_caller]
    fn of(row: Value) -> Self {
        let properties = &row["properties"];
        let text = |key: &str| properties[key].as_str().unwrap_or_else(|| panic!("{key} in {row}")).to_owned();
        let number = |key: &str| properties[key].as_u64().unwrap_or_else(|| panic!("{key} in {row}"));
        Self {
            status: text("serverStatus"),
            end: text("endReason"),
            server: text("serverRouted"),
            received: number("receivedBytes"),
            sent: number("sentBytes"),
            upstream_sent: number("upstreamSentBytes"),
            upstream_received: number("upstreamReceivedBytes"),
            row,
        }
    }

    /// A property as it stands.
    pub fn property(&self, name: &str) -> &Value {
        &self.row["properties"][name]
    }

    /// Its outcome and end.
    pub fn outcome(&self) -> (&str, &str) {
        (&self.status, &self.end)
    }

    /// Bytes from the client, to it, to the server, and from it.
    pub fn bytes(&self) -> [u64; 4] {
        [self.received, self.sent, self.upstream_sent, self.upstream_received]
    }

    /// Panics unless this is its outcome, and this many bytes went up and down, the same on both sides.
    #[track_caller]
    pub fn check(&self, status: &str, end: &str, up: usize, down: usize) {
        let (up, down) = (up as u64, down as u64);
        assert_eq!((self.outcome(), self.bytes()), ((status, end), [up, down, up, down]), "{}", self.row);
    }
}

impl Gateway {
    /// Waits until so many sessions have ended, and returns their rows in the order of the log. Panics when there are
    /// more rows than that.
    #[track_caller]
    pub fn session_rows(&self, count: usize) -> Vec<SessionRow> {
        let rows: Vec<_> = self.wait_rows(count).into_iter().map(SessionRow::of).collect();
        assert_eq!(rows.len(), count, "{rows:?}");
        rows
    }

    /// Waits for the end of the only session so far.
    #[track_caller]
    pub fn session_row(&self) -> SessionRow {
        self.session_rows(1).remove(0)
    }
}
