//! The page, and its script run by a JavaScript engine where there is one.

use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

const NONCE: [u8; 12] = [0xa5; 12];

fn of<T>(method: &str, of: impl FnOnce(&Request<'_>) -> T) -> T {
    of(&Request {
        method: method.as_bytes(),
        target: b"/<script>alert(1)</script>",
        protocol: "HTTP/1.1",
        client: CLIENT.parse().unwrap(),
        client_port: 1,
        headers: &[(b"host", b"www.example.com"), (b"origin", b"http://www.example.com"), (b"referer", b"\"><b>")],
        id: "<1>",
    })
}

fn page(method: &str) -> Page {
    of(method, |request| clearances().page(request, LIFETIME, &NONCE, NOW))
}

#[test]
fn a_page_is_small_whole_and_reflects_nothing() {
    let page = page("GET");
    let puzzle = of("GET", |request| clearances().puzzle(request, LIFETIME, &NONCE, NOW));
    assert!(page.html.len() < 6 << 10, "{}", page.html.len());
    assert!(page.html.contains(&format!("data-puzzle=\"{puzzle}\" data-bits=\"16\"")));
    for absent in ["alert(1)", "www.example.com", CLIENT, "<b>", "<1>", "src=", "href=", "://"] {
        assert!(!page.html.contains(absent), "{absent}");
    }
    for left in ["{nonce}", "{puzzle}", "{bits}", "{endpoint}", "{form}", "{script}"] {
        assert!(!page.html.contains(left), "{left}");
    }
    assert!(puzzle.bytes().all(|byte| byte == b'.' || byte.is_ascii_hexdigit()), "{puzzle}");

    let fields = page.fields();
    let field = |name| fields.iter().find(|(n, _)| *n == name).unwrap().1;
    assert_eq!(field("Cache-Control"), "no-store");
    let nonce = "a5".repeat(12);
    assert!(field("Content-Security-Policy").contains(&format!("script-src 'nonce-{nonce}'")));
    assert_eq!(page.html.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
}

#[test]
fn only_what_has_no_body_is_loaded_again() {
    for (method, form) in [("GET", "no"), ("HEAD", "no"), ("POST", "yes"), ("PUT", "yes")] {
        assert!(page(method).html.contains(&format!("data-form=\"{form}\"")), "{method}");
    }
}

#[test]
fn the_endpoint_is_one_path() {
    for (target, wanted) in [
        ("/.gatehouse/challenge", true),
        ("/.gatehouse/challenge?a=b", true),
        ("/.gatehouse/challenge/", false),
        ("/.gatehouse/challenges", false),
        ("/a/.gatehouse/challenge", false),
        ("/", false),
        ("", false),
    ] {
        assert_eq!(is_endpoint(target.as_bytes()), wanted, "{target}");
    }
}

/// What the script finds in a browser, as far as it asks: it prints what is sent, then what the page does.
const BROWSER: &str = r"
const SCRIPT = process.argv[1], ANSWER = JSON.parse(process.argv[2]), said = {}, kept = {};
const dataset = JSON.parse(process.argv[3]);
globalThis.document = { currentScript: { dataset }, getElementById: () => said };
Object.defineProperty(globalThis, 'navigator', { value: { cookieEnabled: ANSWER.cookies } });
globalThis.sessionStorage = { getItem: name => ANSWER.kept || null, setItem: (name, value) => { kept[name] = value; } };
globalThis.location = { reload: () => console.log('reload') };
globalThis.fetch = (to, how) => {
  console.log(how.method + ' ' + to + ' ' + how.body);
  return Promise.resolve({ ok: ANSWER.ok, text: () => Promise.resolve(ANSWER.text) });
};
process.on('exit', () => console.log(said.textContent || ''));
(0, eval)(SCRIPT);
";

/// Runs the script of a page; its lines. `None`, told on the terminal: there is no `node`.
fn run(html: &str, answer: &serde_json::Value) -> Option<Vec<String>> {
    let (_, tag) = html.split_once("<script ").unwrap();
    let (attributes, rest) = tag.split_once('>').unwrap();
    let (script, _) = rest.split_once("</script>").unwrap();
    let data = |attribute: &str| {
        let (name, value) = attribute.strip_prefix("data-")?.split_once('=')?;
        Some((name.to_owned(), serde_json::Value::from(value.trim_matches('"'))))
    };
    let dataset: serde_json::Map<_, _> = attributes.split(' ').filter_map(data).collect();
    let mut command = Command::new("node");
    command.args(["-e", BROWSER, "--", script, &answer.to_string()]);
    command.arg(serde_json::Value::from(dataset).to_string());
    let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else {
        // Past the harness, which hides what passing tests print.
        writeln!(std::io::stderr(), "NOT PROVEN: node is missing, the challenge's script was not run").unwrap();
        return None;
    };
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn the_script_sends_what_is_taken_here_and_goes_on() {
    let recently = "4 99999999999999";
    let answer = |ok, text, kept| serde_json::json!({ "cookies": true, "ok": ok, "text": text, "kept": kept });
    for (name, method, answer, wanted) in [
        ("a page", "GET", answer(true, "", ""), ["reload", ""].as_slice()),
        ("a form", "POST", answer(true, "", ""), &["Your browser has been checked. What you sent was"]),
        ("cleared for ever", "GET", answer(true, "", recently), &["Your browser was checked, but"]),
        ("too late", "GET", answer(false, "old\n", ""), &["reload", ""]),
        ("refused", "GET", answer(false, "origin\n", ""), &["Your browser could not be checked (origin)"]),
    ] {
        let Some(lines) = run(&page(method).html, &answer) else { return };
        let body = lines[0].strip_prefix(&format!("POST {ENDPOINT} ")).unwrap();
        let taken = of("POST", |request| clearances().answer(request, body.as_bytes(), false, NOW));
        assert!(taken.is_ok(), "{name}: {taken:?}");
        assert_eq!(lines.len(), wanted.len() + 1, "{name}: {lines:?}");
        assert!(lines.iter().skip(1).zip(wanted).all(|(line, start)| line.starts_with(start)), "{name}: {lines:?}");
    }
}

/// Around the length at which what ends a text needs a block of its own, and that of a whole block.
#[test]
fn the_script_hashes_texts_of_any_length() {
    for length in (111..=128).chain([1, 45, 63, 64, 191, 192]) {
        let puzzle = "a".repeat(length);
        let tag = format!("<script data-puzzle=\"{puzzle}\" data-bits=\"6\" data-endpoint=\"/\" data-form=\"no\">");
        let html = format!("{tag}{}</script>", include_str!("../script.js"));
        let Some(lines) = run(&html, &serde_json::json!({ "cookies": true, "ok": true })) else { return };
        let body = lines[0].strip_prefix("POST / ").unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
        assert!(hash.as_ref()[0] < 4, "{length}: {body}");
    }
}

#[test]
fn without_cookies_the_script_says_so_and_sends_nothing() {
    let Some(lines) = run(&page("GET").html, &serde_json::json!({ "cookies": false })) else { return };
    assert_eq!(lines, ["This site needs cookies. Please allow them and load the page again."]);
}
