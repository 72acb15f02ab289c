//! Requests and rules for targets: what every verdict has to hold to.

use std::sync::{Arc, LazyLock};

use waf::program::{BODY_RULES, Library, Options, Program, STRICTNESS_RULES};
use waf::seclang::{Document, Reader};
use waf::transaction::{Head, Progress, Transaction};
use waf::verdict::Verdict;

/// Rules that look at everything a body can hold, in many ways.
const RULES: &str = r#"
    SecAction "id:1,phase:1,pass,nolog,setvar:tx.points=5,setvar:tx.limit=5"
    SecRule ARGS|ARGS_NAMES|FILES|FILES_NAMES|XML:/*|XML://@*|MULTIPART_PART_HEADERS \
        "@rx (?i)(?:select|<script|\.\./)" \
        "id:2,phase:2,block,capture,t:none,t:utf8toUnicode,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:cssDecode,\
        t:removeNulls,setvar:tx.score=+%{tx.points},setvar:'tx.seen_%{MATCHED_VAR_NAME}=%{TX.0}'"
    SecRule ARGS|REQUEST_COOKIES|REQUEST_HEADERS|REQUEST_URI "@detectSQLi" \
        "id:3,phase:2,pass,multiMatch,t:none,t:urlDecodeUni,t:removeNulls,t:cmdLine,setvar:tx.score=+%{tx.points}"
    SecRule ARGS|XML:/* "@detectXSS" "id:4,phase:2,pass,t:none,t:htmlEntityDecode,t:jsDecode,setvar:tx.score=+1"
    SecRule ARGS "@rx ^(\w+)=(?!\1)" "id:5,phase:2,pass,capture,chain"
        SecRule MATCHED_VARS "@rx ." "t:none,t:sha1,t:hexEncode"
    SecRule TX:/^seen_/ "@unconditionalMatch" "id:6,phase:2,pass,logdata:'%{MATCHED_VAR_NAME}: %{MATCHED_VAR}'"
    SecRule &ARGS "@gt 2" "id:7,phase:2,pass,ctl:ruleRemoveTargetById=3;ARGS:a"
    SecRule ARGS_COMBINED_SIZE|FILES_COMBINED_SIZE|REQUEST_BODY_LENGTH "@ge 1" "id:8,phase:2,pass,nolog"
    SecRule FULL_REQUEST|REQUEST_BODY|REQUEST_LINE "!@validateUtf8Encoding" "id:9,phase:2,pass,t:normalisePathWin"
    SecRule TX:score "@ge %{tx.limit}" "id:10,phase:2,deny,status:403,msg:'%{tx.score}'"
    SecRule RESPONSE_BODY|RESPONSE_HEADERS "@pm leak secret" "id:11,phase:4,pass"
"#;

static PROGRAM: LazyLock<Arc<Program>> = LazyLock::new(|| {
    let text = format!("{BODY_RULES}\n{STRICTNESS_RULES}\n{RULES}");
    let document = Document::parse("fuzz.conf", &text, &NoFiles).unwrap_or_else(|faults| panic!("{faults:?}"));
    let options = Options { request_body_limit: Some(64 << 10), ..Options::default() };
    let program = Program::compile(&document, &options, &NoFiles, &mut Library::new());
    Arc::new(program.unwrap_or_else(|faults| panic!("{faults:?}")))
});

/// The rules above.
pub(crate) fn program() -> &'static Arc<Program> {
    &PROGRAM
}

/// There are none.
pub(crate) struct NoFiles;

impl Reader for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// A request as a target takes it from its input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request<'i> {
    pub(crate) method: &'i [u8],
    pub(crate) target: &'i [u8],
    pub(crate) fields: Vec<(&'i [u8], &'i [u8])>,
    pub(crate) body: &'i [u8],
}

/// Runs a request, the body's rules in pieces of so much work.
pub(crate) fn send(program: &Arc<Program>, request: &Request<'_>, work: u64) -> Verdict {
    let head = Head {
        method: request.method,
        target: request.target,
        protocol: "HTTP/1.1",
        remote: [192, 0, 2, 1].into(),
        remote_port: 40_000,
        unique_id: "fuzz",
    };
    let mut transaction = Transaction::new(program, &head, request.fields.iter().copied());
    transaction.set_time(1_800_000_000, 0);
    transaction.request_head();
    transaction.feed_body(request.body);
    while transaction.request_body_step(work) == Progress::More {}
    transaction.response_head(200, "HTTP/1.1", [(&b"Content-Type"[..], &b"text/html"[..])]);
    transaction.feed_response_body(request.body);
    transaction.response_body();
    transaction.finish(1)
}

/// What holds of every verdict: work is bounded, and pieces make no difference.
pub(crate) fn agree(program: &Arc<Program>, request: &Request<'_>) {
    let whole = send(program, request, u64::MAX);
    assert!(whole.work < 100_000_000, "{} units of work", whole.work);
    let pieces = send(program, request, 1 + request.body.len() as u64 % 1_000);
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "pieces make a difference");
}

/// Sends a body of a content type.
pub(crate) fn check(program: &Arc<Program>, content_type: &str, body: &[u8]) {
    let fields = vec![(&b"Host"[..], &b"www.example.com"[..]), (b"Content-Type", content_type.as_bytes())];
    agree(program, &Request { method: b"POST", target: b"/?q=1", fields, body });
}
