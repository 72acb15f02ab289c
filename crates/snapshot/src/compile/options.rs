//! Bounds and switches of the whole gateway: `gatehouse` inside the gateway, and `globalConfiguration`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::extension::Limits as Asked;
use model::schema::List;
use model::{Opt, Problem};

use super::codes;
use super::context::{Context, is_on};
use crate::{Limits, Options};

/// A day, in seconds: no wait is longer.
const DAY: i64 = 86400;
/// The largest count that makes sense of anything.
const COUNT: i64 = 10_000_000;

/// The bounds, defaults where nothing is asked.
pub(super) fn limits(context: &mut Context<'_>) -> Limits {
    let mut limits = Limits::default();
    if let Some(retries) = context.number("maxRetries", &context.gateway.gatehouse.max_retries, (0, 10)) {
        limits.max_retries = retries;
    }
    let Some(asked) = &context.gateway.gatehouse.limits else { return limits };
    durations(context, asked, &mut limits);
    sizes(context, asked, &mut limits);
    limits
}

fn durations(context: &mut Context<'_>, asked: &Asked, limits: &mut Limits) {
    let rows: [(&str, &Opt<i64>, &mut Duration); 8] = [
        ("tlsHandshakeTimeoutInSec", &asked.tls_handshake_timeout_in_sec, &mut limits.tls_handshake_timeout),
        ("requestHeaderTimeoutInSec", &asked.request_header_timeout_in_sec, &mut limits.request_header_timeout),
        ("requestBodyTimeoutInSec", &asked.request_body_timeout_in_sec, &mut limits.request_body_timeout),
        ("keepAliveTimeoutInSec", &asked.keep_alive_timeout_in_sec, &mut limits.keep_alive_timeout),
        ("connectTimeoutInSec", &asked.connect_timeout_in_sec, &mut limits.connect_timeout),
        ("poolIdleTimeoutInSec", &asked.pool_idle_timeout_in_sec, &mut limits.pool_idle_timeout),
        ("drainTimeoutInSec", &asked.drain_timeout_in_sec, &mut limits.drain_timeout),
        ("shutdownGraceInSec", &asked.shutdown_grace_in_sec, &mut limits.shutdown_grace),
    ];
    for (name, field, slot) in rows {
        if let Some(seconds) = context.number(name, field, (1, DAY)) {
            *slot = Duration::from_secs(seconds.into());
        }
    }
}

fn sizes(context: &mut Context<'_>, asked: &Asked, limits: &mut Limits) {
    // A head has to fit into a worker's read buffer, target and fields together.
    const HEADER_BYTES: (i64, i64) = (1024, 128 * 1024);
    const URL_BYTES: (i64, i64) = (256, 64 * 1024);
    type Row<'a> = (&'a str, &'a Opt<i64>, (i64, i64), &'a mut usize);
    // A buffer smaller than a read would only cost, and one that is larger than this belongs into a file.
    const IN_MEMORY: (i64, i64) = (1024, 16 << 20);
    const READ_AHEAD: (i64, i64) = (4096, 16 << 20);
    let rows: [Row<'_>; 8] = [
        ("maxHeaderBytes", &asked.max_header_bytes, HEADER_BYTES, &mut limits.max_header_bytes),
        ("maxHeaderFields", &asked.max_header_fields, (1, 256), &mut limits.max_header_fields),
        ("maxUrlBytes", &asked.max_url_bytes, URL_BYTES, &mut limits.max_url_bytes),
        ("maxIdlePerServer", &asked.max_idle_per_server, (0, COUNT), &mut limits.max_idle_per_server),
        ("maxConnections", &asked.max_connections, (1, COUNT), &mut limits.max_connections),
        (
            "maxConnectionsPerClient",
            &asked.max_connections_per_client,
            (1, COUNT),
            &mut limits.max_connections_per_client,
        ),
        ("bufferedInMemoryBytes", &asked.buffered_in_memory_bytes, IN_MEMORY, &mut limits.buffered_in_memory),
        ("bufferedResponseBytes", &asked.buffered_response_bytes, READ_AHEAD, &mut limits.buffered_response),
    ];
    for (name, field, range, slot) in rows {
        if let Some(number) = context.number(name, field, range) {
            *slot = number as usize;
        }
    }
    if let Some(rate) = context.number("minBodyBytesPerSec", &asked.min_body_bytes_per_sec, (0, i64::from(u32::MAX))) {
        limits.min_body_rate = rate;
    }
    large_sizes(context, asked, limits);
}

/// Sizes that may go beyond four gigabytes.
fn large_sizes(context: &mut Context<'_>, asked: &Asked, limits: &mut Limits) {
    let rows = [
        ("maxBodyBytes", &asked.max_body_bytes, &mut limits.max_body_bytes),
        ("bufferedInFileBytes", &asked.buffered_in_file_bytes, &mut limits.buffered_in_file),
        ("bufferedInFilesBytes", &asked.buffered_in_files_bytes, &mut limits.buffered_in_files),
    ];
    for (name, field, slot) in rows {
        let Some(field) = field else { continue };
        match u64::try_from(field.value) {
            Ok(bytes) => *slot = bytes,
            Err(_) => {
                let message = format!("{name} is out of range");
                let problem = Problem::error(model::problem::codes::OUT_OF_RANGE, &field.at, message);
                context.problems.push(problem.found(field.value.to_string()).expected("0 or more"));
            }
        }
    }
}

/// The switches.
pub(super) fn options(context: &mut Context<'_>) -> Options {
    let mut options = Options::default();
    let gateway = context.gateway;
    let global = gateway.global_configuration.as_ref();
    if global.is_some_and(|global| is_on(&global.disable_default_server_header_in_response)) {
        options.server = None;
    }
    let is_on_unless_off = |switch: Option<&Opt<bool>>| switch.and_then(Option::as_ref).is_none_or(|it| it.value);
    options.buffers_requests = is_on_unless_off(global.map(|global| &global.enable_request_buffering));
    options.buffers_responses = is_on_unless_off(global.map(|global| &global.enable_response_buffering));
    options.azure_strict = is_on(&gateway.gatehouse.azure_strict);
    let interval = context.number("sessionLogIntervalInSec", &gateway.gatehouse.session_log_interval_in_sec, (1, DAY));
    options.session_log_interval = interval.map(|seconds| Duration::from_secs(seconds.into()));
    options.affinity_key = super::site::affinity_key(context);
    if let Some(header) = &gateway.gatehouse.server_header {
        let value = header.value.trim();
        if value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            options.server = (!value.is_empty()).then(|| Arc::from(value));
        } else {
            let message = "this cannot be a header value";
            context.error(codes::INVALID_HEADER_NAME, &header.at, message);
        }
    }
    if let Some(switch) = &gateway.gatehouse.forwarded_for_port {
        options.forwarded_for_port = switch.value;
    }
    options.trusted_proxies = networks(context, &gateway.gatehouse.trusted_proxies);
    options
}

/// The networks of a list; what is none is reported and left out.
pub(super) fn networks(context: &mut Context<'_>, list: &List<String>) -> Vec<(IpAddr, u8)> {
    let mut networks = Vec::new();
    for field in list {
        match network(&field.value) {
            Some(network) => networks.push(network),
            None => {
                let problem =
                    Problem::error(codes::INVALID_ADDRESS, &field.at, "this is neither an address nor a network");
                context.problems.push(problem.found(format!("{:?}", field.value)).expected("such as \"10.0.0.0/8\""));
            }
        }
    }
    networks
}

/// An address with the length of its prefix; alone it is a network of one.
pub(super) fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.trim().split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        Some(length) => length.parse().ok().filter(|length| *length <= most)?,
        None => most,
    };
    Some((address, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_with_or_without_a_prefix_length() {
        let rows = [
            ("10.0.0.0/8", Some(8)),
            ("10.0.0.1", Some(32)),
            ("2001:db8::/32", Some(32)),
            ("::1", Some(128)),
            ("10.0.0.0/33", None),
            ("10.0.0.0/", None),
            ("10.0.0/8", None),
            ("example.com", None),
        ];
        for (text, expected) in rows {
            assert_eq!(network(text).map(|(_, length)| length), expected, "{text}");
        }
    }
}
