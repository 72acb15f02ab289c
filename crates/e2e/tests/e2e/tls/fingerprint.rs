//! The fingerprint of a client's hello, JA4, as servers get it.
//!
//! Source: Azure, "How an application gateway works": `x-azure-ja4-fingerprint`, under the policies of 2022 and
//! CustomV2; the form is FoxIO's JA4.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use e2e::{Ca, Client, Document, Farm, Gateway, Tls};
use sha2::{Digest as _, Sha256};

/// A relay for one connection that keeps the first record of the client.
fn listening(target: SocketAddr) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut client, _) = relay.accept().unwrap();
        let mut head = [0; 5];
        client.read_exact(&mut head).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        client.read_exact(&mut hello).unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        server.write_all(&[&head[..], &hello].concat()).unwrap();
        let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let answers = std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
        let _ = std::io::copy(&mut client, &mut server);
        let _ = server.shutdown(std::net::Shutdown::Write);
        let _ = answers.join();
        hello
    });
    (address, thread)
}

/// Reads numbers off the front of some bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self, octets: usize) -> usize {
        self.take(octets).iter().fold(0, |number, &octet| number << 8 | usize::from(octet))
    }

    fn block(&mut self, octets: usize) -> Reader<'a> {
        let length = self.number(octets);
        Reader(self.take(length))
    }

    fn pairs(mut self) -> Vec<u16> {
        std::iter::from_fn(|| (!self.0.is_empty()).then(|| self.number(2) as u16)).collect()
    }
}

/// Values that clients put in to see whether servers bear them.
fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn hashed(list: &str) -> String {
    let digest = Sha256::digest(list);
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn hex(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

/// The fingerprint of a ClientHello, worked out here.
fn ja4(hello: &[u8]) -> String {
    let mut reader = Reader(hello);
    reader.take(4);
    let legacy = reader.number(2) as u16;
    reader.take(32);
    reader.block(1);
    let mut suites = reader.block(2).pairs();
    suites.retain(|&suite| !is_grease(suite));
    reader.block(1);
    let mut extensions = Vec::new();
    let (mut versions, mut schemes, mut protocol, mut named) = (vec![legacy], Vec::new(), "00".to_owned(), false);
    let mut list = reader.block(2);
    while !list.0.is_empty() {
        let kind = list.number(2) as u16;
        let mut content = list.block(2);
        match kind {
            0 => named = true,
            13 => schemes = content.block(2).pairs(),
            16 => {
                let first = content.block(2).block(1).0;
                protocol = [first[0], first[first.len() - 1]].map(char::from).iter().collect();
            }
            43 => versions = content.block(1).pairs(),
            _ => {}
        }
        if !is_grease(kind) {
            extensions.push(kind);
        }
    }
    versions.retain(|&version| !is_grease(version));
    let version = match versions.iter().max() {
        Some(0x0304) => "13",
        Some(0x0303) => "12",
        _ => "00",
    };
    let count = extensions.len();
    extensions.retain(|&kind| kind != 0 && kind != 16);
    suites.sort_unstable();
    extensions.sort_unstable();
    let name = if named { 'd' } else { 'i' };
    let start = format!("t{version}{name}{:02}{count:02}{protocol}", suites.len());
    format!("{start}_{}_{}", hashed(&hex(&suites)), hashed(&format!("{}_{}", hex(&extensions), hex(&schemes))))
}

fn seen(gateway: &Gateway, farm: &Farm, tls: &Tls) -> (Option<String>, String) {
    let (address, relayed) = listening(gateway.address("web"));
    let mut client: Client = tls.connect(address).client;
    client.ask("GET / HTTP/1.1\r\nHost: a.com\r\nX-Azure-JA4-Fingerprint: forged\r\n\r\n");
    drop(client);
    let header = farm.last().field("x-azure-ja4-fingerprint").map(str::to_owned);
    (header, ja4(&relayed.join().unwrap()))
}

#[test]
fn servers_get_the_fingerprint_under_the_newer_policies_and_never_a_clients_own() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let policies = [
        ("", true),
        ("{policyType: Predefined, policyName: AppGwSslPolicy20220101S}", true),
        (
            "{policyType: CustomV2, minProtocolVersion: TLSv1_2, \
              cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
            true,
        ),
        ("{policyType: Predefined, policyName: AppGwSslPolicy20170401S}", false),
        (
            "{policyType: Custom, minProtocolVersion: TLSv1_2, \
              cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
            false,
        ),
    ];
    for (policy, told) in policies {
        let document = Document::https(&farm, &certificate);
        let document = if policy.is_empty() { document } else { document.section("sslPolicy", policy) };
        let gateway = Gateway::start(&document);
        let clients = [
            Tls::new(),
            Tls::new().tls12(),
            Tls::new().tls13().protocols(&["http/1.1"]),
            Tls::new().nameless().protocols(&["http/1.0", "http/1.1"]),
        ];
        for tls in clients {
            let Ok(_) = tls.try_connect(gateway.address("web")) else { continue };
            let (header, expected) = seen(&gateway, &farm, &tls);
            assert_eq!(header, told.then_some(expected), "{policy}");
        }
    }
}

#[test]
fn without_tls_there_is_no_fingerprint() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.client().ask("GET / HTTP/1.1\r\nHost: a.com\r\nX-Azure-JA4-Fingerprint: forged\r\n\r\n");
    assert_eq!(farm.last().field("x-azure-ja4-fingerprint"), None);
}
