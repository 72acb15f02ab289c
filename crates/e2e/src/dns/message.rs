//! DNS messages, right and wrong.

use std::net::IpAddr;

/// The type of IPv4 addresses.
pub const A: u16 = 1;
/// The type of IPv6 addresses.
pub const AAAA: u16 = 28;
const CNAME: u16 = 5;
const SOA: u16 = 6;

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its number.
    pub id: u16,
    /// The name in lower case, without the last dot.
    pub name: String,
    /// What is asked for: [`A`] or [`AAAA`].
    pub kind: u16,
    /// How it came.
    pub over_tcp: bool,
}

/// What a server says.
#[derive(Clone, Debug)]
pub enum Says {
    /// Nothing.
    Nothing,
    /// These addresses, as far as they are of the type that was asked for; their life in seconds.
    Addresses(Vec<IpAddr>, u32),
    /// Only a code: 2 server failure, 5 refused.
    Code(u8),
    /// There is no such name (code 3), or no such address (code 0), for so many seconds.
    Absent(u8, u32),
    /// An alias, with the life of the record in seconds.
    Alias(String, u32),
    /// Bytes without sense behind the number of the question.
    Noise,
    /// The same under another number.
    WrongNumber(Box<Self>),
    /// The same to a question for another name.
    WrongQuestion(Box<Self>),
    /// Only that there is more; the whole over TCP.
    Cut(Box<Self>),
    /// Only that there is more, over TCP too.
    CutForEver,
    /// One after the other.
    All(Vec<Self>),
}

impl Says {
    /// Addresses.
    #[track_caller]
    pub fn addresses(addresses: &[&str], ttl: u32) -> Self {
        Self::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect(), ttl)
    }

    /// What is sent.
    pub(super) fn messages(&self, question: &Question) -> Vec<Vec<u8>> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Addresses(addresses, ttl) => vec![question.addresses(addresses, *ttl)],
            Self::Code(code) => vec![question.header(*code, 0, 0)],
            Self::Absent(code, seconds) => vec![question.absent(*code, *seconds)],
            Self::Alias(target, ttl) => {
                let mut message = question.header(0, 1, 0);
                record(&mut message, &question.name, CNAME, *ttl, &labels(target));
                vec![message]
            }
            Self::Noise => vec![[&question.id.to_be_bytes()[..], &[0xFF; 40]].concat()],
            Self::WrongNumber(other) => other.messages(&Question { id: !question.id, ..question.clone() }),
            Self::WrongQuestion(other) => other.messages(&Question { name: "other".to_owned(), ..question.clone() }),
            Self::Cut(whole) if question.over_tcp => whole.messages(question),
            Self::Cut(_) | Self::CutForEver => {
                let mut message = question.header(0, 0, 0);
                message[2] |= 2;
                vec![message]
            }
            Self::All(all) => all.iter().flat_map(|says| says.messages(question)).collect(),
        }
    }
}

impl Question {
    /// Reads a question. Panics when it is not exactly one.
    pub(super) fn read(bytes: &[u8], over_tcp: bool) -> Self {
        let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let (flags, counts) = (number(2), [number(4), number(6), number(8), number(10)]);
        assert_eq!((flags, counts), (0x0100, [1, 0, 0, counts[3]]), "not one plain question that asks for recursion");
        assert!(counts[3] <= 1, "more than an extension");
        let (mut at, mut words) = (12, Vec::new());
        while bytes[at] > 0 {
            let end = at + 1 + usize::from(bytes[at]);
            words.push(std::str::from_utf8(&bytes[at + 1..end]).unwrap().to_ascii_lowercase());
            at = end;
        }
        assert_eq!(number(at + 3), 1, "the class of the Internet");
        Self { id: number(0), name: words.join("."), kind: number(at + 1), over_tcp }
    }

    /// The header and the question again: a code, and how many answers and authorities follow.
    fn header(&self, code: u8, answers: u16, authorities: u16) -> Vec<u8> {
        let mut message = Vec::new();
        for field in [self.id, 0x8180 | u16::from(code), 1, answers, authorities, 0] {
            message.extend(field.to_be_bytes());
        }
        message.extend(labels(&self.name));
        message.extend([self.kind.to_be_bytes(), [0, 1]].concat());
        message
    }

    fn addresses(&self, addresses: &[IpAddr], ttl: u32) -> Vec<u8> {
        let data = |address: &IpAddr| match (address, self.kind) {
            (IpAddr::V4(address), A) => Some(address.octets().to_vec()),
            (IpAddr::V6(address), AAAA) => Some(address.octets().to_vec()),
            _ => None,
        };
        let all: Vec<_> = addresses.iter().filter_map(data).collect();
        let mut message = self.header(0, u16::try_from(all.len()).unwrap(), 0);
        for data in all {
            // The name stands behind the header already.
            message.extend([0xC0, 12]);
            record_data(&mut message, self.kind, ttl, &data);
        }
        message
    }

    fn absent(&self, code: u8, seconds: u32) -> Vec<u8> {
        let mut zone = [labels("ns"), labels("admin")].concat();
        for number in [1, 60, 60, 60, seconds] {
            zone.extend(u32::to_be_bytes(number));
        }
        let mut message = self.header(code, 0, 1);
        record(&mut message, "zone", SOA, 3600, &zone);
        message
    }
}

fn record(message: &mut Vec<u8>, owner: &str, kind: u16, ttl: u32, data: &[u8]) {
    message.extend(labels(owner));
    record_data(message, kind, ttl, data);
}

fn record_data(message: &mut Vec<u8>, kind: u16, ttl: u32, data: &[u8]) {
    message.extend([kind.to_be_bytes(), [0, 1]].concat());
    message.extend(ttl.to_be_bytes());
    message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    message.extend(data);
}

/// A name as messages have it.
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
