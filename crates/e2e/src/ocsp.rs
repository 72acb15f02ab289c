//! An OCSP responder on loopback that answers as it is told.
//!
//! Source: RFC 6960, sections 4.1 (request), 4.2 (response), and appendix A.1 (over HTTP).

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan};
use sha1::{Digest as _, Sha1};

use crate::ca::{Ca, Issued, Purpose, Wish, subject};
use crate::der::{element, elements, first, sequence};
use crate::wire::Wire;

/// What a responder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked,
    /// Never heard of it.
    Unknown,
    /// Not revoked, signed by a certificate that the authority delegated this to.
    GoodByDelegate,
    /// Not revoked, signed by a certificate that was not made for it.
    GoodByStranger,
    /// Not revoked, a month ago.
    GoodLongAgo,
    /// Not revoked, with a signature that is wrong.
    GoodForged,
    /// Come again later.
    TryLater,
    /// Something that is no answer.
    Garbage,
    /// 500.
    Failure,
    /// Nothing; the connection stays open.
    Nothing,
}

struct Desk {
    ca: Ca,
    delegate: Issued,
    stranger: Issued,
    says: Mutex<Says>,
    asked: AtomicUsize,
    held: Mutex<Vec<TcpStream>>,
}

/// A responder for the certificates of one authority.
pub struct Responder {
    address: SocketAddr,
    desk: Arc<Desk>,
}

impl Responder {
    /// Starts one that says that every certificate is good.
    pub fn start(ca: &Ca) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk {
            ca: ca.clone(),
            delegate: ca.issue(&Wish::client("delegate").purpose(Purpose::OcspSigning)),
            stranger: ca.client("stranger"),
            says: Mutex::new(Says::Good),
            asked: AtomicUsize::new(0),
            held: Mutex::default(),
        });
        let behind = Arc::downgrade(&desk);
        drop(std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), Some(desk)) = (stream, behind.upgrade()) else { return };
                drop(std::thread::spawn(move || desk.serve(stream)));
            }
        }));
        Self { address, desk }
    }

    /// Its address, as certificates name it.
    pub fn url(&self) -> String {
        format!("http://{}/ocsp", self.address)
    }

    /// What it says from now on.
    pub fn say(&self, says: Says) {
        *self.desk.says.lock().unwrap_or_else(PoisonError::into_inner) = says;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.desk.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.desk.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // Wakes the thread, which finds nobody at the desk.
        let address = self.address;
        drop(std::thread::spawn(move || drop(TcpStream::connect(address))));
    }
}

impl Desk {
    fn serve(&self, stream: TcpStream) {
        let mut wire = Wire::new(stream);
        let Ok(head) = wire.head() else { return };
        let mut question = Vec::new();
        let target = head.start.split(' ').nth(1).unwrap_or_default().to_owned();
        if head.start.starts_with("POST ") {
            let length = head.length().unwrap_or(0);
            if wire.exactly(length, |piece| question.extend_from_slice(piece)).is_err() {
                return;
            }
        } else {
            let text = target.trim_start_matches("/ocsp").trim_start_matches('/');
            question = STANDARD.decode(unescaped(text)).unwrap();
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let says = *self.says.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match says {
            Says::Nothing => {
                let copy = wire.stream().try_clone().unwrap();
                self.held.lock().unwrap_or_else(PoisonError::into_inner).push(copy);
                return;
            }
            Says::Failure => {
                let _ = wire.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                return;
            }
            Says::Garbage => b"this is no answer".to_vec(),
            Says::TryLater => sequence(&[element(0x0a, &[3])]),
            _ => self.answer(says, &question),
        };
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        );
        let _ = wire.send([head.into_bytes(), answer].concat());
    }

    fn answer(&self, says: Says, question: &[u8]) -> Vec<u8> {
        let delegate = match says {
            Says::GoodByDelegate => Some(&self.delegate),
            Says::GoodByStranger => Some(&self.stranger),
            _ => None,
        };
        response(&self.ca, delegate, says, certificate_id(question))
    }
}

fn response(ca: &Ca, delegate: Option<&Issued>, says: Says, id: &[u8]) -> Vec<u8> {
    let moment = |at: Timestamp| element(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes());
    let now = Timestamp::now();
    let (from, until) = match says {
        Says::GoodLongAgo => (now - (31 * 24).hours(), now - (30 * 24).hours()),
        _ => (now - 1.hours(), now + 1.hours()),
    };
    let status = match says {
        Says::Revoked => element(0xa1, &moment(now - 24.hours())),
        Says::Unknown => element(0x82, &[]),
        _ => element(0x80, &[]),
    };
    let single = sequence(&[id.to_vec(), status, moment(from), element(0xa0, &moment(until))]);
    let name = subject(&delegate.map_or_else(|| ca.certificate(), |delegate| delegate.leaf().clone()));
    let data = sequence(&[element(0xa1, &name), moment(now), sequence(&[single])]);
    let mut signature = delegate.map_or_else(|| ca.sign(&data), |delegate| delegate.sign(&data));
    if says == Says::GoodForged {
        signature = ca.sign(b"something else");
    }
    // No bits are unused.
    signature.insert(0, 0);
    const ECDSA_WITH_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut basic = vec![data, sequence(&[ECDSA_WITH_SHA256.to_vec()]), element(0x03, &signature)];
    if let Some(delegate) = delegate {
        basic.push(element(0xa0, &sequence(&[delegate.leaf().to_vec()])));
    }
    const BASIC: &[u8] = &[0x06, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
    let bytes = sequence(&[BASIC.to_vec(), element(0x04, &sequence(&basic))]);
    sequence(&[element(0x0a, &[0]), element(0xa0, &bytes)])
}

/// A response that says for the next hour that a certificate of this authority is good, as a server staples it.
pub fn staple(ca: &Ca, issued: &Issued) -> Vec<u8> {
    let authority = ca.certificate();
    let signed = elements(first(first(&authority).content).content);
    // Subject, and the key without the count of unused bits.
    let (name, key) = (signed[5], elements(first(signed[6]).content)[1]);
    let hash = |bytes: &[u8]| element(0x04, &Sha1::digest(bytes));
    const SHA1: &[u8] = &[0x06, 5, 0x2b, 0x0e, 3, 2, 0x1a];
    let leaf = first(first(issued.leaf()).content).content;
    let serial = elements(leaf)[1].to_vec();
    let id =
        sequence(&[sequence(&[SHA1.to_vec(), element(0x05, &[])]), hash(name), hash(&first(key).content[1..]), serial]);
    response(ca, None, Says::Good, &id)
}

/// The identity of the first certificate that is asked about.
fn certificate_id(question: &[u8]) -> &[u8] {
    let asked = first(first(question).content).content;
    let list = elements(asked).into_iter().find(|element| element[0] == 0x30).expect("a list of requests");
    first(first(first(list).content).content).whole
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let digits: Vec<u8> = left.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}
