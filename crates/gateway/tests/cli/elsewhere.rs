//! What a gateway needs from elsewhere: error pages, keys of token issuers, and what it keeps of them.

use e2e::wait::until_true;
use e2e::{Document, Farm, Folder};
use serde_json::Value;

use crate::command::{Ended, Serving, gatehouse};

const ARGS: [&str; 3] = ["gateway.yaml", "--site", "site.yaml"];
const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nsorry";

fn write(folder: &Folder, document: &Document) {
    folder.write("gateway.yaml", document.text());
    folder.write("site.yaml", document.site() + "admin: {socket: admin.sock}\nfolders: {state: state}\n");
}

fn start(folder: &Folder) -> Serving {
    let serving = Serving::start(folder, &ARGS);
    until_true("the management socket", || folder.path("admin.sock").exists());
    serving
}

fn ask(folder: &Folder, question: &str, more: &[&str]) -> Ended {
    gatehouse(folder, &[&[question, "--socket", "admin.sock"][..], more].concat())
}

fn with_page(farm: &Farm, pages: &Farm) -> Document {
    let page = format!("[{{statusCode: HttpStatus502, customErrorPageUrl: 'http://{}/502.html'}}]", pages.address(0));
    Document::new(farm).section("customErrorConfigurations", page)
}

#[test]
fn a_gateway_starts_without_the_place_of_its_error_page_if_it_has_a_copy() {
    let (farm, mut pages) = (Farm::echo(1), Farm::canned(1, PAGE));
    let folder = Folder::new();
    write(&folder, &with_page(&farm, &pages));
    drop(start(&folder));
    let fetched = pages.requests().len();
    assert_eq!(fetched, 1);
    let again = start(&folder);
    assert_eq!(ask(&folder, "reload", &[]).code, 0);
    assert_eq!(pages.requests().len(), fetched + 2, "once at the start and once at the reload");
    pages.kill(0);
    let reloaded = ask(&folder, "reload", &[]);
    assert!(reloaded.code == 0 && reloaded.out.contains("ErrorPageOld"), "{reloaded:?}");
    drop(again);
    let last = start(&folder);
    last.wait_said("ErrorPageOld");
    drop(last);
    std::fs::remove_dir_all(folder.path("state")).unwrap();
    let none = gatehouse(&folder, &[&["run"][..], &ARGS].concat());
    assert!(none.code == 1 && none.err.contains("ErrorPageUnavailable"), "{none:?}");
}

#[test]
fn check_fetches_error_pages_only_when_it_is_told_to() {
    let (farm, pages) = (Farm::echo(1), Farm::canned(1, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
    let folder = Folder::new();
    write(&folder, &with_page(&farm, &pages));
    let plain = gatehouse(&folder, &[&["check"][..], &ARGS].concat());
    assert!(plain.code == 0 && plain.out.contains("ErrorPageNotFetched"), "{plain:?}");
    assert_eq!(pages.requests().len(), 0);
    let told = gatehouse(&folder, &[&["check", "--fetch"][..], &ARGS].concat());
    assert!(told.code == 1 && told.out.contains("the answer was 404"), "{told:?}");
    assert_eq!(pages.requests().len(), 1);
}

#[test]
fn the_secret_of_affinity_cookies_is_kept_where_they_are_asked_for() {
    let farm = Farm::echo(1);
    let folder = Folder::new();
    let key = folder.path("state/affinity.key");
    write(&folder, &Document::new(&farm));
    drop(start(&folder));
    assert!(!key.exists());
    write(&folder, &Document::new(&farm).settings(&farm, "cookieBasedAffinity: Enabled"));
    drop(start(&folder));
    let first = std::fs::read(&key).unwrap();
    drop(start(&folder));
    assert_eq!(std::fs::read(&key).unwrap(), first);
}

/// RFC 7517, appendix A.1: the P-256 key of the example.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// An HTTPS site whose rule wants tokens, with this in the extension.
fn with_tokens(farm: &Farm, extension: &str) -> Document {
    let issued = e2e::Ca::root("ca").server(&["a.com"]);
    let config = format!(
        "[{{name: tokens, properties: {{clientId: shop, gatehouse: {{issuer: 'https://id.example', {extension}}}}}}}]"
    );
    let rule = "{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
                 entraJWTValidationConfig: tokens}";
    Document::https(farm, &issued).section("entraJWTValidationConfigs", config).rules(&[rule])
}

#[test]
fn status_shows_the_keys_of_tokens_and_a_changed_file_with_keys_is_applied() {
    let farm = Farm::echo(1);
    let folder = Folder::new();
    folder.write("keys.json", KEYS);
    write(&folder, &with_tokens(&farm, "keyFile: keys.json"));
    let serving = start(&folder);
    let tokens = || -> Value {
        let status: Value = serde_json::from_str(&ask(&folder, "status", &["--json"]).out).unwrap();
        status["tokens"][0].clone()
    };
    let shown = tokens();
    assert_eq!(
        (&shown["name"], &shown["issuer"], &shown["keys"]),
        (&"tokens".into(), &"https://id.example".into(), &1.into())
    );
    let two = KEYS.replace("]}", &format!(", {}", &KEYS[KEYS.find("[{").unwrap() + 1..]));
    folder.write("keys.json", two);
    serving.wait_said("revision 2 applied");
    assert_eq!(tokens()["keys"], 2);
    folder.write("keys.json", "{}");
    serving.wait_said("TokenKeyFileInvalid");
    assert_eq!(tokens()["keys"], 2);
}

#[test]
fn the_keys_of_tokens_are_fetched_while_the_gateway_runs() {
    let farm = Farm::echo(1);
    let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{KEYS}", KEYS.len());
    let issuer = Farm::canned(1, answer);
    let folder = Folder::new();
    let source = format!("http://{}/keys", issuer.address(0));
    write(&folder, &with_tokens(&farm, &format!("jwksUri: '{source}'")));
    let _serving = start(&folder);
    until_true("the keys", || {
        let status: Value = serde_json::from_str(&ask(&folder, "status", &["--json"]).out).unwrap();
        let shown = &status["tokens"][0];
        assert_eq!(shown["source"], source);
        shown["keys"] == 1 && shown["error"] == Value::Null
    });
    assert_eq!(issuer.requests().len(), 1);
    assert!(ask(&folder, "status", &[]).out.contains("https://id.example"));
}
