//! Where redirects lead.

use proptest::prelude::*;

use super::*;

fn hosts(patterns: &[&str]) -> Box<[HostPattern]> {
    patterns.iter().map(|text| HostPattern::parse(text).unwrap()).collect()
}

fn to_listener(scheme: Scheme, port: u16, patterns: &[&str], include_path: bool, include_query: bool) -> Redirect {
    let target = RedirectTarget::Listener(ListenerTarget { scheme, port, hosts: hosts(patterns) });
    Redirect { status: RedirectStatus::MovedPermanently, target, include_path, include_query }
}

fn to_url(url: &str, include_path: bool, include_query: bool) -> Redirect {
    let target = RedirectTarget::Url(UrlTarget::parse(url).unwrap());
    Redirect { status: RedirectStatus::Found, target, include_path, include_query }
}

fn location(redirect: &Redirect, host: &str, target: &str) -> String {
    let mut out = Vec::new();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query.as_bytes())));
    redirect.location(&RequestTarget { host: host.as_bytes(), path: path.as_bytes(), query }, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_specified_vectors() {
    use Scheme::Https;
    let rows = [
        (to_listener(Https, 443, &["a.com"], true, true), "a.com", "/x/y?q=1", "https://a.com/x/y?q=1"),
        (to_listener(Https, 443, &["a.com"], true, false), "a.com", "/x?q=1", "https://a.com/x"),
        (to_listener(Https, 8443, &[], true, false), "a.com:8080", "/x", "https://a.com:8443/x"),
        (to_url("https://b.com/land", false, false), "a.com", "/x?q=1", "https://b.com/land"),
        (to_url("https://b.com/", true, true), "a.com", "/x?q=1", "https://b.com/x?q=1"),
    ];
    for (redirect, host, target, expected) in rows {
        assert_eq!(location(&redirect, host, target), expected);
    }
}

#[test]
fn a_listener_target_keeps_the_host_it_answers_to() {
    use Scheme::{Http, Https};
    let rows = [
        (to_listener(Https, 443, &["*.a.com"], true, true), "x.a.com:80", "/", "https://x.a.com/"),
        (to_listener(Https, 443, &["b.com"], true, true), "a.com", "/", "https://b.com/"),
        (to_listener(Https, 443, &["*.b.com"], true, true), "a.com", "/", "https://a.com/"),
        (to_listener(Https, 443, &["b.com", "c.com"], true, true), "a.com", "/", "https://a.com/"),
        (to_listener(Https, 443, &["b.com", "c.com"], true, true), "c.com", "/", "https://c.com/"),
        (to_listener(Https, 443, &[], true, true), "[::1]:80", "/", "https://[::1]/"),
        (to_listener(Http, 80, &[], false, true), "a.com", "/x?q", "http://a.com/?q"),
        (to_listener(Https, 80, &[], false, false), "a.com", "/x?q", "https://a.com:80/"),
        (to_listener(Https, 443, &["b.com"], true, true), "", "/x", "https://b.com/x"),
        (to_listener(Https, 443, &[], true, true), "", "/x", "/x"),
        (to_listener(Https, 443, &[], true, true), "a.com", "*", "https://a.com/"),
        (to_listener(Https, 443, &[], true, true), "a.com", "/x?", "https://a.com/x"),
    ];
    for (redirect, host, target, expected) in rows {
        assert_eq!(location(&redirect, host, target), expected, "{redirect:?} {host} {target}");
    }
}

#[test]
fn a_url_target_takes_path_and_query_in_their_places() {
    let rows = [
        ("https://b.com", true, true, "/x?q", "https://b.com/x?q"),
        ("https://b.com/base/", true, false, "/x?q", "https://b.com/base/x"),
        ("https://b.com/base", true, false, "/x", "https://b.com/base/x"),
        ("https://b.com/land?a=1", false, true, "/x?q=1", "https://b.com/land?a=1&q=1"),
        ("https://b.com/land?", false, true, "/x?q=1", "https://b.com/land?q=1"),
        ("https://b.com/land?a=1", false, true, "/x", "https://b.com/land?a=1"),
        ("https://b.com/land#top", false, true, "/x?q=1", "https://b.com/land?q=1#top"),
        ("https://b.com/l?a#top", true, true, "/x?q=1", "https://b.com/l/x?a&q=1#top"),
        ("https://b.com?a", true, true, "/x", "https://b.com/x?a"),
        ("https://b.com", true, false, "*", "https://b.com/"),
        ("https://b.com", false, true, "/x?q=1", "https://b.com?q=1"),
    ];
    for (url, path, query, target, expected) in rows {
        assert_eq!(location(&to_url(url, path, query), "a.com", target), expected, "{url} {target}");
    }
}

#[test]
fn client_bytes_cannot_leave_their_place() {
    let redirect = to_listener(Scheme::Https, 443, &[], true, true);
    let rows = [
        ("a.com", "/x\r\nSet-Cookie: a?b\0c", "https://a.com/x%0D%0ASet-Cookie:%20a?b%00c"),
        ("a.com", "/é<\">", "https://a.com/%C3%A9%3C%22%3E"),
        ("a.com", "/\\evil.com", "https://a.com/%5Cevil.com"),
        ("a.com", "//evil.com/", "https://a.com//evil.com/"),
        ("evil.com/@a.com", "/", "https://evil.com%2F%40a.com/"),
        ("a.com\r\nX: y", "/", "https://a.com%0D%0AX/"),
    ];
    for (host, target, expected) in rows {
        assert_eq!(location(&redirect, host, target), expected);
    }
}

#[test]
fn what_a_redirect_url_may_be() {
    use RedirectUrlError::*;
    let rows: &[(&str, Option<RedirectUrlError>)] = &[
        ("https://b.com", None),
        ("HTTP://b.com:8080/x?y#z", None),
        ("https://[::1]:8443/", None),
        ("https://u@b.com:1/", None),
        ("/relative", Some(Scheme)),
        ("b.com", Some(Scheme)),
        ("ftp://b.com", Some(Scheme)),
        ("https://", Some(NoHost)),
        ("https:///x", Some(NoHost)),
        ("https://:443/", Some(NoHost)),
        ("https://b.com:0/", Some(Port)),
        ("https://b.com:99999/", Some(Port)),
        ("https://b.com/a b", Some(Character(' '))),
        ("https://b.com/\r\n", Some(Character('\r'))),
        ("https://bücher.example/", Some(Character('ü'))),
    ];
    for (url, expected) in rows {
        assert_eq!(UrlTarget::parse(url).err(), *expected, "{url}");
    }
    let url = UrlTarget::parse("https://u:p@[::1]:8443/x").unwrap();
    assert_eq!((url.host(), url.port(), url.scheme()), ("[::1]", 8443, super::Scheme::Https));
}

#[test]
fn a_redirect_that_comes_back_is_a_loop() {
    let rows = [
        (to_listener(Scheme::Http, 80, &["a.com"], true, true), true, "same listener"),
        (to_listener(Scheme::Http, 80, &["a.com"], false, true), true, "same listener, whole site"),
        (to_listener(Scheme::Https, 443, &["a.com"], true, true), false, "another scheme"),
        (to_listener(Scheme::Http, 8080, &["a.com"], true, true), false, "another port"),
        (to_listener(Scheme::Http, 80, &["b.com"], true, true), false, "another host"),
        (to_url("http://a.com/land", false, false), true, "own address, whole site"),
        (to_url("https://a.com", true, false), false, "own address with TLS"),
    ];
    let source = hosts(&["a.com"]);
    let entrance = Entrance { scheme: Scheme::Http, port: 80, hosts: &source };
    let request = RequestTarget { host: b"a.com", path: b"/x", query: None };
    for (redirect, expected, rule) in rows {
        assert_eq!(redirect.loops_to_itself(&entrance, &request, |_| true), expected, "{rule}");
    }
    let moved = to_url("http://a.com/new", false, false);
    assert!(!moved.loops_to_itself(&entrance, &request, |path| path == b"/x"), "the new path is not redirected");
}

proptest! {
    #[test]
    fn a_location_never_holds_a_control_byte_or_a_space(
        host in proptest::collection::vec(any::<u8>(), 0..20),
        path in proptest::collection::vec(any::<u8>(), 0..40),
        query in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
    ) {
        let request = RequestTarget { host: &host, path: &path, query: query.as_deref() };
        let listener = to_listener(Scheme::Https, 8443, &["*.a.com"], true, true);
        for redirect in [listener, to_url("https://b.com/x?y#z", true, true)] {
            let mut out = Vec::new();
            redirect.location(&request, &mut out);
            prop_assert!(out.iter().all(u8::is_ascii_graphic), "{:?}", String::from_utf8_lossy(&out));
        }
    }
}
