//! Health probes: the custom ones as written, and the one each target is probed with.
//!
//! Source: Azure, "Application Gateway health probes overview" (application-gateway-probe-overview): the
//! default probe asks `/` with Host 127.0.0.1 every 30 s; a host override of the settings gives the
//! probe its Host. Parity: the full table of hosts is in parity note "probe host"; `probeEnabled` is
//! ignored, a reference alone makes a probe custom.

use std::sync::Arc;
use std::time::Duration;

use model::Problem;
use model::backend_http_settings::Protocol;
use model::probe::Probe as Asked;
use model::reference::Reference;
use model::schema::{Field, Named};

use super::backend_http_settings::{Definition as SettingsDefinition, is_host_value};
use super::codes;
use super::context::{Context, is_on, text};
use super::layer4::probe as bytes;
use crate::{HostHeader, Probe, ProbeMatch, ProxyVersion, Scheme, Settings};

/// What the default probe sends as Host where the settings do not say otherwise.
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_INTERVAL: u32 = 30;
const DEFAULT_TIMEOUT: u32 = 30;
const DEFAULT_THRESHOLD: u32 = 3;
const USER_AGENT: &str = "appgw-health-probe";
/// Longest text looked for in a body.
const MAX_BODY: usize = 4090;

/// A custom probe, not yet joined with settings.
pub(super) struct Definition {
    probe: Probe,
    protocol: Option<Protocol>,
    picks_host: bool,
}

/// All custom probes, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.probes.iter().map(|probe| one(context, probe)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<Asked>) -> Definition {
    let seconds = |value: Option<u32>, default: u32| Duration::from_secs(value.unwrap_or(default).into());
    let interval = seconds(context.number("interval", &asked.interval, (1, 86400)), DEFAULT_INTERVAL);
    let timeout = seconds(context.number("timeout", &asked.timeout, (1, 86400)), DEFAULT_TIMEOUT);
    if let Some(field) = asked.timeout.as_ref().filter(|_| timeout > interval) {
        let message = "a probe may take longer than the pause until the next one";
        let problem = Problem::warning(codes::PROBE_TIMEOUT, &field.at, message);
        let expected = format!("at most the interval, {} s", interval.as_secs());
        context.problems.push(problem.found(format!("{} s", timeout.as_secs())).expected(expected));
    }
    let threshold = context.number("unhealthyThreshold", &asked.unhealthy_threshold, (1, 20));
    let port = context.number("the port", &asked.port, (1, 65535));
    let is_bytes = bytes::is_meant(context.gateway, asked);
    let (host, path, accept) = if is_bytes {
        (bytes::name(context, asked), Arc::from("/"), ProbeMatch::default())
    } else {
        proxy_header(context, asked);
        (host(context, asked), path(context, asked), accept(context, asked))
    };
    let min_servers = context.number("minServers", &asked.min_servers, (0, i64::from(u32::MAX)));
    let probe = Probe {
        name: Some(Arc::from(asked.name.as_str())),
        host,
        path,
        port: port.and_then(|port| u16::try_from(port).ok()),
        host_port: asked.gatehouse.host_port.as_ref().is_none_or(|switch| switch.value),
        interval,
        timeout,
        unhealthy_threshold: threshold.unwrap_or(DEFAULT_THRESHOLD),
        min_servers: min_servers.unwrap_or(0),
        accept,
        user_agent: Arc::from(text(&asked.gatehouse.user_agent).map_or(USER_AGENT, |agent| agent.as_str())),
        proxy_header: is_on(&asked.enable_probe_proxy_protocol_header).then_some(ProxyVersion::V1),
    };
    let protocol = asked.protocol.as_ref().map(|protocol| protocol.value);
    Definition { probe, protocol, picks_host: picks_host(asked) }
}

/// A request has no place for the header.
fn proxy_header(context: &mut Context<'_>, asked: &Named<Asked>) {
    let switch = &asked.enable_probe_proxy_protocol_header;
    if let Some(field) = switch.as_ref().filter(|field| field.value) {
        let message =
            format!("the probe {:?} asks over HTTP; a PROXY protocol header is for Tcp and Tls", asked.name.value);
        let problem = Problem::error(codes::PROPERTY_NOT_FOR_PROTOCOL, &field.at, message);
        context.problems.push(problem.help("remove it, or set \"protocol\" to \"Tcp\" or \"Tls\""));
    }
}

fn picks_host(asked: &Asked) -> bool {
    is_on(&asked.pick_host_name_from_backend_http_settings) || is_on(&asked.pick_host_name_from_backend_settings)
}

fn host(context: &mut Context<'_>, asked: &Named<Asked>) -> Option<Arc<str>> {
    let Some(host) = text(&asked.host) else {
        if !picks_host(asked) {
            let message = format!("the probe {:?} has no host and takes none from its settings", asked.name.value);
            let problem = Problem::error(codes::PROBE_HOST_NULL, &asked.name.at, message);
            let expected = "\"host\", or \"pickHostNameFromBackendHttpSettings\": true";
            context.problems.push(problem.expected(expected));
        }
        return None;
    };
    if picks_host(asked) {
        let message = "the probe takes its host from the settings; this one is not used";
        context.azure_refuses(Problem::warning(codes::HOST_NAME_CONFLICT, &host.at, message));
    } else if !is_host_value(&host.value) {
        let problem = Problem::error(codes::INVALID_HOST_NAME, &host.at, "this cannot be a Host header");
        context.problems.push(problem.found(format!("{:?}", host.value)).expected("a host name"));
    }
    Some(Arc::from(host.value.trim()))
}

fn path(context: &mut Context<'_>, asked: &Named<Asked>) -> Arc<str> {
    let Some(path) = text(&asked.path) else { return Arc::from("/") };
    if !is_request_target(&path.value) {
        let message = "this cannot be the path of a request";
        let problem = Problem::error(codes::INVALID_PROBE_PATH, &path.at, message);
        context.problems.push(problem.found(format!("{:?}", path.value)).expected("a path that begins with \"/\""));
    }
    Arc::from(path.as_str())
}

fn is_request_target(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

fn accept(context: &mut Context<'_>, asked: &Named<Asked>) -> ProbeMatch {
    let mut accept = ProbeMatch::default();
    let Some(wanted) = &asked.response_match else { return accept };
    let mut statuses = Vec::new();
    for code in &wanted.status_codes {
        match status_range(&code.value) {
            Some(range) => statuses.push(range),
            None => {
                let message = "this is neither a status code nor a range of them";
                let problem = Problem::error(codes::INVALID_STATUS_RANGE, &code.at, message);
                let expected = "a code or range from 100 to 999, such as \"200\" or \"200-399\"";
                context.problems.push(problem.found(format!("{:?}", code.value)).expected(expected));
            }
        }
    }
    if !statuses.is_empty() {
        accept.statuses = statuses;
    }
    if let Some(body) = wanted.body.as_ref().filter(|body| !body.value.is_empty()) {
        if body.value.chars().count() > MAX_BODY {
            let message = format!("the text looked for in the body has more than {MAX_BODY} characters");
            context.azure_refuses(Problem::warning(model::problem::codes::OUT_OF_RANGE, &body.at, message));
        }
        accept.body = Arc::from(body.as_str());
    }
    accept
}

/// `200` or `200-399`, 100 to 999, spaces around allowed.
fn status_range(text: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=999).contains(code));
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (code(low)?, code(high)?);
    (low <= high).then_some((low, high))
}

/// The probe of a target whose settings name none.
pub(super) fn default(settings: &Settings) -> Probe {
    let host = match &settings.host {
        HostHeader::Client if !settings.scheme.is_http() => None,
        HostHeader::Client => Some(Arc::from(DEFAULT_HOST)),
        HostHeader::Fixed(name) => Some(name.clone()),
        HostHeader::Server => None,
    };
    Probe {
        name: None,
        host,
        path: Arc::from("/"),
        port: None,
        host_port: true,
        interval: Duration::from_secs(DEFAULT_INTERVAL.into()),
        timeout: Duration::from_secs(DEFAULT_TIMEOUT.into()),
        unhealthy_threshold: DEFAULT_THRESHOLD,
        min_servers: 0,
        accept: ProbeMatch::default(),
        user_agent: Arc::from(USER_AGENT),
        proxy_header: settings.proxy_header.map(|header| header.version),
    }
}

/// Reports what is wrong between settings and the probes they name.
pub(super) fn check_settings(context: &mut Context<'_>, probes: &[Definition], all: &[Option<SettingsDefinition>]) {
    let gateway = context.gateway;
    for (settings, asked) in all.iter().zip(gateway.backend_http_settings_collection.iter()) {
        let Some(settings) = settings else { continue };
        if let Some(probe) = settings.probe.index().and_then(|index| probes.get(index)) {
            let Some(reference) = &asked.probe else { continue };
            probe.check(context, reference, &settings.settings);
        }
    }
}

impl Definition {
    /// The probe of a target whose settings name this one. Of TLS, the name is its own, else that of the settings.
    pub(super) fn joined(&self, settings: &Settings) -> Probe {
        let is_own = if settings.scheme.is_http() { !self.picks_host } else { self.probe.host.is_some() };
        let host = match &settings.host {
            _ if is_own => self.probe.host.clone(),
            HostHeader::Fixed(name) => Some(name.clone()),
            HostHeader::Client | HostHeader::Server => None,
        };
        // A header of the version that live connections begin with.
        let version = settings.proxy_header.map_or(ProxyVersion::V1, |header| header.version);
        let proxy_header = self.probe.proxy_header.map(|_| version);
        Probe { host, proxy_header, ..self.probe.clone() }
    }

    /// Reports what is wrong between this probe and settings that name it.
    pub(super) fn check(&self, context: &mut Context<'_>, reference: &Field<Reference<Asked>>, settings: &Settings) {
        let name = reference.name().to_owned();
        let spoken = match settings.scheme {
            Scheme::Http => Protocol::Http,
            Scheme::Https => Protocol::Https,
            Scheme::Tcp => Protocol::Tcp,
            Scheme::Tls => Protocol::Tls,
        };
        if let Some(protocol) = self.protocol.filter(|protocol| *protocol != spoken) {
            let message = format!("the probe {name:?} speaks {protocol}, but these settings speak {spoken}");
            let problem = Problem::error(codes::PROBE_PROTOCOL, &reference.at, message);
            context.problems.push(problem.expected(format!("a probe with the protocol \"{spoken}\"")));
        }
        if self.picks_host && settings.host == HostHeader::Client && settings.scheme.is_http() {
            let message = format!("the probe {name:?} takes its host from these settings, which have none");
            let problem = Problem::error(codes::PROBE_HOST_NULL, &reference.at, message);
            let help =
                "give the settings \"hostName\" or \"pickHostNameFromBackendAddress\": true, or the probe a \"host\"";
            context.problems.push(problem.help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_range_is_a_code_or_two_codes() {
        let rows = [
            ("200", Some((200, 200))),
            ("200-399", Some((200, 399))),
            (" 200 - 399 ", Some((200, 399))),
            ("999", Some((999, 999))),
            ("399-200", None),
            ("99", None),
            ("1000", None),
            ("2xx", None),
            ("", None),
            ("200-300-400", None),
        ];
        for (text, expected) in rows {
            assert_eq!(status_range(text), expected, "{text}");
        }
    }
}
