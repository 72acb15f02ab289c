//! What `gatehouse dev` runs when no document is given: two sample servers and a document with two sites, a path map
//! and a redirect.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The document: an ARM template with the servers' port as its parameter.
pub const DOCUMENT: &str = include_str!("../../../examples/dev/gateway.json");

/// Connections that one sample server serves at once.
const AT_ONCE: usize = 64;
/// Requests on one connection, and how long it may be idle.
const REQUESTS: usize = 1000;
const IDLE: Duration = Duration::from_secs(90);

/// Starts two servers on loopback, at 127.0.0.1 and 127.0.0.2 on one port, and returns that port. They serve to the
/// end of the process.
pub fn start() -> io::Result<u16> {
    // Two addresses and one port, because a pool's members share the port of the settings. A port free on the first
    // address may be taken on the second, so a few are tried.
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..16 {
        let first = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 1), 0))?;
        let port = first.local_addr()?.port();
        match TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)) {
            Ok(second) => {
                serve(first, "one")?;
                serve(second, "two")?;
                return Ok(port);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn serve(listener: TcpListener, name: &'static str) -> io::Result<()> {
    let open = Arc::new(AtomicUsize::new(0));
    std::thread::Builder::new().name(format!("sample-{name}")).spawn(move || {
        for stream in listener.incoming().flatten() {
            if open.fetch_add(1, Ordering::Relaxed) >= AT_ONCE {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let open = Arc::clone(&open);
            drop(std::thread::spawn(move || {
                let _ = answer_all(stream, name);
                open.fetch_sub(1, Ordering::Relaxed);
            }));
        }
    })?;
    Ok(())
}

fn answer_all(stream: TcpStream, name: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let mut reader = BufReader::new(stream);
    for _ in 0..REQUESTS {
        let Some((head, length)) = read_head(&mut reader)? else { return Ok(()) };
        io::copy(&mut io::Read::take(&mut reader, length), &mut io::sink())?;
        reader.get_mut().write_all(&answer(&head, name, local))?;
    }
    Ok(())
}

/// Reads a request head; the gateway in front has made sure that it is well-formed. Content is by length only: these
/// servers are for trying things out.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<(String, u64)>> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        if reader.read_line(&mut head)? == 0 || head.len() > 64 * 1024 {
            return Ok(None);
        }
        let line = head[start..].trim_end();
        if line.is_empty() {
            return Ok(Some((head, length)));
        }
        if let Some((field, value)) = line.split_once(':')
            && field.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
}

fn answer(head: &str, name: &str, local: SocketAddr) -> Vec<u8> {
    let body = format!("server {name} ({local}) got:\n\n{}", head.trim_end().replace("\r\n", "\n"));
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Sample-Server: {name}\r\nContent-Length: {}\r\n\r\n{}",
        body.len() + 1,
        if head.starts_with("HEAD ") { String::new() } else { body + "\n" },
    )
    .into_bytes()
}
