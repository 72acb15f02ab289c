//! The compiled engine against a naive one, which is written from the rules of the language and from nothing else:
//! strings, clones, one rule after the other.
#![allow(clippy::unwrap_used, reason = "what these tests write is right, or they fail")]

mod common;

use proptest::prelude::*;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use common::{Request, Response, Rule, fields, outcome, request, rule, set_of};
use rewrite::{Edits, ResponseEdits};

type Header = (String, String);

/// A rule as text.
#[derive(Clone, Debug)]
struct Text {
    sequence: i64,
    conditions: Vec<Condition>,
    request: Vec<(&'static str, &'static str)>,
    response: Vec<(&'static str, &'static str)>,
    cookie: Option<(&'static str, &'static str, bool)>,
    path: Option<&'static str>,
    query: Option<&'static str>,
    reroute: bool,
}

#[derive(Clone, Debug)]
struct Condition {
    variable: &'static str,
    pattern: &'static str,
    ignore_case: bool,
    negate: bool,
}

/// What the naive engine knows.
struct World {
    asked: Request,
    headers: Vec<(String, Option<String>)>,
    answer: Option<(u16, Vec<Header>)>,
}

/// Captures by the spelling of their variables.
type Captures = Vec<(&'static str, Vec<String>)>;

/// A rule that waits for the response, with the captures it has so far and the headers as they were.
struct Waiting {
    rule: Text,
    captures: Captures,
    headers: Vec<(String, Option<String>)>,
}

impl World {
    fn header(&self, name: &str) -> String {
        let name = name.replace('_', "-");
        if let Some((_, edited)) = self.headers.iter().find(|(other, _)| *other == name.to_lowercase()) {
            return edited.clone().unwrap_or_default();
        }
        let all = self.asked.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(&name));
        all.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect::<Vec<_>>().join(", ")
    }

    fn variable(&self, name: &str) -> String {
        if let Some(header) = name.strip_prefix("http_req_") {
            return self.header(header);
        }
        if let Some(header) = name.strip_prefix("http_resp_") {
            let header = header.replace('_', "-");
            let all = self.answer.iter().flat_map(|(_, fields)| fields);
            let all = all.filter(|(other, _)| other.eq_ignore_ascii_case(&header)).map(|(_, value)| value.clone());
            return all.collect::<Vec<_>>().join(", ");
        }
        match name {
            "var_uri_path" => self.asked.path.clone(),
            "var_query_string" => self.asked.query.clone(),
            "var_http_status" => self.answer.as_ref().map(|(status, _)| status.to_string()).unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn holds(&self, condition: &Condition, captures: &mut Captures) -> bool {
        let groups = search(condition.pattern, condition.ignore_case, &self.variable(condition.variable));
        let found = groups.is_some();
        if !condition.negate {
            captures.push((condition.variable, groups.unwrap_or_default()));
        }
        found != condition.negate
    }

    fn value(&self, template: &str, rule: &Text, captures: &Captures, matched: &[String]) -> String {
        let mut value = String::new();
        let mut rest = template;
        while let Some(begin) = rest.find('{') {
            let (before, after) = rest.split_at(begin);
            value.push_str(before);
            let end = after.find('}').filter(|end| !after[1..*end].contains('{') && is_token(&after[1..*end]));
            let Some(end) = end else {
                value.push('{');
                rest = &after[1..];
                continue;
            };
            value.push_str(&self.token(&after[1..end], rule, captures, matched));
            rest = &after[end + 1..];
        }
        value.push_str(rest);
        value
    }

    fn token(&self, token: &str, rule: &Text, captures: &Captures, matched: &[String]) -> String {
        if let Some(group) = token.strip_prefix("capt_header_value_matcher") {
            let group = if group.is_empty() { 0 } else { group[1..].parse().unwrap() };
            return matched.get(group).cloned().unwrap_or_default();
        }
        let (name, group) = token.rsplit_once('_').unwrap();
        let group: Option<usize> = group.parse().ok();
        if let Some(group) = group {
            if rule.conditions.iter().any(|condition| condition.variable == name && !condition.negate) {
                let of_it = captures.iter().rev().filter(|(variable, _)| *variable == name);
                let has = of_it.into_iter().find(|(_, groups)| group > 0 && groups.len() > group);
                return has.map(|(_, groups)| groups[group].clone()).unwrap_or_default();
            }
            if name.starts_with("var_") {
                return String::new();
            }
        }
        self.variable(token)
    }

    fn set(&mut self, name: &str, value: String) {
        let value = trimmed(&value);
        if name == "Host" && value.is_empty() {
            return;
        }
        self.headers.retain(|(other, _)| *other != name.to_lowercase());
        self.headers.push((name.to_lowercase(), (!value.is_empty()).then_some(value)));
    }
}

fn is_token(text: &str) -> bool {
    ["http_req_", "http_resp_", "var_", "capt_header_value_matcher"].iter().any(|prefix| text.starts_with(prefix))
}

fn trimmed(value: &str) -> String {
    value.replace(|c: char| c.is_control() && c != '\t', " ").trim_matches([' ', '\t']).to_owned()
}

/// All groups, the whole match first; as many as the pattern has, those that took no part empty.
fn search(pattern: &str, ignore_case: bool, value: &str) -> Option<Vec<String>> {
    let syntax = syntax::Config::new().case_insensitive(ignore_case);
    let regex = Regex::builder().syntax(syntax).build(pattern).unwrap();
    let mut captures = regex.create_captures();
    regex.captures(value, &mut captures);
    captures.is_match().then(|| {
        let groups = (0..captures.group_len()).map(|group| captures.get_group(group));
        groups.map(|span| span.map(|span| value[span.range()].to_owned()).unwrap_or_default()).collect()
    })
}

fn is_of_response(condition: &Condition) -> bool {
    condition.variable.starts_with("http_resp_") || condition.variable == "var_http_status"
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Result {
    headers: Vec<(String, Option<String>)>,
    path: Option<String>,
    query: Option<String>,
    reroutes: Vec<bool>,
    answer: Vec<Header>,
}

fn naive(sets: &[Vec<Text>], asked: &Request, answer: &Response) -> Result {
    let mut world = World { asked: asked.clone(), headers: Vec::new(), answer: None };
    let (mut result, mut waiting) = (Result::default(), Vec::new());
    for set in sets {
        let mut rules = set.clone();
        rules.sort_by_key(|rule| rule.sequence);
        let mut reroute = false;
        for rule in rules {
            let mut captures = Captures::new();
            let asks_response = rule.conditions.iter().any(is_of_response);
            let mut on_request = rule.conditions.iter().filter(|condition| !is_of_response(condition));
            if !on_request.all(|condition| world.holds(condition, &mut captures)) {
                continue;
            }
            if !asks_response {
                for (name, value) in &rule.request {
                    let value = world.value(value, &rule, &captures, &[]);
                    world.set(name, value);
                }
                if let Some(path) = rule.path {
                    let path = world.value(path, &rule, &captures, &[]);
                    result.path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
                    reroute |= rule.reroute;
                }
                if let Some(query) = rule.query {
                    let query = world.value(query, &rule, &captures, &[]);
                    result.query = Some(query.strip_prefix('?').unwrap_or(&query).to_owned());
                }
            }
            let headers = world.headers.clone();
            waiting.push(Waiting { rule, captures, headers });
        }
        result.reroutes.push(reroute);
    }
    result.headers = world.headers.clone();
    result.headers.sort();
    let fields = answer.fields.iter().map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()));
    world.answer = Some((answer.status, fields.collect()));
    for Waiting { rule, mut captures, headers } in waiting {
        world.headers = headers;
        let mut on_response = rule.conditions.iter().filter(|condition| is_of_response(condition));
        if on_response.all(|condition| world.holds(condition, &mut captures)) {
            respond(&mut world, &rule, &captures);
        }
    }
    result.answer = world.answer.unwrap().1;
    result
}

fn respond(world: &mut World, rule: &Text, captures: &Captures) {
    for (name, value) in &rule.response {
        let value = trimmed(&world.value(value, rule, captures, &[]));
        let (_, fields) = world.answer.as_mut().unwrap();
        fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            fields.push(((*name).to_owned(), value));
        }
    }
    if let Some((pattern, value, negate)) = rule.cookie {
        let before = world.answer.clone().unwrap().1;
        let mut after = Vec::new();
        for (name, old) in before {
            let found = search(pattern, false, &old);
            if !name.eq_ignore_ascii_case("Set-Cookie") || found.is_some() == negate {
                after.push((name, old));
                continue;
            }
            let value = trimmed(&world.value(value, rule, captures, &found.unwrap_or_default()));
            if !value.is_empty() {
                after.push((name, value));
            }
        }
        world.answer.as_mut().unwrap().1 = after;
    }
}

fn compiled(sets: &[Vec<Text>], asked: &Request, answer: &Response) -> Result {
    let (mut edits, mut out) = (Edits::default(), ResponseEdits::default());
    let mut result = Result::default();
    for set in sets {
        set_of(set.iter().map(built)).request(asked, &mut edits);
        let outcome = outcome(&mut edits);
        assert!(!outcome.overflowed);
        (result.headers, result.path, result.query) = (outcome.headers, outcome.path, outcome.query);
        result.reroutes.push(outcome.reroute);
    }
    edits.respond(answer, &mut out);
    result.answer = fields(&out, answer);
    result
}

fn built(text: &Text) -> Rule {
    let mut rule = rule(text.sequence);
    for Condition { variable, pattern, ignore_case, negate } in &text.conditions {
        rule = rule.condition(variable, pattern, *ignore_case, *negate);
    }
    rule = text.request.iter().fold(rule, |rule, (name, value)| rule.set(name, value));
    rule = text.response.iter().fold(rule, |rule, (name, value)| rule.set_response(name, value));
    rule = text
        .cookie
        .iter()
        .fold(rule, |rule, (pattern, value, negate)| rule.set_matching("Set-Cookie", value, pattern, *negate));
    rule = text.path.iter().fold(rule, |rule, path| rule.path(path));
    rule = text.query.iter().fold(rule, |rule, query| rule.query(query));
    if text.reroute { rule.reroute() } else { rule }
}

const VARIABLES: &[&str] = &[
    "http_req_X-A",
    "http_req_x-a",
    "http_req_X_B",
    "http_req_X-B",
    "http_req_Host",
    "var_uri_path",
    "var_uri_path",
    "var_query_string",
    "http_resp_X-A",
    "http_resp_Set-Cookie",
    "http_resp_x_r",
    "var_http_status",
];
const PATTERNS: &[&str] = &[
    "",
    ".",
    ".+",
    ".*",
    "^$",
    "a",
    "^a",
    "a$",
    "^a$",
    "b=(.)",
    "(a)(b)?",
    "(a|b)+",
    "^/(.*)/(.*)$",
    "^/a",
    "([ab])(.)",
    "40[0-9]",
    "^200$",
    "(x)|(y)",
    "A",
    "(?:ab|ba)",
    "[^ab]",
    "/",
    "a, b",
    "ab",
];
const VALUES: &[&str] = &[
    "",
    "a",
    "b",
    "{http_req_X-A}",
    "{http_req_x_b}b",
    "{var_uri_path}",
    "{http_req_X-A_1}{http_req_X-A_2}",
    "a{http_req_x-a_1}",
    "{var_uri_path_1}-{var_uri_path_2}",
    "{var_query_string_1}",
    " {http_req_Host} ",
    "{x}{",
    "{{",
    "{http_req_X-B_1}{http_req_X_B_1}",
    "a\nb",
    "{var_uri_path_0}{var_uri_path_99}",
];
const RESPONSE_VALUES: &[&str] = &[
    "",
    "a",
    "{http_resp_X-A}",
    "{http_resp_x_r}, a",
    "{http_resp_X-A_1}{http_resp_x_r_1}",
    "{var_http_status}",
    "{http_req_X-A_1}{http_req_X-A}",
    "{var_uri_path_1}{http_resp_Set-Cookie_1}",
    "{http_resp_set_cookie}",
    "{var_http_status_1}",
    "{http_req_X_B}{http_resp_X-B}",
    "{http_req_Host}",
    " ",
];
const COOKIE_VALUES: &[&str] = &[
    "",
    "{capt_header_value_matcher}; S",
    "x={capt_header_value_matcher_1}",
    "{http_req_X-A}{capt_header_value_matcher_9}",
    "{capt_header_value_matcher_1}{http_resp_X-A}{http_req_X-A_1}",
];
const TEXTS: &[&str] = &["", "a", "ab", "ba", "b=a", "a, b", "aab b", "/a/b", "x", "A"];
const PATHS: &[&str] = &["/", "/a", "/a/b", "/b/a/x", "/A"];
const RESPONSE_NAMES: &[&str] = &["X-A", "x-a", "X-R", "Set-Cookie", "X-B"];

fn of(all: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(all)
}

fn rules() -> impl Strategy<Value = Vec<Text>> {
    let condition = (of(VARIABLES), of(PATTERNS), any::<bool>(), prop::bool::weighted(0.2));
    let condition = condition.prop_map(|(variable, pattern, ignore_case, negate)| Condition {
        variable,
        pattern,
        ignore_case,
        negate,
    });
    let request = (of(&["X-A", "x-b", "X-B", "Host", "X-C"]), of(VALUES));
    let url = (prop::option::weighted(0.3, of(VALUES)), prop::option::weighted(0.3, of(VALUES)), any::<bool>());
    let response = (of(RESPONSE_NAMES), of(RESPONSE_VALUES));
    let cookie = prop::option::weighted(0.3, (of(PATTERNS), of(COOKIE_VALUES), prop::bool::weighted(0.2)));
    let text = (
        0..4i64,
        prop::collection::vec(condition, 0..4),
        prop::collection::vec(request, 0..3),
        prop::collection::vec(response, 0..3),
        cookie,
        url,
    );
    let text = text.prop_map(|(sequence, conditions, request, response, cookie, (path, query, reroute))| {
        // No path is empty or broken over lines here: urls have a test of their own.
        let whole =
            |value: &&str| !value.is_empty() && !value.contains(['\n', ' ', '{', '}']) || value.starts_with("{var");
        let (path, query) = (path.filter(whole), query.filter(|query| whole(query) || query.is_empty()));
        Text { sequence, conditions, request, response, cookie, path, query, reroute }
    });
    prop::collection::vec(text, 0..6)
}

fn asked() -> impl Strategy<Value = Request> {
    let header = (of(&["X-A", "x-a", "X-B", "Host", "X-Z"]), of(TEXTS));
    (of(PATHS), of(TEXTS), prop::collection::vec(header, 0..4))
        .prop_map(|(path, query, headers)| request(path, query, &headers))
}

fn answered() -> impl Strategy<Value = Response> {
    let field = (of(RESPONSE_NAMES), of(TEXTS));
    (prop::sample::select(vec![200, 404, 500]), prop::collection::vec(field, 0..5))
        .prop_map(|(status, fields)| common::response(status, &fields))
}

/// Fields in an order that does not depend on who was touched first; within a name the order is kept.
fn by_name(mut result: Result) -> Result {
    result.answer.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    result.answer.sort_by(|a, b| a.0.cmp(&b.0));
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_compiled_engine_does_what_the_naive_one_does(
        sets in prop::collection::vec(rules(), 1..3),
        asked in asked(),
        answer in answered(),
    ) {
        let (expected, found) = (naive(&sets, &asked, &answer), compiled(&sets, &asked, &answer));
        prop_assert_eq!(by_name(found), by_name(expected));
    }
}
