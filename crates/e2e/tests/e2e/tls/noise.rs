//! Handshakes by chance, from clients and from servers: the gateway goes on, and so does everybody else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use e2e::{Ca, Client, Dice, Document, Farm, Gateway, Tls, TlsServer};

use super::simple;

/// The first record that a client of ours sends.
fn hello(tls: &Tls) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls.clone();
    let client = std::thread::spawn(move || tls.try_connect(address).err());
    let (mut stream, _) = listener.accept().unwrap();
    let mut record = vec![0; 5];
    stream.read_exact(&mut record).unwrap();
    let mut rest = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
    stream.read_exact(&mut rest).unwrap();
    drop((stream, listener));
    client.join().unwrap().expect("nobody shakes hands there");
    record.extend(rest);
    record
}

fn spoilt(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        match dice.below(4) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = *dice.pick(&[0, 0xff, 0x7f]),
            2 => drop(bytes.splice(at..at, dice.octets(2))),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[test]
fn hellos_by_chance_harm_nobody() {
    let (_farm, gateway) = simple();
    let hellos = [
        hello(&Tls::new()),
        hello(&Tls::new().tls12().protocols(&["h2", "http/1.1"])),
        hello(&Tls::new().tls13().nameless()),
    ];
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let mut client = Client::connect(gateway.address("web"));
        let hello = dice.pick(&hellos).clone();
        let bytes = spoilt(&mut dice, &hello);
        let _ = client.wire.send(&bytes);
        if dice.below(2) == 0 {
            let _ = client.wire.send(dice.octets(50));
        }
        let _ = client.wire.poll(Duration::from_millis(2));
        if seed % 50 == 0 {
            assert_eq!(gateway.secure(&Tls::new()).client.get("a.com", "/").status, 200, "after seed {seed}");
        }
    }
    let refused = gateway.status().counters.refused;
    assert!(refused.iter().all(|row| row.reason != "internal"), "{refused:?}");
}

/// A relay to a server that spoils what the server says.
fn spoiling(target: SocketAddr, dice: Arc<Mutex<Dice>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut client), Ok(mut server)) = (stream, TcpStream::connect(target)) else { return };
            let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            drop(std::thread::spawn(move || {
                let _ = std::io::copy(&mut client, &mut server);
                let _ = server.shutdown(std::net::Shutdown::Both);
            }));
            let dice = Arc::clone(&dice);
            drop(std::thread::spawn(move || {
                let mut block = [0; 4096];
                while let Ok(count @ 1..) = back.read(&mut block) {
                    let bytes = spoilt(&mut dice.lock().unwrap_or_else(PoisonError::into_inner), &block[..count]);
                    if forth.write_all(&bytes).is_err() {
                        break;
                    }
                }
                let _ = forth.shutdown(std::net::Shutdown::Both);
            }));
        }
    }));
    address
}

#[test]
fn servers_by_chance_are_502_and_harm_nobody() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(&["a.com"])));
    let dice = Arc::new(Mutex::new(Dice::new(7)));
    let relay = spoiling(farm.address(0), Arc::clone(&dice));
    let settings = |port: u16| {
        format!(
            "[{{name: http, port: {port}, protocol: Https, requestTimeout: 2, hostName: a.com, probe: probe, \
             trustedRootCertificates: [root]}}]"
        )
    };
    // The probe is content with anything, and the server is used whatever it finds.
    let document = Document::new(&farm)
        .root("root", root.pem())
        .section(
            "probes",
            "[{name: probe, protocol: Https, host: a.com, path: /, interval: 1, timeout: 1, minServers: 1}]",
        )
        .limit("connectTimeoutInSec: 1")
        .section("backendHttpSettingsCollection", settings(relay.port()));
    let gateway = Gateway::start(&document);
    let address = gateway.address("web");
    let clients: Vec<_> = (0..10)
        .map(|client| {
            std::thread::spawn(move || {
                for number in 0..6 {
                    let answer = Client::connect(address).get("a.com", &format!("/{client}/{number}"));
                    assert!([200, 502, 504].contains(&answer.status), "{}", answer.status);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().expect("an answer to every request"));
    gateway.apply(&document.section("backendHttpSettingsCollection", settings(farm.port()))).unwrap();
    gateway.settle();
    assert_eq!(gateway.get("a.com", "/").status, 200);
    let refused = gateway.status().counters.refused;
    assert!(refused.iter().all(|row| row.reason != "internal"), "{refused:?}");
}
