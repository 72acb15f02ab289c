//! Reads one action by its name and value.

use super::{Action, AllowScope, Disruption, Phase, Redaction, SetVar, Severity, Template};
use crate::transformations::Transformation;
use crate::variables::Variable;

/// What is wrong with an action.
pub(crate) struct ActionFault {
    pub(crate) found: String,
    pub(crate) wanted: &'static str,
}

/// Reads an action; `ctl` is read by [`super::ctl`].
pub(crate) fn parse(name: &str, value: Option<&str>) -> Result<Action, ActionFault> {
    let lower = name.to_ascii_lowercase();
    let (found, wanted) = match value.filter(|value| !value.is_empty()) {
        None => (without_value(&lower), "an action the engine knows, with its value"),
        Some(value) => (with_value(&lower, value), wanted(&lower)),
    };
    found.ok_or_else(|| ActionFault {
        found: match value {
            Some(value) => format!("action \"{name}:{value}\""),
            None => format!("action \"{name}\""),
        },
        wanted,
    })
}

fn without_value(name: &str) -> Option<Action> {
    Some(match name {
        "pass" => Action::Disruptive(Disruption::Pass),
        "block" => Action::Disruptive(Disruption::Block),
        "deny" => Action::Disruptive(Disruption::Deny),
        "drop" => Action::Disruptive(Disruption::Drop),
        "allow" => Action::Disruptive(Disruption::Allow(AllowScope::All)),
        "log" => Action::Log(true),
        "nolog" => Action::Log(false),
        "auditlog" | "noauditlog" => Action::Remark,
        "capture" => Action::Capture,
        "chain" => Action::Chain,
        "multimatch" => Action::MultiMatch,
        "sanitisematched" | "sanitizematched" => Action::Redact(Redaction::Matched),
        // An empty text is a text.
        "msg" => Action::Message(Template::default()),
        "logdata" => Action::LogData(Template::default()),
        _ => return None,
    })
}

fn with_value(name: &str, value: &str) -> Option<Action> {
    Some(match name {
        "id" => Action::Id(value.trim().parse().ok().filter(|id| *id > 0)?),
        "phase" => Action::Phase(Phase::parse(value.trim())?),
        "msg" => Action::Message(Template::parse(value)),
        "logdata" => Action::LogData(Template::parse(value)),
        "tag" => Action::Tag(value.to_owned()),
        "ver" => Action::Version(value.to_owned()),
        "severity" => Action::Severity(Severity::parse(value.trim())?),
        "status" => Action::Status(value.trim().parse().ok().filter(|status| (100..=599).contains(status))?),
        "t" => transformation(value.trim())?,
        "setvar" => Action::SetVar(SetVar::parse(value)?),
        "skip" => Action::Skip(value.trim().parse().ok().filter(|count| *count > 0)?),
        "skipafter" => Action::SkipAfter(value.trim().to_owned()),
        "redirect" => Action::Disruptive(Disruption::Redirect(Template::parse(value))),
        "allow" => Action::Disruptive(Disruption::Allow(match value.trim().to_ascii_lowercase().as_str() {
            "phase" => AllowScope::Phase,
            "request" => AllowScope::Request,
            _ => return None,
        })),
        "setenv" => Action::SetVar(SetVar::parse_env(value)?),
        "sanitisearg" | "sanitizearg" => redact(Variable::Args, value),
        "sanitiserequestheader" | "sanitizerequestheader" => redact(Variable::RequestHeaders, value),
        "sanitiseresponseheader" | "sanitizeresponseheader" => redact(Variable::ResponseHeaders, value),
        // A part of the value: all of it is left untold.
        "sanitisematchedbytes" | "sanitizematchedbytes" => Action::Redact(Redaction::Matched),
        // Notes for the reader; and a collection that lives as long as the request neither expires nor has a key.
        "rev" | "maturity" | "accuracy" | "expirevar" | "deprecatevar" | "initcol" | "setsid" | "setuid" | "setrsc" => {
            Action::Remark
        }
        _ => return None,
    })
}

fn redact(variable: Variable, name: &str) -> Action {
    Action::Redact(Redaction::Named(variable, name.trim().as_bytes().into()))
}

fn transformation(name: &str) -> Option<Action> {
    if name.eq_ignore_ascii_case("none") {
        return Some(Action::Transform(None));
    }
    Transformation::parse(name).map(|found| Action::Transform(Some(found)))
}

fn wanted(name: &str) -> &'static str {
    match name {
        "id" => "a number above zero",
        "phase" => "1 to 5, request, response or logging",
        "severity" => "0 to 7, or a name such as CRITICAL",
        "status" => "a status from 100 to 599",
        "t" => "a transformation the engine knows",
        "setvar" => "tx.name=value, tx.name=+n, tx.name=-n, tx.name or !tx.name",
        "setenv" => "NAME=value, or !NAME",
        "skip" => "a number of rules",
        "allow" => "phase, request or nothing",
        _ => "an action the engine knows",
    }
}
