//! Challenges of bots.

use super::*;
use crate::challenge::{Kind, Lifetimes};
use crate::managed::{GroupOverride, RuleOverride};

#[test]
fn a_bot_is_challenged_until_it_has_proven_itself_and_goes_on_to_the_rule_sets() {
    let rule = RuleOverride { id: 300_300, enabled: true, action: Some(managed::Action::JsChallenge) };
    let set = SetSpec {
        kind: "Microsoft_BotManagerRuleSet".to_owned(),
        version: "1.1".to_owned(),
        overrides: vec![GroupOverride { group: "UnknownBots".to_owned(), rules: vec![rule] }],
    };
    let mut spec = drs(&[]);
    spec.sets.push(set);
    let clearances = Clearances::new(b"key");
    let now = Duration::from_secs(1000);
    let value = clearances.grant(
        Kind::Script,
        [192, 0, 2, 1].into(),
        b"www.example.com",
        Lifetimes::default().of(Kind::Script),
        now,
    );
    let cookie = format!("appgw_azwaf_jsclearance={value}");
    let curl = (&b"User-Agent"[..], &b"curl/8.5.0"[..]);
    let new = [BROWSER[0], curl];
    let cleared = [BROWSER[0], curl, (&b"Cookie"[..], cookie.as_bytes())];
    let large = [BROWSER[0], curl, (&b"Content-Type"[..], &b"text/plain"[..])];
    let body = vec![b'x'; (128 << 10) + 1];
    let (small, long): (&[u8], &[u8]) = (b"", &body);
    let challenge = Decision::Challenge(Kind::Script);
    for (mode, headers, body, decision, expected) in [
        (Mode::Prevention, &new[..], small, challenge.clone(), vec![("300300", "JSChallengeIssued")]),
        (
            Mode::Prevention,
            &cleared,
            small,
            block(),
            vec![("300300", "JSChallengeValid"), ("942100", "Matched"), ("949110", "Blocked")],
        ),
        (Mode::Prevention, &large, small, challenge, vec![("300300", "JSChallengeIssued")]),
        (Mode::Prevention, &large, long, block(), vec![("300300", "JSChallengeBlock")]),
        (
            Mode::Detection,
            &new,
            small,
            Decision::Forward,
            vec![("300300", "Detected"), ("942100", "Matched"), ("949110", "Detected")],
        ),
    ] {
        let limits = Limits { inspected_body: 1 << 20, max_body: None, ..Limits::default() };
        let policy = policy(mode, limits, &[], &spec, Vec::new());
        let (_, outcome) = run(&policy, &request("/?a=attack", headers), &[body]);
        assert_eq!((&outcome.decision, rows(&outcome)), (&decision, expected), "{mode:?}");
    }
}
