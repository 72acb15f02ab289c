//! A made-up folder of rules, with numbers of the core rule set.

use std::collections::BTreeMap;
use std::sync::Arc;

use snapshot::{RuleFolder, RuleSets};

/// Two rules that have numbers of Azure's sets, in the form of the core rule set.
pub(crate) const SQLI: &str = r#"
SecRule ARGS "@contains evil" "id:942100,phase:2,block,t:none,msg:'made up',severity:'CRITICAL',\
    setvar:'tx.sql_injection_score=+%{tx.critical_anomaly_score}',\
    setvar:'tx.anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
SecRule ARGS "@contains worse" "id:942140,phase:2,block,t:none,msg:'made up',severity:'CRITICAL',\
    setvar:'tx.anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
"#;

/// A folder that has one file of rules.
pub(crate) fn folder(rules: &str) -> RuleSets {
    let files = BTreeMap::from([("REQUEST-942-APPLICATION-ATTACK-SQLI.conf".to_owned(), rules.as_bytes().to_vec())]);
    let digest = format!("{:x}", rules.len());
    RuleSets::Folder(Arc::new(RuleFolder { path: "/rules".to_owned(), files, digest }))
}
