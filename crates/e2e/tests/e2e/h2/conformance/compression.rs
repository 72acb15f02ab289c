//! RFC 7541: blocks that are no header compression.

use e2e::h2::frame::{Frame, code, flag};
use e2e::h2::get;
use e2e::h2::hpack::{Literal, block, indexed, integer, plain, table_size};

use super::{Bench, Case};

/// A request whose block ends in this is COMPRESSION_ERROR.
fn refused(bench: &Bench, end: Vec<u8>) {
    let mut h2 = bench.h2();
    h2.frame(&Frame::headers(1, flag::END, [block(&get("/")), end].concat()));
    h2.expect_goaway(&[code::COMPRESSION_ERROR]);
}

/// A value that claims to be in the Huffman code.
fn huffman(octets: &[u8]) -> Vec<u8> {
    let value = [integer(0x80, 7, octets.len()), octets.to_vec()].concat();
    Literal::Plain.with_name(plain("x-test"), value)
}

/// Nothing is in the dynamic table.
const NOWHERE: usize = 70;

pub(super) const CASES: &[Case] = &[
    ("2.3.3: an index beyond the tables", |bench| refused(bench, indexed(NOWHERE))),
    ("2.3.3: the index of a name beyond the tables", |bench| {
        refused(bench, Literal::Indexed.with_index(NOWHERE, plain("test")));
    }),
    ("4.2: a change of the table's size after a field", |bench| refused(bench, table_size(1))),
    // 00011 is an `a`.
    ("5.2: more than 7 bits after the last symbol", |bench| refused(bench, huffman(&[0b0001_1111, 0xff]))),
    ("5.2: bits after the last symbol that are not ones", |bench| refused(bench, huffman(&[0b0001_1000]))),
    ("5.2: the symbol for the end", |bench| refused(bench, huffman(&[0xff; 4]))),
    ("6.1: index 0", |bench| refused(bench, indexed(0))),
    ("6.3: a table larger than was allowed", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END, [table_size(65_537), block(&get("/"))].concat()));
        h2.expect_goaway(&[code::COMPRESSION_ERROR]);
    }),
];
