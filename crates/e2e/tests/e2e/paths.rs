//! Which pool a path leads to.
//!
//! Source: Azure, "URL path-based routing overview".

use e2e::{Document, Farm, Gateway};

const POOLS: [&str; 5] = ["A", "B", "C", "D", "Z"];
const RULES: [(&str, &str, &str); 4] =
    [("a", "/images/*", "A"), ("b", "/video/*", "B"), ("c", "/exact", "C"), ("d", "'/api*'", "D")];

fn check(farm: &Farm, document: &Document, rows: &[(&str, &str)]) {
    let gateway = Gateway::start(document);
    let mut client = gateway.client();
    for (target, expected) in rows {
        let answer = client.get("a.com", target);
        let pool = POOLS[answer.field("x-server").unwrap().parse::<usize>().unwrap()];
        assert_eq!(pool, *expected, "{target}");
        assert_eq!(farm.last().target, *target, "what is forwarded is what came");
    }
}

#[test]
fn a_path_is_matched_as_the_path_table_says() {
    let farm = Farm::echo(5);
    let document = Document::new(&farm).pools(&farm, &POOLS).paths("Z", &RULES);
    let rows = [
        ("/images/a.png", "A"),
        ("/images", "Z"),
        ("/IMAGES/a.png", "A"),
        ("/images/", "A"),
        ("/exact", "C"),
        ("/exact/", "Z"),
        ("/exact?x=1", "C"),
        ("/apix", "D"),
        ("/api", "D"),
        ("/", "Z"),
        ("/video%2Fa.mp4", "B"),
        ("/videos/a", "Z"),
    ];
    // The rules do not overlap, so that no order of trying them makes a difference.
    for mode in ["listOrder", "exactFirst", "longestPrefix"] {
        check(&farm, &document.clone().extension(&format!("pathMatching: {mode}")), &rows);
    }
}

#[test]
fn overlapping_paths_are_tried_in_the_order_of_the_mode() {
    let farm = Farm::echo(5);
    let rules = [("a", "'/a*'", "A"), ("b", "/a/b/*", "B"), ("c", "/a/b/c", "C"), ("d", "'/*'", "D")];
    let document = Document::new(&farm).pools(&farm, &POOLS).paths("Z", &rules);
    let rows = [
        ("listOrder", [("/a/b/c", "A"), ("/a/b/x", "A"), ("/a", "A"), ("/z", "D")]),
        ("exactFirst", [("/a/b/c", "C"), ("/a/b/x", "A"), ("/a", "A"), ("/z", "D")]),
        ("longestPrefix", [("/a/b/c", "C"), ("/a/b/x", "B"), ("/a", "A"), ("/z", "D")]),
    ];
    for (mode, rows) in rows {
        check(&farm, &document.clone().extension(&format!("pathMatching: {mode}")), &rows);
    }
}

#[test]
fn a_path_is_matched_decoded_and_forwarded_raw() {
    let farm = Farm::echo(5);
    let document = Document::new(&farm).pools(&farm, &POOLS).paths("Z", &[("abc", "/abc/*", "A")]);
    check(&farm, &document, &[("/abc%2Fdef?x=%20", "A")]);
}
