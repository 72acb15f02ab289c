//! Which protocol is agreed on.
//!
//! Source: RFC 7301; Azure, "Listener configuration": HTTP/2 is off unless `enableHttp2` says otherwise.

use e2e::{Ca, Document, Farm, Gateway, H2, Tls};

#[test]
fn http_2_is_chosen_where_it_is_enabled_and_offered() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let rows: [(&[&str], Option<&str>, Option<&str>); 8] = [
        (&["h2", "http/1.1"], Some("h2"), Some("http/1.1")),
        (&["http/1.1", "h2"], Some("h2"), Some("http/1.1")),
        (&["h2"], Some("h2"), None),
        (&["http/1.1"], Some("http/1.1"), Some("http/1.1")),
        (&["foo", "http/1.1"], Some("http/1.1"), Some("http/1.1")),
        (&["foo", "bar"], None, None),
        (&["http/1.0"], None, None),
        (&[], None, None),
    ];
    for enabled in [true, false] {
        let document = Document::https(&farm, &certificate).section("enableHttp2", enabled.to_string());
        let gateway = Gateway::start(&document);
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            for (offered, with, without) in rows {
                let expected = if enabled { with } else { without };
                let mut secure = gateway.secure(&tls.clone().protocols(offered));
                assert_eq!(secure.protocol.as_deref(), expected.map(str::as_bytes), "{offered:?}, enabled: {enabled}");
                if expected == Some("h2") {
                    let mut h2 = H2::on(secure.client.wire).begun(&[]);
                    assert_eq!(h2.get("/").status(), 200);
                } else {
                    assert_eq!(secure.client.get("a.com", "/").status, 200, "{offered:?}, enabled: {enabled}");
                }
            }
        }
    }
}

#[test]
fn by_default_http_2_is_off() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .certificate("cert", &Ca::root("root").server(&["a.com"]))
        .secure(&[("web", "sslCertificate: cert")]);
    let gateway = Gateway::start(&document);
    let secure = gateway.secure(&Tls::new().protocols(&["h2", "http/1.1"]));
    assert_eq!(secure.protocol.as_deref(), Some(&b"http/1.1"[..]));
}

#[test]
fn a_change_of_enable_http2_holds_for_connections_to_come() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let document = |enabled: &str| Document::https(&farm, &certificate).section("enableHttp2", enabled);
    let gateway = Gateway::start(&document("true"));
    let mut h2 = gateway.h2();
    h2.get("/");
    gateway.apply(&document("false")).unwrap();
    let secure = gateway.secure(&Tls::new().protocols(&["h2", "http/1.1"]));
    assert_eq!(secure.protocol.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(h2.get("/").status(), 200, "the open connection goes on");
}
