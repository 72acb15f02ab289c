//! The requests: what browsers and programs send, and attacks of five kinds.

use std::fmt::Write as _;

/// A request.
pub(crate) struct Request {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// `GET`.
    pub(crate) method: &'static str,
    /// Path and query.
    pub(crate) target: String,
    /// Header fields.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: String,
}

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Request> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let get = |name, target: &str| browser(name, target, None);
    let post = |name, target: &str, kind, body| browser(name, target, Some((kind, body)));
    let mut shell = get("attack: shell in a header", "/");
    shell.fields.push(("X-Any", "() { :; }; /bin/cat /etc/passwd".to_owned()));
    vec![
        get("browser GET with cookies", "/shop/shoes?size=42&colour=dark%20blue&sort=price&page=3"),
        post("form of 2 KB", "/comment", FORM, form()),
        post("JSON of 16 KB", "/api/items", "application/json", json()),
        get("attack: SQL", "/item?id=1%27%20UNION%20SELECT%20name,password%20FROM%20users--%20"),
        post(
            "attack: script in a form",
            "/comment",
            FORM,
            format!("{}&text=%3Cscript%3Ealert(1)%3C/script%3E", form()),
        ),
        get("attack: traversal", "/download?file=../../../../etc/passwd"),
        get("attack: command", "/ping?host=127.0.0.1;cat%20/etc/passwd"),
        shell,
    ]
}

/// A request with the fields of a browser.
fn browser(name: &'static str, target: &str, content: Option<(&'static str, String)>) -> Request {
    let mut fields: Vec<(&'static str, String)> = [
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
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into();
    let method = if content.is_some() { "POST" } else { "GET" };
    let mut body = String::new();
    if let Some((kind, text)) = content {
        fields.push(("Content-Type", kind.to_owned()));
        fields.push(("Content-Length", text.len().to_string()));
        body = text;
    }
    Request { name, method, target: target.to_owned(), fields, body }
}

/// Forty fields of a person's words.
fn form() -> String {
    let field = |number: u32| format!("field{number}=Some+words+of+a+person%2C+the+number+is+{number}%21");
    (0..40).map(field).collect::<Vec<_>>().join("&")
}

/// A list of products.
fn json() -> String {
    let item = |number: u32| {
        format!(
            "{{\"id\":{number},\"name\":\"A product with a name\",\"price\":\"{number}.99\",\"tags\":[\"new\",\"blue\"],\
             \"text\":\"It works well, and people like it.\"}}"
        )
    };
    format!("{{\"items\":[{}]}}", (0..130).map(item).collect::<Vec<_>>().join(","))
}

/// The requests as the peer reads them: each text with its length on a line before it.
pub(crate) fn file(requests: &[Request]) -> String {
    let mut out = format!("{}\n", requests.len());
    let text = |out: &mut String, text: &str| {
        let written = writeln!(out, "{}\n{text}", text.len());
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    };
    for request in requests {
        text(&mut out, request.method);
        text(&mut out, &request.target);
        out.push_str(&format!("{}\n", request.fields.len()));
        for (name, value) in &request.fields {
            text(&mut out, name);
            text(&mut out, value);
        }
        text(&mut out, &request.body);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_long_as_their_names_say() {
        let length = |index: usize| all()[index].body.len();
        assert!((1_800..2_400).contains(&length(1)), "{}", length(1));
        assert!((15_000..17_500).contains(&length(2)), "{}", length(2));
        assert_eq!(all().iter().filter(|request| request.name.starts_with("attack")).count(), 5);
    }

    #[test]
    fn the_peers_file_has_every_length() {
        let mut request = browser("a", "/b", None);
        request.fields.truncate(1);
        assert_eq!(file(&[request]), "1\n3\nGET\n2\n/b\n1\n4\nHost\n15\nwww.example.com\n0\n\n");
    }
}
