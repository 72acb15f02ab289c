//! Work in slices, and the rest of a body without the request.

use super::*;

/// A form of many fields under rules that look at each.
fn form() -> Vec<u8> {
    (0..990).flat_map(|number| format!("field{number}={}&", "quite ordinary text. ".repeat(5)).into_bytes()).collect()
}

const HEADERS: [(&[u8], &[u8]); 2] = [BROWSER[0], (b"Content-Type", b"application/x-www-form-urlencoded")];

/// A policy with the baseline, which has rules that cost something.
fn costly(mode: Mode) -> Arc<Policy> {
    let kind = "Gatehouse_Baseline".to_owned();
    let set = SetSpec { kind, version: "1.0".to_owned(), overrides: Vec::new() };
    let spec = managed::Spec { sets: vec![set], ..managed::Spec::default() };
    policy(mode, Limits { max_body: Some(200 << 10), ..Limits::default() }, &[], &spec, Vec::new())
}

#[test]
fn rules_over_a_long_body_work_in_slices_and_find_the_same() {
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    let services = services(&counters, &clearances, &Unknown);
    for (tail, refused) in [("", false), ("last=1' UNION SELECT password FROM users--", true)] {
        let policy = costly(Mode::Prevention);
        let request = request("/", &HEADERS);
        let body = [form(), tail.as_bytes().to_vec()].concat();
        let mut sliced = Inspection::new(&policy, &place(), &request, &services);
        assert!(matches!(sliced.head(), Step::WantsBody));
        assert!(matches!(sliced.body(&body), Step::WantsBody));
        let (mut step, mut slices) = (sliced.end(), 1);
        let outcome = loop {
            match step {
                Step::Working => (step, slices) = (sliced.go_on(), slices + 1),
                Step::Done(outcome) => break outcome,
                other => panic!("{other:?}"),
            }
        };
        assert!(slices > 3, "{slices}");
        let mut whole = Inspection::new(&policy, &place(), &request, &services);
        whole.head();
        whole.body(&body);
        let at_once = whole.finish();
        assert_eq!((&outcome.decision, &outcome.events), (&at_once.decision, &at_once.events));
        assert_eq!(outcome.explanation, at_once.explanation);
        assert_eq!(outcome.decision == block(), refused);
    }
}

#[test]
fn custom_rules_over_a_long_body_are_asked_in_slices_and_each_once() {
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    let services = services(&counters, &clearances, &Unknown);
    let rules: Vec<RuleSpec> = (1..=20)
        .map(|number| rule(&format!("r{number}"), number, Does::Log, Variable::PostArgs, None, "ordinary"))
        .collect();
    let off = managed::Spec::default();
    let policy = policy(Mode::Prevention, Limits::default(), &rules, &off, Vec::new());
    let request = request("/", &HEADERS);
    let told = |outcome: &Outcome| outcome.events.iter().map(|event| event.rule_id.clone()).collect::<Vec<_>>();
    let expected: Vec<String> = (1..=20).map(|number| format!("r{number}")).collect();
    for at_once in [true, false] {
        let mut inspection = Inspection::new(&policy, &place(), &request, &services);
        inspection.head();
        inspection.body(&form());
        if at_once {
            assert_eq!(told(&inspection.finish()), expected);
            continue;
        }
        let (mut step, mut slices) = (inspection.end(), 1);
        while matches!(step, Step::Working) {
            (step, slices) = (inspection.go_on(), slices + 1);
        }
        assert_eq!((told(&done(step)), slices > 3), (expected.clone(), true), "{slices}");
    }
}

#[test]
fn what_is_shown_while_rules_work_waits_for_them() {
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    let services = services(&counters, &clearances, &Unknown);
    let request = request("/", &HEADERS);
    let body = [&b"first=<script>alert(1)</script>&"[..], &form(), &form()].concat();
    for mode in [Mode::Prevention, Mode::Detection] {
        let policy = costly(mode);
        let working = || {
            let mut inspection = Inspection::new(&policy, &place(), &request, &services);
            inspection.head();
            assert!(matches!(inspection.body(&body[..200_000]), Step::Working), "more than is inspected");
            inspection
        };
        let prevents = mode == Mode::Prevention;
        assert!(matches!((prevents, working().body(b"x")), (true, Step::Done(_)) | (false, Step::Forward)));
        for outcome in [working().finish(), done(working().end())] {
            assert_eq!(outcome.decision == block(), prevents, "{mode:?}");
            assert!(outcome.events.iter().any(|event| event.rule_id == "66040010"), "{:?}", rows(&outcome));
        }
    }
}

fn done(step: Step) -> Outcome {
    match step {
        Step::Done(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_inspection_that_is_shown_nothing_is_finished_all_the_same() {
    let policy = plain(Mode::Prevention);
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    let services = services(&counters, &clearances, &Unknown);
    let request = request("/?a=attack", &BROWSER);
    let outcome = Inspection::new(&policy, &place(), &request, &services).finish();
    assert_eq!((&outcome.decision, outcome.events.len()), (&block(), 2));
}
