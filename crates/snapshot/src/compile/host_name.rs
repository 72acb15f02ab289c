//! Host names of listeners: of requests for HTTP, of handshakes for TCP and TLS.
//!
//! Source: Azure, "Host multiple sites" (multiple-site-overview, read 2026-11-22) for wildcards.

use model::schema::{Field, List};
use model::{At, Problem};
use routing::{HostPattern, is_ip_literal};

use super::codes;
use super::context::Context;

/// Patterns with their places in the document.
pub(super) type Hosts = Vec<(HostPattern, At)>;

/// Why a name that is an address matches nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// Names stand in the Host of requests.
    ByRequest,
    /// Names stand in the handshakes of TLS.
    ByHandshake,
}

/// All names of a list, each once; `None` when one of them is wrong.
pub(super) fn all(context: &mut Context<'_>, list: &List<String>, listener: &str, asked: Asked) -> Option<Hosts> {
    let mut hosts = Hosts::new();
    let mut is_whole = true;
    for field in list {
        match one(context, field, asked) {
            Some(pattern) if hosts.iter().any(|(other, _)| *other == pattern) => {
                let message = format!("the listener {listener:?} has this host name already");
                let problem = Problem::warning(codes::DUPLICATE_HOST_NAME, &field.at, message);
                context.problems.push(problem.found(format!("{:?}", field.value)).help("it counts once"));
            }
            Some(pattern) => hosts.push((pattern, field.at.clone())),
            None => is_whole = false,
        }
    }
    is_whole.then_some(hosts)
}

/// One name; what is none is reported.
pub(super) fn one(context: &mut Context<'_>, field: &Field<String>, asked: Asked) -> Option<HostPattern> {
    match HostPattern::parse(field.value.trim()) {
        Ok(pattern) => {
            if is_ip_literal(pattern.as_str().as_bytes()) {
                let message = match asked {
                    Asked::ByRequest => {
                        "requests to an address reach listeners without host names only; this matches nothing"
                    }
                    Asked::ByHandshake => "no client asks for an address in TLS; this matches nothing",
                };
                context.warn(codes::HOST_NAME_IS_ADDRESS, &field.at, message);
            }
            Some(pattern)
        }
        Err(error) => {
            let problem = Problem::error(codes::INVALID_HOST_NAME, &field.at, error.to_string());
            let expected = "a host name such as \"www.example.com\" or \"*.example.com\"";
            context.problems.push(problem.found(format!("{:?}", field.value)).expected(expected));
            None
        }
    }
}
