//! What ordinary clients send: no rule says a word.

use std::fmt::Write as _;

use crate::corpus::{FOUR, THREE, folder};
use crate::request::{FORM, JSON, XML, field, found, get, post, upload, with};

/// Paths and queries of shops, searches, programs, sign-ins.
const TARGETS: &[&str] = &[
    "/",
    "/shop/shoes?size=42&colour=dark%20blue&sort=price&page=3",
    "/search?q=Rock+%26+Roll+T-Shirt+(L)",
    "/search?q=O%27Reilly+%22learning+sql%22",
    "/search?q=select+a+table+for+the+living+room",
    "/search?q=drop+shipping+or+pick+up%3F",
    "/search?q=100%25+cotton",
    "/search?q=c%2B%2B+%3C+rust+%3D+%3F",
    "/search?q=1+or+2+bedrooms",
    "/search?q=how+to+exit+vim%3B+really",
    "/search?q=cats+and+dogs+%7C+pets",
    "/static/app.3f2c1a.min.js?v=1.2.3",
    "/.well-known/openid-configuration",
    "/.well-known/acme-challenge/abc_DEF-123",
    "/docs/environment/.environment-notes.html",
    "/oauth/authorize?response_type=code&client_id=s6BhdRkqt3&redirect_uri=https%3A%2F%2Fclient.example%2Fcb%3Fa%3D1\
     &scope=openid%20profile%20email&state=af0ifjsldkj&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "/login?next=%2Faccount%3Ftab%3Dorders%26page%3D2",
    "/login?next=%2Fa%3Fb%3D%252Fc%252Fd",
    "/callback?redirect_uri=http://localhost:3000/cb",
    "/proxy?url=https://images.example.com/a/b/photo.jpg",
    "/odata/Products?$filter=Price%20gt%2020%20and%20Name%20eq%20%27Bread%27&$select=Name,Price&$top=10&$orderby=Name",
    "/api/users?filter[status]=active&filter[age][gte]=18&sort=-created_at&include=roles,groups",
    "/api/items?ids=1,2,3;4;5&range=10-20&date=2026-11-22T10:00:00%2B01:00",
    "/map?center=52.5200,13.4050&zoom=12&bbox=-10.5,40.0,5.25,60.0",
    "/download?file=reports/2026/Q3.final.pdf",
    "/download?file=./reports/summary.csv",
    "/view?path=C:%5CUsers%5Cjane%5CDocuments%5Cplan.docx",
    "/?utm_source=news&utm_campaign=black%20friday%20%2D%20-50%25&gclid=Cj0KCQiA_aGuBhACEiwAly57MQ",
    "/wiki/System_(computer)?action=edit&section=2",
    "/calc?expr=(1%2B2)*3",
    "/t?callback=jQuery1124_1700000000&_=1700000000",
    "/%E4%BD%A0%E5%A5%BD/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82?q=%C3%BCber+%E2%82%AC100",
    "/i?d=data%3Aimage%2Fpng%3Bbase64%2CiVBORw0KGgoAAAANSUhEUgAAAAUA",
];

/// What people write into a field.
const TEXTS: &[&str] = &[
    "I really like this; it works well. See you soon!",
    "It's Jane's; don't touch -- or else. (Tom & Jerry)",
    "Please select one of the options from the list, and delete the rest where needed.",
    "The union selected a new chair from its members; the chair then ordered the drop of the table of fees.",
    "if a < b and b > c then a <> c, 1 = 1 is true & 2 > 1",
    "Price: $5.00 - $10.00 (50% off!) #sale @home *new*",
    "My e-mail is jane.doe+shop@example.com, my site https://example.com/~jane/?a=1&b=2#top",
    "Meet at 10:30; bring: pens, paper & ideas | maybe cake",
    "Our cat; the dog & ls 500 of Lexus",
    "The password is in my head; /etc is a folder of Linux, and so is /var/log",
    "You find it under File > Save as... > ../notes, or in ~/notes.txt",
    "> quoted line\n> another\n\nMy answer:\n- one\n- two\n\nBest regards\n--\nJane",
    "# Title\n\nSome *markdown* with `code`, a [link](https://example.com) and\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "Dear {{ first_name }}, your order ${order} of {{order.date}} is on its way",
    "He said \"well, I don't know\" and left; she said 'me neither'",
    "a=1;b=2;c=3",
    "5' 10\" tall, 180 lbs; size 10-1/2; ratio 3:4",
    "Order by phone or online. Group by family? Having fun!",
    "What does sleep do? I sleep (8 hours) and update my status where I am",
    "function of the process: set the value, echo the result, print it",
    "Java.lang is a package; PHP and <b>bold</b> are not",
    "Straße, naïve, 日本語, emoji 😀, Ω≈ç√∫",
    "Total = (price * count) + tax - discount; // see note",
    "Mr. O'Neil and 'the boys' or 1 of them = winner",
    "R&D; sales; id; env. of the company",
    "The columns are `id`, `uname` and `date`: sort by name | id",
    "Enter your name & id",
    "Thanks; service was great! We eat & sleep 8 hours; find cats/dogs; fetch water.Then more; ping me.ok",
    "in C: printf(\"%d\", a ? b : c); and SQL's count(*) is what I want",
];

/// JSON as programs send it.
const DOCUMENTS: &[&str] = &[
    r#"{"items":[{"sku":"A-17","count":2},{"sku":"B'3","count":1}],"note":"ring twice; it's loud","gift":null}"#,
    r#"{"query":"query Items($first: Int!) { items(first: $first) { id name } }","variables":{"first":10}}"#,
    r#"{"query":"mutation { updateUser(id: 5, name: \"O'Hara\") { id } }"}"#,
    r#"{"jsonrpc":"2.0","method":"user.get","params":{"id":[1,2,3]},"id":"a-1"}"#,
    r#"{"name":"Jane","bio":"I write C++ & SQL. I select, join and group.","tags":["c++","r&d","50%"],"ok":true}"#,
    r#"{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"}"#,
    r#"{"where":{"and":[{"price":{"gt":5}},{"name":{"like":"%shoe%"}}]},"order":"price DESC","limit":10}"#,
    r#"{"level":"error","msg":"cannot read property 'id' of undefined","stack":"at a (app.js:1:2)\n at b"}"#,
];

/// Cookies, and fields that programs add.
const FIELDS: &[(&str, &str)] = &[
    ("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark; lang=de-DE; cart=%7B%22a%22%3A1%7D"),
    ("Cookie", "_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000000; _fbp=fb.1.1700000000000.1234567890"),
    ("Cookie", "ASP.NET_SessionId=abc123; .AspNetCore.Antiforgery.x=CfDJ8N-_aB; OptanonConsent=groups=1%3A1%2C2%3A0"),
    ("Authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl"),
    ("Referer", "https://www.google.com/search?q=drop+table+or+select+chairs%3F&hl=de"),
    ("Range", "bytes=0-1023, 2048-4095, -500"),
    ("X-Forwarded-For", "203.0.113.7, 198.51.100.2"),
    ("Sec-CH-UA", "\"Chromium\";v=\"128\", \"Not;A=Brand\";v=\"24\""),
    ("If-None-Match", "W/\"5d8c72a5edda8d6a:3239\""),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("User-Agent", "curl/8.5.0"),
    ("User-Agent", "python-requests/2.32.3"),
    ("User-Agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"),
];

#[test]
fn what_ordinary_clients_send_is_not_told_of() {
    let mut requests: Vec<Vec<u8>> = TARGETS.iter().map(|target| get(target)).collect();
    requests.extend(TEXTS.iter().map(|text| field(text)));
    requests.extend(TEXTS.iter().map(|text| post(JSON, &format!("{{\"text\":{}}}", quoted(text)))));
    requests.extend(DOCUMENTS.iter().map(|document| post(JSON, document)));
    requests.extend(FIELDS.iter().map(|(name, value)| with(name, value)));
    requests.extend([
        post(FORM, "user=jane.doe%40example.com&password=correct+horse%3B+battery%27s+staple%21&remember=on"),
        post(
            FORM,
            "SAMLResponse=PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM6dGM6U0FNTDoyLjA6cHJvdG9jb2wi",
        ),
        post(
            XML,
            "<?xml version=\"1.0\"?><order id=\"7\"><item n='1'>Rock &amp; Roll</item><note>it's fine</note></order>",
        ),
        post("text/plain", "some text; with signs & more"),
        upload("beach 2026 (1).jpg", "\u{1}\u{2}jpeg"),
        upload("report.final.v2.pdf", "%PDF-1.7 <?php in a document is not looked at"),
        upload("page.html", "<html><script>let a = 1;</script></html>"),
    ]);
    let mut alarms = String::new();
    for request in &requests {
        let (_, rules, told) = found(request);
        if !rules.is_empty() {
            let _ = writeln!(alarms, "{}\n{told}", String::from_utf8_lossy(request));
        }
    }
    eprintln!("{} requests", requests.len());
    assert!(alarms.is_empty(), "{alarms}");
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[test]
fn common_user_agents_raise_no_alarm() {
    for generation in [THREE, FOUR] {
        let Some(folder) = folder(generation) else { return };
        let agents = std::fs::read_to_string(folder.join("popularUAs.data")).expect("a list of user agents");
        let agents = agents.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for agent in agents {
            let (_, rules, told) = found(&with("User-Agent", agent));
            assert!(rules.is_empty(), "{agent}: {told}");
            count += 1;
        }
        eprintln!("{}: {count} user agents", generation.folder);
        assert!(count > 100);
    }
}
