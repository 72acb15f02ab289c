//! How sessions end: an end passes on in its own direction, and a reset passes on as a reset.

use std::io;

use e2e::peer::close;
use e2e::stream::{self, pieces};
use e2e::wait::until_true;
use e2e::{End, Gate, Gateway, Peer, Sides};

use super::pressure::fill;
use super::{each_way, post};

#[test]
fn a_client_that_has_said_all_still_hears_the_server() {
    for sides in Sides::ALL {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            tell.send(peer.wire.to_end()?).unwrap();
            peer.send("heard")?;
            peer.wire.finish();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        client.send("goodbye").unwrap();
        client.finish();
        assert_eq!(told.next(), (b"goodbye".to_vec(), End::Fin), "{sides}");
        assert_eq!(client.to_end(), Ok((b"heard".to_vec(), End::Fin)), "{sides}");
        gateway.session_row().check("200", "closed", 7, 5);
    }
}

#[test]
fn a_server_that_has_said_all_still_hears_the_client() {
    for sides in Sides::ALL {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            peer.send("goodbye")?;
            peer.wire.finish();
            tell.send(peer.wire.to_end()?).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        assert_eq!(client.to_end(), Ok((b"goodbye".to_vec(), End::Fin)), "{sides}");
        client.send("heard").unwrap();
        client.finish();
        assert_eq!(told.next(), (b"heard".to_vec(), End::Fin), "{sides}");
        gateway.session_row().check("200", "closed", 5, 7);
    }
}

/// What was sent before the end comes before the end, however much it is and however slowly it is taken.
#[test]
fn an_end_waits_for_the_bytes_before_it() {
    const LENGTH: usize = 6 << 20;
    for sides in Sides::ALL {
        let farm = sides.farm(1, |peer| {
            // Only once the client has ended, so that one direction is over while the other is busy.
            peer.wire.to_end()?;
            let (mut say, _hear) = peer.split();
            stream::send(&mut say, 5, LENGTH, 100_000).map(drop)
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        client.finish();
        let (_say, mut hear) = client.split();
        let mut expected = stream::Adder::default();
        pieces(5, LENGTH, 100_000).for_each(|piece| expected.add(piece));
        assert_eq!(stream::hear(&mut hear), Ok((expected.sum(), End::Fin)), "{sides}");
        gateway.session_row().check("200", "closed", 0, LENGTH);
    }
}

/// TLS ends with a word of its own. Without it something may be missing, and the other end is to know.
#[test]
fn an_end_without_the_word_of_tls_is_passed_on_as_one() {
    for sides in [Sides::TLS, Sides { client_tls: true, server_tls: false }] {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            tell.send(peer.wire.to_end()?).unwrap();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        client.send("half a wor").unwrap();
        client.stream().shutdown(std::net::Shutdown::Write).unwrap();
        let expected = if sides.server_tls { End::Truncated } else { End::Fin };
        assert_eq!(told.next(), (b"half a wor".to_vec(), expected), "{sides}");
    }
}

/// TLS has an end of its own, which need not be that of the connection.
#[test]
fn the_word_of_tls_alone_is_an_end() {
    for sides in [Sides::TLS, Sides { client_tls: true, server_tls: false }] {
        let (tell, told) = post();
        let farm = sides.farm(1, move |peer| {
            tell.send(peer.wire.to_end()?).unwrap();
            peer.send("heard")?;
            peer.wire.finish();
            Ok(())
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let (mut say, mut hear) = sides.connect(&gateway).split();
        say.send("goodbye").unwrap();
        say.end_tls().unwrap();
        assert_eq!(told.next(), (b"goodbye".to_vec(), End::Fin), "{sides}");
        let mut heard = Vec::new();
        assert_eq!(hear.to_end(|piece| heard.extend_from_slice(piece)), Ok(End::Fin), "{sides}");
        assert_eq!(heard, b"heard", "{sides}");
    }
}

/// Waits for its end and tells of it.
fn listen(peer: &mut Peer, tell: &std::sync::mpsc::SyncSender<End>) -> io::Result<()> {
    tell.send(peer.wire.to_end()?.1).unwrap();
    close()
}

#[test]
fn a_clients_reset_reaches_the_server_as_one() {
    for sides in Sides::ALL {
        // When it comes: at once, after a talk, after the server's end.
        for (moment, greeting, server_ends) in
            [("at once", "", false), ("later", "hello", false), ("late", "hello", true)]
        {
            let (tell, told) = post();
            let farm = sides.farm(1, move |peer| {
                peer.send(greeting)?;
                if server_ends {
                    peer.wire.finish();
                }
                listen(peer, &tell)
            });
            let gateway = Gateway::start(&sides.document(&farm));
            let mut client = sides.connect(&gateway);
            farm.wait_visits(1);
            client.expect(greeting);
            if server_ends {
                client.expect_end(End::Fin);
            }
            client.reset();
            assert_eq!(told.next(), End::Reset, "{sides}, {moment}");
            let end = if server_ends { "reset_after_end" } else { "client_reset" };
            gateway.session_row().check("200", end, 0, greeting.len());
        }
    }
}

#[test]
fn a_servers_reset_reaches_the_client_as_one() {
    for sides in Sides::ALL {
        // What the client says before it, whether it ends its direction then, and what the log says: a server that
        // breaks off before anything moved was no use.
        for (moment, word, client_ends, status) in
            [("at once", "", false, "502"), ("later", "hello", false, "200"), ("late", "hello", true, "200")]
        {
            let gate = Gate::new();
            let go = gate.clone();
            let farm = sides.farm(1, move |peer| {
                go.wait();
                peer.wire.exactly(word.len(), |_| {})?;
                if client_ends {
                    assert_eq!(peer.wire.to_end()?.1, End::Fin);
                }
                peer.reset()
            });
            let gateway = Gateway::start(&sides.document(&farm));
            let mut client = sides.connect(&gateway);
            client.send(word).unwrap();
            if client_ends {
                client.finish();
            }
            // Before that, it would be a server that cannot be had.
            until_true("the server to be had", || gateway.status().counters.backend_connections == 1);
            gate.open();
            assert_eq!(client.to_end(), Ok((Vec::new(), End::Reset)), "{sides}, {moment}");
            let end = if client_ends { "reset_after_end" } else { "server_reset" };
            gateway.session_row().check(status, end, word.len(), 0);
        }
    }
}

/// The client says more than anybody takes; then one of the two breaks off. Nobody reads from the client just then.
#[test]
fn a_reset_is_noticed_while_the_bytes_towards_the_server_stand_still() {
    each_way(|sides, client_breaks| {
        let (full, gate) = (Gate::new(), Gate::new());
        let (tell, told) = post();
        let (go, full_there) = (gate.clone(), full.clone());
        let farm = sides.farm(1, move |peer| {
            full_there.wait();
            if !client_breaks {
                return peer.reset();
            }
            go.wait();
            listen(peer, &tell)
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let (mut say, mut hear) = sides.connect(&gateway).split();
        fill(&mut say);
        full.open();
        if client_breaks {
            say.reset();
            drop(hear);
            // The row comes first: the server has not looked yet.
            assert_eq!(gateway.session_row().outcome(), ("200", "client_reset"), "{sides}");
            gate.open();
            assert_eq!(told.next(), End::Reset, "{sides}");
        } else {
            assert_eq!(hear.to_end(|_| {}), Ok(End::Reset), "{sides}");
            assert_eq!(gateway.session_row().outcome(), ("200", "server_reset"), "{sides}");
        }
    });
}

/// The same towards the client.
#[test]
fn a_reset_is_noticed_while_the_bytes_towards_the_client_stand_still() {
    each_way(|sides, client_breaks| {
        let full = Gate::new();
        let (tell, told) = post();
        let full_there = full.clone();
        let farm = sides.farm(1, move |peer| {
            let (mut say, mut hear) = peer.split();
            fill(&mut say);
            full_there.open();
            if client_breaks {
                tell.send(hear.to_end(|_| {})?).unwrap();
                return Ok(());
            }
            say.reset();
            drop(hear);
            close()
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let (say, mut hear) = sides.connect(&gateway).split();
        full.wait();
        if client_breaks {
            say.reset();
            drop(hear);
            assert_eq!(told.next(), End::Reset, "{sides}");
            assert_eq!(gateway.session_row().outcome(), ("200", "client_reset"), "{sides}");
        } else {
            assert_eq!(gateway.session_row().outcome(), ("200", "server_reset"), "{sides}");
            assert_eq!(hear.to_end(|_| {}), Ok(End::Reset), "{sides}");
        }
    });
}
