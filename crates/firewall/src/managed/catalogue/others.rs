//! Bot manager and HTTP DDoS rule sets: numbers and what they do.
//!
//! Source: `bot-protection-overview`, `ddos-ruleset`, read 2026-11-22.

use super::{Group, RuleSet, allowed, blocked, logged};

/// `Microsoft_BotManagerRuleSet` 1.0.
pub(super) static BOTS_1_0: RuleSet = RuleSet {
    kind: "Microsoft_BotManagerRuleSet",
    version: "1.0",
    groups: &[
        Group { name: "BadBots", rows: &[blocked(&[100100, 100200])] },
        Group { name: "GoodBots", rows: &[allowed(&[200100]), blocked(&[200200])] },
        Group { name: "UnknownBots", rows: &[logged(&[300100, 300200, 300300, 300400, 300500, 300600, 300700])] },
    ],
};

/// `Microsoft_BotManagerRuleSet` 1.1.
pub(super) static BOTS_1_1: RuleSet = RuleSet {
    kind: "Microsoft_BotManagerRuleSet",
    version: "1.1",
    groups: &[
        Group { name: "BadBots", rows: &[blocked(&[100100, 100200, 100300])] },
        Group { name: "GoodBots", rows: &[allowed(&[200100, 200200, 200300, 200400, 200500, 200600, 200700])] },
        Group { name: "UnknownBots", rows: &[logged(&[300100, 300200, 300300, 300400, 300500, 300600, 300700])] },
    ],
};

/// `Microsoft_HTTPDDoSRuleSet` 1.0.
pub(super) static DDOS_1_0: RuleSet = RuleSet {
    kind: "Microsoft_HTTPDDoSRuleSet",
    version: "1.0",
    groups: &[Group { name: "ExcessiveRequests", rows: &[blocked(&[500100, 501100])] }],
};
