mod over_tls;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use snapshot::{AffinityKey, ProbeMatch, Scheme, Settings};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::fixtures;
use crate::fixtures::secured::SecuredServer;
use crate::health::Verdicts;

/// A server that takes one connection, reads the request and answers with these pieces, one write each.
async fn fake(pieces: Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        for piece in pieces {
            stream.write_all(&piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        String::from_utf8(request).unwrap()
    });
    (address, served)
}

fn server(address: SocketAddr, name: Option<&str>) -> Server {
    let (ip, port) = (address.ip(), address.port());
    fixtures::marked(|marker| Server::new(marker, ip, port, name.map(Arc::from), Verdicts::new(false)))
}

fn spec(settings: Settings, probe: &Probe) -> TargetSpec {
    TargetSpec { members: Vec::new(), settings, probe: probe.clone(), affinity_key: AffinityKey::default() }
}

async fn ask(address: SocketAddr, question: &Probe) -> Outcome {
    ask_server(&server(address, None), question).await
}

async fn ask_server(server: &Server, question: &Probe) -> Outcome {
    let spec = spec(fixtures::settings(), question);
    probe(server, &spec, &Security::Plain, &Progress::default()).await
}

fn accepting(statuses: &[(u16, u16)], body: &str) -> Probe {
    Probe { accept: ProbeMatch { statuses: statuses.to_vec(), body: body.into() }, ..fixtures::probe() }
}

fn response(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_probe_sends_exactly_these_bytes() {
    let (address, served) = fake(vec![response("200 OK", "")]).await;
    assert_eq!(ask(address, &fixtures::probe()).await, Ok(Success::Status(200)));
    assert_eq!(
        served.await.unwrap(),
        "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: test-probe\r\nAccept-Encoding: identity\r\n\
         Accept: */*\r\nConnection: close\r\n\r\n"
    );
}

#[test]
fn the_host_header_follows_probe_server_and_port() {
    for (host, name, ip, port, host_port, expected) in [
        (Some("127.0.0.1"), None, "10.0.0.4", 80, false, "127.0.0.1"),
        (Some("127.0.0.1"), Some("a.example"), "10.0.0.4", 80, false, "127.0.0.1"),
        (Some("shop.example"), Some("a.example"), "10.0.0.4", 8080, false, "shop.example"),
        (Some("shop.example"), None, "10.0.0.4", 8080, true, "shop.example:8080"),
        (Some("shop.example"), None, "10.0.0.4", 80, true, "shop.example"),
        (None, Some("a.example"), "10.0.0.4", 80, false, "a.example"),
        (None, None, "10.0.0.4", 80, false, "10.0.0.4"),
        (None, None, "::1", 8080, true, "[::1]:8080"),
    ] {
        let server = server((ip.parse::<IpAddr>().unwrap(), port).into(), name);
        let question = Probe { host: host.map(Arc::from), host_port, ..fixtures::probe() };
        let request = String::from_utf8(request::bytes(&server, Scheme::Http, port, &question)).unwrap();
        assert!(request.contains(&format!("\r\nHost: {expected}\r\n")), "{request}");
    }
}

#[tokio::test]
async fn a_port_of_the_probes_own_is_asked_instead() {
    let (address, _served) = fake(vec![response("200 OK", "")]).await;
    let nobody = server(SocketAddr::new(address.ip(), 1), None);
    let question = Probe { port: Some(address.port()), ..fixtures::probe() };
    assert_eq!(ask_server(&nobody, &question).await, Ok(Success::Status(200)));
}

#[tokio::test]
async fn the_status_decides() {
    for (rule, statuses, answer, accepted) in [
        ("200 by default", &[(200, 399)][..], "200 OK", true),
        ("a redirect is healthy and not followed", &[(200, 399)], "302 Found\r\nLocation: http://127.0.0.1:1/", true),
        ("401 is not by default", &[(200, 399)], "401 Unauthorized", false),
        ("401 when listed", &[(200, 299), (401, 401)], "401 Unauthorized", true),
        ("302 when not listed", &[(200, 299), (401, 401)], "302 Found", false),
        ("101 never by default", &[(200, 399)], "101 Switching Protocols", false),
        ("503", &[(200, 399)], "503 Service Unavailable", false),
    ] {
        let (address, _served) = fake(vec![response(answer, "")]).await;
        let outcome = ask(address, &accepting(statuses, "")).await;
        assert_eq!(outcome.is_ok(), accepted, "{rule}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_wrong_status_names_what_was_expected() {
    let (address, _served) = fake(vec![response("404 Not Found", "")]).await;
    let failure = ask(address, &accepting(&[(200, 299), (401, 401)], "")).await.unwrap_err();
    let expected = Failure::StatusMismatch { expected: "200-299, 401".into(), received: 404 };
    assert_eq!(failure, expected);
}

#[tokio::test]
async fn the_body_must_contain_the_text_wherever_it_is_cut() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let far = "x".repeat(64 * 1024 - 4);
    for (rule, pieces, accepted) in [
        ("at the first byte", vec![response("200 OK", "well done")], true),
        (
            "across a chunk boundary",
            vec![chunked.into(), "5\r\nall w\r\n".into(), "6\r\nell on\r\n0\r\n\r\n".into()],
            true,
        ),
        ("across a write boundary", vec!["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwe".into(), "ll".into()], true),
        ("to the end of the connection", vec!["HTTP/1.0 200 OK\r\n\r\nall well".into()], true),
        ("at the end of the 64 KiB", vec![response("200 OK", &format!("{far}well"))], true),
        ("beyond the 64 KiB", vec![response("200 OK", &format!("{far}.well"))], false),
        ("with regard to case", vec![response("200 OK", "Well")], false),
        ("not in a chunk's framing", vec![chunked.into(), "4;well\r\nnope\r\n0\r\n\r\n".into()], false),
        ("not in nothing", vec![response("200 OK", "")], false),
    ] {
        let (address, _served) = fake(pieces).await;
        let outcome = ask(address, &accepting(&[(200, 399)], "well")).await;
        let expected =
            if accepted { Ok(Success::Status(200)) } else { Err(Failure::BodyMismatch { expected: "well".into() }) };
        assert_eq!(outcome, expected, "{rule}");
    }
}

#[tokio::test]
async fn the_status_is_judged_before_the_body() {
    let (address, _served) = fake(vec![response("500 Oops", "well")]).await;
    assert_eq!(ask(address, &accepting(&[(200, 399)], "well")).await.unwrap_err().code(), "StatusMismatch");
}

#[tokio::test]
async fn nobody_listening_is_a_failed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = ask(address, &fixtures::probe()).await.unwrap_err();
    assert_eq!(failure.code(), "ConnectFailed");
    assert!(failure.to_string().contains("Connection refused"), "{failure}");
}

#[tokio::test]
async fn a_server_that_closes_or_speaks_nonsense_is_not_http() {
    for pieces in [vec![], vec![b"220 mail.example ESMTP\r\n".to_vec()]] {
        let (address, _served) = fake(pieces).await;
        assert_eq!(ask(address, &fixtures::probe()).await.unwrap_err().code(), "InvalidHttp");
    }
}

#[tokio::test]
async fn a_server_that_stalls_leaves_behind_how_far_the_probe_came() {
    let secured = Security::Tls(SecuredServer::new(&["a.example"]).await.connector());
    for (security, said, expected) in [
        (&Security::Plain, "", Step::Head),
        (&Security::Plain, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha", Step::Body),
        (&secured, "", Step::Tls),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stalls = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        });
        let (spec, progress) = (spec(fixtures::settings(), &fixtures::probe()), Progress::default());
        let server = server(address, None);
        let ended = tokio::time::timeout(Duration::from_millis(100), probe(&server, &spec, security, &progress));
        assert!(ended.await.is_err());
        assert_eq!(progress.get(), expected);
        stalls.abort();
    }
}
