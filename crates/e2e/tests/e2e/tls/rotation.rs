//! Certificates that are replaced while clients come and go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::wait::until_true;
use e2e::{Ca, Document, Farm, Gateway, H2, Issued, Start, Tls};

/// Handshakes in a second, all clients together.
const PACE: u32 = 200;
const CLIENTS: u32 = 4;
const CHANGES: usize = 30;

/// Full handshakes at a steady pace until told to stop; how often each certificate was seen.
fn shaking_hands(gateway: &Gateway, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<BTreeMap<Vec<u8>, usize>> {
    let (address, stop) = (gateway.address("web"), Arc::clone(stop));
    std::thread::spawn(move || {
        let mut seen = BTreeMap::new();
        let began = Instant::now();
        let mut count = 0;
        while !stop.load(Ordering::SeqCst) {
            // A client of its own each time: nothing is resumed.
            let mut secure = Tls::new().connect(address);
            assert_eq!(secure.client.get("a.com", "/").status, 200);
            *seen.entry(secure.chain[0].to_vec()).or_default() += 1;
            count += 1;
            let due = Duration::from_secs(1) * CLIENTS / PACE * count;
            if let Some(early) = due.checked_sub(began.elapsed()) {
                std::thread::sleep(early);
            }
        }
        seen
    })
}

#[test]
fn certificates_are_replaced_under_load_without_a_failed_handshake() {
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let certificates: Vec<Issued> = (0..CHANGES + 1).map(|_| root.server(&["a.com"])).collect();
    let gateway = Start::workers(2).run(&Document::https(&farm, &certificates[0]));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS).map(|_| shaking_hands(&gateway, &stop)).collect();
    // Those that are connected notice nothing.
    let mut old = gateway.secure(&Tls::new()).client;
    let mut old_h2 = gateway.h2();
    let returning = Tls::new().tls13();
    returning.connect(gateway.address("web")).client.get("a.com", "/");
    for certificate in &certificates[1..] {
        gateway.apply(&Document::https(&farm, certificate)).unwrap();
        until_true("the new certificate", || gateway.secure(&Tls::new()).shows(certificate));
        assert_eq!(old.get("a.com", "/").status, 200);
        assert_eq!(old_h2.get("/").status(), 200);
        let mut again = returning.connect(gateway.address("web"));
        assert_eq!(again.client.get("a.com", "/").status, 200);
        // At once after a change only the new one is shown.
        assert!(gateway.secure(&Tls::new()).shows(certificate));
    }
    stop.store(true, Ordering::SeqCst);
    let mut seen: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for client in clients {
        let counts = client.join().expect("no handshake and no request fails");
        counts.into_iter().for_each(|(certificate, count)| *seen.entry(certificate).or_default() += count);
    }
    let known = |certificate: &Vec<u8>| certificates.iter().any(|issued| issued.leaf().as_ref() == certificate);
    assert!(seen.keys().all(known), "only certificates that were configured");
    assert!(seen.len() > CHANGES / 4, "{} of {} certificates were seen", seen.len(), CHANGES + 1);
}

#[test]
fn the_key_type_may_change_with_the_certificate() {
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let kinds = [
        root.server(&["a.com"]),
        root.issue(&e2e::Wish::server(&["a.com"]).rsa()),
        root.issue(&e2e::Wish::server(&["a.com"]).p384()),
    ];
    let gateway = Gateway::start(&Document::https(&farm, &kinds[0]));
    for issued in kinds.iter().cycle().take(7) {
        gateway.apply(&Document::https(&farm, issued)).unwrap();
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            assert!(gateway.secure(&tls).shows(issued));
        }
        assert_eq!(H2::connect(gateway.address("web")).get("/").status(), 200);
    }
}

#[test]
fn certificates_come_from_the_document_and_from_files_with_their_chain() {
    let farm = Farm::echo(1);
    let issuing = Ca::root("root").intermediate("issuing");
    for issued in [issuing.server(&["a.com"]), issuing.issue(&e2e::Wish::server(&["a.com"]).rsa())] {
        let documents = [
            Document::https(&farm, &issued),
            Document::https(&farm, &issued).pfx("cert", &issued.pfx("another1"), "another1"),
            Document::https(&farm, &issued).pfx("cert", &issued.pfx(""), ""),
            Document::https(&farm, &issued).certificate_files("cert", &issued),
        ];
        for document in documents {
            let gateway = Gateway::start(&document);
            let secure = gateway.secure(&Tls::new());
            assert_eq!(secure.chain, issued.chain);
        }
    }
}
