//! The `openssl` program as a client: what it offers is its own, so that no library of ours judges itself.

use std::io::{Read, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wait::PATIENCE;

/// Whether the program is there. Says so, once, when it is not: the tests that need it then prove nothing.
pub fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let there = Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
        if !there {
            let _ =
                writeln!(std::io::stderr(), "\n********\nSKIPPED: the program `openssl` is not installed\n********");
        }
        there
    })
}

/// What came of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The version and suite, in the program's words.
    pub agreed: Option<(String, String)>,
    /// The number of the alert that the server sent.
    pub alert: Option<u8>,
    /// Everything that was printed.
    pub text: String,
}

/// `openssl s_client` with these arguments; `input` goes to the server. Ended when it takes longer than a test may.
pub fn s_client(address: SocketAddr, arguments: &[&str], input: &str) -> Outcome {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &address.to_string()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let outputs = [read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap())];
    let mut stdin = child.stdin.take().unwrap();
    // It may have given up by now.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let end = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    let text = outputs.map(|output| output.join().unwrap()).concat();
    Outcome { agreed: agreed(&text), alert: alert(&text), text }
}

fn read(mut output: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// From `New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384`, with the version of the session where TLS 1.2 was spoken.
fn agreed(text: &str) -> Option<(String, String)> {
    let line = text.lines().find(|line| line.contains(", Cipher is "))?;
    let (_, suite) = line.split_once(", Cipher is ")?;
    if suite == "(NONE)" {
        return None;
    }
    let protocol = text.lines().find_map(|line| line.trim().strip_prefix("Protocol  : "));
    let first = line.split(", ").nth(1)?;
    Some((protocol.unwrap_or(first).to_owned(), suite.to_owned()))
}

/// From `...:SSL alert number 40`.
fn alert(text: &str) -> Option<u8> {
    let at = text.find("SSL alert number ")?;
    let number: String = text[at + 17..].chars().take_while(char::is_ascii_digit).collect();
    number.parse().ok()
}
