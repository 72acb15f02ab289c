//! Thousands of WebSockets through one gateway process: what each costs, and that a change of configuration that does
//! not concern them drops none. In a process of its own, whose memory holds nothing else.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the measured figure is the point of the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use e2e::wait::PATIENCE;
use e2e::websocket::{accept, request};
use e2e::{Folder, until};

/// How many are open at the same time, where the system lets a process have enough descriptors.
const MOST: usize = 5_000;
/// What one may cost the gateway beyond the kernel's own. The aim is 8 KiB; this leaves room for builds that optimise
/// nothing.
const EACH: usize = 12 * 1024;

/// A server that agrees to every WebSocket and keeps it; other requests, which are probes, get 200.
fn server() -> (SocketAddr, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (kept, open) = sync_channel(16);
    drop(std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Some(head) = head(&mut stream) else { continue };
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            let Some(key) = key else {
                let _ = stream.write_all(e2e::farm::HEALTHY);
                continue;
            };
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                accept(key)
            );
            if stream.write_all(answer.as_bytes()).is_err() || kept.send(stream).is_err() {
                return;
            }
        }
    }));
    (address, open)
}

/// A head, read octet by octet so that nothing behind it is taken. `None` when it does not come.
fn head(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn document(server: SocketAddr, banner: &str) -> String {
    format!(
        "name: gw
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{{name: feip}}]
  frontendPorts: [{{name: p80, port: 80}}]
  backendAddressPools: [{{name: pool, backendAddresses: [{{ipAddress: {}}}]}}]
  backendHttpSettingsCollection: [{{name: http, port: {}, protocol: Http, requestTimeout: 86400}}]
  httpListeners: [{{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http}}]
  requestRoutingRules:
    - {{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}}
  gatehouse: {{serverHeader: {banner}, limits: {{maxConnections: 20000, maxConnectionsPerClient: 20000}}}}
",
        server.ip(),
        server.port()
    )
}

/// The gateway, and what it has said.
struct Gateway {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
            .args(["run", "gateway.yaml", "--site", "site.yaml", "--watch"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&said));
        drop(std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }));
        Self { child, said }
    }

    /// Waits until it says something.
    fn wait_said(&self, what: &str) -> String {
        let find = || {
            self.said.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|line| line.contains(what)).cloned()
        };
        until(what, find)
    }

    fn address(&self) -> SocketAddr {
        let line = self.wait_said("listening on http://");
        line.split_once("http://").unwrap().1.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Resident memory in bytes.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many descriptors a process may have.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}

/// Opens so many through the gateway: the clients' ends and the server's.
fn open(address: SocketAddr, servers: &Receiver<TcpStream>, count: usize) -> Vec<(TcpStream, TcpStream)> {
    (0..count)
        .map(|_| {
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(request("/").as_bytes()).unwrap();
            let head = head(&mut client).unwrap();
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            (client, servers.recv_timeout(PATIENCE).unwrap())
        })
        .collect()
}

/// A byte each way through each of them.
fn talk(pairs: &mut [(TcpStream, TcpStream)]) {
    for (client, server) in pairs.iter_mut() {
        client.write_all(b"c").unwrap();
        server.write_all(b"s").unwrap();
    }
    for (at, (client, server)) in pairs.iter_mut().enumerate() {
        let mut got = [[0; 1]; 2];
        client.read_exact(&mut got[0]).unwrap_or_else(|error| panic!("the client of {at}: {error}"));
        server.read_exact(&mut got[1]).unwrap_or_else(|error| panic!("the server of {at}: {error}"));
        assert_eq!(got, [*b"s", *b"c"], "{at}");
    }
}

#[test]
fn thousands_of_websockets_cost_little_and_survive_a_change() {
    let count = MOST.min((descriptors() - 500) / 2);
    if count < MOST {
        println!("only {count} WebSockets: this process may have {} descriptors", descriptors());
    }
    let (address, servers) = server();
    let folder = Folder::new();
    folder.write("gateway.yaml", document(address, "one"));
    let site = format!(
        "addresses: {{feip: [127.0.0.1]}}\nports: {{80: 0}}\nworkers: 2\nlog: {{access: {0}/access.log}}\n\
         admin: {{socket: {0}/admin.sock}}\nfolders: {{state: {0}/state}}\n",
        folder.as_ref().display()
    );
    folder.write("site.yaml", site);
    let gateway = Gateway::start(&folder);
    let address = gateway.address();
    // What is allocated once is no cost of one connection.
    let mut warm = open(address, &servers, 100);
    talk(&mut warm);
    let before = gateway.memory();
    let mut pairs = open(address, &servers, count);
    talk(&mut pairs);
    let each = gateway.memory().saturating_sub(before) / count;
    println!("{count} WebSockets: {each} bytes each");
    // Written again until it is seen: the watch may begin a moment after the gateway listens.
    let mut round = 0;
    until("the change to be applied", || {
        round += 1;
        folder.write("gateway.yaml", document(gateway_server(&pairs), &format!("two{round}")));
        let said = gateway.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().any(|line| line.contains("revision 2 applied")).then_some(())
    });
    talk(&mut pairs);
    talk(&mut warm);
    assert!(each <= EACH, "{each} bytes for each of {count} WebSockets");
}

/// Where the server of these is.
fn gateway_server(pairs: &[(TcpStream, TcpStream)]) -> SocketAddr {
    pairs[0].1.local_addr().unwrap()
}
