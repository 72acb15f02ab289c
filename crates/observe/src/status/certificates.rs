//! Certificates in use, and how long they are good.

use std::fmt;

use serde::Serialize;

use super::table::Table;

/// A certificate that the gateway shows or trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateStatus {
    /// Its name in the configuration; its subject where it has none there.
    pub name: String,
    /// What it is for.
    pub role: CertificateRole,
    /// Who uses it: names of listeners, or of backend settings.
    pub used_by: Vec<String>,
    /// Its subject, as in RFC 2253.
    pub subject: String,
    /// Host names and addresses in it.
    pub names: Vec<String>,
    /// From when on it is good, RFC 3339.
    pub not_before: String,
    /// Until when it is good, RFC 3339.
    pub not_after: String,
    /// Whole days until then, rounded down; negative when its time is over.
    pub days_left: i64,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateRole {
    /// Shown to clients.
    Listener,
    /// Shown to servers.
    Settings,
    /// Trusted to sign client certificates.
    ClientCa,
    /// Trusted to sign certificates of servers.
    ServerRoot,
}

impl CertificateRole {
    /// What it is for, before the names of who uses it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Settings => "settings",
            Self::ClientCa => "client CA of",
            Self::ServerRoot => "root of",
        }
    }
}

/// Days ahead from which on an end is announced.
const NOTICE: i64 = 30;

impl CertificateStatus {
    /// A line for the operator, from 30 days before its end on.
    pub fn notice(&self) -> Option<String> {
        if self.days_left > NOTICE {
            return None;
        }
        let day = self.not_after.split('T').next().unwrap_or(&self.not_after);
        let when = match self.days_left {
            ..0 => "ended".to_owned(),
            0 => "ends within a day,".to_owned(),
            1 => "ends in 1 day,".to_owned(),
            days => format!("ends in {days} days,"),
        };
        Some(format!("certificate {} ({} {}) {when} on {day}", self.name, self.role.as_str(), self.used_by.join(", ")))
    }
}

/// The table of certificates; nothing when there is none.
pub(super) fn write(certificates: &[CertificateStatus], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if certificates.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["CERTIFICATE", "DAYS LEFT", "USED BY", "NAMES"]);
    for one in certificates {
        let names = if one.names.is_empty() { "-".to_owned() } else { one.names.join(", ") };
        let used_by = format!("{} {}", one.role.as_str(), one.used_by.join(", "));
        table.row([one.name.clone(), one.days_left.to_string(), used_by, names]);
    }
    writeln!(f, "{table}")
}
