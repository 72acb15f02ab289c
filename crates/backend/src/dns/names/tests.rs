use super::*;
use crate::dns::{Answer, MAX_ADDRESSES};
use crate::fixtures::Zone;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Names that a table answers, and what was told of them.
struct World {
    zone: Arc<Zone>,
    names: Names,
    told: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new() -> Self {
        Self::knowing(Vec::new())
    }

    fn knowing(known: Vec<KnownName>) -> Self {
        let (zone, told) = (Arc::new(Zone::default()), Arc::new(Mutex::new(Vec::new())));
        let lines = Arc::clone(&told);
        let on_change = Box::new(move |change: &NameChange| lines.lock().unwrap().push(change.to_string()));
        let names = Names::new(Resolving { lookup: Arc::clone(&zone) as Arc<_>, known, on_change });
        Self { zone, names, told }
    }

    fn watch(&mut self, name: &str) -> watch::Receiver<NameState> {
        self.names.watch(&Handle::current(), &Arc::from(name))
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

fn ips(state: &watch::Receiver<NameState>) -> Vec<String> {
    state.borrow().addresses.iter().map(ToString::to_string).collect()
}

/// Lets the tasks run and time pass.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_resolved_at_once_and_again_before_its_life_ends() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.2", "10.0.0.1", "::1", "10.0.0.1"], 20);
    let state = world.watch("a.example");
    assert!(!state.borrow().answered);
    pass(MS).await;
    assert_eq!(ips(&state), ["10.0.0.1", "10.0.0.2", "::1"]);
    let left = state.borrow().next.unwrap() - Instant::now().into_std();
    assert!(left > SECOND * 15 && left < SECOND * 18, "{left:?}");

    world.zone.set("a.example", &["10.0.0.3"], 20);
    pass(SECOND * 15).await;
    assert_eq!(world.zone.asked(), 1);
    pass(SECOND * 3).await;
    assert_eq!((world.zone.asked(), ips(&state)), (2, vec!["10.0.0.3".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn the_life_of_an_answer_is_at_least_a_second_and_at_most_five_minutes() {
    for (ttl, earliest, latest) in
        [(0, 1000, 1000), (1, 1000, 1000), (300, 240_000, 270_000), (86_400, 240_000, 270_000)]
    {
        let mut world = World::new();
        world.zone.set("a.example", &["10.0.0.1"], ttl);
        let _state = world.watch("a.example");
        pass(MS * earliest - MS).await;
        assert_eq!(world.zone.asked(), 1, "ttl {ttl}");
        pass(MS * (latest - earliest) + MS * 3).await;
        assert_eq!(world.zone.asked(), 2, "ttl {ttl}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_came_together_are_not_asked_for_together_for_ever() {
    let mut world = World::new();
    let names: Vec<_> = (0..100).map(|number| format!("n{number}.example")).collect();
    names.iter().for_each(|name| world.zone.set(name, &["10.0.0.1"], 100));
    let states: Vec<_> = names.iter().map(|name| world.watch(name)).collect();
    pass(MS).await;
    let mut times: Vec<_> = states.iter().map(|state| state.borrow().next.unwrap()).collect();
    times.sort_unstable();
    assert!(times[99] - times[0] > SECOND * 5 && times[99] - times[0] < SECOND * 10);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_128_names_are_asked_for_at_once() {
    struct Slow(Mutex<(usize, usize)>);
    impl Lookup for Slow {
        fn lookup(&self, _: Arc<str>) -> crate::dns::LookupFuture {
            let mut count = self.0.lock().unwrap();
            *count = (count.0 + 1, count.1);
            Box::pin(std::future::pending())
        }
    }
    let slow = Arc::new(Slow(Mutex::new((0, 0))));
    let mut names = Names::new(Resolving::by(Arc::clone(&slow) as Arc<_>));
    for number in 0..200 {
        names.watch(&Handle::current(), &Arc::from(format!("n{number}.example")));
    }
    pass(SECOND).await;
    assert_eq!(slow.0.lock().unwrap().0, MAX_LOOKUPS);
    pass(LOOKUP_TIMEOUT).await;
    assert_eq!(slow.0.lock().unwrap().0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_the_last_good_addresses_for_an_hour_to_the_second() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.1"], 60);
    let state = world.watch("a.example");
    pass(MS).await;
    assert_eq!(world.told(), ["the name a.example has 1 address; new: 10.0.0.1"]);
    world.zone.fail("a.example", "server failure");
    pass(SECOND * 3599).await;
    assert_eq!((ips(&state), state.borrow().code()), (vec!["10.0.0.1".to_owned()], "Stale"));
    assert_eq!(state.borrow().error.as_deref(), Some("server failure"));
    let failed = "the name a.example cannot be resolved: server failure; 1 address in use until it can";
    assert_eq!(world.told(), [failed], "said once, after more than a hundred look-ups");
    assert!(world.zone.asked() > 100);
    pass(SECOND).await;
    assert_eq!((ips(&state).len(), state.borrow().code()), (0, "DnsFailure"));
    assert_eq!(world.told(), ["the name a.example has no address any more: it could not be resolved for too long"]);

    world.zone.set("a.example", &["10.0.0.2"], 60);
    pass(SECOND * 34).await;
    assert_eq!((ips(&state), state.borrow().error.clone()), (vec!["10.0.0.2".to_owned()], None));
    assert_eq!(world.told(), ["the name a.example has 1 address; new: 10.0.0.2"]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_a_failure_and_not_zero_servers() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.1"], 1);
    let state = world.watch("a.example");
    pass(MS).await;
    world.zone.set("a.example", &[], 1);
    pass(SECOND * 5).await;
    assert_eq!(ips(&state), ["10.0.0.1"]);
    assert_eq!(state.borrow().error.as_deref(), Some("the name has no address"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_never_resolves_is_answered_with_its_error_and_asked_less_and_less() {
    let mut world = World::new();
    let state = world.watch("nowhere.example");
    pass(MS).await;
    let now = state.borrow().clone();
    assert!(now.answered && now.addresses.is_empty() && now.error.as_deref() == Some("no such name"));
    pass(SECOND * 64).await;
    // At 0, 1, 3, 7, 15, 31 and 61 seconds, each up to a tenth later.
    assert!((6..=7).contains(&world.zone.asked()), "{}", world.zone.asked());
    assert_eq!(world.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_denied_is_asked_for_when_the_zone_says_but_within_30_seconds() {
    for (zone, earliest, latest) in [(5, 5000, 5500), (3600, 30_000, 33_000)] {
        let mut world = World::new();
        let absent_for = Some(Duration::from_secs(zone));
        world.zone.answer("a.example", Found::failed(LookupError { absent_for, ..LookupError::absent("nothing") }));
        let _state = world.watch("a.example");
        pass(MS * earliest - MS).await;
        assert_eq!(world.zone.asked(), 1, "{zone}");
        pass(MS * (latest - earliest) + MS * 3).await;
        assert_eq!(world.zone.asked(), 2, "{zone}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_never_answers_counts_as_failed() {
    struct Silent;
    impl Lookup for Silent {
        fn lookup(&self, _: Arc<str>) -> crate::dns::LookupFuture {
            Box::pin(std::future::pending())
        }
    }
    let mut names = Names::new(Resolving::by(Arc::new(Silent)));
    let state = names.watch(&Handle::current(), &Arc::from("a.example"));
    pass(LOOKUP_TIMEOUT + MS).await;
    assert_eq!(state.borrow().error.as_deref(), Some("no answer within 10s"));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_addresses_are_used_and_that_is_said_once() {
    let mut world = World::new();
    let mut many: Vec<_> = (0..1000).map(|number| format!("10.0.{}.{}", number / 250, number % 250)).collect();
    world.zone.set("a.example", &many.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    let state = world.watch("a.example");
    pass(MS).await;
    let first = ips(&state);
    assert_eq!(first.len(), MAX_ADDRESSES);
    assert_eq!(world.told()[1], "the name a.example: 64 of 1000 addresses are used, not more");
    for shift in [3, 500, 998] {
        many.rotate_left(shift);
        world.zone.set("a.example", &many.iter().map(String::as_str).collect::<Vec<_>>(), 1);
        pass(SECOND * 2).await;
        assert_eq!(ips(&state), first);
    }
    assert!(world.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_family_fails_and_the_other_goes_on() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.1", "2001:db8::1"], 10);
    let state = world.watch("a.example");
    pass(MS).await;
    let v4 = Ok(Answer { addresses: vec!["10.0.0.2".parse().unwrap()], ttl: SECOND * 10 });
    let v6 = Err(LookupError::new("server failure"));
    world.zone.answer("a.example", Found { v4, v6, unusable: Vec::new() });
    pass(SECOND * 30).await;
    assert_eq!((ips(&state), state.borrow().code()), (vec!["10.0.0.2".to_owned(), "2001:db8::1".to_owned()], "Stale"));
    world.zone.set("a.example", &["10.0.0.2"], 10);
    pass(SECOND * 34).await;
    assert_eq!((ips(&state), state.borrow().code()), (vec!["10.0.0.2".to_owned()], "Resolved"));
}

#[tokio::test(start_paused = true)]
async fn every_name_is_asked_for_within_a_second_after_a_change_of_the_sources() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.1"], 300);
    let state = world.watch("a.example");
    pass(SECOND * 10).await;
    world.zone.set("a.example", &["10.0.0.2"], 300);
    pass(SECOND * 10).await;
    assert_eq!(ips(&state), ["10.0.0.1"]);
    world.zone.announce_change();
    pass(SECOND + MS).await;
    assert_eq!((ips(&state), world.zone.asked()), (vec!["10.0.0.2".to_owned()], 2));
    pass(SECOND * 100).await;
    assert_eq!(world.zone.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_wanted_any_more_is_not_asked_for_and_not_forgotten_at_once() {
    let mut world = World::new();
    world.zone.set("a.example", &["10.0.0.1"], 1);
    let _state = world.watch("a.example");
    pass(MS).await;
    world.names.retain(|_| false);
    pass(SECOND * 10).await;
    assert_eq!((world.zone.asked(), world.names.known()), (1, vec![]));

    world.zone.fail("a.example", "server failure");
    let again = world.watch("a.example");
    assert_eq!(ips(&again), ["10.0.0.1"]);
    pass(SECOND * 3589).await;
    assert_eq!(ips(&again), ["10.0.0.1"]);
    pass(SECOND).await;
    assert!(ips(&again).is_empty());

    world.names.retain(|_| false);
    assert!(ips(&world.watch("a.example")).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_known_before_is_used_at_once_but_not_beyond_its_hour() {
    let now = Instant::now().into_std();
    let known = |name: &str, age: Duration| KnownName {
        name: Arc::from(name),
        addresses: vec!["10.0.0.1".parse().unwrap()],
        resolved: now.checked_sub(age).unwrap(),
    };
    let mut world = World::knowing(vec![known("a.example", KEPT_FOR - SECOND), known("b.example", KEPT_FOR)]);
    let (young, old) = (world.watch("a.example"), world.watch("b.example"));
    assert_eq!((ips(&young), young.borrow().code()), (vec!["10.0.0.1".to_owned()], "Resolving"));
    assert!(ips(&old).is_empty());
    pass(MS).await;
    assert_eq!((ips(&young).len(), young.borrow().code()), (1, "Stale"));
    assert_eq!(world.names.known(), [known("a.example", KEPT_FOR - SECOND)], "it does not become younger");
    pass(SECOND).await;
    assert!(ips(&young).is_empty() && world.names.known().is_empty());
}
