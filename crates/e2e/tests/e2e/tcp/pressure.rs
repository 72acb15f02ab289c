//! A reader that stops stops the sender, and nobody else.

use std::io;
use std::time::Duration;

use e2e::stream::{self, Adder, pieces};
use e2e::{End, Gate, Gateway, PATIENCE, Say, Sides, Start, talk};

use super::{each, post};

/// How long a sender waits before it takes the way for full.
const FULL: Duration = Duration::from_millis(400);

/// Nothing on the way holds as much: buffers of four sockets, which the system lets grow, and the gateway's.
const BOUND: usize = 64 << 20;

/// Sends until nobody takes anything any more; returns how many bytes were taken, to a block.
pub(super) fn fill(say: &mut Say) -> usize {
    let block = [7; 64 * 1024];
    say.stream().set_write_timeout(Some(FULL)).unwrap();
    let mut sent = 0;
    while sent < 2 * BOUND {
        match say.send(block) {
            Ok(()) => sent += block.len(),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
            Err(error) => panic!("after {sent} bytes: {error}"),
        }
    }
    say.stream().set_write_timeout(Some(PATIENCE)).unwrap();
    sent
}

#[test]
fn a_server_that_does_not_read_stops_its_client() {
    each(|sides| {
        let gate = Gate::new();
        let go = gate.clone();
        let farm = sides.farm(1, move |_| {
            go.wait();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let (mut say, _hear) = sides.connect(&gateway).split();
        let sent = fill(&mut say);
        println!("{sides}: {} KiB are under way to a server that does not read", sent >> 10);
        assert!(sent < BOUND, "{sides}: {sent} bytes were taken");
        gate.open();
    });
}

#[test]
fn a_client_that_does_not_read_stops_its_server() {
    each(|sides| {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            let (mut say, mut hear) = peer.split();
            tell.send(fill(&mut say)).unwrap();
            let _ = hear.to_end(|_| {});
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let client = sides.connect(&gateway);
        let sent = told.next();
        println!("{sides}: {} KiB are under way to a client that does not read", sent >> 10);
        assert!(sent < BOUND, "{sides}: {sent} bytes were taken");
        drop(client);
    });
}

/// One direction stands still; the other, and other sessions of the same worker, go on. Then it goes on as well, and
/// nothing is missing.
#[test]
fn a_direction_that_stands_still_holds_up_nothing_else() {
    const LENGTH: usize = 2 * BOUND;
    each(|sides| {
        let gate = Gate::new();
        let (go, (tell, told)) = (gate.clone(), post());
        let farm = sides.farm(1, move |peer| {
            let mut kind = [0];
            peer.wire.exactly(1, |byte| kind.copy_from_slice(byte))?;
            if kind == *b"e" {
                return talk::echo(peer);
            }
            let (mut say, mut hear) = peer.split();
            for piece in pieces(9, 1 << 20, 5_000) {
                say.send(piece)?;
            }
            go.wait();
            tell.send(stream::hear(&mut hear)?).unwrap();
            say.finish()
        });
        let gateway = Start::workers(1).run(&sides.document(&farm));
        let (mut say, mut hear) = sides.connect(&gateway).split();
        say.send("s").unwrap();
        let sender = std::thread::spawn(move || stream::send(&mut say, 4, LENGTH, 200_000).unwrap());
        // The other direction of the same session.
        let (mut heard, mut expected) = (Vec::new(), Adder::default());
        let mut block = vec![0; 10_000];
        while heard.len() < 1 << 20 {
            let count = hear.read(&mut block).unwrap();
            heard.extend_from_slice(&block[..count]);
        }
        let mut sum = Adder::default();
        sum.add(&heard);
        pieces(9, 1 << 20, 5_000).for_each(|piece| expected.add(piece));
        assert_eq!(sum.sum(), expected.sum(), "{sides}");
        // Another session.
        let mut other = sides.connect(&gateway);
        other.send("e").unwrap();
        for piece in pieces(6, 300_000, 50_000) {
            other.send(piece).unwrap();
            other.expect(piece);
        }
        assert!(!sender.is_finished(), "{sides}: nobody has read what is sent");
        gate.open();
        assert_eq!((told.next()), (sender.join().unwrap(), End::Fin), "{sides}");
        assert_eq!(hear.to_end(|_| {}), Ok(End::Fin), "{sides}");
    });
}

/// A reader with little room takes what it can, and gets all of it.
#[test]
fn a_slow_reader_gets_everything() {
    const LENGTH: usize = 3 << 20;
    for sides in Sides::ALL {
        let farm = sides.farm(1, |peer| {
            let (mut say, _hear) = peer.split();
            stream::send(&mut say, 8, LENGTH, 100_000).map(drop)
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let client = sides.connect(&gateway);
        socket2::SockRef::from(client.stream()).set_recv_buffer_size(64 * 1024).unwrap();
        let (mut say, mut hear) = client.split();
        let (mut sum, mut expected) = (Adder::default(), Adder::default());
        let mut block = [0; 777];
        loop {
            match hear.read(&mut block).unwrap() {
                0 => break,
                count => sum.add(&block[..count]),
            }
        }
        say.finish().unwrap();
        pieces(8, LENGTH, 100_000).for_each(|piece| expected.add(piece));
        assert_eq!(sum.sum(), expected.sum(), "{sides}");
        gateway.session_row().check("200", "closed", 0, LENGTH);
    }
}
