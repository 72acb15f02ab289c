//! The certificates of a configuration: for the status board, and for the words ahead of their end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use observe::status::{CertificateRole, CertificateStatus};
use proxy::worker::Shared;
use snapshot::Snapshot;
use tls::certificate::Facts;
use tls::connector::Trust;

use crate::terminal;

const DAY: i64 = 86_400;
/// Certificates that end soon are announced so often. At each start and change their problems say it.
const DAILY: Duration = Duration::from_secs(86_400);

/// Announces certificates that end soon, to the end of the process.
pub(crate) async fn announce_ends(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(DAILY).await;
        let found = certificates(&shared.current.load().snapshot, Timestamp::now().as_second());
        for notice in found.iter().filter_map(CertificateStatus::notice) {
            terminal::note(&format!("gatehouse: {notice}"));
        }
    }
}

/// Every certificate that a configuration shows or trusts, those that end first first. `now` in Unix seconds.
pub fn certificates(snapshot: &Snapshot, now: i64) -> Vec<CertificateStatus> {
    let mut found = Found { now, entries: BTreeMap::new() };
    for listener in snapshot.listeners.iter() {
        let Some(tls) = &listener.tls else { continue };
        found.add(CertificateRole::Listener, tls.identity.facts(), &listener.name, listener.certificate.as_deref());
        for chain in tls.client_auth.iter().flat_map(|asked| &asked.chains) {
            for der in std::iter::once(&chain.root).chain(&chain.intermediates) {
                found.read(CertificateRole::ClientCa, der, &listener.name);
            }
        }
    }
    for settings in snapshot.settings.iter() {
        let Some(tls) = &settings.tls else { continue };
        if let Some(identity) = &tls.identity {
            found.add(CertificateRole::Settings, identity.facts(), &settings.name, None);
        }
        if let Trust::Roots(roots) = &tls.trust {
            roots.iter().for_each(|der| found.read(CertificateRole::ServerRoot, der, &settings.name));
        }
    }
    found.entries.into_values().collect()
}

/// What was found so far: by end, role and fingerprint, so that one certificate of several listeners is one row.
struct Found {
    now: i64,
    entries: BTreeMap<(i64, CertificateRole, String), CertificateStatus>,
}

impl Found {
    fn read(&mut self, role: CertificateRole, der: &[u8], user: &str) {
        // Compiling has read it before.
        if let Ok(facts) = Facts::read(der) {
            self.add(role, &facts, user, None);
        }
    }

    /// `name`: as the document has it.
    fn add(&mut self, role: CertificateRole, facts: &Facts, user: &str, name: Option<&str>) {
        let key = (facts.not_after, role, facts.sha256.clone());
        let entry = self.entries.entry(key).or_insert_with(|| CertificateStatus {
            name: name.or(facts.common_name.as_deref()).unwrap_or(&facts.subject).to_owned(),
            role,
            used_by: Vec::new(),
            subject: facts.subject.clone(),
            names: facts.names.iter().cloned().chain(facts.addresses.iter().map(ToString::to_string)).collect(),
            not_before: moment(facts.not_before),
            not_after: moment(facts.not_after),
            days_left: (facts.not_after - self.now).div_euclid(DAY),
            sha256: facts.sha256.clone(),
        });
        if entry.used_by.iter().all(|known| known != user) {
            entry.used_by.push(user.to_owned());
        }
    }
}

fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use e2e::ca::Dates;
    use e2e::{Ca, Document};

    use super::*;

    #[test]
    fn every_certificate_that_is_shown_or_trusted_is_listed_once_the_one_that_ends_first_on_top() {
        let (clients, servers) = (Ca::root_with("clients", Dates::Expired), Ca::root("servers"));
        let issued = servers.server(&["a.com", "127.0.0.1"]);
        let snapshot = Document::empty()
            .certificate("cert", &issued)
            .client_ca("clients", &clients.pem())
            .root("servers", servers.certificate())
            .profile("profile", "trustedClientCertificates: [clients]")
            .secure(&[
                ("web", "sslCertificate: cert, sslProfile: profile, hostName: a.com"),
                ("other", "sslCertificate: cert, hostName: b.com"),
            ])
            .rules_for(&["web", "other"])
            .section(
                "backendHttpSettingsCollection",
                "[{name: http, port: 9, protocol: Https, trustedRootCertificates: [servers], \
                   gatehouse: {clientCertificate: cert}}]",
            )
            .snapshot();
        // 2059-12-31, one day before the others end.
        let found = certificates(&snapshot, 2_840_054_400);
        let rows: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.role.as_str(), one.used_by.join(" "), one.days_left))
            .collect();
        let expected = [
            ("clients", "client CA of", "web", -18261),
            ("cert", "listener", "web other", 1),
            ("a.com", "settings", "http", 1),
            ("servers", "root of", "http", 1),
        ];
        assert_eq!(rows, expected.map(|(name, role, users, days)| (name, role, users.to_owned(), days)));
        assert_eq!(found[1].names, ["a.com", "127.0.0.1"]);
        assert!(found[1].notice().is_some() && found[1].not_after == "2060-01-01T00:00:00Z", "{:?}", found[1]);
    }
}
