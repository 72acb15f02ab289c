//! Answers to puzzles, right and tampered with.

use super::super::puzzle::BITS;
use super::*;
use crate::events::Action;

const NONCE: [u8; 12] = [9; 12];

/// A request to the endpoint, or for the page.
struct Sent<'a> {
    method: &'a str,
    client: &'a str,
    host: &'a str,
    origin: Option<&'a str>,
}

const GOOD: Sent<'static> =
    Sent { method: "POST", client: CLIENT, host: "www.example.com", origin: Some("http://www.example.com") };

impl Sent<'_> {
    fn with<T>(&self, of: impl FnOnce(&Request<'_>) -> T) -> T {
        let mut headers: Vec<(&[u8], &[u8])> = vec![(b"host", self.host.as_bytes())];
        headers.extend(self.origin.map(|origin| (b"origin".as_slice(), origin.as_bytes())));
        of(&Request {
            method: self.method.as_bytes(),
            target: ENDPOINT.as_bytes(),
            protocol: "HTTP/1.1",
            client: self.client.parse().unwrap(),
            client_port: 1,
            headers: &headers,
            id: "1",
        })
    }

    fn answer(&self, body: &[u8], now: Duration) -> Result<String, Refusal> {
        self.with(|request| clearances().answer(request, body, false, now))
    }
}

fn given(sent: &Sent<'_>) -> String {
    sent.with(|request| clearances().puzzle(request, LIFETIME, &NONCE, NOW))
}

fn zero_bits(text: &str) -> u32 {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let zeros = hash.as_ref().iter().take_while(|byte| **byte == 0).count();
    u32::try_from(zeros * 8).unwrap() + hash.as_ref()[zeros].leading_zeros()
}

fn solved(puzzle: &str, is_right: impl Fn(u32) -> bool) -> String {
    (0..).map(|number| format!("{puzzle}:{number}")).find(|answer| is_right(zero_bits(answer))).unwrap()
}

#[test]
fn a_right_answer_gives_a_cookie_that_clears() {
    let body = solved(&given(&GOOD), |bits| bits >= BITS);

    let cookie = GOOD.answer(body.as_bytes(), NOW).unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=1800; HttpOnly; SameSite=Lax");
    for (client, host, now, wanted) in [
        (CLIENT, "www.example.com", NOW, Decision::Valid),
        (CLIENT, "www.example.com", NOW + LIFETIME, Decision::Issue),
        ("192.0.2.2", "www.example.com", NOW, Decision::Issue),
        (CLIENT, "example.com", NOW, Decision::Issue),
    ] {
        let decided = decide(Kind::Script, client, "GET", &[("Host", host), ("Cookie", pair)], None, now);
        assert_eq!(decided, wanted, "{client} {host} {now:?}");
    }

    let over_tls = GOOD.with(|request| clearances().answer(request, body.as_bytes(), true, NOW)).unwrap();
    assert_eq!(over_tls, format!("{cookie}; Secure"));
}

#[test]
fn an_answer_counts_again_for_the_same_client_while_it_lives() {
    let body = solved(&given(&GOOD), |bits| bits >= BITS);
    let seconds = |seconds| NOW + Duration::from_secs(seconds);
    for (name, sent, now, wanted) in [
        ("at once", GOOD, NOW, None),
        ("its last second", GOOD, seconds(119), None),
        ("after it", GOOD, seconds(120), Some(Refusal::Old)),
        ("a clock behind", GOOD, NOW - Duration::from_secs(10), None),
        ("from the future", GOOD, NOW - Duration::from_secs(11), Some(Refusal::Old)),
        ("another client", Sent { client: "192.0.2.2", ..GOOD }, NOW, Some(Refusal::Puzzle)),
        ("IPv4 in IPv6", Sent { client: "::ffff:192.0.2.1", ..GOOD }, NOW, None),
        (
            "another host",
            Sent { host: "example.com", origin: Some("http://example.com"), ..GOOD },
            NOW,
            Some(Refusal::Puzzle),
        ),
        ("a host in capitals", Sent { host: "WWW.example.com", ..GOOD }, NOW, None),
        ("TLS ends before us", Sent { origin: Some("https://www.example.com"), ..GOOD }, NOW, None),
        ("another origin", Sent { origin: Some("https://evil.example"), ..GOOD }, NOW, Some(Refusal::Origin)),
        ("another port", Sent { origin: Some("http://www.example.com:81"), ..GOOD }, NOW, Some(Refusal::Origin)),
        ("no origin of ours", Sent { origin: Some("null"), ..GOOD }, NOW, Some(Refusal::Origin)),
        ("no origin", Sent { origin: None, ..GOOD }, NOW, Some(Refusal::Origin)),
        ("no POST", Sent { method: "GET", ..GOOD }, NOW, Some(Refusal::Method)),
    ] {
        assert_eq!(sent.answer(body.as_bytes(), now).err(), wanted, "{name}");
    }
}

#[test]
fn what_was_tampered_with_is_no_answer() {
    let puzzle = given(&GOOD);
    let (open, seal) = puzzle.rsplit_once('.').unwrap();
    let parts: Vec<&str> = open.split('.').collect();
    let changed = |place: usize, value: &str| {
        let mut parts = parts.clone();
        parts[place] = value;
        solved(&format!("{}.{seal}", parts.join(".")), |bits| bits >= 1)
    };
    let captcha = GOOD.with(|r| clearances().puzzle_of(Kind::Captcha, 1, r, LIFETIME, &NONCE, NOW));
    let foreign = GOOD.with(|r| Clearances::new(&[8; 32]).puzzle_of(Kind::Script, 1, r, LIFETIME, &NONCE, NOW));
    let clearance = granted(Kind::Script).split_once("clearance=").unwrap().1.to_owned();
    let mut signs = (0..).map(|number| format!("{puzzle}:+{number}"));
    let signed = signs.find(|answer| zero_bits(answer) >= BITS).unwrap();
    for (name, body, wanted) in [
        ("a bit short", solved(&puzzle, |bits| bits == BITS - 1), Refusal::Wrong),
        ("no number", format!("{puzzle}:"), Refusal::Wrong),
        ("a sign", signed, Refusal::Wrong),
        ("no answer", puzzle.clone(), Refusal::Puzzle),
        ("given later", changed(0, "1800000060"), Refusal::Puzzle),
        ("longer life", changed(1, "86400"), Refusal::Puzzle),
        ("easier", changed(2, "1"), Refusal::Puzzle),
        ("another nonce", changed(3, "00"), Refusal::Puzzle),
        ("half a seal", solved(&puzzle[..puzzle.len() - 32], |bits| bits >= 1), Refusal::Puzzle),
        ("no seal", format!("{open}.:1"), Refusal::Puzzle),
        ("another kind", solved(&captcha, |bits| bits >= 1), Refusal::Puzzle),
        ("another key", solved(&foreign, |bits| bits >= 1), Refusal::Puzzle),
        ("a clearance", solved(&clearance, |bits| bits >= 1), Refusal::Puzzle),
        ("nothing", String::new(), Refusal::Puzzle),
        ("points", "....:....".to_owned(), Refusal::Puzzle),
        ("at the limit", "1".repeat(MAX_ANSWER), Refusal::Puzzle),
        ("too large", "1".repeat(MAX_ANSWER + 1), Refusal::TooLarge),
    ] {
        assert_eq!(GOOD.answer(body.as_bytes(), NOW), Err(wanted), "{name}");
    }
    assert_eq!(GOOD.answer(&[0xff, b':', b'1'], NOW), Err(Refusal::Puzzle), "no text");
}

#[test]
fn a_puzzle_is_no_clearance() {
    let cookie = format!("{}={}", Kind::Script.cookie(), given(&GOOD));
    let headers = [("Host", "www.example.com"), ("Cookie", cookie.as_str())];
    assert_eq!(decide(Kind::Script, CLIENT, "GET", &headers, None, NOW), Decision::Issue);
}

#[test]
fn the_log_tells_what_became_of_an_answer() {
    for (answer, action, message) in [
        (Ok("a=b".to_owned()), "JSChallengePass", "Challenge answered"),
        (Err(Refusal::Wrong), "JSChallengeBlock", "Challenge not answered: wrong"),
        (Err(Refusal::TooLarge), "JSChallengeBlock", "Challenge not answered: size"),
    ] {
        let event = told(&answer);
        assert_eq!((event.action, event.message.as_str()), (Action::Custom(action), message));
    }
}
