//! What a change of configuration does to sessions of TCP and TLS. Those that have nothing to do with it go on.

use std::sync::Weak;

use observe::status::Health;
use rcgen::{CertificateParams, KeyPair};
use snapshot::{ProxyHeader, ProxyVersion, Snapshot, Target};
use tls::certificate::{Identity, read_any};

use super::*;
use crate::fixtures::bytes;
use crate::server::Server;

const SECOND: Duration = Duration::from_secs(1);
const HEADER: ProxyHeader = ProxyHeader { version: ProxyVersion::V1, to_server: false };

/// Both servers probed up.
fn up(settings: Settings) -> Fleet {
    let fleet = Fleet::reconcile(None, &snapshot(&TWO, settings, probe()));
    for server in fleet.targets()[0].all().iter() {
        fleet.targets()[0].take(server, connected());
    }
    fleet
}

fn connected() -> Probed {
    Probed { started: Instant::now(), took: Duration::ZERO, outcome: Ok(Success::Connection) }
}

fn cut_in(server: &Server, from: Instant) -> Option<u64> {
    // Stored in milliseconds.
    server.cut_at().map(|at| (at + Duration::from_millis(1)).duration_since(from).as_secs())
}

fn tls(change: impl FnOnce(&mut ServerTls)) -> Settings {
    Settings { scheme: Scheme::Tls, tls: over_tls(change).tls, ..bytes(Scheme::Tls) }
}

fn identity(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let text = format!("{}{}", certificate.pem(), key.serialize_pem());
    read_any(text.as_bytes(), None, 1_800_000_000).unwrap().identity
}

/// Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview): sessions end 30 s after any change. Here after one that
/// concerns them: of the port, of what is spoken, of the name, the roots or the header.
///
/// Rows: settings before and after; seconds until sessions with the first server end.
#[test]
fn only_changes_that_concern_a_session_end_it() {
    let tcp = || bytes(Scheme::Tcp);
    let plain_tls = || tls(|_| {});
    let named = |name: &'static str| tls(move |tls| tls.sni = Sni::Fixed(name.into()));
    let rooted = || tls(|tls| tls.trust = Trust::Roots(Vec::new()));
    let offering = || tls(|tls| tls.alpn = vec![b"postgresql".as_slice().into()]);
    let shown = |identity: &Identity| tls(|tls| tls.identity = Some(identity.clone()));
    let (old, renewed) = (identity("gateway.example"), identity("gateway.example"));
    for (rule, before, after, expected) in [
        ("TCP: nothing", tcp(), tcp(), None),
        ("TLS: nothing", plain_tls(), plain_tls(), None),
        ("the idle time", tcp(), Settings { request_timeout: SECOND, ..tcp() }, None),
        ("the drain timeout", tcp(), Settings { drain_timeout: SECOND * 300, ..tcp() }, None),
        ("a host name, which TCP has no use for", tcp(), Settings { host: HostHeader::Server, ..tcp() }, None),
        ("the idle time of TLS", plain_tls(), Settings { request_timeout: SECOND, ..plain_tls() }, None),
        ("the certificate that servers are shown is renewed", shown(&old), shown(&renewed), None),
        ("a certificate to be shown is new", plain_tls(), shown(&old), None),
        ("the port", tcp(), Settings { port: 81, ..tcp() }, Some(30)),
        ("the port of TLS", plain_tls(), Settings { port: 81, ..plain_tls() }, Some(30)),
        ("the port, and the drain timeout", tcp(), Settings { port: 81, drain_timeout: SECOND * 5, ..tcp() }, Some(5)),
        ("TLS begins", tcp(), plain_tls(), Some(30)),
        ("TLS ends", plain_tls(), tcp(), Some(30)),
        ("HTTP is spoken from now on", tcp(), settings(), Some(30)),
        ("HTTPS is spoken from now on", plain_tls(), over_tls(|_| {}), Some(30)),
        ("the name", named("a.example"), named("b.example"), Some(30)),
        ("a name is new", plain_tls(), named("a.example"), Some(30)),
        ("the roots", plain_tls(), rooted(), Some(30)),
        ("the protocols that are offered", plain_tls(), offering(), Some(30)),
        ("the header begins", tcp(), Settings { proxy_header: Some(HEADER), ..tcp() }, Some(30)),
        ("the header ends", Settings { proxy_header: Some(HEADER), ..tcp() }, tcp(), Some(30)),
        (
            "the header is of another version",
            Settings { proxy_header: Some(HEADER), ..tcp() },
            Settings { proxy_header: Some(ProxyHeader { version: ProxyVersion::V2, ..HEADER }), ..tcp() },
            Some(30),
        ),
        ("the header begins before TLS", plain_tls(), Settings { proxy_header: Some(HEADER), ..plain_tls() }, Some(30)),
        ("the settings have another name", tcp(), Settings { name: "other".into(), ..tcp() }, Some(30)),
    ] {
        let old = up(before);
        let first = Arc::clone(&old[TargetId(0)].all()[0]);
        let session = first.busy();
        let now = Instant::now();
        let new = Fleet::reconcile_at(Some(&old), &snapshot(&TWO, after, probe()), now);
        assert_eq!(cut_in(session.server(), now), expected, "{rule}");
        let stays = new[TargetId(0)].all().iter().any(|server| server.id == first.id);
        assert_eq!(stays, expected.is_none(), "{rule}");
    }
}

/// Rows: what changes beside the settings; seconds until sessions with the first server end.
#[test]
fn members_end_sessions_and_probes_do_not() {
    let tcp = || bytes(Scheme::Tcp);
    let next = |members: &[&str], probe| snapshot(members, tcp(), probe);
    let strict = |mut snapshot: Snapshot| {
        snapshot.options.azure_strict = true;
        snapshot
    };
    for (rule, next, expected) in [
        ("the probe's interval", next(&TWO, Probe { interval: SECOND * 7, ..probe() }), None),
        ("the probe's timeout", next(&TWO, Probe { timeout: SECOND, ..probe() }), None),
        ("the probe's threshold", next(&TWO, Probe { unhealthy_threshold: 9, ..probe() }), None),
        ("the probe's port", next(&TWO, Probe { port: Some(9), ..probe() }), None),
        ("the probe's header", next(&TWO, Probe { proxy_header: Some(ProxyVersion::V1), ..probe() }), None),
        ("a custom probe for the default one", next(&TWO, Probe { name: Some("own".into()), ..probe() }), None),
        ("the other member is removed", next(&TWO[..1], probe()), None),
        ("a member is added", next(&["10.0.0.3", "10.0.0.1", "10.0.0.2"], probe()), None),
        ("its member is removed", next(&TWO[1..], probe()), Some(30)),
        ("the rule is removed", Snapshot::default(), Some(30)),
        ("strict, nothing changes", strict(next(&TWO, probe())), Some(30)),
        ("strict, the other member is removed", strict(next(&TWO[..1], probe())), Some(30)),
    ] {
        let old = up(tcp());
        let session = old[TargetId(0)].all()[0].busy();
        let now = Instant::now();
        let _new = Fleet::reconcile_at(Some(&old), &next, now);
        assert_eq!(cut_in(session.server(), now), expected, "{rule}");
    }
}

/// Days later its server is the third of its kind, and still the one that it is counted for and cut with.
#[test]
fn a_session_outlives_configurations_without_keeping_them() {
    let mut fleet = up(bytes(Scheme::Tcp));
    let session = fleet[TargetId(0)].all()[0].busy();
    let mut gone: Vec<Weak<LiveTarget>> = Vec::new();
    let now = Instant::now();
    for second in 1..=3 {
        let changed = Probe { timeout: SECOND * second, ..probe() };
        let next = Fleet::reconcile_at(Some(&fleet), &snapshot(&TWO, bytes(Scheme::Tcp), changed), now);
        gone.push(Arc::downgrade(&fleet.targets()[0]));
        fleet = next;
    }
    assert!(gone.iter().all(|target| target.strong_count() == 0), "the session keeps its server alone");
    let server = Arc::clone(&fleet[TargetId(0)].all()[0]);
    assert_eq!((server.active(), cut_in(session.server(), now)), (1, None));

    let removed = Fleet::reconcile_at(Some(&fleet), &snapshot(&TWO[1..], bytes(Scheme::Tcp), probe()), now);
    assert_eq!(cut_in(session.server(), now), Some(30));
    let row = removed.report(now).targets[0].servers.iter().find(|row| row.health == Health::Draining).cloned();
    assert_eq!(row.map(|row| row.active), Some(1));
    drop((fleet, server, session));
    removed.settle(now + SECOND * 30);
    assert_eq!(removed.report(now).targets[0].servers.len(), 1);
}

#[test]
fn sessions_with_an_unhealthy_server_end_unless_it_recovers_in_time() {
    for (rule, probes, expected) in [
        ("it is well", "+", None),
        ("one failure is not enough", "-", None),
        ("it is down", "--", Some(30)),
        ("further failures do not put off the end", "---", Some(30)),
        ("it was down", "--+", None),
    ] {
        let fleet = up(bytes(Scheme::Tcp));
        let target = &fleet[TargetId(0)];
        let session = target.all()[0].busy();
        let now = Instant::now();
        for (second, outcome) in (0..).zip(probes.chars()) {
            // Later failures come later, all but the one that makes it down.
            let started = now + SECOND * u32::saturating_sub(second, 1);
            target.take(session.server(), Probed { started, ..probed(outcome == '+') });
        }
        assert_eq!(cut_in(session.server(), now), expected, "{rule}");
    }
}

#[test]
fn min_servers_keep_unhealthy_servers_and_their_sessions() {
    let question = Probe { min_servers: 1, ..probe() };
    let fleet = Fleet::reconcile(None, &snapshot(&TWO, bytes(Scheme::Tcp), question));
    let target = &fleet[TargetId(0)];
    for server in target.all().iter() {
        target.take(server, probed(false));
    }
    assert_eq!(eligible(&fleet), ["10.0.0.1:80"]);
    let cuts: Vec<_> = target.all().iter().map(|server| server.cut_at().is_some()).collect();
    assert_eq!(cuts, [false, true]);
}

/// One pool under three settings: HTTP, TCP at the same port, TLS at another.
fn shared() -> Snapshot {
    let mut snapshot = snapshot(&TWO, settings(), Probe { name: Some("page".into()), ..probe() });
    let pool = snapshot.targets[TargetId(0)].pool;
    let secured = Settings { name: "secured".into(), port: 443, ..tls(|_| {}) };
    for settings in [Settings { name: "raw".into(), ..bytes(Scheme::Tcp) }, secured] {
        let settings = snapshot.settings.push(settings);
        snapshot.targets.push(Target { pool, settings, probe: probe() });
    }
    snapshot
}

#[test]
fn a_server_has_a_verdict_under_each_of_its_settings() {
    let fleet = Fleet::reconcile(None, &shared());
    let first = |target: u32| Arc::clone(&fleet[TargetId(target)].all()[0]);
    fleet[TargetId(0)].take(&first(0), probed(false));
    fleet[TargetId(1)].take(&first(1), connected());
    let shaken = Probed { outcome: Ok(Success::Handshake), ..connected() };
    fleet[TargetId(2)].take(&first(2), shaken);

    let seen: Vec<_> = (fleet.report(Instant::now()).targets.into_iter())
        .map(|target| {
            let server = target.servers[0].clone();
            (target.settings, target.probe, server.address.to_string(), server.health, server.reason)
        })
        .collect();
    let row = |settings: &str, probe: Option<&str>, address: &str, health, reason: &str| {
        (settings.to_owned(), probe.map(str::to_owned), address.to_owned(), health, reason.to_owned())
    };
    let http = "the response is not valid HTTP: test";
    assert_eq!(
        seen,
        [
            row("plain", Some("page"), "10.0.0.1:80", Health::Unhealthy, http),
            row("raw", None, "10.0.0.1:80", Health::Healthy, "Success. TCP connection made"),
            row("secured", None, "10.0.0.1:443", Health::Healthy, "Success. TLS handshake completed"),
        ]
    );
}
