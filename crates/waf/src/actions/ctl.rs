//! `ctl`: changes to the engine for the rest of one request.

use crate::body::Processor;
use crate::seclang::{EngineMode, Faults, Reader, RuleChoice, RuleNumbers, TargetItem, Word, target};
use crate::variables::{Omission, TargetKind};

/// A change that lasts as long as the request.
#[derive(Clone, Debug)]
pub(crate) enum Ctl {
    Engine(EngineMode),
    /// These rules do not run from here on.
    RemoveRules(RuleChoice),
    /// These rules leave some values out from here on.
    RemoveTarget(RuleChoice, Omission),
    Processor(Processor),
    /// `REQUEST_BODY` is there whatever the body's type.
    ForceRequestBody(bool),
    RequestBodyAccess(bool),
    /// Bytes of the request's body that are looked at.
    RequestBodyLimit(usize),
    ResponseBodyAccess(bool),
    /// Bytes of the response's body that are looked at.
    ResponseBodyLimit(usize),
    /// What goes into log files that the engine does not write.
    AuditLog,
}

/// Reads `option=value`.
pub(crate) fn parse(word: &Word<'_>, reader: &dyn Reader, faults: &mut Faults) -> Option<Ctl> {
    let text = word.unquoted();
    let (option, value) = text.split_once('=').map_or((text.as_str(), ""), |(option, value)| (option.trim(), value));
    let lower = option.to_ascii_lowercase();
    let found = match lower.strip_prefix("ruleremovetarget") {
        Some(by) => return remove_target(by, word, reader, faults),
        None => plain(&lower, value.trim()),
    };
    if found.is_none() {
        faults.add(word.place(0), format!("ctl \"{text}\""), "an option the engine knows, with a value it takes");
    }
    found
}

fn plain(option: &str, value: &str) -> Option<Ctl> {
    match option {
        "ruleengine" => EngineMode::parse(value).map(Ctl::Engine),
        "requestbodyprocessor" => Processor::parse(value).map(Ctl::Processor),
        "forcerequestbodyvariable" => crate::seclang::switch(value).map(Ctl::ForceRequestBody),
        "requestbodyaccess" => crate::seclang::switch(value).map(Ctl::RequestBodyAccess),
        "requestbodylimit" => value.parse().ok().map(Ctl::RequestBodyLimit),
        "responsebodyaccess" => crate::seclang::switch(value).map(Ctl::ResponseBodyAccess),
        "responsebodylimit" => value.parse().ok().map(Ctl::ResponseBodyLimit),
        "auditengine" | "auditlogparts" | "debugloglevel" => Some(Ctl::AuditLog),
        _ => choice(option.strip_prefix("ruleremoveby")?, value).map(Ctl::RemoveRules),
    }
}

fn choice(by: &str, value: &str) -> Option<RuleChoice> {
    match by {
        "id" => RuleNumbers::parse(value).map(RuleChoice::Numbers),
        "tag" if !value.is_empty() => Some(RuleChoice::Tag(value.to_owned())),
        "msg" if !value.is_empty() => Some(RuleChoice::Message(value.to_owned())),
        _ => None,
    }
}

/// `ruleRemoveTargetById=942100;ARGS:name`.
fn remove_target(by: &str, word: &Word<'_>, reader: &dyn Reader, faults: &mut Faults) -> Option<Ctl> {
    let equals = word.find('=').unwrap_or(word.len());
    let semicolon = word.find(';').unwrap_or(word.len());
    let which = word.part(equals + 1, semicolon).unquoted();
    let choice = by.strip_prefix("by").and_then(|by| choice(by, which.trim()));
    let Some(choice) = choice.filter(|_| semicolon < word.len()) else {
        faults.add(word.place(0), format!("ctl \"{}\"", word.unquoted()), "rules, a semicolon and a target");
        return None;
    };
    let item = target(&word.part(semicolon + 1, word.len()).trimmed(), reader, faults)?;
    match item {
        TargetItem::Look(target) if target.kind == TargetKind::Values => {
            Some(Ctl::RemoveTarget(choice, Omission { variable: target.variable, selector: target.selector }))
        }
        _ => {
            faults.add(word.place(semicolon + 1), "a count or an omission", "a plain target such as ARGS:name");
            None
        }
    }
}
