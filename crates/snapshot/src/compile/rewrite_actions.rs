//! What a rewrite changes: headers, path, query.
//!
//! Source: rewrite-http-headers-url, "Limitations"; which of the gateway's own headers a rewrite cannot change is
//! our choice, [`UNCHANGEABLE`].

use model::Problem;
use model::rewrite_rule_set::{HeaderConfiguration, HeaderValueMatcher, UrlConfiguration};
use model::schema::{Field, List};
use rewrite::{Condition, HeaderAction, Matcher, Phase, Template, UrlAction};

use super::codes;
use super::context::{Context, is_on, text};
use super::rewrite_language as language;

/// Headers that hold a connection together, or say where a message ends. Azure names the first two.
const NOT_REWRITABLE: [&str; 10] = [
    "Connection",
    "Upgrade",
    "Content-Length",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Keep-Alive",
    "Proxy-Connection",
    "Expect",
    "HTTP2-Settings",
];

/// Request headers that the gateway writes itself after all rewrites, so that servers can believe them.
const UNCHANGEABLE: [&str; 5] =
    ["x-original-host", "x-original-url", "x-appgw-trace-id", "x-azure-ja4-fingerprint", "x-msft-entra-identity"];

/// The header actions of one side; `None` after an error.
pub(super) fn headers(
    context: &mut Context<'_>,
    asked: &List<HeaderConfiguration>,
    phase: Phase,
    conditions: &[Condition],
) -> Option<Vec<HeaderAction>> {
    let actions: Vec<_> = asked.iter().map(|header| action(context, header, phase, conditions)).collect();
    let actions: Option<Vec<_>> = actions.into_iter().collect();
    Some(actions?.into_iter().flatten().collect())
}

/// One action: `None` after an error, `Some(None)` where it has no effect.
fn action(
    context: &mut Context<'_>,
    asked: &Field<HeaderConfiguration>,
    phase: Phase,
    conditions: &[Condition],
) -> Option<Option<HeaderAction>> {
    let Some(name) = text(&asked.header_name) else {
        context.missing(&asked.at, "headerName", "this header");
        return None;
    };
    let configured = asked.header_value.as_ref().filter(|value| !value.value.is_empty());
    let is_valid = check_name(context, name, phase, configured.is_some());
    let value = configured.map(|value| self::value(context, value, phase, conditions));
    let matcher = asked.header_value_matcher.as_ref().map(|field| matcher(context, field, name, phase));
    if let Some(Some(template)) = &value {
        check_matcher_groups(context, asked, template, matcher.as_ref().and_then(Option::as_ref));
    }
    if !is_valid || value.as_ref().is_some_and(Option::is_none) || matcher.as_ref().is_some_and(Option::is_none) {
        return None;
    }
    let has_effect = phase == Phase::Response || has_effect(context, name);
    let action = HeaderAction { name: name.value.clone(), value: value.flatten(), matcher: matcher.flatten() };
    Some(has_effect.then_some(action))
}

fn check_name(context: &mut Context<'_>, name: &Field<String>, phase: Phase, has_value: bool) -> bool {
    if !rewrite::is_header_name(&name.value) {
        let problem = Problem::error(codes::INVALID_HEADER_NAME, &name.at, "this is not a header name");
        context.problems.push(problem.found(format!("{:?}", name.value)));
        return false;
    }
    if NOT_REWRITABLE.iter().any(|other| name.value.eq_ignore_ascii_case(other)) {
        let message = format!("the header {:?} cannot be rewritten", name.value);
        let problem = Problem::error(codes::HEADER_NOT_REWRITABLE, &name.at, message);
        context.problems.push(problem.help("remove it: this header is the gateway's own"));
        return false;
    }
    if phase == Phase::Request && name.value.eq_ignore_ascii_case("Host") && !has_value {
        let problem = Problem::error(codes::HEADER_NOT_REWRITABLE, &name.at, "the Host header cannot be deleted");
        context.problems.push(problem.expected("a headerValue"));
        return false;
    }
    true
}

/// Whether servers will see what becomes of this request header.
fn has_effect(context: &mut Context<'_>, name: &Field<String>) -> bool {
    let why = if UNCHANGEABLE.iter().any(|other| name.value.eq_ignore_ascii_case(other)) {
        "the gateway writes this header itself, after the rewrites"
    } else if !name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        "request headers go to servers only if their names are letters, digits and hyphens"
    } else {
        return true;
    };
    let message = format!("rewriting {:?} has no effect: {why}", name.value);
    context.warn(codes::REWRITE_NO_EFFECT, &name.at, message);
    false
}

/// A value; one that goes into the request cannot speak of the response.
fn value(context: &mut Context<'_>, field: &Field<String>, phase: Phase, conditions: &[Condition]) -> Option<Template> {
    let template = language::template(context, field, conditions)?;
    if phase == Phase::Request && template.phase() == Phase::Response {
        let message = "the request leaves before this variable is known";
        let problem = Problem::error(codes::RESPONSE_VARIABLE, &field.at, message);
        context.problems.push(problem.found(format!("{:?}", field.value)));
        return None;
    }
    Some(template)
}

fn matcher(
    context: &mut Context<'_>,
    asked: &Field<HeaderValueMatcher>,
    name: &Field<String>,
    phase: Phase,
) -> Option<Matcher> {
    let is_allowed = phase == Phase::Response && name.value.eq_ignore_ascii_case("Set-Cookie");
    if !is_allowed {
        let message = "headerValueMatcher is for the response header Set-Cookie only";
        let problem = Problem::error(codes::MATCHER_NOT_ALLOWED, &asked.at, message);
        context.problems.push(problem.help("remove it, or put what it asks into a condition"));
    }
    let Some(pattern) = &asked.pattern else {
        context.missing(&asked.at, "pattern", "this headerValueMatcher");
        return None;
    };
    let pattern = language::pattern(context, pattern, &asked.ignore_case)?;
    is_allowed.then(|| Matcher { pattern, negate: is_on(&asked.negate) })
}

/// Captures of a matcher that is not there, or does not capture that much.
fn check_matcher_groups(
    context: &mut Context<'_>,
    asked: &Field<HeaderConfiguration>,
    template: &Template,
    matcher: Option<&Matcher>,
) {
    let Some(group) = template.matcher_group() else { return };
    let why = match matcher {
        None => "there is no headerValueMatcher".to_owned(),
        Some(matcher) if matcher.negate => "the headerValueMatcher is negated".to_owned(),
        Some(matcher) if group > matcher.pattern.groups() => {
            format!("the headerValueMatcher has {} groups", matcher.pattern.groups())
        }
        Some(_) => return,
    };
    let at = asked.header_value.as_ref().map_or(&asked.at, |value| &value.at);
    context.warn(codes::TOKEN_EMPTY, at, format!("the token capt_header_value_matcher is empty: {why}"));
}

/// The new path and query; `None` after an error.
pub(super) fn url(
    context: &mut Context<'_>,
    asked: &Field<UrlConfiguration>,
    conditions: &[Condition],
) -> Option<UrlAction> {
    // Tools write "" for a path that is not to change; no path is empty.
    let path = text(&asked.modified_path).map(|field| (field, value(context, field, Phase::Request, conditions)));
    let query = asked.modified_query_string.as_ref().map(|field| value(context, field, Phase::Request, conditions));
    if let Some((field, _)) = path.as_ref().filter(|(field, _)| field.value.contains('?')) {
        let message = "a question mark in modifiedPath is sent as %3F: it would not begin a query";
        let problem = Problem::warning(codes::QUESTION_MARK_IN_PATH, &field.at, message);
        context.problems.push(problem.help("put what follows it into modifiedQueryString"));
    }
    if let Some(switch) = asked.reroute.as_ref().filter(|switch| switch.value && path.is_none()) {
        let message = "\"reroute\" has no effect without modifiedPath: the path map would choose the same again";
        context.warn(codes::REWRITE_NO_EFFECT, &switch.at, message);
    }
    let reroute = is_on(&asked.reroute) && path.is_some();
    let path = match path {
        Some((_, value)) => Some(value?),
        None => None,
    };
    let query = match query {
        Some(value) => Some(value?),
        None => None,
    };
    Some(UrlAction { path, query, reroute })
}
