//! A store in virtual time, with sources that come, go and change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use serde_json::json;
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::fixtures::{NOW, RSA, Signer, TENANT, USER, claims, document, header, keys, policy};
use crate::{Issuer, SourceStatus};

/// Documents by URL; how often each was asked for.
#[derive(Default)]
struct Web {
    pages: Mutex<HashMap<String, Result<Vec<u8>, String>>>,
    fetches: Mutex<Vec<String>>,
    /// How long an answer takes.
    delay: Duration,
}

impl Web {
    fn set(&self, url: &str, page: Result<Vec<u8>, &str>) {
        let page = page.map_err(ToOwned::to_owned);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), page);
    }

    fn fetches(&self) -> usize {
        self.fetches.lock().unwrap().len()
    }

    fn fetch(self: &Arc<Self>) -> Fetch {
        let web = Arc::clone(self);
        Arc::new(move |url| {
            let web = Arc::clone(&web);
            Box::pin(async move {
                web.fetches.lock().unwrap().push(url.to_string());
                sleep(web.delay).await;
                let pages = web.pages.lock().unwrap();
                pages.get(&*url).cloned().unwrap_or_else(|| Err("nobody is there".to_owned()))
            })
        })
    }
}

fn store(web: &Arc<Web>, policies: &[Policy]) -> Store {
    let store = Store::new(Handle::current(), web.fetch());
    store.reconcile(policies);
    store
}

fn url() -> String {
    policy(TENANT).keys.url().unwrap().to_string()
}

fn bearer(signer: &Signer, algorithm: &str, key: &str) -> Vec<u8> {
    signer.bearer(&header(algorithm, key), &claims(json!({})))
}

fn good() -> Verdict {
    Verdict::Identity(format!("{TENANT}:{USER}"))
}

#[tokio::test(start_paused = true)]
async fn a_request_before_the_first_keys_waits_for_them() {
    let web = Arc::new(Web { delay: Duration::from_secs(2), ..Web::default() });
    web.set(&url(), Ok(document(&[RSA.jwk("a")])));
    let store = store(&web, &[policy(TENANT)]);
    let bearer = bearer(&RSA, "RS256", "a");
    let began = Instant::now();
    assert_eq!(store.check(&policy(TENANT), Some(&bearer), NOW), Verdict::UnknownKey);
    assert_eq!(store.check_again(&policy(TENANT), Some(&bearer), NOW).await, good());
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(store.check(&policy(TENANT), Some(&bearer), NOW), good());
}

#[tokio::test(start_paused = true)]
async fn without_any_keys_requests_are_told_so_and_do_not_wait_for_long() {
    let web = Arc::new(Web { delay: Duration::from_secs(30), ..Web::default() });
    let strict = policy(TENANT);
    let lenient = Policy { action: crate::Action::Allow, ..policy(TENANT) };
    let store = store(&web, std::slice::from_ref(&strict));
    let bearer = bearer(&RSA, "RS256", "a");
    let began = Instant::now();
    let missing = Verdict::Refused { status: 503, reason: "token_keys_missing" };
    assert_eq!(store.check_again(&strict, Some(&bearer), NOW).await, missing);
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(store.check_again(&lenient, Some(&bearer), NOW).await, Verdict::Anonymous);
    let expired = RSA.bearer(&header("RS256", "a"), &claims(json!({"exp": 0})));
    let expected = Verdict::Refused { status: 401, reason: "token_expired" };
    assert_eq!(store.check(&strict, Some(&expired), NOW), expected);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_with_the_first_token_that_names_it() {
    let web = Arc::new(Web::default());
    let new = Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    web.set(&url(), Ok(document(&[RSA.jwk("old")])));
    let store = store(&web, &[policy(TENANT)]);
    store.refreshed(&policy(TENANT)).await;
    web.set(&url(), Ok(document(&[new.jwk("new")])));
    let (old, new) = (bearer(&RSA, "RS256", "old"), bearer(&new, "ES256", "new"));
    assert_eq!(store.check(&policy(TENANT), Some(&old), NOW), good());
    assert_eq!(store.check(&policy(TENANT), Some(&new), NOW), Verdict::UnknownKey);
    assert_eq!(store.check_again(&policy(TENANT), Some(&new), NOW).await, good());
    assert_eq!(store.check(&policy(TENANT), Some(&old), NOW), Verdict::UnknownKey);
    assert_eq!(web.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_made_up_keys_fetches_once_a_minute_at_most() {
    let web = Arc::new(Web { delay: Duration::from_millis(100), ..Web::default() });
    web.set(&url(), Ok(document(&[RSA.jwk("a")])));
    let store = store(&web, &[policy(TENANT)]);
    store.refreshed(&policy(TENANT)).await;
    let unknown = Verdict::Refused { status: 401, reason: "token_key_unknown" };
    let began = Instant::now();
    let mut requests = 0;
    while began.elapsed() < Duration::from_secs(300) {
        let made_up = bearer(&RSA, "RS256", &format!("made up {requests}"));
        assert_eq!(store.check_again(&policy(TENANT), Some(&made_up), NOW).await, unknown);
        requests += 1;
        advance(Duration::from_secs(1)).await;
    }
    assert!(requests > 250, "{requests}");
    // The first one, which nobody asked for, and one in each minute.
    assert_eq!(web.fetches(), 1 + 5);
}

#[tokio::test(start_paused = true)]
async fn requests_at_the_same_time_share_a_fetch() {
    let web = Arc::new(Web { delay: Duration::from_secs(1), ..Web::default() });
    web.set(&url(), Ok(document(&[RSA.jwk("a")])));
    let store = Arc::new(store(&web, &[policy(TENANT)]));
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (store, bearer) = (Arc::clone(&store), bearer(&RSA, "RS256", "a"));
            tokio::spawn(async move { store.check_again(&policy(TENANT), Some(&bearer), NOW).await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), good());
    }
    assert_eq!(web.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_in_the_background() {
    let web = Arc::new(Web::default());
    web.set(&url(), Ok(document(&[RSA.jwk("a")])));
    let store = store(&web, &[policy(TENANT)]);
    store.refreshed(&policy(TENANT)).await;
    web.set(&url(), Ok(document(&[RSA.jwk("b")])));
    sleep(Duration::from_secs(3599)).await;
    assert_eq!(store.check(&policy(TENANT), Some(&bearer(&RSA, "RS256", "b")), NOW), Verdict::UnknownKey);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(store.check(&policy(TENANT), Some(&bearer(&RSA, "RS256", "b")), NOW), good());
}

#[tokio::test(start_paused = true)]
async fn keys_stay_while_their_source_is_away() {
    let web = Arc::new(Web::default());
    web.set(&url(), Ok(document(&[RSA.jwk("a"), Signer::Secret(vec![]).jwk("x")])));
    let store = store(&web, &[policy(TENANT)]);
    store.refreshed(&policy(TENANT)).await;
    let fresh = SourceStatus { keys: 1, left_out: 1, age: Some(Duration::ZERO), error: None };
    assert_eq!(store.status(&policy(TENANT)), fresh);
    for page in [Err("nobody is there"), Ok(b"<html>".to_vec())] {
        web.set(&url(), page);
        sleep(Duration::from_secs(4000)).await;
        assert_eq!(store.check(&policy(TENANT), Some(&bearer(&RSA, "RS256", "a")), NOW), good());
        let status = store.status(&policy(TENANT));
        assert_eq!((status.keys, status.error.is_some()), (1, true), "{status:?}");
    }
    assert!(store.status(&policy(TENANT)).age >= Some(Duration::from_secs(8000)));
    let attempts = web.fetches();
    assert!(attempts > 50, "{attempts} in more than an hour and a half");
    web.set(&url(), Ok(document(&[RSA.jwk("b")])));
    sleep(Duration::from_secs(61)).await;
    let status = store.status(&policy(TENANT));
    assert_eq!((status.error, web.fetches()), (None, attempts + 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_late_at_the_start_is_tried_again_soon() {
    let web = Arc::new(Web::default());
    let store = store(&web, &[policy(TENANT)]);
    store.refreshed(&policy(TENANT)).await;
    assert_eq!(store.status(&policy(TENANT)).error.as_deref(), Some("nobody is there"));
    web.set(&url(), Ok(document(&[RSA.jwk("a")])));
    sleep(Duration::from_millis(1001)).await;
    assert_eq!(store.check(&policy(TENANT), Some(&bearer(&RSA, "RS256", "a")), NOW), good());
}

#[tokio::test(start_paused = true)]
async fn another_configuration_keeps_the_keys_that_it_needs_and_no_others() {
    let web = Arc::new(Web::default());
    let (kept, gone) = (policy(TENANT), policy("common"));
    let renamed = Policy { name: Arc::from("other"), action: crate::Action::Allow, ..policy(TENANT) };
    for policy in [&kept, &gone] {
        web.set(policy.keys.url().unwrap(), Ok(document(&[RSA.jwk("a")])));
    }
    let store = store(&web, &[kept.clone(), renamed.clone(), gone.clone()]);
    store.refreshed(&kept).await;
    store.refreshed(&gone).await;
    // Both came without being asked for; the second had come when it was.
    assert_eq!(web.fetches(), 3);
    store.reconcile([&renamed]);
    assert_eq!(store.keys(&renamed).map(|keys| keys.len()), Some(1));
    assert_eq!(store.keys(&gone), None);
    sleep(Duration::from_secs(3601)).await;
    assert_eq!(web.fetches(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_says_where_its_keys_are() {
    let web = Arc::new(Web::default());
    let issuer = "https://id.example";
    let configuration = json!({"issuer": issuer, "jwks_uri": "https://id.example/keys"}).to_string().into_bytes();
    web.set("https://id.example/.well-known/openid-configuration", Ok(configuration));
    web.set("https://id.example/keys", Ok(document(&[RSA.jwk("a")])));
    let other = Policy {
        issuer: Issuer::Other(Arc::from(issuer)),
        keys: KeySource::Discovered(Arc::from(issuer)),
        ..policy(TENANT)
    };
    let store = store(&web, std::slice::from_ref(&other));
    let bearer = RSA.bearer(&header("RS256", "a"), &claims(json!({"iss": issuer})));
    let verdict = store.check_again(&other, Some(&bearer), NOW).await;
    assert_eq!(verdict, Verdict::Identity("https://id.example:s".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn keys_of_a_file_are_there_and_stay_as_they_are() {
    let web = Arc::new(Web::default());
    let given = Policy { keys: KeySource::Given(Arc::new(keys(&[RSA.jwk("a")]))), ..policy(TENANT) };
    let store = store(&web, std::slice::from_ref(&given));
    assert_eq!(store.check(&given, Some(&bearer(&RSA, "RS256", "a")), NOW), good());
    let unknown = Verdict::Refused { status: 401, reason: "token_key_unknown" };
    assert_eq!(store.check_again(&given, Some(&bearer(&RSA, "RS256", "b")), NOW).await, unknown);
    assert_eq!(store.status(&given), SourceStatus { keys: 1, ..SourceStatus::default() });
    assert_eq!(web.fetches(), 0);
}
