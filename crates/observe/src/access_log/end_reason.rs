//! The closed list of `endReason` tokens: our own words for why a TCP or TLS session ended.
//!
//! Words that requests have too ([`reason`](super::AccessRecord::reason)) mean the same here.

macro_rules! end_reasons {
    ($($(#[$doc:meta])* $name:ident = $token:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $token;)*

        /// All of them, in the order of the documentation. Counters of ends are numbered as this list is.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

end_reasons! {
    /// Both ends closed in an orderly way.
    CLOSED = "closed";
    /// Nothing moved either way for as long as the settings' timeout.
    IDLE = "idle";
    /// A change took the session's listener, rule, settings or server, or its server became unhealthy; its time to
    /// finish was over.
    DRAINED = "drained";
    /// The gateway ended, and the session's time to finish was over.
    SHUTDOWN = "shutdown";
    /// The client reset the connection.
    CLIENT_RESET = "client_reset";
    /// The server reset the connection.
    SERVER_RESET = "server_reset";
    /// One end closed, and the other answered with a reset instead of closing as well. Some servers do so as a habit.
    RESET_AFTER_END = "reset_after_end";
    /// The pool is empty or none of its servers is healthy.
    NO_LIVE_SERVER = "no_live_server";
    /// The last server tried refused the connection or cannot be reached.
    CONNECT_FAILED = "connect_failed";
    /// The connection to the last server tried was not made in time.
    CONNECT_TIMEOUT = "connect_timeout";
    /// The server's certificate does not have the name that was asked for.
    BACKEND_CERTIFICATE_NAME = "backend_certificate_name";
    /// It, or one above it, is outside its dates.
    BACKEND_CERTIFICATE_DATE = "backend_certificate_date";
    /// It does not lead to a root that is trusted.
    BACKEND_CERTIFICATE_CHAIN = "backend_certificate_chain";
    /// The TLS handshake with the server failed otherwise.
    BACKEND_HANDSHAKE = "backend_handshake";
    /// Bytes that are not TLS came where TLS is spoken.
    NOT_TLS = "not_tls";
    /// The TLS handshake with the client failed, or did not end in time.
    CLIENT_HANDSHAKE = "client_handshake";
    /// A listener that demands a client certificate got none.
    CLIENT_CERTIFICATE_MISSING = "client_certificate_missing";
    /// It got one that is not good.
    CLIENT_CERTIFICATE_INVALID = "client_certificate_invalid";
    /// No listener takes the name that the client asked for.
    UNKNOWN_SERVER_NAME = "unknown_server_name";
    /// A peer that has to send a PROXY header sent none, or one that is not good.
    PROXY_HEADER = "proxy_header";
    /// Too many client connections.
    OVERLOADED = "overloaded";
    /// A fault of the gateway.
    INTERNAL = "internal";
}
