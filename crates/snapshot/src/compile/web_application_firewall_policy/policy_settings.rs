//! Mode, limits and answers of a WAF policy.
//!
//! Source: Azure, "Web Application Firewall request and file upload size limits" (application-gateway-waf-request-size-
//! limits), "Configure custom response codes" (configure-custom-response-code), "WAF sensitive data protection", and
//! the REST reference, "PolicySettings", api-version 2026-03-01. Parity: the least `requestBodyInspectLimitInKB` is not
//! documented; here it is 0.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firewall::challenge::Lifetimes;
use firewall::scrubbing::{Rule, Scrubbing, Variable};
use firewall::{Block, Limits, Mode};
use model::schema::{Field, Opt};
use model::web_application_firewall_policy::policy_settings::{
    EnabledState, LogScrubbing, PolicyMode, PolicySettings, ScrubbingMatchOperator, ScrubbingMatchVariable,
    ScrubbingRule,
};
use model::{Problem, problem};

use crate::compile::codes;
use crate::compile::context::Context;
use crate::compile::firewall::Draft;

/// Range of `maxRequestBodySizeInKb`, and the most of `requestBodyInspectLimitInKB`.
const BODY_KB: (i64, i64) = (8, 2000);
/// Range of `fileUploadLimitInMb`.
const UPLOAD_MB: (i64, i64) = (0, 4000);
/// Range of the lifetimes of clearances, in minutes.
const MINUTES: (i64, i64) = (5, 1440);
/// The largest body of a blocked request in Azure, in bytes.
const BLOCK_BODY: usize = 32 << 10;

/// What the settings say, defaults filled in. A property that is wrong is reported and left as it is by default.
pub(super) fn settings(context: &mut Context<'_>, asked: &PolicySettings, draft: &mut Draft<'_>) {
    let blocks = asked.mode.as_ref().is_some_and(|mode| mode.value == PolicyMode::Prevention);
    draft.mode = if blocks { Mode::Prevention } else { Mode::Detection };
    draft.limits = limits(context, asked);
    draft.block = block(context, asked);
    draft.clearance = Lifetimes {
        script: minutes(context, "jsChallengeCookieExpirationInMins", &asked.js_challenge_cookie_expiration_in_mins),
        captcha: minutes(context, "captchaExpirationInMins", &asked.captcha_expiration_in_mins),
    };
    draft.scrubbing = asked.log_scrubbing.as_ref().map(|asked| scrubbing(context, asked)).unwrap_or_default();
}

fn limits(context: &mut Context<'_>, asked: &PolicySettings) -> Limits {
    let default = Limits::default();
    let most = (0, BODY_KB.1);
    let inspected = context.number("requestBodyInspectLimitInKB", &asked.request_body_inspect_limit_in_kb, most);
    let inspected = inspected.and_then(|kb| usize::try_from(kb).ok()).map(|kb| kb << 10);
    let body = context.number("maxRequestBodySizeInKb", &asked.max_request_body_size_in_kb, BODY_KB);
    let upload = context.number("fileUploadLimitInMb", &asked.file_upload_limit_in_mb, UPLOAD_MB);
    let enforced = |switch: &Opt<bool>| switch.as_ref().is_none_or(|switch| switch.value);
    let max_body = body.map_or(default.max_body, |kb| Some(u64::from(kb) << 10));
    let max_upload = upload.map_or(default.max_upload, |mb| Some(u64::from(mb) << 20));
    Limits {
        inspects_body: enforced(&asked.request_body_check),
        inspected_body: inspected.unwrap_or(default.inspected_body),
        max_body: max_body.filter(|_| enforced(&asked.request_body_enforcement)),
        max_upload: max_upload.filter(|_| enforced(&asked.file_upload_enforcement)),
    }
}

fn minutes(context: &mut Context<'_>, name: &str, asked: &Opt<i64>) -> Duration {
    let minutes = context.number(name, asked, MINUTES);
    minutes.map_or(Lifetimes::default().script, |minutes| Duration::from_secs(u64::from(minutes) * 60))
}

fn block(context: &mut Context<'_>, asked: &PolicySettings) -> Block {
    let status = asked.custom_block_response_status_code.as_ref().and_then(|status| {
        let known = u16::try_from(status.value).ok().filter(|code| is_block_status(*code));
        if known.is_none() {
            let message = "customBlockResponseStatusCode is none of those there are";
            let problem = Problem::error(problem::codes::OUT_OF_RANGE, &status.at, message);
            let expected = "200, 403, 405, 406, 429, or 990 to 999";
            context.problems.push(problem.found(status.value.to_string()).expected(expected));
        }
        known
    });
    let body = asked.custom_block_response_body.as_ref().filter(|body| !body.value.trim().is_empty());
    let body = body.and_then(|body| block_body(context, body));
    Block { status: status.unwrap_or(Block::default().status), body }
}

fn is_block_status(code: u16) -> bool {
    matches!(code, 200 | 403 | 405 | 406 | 429 | 990..=999)
}

fn block_body(context: &mut Context<'_>, body: &Field<String>) -> Option<Arc<[u8]>> {
    // Tools break base64 into lines.
    let text: String = body.value.chars().filter(|one| !one.is_ascii_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(text) else {
        let problem = Problem::error(codes::WAF_POLICY_INVALID, &body.at, "the body of blocked requests is no base64");
        context.problems.push(problem.help("\"base64 -w0 page.html\" makes it"));
        return None;
    };
    if bytes.len() > BLOCK_BODY {
        let message =
            format!("Azure allows {BLOCK_BODY} bytes in the body of blocked requests; here are {}", bytes.len());
        let problem = Problem::warning(codes::LIMIT_REACHED, &body.at, message);
        context.azure_refuses(problem.help("this gateway takes more"));
    }
    Some(Arc::from(bytes))
}

fn scrubbing(context: &mut Context<'_>, asked: &Field<LogScrubbing>) -> Scrubbing {
    if is_off(&asked.state) {
        return Scrubbing::default();
    }
    let on = asked.scrubbing_rules.iter().filter(|rule| !is_off(&rule.state));
    Scrubbing::new(on.filter_map(|rule| scrubbing_rule(context, rule)).collect())
}

fn scrubbing_rule(context: &mut Context<'_>, rule: &Field<ScrubbingRule>) -> Option<Rule> {
    let variable = context.required(&rule.match_variable, &rule.at, "matchVariable", "the rule");
    let operator = context.required(&rule.selector_match_operator, &rule.at, "selectorMatchOperator", "the rule");
    let (variable, operator) = (variable?, operator?);
    let is_address = variable.value == ScrubbingMatchVariable::RequestIpAddress;
    let selector = match operator.value {
        ScrubbingMatchOperator::EqualsAny => None,
        ScrubbingMatchOperator::Equals if is_address => {
            let message = "RequestIPAddress is hidden as a whole, with EqualsAny alone";
            context.azure_refuses(Problem::warning(codes::WAF_POLICY_INVALID, &operator.at, message));
            None
        }
        ScrubbingMatchOperator::Equals => {
            let selector = rule.selector.as_ref().filter(|selector| !selector.value.is_empty());
            if selector.is_none() {
                let message = "without a selector this rule hides nothing";
                let problem = Problem::error(codes::WAF_POLICY_INVALID, &rule.at, message);
                context.problems.push(problem.expected("\"selector\", or the operator \"EqualsAny\""));
            }
            Some(selector?.value.clone())
        }
    };
    Some(Rule { variable: variable_of(variable.value), selector })
}

fn is_off(state: &Opt<EnabledState>) -> bool {
    state.as_ref().is_some_and(|state| state.value == EnabledState::Disabled)
}

fn variable_of(variable: ScrubbingMatchVariable) -> Variable {
    match variable {
        ScrubbingMatchVariable::RequestHeaderNames => Variable::HeaderNames,
        ScrubbingMatchVariable::RequestCookieNames => Variable::CookieNames,
        ScrubbingMatchVariable::RequestArgNames => Variable::ArgNames,
        ScrubbingMatchVariable::RequestPostArgNames => Variable::PostArgNames,
        ScrubbingMatchVariable::RequestJsonArgNames => Variable::JsonArgNames,
        ScrubbingMatchVariable::RequestIpAddress => Variable::IpAddress,
    }
}
