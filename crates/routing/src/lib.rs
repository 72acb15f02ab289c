//! Step "which rule?" on a request's road: host names, path maps, redirects, backend paths.
//!
//! A pure engine: it takes bytes and gives values, knows neither pools nor configuration, does no
//! I/O, never panics on any input and allocates nothing on the common look-up path. Tables are
//! generic over the small `Copy` value they return (an index, usually), so this crate never learns
//! what a rule is.

mod backend_path;
mod host;
mod matching_form;
mod path;
mod redirect;

pub use backend_path::BackendPath;
pub use host::{HostPattern, HostPatternError, HostTable, host_without_port, is_ip_literal, shadowed};
pub use matching_form::matching_form;
pub use path::{Hit, PathMatching, PathPattern, PathPatternError, PathTable, PatternId, Unreachable};
pub use redirect::{
    Entrance, ListenerTarget, Redirect, RedirectStatus, RedirectTarget, RedirectUrlError, RequestTarget, Scheme,
    UrlTarget,
};
