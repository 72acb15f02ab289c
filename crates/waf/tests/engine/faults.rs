//! What is wrong with rules is told all at once, each with its place.

use waf::program::{Library, Options, Program};
use waf::seclang::Document;

use crate::request::{Files, compile};

#[test]
fn each_fault_tells_where_what_and_what_would_do() {
    for (rules, place, part) in [
        ("SecRul ARGS a", "1:1", "directive \"SecRul\""),
        ("SecRule ARGS", "1:1", "SecRule with 1 arguments"),
        ("SecRule ARGS|ARG \"a\" \"id:1\"", "1:14", "variable \"ARG\""),
        ("SecRule XML:/a \"a\" \"id:1\"", "1:9", "XML:/* or XML://@*"),
        ("SecRule REQUEST_LINE:a \"a\" \"id:1\"", "1:9", "leave the key out"),
        ("SecRule ARGS:/(/ \"a\" \"id:1\"", "1:9", "the selector of"),
        ("SecRule ARGS \"@rxx a\" \"id:1\"", "1:15", "@rxx"),
        ("SecRule ARGS \"@rx (\" \"id:1\"", "1:15", "@rx"),
        ("SecRule ARGS \"a\" \\\n  \"id:1,\\\n  phase:9\"", "3:3", "1 to 5"),
        ("SecRule ARGS \"a\" \"id:1,t:rot13\"", "1:24", "a transformation the engine knows"),
        ("SecRule ARGS \"a\" \"id:1,frobnicate\"", "1:24", "action \"frobnicate\""),
        ("SecRule ARGS \"a\" \"id:x\"", "1:19", "a number above zero"),
        ("SecRule ARGS \"a\" \"id:1,setvar:a=b\"", "1:24", "tx.name=value"),
        ("SecRule ARGS \"a\" \"id:1,ctl:ruleRemoveById=x\"", "1:28", "ctl"),
        ("SecRule ARGS \"a\" \"id:1,ctl:ruleRemoveTargetById=1\"", "1:28", "a semicolon"),
        ("SecRule ARGS \"a\" \"id:1,ctl\"", "1:24", "ctl"),
        ("SecRule ARGS \"a\" \"phase:1\"", "1:1", "without an id"),
        ("SecAction \"id:1\"\nSecAction \"id:1\"", "2:1", "a second rule with id 1"),
        ("SecAction \"id:1,chain\"\nSecMarker A", "1:1", "ends with chain"),
        ("SecAction \"id:1,chain\"\nSecAction \"deny\"", "2:12", "a later rule of a chain"),
        ("SecAction \"id:1,skipAfter:A\"", "1:1", "a SecMarker of this name must follow"),
        ("SecMarker A\nSecAction \"id:1,skipAfter:A\"", "2:1", "a SecMarker of this name must follow"),
        ("SecRuleRemoveById x", "1:19", "ids such as"),
        ("SecRuleRemoveByTag \"(\"", "1:1", "a regular expression"),
        ("SecDefaultAction \"deny\"", "1:1", "without a phase"),
        ("SecRuleEngine Maybe", "1:15", "On, Off or DetectionOnly"),
        ("SecAction \"id:1", "1:11", "a quoted argument that does not end"),
        ("Include x.conf", "1:9", "no such file"),
    ] {
        let faults = compile(rules, &Options::default()).expect_err(rules);
        let told = faults[0].to_string();
        assert!(told.starts_with(&format!("test.conf:{place}: ")), "{rules}: {told}");
        assert!(told.contains(part), "{rules}: {told}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = compile("SecA\nSecB\nSecRule ARGS|B|C \"a\" \"id:1,x,y\"", &Options::default()).unwrap_err();
    assert_eq!(faults.len(), 6);
}

#[test]
fn files_include_others_beside_them_and_by_pattern() {
    let files = Files(vec![
        ("crs/main.conf", "Include rules/*.conf\nSecAction \"id:3,phase:1,pass\""),
        ("crs/rules/b.conf", "SecRule ARGS \"@pmFromFile words.data\" \"id:2,phase:1,pass\""),
        ("crs/rules/a.conf", "SecAction \"id:1,phase:1,pass\""),
        ("crs/rules/c.conf.example", "SecNonsense"),
        ("crs/rules/words.data", "one\ntwo\n"),
        ("loop.conf", "Include loop.conf"),
    ]);
    let document = Document::read("crs/main.conf", &files).unwrap();
    let program = Program::compile(&document, &Options::default(), &files, &mut Library::new()).unwrap();
    assert_eq!(program.rules().map(|rule| rule.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(document.ids().collect::<Vec<_>>(), [1, 2, 3]);
    let faults = Document::read("loop.conf", &files).unwrap_err();
    assert!(faults[0].found.contains("16 deep"), "{}", faults[0]);
}

#[test]
fn programs_share_operators() {
    let files = Files::default();
    let document = Document::parse("t", "SecRule ARGS \"@rx a+\" \"id:1,phase:2,deny\"", &files).unwrap();
    let mut library = Library::new();
    for _ in 0..2 {
        Program::compile(&document, &Options::default(), &files, &mut library).unwrap();
    }
    assert_eq!(library.len(), 1);
}
