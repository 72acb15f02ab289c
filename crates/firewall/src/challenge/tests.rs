//! Clearances in times that are passed in.

use super::*;

mod answer;
mod page;

const NOW: Duration = Duration::from_secs(1_800_000_000);
const LIFETIME: Duration = Duration::from_secs(1800);
const CLIENT: &str = "192.0.2.1";

fn clearances() -> Clearances {
    Clearances::new(&[7; 32])
}

fn granted(kind: Kind) -> String {
    let value = clearances().grant(kind, CLIENT.parse().unwrap(), b"www.example.com", LIFETIME, NOW);
    format!("a=b; {}={value}", kind.cookie())
}

fn decide(
    kind: Kind,
    client: &str,
    method: &str,
    headers: &[(&str, &str)],
    body: Option<usize>,
    now: Duration,
) -> Decision {
    let headers: Vec<(&[u8], &[u8])> = headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let request = Request {
        method: method.as_bytes(),
        target: b"/",
        protocol: "HTTP/1.1",
        client: client.parse().unwrap(),
        client_port: 1,
        headers: &headers,
        id: "1",
    };
    clearances().decide(kind, &request, body, now)
}

#[test]
fn a_clearance_counts_for_its_client_host_kind_and_time() {
    let cookie = granted(Kind::Script);
    let host = ("Host", "www.example.com");
    let mine = ("Cookie", cookie.as_str());
    let second = Duration::from_secs(1);
    for (name, kind, client, headers, now, wanted) in [
        ("as granted", Kind::Script, CLIENT, &[host, mine][..], NOW, Decision::Valid),
        ("IPv4 in IPv6", Kind::Script, "::ffff:192.0.2.1", &[host, mine], NOW, Decision::Valid),
        ("a host in capitals", Kind::Script, CLIENT, &[("host", "WWW.example.com"), mine], NOW, Decision::Valid),
        ("its last second", Kind::Script, CLIENT, &[host, mine], NOW + LIFETIME - second, Decision::Valid),
        ("after its end", Kind::Script, CLIENT, &[host, mine], NOW + LIFETIME, Decision::Issue),
        ("another client", Kind::Script, "192.0.2.2", &[host, mine], NOW, Decision::Issue),
        ("another host", Kind::Script, CLIENT, &[("Host", "example.com"), mine], NOW, Decision::Issue),
        ("another kind", Kind::Captcha, CLIENT, &[host, mine], NOW, Decision::Issue),
        ("no cookie", Kind::Script, CLIENT, &[host], NOW, Decision::Issue),
        (
            "the same origin",
            Kind::Script,
            CLIENT,
            &[host, mine, ("Origin", "https://www.example.com")],
            NOW,
            Decision::Valid,
        ),
        (
            "another origin",
            Kind::Script,
            CLIENT,
            &[host, mine, ("Origin", "https://evil.example")],
            NOW,
            Decision::Issue,
        ),
        ("no origin", Kind::Script, CLIENT, &[host, mine, ("Origin", "null")], NOW, Decision::Issue),
    ] {
        assert_eq!(decide(kind, client, "GET", headers, None, now), wanted, "{name}");
    }
}

#[test]
fn what_was_not_sealed_here_is_no_clearance() {
    let good = granted(Kind::Script);
    let value = good.split_once("jsclearance=").unwrap().1;
    let (end, seal) = value.split_once('.').unwrap();
    let other =
        Clearances::new(&[8; 32]).grant(Kind::Script, CLIENT.parse().unwrap(), b"www.example.com", LIFETIME, NOW);
    for forged in [
        String::new(),
        ".".to_owned(),
        format!("{end}."),
        format!("{end}.{}", &seal[1..]),
        format!("{end}.{}", &seal[2..]),
        format!("{}.{seal}", end.parse::<u64>().unwrap() + 1),
        format!("18446744073709551616.{seal}"),
        format!("{end}.zz{}", &seal[2..]),
        other,
    ] {
        let cookie = format!("{}={forged}", Kind::Script.cookie());
        let headers = [("Host", "www.example.com"), ("Cookie", cookie.as_str())];
        assert_eq!(decide(Kind::Script, CLIENT, "GET", &headers, None, NOW), Decision::Issue, "{forged}");
    }
}

#[test]
fn a_post_that_could_not_be_sent_again_is_refused() {
    for (kind, method, length, body, wanted) in [
        (Kind::Script, "POST", "131072", None, Decision::Issue),
        (Kind::Script, "POST", "131073", None, Decision::Refuse),
        (Kind::Script, "POST", "no number", Some(131_073), Decision::Refuse),
        (Kind::Script, "PUT", "131073", None, Decision::Issue),
        (Kind::Captcha, "POST", "65536", None, Decision::Issue),
        (Kind::Captcha, "POST", "65537", None, Decision::Refuse),
    ] {
        let decided = decide(kind, CLIENT, method, &[("Content-Length", length)], body, NOW);
        assert_eq!(decided, wanted, "{kind:?} {method} {length} {body:?}");
    }
}

#[test]
fn a_clearance_that_never_ends_is_survived() {
    let value = clearances().grant(Kind::Captcha, CLIENT.parse().unwrap(), b"h", Duration::MAX, Duration::MAX);
    let cookie = format!("{}={value}", Kind::Captcha.cookie());
    let headers = [("Host", "h"), ("Cookie", cookie.as_str())];
    assert_eq!(decide(Kind::Captcha, CLIENT, "GET", &headers, None, NOW), Decision::Valid);
    assert_eq!(Lifetimes::default().of(Kind::Captcha), LIFETIME);
}
