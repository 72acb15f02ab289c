//! HTTP: from the first byte of a request to its row in the log.

pub mod ahead;
pub mod answer;
pub mod body;
pub mod choose;
pub mod client;
pub mod compose;
pub mod dedicated;
pub mod exchange;
pub mod field;
pub mod forward;
pub mod h1;
pub mod h2;
pub mod head;
pub mod record;
pub mod relay;
pub mod reply;
pub mod respond;
pub mod response;
pub mod rewriting;
pub mod row;
pub mod scan;
pub mod spool;
pub mod target;
pub mod token;
pub mod tunnel;
pub mod upload;
