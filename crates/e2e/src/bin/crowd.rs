//! Clients or servers in a process of their own, so that a gateway has a process's descriptors to itself.
//!
//! `crowd servers` prints its port and echoes until its input ends. `crowd clients ADDRESS COUNT tcp|tls` connects,
//! says `ready`, and obeys a word a line: `talk` (everybody says something and hears it again), `end` (everybody ends
//! in an orderly way), `reset` (everybody breaks off), `leave` (the process ends, and its sockets with it).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "where it fails, the test that started it fails")]

use std::io::Read as _;
use std::net::SocketAddr;

use e2e::{End, Sides, Wire};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["servers"] => servers(),
        ["clients", address, count, protocol] => {
            clients(address.parse().unwrap(), count.parse().unwrap(), protocol == "tls");
        }
        _ => panic!("not understood: {arguments:?}"),
    }
}

fn servers() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            drop(tokio::spawn(echo(stream)));
        }
    });
}

async fn echo(mut stream: TcpStream) {
    let mut block = [0; 256];
    while let Ok(count @ 1..) = stream.read(&mut block).await {
        if stream.write_all(&block[..count]).await.is_err() {
            return;
        }
    }
}

fn clients(address: SocketAddr, count: usize, client_tls: bool) {
    let sides = Sides { client_tls, server_tls: false };
    let mut clients: Vec<Wire> = (0..count).map(|_| sides.connect_to(address)).collect();
    println!("ready");
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "talk" => talk(&mut clients),
            "end" => {
                clients.iter_mut().for_each(Wire::finish);
                clients.iter_mut().for_each(|client| client.expect_end(End::Fin));
                clients.clear();
            }
            "reset" => clients.drain(..).for_each(Wire::reset),
            "leave" => return,
            word => panic!("not understood: {word}"),
        }
        println!("done");
    }
}

/// Everybody first says something, so that all of them are under way at once.
fn talk(clients: &mut [Wire]) {
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(number.to_be_bytes()).unwrap();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.expect(number.to_be_bytes());
    }
}
