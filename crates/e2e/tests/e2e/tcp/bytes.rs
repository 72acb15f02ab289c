//! Bytes come as they were sent, in order, whole and at once.

use e2e::gateway::within;
use e2e::stream::{self, pieces};
use e2e::{Dice, End, Gateway, PATIENCE, Sides, talk};

use super::post;

/// MiB each way in the test of long streams. CI's are short; `GATEHOUSE_STREAM_MIB=1024` is the long run.
fn mebibytes() -> usize {
    std::env::var("GATEHOUSE_STREAM_MIB").map_or(64, |text| text.parse().expect("a number of MiB"))
}

#[test]
fn a_server_may_speak_first() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::greet(b"220 mail.internal ready\r\n"));
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        // The client has not said a word.
        client.expect("220 mail.internal ready\r\n");
        client.send("EHLO a.com\r\n").unwrap();
        client.expect("EHLO a.com\r\n");
        client.finish();
        client.expect_end(End::Fin);
        gateway.session_row().check("200", "closed", 12, 37);
    }
}

#[test]
fn a_server_is_called_when_the_client_comes_and_not_when_it_speaks() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&Sides::TCP.document(&farm));
    let client = Sides::TCP.connect(&gateway);
    farm.wait_visits(1);
    drop(client);
    gateway.session_row().check("200", "closed", 0, 0);
}

#[test]
fn pieces_of_every_size_come_back_as_they_were() {
    for (number, sides) in Sides::ALL.into_iter().enumerate() {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        let mut total = 0;
        let mut turn = |size: usize, seed: usize| {
            for piece in pieces(seed as u64, size, size.max(2)) {
                client.send(piece).unwrap();
                client.expect(piece);
                total += piece.len();
            }
        };
        // Long enough in a row, large or small, that the gateway may take it for a stream and for talk again.
        let mut dice = Dice::new(number as u64 + 1);
        for round in 0..3 {
            (0..40).for_each(|at| turn(1 + dice.below(40), round * 100 + at));
            (0..12).for_each(|at| turn(100_000 + dice.below(200_000), round * 100 + 50 + at));
            (0..40).for_each(|at| turn(1 + dice.below(1 << (at % 17)), round * 100 + 70 + at));
        }
        client.finish();
        client.expect_end(End::Fin);
        gateway.session_row().check("200", "closed", total, total);
    }
}

#[test]
fn single_bytes_come_at_once() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        // With Nagle's algorithm on either side each of them would take 40 ms: a minute for all.
        within(PATIENCE, "1500 bytes, one by one", || {
            for number in 0..1500_usize {
                let byte = [(number % 251) as u8];
                client.send(byte).unwrap();
                client.expect(byte);
            }
        });
        client.finish();
        client.expect_end(End::Fin);
        gateway.session_row().check("200", "closed", 1500, 1500);
    }
}

/// Single bytes that nobody waits for may go together, and stay in order.
#[test]
fn a_shower_of_small_writes_stays_in_order() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let (mut say, mut hear) = sides.connect(&gateway).split();
        let sender = std::thread::spawn(move || stream::send(&mut say, 3, 20_000, 9).unwrap());
        let (heard, end) = stream::hear(&mut hear).unwrap();
        assert_eq!((heard, end), (sender.join().unwrap(), End::Fin), "{sides}");
        gateway.session_row().check("200", "closed", 20_000, 20_000);
    }
}

/// Both ends send and hear at once, as fast as they can.
#[test]
fn long_streams_flow_both_ways_at_once_and_whole() {
    let length = mebibytes() << 20;
    for sides in Sides::ALL {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            let (mut say, mut hear) = peer.split();
            let sender = std::thread::spawn(move || stream::send(&mut say, 2, length, 300_000).unwrap());
            let heard = stream::hear(&mut hear).unwrap();
            tell.send((sender.join().unwrap(), heard)).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let began = std::time::Instant::now();
        let (mut say, mut hear) = sides.connect(&gateway).split();
        let sender = std::thread::spawn(move || stream::send(&mut say, 1, length, 300_000).unwrap());
        let heard_here = stream::hear(&mut hear).unwrap();
        let said_here = sender.join().unwrap();
        let (said_there, heard_there) = told.next();
        let rate = (2 * length) as f64 / 1e6 / began.elapsed().as_secs_f64();
        println!("{sides}: {} MiB each way, {rate:.0} MB/s in sum", length >> 20);
        assert_eq!((heard_here, heard_there), ((said_there, End::Fin), (said_here, End::Fin)), "{sides}");
        gateway.session_row().check("200", "closed", length, length);
        let counters = gateway.status().counters;
        assert_eq!([counters.session_received_bytes, counters.session_sent_bytes], [length as u64; 2]);
    }
}

/// Off by default: a server hears the client's bytes and nothing before them.
#[test]
fn no_proxy_header_is_sent_unless_asked_for() {
    for sides in Sides::ALL {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            tell.send(peer.wire.rest()?).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        client.send("first").unwrap();
        client.finish();
        assert_eq!(told.next(), b"first", "{sides}");
    }
}

/// A client may send its own PROXY header; it goes on like any bytes (Azure, proxy-protocol-header).
#[test]
fn what_looks_like_a_proxy_header_is_payload() {
    let line = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello";
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&Sides::TCP.document(&farm));
    let mut client = Sides::TCP.connect(&gateway);
    client.send(line).unwrap();
    client.expect(line);
}
