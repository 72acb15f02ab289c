//! Step "what changes?" on a request's road: rewrite sets, conditions, captures, server variables.
//!
//! A pure engine: a [`RewriteSet`] is compiled once and then run over a view of the request head ([`RequestView`]),
//! later over one of the response head ([`ResponseView`]). What it wants changed it writes into [`Edits`] and
//! [`ResponseEdits`], whose memory is used again for the next request. It knows neither sockets nor configuration, and
//! whatever a pattern looks like, matching takes time linear in what it is matched with.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway" (rewrite-http-headers-url). What is silent
//! there and decided here:
//!
//! - Rules run by ascending sequence, equal ones as listed; every rule whose conditions all hold fires.
//! - A header that is absent is the empty string to a condition. Several headers of one name are one value, joined with
//!   `, `.
//! - Headers are cumulative (a later action sees what an earlier one left), server variables are always the original
//!   request's.
//! - Conditions on the request are decided before the request goes on, with their captures; what is asked of the
//!   response waits in [`Edits`] until there is one.
//! - A capture is that of the last condition of the rule with the same variable, in the same spelling, that is not
//!   negated and has such a group; a group that did not take part is empty.
//! - A header whose formed value is empty is deleted, as one whose configured value is empty. `Host` is never deleted.

mod edits;
mod form;
mod pattern;
mod promise;
mod request;
mod response;
mod response_edits;
mod rule;
mod set;
mod template;
mod variable;
mod view;

pub use edits::Edits;
pub use form::MOST_VALUE;
pub use pattern::{Pattern, PatternError};
pub use promise::Promise;
pub use request::Verdict;
pub use response_edits::ResponseEdits;
pub use rule::{Condition, HeaderAction, Matcher, RuleSpec, UrlAction};
pub use set::RewriteSet;
pub use template::{Note, Template};
pub use variable::{Phase, Server, UnknownVariable, Variable, is_header_name};
pub use view::{RequestView, ResponseView};
