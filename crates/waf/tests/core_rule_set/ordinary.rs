//! What ordinary clients and plain attackers send, as measured by the example `cost`.

use crate::hostile::Request;

/// The fields of a browser.
fn browser(name: &'static str, method: &'static str, target: &str, kind: &str, body: Vec<u8>) -> Request {
    let mut request = Request { name, method, target: target.into(), fields: Vec::new(), body };
    for (name, value) in [
        ("Host", "www.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
        ("Accept-Language", "de,en-US;q=0.7,en;q=0.3"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Referer", "https://www.example.com/shop/shoes?page=2"),
        ("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.1234567890.1700000000; lang=de"),
        ("Connection", "keep-alive"),
        ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
    ] {
        request.field(name, value);
    }
    if !request.body.is_empty() {
        request.field("Content-Type", kind);
        request.field("Content-Length", &request.body.len().to_string());
    }
    request
}

/// One of each kind.
pub(crate) fn requests() -> Vec<Request> {
    let get = |name, target| browser(name, "GET", target, "", Vec::new());
    let form: String = (0..40)
        .map(|number| format!("field{number}=Some+words+of+a+person%2C+number+{number}%21&"))
        .collect::<String>()
        .trim_end_matches('&')
        .to_owned();
    let item = |number: usize| {
        format!(
            "{{\"id\":{number},\"name\":\"A product with a name\",\"price\":\"{number}.99\",\
             \"tags\":[\"new\",\"blue\"],\"text\":\"It works well, and people like it.\"}}"
        )
    };
    let json = format!("{{\"items\":[{}]}}", (0..115).map(item).collect::<Vec<_>>().join(","));
    let xss = "text=%3Cscript%3Ealert%281%29%3C%2Fscript%3E&name=x".as_bytes().to_vec();
    vec![
        get("browser GET", "/shop/shoes?size=42&colour=dark%20blue&sort=price"),
        browser("form of 2 KB", "POST", "/comment", "application/x-www-form-urlencoded", form.into_bytes()),
        browser("JSON of 16 KB", "POST", "/api/items", "application/json", json.into_bytes()),
        get("attack: SQL", "/?id=1%27%20OR%20%271%27=%271%27%20UNION%20SELECT%20password%20FROM%20users--"),
        browser("attack: script in a form", "POST", "/comment", "application/x-www-form-urlencoded", xss),
        get("attack: traversal", "/download?file=../../../../etc/passwd"),
    ]
}
