//! The firewall log: its fields, and the words for what was done.

use observe::access_log::{Names, firewall_action};
use observe::{FirewallRecord, Labels, Stamp, TransactionId};
use serde_json::Value;

use crate::page::{all_names, assert_same_names, assert_same_types, example, first_cells, names, page, part, row};

fn finding() -> Value {
    let record = FirewallRecord {
        stamp: &Stamp::of(0),
        labels: &Labels::new(&Names::default()),
        client_ip: "203.0.113.7",
        client_port: "51644",
        request_uri: "/",
        rule_set_type: "Microsoft_DefaultRuleSet",
        rule_set_version: "2.1",
        rule_id: "942100",
        rule_group: "SQLI",
        message: "what",
        action: "Matched",
        detail_message: "where",
        detail_data: "data",
        detail_file: "file",
        detail_line: "1",
        explanation: r#"{"decision": "refused"}"#,
        hostname: "shop.example",
        transaction: &TransactionId::from_bits(1),
        policy_id: "/p1",
        policy_scope: "Listener",
        policy_scope_name: "shop",
    };
    row("findings", |log| log.firewall(&record))
}

#[test]
fn every_field_of_a_row_stands_on_the_page_and_in_its_example() {
    let page = page("firewall-log.md");
    let fields = part(&page, "## JSON", "## Actions");
    let (row, example) = (finding(), example(fields));
    assert_same_names(&first_cells(fields), &all_names(&row));
    assert_eq!(all_names(&example), all_names(&row));
    assert_same_types(&example["properties"], &row["properties"]);
    let details = names(&row["properties"]["details"]);
    assert_eq!(names(&example["properties"]["details"]), details);
    let explained = fields.lines().find(|line| line.starts_with("| `details` |")).unwrap();
    for name in details {
        assert!(explained.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_table_of_actions_is_the_list_of_actions() {
    let page = page("firewall-log.md");
    let actions = part(&page, "## Actions", "## Why");
    let (last, listed) = firewall_action::ALL.split_last().unwrap();
    assert_eq!(first_cells(actions), listed);
    assert!(actions.contains(&format!("counts as `{last}`")));
}
