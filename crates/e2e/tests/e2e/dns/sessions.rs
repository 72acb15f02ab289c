//! TCP and TLS sessions while the addresses of a name come and go.

use e2e::{End, Sides, Wire, talk};

use super::*;

fn session_document(sides: Sides, farm: &Farm) -> Document {
    let setting = sides.setting("bytes", "timeout: 60, gatehouse: {drainTimeoutInSec: 1}");
    sides
        .document(farm)
        .byte_settings_probed(farm, &[setting], "interval: 1, timeout: 1, unhealthyThreshold: 1")
        .section("backendAddressPools", "[{name: pool, backendAddresses: [{fqdn: shop.example}]}]")
}

/// A session with this server, which has said its number.
#[track_caller]
fn session_with(sides: Sides, gateway: &Gateway, server: u8) -> Wire {
    until("a session with this server", || {
        let mut wire = sides.connect(gateway);
        let mut name = 0;
        wire.exactly(1, |bytes| name = bytes[0]).unwrap();
        (name == b'0' + server).then_some(wire)
    })
}

#[test]
fn sessions_at_addresses_that_stay_live_on_and_the_others_are_drained() {
    for sides in [Sides::TCP, Sides::TLS] {
        let farm = sides.farm(4, talk::name);
        let (server, folder) = (NameServer::start(always(at(&farm, &[0, 1], 0))), Folder::new());
        let gateway = start(&session_document(sides, &farm), &server, &folder);
        wait_servers(&gateway, &farm, &[0, 1]);
        let (mut stays, mut goes) = (session_with(sides, &gateway, 0), session_with(sides, &gateway, 1));
        for servers in [[0, 2], [0, 3], [0, 2], [0, 3]] {
            server.follow(always(at(&farm, &servers, 0)));
            wait_servers(&gateway, &farm, &servers);
            stays.send("still here").unwrap();
            stays.expect("still here");
        }
        goes.expect_end(End::Fin);
        // An outage touches nobody.
        server.follow(always(Says::Code(2)));
        wait_code(&gateway, "shop.example", "Stale");
        stays.send("still here").unwrap();
        stays.expect("still here");
        drop(session_with(sides, &gateway, 3));
    }
}
