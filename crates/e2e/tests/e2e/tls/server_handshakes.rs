//! Handshakes with servers: those that fail whatever the certificate, and what becomes of those that succeed.
//!
//! Source: Azure, "Overview of TLS termination" (TLS 1.2 at least towards servers) and "Troubleshoot backend health
//! issues".

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::ca::Dates;
use e2e::openssl::is_there;
use e2e::{Ca, Document, Farm, Folder, Gateway, Issued, Start, TlsServer, Wire, Wish, until};

use super::server_certificates::{PROBE, SETTINGS, asked, document, found};

/// A server that says the same to everybody, whatever they say, and closes.
struct Blunt {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Blunt {
    fn start(words: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, over) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&over);
        drop(std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let mut wire = Wire::new(stream.unwrap());
                // Read first, or the end would be a reset.
                let _ = wire.some(1 << 16);
                let _ = wire.send(words);
            }
        }));
        Self { address, over }
    }
}

impl Drop for Blunt {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// The document with its server on this port.
fn on_port(document: Document, port: u16) -> Document {
    let settings =
        format!("[{{name: http, port: {port}, protocol: Https, {SETTINGS}, trustedRootCertificates: [root-0]}}]");
    document.section("backendHttpSettingsCollection", settings)
}

#[test]
fn a_server_that_cannot_shake_hands_is_told_apart_from_one_that_cannot_be_reached() {
    let root = Ca::root("root");
    let mut farm = Farm::tls(1, &TlsServer::new(&root.server(&["srv.shop.internal"])));
    let rows: [(&str, &[u8]); 4] = [
        ("plain HTTP", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("an alert", b"\x15\x03\x03\x00\x02\x02\x28"),
        ("half a record", b"\x16\x03\x03\x01\x00\x02"),
        ("nothing at all", b""),
    ];
    for (what, words) in rows {
        let server = Blunt::start(words);
        let gateway = Gateway::start(&on_port(document(&farm, "", &[&root]), server.address.port()));
        assert_eq!(found(&gateway).0, "TlsHandshakeFailed", "{what}: {}", found(&gateway).1);
        let (status, reason, detail) = asked(&gateway);
        assert_eq!((status, reason.as_str()), (502, "backend_handshake"), "{what}: {detail}");
    }
    // Nobody there at all.
    farm.kill(0);
    let gateway = Gateway::start(&document(&farm, "", &[&root]));
    assert_eq!(found(&gateway).0, "ConnectFailed");
    assert_eq!(asked(&gateway).1, "connect_failed");
}

/// The handshake is part of connecting, for which there are 5 seconds.
#[test]
fn a_server_that_never_answers_a_hello_is_504_and_told_apart_too() {
    let root = Ca::root("root");
    // It waits for the end of a head that is none.
    let farm = Farm::echo(1);
    let document = document(&farm, "", &[&root]).limit("connectTimeoutInSec: 1");
    let gateway = Gateway::start(&document.section("probes", PROBE.replace("timeout: 5", "timeout: 1")));
    let (code, words) = found(&gateway);
    assert!(code == "Timeout" && words.contains("TLS handshake"), "{code}: {words}");
    let (status, reason, _) = asked(&gateway);
    assert_eq!((status, reason.as_str()), (504, "connect_timeout"));
}

/// `openssl s_server`, with versions and suites that no library of ours speaks.
struct OldServer {
    child: Child,
    port: u16,
    _folder: Folder,
}

impl OldServer {
    fn start(issued: &Issued, arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let (chain, key) = (folder.write("chain.pem", issued.pem()), folder.secret("key.pem", issued.key_pem()));
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert"])
            .arg(&chain)
            .arg("-key")
            .arg(&key)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port =
            lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
        Self { child, port: port.expect("the port of s_server"), _folder: folder }
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn servers_that_speak_only_what_is_out_of_date_are_not_spoken_to() {
    if !is_there() {
        return;
    }
    let root = Ca::root("root");
    let issued = root.issue(&Wish::server(&["srv.shop.internal"]).rsa());
    let rows: [(&str, &[&str], bool); 5] = [
        ("TLS 1.1", &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], false),
        ("CBC", &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA"], false),
        ("RSA key exchange", &["-tls1_2", "-cipher", "AES128-GCM-SHA256"], false),
        ("TLS 1.2", &["-tls1_2"], true),
        ("TLS 1.3", &["-tls1_3"], true),
    ];
    for (what, arguments, good) in rows {
        let server = OldServer::start(&issued, arguments);
        let farm = Farm::echo(1);
        let gateway = Gateway::start(&on_port(document(&farm, "", &[&root]), server.port));
        let (code, words) = found(&gateway);
        assert_eq!(code, if good { "Success" } else { "TlsHandshakeFailed" }, "{what}: {words}");
        assert_eq!(asked(&gateway).0, if good { 200 } else { 502 }, "{what}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_none_and_decides() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::asking(&root.server(&["srv.shop.internal"])));
    let gateway = Gateway::start(&document(&farm, "", &[&root]));
    assert_eq!(asked(&gateway).0, 200);
    assert!(farm.handshakes().iter().all(|handshake| handshake.certificates.is_none()));
}

/// An extension: Azure shows none.
#[test]
fn a_client_certificate_of_the_settings_is_shown_to_servers_that_ask() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::asking(&root.server(&["srv.shop.internal"])));
    let own = Ca::root("clients").intermediate("issuing").client("gateway");
    let more = ", gatehouse: {clientCertificate: own}";
    let gateway = Gateway::start(&document(&farm, more, &[&root]).certificate("own", &own));
    assert_eq!(asked(&gateway).0, 200);
    let handshakes = farm.handshakes();
    assert!(handshakes.iter().all(|handshake| handshake.certificates == Some(2)), "{handshakes:?}");
}

#[test]
fn sessions_with_servers_are_resumed_and_no_protocol_is_offered() {
    let root = Ca::root("root");
    for tls in
        [TlsServer::new(&root.server(&["srv.shop.internal"])), TlsServer::tls12(&root.server(&["srv.shop.internal"]))]
    {
        let farm = Farm::start_with(1, Some(&tls), |peer, _| {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            e2e::peer::close()
        });
        let gateway = Start::workers(1).run(&document(&farm, "", &[&root]));
        for _ in 0..6 {
            assert_eq!(gateway.get("a.com", "/").status, 200);
        }
        let handshakes = until("all handshakes", || Some(farm.handshakes()).filter(|all| all.len() >= 7));
        assert!(handshakes.iter().any(|handshake| handshake.resumed), "{handshakes:?}");
        assert!(handshakes.iter().all(|handshake| handshake.protocol.is_none()), "{handshakes:?}");
        assert!(handshakes.iter().all(|handshake| handshake.failure.is_none()), "{handshakes:?}");
    }
}

#[test]
fn bodies_both_ways_and_kept_connections_work_over_tls_to_servers() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(&["srv.shop.internal"])));
    let gateway = Start::workers(1).run(&document(&farm, "", &[&root]));
    let body = "x".repeat(2 << 20);
    let mut client = gateway.client();
    for _ in 0..3 {
        let answer = client
            .ask(&format!("POST /upload HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        assert!(answer.text().ends_with(&body));
    }
    assert_eq!(farm.connections(), 1);
    // A connection that the server has closed meanwhile is noticed, and costs no request.
    farm.close_connections();
    for _ in 0..5 {
        assert_eq!(gateway.get("a.com", "/").status, 200);
    }
}

/// A server whose certificate is renewed or spoilt is judged anew on the next connection, not on what was kept.
#[test]
fn a_certificate_that_goes_bad_is_noticed_by_the_probe() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(&["srv.shop.internal"])));
    let quick = PROBE.replace("interval: 30", "interval: 1");
    let gateway = Gateway::start(&document(&farm, "", &[&root]).section("probes", quick));
    assert_eq!(found(&gateway).0, "Success");
    let expired = root.issue(&Wish::server(&["srv.shop.internal"]).dates(Dates::Expired));
    farm.set_tls(0, &TlsServer::new(&expired));
    until("the verdict on the new certificate", || (found(&gateway).0 == "CertDateInvalid").then_some(()));
    farm.set_tls(0, &TlsServer::new(&root.server(&["srv.shop.internal"])));
    until("the verdict on the renewed certificate", || (found(&gateway).0 == "Success").then_some(()));
}
