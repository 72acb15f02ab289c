//! The order of rules, what each action does, and when the body is needed.

use super::*;
use crate::challenge::Kind;
use Action::*;

/// What a request comes to: the rules that told something, each with its word, and the end.
fn run(rules: &[RuleSpec], sent: Sent<'_>, mode: Mode) -> (Vec<String>, Step) {
    let world = World::new();
    let rules = Rules::new(rules).unwrap();
    let (step, told) = sent.step(&rules, Place::default(), true, &world.around(mode));
    (words(&told), step)
}

fn words(told: &[Told]) -> Vec<String> {
    told.iter().map(|told| format!("{} {}", told.rule, told.outcome.name())).collect()
}

#[test]
fn the_lowest_priority_goes_first_and_an_action_ends_the_walk_or_not() {
    let rules = |first| vec![rule("second", 20, Block, vec![path("/")]), rule("first", -1, first, vec![path("/")])];
    let challenge = |kind| Step::Ended(Ending::Challenge(kind));
    for (mode, action, wanted, step) in [
        (Mode::Prevention, Allow, &["first Allowed"][..], Step::Ended(Ending::Allow)),
        (Mode::Prevention, Block, &["first Blocked"], Step::Ended(Ending::Block)),
        (Mode::Prevention, Log, &["first Log", "second Blocked"], Step::Ended(Ending::Block)),
        (Mode::Prevention, JsChallenge, &["first JSChallengeIssued"], challenge(Kind::Script)),
        (Mode::Prevention, Captcha, &["first CAPTCHAIssued"], challenge(Kind::Captcha)),
        (Mode::Detection, Allow, &["first Allowed"], Step::Ended(Ending::Allow)),
        (Mode::Detection, Block, &["first Detected"], Step::Ended(Ending::Block)),
        (Mode::Detection, Log, &["first Log", "second Detected"], Step::Ended(Ending::Block)),
        (Mode::Detection, JsChallenge, &["first Detected", "second Detected"], Step::Ended(Ending::Block)),
        (Mode::Detection, Captcha, &["first Detected", "second Detected"], Step::Ended(Ending::Block)),
    ] {
        let (told, ended) = run(&rules(action), GET, mode);
        assert_eq!(
            (&*told, ended),
            (&*wanted.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), step),
            "{mode:?} {action:?}"
        );
    }
}

#[test]
fn all_conditions_have_to_hold_and_rules_that_are_off_are_not_asked() {
    let post = condition(Variable::RequestMethod, "", Operator::Equal, &["POST"]);
    let both = rule("both", 1, Block, vec![path("/admin"), post]);
    let off = RuleSpec { enabled: false, ..rule("off", 2, Block, vec![path("/")]) };
    for (method, target, wanted) in [
        ("POST", "/admin/x", Step::Ended(Ending::Block)),
        ("GET", "/admin/x", Step::Through),
        ("POST", "/", Step::Through),
    ] {
        let (_, step) = run(&[both.clone(), off.clone()], Sent { method, target, ..GET }, Mode::Prevention);
        assert_eq!(step, wanted, "{method} {target}");
    }
    assert!(Rules::new(&[off]).unwrap().is_empty());
}

#[test]
fn rules_before_the_first_that_needs_the_body_are_decided_without_it() {
    let argument = condition(Variable::PostArgs, "a", Operator::Equal, &["bad"]);
    let rules = Rules::new(&[
        rule("log", 1, Log, vec![path("/")]),
        rule("allow", 2, Allow, vec![path("/upload")]),
        rule("body", 3, Block, vec![argument, path("/form")]),
        rule("last", 4, Block, vec![condition(Variable::RequestHeaders, "X", Operator::Any, &[])]),
    ])
    .unwrap();
    let world = World::new();
    let around = world.around(Mode::Prevention);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let json = ("Content-Type", "text/plain");
    let wants = Step::WantsBody(Place(2));
    for (target, headers, head) in [
        ("/upload", &[form][..], Step::Ended(Ending::Allow)),
        ("/form", &[form], wants),
        ("/other", &[form], Step::Through),
        ("/other", &[form, ("X", "")], Step::Ended(Ending::Block)),
        ("/form", &[json], Step::Through),
    ] {
        let sent = Sent { target, headers, ..GET };
        let (step, told) = sent.step(&rules, Place::default(), false, &around);
        assert_eq!(step, head, "{target} {headers:?}");
        assert_eq!(words(&told)[0], "log Log");
    }
    for (value, wanted, told) in
        [("bad", Step::Ended(Ending::Block), &["body Blocked"][..]), ("good", Step::Through, &[])]
    {
        let sent = Sent { target: "/form", headers: &[form], arguments: &[("a", value)], ..GET };
        let (step, found) = sent.step(&rules, Place(2), true, &around);
        assert_eq!(
            (step, &*words(&found)),
            (wanted, &*told.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()),
            "{value}"
        );
    }
}

/// Where one of the alternatives is found in the head, what the body says does not matter.
#[test]
fn an_alternative_in_the_head_does_not_wait_for_the_body() {
    let mut either = condition(Variable::PostArgs, "a", Operator::Equal, &["bad"]);
    either.variables.push((Variable::QueryString, Some("a".to_owned())));
    let world = World::new();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for (negated, target, wanted) in [
        (false, "/?a=bad", Step::Ended(Ending::Block)),
        (false, "/?a=good", Step::WantsBody(Place(0))),
        (true, "/?a=bad", Step::Through),
        (true, "/?a=good", Step::WantsBody(Place(0))),
    ] {
        let rules = Rules::new(&[rule("r", 1, Block, vec![ConditionSpec { negated, ..either.clone() }])]).unwrap();
        let sent = Sent { target, headers: &form, ..GET };
        let (step, _) = sent.step(&rules, Place::default(), false, &world.around(Mode::Prevention));
        assert_eq!(step, wanted, "{negated} {target}");
    }
}

fn rate(name: &str, priority: i64, action: Action, threshold: u32, group: crate::rate::GroupBy) -> RuleSpec {
    let kind = RuleKind::RateLimit { window: Duration::from_secs(60), threshold, group };
    RuleSpec { kind, ..rule(name, priority, action, vec![path("/api")]) }
}

#[test]
fn a_rate_limit_acts_beyond_its_threshold_on_what_matches() {
    use crate::rate::GroupBy::*;
    let world = World::new();
    let rules = Rules::new(&[rate("log", 1, Log, 1, Everything), rate("limit", 2, Block, 2, Client)]).unwrap();
    let ask = |target, client, around: &Surroundings<'_>| {
        let (step, told) = Sent { target, client, ..GET }.step(&rules, Place::default(), false, around);
        assert!(told.iter().all(|told| told.is_rate_limit));
        (words(&told).join(", "), step == Step::Ended(Ending::Block))
    };
    let around = world.around(Mode::Prevention);
    for (target, client, told, blocked) in [
        ("/api", "192.0.2.1", "", false),
        ("/other", "192.0.2.1", "", false),
        ("/api", "192.0.2.1", "log Log", false),
        ("/api", "192.0.2.1", "log Log, limit Blocked", true),
        ("/other", "192.0.2.1", "", false),
        ("/api", "192.0.2.2", "log Log", false),
        ("/api", "192.0.2.1", "log Log, limit Blocked", true),
    ] {
        assert_eq!(ask(target, client, &around), (told.to_owned(), blocked), "{target} {client}");
    }
    let elsewhere = Surroundings { point: "another listener", ..around };
    assert_eq!(ask("/api", "192.0.2.1", &elsewhere), (String::new(), false), "each point counts for itself");
    let next = Surroundings { now: around.now + Duration::from_secs(150), ..around };
    assert_eq!(ask("/api", "192.0.2.1", &next), (String::new(), false), "windows end");
}

/// The walk over the head and that over the body together count a request once.
#[test]
fn a_request_is_counted_once_whether_its_body_is_read_or_not() {
    use crate::rate::GroupBy::Client;
    let argument = condition(Variable::PostArgs, "a", Operator::Any, &[]);
    let rules = Rules::new(&[rate("limit", 1, Block, 2, Client), rule("body", 2, Log, vec![argument])]).unwrap();
    let world = World::new();
    let around = world.around(Mode::Prevention);
    let headers = [("Content-Type", "application/json")];
    let sent = Sent { target: "/api", headers: &headers, ..GET };
    for request in 0..2 {
        let (step, _) = sent.step(&rules, Place::default(), false, &around);
        let Step::WantsBody(place) = step else { panic!("request {request}: {step:?}") };
        assert_eq!(sent.step(&rules, place, true, &around).0, Step::Through, "request {request}");
    }
    assert_eq!(sent.step(&rules, Place::default(), false, &around).0, Step::Ended(Ending::Block));
}

#[test]
fn a_challenge_that_was_answered_lets_the_walk_go_on() {
    let world = World::new();
    let around = world.around(Mode::Prevention);
    let lifetime = Duration::from_secs(60);
    let host = ("Host", "www.example.com");
    let rules =
        Rules::new(&[rule("challenge", 1, JsChallenge, vec![path("/")]), rule("block", 2, Block, vec![path("/x")])]);
    let rules = rules.unwrap();
    let value = world.clearances.grant(Kind::Script, [192, 0, 2, 1].into(), b"www.example.com", lifetime, around.now);
    let cookie = format!("{}={value}", Kind::Script.cookie());
    let cookie = ("Cookie", cookie.as_str());
    for (method, target, headers, told, step) in [
        ("GET", "/", &[host, cookie][..], "challenge JSChallengeValid", Step::Through),
        ("GET", "/x", &[host, cookie], "challenge JSChallengeValid, block Blocked", Step::Ended(Ending::Block)),
        ("GET", "/", &[host], "challenge JSChallengeIssued", Step::Ended(Ending::Challenge(Kind::Script))),
        ("POST", "/", &[host, ("Content-Length", "200000")], "challenge JSChallengeBlock", Step::Ended(Ending::Block)),
    ] {
        let (found, told_now) = Sent { method, target, headers, ..GET }.step(&rules, Place::default(), true, &around);
        assert_eq!((words(&told_now).join(", ").as_str(), found), (told, step), "{method} {target} {headers:?}");
    }
}

#[test]
fn what_is_told_says_why() {
    let mut conditions = vec![
        condition(Variable::RemoteAddr, "", Operator::GeoMatch, &["DE"]),
        ConditionSpec { negated: true, ..condition(Variable::RequestHeaders, "X-Key", Operator::Equal, &["secret"]) },
    ];
    conditions[1].variables.push((Variable::RequestCookies, Some("key".to_owned())));
    let world = World::new();
    let rules = Rules::new(&[rule("geo", 1, Log, conditions), rule("plain", 2, Log, vec![path("/")])]).unwrap();
    let sent = Sent { client: "198.51.100.1", ..GET };
    let (_, told) = sent.step(&rules, Place::default(), false, &world.around(Mode::Prevention));
    assert_eq!(told[0].country, Some(*b"DE"));
    assert_eq!(told[0].conditions, ["RemoteAddr GeoMatch", "RequestHeaders:X-Key|RequestCookies:key not Equal"]);
    assert_eq!((told[1].country, told[1].action), (None, Log));
}
