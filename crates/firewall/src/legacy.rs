//! The settings inside the gateway that firewall policies have replaced, as such a policy: one for the whole gateway,
//! without custom rules and bots.
//!
//! Source: Azure REST reference, "ApplicationGatewayWebApplicationFirewallConfiguration", api-version 2026-03-01.

use crate::exclusions;
use crate::managed::{Fault, GroupOverride, RuleOverride, SetSpec, Spec};
use crate::policy::{Limits, Mode};

/// `webApplicationFirewallConfiguration`, as it is written; one that is not `enabled` is no policy.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// `firewallMode`.
    pub mode: Mode,
    /// `ruleSetType`.
    pub kind: String,
    /// `ruleSetVersion`.
    pub version: String,
    /// `disabledRuleGroups`: groups, and their rules; none means the whole group.
    pub disabled: Vec<(String, Vec<u32>)>,
    /// `requestBodyCheck`. Default true. It is one switch for inspection and for limits.
    pub checks_body: bool,
    /// `maxRequestBodySizeInKb`, or the older `maxRequestBodySize`; 8 to 128. Default 128.
    pub max_body_kb: Option<u32>,
    /// `fileUploadLimitInMb`. Default 100.
    pub max_upload_mb: Option<u32>,
    /// `exclusions`: variable and operator as they are written, and the selector.
    pub exclusions: Vec<(String, String, String)>,
}

/// What a policy says in its place.
#[derive(Clone, Debug)]
pub struct Translation {
    /// Its mode.
    pub mode: Mode,
    /// Its limits.
    pub limits: Limits,
    /// Its rule sets.
    pub managed: Spec,
}

impl Configuration {
    /// As a policy.
    ///
    /// # Errors
    /// Exclusions in words that are not known. What is wrong with the rest is said when the policy is built.
    pub fn translate(&self) -> Result<Translation, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut exclusions = Vec::new();
        for (index, exclusion) in self.exclusions.iter().enumerate() {
            match exclusion_of(exclusion) {
                Some(spec) => exclusions.push(spec),
                None => {
                    let what = format!("\"{}\" with \"{}\"", exclusion.0, exclusion.1);
                    faults.push(Fault { at: format!("exclusions[{index}]"), what });
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let set = SetSpec {
            kind: self.kind.clone(),
            version: self.version.clone(),
            overrides: self.disabled.iter().map(|(group, rules)| disabled(group, rules)).collect(),
        };
        let managed = Spec { sets: vec![set], exclusions, exceptions: Vec::new() };
        Ok(Translation { mode: self.mode, limits: self.limits(), managed })
    }

    /// Without the check nothing is looked at and nothing is too large.
    fn limits(&self) -> Limits {
        let default = Limits::default();
        let max_body = self.max_body_kb.map_or(default.max_body, |kb| Some(u64::from(kb) << 10));
        let max_upload = self.max_upload_mb.map_or(default.max_upload, |mb| Some(u64::from(mb) << 20));
        Limits {
            inspects_body: self.checks_body,
            max_body: max_body.filter(|_| self.checks_body),
            max_upload: max_upload.filter(|_| self.checks_body),
            ..default
        }
    }
}

fn disabled(group: &str, rules: &[u32]) -> GroupOverride {
    let off = |id: &u32| RuleOverride { id: *id, enabled: false, action: None };
    GroupOverride { group: group.to_owned(), rules: rules.iter().map(off).collect() }
}

fn exclusion_of((variable, operator, selector): &(String, String, String)) -> Option<exclusions::Spec> {
    Some(exclusions::Spec {
        variable: exclusions::Variable::parse(variable)?,
        operator: exclusions::Operator::parse(operator)?,
        selector: selector.clone(),
        scopes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration() -> Configuration {
        Configuration {
            mode: Mode::Prevention,
            kind: "OWASP".to_owned(),
            version: "3.2".to_owned(),
            disabled: vec![("REQUEST-941-APPLICATION-ATTACK-XSS".to_owned(), vec![])],
            checks_body: true,
            max_body_kb: Some(8),
            max_upload_mb: None,
            exclusions: vec![("RequestArgNames".to_owned(), "startswith".to_owned(), "x".to_owned())],
        }
    }

    #[test]
    fn it_becomes_a_policy() {
        let translation = configuration().translate().unwrap();
        assert_eq!(translation.limits, Limits { max_body: Some(8 << 10), ..Limits::default() });
        let exclusion = &translation.managed.exclusions[0];
        assert_eq!(exclusion.variable, exclusions::Variable::ArgValues);
        assert_eq!(exclusion.operator, exclusions::Operator::StartsWith);
        assert!(translation.managed.sets[0].overrides[0].rules.is_empty());
    }

    #[test]
    fn without_the_check_there_are_no_limits_either() {
        let limits = Configuration { checks_body: false, ..configuration() }.translate().unwrap().limits;
        assert_eq!((limits.inspects_body, limits.max_body, limits.max_upload), (false, None, None));
    }

    #[test]
    fn unknown_words_in_exclusions_are_faults() {
        let wrong = vec![("RequestThings".to_owned(), "Equals".to_owned(), "x".to_owned())];
        let faults = Configuration { exclusions: wrong, ..configuration() }.translate().unwrap_err();
        assert_eq!((faults[0].at.as_str(), faults.len()), ("exclusions[0]", 1));
    }
}
