//! Servers on loopback that answer as they should not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const LIMITS: Limits = Limits { bytes: 10, time: Duration::from_secs(10) };

/// Answers one connection with these bytes and closes it; gives back what was asked for.
fn serve(answer: &'static [u8]) -> (SocketAddr, JoinHandle<String>) {
    serve_with(move |mut stream| {
        let asked = head(&mut stream);
        stream.write_all(answer).unwrap();
        asked
    })
}

fn serve_with<T: Send + 'static>(run: impl FnOnce(TcpStream) -> T + Send + 'static) -> (SocketAddr, JoinHandle<T>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (address, std::thread::spawn(move || run(socket.accept().unwrap().0)))
}

/// Reads a request head.
fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A name, what a server sends, and what comes of it.
type Row = (&'static str, &'static [u8], Result<&'static [u8], FetchError>);

#[test]
fn the_document_of_a_200_comes_back_and_nothing_else_does() {
    let rows: [Row; 10] = [
        ("length", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", Ok(b"abc")),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", Ok(b"abc")),
        ("until it closes", b"HTTP/1.0 200 OK\r\n\r\nabc", Ok(b"abc")),
        ("as large as may be", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", Ok(b"0123456789")),
        ("larger", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", Err(FetchError::TooLarge(10))),
        ("larger, unsaid", b"HTTP/1.0 200 OK\r\n\r\n01234567890", Err(FetchError::TooLarge(10))),
        ("not found", b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc", Err(FetchError::Status(404))),
        ("no content", b"HTTP/1.1 204 No\r\n\r\n", Err(FetchError::Status(204))),
        (
            "elsewhere",
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/b\r\nContent-Length: 0\r\n\r\n",
            Err(FetchError::Redirect { status: 302, to: "http://127.0.0.1:1/b".to_owned() }),
        ),
        ("cut", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", Err(FetchError::Broken(String::new()))),
    ];
    for (name, answer, expected) in rows {
        let (address, server) = serve(answer);
        let found = Fetcher::default().get(&format!("http://{address}/page.html?a=b"), &LIMITS);
        let asked = server.join().unwrap();
        assert!(asked.starts_with("GET /page.html?a=b HTTP/1.1\r\n"), "{name}: {asked}");
        // How it was cut is in the words of the library.
        let found = found.map_err(|error| match error {
            FetchError::Broken(_) => FetchError::Broken(String::new()),
            other => other,
        });
        assert_eq!(found.as_deref(), expected.as_ref().map(|content| *content), "{name}");
    }
}

#[test]
fn a_server_that_takes_too_long_is_given_up() {
    let limits = Limits { time: Duration::from_millis(100), ..LIMITS };
    for beginning in ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"] {
        let (address, server) = serve_with(move |mut stream| {
            head(&mut stream);
            stream.write_all(beginning.as_bytes()).unwrap();
            // Ends when the other side has given up.
            stream.read(&mut [0]).map(|read| read == 0).unwrap_or(true)
        });
        let found = Fetcher::default().get(&format!("http://{address}/"), &limits);
        assert_eq!(found, Err(FetchError::TooSlow(limits.time)), "{beginning}");
        assert!(server.join().unwrap());
    }
}

#[test]
fn one_byte_now_and_then_does_not_win_time() {
    let limits = Limits { bytes: 1 << 20, time: Duration::from_millis(200) };
    let (address, server) = serve_with(move |mut stream| {
        head(&mut stream);
        let mut sent = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
        while sent.is_ok() {
            // The pace of the sender is what is tested.
            std::thread::sleep(Duration::from_millis(20));
            sent = stream.write_all(b"a");
        }
    });
    let found = Fetcher::default().get(&format!("http://{address}/"), &limits);
    assert_eq!(found, Err(FetchError::TooSlow(limits.time)));
    server.join().unwrap();
}

#[test]
fn what_cannot_be_reached_is_said() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = |url: &str| Fetcher::default().get(url, &LIMITS).unwrap_err().to_string();
    assert!(text(&format!("http://{closed}/")).contains("refused"), "{}", text(&format!("http://{closed}/")));
    for url in ["ftp://a.example/", "page.html", "", "http://", "file:///etc/passwd"] {
        let found = Fetcher::default().get(url, &LIMITS);
        assert!(matches!(found, Err(FetchError::NotAUrl(_))), "{url}: {found:?}");
    }
}

/// A server with a certificate for `127.0.0.1`, and the authority that issued it.
fn serve_tls() -> (SocketAddr, JoinHandle<bool>, CertificateDer<'static>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let (address, server) = serve_with(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        if stream.conn.complete_io(&mut stream.sock).is_err() {
            return false;
        }
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").is_ok()
    });
    (address, server, authority.der().clone())
}

#[test]
fn over_https_the_certificate_has_to_come_from_a_root_that_is_trusted() {
    let (address, server, root) = serve_tls();
    let found = Fetcher::new(vec![root]).get(&format!("https://{address}/"), &LIMITS);
    assert_eq!(found.as_deref(), Ok(&b"abc"[..]));
    assert!(server.join().unwrap());
    let (address, server, _) = serve_tls();
    let found = Fetcher::default().get(&format!("https://{address}/"), &LIMITS);
    assert!(matches!(&found, Err(FetchError::Broken(why)) if why.contains("UnknownIssuer")), "{found:?}");
    assert!(!server.join().unwrap());
}
