//! TLS with clients: the handshake, what it said, and the stream that comes of it.

pub mod accept;
pub mod revocation;
pub mod session;
pub mod stream;

pub use revocation::Responders;
pub use session::Session;
pub use stream::Wire;
