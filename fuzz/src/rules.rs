//! The rule language: any text is read or refused, and what is read runs.

use waf::program::{Library, Options, Program};
use waf::seclang::Document;

use crate::Target;
use crate::requests::{self, NoFiles};

/// This target.
pub const TARGET: Target = Target { name: "rules", run, pieces: PIECES };

/// Reads a text as rules, compiles it, and sends a request through.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Ok(document) = Document::parse("fuzz.conf", &text, &NoFiles) else { return };
    let Ok(program) = Program::compile(&document, &Options::default(), &NoFiles, &mut Library::new()) else { return };
    let body = b"a=1&b=select+from&c=%3Cscript%3E";
    requests::check(&program.into(), "application/x-www-form-urlencoded", body);
}

const PIECES: &[&str] = &[
    "SecRule ",
    "SecAction ",
    "SecMarker ",
    "SecDefaultAction ",
    "SecRuleRemoveById ",
    "SecRuleRemoveByTag ",
    "SecRuleUpdateTargetById ",
    "SecRuleUpdateActionById ",
    "SecRequestBodyLimit ",
    "SecRuleEngine On",
    "Include ",
    "ARGS",
    "ARGS_NAMES",
    "|",
    "!ARGS:a",
    "&ARGS",
    "TX:a",
    "TX:/^a/",
    "REQUEST_HEADERS:X",
    "XML:/*",
    "MATCHED_VARS",
    "REQUEST_COOKIES:/__utm/",
    " \"",
    "\"",
    "'",
    ",",
    ":",
    "\n",
    "\\\n",
    "\\",
    " ",
    "#",
    "@rx ",
    "@pm a b ",
    "!@eq 0",
    "@within %{tx.a}",
    "@detectSQLi",
    "@validateByteRange 1-255",
    "(?i)sel",
    "(?:",
    "(",
    ")",
    "[",
    "]",
    "*",
    "+",
    "{2,3}",
    "(?=a)",
    "\\1",
    "(?<!x)",
    "^",
    "$",
    "id:1",
    "id:2",
    "phase:1",
    "phase:2",
    "pass",
    "deny",
    "block",
    "chain",
    "capture",
    "t:none",
    "t:lowercase",
    "t:urlDecodeUni",
    "multiMatch",
    "setvar:tx.a=+1",
    "setvar:'tx.%{tx.0}=%{MATCHED_VAR}'",
    "ctl:ruleRemoveById=1",
    "ctl:ruleRemoveTargetById=2;ARGS:a",
    "skipAfter:E",
    "skip:1",
    "msg:'%{tx.a}'",
    "E",
    "1-9",
    "severity:CRITICAL",
    "SecRule ARGS \"@rx a\" \"id:7,phase:2,pass,capture\"\n",
    "SecAction \"id:8,pass,setvar:tx.a=b\"\n",
];
