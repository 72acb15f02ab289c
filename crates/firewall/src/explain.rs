//! Why a request was treated as it was: every step of its score, what each rule found where, and the exclusions that
//! would have prevented it.

use serde_json::{Value, json};
use waf::verdict::MatchedValue;

use crate::exclusions::Variable;
use crate::managed::RuleSet;

/// Points from which on a request is refused; Azure has no setting for it.
pub const THRESHOLD: u32 = 5;

/// Bytes of a value that are told.
const SHOWN: usize = 120;
/// Bytes of a value's name that are told; a longer name cannot be excluded as a whole.
const NAMED: usize = 256;
/// Findings that are told of one request.
pub(crate) const TOLD: usize = 100;

/// Why a request was treated as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The score, step by step.
    pub ladder: Vec<Rung>,
    /// What rules found.
    pub findings: Vec<Finding>,
    /// The end of it, in one sentence.
    pub decision: String,
    /// The body was longer than what is inspected; the rest was not looked at.
    pub body_cut: bool,
    /// Findings or steps that were left out because there were too many.
    pub omitted: usize,
}

/// A step of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The rule.
    pub rule: u32,
    /// What it added, once for each value that it matched.
    pub points: u32,
    /// How many values it matched.
    pub times: u32,
    /// What the score came to.
    pub total: u32,
}

/// What a rule found in one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule set.
    pub set: &'static RuleSet,
    /// The rule.
    pub rule: u32,
    /// Its group.
    pub group: &'static str,
    /// Its message.
    pub message: String,
    /// The value's name, such as `ARGS:id`.
    pub variable: String,
    /// The value as the rule saw it, cut; `******` where it is a secret.
    pub value: String,
}

/// Entries of `managedRules.exclusions` that leave a value out, ready to be pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusions {
    /// For the rule that found it.
    pub of_rule: Value,
    /// For the rules of its group.
    pub of_group: Value,
    /// For all managed rules.
    pub of_all: Value,
}

impl Explanation {
    /// As JSON for people and tools.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rungs = self.ladder.iter().map(
            |rung| json!({ "ruleId": rung.rule, "points": rung.points, "times": rung.times, "total": rung.total }),
        );
        json!({
            "decision": self.decision,
            "threshold": THRESHOLD,
            "ladder": rungs.collect::<Vec<_>>(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "bodyCut": self.body_cut,
            "omitted": self.omitted,
        })
    }
}

impl Finding {
    pub(crate) fn new(
        set: &'static RuleSet,
        rule: u32,
        group: &'static str,
        message: &str,
        matched: &MatchedValue,
    ) -> Self {
        Self {
            set,
            rule,
            group,
            message: cut(message, SHOWN),
            variable: cut(&matched.name, NAMED),
            value: cut(&matched.value, SHOWN),
        }
    }

    /// Exclusions that leave it out, from narrow to wide; none for what cannot be excluded.
    #[must_use]
    pub fn exclusions(&self) -> Option<Exclusions> {
        let whole = self.variable.len() < NAMED && !self.variable.contains(char::REPLACEMENT_CHARACTER);
        let (variable, key) = excludable(&self.variable).filter(|_| whole)?;
        if !variable.reaches(self.rule) {
            return None;
        }
        let entry = |groups: Option<Value>| {
            let mut entry = json!({
                "matchVariable": variable.name(),
                "selectorMatchOperator": "Equals",
                "selector": key,
            });
            if let (Some(groups), Some(entry)) = (groups, entry.as_object_mut()) {
                let (kind, version) = (self.set.kind, self.set.version);
                let of_set = json!([{ "ruleSetType": kind, "ruleSetVersion": version, "ruleGroups": groups }]);
                entry.insert("exclusionManagedRuleSets".to_owned(), of_set);
            }
            entry
        };
        let of_rule = json!([{ "ruleGroupName": self.group, "rules": [{ "ruleId": self.rule.to_string() }] }]);
        let of_group = json!([{ "ruleGroupName": self.group }]);
        Some(Exclusions { of_rule: entry(Some(of_rule)), of_group: entry(Some(of_group)), of_all: entry(None) })
    }

    fn to_json(&self) -> Value {
        let exclusions = self.exclusions().map(
            |exclusions| json!({ "rule": exclusions.of_rule, "group": exclusions.of_group, "all": exclusions.of_all }),
        );
        json!({
            "ruleId": self.rule,
            "ruleGroup": self.group,
            "message": self.message,
            "variable": self.variable,
            "value": self.value,
            "exclusions": exclusions,
        })
    }
}

/// The exclusion's variable and selector for what rules call by this name.
///
/// The name of an element is the value that was looked at where names are looked at, and it is the key as well.
fn excludable(name: &str) -> Option<(Variable, &str)> {
    let (variable, key) = name.split_once(':')?;
    let variable = match variable {
        "REQUEST_HEADERS" => Variable::HeaderValues,
        "REQUEST_HEADERS_NAMES" => Variable::HeaderKeys,
        "REQUEST_COOKIES" => Variable::CookieValues,
        "REQUEST_COOKIES_NAMES" => Variable::CookieKeys,
        "ARGS" | "ARGS_GET" | "ARGS_POST" => Variable::ArgValues,
        "ARGS_NAMES" | "ARGS_GET_NAMES" | "ARGS_POST_NAMES" => Variable::ArgKeys,
        _ => return None,
    };
    // Fields of JSON go by their bare names in Azure.
    let bare = key.strip_prefix("json.").filter(|_| variable.is_argument()).unwrap_or(key);
    Some((variable, bare)).filter(|(_, key)| !key.is_empty())
}

/// The first bytes of a text, and dots where there are more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < text.len() { "..." } else { "" };
    format!("{}{more}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::catalogue;

    fn finding(name: &str) -> Finding {
        let set = catalogue::find("Microsoft_DefaultRuleSet", "2.2").unwrap().set;
        let matched = MatchedValue { name: name.to_owned(), value: "x".to_owned() };
        Finding::new(set, 942_100, "SQLI", "SQL", &matched)
    }

    #[test]
    fn exclusions_are_given_at_three_widths_ready_to_be_pasted() {
        let exclusions = finding("ARGS:id").exclusions().unwrap();
        let all = json!({ "matchVariable": "RequestArgValues", "selectorMatchOperator": "Equals", "selector": "id" });
        assert_eq!(exclusions.of_all, all);
        let set = &exclusions.of_group["exclusionManagedRuleSets"][0];
        let expected = json!({ "ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.2",
            "ruleGroups": [{ "ruleGroupName": "SQLI" }] });
        assert_eq!(*set, expected);
        let rules = &exclusions.of_rule["exclusionManagedRuleSets"][0]["ruleGroups"][0]["rules"];
        assert_eq!(*rules, json!([{ "ruleId": "942100" }]));
    }

    #[test]
    fn what_cannot_be_excluded_has_no_exclusions() {
        for (name, variable) in [
            ("REQUEST_HEADERS:X-A", Some("RequestHeaderValues")),
            ("REQUEST_HEADERS_NAMES:X-A", Some("RequestHeaderKeys")),
            ("REQUEST_COOKIES:a", Some("RequestCookieValues")),
            ("REQUEST_COOKIES_NAMES:a", Some("RequestCookieKeys")),
            ("ARGS_NAMES:json.a", Some("RequestArgKeys")),
            ("ARGS:", None),
            ("ARGS:\u{FFFD}", None),
            ("&REQUEST_HEADERS:Host", None),
            ("REQUEST_URI", None),
            ("XML", None),
            ("FILES:upload", None),
        ] {
            let found = finding(name).exclusions().map(|exclusions| exclusions.of_all["matchVariable"].clone());
            assert_eq!(found, variable.map(Value::from), "{name}");
        }
    }

    #[test]
    fn fields_of_json_are_excluded_by_their_bare_names() {
        for (name, selector) in [("ARGS:json.a.b", "a.b"), ("ARGS:a", "a"), ("REQUEST_COOKIES:json.a", "json.a")] {
            assert_eq!(finding(name).exclusions().unwrap().of_all["selector"], selector, "{name}");
        }
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("short", 120), "short");
        let text = format!("a{}", "é".repeat(100));
        assert_eq!(cut(&text, 120), format!("a{}...", "é".repeat(59)));
    }
}
