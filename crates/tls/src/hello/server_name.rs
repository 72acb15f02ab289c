//! The name of the server that a client asks for.

use std::net::IpAddr;

use super::Bytes;

/// The one kind of name there is.
const HOST_NAME: u8 = 0;

/// Reads the extension: a list with one host name. `None` when it is something else; `Some(None)` for an address, which
/// must not be sent (RFC 6066 3) and is passed over.
pub(super) fn read(content: &[u8]) -> Option<Option<String>> {
    let mut list = Bytes(content).only_long()?;
    if list.u8()? != HOST_NAME {
        return None;
    }
    let name = str::from_utf8(list.only_long()?.0).ok()?;
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.parse::<IpAddr>().is_ok() {
        return Some(None);
    }
    is_host_name(name).then(|| Some(name.to_ascii_lowercase()))
}

/// Labels of letters, digits, hyphens and underscores, which are no host names' and in use, of 1 to 63 octets, 253 in
/// all.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_fine)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
