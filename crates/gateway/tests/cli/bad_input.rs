//! Input that is no document: a clear word, an exit code, soon, and nothing half started.

use std::time::{Duration, Instant};

use e2e::{Document, Folder};

use crate::command::gatehouse;

fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    text
}

#[test]
fn what_is_no_document_is_refused_with_its_reason() {
    let folder = Folder::new();
    let whole = Document::empty().text();
    folder.write("truncated.json", "{\"name\": \"gw\", \"properties\": {\"probes\": [");
    folder.write("truncated.yaml", &whole[..whole.len() - 10]);
    folder.write("empty.json", "");
    folder.write("blank.yaml", "\n# nothing\n\n");
    folder.write("binary.json", (0..=255).cycle().take(5000).collect::<Vec<u8>>());
    folder.write("large.json", "a".repeat(50_000_000));
    folder.write("bomb.yaml", bomb());
    folder.write("deep.json", "[".repeat(100_000));
    folder.write("other.json", "{\"a\": 1}");
    std::fs::create_dir(folder.path("folder")).unwrap();
    // File, exit code of `check`, words.
    let rows: [(&str, i32, &str); 11] = [
        ("missing.json", 2, "there is no such file"),
        ("folder", 2, "it is a folder"),
        ("truncated.json", 1, "the text ends"),
        ("truncated.yaml", 1, "truncated.yaml:"),
        ("empty.json", 1, "no application gateway"),
        ("blank.yaml", 1, "no application gateway"),
        ("binary.json", 2, "it is not UTF-8 text"),
        ("large.json", 2, "it is larger than"),
        ("bomb.yaml", 1, "unfolds to more than"),
        ("deep.json", 1, "deep.json:1:"),
        ("other.json", 1, "neither a resource"),
    ];
    for (file, code, words) in rows {
        let began = Instant::now();
        let checked = gatehouse(&folder, &["check", file]);
        assert_eq!(checked.code, code, "{file}: {checked:?}");
        assert!((checked.out.clone() + &checked.err).contains(words), "{file}: {checked:?}");
        let ran = gatehouse(&folder, &["run", file]);
        assert!([1, 2].contains(&ran.code), "{file}: {ran:?}");
        assert!(ran.err.contains(words), "{file}: {ran:?}");
        assert!(!ran.err.contains("listening"), "{file}: {ran:?}");
        assert!(!folder.path("state").exists(), "{file} left state behind");
        assert!(began.elapsed() < Duration::from_secs(10), "{file}: {:?}", began.elapsed());
    }
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_left_behind() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let document = Document::empty().port(80, &address.port().to_string());
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site() + "admin: {socket: admin.sock}\nfolders: {state: state}\n");
    let ended = gatehouse(&folder, &["run", "gateway.yaml", "--site", "site.yaml"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains(&format!("cannot listen on {address}: another program does already")), "{}", ended.err);
    assert!(!folder.path("admin.sock").exists() && !folder.path("state").exists());
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let folder = Folder::new();
    folder.write("gateway.yaml", Document::empty().text());
    let rows: [&[&str]; 5] = [
        &["chekc", "gateway.yaml"],
        &["check"],
        &["check", "gateway.yaml", "--format", "xml"],
        &["explain", "GET", "no-url", "gateway.yaml"],
        &["check", "gateway.yaml", "--site", "missing.yaml"],
    ];
    for args in rows {
        let ended = gatehouse(&folder, args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}: {ended:?}");
        assert!(!ended.err.is_empty(), "{args:?}");
    }
}

#[test]
fn nobody_to_ask_is_said() {
    let folder = Folder::new();
    for question in ["status", "health", "reload"] {
        let ended = gatehouse(&folder, &[question, "--socket", "admin.sock"]);
        assert_eq!(ended.code, 1, "{question}");
        assert!(ended.err.contains("admin.sock"), "{question}: {}", ended.err);
    }
}
