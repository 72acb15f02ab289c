//! The core rule set 3.2 as Azure lists it.
//!
//! Source: `application-gateway-crs-rulegroups-rules`, read 2026-11-22.

use super::{Group, RuleSet, logged, never, scored};

/// `OWASP` 3.2.
pub(super) static OWASP_3_2: RuleSet = RuleSet {
    kind: "OWASP",
    version: "3.2",
    groups: &[
        Group { name: "General", rows: &[scored(5, 1, &[200002, 200003, 200004])] },
        Group {
            name: "KNOWN-CVES",
            rows: &[
                scored(5, 2, &[800100, 800110, 800111, 800112, 800113]),
                logged(&[800114]),
                scored(5, 1, &[800115]),
            ],
        },
        Group { name: "REQUEST-911-METHOD-ENFORCEMENT", rows: &[scored(5, 1, &[911100])] },
        Group {
            name: "REQUEST-913-SCANNER-DETECTION",
            rows: &[scored(5, 1, &[913100, 913110, 913120]), scored(5, 2, &[913101, 913102])],
        },
        Group {
            name: "REQUEST-920-PROTOCOL-ENFORCEMENT",
            rows: &[
                scored(3, 1, &[920100, 920180, 920190, 920210, 920220, 920240, 920250, 920260, 920280, 920290, 920350]),
                scored(5, 1, &[920120, 920160, 920170, 920171, 920270, 920420, 920430, 920440, 920450, 920470, 920480]),
                scored(5, 2, &[920121, 920271, 920341]),
                scored(3, 2, &[920200, 920201, 920230]),
                scored(2, 2, &[920300, 920320]),
                scored(2, 1, &[920310, 920311, 920330, 920340]),
            ],
        },
        Group {
            name: "REQUEST-921-PROTOCOL-ATTACK",
            rows: &[scored(5, 1, &[921110, 921120, 921130, 921140, 921150, 921160]), scored(5, 2, &[921151])],
        },
        Group { name: "REQUEST-930-APPLICATION-ATTACK-LFI", rows: &[scored(5, 1, &[930100, 930110, 930120, 930130])] },
        Group {
            name: "REQUEST-931-APPLICATION-ATTACK-RFI",
            rows: &[scored(5, 1, &[931100, 931110, 931120]), scored(5, 2, &[931130])],
        },
        Group {
            name: "REQUEST-932-APPLICATION-ATTACK-RCE",
            rows: &[scored(
                5,
                1,
                &[932100, 932105, 932110, 932115, 932120, 932130, 932140, 932150, 932160, 932170, 932171, 932180],
            )],
        },
        Group {
            name: "REQUEST-933-APPLICATION-ATTACK-PHP",
            rows: &[
                scored(5, 1, &[933100, 933110, 933120, 933130, 933140, 933150, 933160, 933170, 933180, 933200, 933210]),
                scored(5, 2, &[933151]),
            ],
        },
        Group {
            name: "REQUEST-941-APPLICATION-ATTACK-XSS",
            rows: &[
                scored(
                    5,
                    1,
                    &[
                        941100, 941110, 941120, 941130, 941140, 941160, 941170, 941180, 941190, 941200, 941210, 941220,
                        941230, 941240, 941250, 941260, 941270, 941280, 941290, 941300, 941310, 941350, 941360,
                    ],
                ),
                scored(5, 2, &[941101, 941150, 941320, 941330, 941340]),
            ],
        },
        Group {
            name: "REQUEST-942-APPLICATION-ATTACK-SQLI",
            rows: &[
                scored(
                    5,
                    1,
                    &[
                        942100, 942140, 942160, 942170, 942190, 942220, 942230, 942240, 942250, 942270, 942280, 942290,
                        942320, 942350, 942360, 942500,
                    ],
                ),
                scored(3, 2, &[942110, 942430]),
                scored(
                    5,
                    2,
                    &[
                        942120, 942130, 942150, 942180, 942200, 942210, 942260, 942300, 942310, 942330, 942340, 942361,
                        942370, 942380, 942390, 942400, 942410, 942440, 942450, 942470, 942480,
                    ],
                ),
            ],
        },
        Group {
            name: "REQUEST-943-APPLICATION-ATTACK-SESSION-FIXATION",
            rows: &[scored(5, 1, &[943100, 943110, 943120])],
        },
        Group {
            name: "REQUEST-944-APPLICATION-ATTACK-JAVA",
            rows: &[scored(5, 1, &[944100, 944110, 944120, 944130, 944240, 944250]), scored(5, 2, &[944200, 944210])],
        },
        Group {
            name: "",
            rows: &[never(&[
                920202, 920272, 920273, 920274, 920460, 921170, 921180, 932106, 932190, 933111, 933131, 933161, 933190,
                942251, 942420, 942421, 942431, 942432, 942460, 942490,
            ])],
        },
    ],
};
