//! Countries of addresses.
//!
//! Source: Azure, `geomatch-custom-rules`: two-letter codes of ISO 3166-1, and `ZZ` for an address that no country is
//! known of. Here `ZZ` is a value like the others: a rule that blocks whatever is not in a list blocks unknown
//! addresses too, unless `ZZ` is in the list.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::{LookupResult, PathElement, Reader};

/// A country's two letters, large.
pub type Country = [u8; 2];

/// The country of an address that no country is known of.
pub const UNKNOWN: Country = *b"ZZ";

/// Who knows the country of an address.
pub trait Countries: Send + Sync {
    /// The country of an address; [`UNKNOWN`] where it is not known, and for addresses that are nowhere.
    fn country(&self, address: IpAddr) -> Country;
}

/// Knows no country: what there is where no database is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Countries for Nowhere {
    fn country(&self, _: IpAddr) -> Country {
        UNKNOWN
    }
}

/// Why a database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no MaxMind DB file: {0}")]
pub struct NotADatabase(String);

/// A database in the MaxMind DB format (`.mmdb`), whose bytes are at hand.
///
/// The code is looked for under `country.iso_code`, where MaxMind and DB-IP keep it, then under `country_code`, where
/// IPinfo does.
pub struct Database {
    reader: Reader<Vec<u8>>,
}

/// Where databases keep the code.
const PATHS: [&[PathElement<'static>]; 2] =
    [&[PathElement::Key("country"), PathElement::Key("iso_code")], &[PathElement::Key("country_code")]];

impl Database {
    /// From the bytes of a file.
    pub fn open(bytes: Vec<u8>) -> Result<Self, NotADatabase> {
        let reader = Reader::from_source(bytes).map_err(|error| NotADatabase(error.to_string()))?;
        Ok(Self { reader })
    }

    /// What the database says it is, such as `GeoLite2-Country`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When the database was made, in seconds since 1970.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.reader.metadata().build_epoch
    }
}

impl Countries for Database {
    fn country(&self, address: IpAddr) -> Country {
        let address = address.to_canonical();
        if is_nowhere(address) {
            return UNKNOWN;
        }
        self.reader.lookup(address).ok().and_then(|found| code(&found)).unwrap_or(UNKNOWN)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("kind", &self.kind()).field("made", &self.made()).finish()
    }
}

/// The code in a record. A path that is not there, or a record that cannot be read, is no country.
fn code(found: &LookupResult<'_, Vec<u8>>) -> Option<Country> {
    let texts = PATHS.iter().filter_map(|path| found.decode_path::<&str>(path).ok().flatten());
    texts.filter_map(parse).next()
}

/// Reads a country's code, in any case.
pub(crate) fn parse(text: &str) -> Option<Country> {
    let code: Country = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

/// Whether an address is of a net that is in no country: private, of this machine or link, or a carrier's own.
fn is_nowhere(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_nowhere_v4(address),
        IpAddr::V6(address) => is_nowhere_v6(address),
    }
}

fn is_nowhere_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // RFC 6598: 100.64.0.0/10.
    let is_carriers = first == 100 && second & 0xC0 == 64;
    is_carriers
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
}

fn is_nowhere_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_unique_local() || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests;
