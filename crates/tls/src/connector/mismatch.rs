//! Whether a certificate is for the name that was sent.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

use super::error::{Class, ServerTlsError};
use crate::certificate::Facts;

/// The name that was sent must be one of the certificate's; where none was sent, the address must.
pub(super) fn check_name(facts: &Facts, name: &ServerName<'_>) -> Result<(), ServerTlsError> {
    match name {
        ServerName::IpAddress(address) => {
            let address = IpAddr::from(*address);
            if facts.addresses.contains(&address) {
                return Ok(());
            }
            let text = format!(
                "no name was sent to the server, so its certificate must have the address {address}; it has {}; give \
                 the settings a hostName or sniName, or the pool an FQDN",
                names(facts)
            );
            Err(ServerTlsError::new(Class::CertNameMismatch, text))
        }
        ServerName::DnsName(name) if facts.covers(name.as_ref()) => Ok(()),
        name => {
            let text = format!(
                "the server's certificate has {}, not {}, which was sent as its name; set hostName or sniName to a \
                 name that it has",
                names(facts),
                name.to_str()
            );
            Err(ServerTlsError::new(Class::CertNameMismatch, text))
        }
    }
}

/// The names that count of a certificate, the first few of many.
fn names(facts: &Facts) -> String {
    const SHOWN: usize = 5;
    if !facts.has_alternative_names {
        return match &facts.common_name {
            Some(name) => format!("the common name {} and no alternative names", shown(name)),
            None => "no names".to_owned(),
        };
    }
    let addresses = facts.addresses.iter().map(ToString::to_string);
    let mut names: Vec<_> = facts.names.iter().map(|name| shown(name)).chain(addresses).collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (names.is_empty(), more) {
        (true, _) => "no DNS names".to_owned(),
        (false, 0) => format!("the names {}", names.join(", ")),
        (false, more) => format!("the names {} and {more} more", names.join(", ")),
    }
}

/// A name as a certificate has it, fit to be shown.
fn shown(name: &str) -> String {
    const LONGEST: usize = 100;
    name.chars().take(LONGEST).flat_map(char::escape_default).collect()
}
