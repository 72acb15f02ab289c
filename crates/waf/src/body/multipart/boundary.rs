//! The boundary out of the content type.

use super::Anomalies;

/// What a boundary may be long (RFC 2046, section 5.1.1).
const LONGEST: usize = 70;

/// Finds the boundary and notes what is odd about the way it is given.
pub(super) fn find(content_type: &[u8], anomalies: &mut Anomalies) -> Result<Vec<u8>, &'static str> {
    let lower = content_type.to_ascii_lowercase();
    let at = memchr::memmem::find(&lower, b"boundary").ok_or("multipart without a boundary")?;
    if memchr::memmem::find(&lower[at + 8..], b"boundary=").is_some() {
        return Err("multipart with more than one boundary");
    }
    let rest = &content_type[at + 8..];
    let before = rest.trim_ascii_start();
    let Some(value) = before.strip_prefix(b"=") else { return Err("multipart without a boundary") };
    anomalies.boundary_whitespace |= before.len() != rest.len() || value.first().is_some_and(u8::is_ascii_whitespace);
    let value = value.trim_ascii();
    let boundary = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = memchr::memchr(b'"', quoted);
            let after = end.map_or(&b""[..], |end| quoted[end + 1..].trim_ascii_start());
            anomalies.boundary_quoted |= end.is_none() || !(after.is_empty() || after.starts_with(b";"));
            &quoted[..end.unwrap_or(quoted.len())]
        }
        None => {
            let end = value.iter().position(|byte| *byte == b';' || *byte == b',').unwrap_or(value.len());
            value[..end].trim_ascii_end()
        }
    };
    anomalies.boundary_quoted |= boundary.contains(&b'"');
    anomalies.boundary_whitespace |= boundary.iter().any(u8::is_ascii_whitespace);
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? \"".contains(byte);
    if boundary.is_empty() || boundary.len() > LONGEST || !boundary.iter().all(allowed) {
        return Err("multipart with an invalid boundary");
    }
    Ok(boundary.to_vec())
}
