use super::*;

fn read(text: &str) -> (Vec<Node>, Problems) {
    let mut problems = Problems::new();
    let roots = parse(&Source::new("t", text), 0, &mut problems);
    (roots, problems)
}

fn complaint(text: &str) -> String {
    let (_, problems) = read(text);
    let source = Source::new("t", text);
    problems
        .iter()
        .map(|problem| {
            let (line, column) = source.line_column(problem.span.map_or(0, |span| span.start as usize));
            format!("{line}:{column} {} {}", problem.code, problem.message)
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn both_syntaxes_give_the_same_tree() {
    let json = r#"{"a": [1, 2.50, true, null, "x\u00e9\ud83d\ude00"], /* c */ "b": {"c": "d"} // e
    }"#;
    let yaml = "a: [1, 2.50, true, ~, \"x\u{e9}\u{1f600}\"] # c\nb:\n  c: d\n";
    let (json, json_problems) = read(json);
    let (yaml, yaml_problems) = read(yaml);
    assert!(json_problems.is_empty() && yaml_problems.is_empty());
    assert!(json[0].same_value(&yaml[0]));
}

#[test]
fn every_value_knows_its_text_and_path() {
    for text in ["{\"é\": [{\"name\": \"l1\"}]}", "é:\n  - name: l1\n", "\u{feff}{\"é\": [{\"name\": \"l1\"}]}"] {
        let (roots, _) = read(text);
        let name = &roots[0].get("é").unwrap().as_array().unwrap()[0].get("name").unwrap();
        assert_eq!(name.at.path.to_string(), "é[0].name");
        assert_eq!(text[name.at.span.unwrap().range()].trim_matches('"'), "l1");
    }
}

#[test]
fn malformed_json_is_refused_with_its_place() {
    let rows = [
        ("{\"a\": 1", "1:8 InvalidJson the text ends inside an object"),
        ("{\"a\": [1,\n2", "2:2 InvalidJson the text ends inside a list"),
        ("{\"a\": \"b", "1:7 InvalidJson the text ends inside this string"),
        ("{\"a\": \"b\n\"}", "1:7 InvalidJson this string has no closing quote on its line"),
        ("{\"a\": 1,}", "1:9 InvalidJson a comma is left over before this `}`"),
        ("[1,]", "1:4 InvalidJson a value is missing, or a comma is left over, before this"),
        ("{\"a\" 1}", "1:6 InvalidJson a `:` should follow the key"),
        ("{\"a\": 01}", "1:7 InvalidJson this is not a number as JSON spells them"),
        ("{\"a\": '1'}", "1:7 InvalidJson strings stand in double quotes"),
        ("{\"a\": \"\\q\"}", "1:8 InvalidJson no such escape in JSON"),
        ("{\"a\": \"\\ud800\"}", "1:8 InvalidJson this is not a valid \\u escape"),
        ("{} x", "1:4 InvalidJson text after the end of the document"),
        ("{ /* x", "1:3 InvalidJson this comment has no end"),
        ("{\"a\": 1, \"a\": 2}", "1:10 DuplicateKey the key \"a\" stands twice in this object"),
        ("{a: 1}", "1:2 InvalidJson a key in double quotes should stand here"),
    ];
    for (text, expected) in rows {
        assert_eq!(complaint(text), expected, "{text}");
    }
}

#[test]
fn malformed_yaml_is_refused_with_its_place() {
    assert_eq!(complaint("a: 1\na: 2\n"), "2:1 DuplicateKey the key \"a\" stands twice in this object");
    assert!(complaint("a: [1, 2\nb: 3").contains("InvalidYaml"));
    assert!(complaint("a: b: c").contains("InvalidYaml"));
    assert!(complaint("a: *nowhere").contains("InvalidYaml"));
}

#[test]
fn depth_and_size_are_bounded() {
    assert!(complaint(&"[".repeat(100)).contains("DocumentTooComplex"));
    // The YAML parser has a bound of its own for flow collections.
    assert!(complaint(&format!("a: {}", "[".repeat(100_000))).contains("InvalidYaml"));
    let nested: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(complaint(&nested).contains("DocumentTooComplex"));
    assert!(complaint(&" ".repeat(50 << 20)).contains("DocumentTooLarge"));
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))))
        .collect();
    let start = std::time::Instant::now();
    assert!(complaint(&bomb).contains("DocumentTooComplex"));
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn yaml_scalars_follow_the_core_schema() {
    let (roots, _) = read("a: on\nb: 3.2\nc: '3.2'\nd: 007\ne: 0x1f\nf: ~\ng: Yes\n");
    let kinds: Vec<&str> = roots[0].as_object().unwrap().entries.iter().map(|entry| entry.node.kind()).collect();
    assert_eq!(kinds, ["a string", "a number", "a string", "a string", "a string", "null", "a string"]);
}

#[test]
fn yaml_may_hold_several_documents_aliases_and_merges() {
    let (roots, problems) = read("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n---\nc: 1\n");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(roots.len(), 2);
    let merged = roots[0].get("b").unwrap();
    assert_eq!((merged.get("q").unwrap().as_i64(), merged.get("p").unwrap().as_i64()), (Some(3), Some(1)));
}
