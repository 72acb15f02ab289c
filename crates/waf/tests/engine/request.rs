//! Requests and programs for tests.

use std::net::IpAddr;
use std::sync::Arc;

use waf::program::{Library, Options, Program};
use waf::seclang::{Document, Fault, Reader};
use waf::transaction::{Head, Transaction};
use waf::verdict::Verdict;

/// Files by name, in memory.
#[derive(Default)]
pub(crate) struct Files(pub(crate) Vec<(&'static str, &'static str)>);

impl Reader for Files {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        let found = self.0.iter().find(|(name, _)| *name == file);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| "no such file".to_owned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let inside = self.0.iter().filter_map(|(name, _)| name.strip_prefix(folder)?.strip_prefix('/'));
        Ok(inside.map(str::to_owned).collect())
    }
}

/// A request; what is not set is of no interest.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
}

impl Default for Request {
    fn default() -> Self {
        Self { method: "GET", target: "/".to_owned(), headers: Vec::new(), body: Vec::new() }
    }
}

pub(crate) fn get(target: &str) -> Request {
    Request { target: target.to_owned(), ..Request::default() }
}

pub(crate) fn post(content_type: &'static str, body: &str) -> Request {
    let headers = vec![("Content-Type", content_type)];
    Request { method: "POST", headers, body: body.as_bytes().to_vec(), ..Request::default() }
}

pub(crate) fn compile(rules: &str, options: &Options) -> Result<Arc<Program>, Vec<Fault>> {
    let files = Files::default();
    let document = Document::parse("test.conf", rules, &files)?;
    Program::compile(&document, options, &files, &mut Library::new()).map(Arc::new)
}

pub(crate) fn program(rules: &str) -> Arc<Program> {
    compile(rules, &Options::default()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

pub(crate) fn run(program: &Arc<Program>, request: &Request) -> Verdict {
    let head = Head {
        method: request.method.as_bytes(),
        target: request.target.as_bytes(),
        protocol: "HTTP/1.1",
        remote: IpAddr::from([192, 0, 2, 1]),
        remote_port: 4711,
        unique_id: "id",
    };
    let headers = request.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let mut transaction = Transaction::new(program, &head, headers);
    transaction.request_head();
    transaction.feed_body(&request.body);
    transaction.request_body();
    transaction.finish(7)
}

/// The ids of the rules that matched and say so.
pub(crate) fn ids(verdict: &Verdict) -> Vec<u32> {
    verdict.matches.iter().map(|found| found.rule.id).collect()
}

/// The ids of the rules that match a request.
pub(crate) fn hits(rules: &str, request: &Request) -> Vec<u32> {
    ids(&run(&program(rules), request))
}
