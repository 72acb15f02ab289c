//! A harness for whole-gateway tests: a gateway in this process, servers that misbehave by script, and clients that see
//! every byte of HTTP/1.1, of TLS, and of HTTP/2 frame by frame; authorities issue certificates with any fault.
//!
//! Everything stands on loopback and on ports that the system chose. Every wait has an end. A panic in a fake server
//! fails the test that started it.
#![allow(clippy::unwrap_used, reason = "where the harness fails, the test fails")]

pub mod apart;
pub mod black_hole;
pub mod ca;
pub mod client;
pub mod crowd;
pub mod der;
pub mod dice;
pub mod dns;
pub mod document;
pub mod duplex;
pub mod farm;
pub mod folder;
pub mod gate;
pub mod gateway;
pub mod h2;
pub mod message;
pub mod ocsp;
pub mod openssl;
pub mod peer;
pub mod programs;
pub mod rewrites;
pub mod session_row;
pub mod sides;
pub mod stream;
pub mod talk;
pub mod tls;
pub mod token;
pub mod wait;
pub mod websocket;
pub mod wire;

pub use black_hole::BlackHole;
pub use ca::{Ca, Issued, Wish};
pub use client::{Client, Response};
pub use dice::Dice;
pub use dns::{NameServer, Says};
pub use document::Document;
pub use duplex::{Hear, Say};
pub use farm::Farm;
pub use folder::Folder;
pub use gate::Gate;
pub use gateway::{Gateway, Start};
pub use h2::H2;
pub use message::Head;
pub use peer::{Peer, Request};
pub use session_row::SessionRow;
pub use sides::Sides;
pub use tls::{Tls, TlsServer};
pub use token::Signer;
pub use wait::{PATIENCE, until};
pub use wire::{Broken, End, Wire};
