//! ClientHellos for tests.

use super::{ALPN, SERVER_NAME};

/// Some bytes behind their length in two.
pub(crate) fn long(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
}

/// A ClientHello with these cipher suites and extensions.
pub(crate) fn hello(ciphers: &[u16], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let extension = |(kind, content): &(u16, Vec<u8>)| [&kind.to_be_bytes()[..], &long(content)].concat();
    let extensions: Vec<u8> = extensions.iter().flat_map(extension).collect();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(long(&numbers(ciphers)));
    body.extend([1, 0]);
    body.extend(long(&extensions));
    message(&body)
}

/// A ClientHello of this body.
pub(crate) fn message(body: &[u8]) -> Vec<u8> {
    [&[1][..], &u32::try_from(body.len()).unwrap().to_be_bytes()[1..], body].concat()
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The extension that asks for a server.
pub(crate) fn server_name(name: &[u8]) -> (u16, Vec<u8>) {
    (SERVER_NAME, long(&[&[0][..], &long(name)].concat()))
}

/// The extension that offers protocols.
pub(crate) fn alpn(names: &[&[u8]]) -> (u16, Vec<u8>) {
    let names: Vec<u8> = names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat()).collect();
    (ALPN, long(&names))
}

/// A ClientHello with the numbers of FoxIO's example, in another order and with GREASE between.
pub(crate) fn published() -> Vec<u8> {
    let ciphers: [u16; 16] = [
        0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
        0x002f, 0x0035,
    ];
    let signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
    let plain: [u16; 11] = [0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b, 0x000a];
    let mut extensions = vec![
        (0x0a0a, vec![]),
        server_name(b"a"),
        alpn(&[b"h2", b"http/1.1"]),
        (0x002b, vec![6, 0x6a, 0x6a, 3, 4, 3, 3]),
        (0x000d, long(&numbers(&signatures))),
    ];
    extensions.extend(plain.map(|kind| (kind, vec![])));
    extensions.push((0x0015, vec![0; 9]));
    hello(&ciphers, &extensions)
}

/// A message in records of this size.
pub(crate) fn records(message: &[u8], size: usize) -> Vec<u8> {
    let record = |part: &[u8]| [&[22, 3, 1][..], &long(part)].concat();
    message.chunks(size).flat_map(record).collect()
}
