use super::*;
use crate::fixtures::Zone;

fn ips(state: &watch::Receiver<NameState>) -> Vec<String> {
    state.borrow().addresses.iter().map(ToString::to_string).collect()
}

/// Lets the tasks run and time pass.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

fn watch_name(zone: &Arc<Zone>, name: &str) -> (Names, watch::Receiver<NameState>) {
    let mut names = Names::new(Arc::clone(zone) as Arc<dyn Lookup>);
    let state = names.watch(&Handle::current(), &Arc::from(name), NameState::default());
    (names, state)
}

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_name_is_resolved_at_once_and_again_at_its_ttl() {
    let zone = Arc::new(Zone::default());
    zone.set("a.example", &["10.0.0.2", "10.0.0.1", "::1", "10.0.0.1"], 20);
    let (_names, state) = watch_name(&zone, "a.example");
    assert!(!state.borrow().answered);
    pass(MS).await;
    assert_eq!(ips(&state), ["10.0.0.1", "10.0.0.2", "::1"]);

    zone.set("a.example", &["10.0.0.3"], 20);
    pass(SECOND * 19).await;
    assert_eq!(zone.asked(), 1);
    pass(SECOND).await;
    assert_eq!((zone.asked(), ips(&state)), (2, vec!["10.0.0.3".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn the_ttl_is_at_least_a_second_and_at_most_five_minutes() {
    for (ttl, seconds) in [(0, 1), (86_400, 300)] {
        let zone = Arc::new(Zone::default());
        zone.set("a.example", &["10.0.0.1"], ttl);
        let (_names, _state) = watch_name(&zone, "a.example");
        pass(SECOND * seconds - MS).await;
        assert_eq!(zone.asked(), 1, "ttl {ttl}");
        pass(MS * 2).await;
        assert_eq!(zone.asked(), 2, "ttl {ttl}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_the_last_good_addresses_for_an_hour() {
    let zone = Arc::new(Zone::default());
    zone.set("a.example", &["10.0.0.1"], 60);
    let (_names, state) = watch_name(&zone, "a.example");
    pass(MS).await;
    zone.fail("a.example", "server failure");
    pass(SECOND * 3590).await;
    assert_eq!(ips(&state), ["10.0.0.1"]);
    assert_eq!(state.borrow().error.as_deref(), Some("server failure"));
    pass(SECOND * 50).await;
    assert!(ips(&state).is_empty());

    zone.set("a.example", &["10.0.0.2"], 60);
    pass(SECOND * 31).await;
    assert_eq!(ips(&state), ["10.0.0.2"]);
    assert_eq!(state.borrow().error, None);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_a_failure_and_not_zero_servers() {
    let zone = Arc::new(Zone::default());
    zone.set("a.example", &["10.0.0.1"], 1);
    let (_names, state) = watch_name(&zone, "a.example");
    pass(MS).await;
    zone.set("a.example", &[], 1);
    pass(SECOND * 5).await;
    assert_eq!(ips(&state), ["10.0.0.1"]);
    assert_eq!(state.borrow().error.as_deref(), Some("the name has no address"));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_never_resolves_is_answered_with_its_error_and_asked_less_and_less() {
    let zone = Arc::new(Zone::default());
    let (_names, state) = watch_name(&zone, "nowhere.example");
    pass(MS).await;
    let now = state.borrow().clone();
    assert!(now.answered && now.addresses.is_empty() && now.error.as_deref() == Some("no such name"));
    pass(SECOND * 60).await;
    // At 0, 1, 3, 7, 15, 31 seconds, then every 30.
    assert_eq!(zone.asked(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_never_answers_counts_as_failed() {
    struct Silent;
    impl Lookup for Silent {
        fn lookup(&self, _: Arc<str>) -> crate::dns::LookupFuture {
            Box::pin(std::future::pending())
        }
    }
    let mut names = Names::new(Arc::new(Silent));
    let state = names.watch(&Handle::current(), &Arc::from("a.example"), NameState::default());
    pass(LOOKUP_TIMEOUT + MS).await;
    assert_eq!(state.borrow().error.as_deref(), Some("no answer within 10s"));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_addresses_are_used() {
    let zone = Arc::new(Zone::default());
    let many: Vec<_> = (0..100).map(|last| format!("10.0.0.{last}")).collect();
    zone.set("a.example", &many.iter().map(String::as_str).collect::<Vec<_>>(), 60);
    let (_names, state) = watch_name(&zone, "a.example");
    pass(MS).await;
    assert_eq!(ips(&state).len(), 64);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_wanted_any_more_is_not_asked_again() {
    let zone = Arc::new(Zone::default());
    zone.set("a.example", &["10.0.0.1"], 1);
    let (mut names, _state) = watch_name(&zone, "a.example");
    pass(MS).await;
    names.retain(|_| false);
    pass(SECOND * 10).await;
    assert_eq!(zone.asked(), 1);
}
