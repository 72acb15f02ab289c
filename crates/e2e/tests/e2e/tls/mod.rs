//! TLS with clients and with servers.

mod certificates;
mod clients;
mod fingerprint;
mod noise;
mod policies;
mod ports;
mod protocols;
mod redirect;
mod resumption;
mod revocation;
mod rotation;
mod server_certificates;
mod server_handshakes;
mod server_names;
mod sni;
mod streams;

use e2e::{Ca, Document, Farm, Gateway, Issued};

/// Three sites on one port: `b.com` with the best priority, then `a.com`, then every name under `wild.com`.
struct Sites {
    a: Issued,
    b: Issued,
    wild: Issued,
    basic: Issued,
}

impl Sites {
    fn new() -> Self {
        let ca = Ca::root("sites");
        Self {
            a: ca.server(&["a.com"]),
            b: ca.server(&["b.com"]),
            wild: ca.server(&["*.wild.com"]),
            basic: ca.server(&["basic.com"]),
        }
    }

    /// The three of them; with a listener for every host behind them if asked for.
    fn document(&self, farm: &Farm, with_basic: bool) -> Document {
        let document = Document::new(farm)
            .certificate("a", &self.a)
            .certificate("b", &self.b)
            .certificate("wild", &self.wild)
            .section("enableHttp2", "true");
        let mut listeners = vec![
            ("a", "hostName: a.com, sslCertificate: a"),
            ("wild", "hostNames: ['*.wild.com'], sslCertificate: wild"),
            ("b", "hostName: b.com, sslCertificate: b"),
        ];
        if !with_basic {
            return document.secure(&listeners).rules_for(&["b", "a", "wild"]);
        }
        listeners.insert(0, ("basic", "sslCertificate: basic"));
        document.certificate("basic", &self.basic).secure(&listeners).rules_for(&["b", "a", "wild", "basic"])
    }
}

/// A gateway with one listener `web` on port 443 before one server.
fn simple() -> (Farm, Gateway) {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    (farm, gateway)
}
