//! What would let requests like one that was found pass: entries for the policy, ready to be pasted.
//!
//! A value that has a name is left out by an exclusion, at three widths. What has none, such as the path, cannot be
//! excluded; an exception then leaves the rules out for requests of the same path.

use serde_json::{Value, json};

use super::{Explanation, Finding, NAMED};
use crate::exclusions::Variable;

/// What would let requests pass as far as one value is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The value's name, such as `ARGS:id`; several where one entry is for all of them.
    pub variables: Vec<String>,
    /// The rules that found something in it.
    pub rules: Vec<u32>,
    /// What would do.
    pub way: Way,
}

/// What would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To leave the value out.
    Exclude(Exclusions),
    /// To leave the rules out for requests of this path: an entry of `managedRules.exceptions`.
    Except(Value),
}

/// Entries of `managedRules.exclusions` that leave a value out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusions {
    /// For the rules that found it; none for a set whose exclusions cannot name rules.
    pub of_rule: Option<Value>,
    /// For the rules of their groups; none likewise.
    pub of_group: Option<Value>,
    /// For all managed rules.
    pub of_all: Value,
}

/// The exclusion's variable and selector; none for what cannot be excluded.
type Key<'f> = Option<(Variable, &'f str)>;

/// How much of a rule set an entry is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Rules,
    Groups,
}

impl Explanation {
    /// What would let such requests pass, in the order in which things were found: an entry for each value, for all
    /// rules that found something in it. `target`: path and query as the rules saw them.
    #[must_use]
    pub fn remedies(&self, target: &str) -> Vec<Remedy> {
        let mut values: Vec<(Key<'_>, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            let key = finding.excludable();
            match values.iter_mut().find(|(other, _)| *other == key) {
                Some((_, findings)) => findings.push(finding),
                None => values.push((key, vec![finding])),
            }
        }
        values.into_iter().map(|(key, findings)| remedy(key, &findings, target)).collect()
    }
}

impl Finding {
    /// Exclusions that leave it out, from narrow to wide; none for what cannot be excluded.
    #[must_use]
    pub fn exclusions(&self) -> Option<Exclusions> {
        let (variable, key) = self.excludable()?;
        Some(exclusions(variable, key, &[self]))
    }

    fn excludable(&self) -> Key<'_> {
        let whole = self.variable.len() < NAMED && !self.variable.contains(char::REPLACEMENT_CHARACTER);
        excludable(&self.variable).filter(|_| whole)
    }
}

impl Exclusions {
    /// From narrow to wide, with the word for each width.
    pub fn widths(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let widths = [("rule", self.of_rule.as_ref()), ("group", self.of_group.as_ref()), ("all", Some(&self.of_all))];
        widths.into_iter().filter_map(|(width, entry)| Some((width, entry?)))
    }

    /// The widths by name.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "rule": self.of_rule, "group": self.of_group, "all": self.of_all })
    }
}

impl Remedy {
    /// As JSON for people and tools.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (exclusions, exception) = match &self.way {
            Way::Exclude(exclusions) => (Some(exclusions.to_json()), None),
            Way::Except(entry) => (None, Some(entry)),
        };
        json!({
            "variables": self.variables, "ruleIds": self.rules, "exclusions": exclusions, "exception": exception,
        })
    }
}

fn remedy(key: Key<'_>, findings: &[&Finding], target: &str) -> Remedy {
    let (mut variables, mut rules) = (Vec::new(), Vec::new());
    for finding in findings {
        if !variables.contains(&finding.variable) {
            variables.push(finding.variable.clone());
        }
        if !rules.contains(&finding.rule) {
            rules.push(finding.rule);
        }
    }
    let way = match key {
        Some((variable, key)) => Way::Exclude(exclusions(variable, key, findings)),
        None => Way::Except(exception(findings, target)),
    };
    Remedy { variables, rules, way }
}

fn exclusions(variable: Variable, key: &str, findings: &[&Finding]) -> Exclusions {
    let entry = |sets: Option<Value>| {
        let mut entry = json!({ "matchVariable": variable.name(), "selectorMatchOperator": "Equals", "selector": key });
        if let (Some(sets), Some(entry)) = (sets, entry.as_object_mut()) {
            entry.insert("exclusionManagedRuleSets".to_owned(), sets);
        }
        entry
    };
    let narrow = |width| sets(findings, width).map(|sets| entry(Some(sets)));
    Exclusions { of_rule: narrow(Width::Rules), of_group: narrow(Width::Groups), of_all: entry(None) }
}

/// What has no name is passed over for the requests of one path.
fn exception(findings: &[&Finding], target: &str) -> Value {
    // With its `?` a path is the start of its own requests and of no other's.
    let (operator, value) = match target.split_once('?') {
        Some((path, _)) => ("StartsWith", format!("{path}?")),
        None => ("Equals", target.to_owned()),
    };
    let mut entry = json!({ "matchVariable": "RequestURI", "valueMatchOperator": operator, "values": [value] });
    if let (Some(sets), Some(entry)) = (sets(findings, Width::Rules), entry.as_object_mut()) {
        entry.insert("exceptionManagedRuleSets".to_owned(), sets);
    }
    entry
}

/// The rules of findings as exclusions and exceptions name them; none where they cannot.
fn sets(findings: &[&Finding], width: Width) -> Option<Value> {
    // A folder that is run as it is written has no groups to name.
    if findings.iter().any(|finding| finding.set.is_folder()) {
        return None;
    }
    let mut groups: Vec<(&Finding, Vec<u32>)> = Vec::new();
    for finding in findings {
        let same = |(other, _): &&mut (&Finding, _)| other.set == finding.set && other.group == finding.group;
        match groups.iter_mut().find(same) {
            Some((_, rules)) if rules.contains(&finding.rule) => {}
            Some((_, rules)) => rules.push(finding.rule),
            None => groups.push((finding, vec![finding.rule])),
        }
    }
    let set = findings.first()?.set;
    let group = |(finding, rules): &(&Finding, Vec<u32>)| {
        let ids: Vec<_> = rules.iter().map(|rule| json!({ "ruleId": rule.to_string() })).collect();
        match width {
            Width::Rules => json!({ "ruleGroupName": finding.group, "rules": ids }),
            Width::Groups => json!({ "ruleGroupName": finding.group }),
        }
    };
    let groups: Vec<_> = groups.iter().filter(|(finding, _)| finding.set == set).map(group).collect();
    Some(json!([{ "ruleSetType": set.kind, "ruleSetVersion": set.version, "ruleGroups": groups }]))
}

/// The exclusion's variable and selector for what rules call by this name.
///
/// The name of an element is the value that was looked at where names are looked at, and it is the key as well.
fn excludable(name: &str) -> Key<'_> {
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

#[cfg(test)]
mod tests {
    use waf::verdict::MatchedValue;

    use super::*;
    use crate::managed::catalogue;

    fn found(rule: u32, group: &'static str, name: &str) -> Finding {
        let set = catalogue::find("Microsoft_DefaultRuleSet", "2.2").unwrap().set;
        let matched = MatchedValue { name: name.to_owned(), value: "x".to_owned() };
        Finding::new(set, rule, group, "SQL", &matched)
    }

    fn finding(name: &str) -> Finding {
        found(942_100, "SQLI", name)
    }

    #[test]
    fn exclusions_are_given_at_three_widths_ready_to_be_pasted() {
        let exclusions = finding("ARGS:id").exclusions().unwrap();
        let all = json!({ "matchVariable": "RequestArgValues", "selectorMatchOperator": "Equals", "selector": "id" });
        assert_eq!(exclusions.of_all, all);
        let set = &exclusions.of_group.as_ref().unwrap()["exclusionManagedRuleSets"][0];
        let expected = json!({ "ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.2",
            "ruleGroups": [{ "ruleGroupName": "SQLI" }] });
        assert_eq!(*set, expected);
        let rules = &exclusions.of_rule.as_ref().unwrap()["exclusionManagedRuleSets"][0]["ruleGroups"][0]["rules"];
        assert_eq!(*rules, json!([{ "ruleId": "942100" }]));
        let widths: Vec<_> = exclusions.widths().map(|(width, _)| width).collect();
        assert_eq!(widths, ["rule", "group", "all"]);
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
    fn one_entry_lets_a_value_pass_all_rules_that_found_something_in_it() {
        let findings = vec![
            finding("ARGS:id"),
            found(932_100, "RCE", "ARGS:id"),
            found(942_130, "SQLI", "ARGS_GET:id"),
            found(942_130, "SQLI", "ARGS:id"),
            finding("REQUEST_COOKIES:a"),
        ];
        let explanation = Explanation { findings, ..Explanation::default() };
        let remedies = explanation.remedies("/");
        assert_eq!(remedies.len(), 2);
        assert_eq!(remedies[0].variables, ["ARGS:id", "ARGS_GET:id"]);
        assert_eq!(remedies[0].rules, [942_100, 932_100, 942_130]);
        let Way::Exclude(exclusions) = &remedies[0].way else { panic!("{remedies:?}") };
        let groups = &exclusions.of_rule.as_ref().unwrap()["exclusionManagedRuleSets"][0]["ruleGroups"];
        let expected = json!([
            { "ruleGroupName": "SQLI", "rules": [{ "ruleId": "942100" }, { "ruleId": "942130" }] },
            { "ruleGroupName": "RCE", "rules": [{ "ruleId": "932100" }] },
        ]);
        assert_eq!(*groups, expected);
    }

    #[test]
    fn what_has_no_name_is_passed_over_for_its_path() {
        let findings = vec![finding("REQUEST_URI"), found(930_100, "LFI", "REQUEST_URI_RAW"), finding("ARGS:id")];
        let remedies = Explanation { findings, ..Explanation::default() }.remedies("/a/b?id=1");
        let Way::Except(entry) = &remedies[0].way else { panic!("{remedies:?}") };
        let expected = json!({
            "matchVariable": "RequestURI", "valueMatchOperator": "StartsWith", "values": ["/a/b?"],
            "exceptionManagedRuleSets": [{ "ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.2",
                "ruleGroups": [{ "ruleGroupName": "SQLI", "rules": [{ "ruleId": "942100" }] },
                               { "ruleGroupName": "LFI", "rules": [{ "ruleId": "930100" }] }] }],
        });
        assert_eq!(*entry, expected);
        assert_eq!((remedies.len(), remedies[0].rules.len(), remedies[1].rules.len()), (2, 2, 1));
        assert_eq!(remedies[0].to_json()["exception"], expected);
        let without_query = Explanation { findings: vec![finding("REQUEST_URI")], ..Explanation::default() };
        let Way::Except(entry) = &without_query.remedies("/")[0].way else { panic!("{without_query:?}") };
        assert_eq!((&entry["valueMatchOperator"], &entry["values"][0]), (&"Equals".into(), &"/".into()));
    }
}
