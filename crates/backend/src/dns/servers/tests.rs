use std::net::IpAddr;

use hickory_net::proto::op::ResponseCode;

use super::*;
use crate::dns::{Answer, LookupError, ask};
use crate::fixtures::name_server::{Asked, NameServer, Sent, name, sent};

const ADDRESS: &[(&str, u32, &str)] = &[("a.example", 60, "10.0.0.1")];

fn servers(list: &[&NameServer]) -> Servers {
    Servers::new(list.iter().map(|server| server.address).collect())
}

/// IPv4 of the answer, and whether it is known that there is no IPv6.
fn words(found: &Found) -> (Vec<String>, bool) {
    let v4 = found.v4.as_ref().map(|answer| answer.addresses.as_slice()).unwrap_or_default();
    (v4.iter().map(IpAddr::to_string).collect(), found.v6.as_ref().is_ok_and(|answer| answer.addresses.is_empty()))
}

fn good() -> (Vec<String>, bool) {
    (vec!["10.0.0.1".to_owned()], true)
}

#[tokio::test]
async fn a_server_that_fails_or_lies_does_not_cost_the_answer_of_another() {
    let scripts: [fn(&Asked) -> Sent; 5] = [
        |asked| sent(&asked.reply(ResponseCode::ServFail)),
        |asked| sent(&asked.reply(ResponseCode::Refused)),
        |asked| sent(&asked.absent(ResponseCode::NXDomain, 3600)),
        |asked| sent(&asked.absent(ResponseCode::NoError, 3600)),
        |asked| sent(&asked.records(&[("a.example", 60, "0.0.0.0"), ("a.example", 60, "::")])),
    ];
    for (row, script) in scripts.into_iter().enumerate() {
        let (bad, well) = (NameServer::start(script).await, NameServer::knowing(ADDRESS).await);
        let both = servers(&[&bad, &well]);
        let began = Instant::now();
        assert_eq!(words(&both.ask(&name("a.example")).await), good(), "{row}");
        assert!(began.elapsed() < ask::PATIENCE, "{row}");
        // It is not asked again as long as the other has answers.
        let before = bad.asked().len();
        assert_eq!(words(&both.ask(&name("a.example")).await), good(), "{row}");
        assert_eq!(bad.asked().len(), before, "{row}");
    }
}

#[tokio::test]
async fn a_server_that_is_silent_costs_a_moment() {
    let (silent, well) = (NameServer::silent().await, NameServer::knowing(ADDRESS).await);
    let all = servers(&[&silent, &well]);
    let began = Instant::now();
    assert_eq!(words(&all.ask(&name("a.example")).await), good());
    assert!(began.elapsed() >= HEDGE && began.elapsed() < ask::PATIENCE, "{:?}", began.elapsed());
    let asked = silent.asked().len();
    assert_eq!(words(&all.ask(&name("a.example")).await), good());
    assert_eq!(silent.asked().len(), asked, "the other one is asked first now");
}

#[tokio::test]
async fn one_family_that_is_never_answered_does_not_hold_up_the_other() {
    use hickory_net::proto::rr::RecordType;

    let half =
        NameServer::start(|asked| if asked.is(RecordType::A) { sent(&asked.records(ADDRESS)) } else { vec![] }).await;
    let began = Instant::now();
    let found = servers(&[&half]).ask(&name("a.example")).await;
    assert!(began.elapsed() >= GRACE && began.elapsed() < ask::PATIENCE, "{:?}", began.elapsed());
    assert_eq!(words(&found), (vec!["10.0.0.1".to_owned()], false));
    assert!(found.v6.unwrap_err().text.starts_with("no answer, while other questions have theirs (127.0.0.1:"));
}

#[tokio::test]
async fn families_come_from_different_servers_if_need_be() {
    use hickory_net::proto::rr::RecordType;

    let start = |kind: RecordType, address: &'static str| {
        NameServer::start(move |asked| {
            sent(&if asked.is(kind) {
                asked.records(&[("a.example", 60, address)])
            } else {
                asked.reply(ResponseCode::ServFail)
            })
        })
    };
    let (one, other) = (start(RecordType::A, "10.0.0.1").await, start(RecordType::AAAA, "2001:db8::1").await);
    let found = servers(&[&one, &other]).ask(&name("a.example")).await;
    let all: Vec<_> = found.all().map(|address| address.to_string()).collect();
    assert_eq!(all, ["10.0.0.1", "2001:db8::1"]);
}

#[tokio::test]
async fn a_name_that_everybody_denies_is_denied_for_the_shortest_time() {
    let denying = |seconds: u32| NameServer::start(move |asked| sent(&asked.absent(ResponseCode::NXDomain, seconds)));
    let (one, other) = (denying(60).await, denying(20).await);
    let found = servers(&[&one, &other]).ask(&name("a.example")).await;
    let error = found.v4.unwrap_err();
    assert_eq!((error.is_absent, error.absent_for), (true, Some(Duration::from_secs(20))));
    let expected = format!("there is no such name ({}, {})", one.address, other.address);
    assert_eq!(error.text, expected);
}

#[tokio::test(start_paused = true)]
async fn when_all_are_silent_the_failure_comes_within_the_time_of_one() {
    let (one, other) = (NameServer::silent().await, NameServer::silent().await);
    let began = Instant::now();
    let found = servers(&[&one, &other]).ask(&name("a.example")).await;
    assert_eq!(began.elapsed(), ask::PATIENCE + HEDGE);
    let expected = format!("no answer within 5 s ({}, {})", one.address, other.address);
    assert_eq!(found.v4, Err::<Answer, _>(LookupError::new(expected)));
}
