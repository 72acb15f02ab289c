//! Changes while sessions run: what they do not concern goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use e2e::sides::front;
use e2e::wait::until_true;
use e2e::{Broken, Dice, Document, Farm, Gateway, Sides, Wire, talk};

/// Sessions of one kind that talk all the time until they are told to stop, or end.
struct Crowd {
    stop: Arc<AtomicBool>,
    turns: Arc<AtomicUsize>,
    thread: JoinHandle<Vec<Wire>>,
}

impl Crowd {
    /// So many sessions with a listener.
    fn start(sides: Sides, gateway: &Gateway, listener: &str, count: usize) -> Self {
        let (stop, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let address = gateway.address(listener);
        let clients: Vec<Wire> = (0..count).map(|_| sides.connect_to(address)).collect();
        let (stopped, done) = (Arc::clone(&stop), Arc::clone(&turns));
        let thread = std::thread::spawn(move || talk_on(clients, &stopped, &done));
        Self { stop, turns, thread }
    }

    /// Waits until somebody has said something more and heard it, after a change.
    fn go_on(&self) {
        let before = self.turns.load(Ordering::SeqCst);
        until_true("everybody to say something", || {
            self.turns.load(Ordering::SeqCst) > before || self.thread.is_finished()
        });
    }

    /// Ends the talk; returns the sessions, all of them still there.
    fn stop(self) -> Vec<Wire> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("no session ends")
    }
}

/// Everybody says something, then everybody hears it again: a turn. Panics when a session ends.
fn talk_on(mut clients: Vec<Wire>, stop: &AtomicBool, turns: &AtomicUsize) -> Vec<Wire> {
    let mut dice = Dice::new(clients.len() as u64);
    while !stop.load(Ordering::SeqCst) {
        let words: Vec<_> = clients.iter().map(|_| dice.octets(1 + dice.clone().below(600))).collect();
        for (client, word) in clients.iter_mut().zip(&words) {
            client.send(word).expect("no session ends");
        }
        for (client, word) in clients.iter_mut().zip(&words) {
            client.expect(word);
        }
        turns.fetch_add(1, Ordering::SeqCst);
    }
    clients
}

const LISTENERS: [(&str, u16); 3] = [("plain", 1001), ("secure", 1002), ("victim", 1003)];

/// The certificates of the listener `secure`, one after the other.
fn certificates() -> [e2e::Issued; 2] {
    [front().clone(), e2e::Ca::root("other").server(&["a.com"])]
}

/// Three listeners with a pool and settings each. The numbered changes concern nobody, or only `victim`.
fn version(farm: &Farm, certificates: &[e2e::Issued; 2], number: usize, victim: Option<usize>) -> Document {
    let (plain, secure) = (Sides::TCP, Sides::TLS);
    let mut listeners = vec![("plain", 1001, "Tcp", ""), ("secure", 1002, "Tls", "sslCertificate: front")];
    let mut rules = vec![("plain-rule", "plain", "plain", "plain"), ("secure-rule", "secure", "secure", "secure")];
    let timeout = format!("timeout: {}, gatehouse: {{drainTimeoutInSec: 1}}", 60 + number % 7);
    let mut settings = vec![plain.setting("plain", &timeout), plain.setting("secure", &timeout)];
    let mut pools = vec![("plain", vec![0]), ("secure", vec![1])];
    if let Some(version) = victim {
        listeners.push(("victim", 1003, "Tcp", ""));
        rules.push(("victim-rule", "victim", "victim", "victim"));
        let own = "timeout: 60, gatehouse: {drainTimeoutInSec: 1}";
        let changed = "timeout: 60, gatehouse: {drainTimeoutInSec: 1}, enableL4ClientIpPreservation: true";
        settings.push(plain.setting("victim", if version == 1 { changed } else { own }));
        pools.push(("victim", vec![if version == 2 { 3 } else { 2 }]));
    }
    // Unrelated things that come and go.
    match number % 5 {
        0 => listeners.push(("extra", 1004, "Tcp", "")),
        1 => pools.push(("extra", vec![3])),
        2 => settings.push(plain.setting("extra", "timeout: 5")),
        3 => rules.rotate_left(1),
        _ => {}
    }
    // A server more in a pool is no server less.
    if number % 4 == 3 {
        pools[0].1.push(3);
    }
    let pools: Vec<_> = pools
        .into_iter()
        .map(|(name, servers)| format!("{{name: {name}, backendAddresses: {}}}", farm.members(servers)))
        .collect();
    let probe = format!("interval: {}, timeout: {}, unhealthyThreshold: 3", 20 + number % 3, 10 + number % 2);
    secure
        .trusting(Document::bytes(farm))
        .certificate("front", &certificates[number % 2])
        .byte_listeners(&listeners)
        .byte_settings_probed(farm, &settings, &probe)
        .section("backendAddressPools", format!("[{}]", pools.join(", ")))
        .byte_rules(&rules)
        .extension(&format!("serverHeader: version{number}"))
        .limit("drainTimeoutInSec: 1")
}

#[test]
fn fifty_changes_end_no_session_that_they_do_not_concern() {
    let farm = Sides::TCP.farm(4, talk::echo);
    let certificates = certificates();
    let gateway = Gateway::start(&version(&farm, &certificates, 0, None));
    let offloads = Sides { client_tls: true, server_tls: false };
    let crowds = [Crowd::start(Sides::TCP, &gateway, "plain", 100), Crowd::start(offloads, &gateway, "secure", 100)];
    // Each round has victims of its own, whose listener, settings or server goes in the end.
    let mut leaving = Vec::new();
    for (round, ends) in [None, Some(1), Some(2), None, Some(1)].into_iter().enumerate() {
        let first = round * 10;
        gateway.apply(&version(&farm, &certificates, first + 1, Some(0))).unwrap();
        gateway.settle();
        let mut victims: Vec<_> = (0..4).map(|_| Sides::TCP.connect_to(gateway.address("victim"))).collect();
        for number in first + 2..first + 10 {
            gateway.apply(&version(&farm, &certificates, number, Some(0))).unwrap();
            for victim in &mut victims {
                victim.send("hello").unwrap();
                victim.expect("hello");
            }
            crowds.iter().for_each(Crowd::go_on);
        }
        gateway.apply(&version(&farm, &certificates, first + 10, ends)).unwrap();
        leaving.append(&mut victims);
    }
    // Those whose listener or server came back meanwhile had to go all the same.
    for victim in &mut leaving {
        assert_eq!(victim.some(1), Ok(Vec::new()), "what it stood on is gone");
    }
    let ended = leaving.len();
    drop(leaving);
    let rows = gateway.session_rows(ended);
    assert!(rows.iter().all(|row| row.outcome() == ("200", "drained") && row.bytes() == [40; 4]), "{rows:?}");
    crowds.iter().for_each(Crowd::go_on);
    let mut clients: Vec<Wire> = crowds.into_iter().flat_map(Crowd::stop).collect();
    assert_eq!(gateway.status().counters.sessions_current, 200);
    for client in &mut clients {
        assert!(client.is_quiet());
        client.finish();
        assert_eq!(client.to_end(), Ok((Vec::new(), e2e::End::Fin)));
    }
    let rows = gateway.session_rows(ended + 200);
    let closed: Vec<_> = rows.iter().filter(|row| row.end == "closed").collect();
    assert_eq!(closed.len(), 200);
    for row in closed {
        assert!(row.received > 0 && row.bytes() == [row.received; 4], "{}", row.row);
    }
}

/// New sessions see the new certificate, old ones go on with the old one.
#[test]
fn a_new_certificate_is_for_new_sessions() {
    let sides = Sides { client_tls: true, server_tls: false };
    let farm = sides.farm(1, talk::echo);
    let [old, new] = certificates();
    let gateway = Gateway::start(&sides.document(&farm));
    let mut before = e2e::Tls::new().connect(gateway.address("web"));
    gateway.apply(&sides.document(&farm).certificate("front", &new)).unwrap();
    let mut after = e2e::Tls::new().connect(gateway.address("web"));
    assert!(before.shows(&old) && after.shows(&new));
    for session in [&mut before, &mut after] {
        session.client.send("hello");
        session.client.wire.expect("hello");
    }
    // Longer than anything would take to end it.
    assert_eq!(before.client.wire.poll(Duration::from_millis(1500)), Ok::<_, Broken>(false));
}

/// A listener that goes takes its port with it, and nobody else's sessions.
#[test]
fn a_listener_that_is_removed_takes_no_more_clients() {
    let farm = Sides::TCP.farm(4, talk::echo);
    let certificates = certificates();
    let gateway = Gateway::start(&version(&farm, &certificates, 1, Some(0)));
    let addresses = LISTENERS.map(|(name, _)| gateway.address(name));
    gateway.apply(&version(&farm, &certificates, 1, None)).unwrap();
    until_true("the port to be closed", || std::net::TcpStream::connect(addresses[2]).is_err());
    let mut client = Sides::TCP.connect_to(addresses[0]);
    client.send("hello").unwrap();
    client.expect("hello");
}
