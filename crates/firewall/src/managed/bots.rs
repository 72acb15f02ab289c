//! Rules against bots.
//!
//! Microsoft's signatures and lists of addresses are not public. What can be had is a list of bad addresses that the
//! operator supplies, and what clients say of themselves: of the rules of unknown bots those that a user agent tells.
//! Nobody is taken for a good bot here, since that needs more than its word.
//!
//! Source: `bot-protection-overview`, read 2026-11-22.

use std::net::IpAddr;

use super::Choice;
use super::assemble::Exceptions;
use crate::exceptions;
use crate::request::Request;
use crate::scrubbing::Scrubbing;

/// What is known of addresses.
pub trait Reputation: Send + Sync {
    /// Whether it is known for attacks.
    fn is_malicious(&self, address: IpAddr) -> bool;
}

/// Nothing is known of any address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unknown;

impl Reputation for Unknown {
    fn is_malicious(&self, _: IpAddr) -> bool {
        false
    }
}

/// Bad addresses.
const MALICIOUS: u32 = 100_100;
/// Clients that do not say who they are.
const NAMELESS: u32 = 300_100;
const TOOLS: u32 = 300_200;
const LIBRARIES: u32 = 300_300;

/// Words in small letters in the names of tools that crawl or attack.
const TOOL_WORDS: [&[u8]; 14] = [
    b"acunetix",
    b"dirbuster",
    b"feroxbuster",
    b"gobuster",
    b"masscan",
    b"nessus",
    b"nikto",
    b"nmap",
    b"nuclei",
    b"openvas",
    b"scrapy",
    b"sqlmap",
    b"wpscan",
    b"zgrab",
];

/// How libraries and command-line clients call themselves, in small letters.
const LIBRARY_STARTS: [&[u8]; 16] = [
    b"aiohttp/",
    b"apache-httpclient/",
    b"axios/",
    b"curl/",
    b"go-http-client/",
    b"guzzlehttp/",
    b"httpie/",
    b"java/",
    b"libwww-perl/",
    b"node-fetch/",
    b"okhttp/",
    b"python-requests/",
    b"python-urllib/",
    b"python-httpx/",
    b"ruby",
    b"wget/",
];

/// Addresses in `X-Forwarded-For` that are looked up.
const FORWARDED: usize = 16;

/// The rules that are on.
#[derive(Clone, Debug)]
pub(crate) struct Bots {
    pub(crate) choice: Choice,
    exceptions: Vec<(exceptions::Spec, Vec<u32>)>,
}

/// A rule that knows a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) id: u32,
    pub(crate) message: &'static str,
    pub(crate) data: String,
}

/// Whether there is a way to find this out here.
pub(super) fn is_known(id: u32) -> bool {
    matches!(id, MALICIOUS | NAMELESS | TOOLS | LIBRARIES)
}

impl Bots {
    pub(super) fn new(choice: Choice, exceptions: &Exceptions<'_>) -> Self {
        let concerns = |ids: &[u32]| ids.iter().any(|id| is_known(*id));
        let concerned = exceptions.iter().filter(|(_, ids)| concerns(ids));
        Self { choice, exceptions: concerned.map(|(spec, ids)| ((*spec).clone(), ids.clone())).collect() }
    }

    /// The first rule that knows a client.
    pub(crate) fn identify(
        &self,
        request: &Request<'_>,
        reputation: &dyn Reputation,
        scrubbing: &Scrubbing,
    ) -> Option<Sighting> {
        let on = |id: u32| self.choice.rules.contains_key(&id) && !self.is_excepted(id, request);
        if on(MALICIOUS)
            && let Some(address) = addresses(request).find(|address| reputation.is_malicious(*address))
        {
            let data = format!("IPReputationTriggered: {}", scrubbing.client(address));
            return Some(Sighting { id: MALICIOUS, message: "Malicious Bots", data });
        }
        let agent = request.header("user-agent").next().unwrap_or_default();
        let id = by_agent(agent).filter(|id| on(*id))?;
        let data = format!("User-Agent: {}", scrubbing.header("user-agent", agent.get(..256).unwrap_or(agent)));
        Some(Sighting { id, message: "Unknown Bots", data })
    }

    fn is_excepted(&self, id: u32, request: &Request<'_>) -> bool {
        self.exceptions.iter().any(|(exception, ids)| ids.contains(&id) && exception.matches(request))
    }
}

fn addresses(request: &Request<'_>) -> impl Iterator<Item = IpAddr> {
    let fields = request.header("x-forwarded-for").collect::<Vec<_>>();
    let parts = fields.into_iter().flat_map(|field| field.split(|byte| *byte == b','));
    let parsed = parts.filter_map(|part| std::str::from_utf8(part.trim_ascii()).ok()?.parse().ok());
    std::iter::once(request.client).chain(parsed.take(FORWARDED))
}

fn by_agent(agent: &[u8]) -> Option<u32> {
    let agent = agent.trim_ascii().to_ascii_lowercase();
    if agent.is_empty() {
        return Some(NAMELESS);
    }
    if TOOL_WORDS.iter().any(|word| memchr::memmem::find(&agent, word).is_some()) {
        return Some(TOOLS);
    }
    LIBRARY_STARTS.iter().any(|start| agent.starts_with(start)).then_some(LIBRARIES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_known_by_what_they_call_themselves() {
        for (agent, expected) in [
            ("", Some(NAMELESS)),
            ("  ", Some(NAMELESS)),
            ("curl/8.5.0", Some(LIBRARIES)),
            ("Mozilla/5.00 (Nikto/2.5.0)", Some(TOOLS)),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", None),
            ("MyApp/1.0 (uses curl/8)", None),
        ] {
            assert_eq!(by_agent(agent.as_bytes()), expected, "{agent}");
        }
    }
}
