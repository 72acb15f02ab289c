use hickory_net::proto::op::MessageType;

use super::*;
use crate::fixtures::name_server::{Asked, NameServer, Sent, name, sent};

async fn ask_for(server: &NameServer, family: Family) -> Outcome {
    ask(server.address, name("a.example"), family).await
}

fn found(addresses: &[&str], seconds: u64) -> Outcome {
    Outcome::Addresses {
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        ttl: Duration::from_secs(seconds),
        unusable: Vec::new(),
    }
}

const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

type Script = fn(&Asked) -> Sent;

#[tokio::test]
async fn what_a_server_says_is_understood_and_nothing_else_is_believed() {
    use ResponseCode::{FormErr, NXDomain, NoError, Refused, ServFail};

    let rows: [(&str, Script, Outcome); 13] = [
        (
            "addresses",
            |asked| sent(&asked.records(&[("a.example", 60, "10.0.0.1"), ("a.example", 50, "10.0.0.2")])),
            found(&["10.0.0.1", "10.0.0.2"], 50),
        ),
        ("another case", |asked| sent(&asked.records(&[("A.eXample", 60, "10.0.0.1")])), found(&["10.0.0.1"], 60)),
        ("no address", |asked| sent(&asked.absent(NoError, 60)), Outcome::Nothing { absent_for: MINUTE }),
        ("no name", |asked| sent(&asked.absent(NXDomain, 60)), Outcome::NoName { absent_for: MINUTE }),
        ("no name, no zone", |asked| sent(&asked.reply(NXDomain)), Outcome::NoName { absent_for: None }),
        ("failure", |asked| sent(&asked.reply(ServFail)), Outcome::Failed(Failed::Code(ServFail))),
        ("refusal", |asked| sent(&asked.reply(Refused)), Outcome::Failed(Failed::Code(Refused))),
        (
            "garbage with the question's number",
            |asked| vec![[&asked.message.id.to_be_bytes()[..], &[0xFF; 30]].concat()],
            Outcome::Failed(Failed::Malformed),
        ),
        (
            "others' answers first",
            |asked| {
                let mut wrong_id = asked.records(&[("a.example", 60, "10.6.6.6")]);
                wrong_id.metadata.id ^= 1;
                let mut wrong_question = asked.records(&[("a.example", 60, "10.6.6.6")]);
                wrong_question.queries[0].set_name(name("b.example"));
                let right = asked.records(&[("a.example", 60, "10.0.0.1")]);
                [sent(&wrong_id), sent(&wrong_question), vec![vec![], vec![7]], sent(&right)].concat()
            },
            found(&["10.0.0.1"], 60),
        ),
        (
            "records of others",
            |asked| sent(&asked.records(&[("b.example", 60, "10.6.6.6")])),
            Outcome::Nothing { absent_for: None },
        ),
        (
            "addresses that no server has",
            |asked| sent(&asked.records(&[("a.example", 60, "0.0.0.0"), ("a.example", 60, "224.0.0.1")])),
            Outcome::Failed(Failed::Unusable(vec!["0.0.0.0".parse().unwrap(), "224.0.0.1".parse().unwrap()])),
        ),
        (
            "old server",
            |asked| match asked.message.edns {
                Some(_) => sent(&asked.reply(FormErr)),
                None => sent(&asked.records(&[("a.example", 60, "10.0.0.1")])),
            },
            found(&["10.0.0.1"], 60),
        ),
        (
            "a question sent back",
            |asked| {
                let mut echo = asked.message.clone();
                echo.metadata.message_type = MessageType::Query;
                sent(&echo)
            },
            Outcome::Failed(Failed::Malformed),
        ),
    ];
    for (what, script, expected) in rows {
        let server = NameServer::start(script).await;
        assert_eq!(ask_for(&server, Family::V4).await, expected, "{what}");
    }
}

#[tokio::test]
async fn each_family_is_asked_for_by_its_own_type() {
    let server = NameServer::knowing(&[("a.example", 60, "10.0.0.1"), ("a.example", 30, "2001:db8::1")]).await;
    assert_eq!(ask_for(&server, Family::V4).await, found(&["10.0.0.1"], 60));
    assert_eq!(ask_for(&server, Family::V6).await, found(&["2001:db8::1"], 30));
    let asked = server.asked();
    assert_ne!(asked[0].message.id, asked[1].message.id, "by chance once in 65,536 runs");
    assert!(asked.iter().all(|asked| asked.message.recursion_desired && asked.name() == "a.example."));
}

#[tokio::test]
async fn an_answer_that_is_cut_comes_whole_over_tcp() {
    let server = NameServer::start(|asked| {
        let all: Vec<_> = (0..1000).map(|n| format!("10.0.{}.{}", n / 250, n % 250)).collect();
        let records: Vec<_> = all.iter().map(|address| ("a.example", 60, address.as_str())).collect();
        let mut reply = asked.records(if asked.over_tcp { &records } else { &records[..9] });
        reply.metadata.truncation = !asked.over_tcp;
        sent(&reply)
    })
    .await;
    let Outcome::Addresses { addresses, .. } = ask_for(&server, Family::V4).await else { panic!() };
    assert_eq!(addresses.len(), 1000);
    assert_eq!(server.asked().iter().map(|asked| asked.over_tcp).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn an_answer_that_stays_cut_is_none() {
    let server = NameServer::start(|asked| {
        let mut reply = asked.records(&[("a.example", 60, "10.0.0.1")]);
        reply.metadata.truncation = true;
        sent(&reply)
    })
    .await;
    assert_eq!(ask_for(&server, Family::V4).await, Outcome::Failed(Failed::Malformed));
}

#[tokio::test]
async fn aliases_are_followed_over_several_answers_and_the_shortest_life_counts() {
    let server = NameServer::start(|asked| {
        sent(&match asked.name().as_str() {
            "a.example." => asked.records(&[("a.example", 20, "b.example"), ("b.example", 90, "c.example")]),
            "c.example." => asked.records(&[("c.example", 60, "10.0.0.1")]),
            _ => asked.reply(ResponseCode::ServFail),
        })
    })
    .await;
    assert_eq!(ask_for(&server, Family::V4).await, found(&["10.0.0.1"], 20));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn aliases_without_end_are_given_up() {
    let around = |asked: &Asked| {
        let (one, other) = ("a.example", "b.example");
        let (from, to) = if asked.name() == "a.example." { (one, other) } else { (other, one) };
        sent(&asked.records(&[(from, 60, to)]))
    };
    let server = NameServer::start(around).await;
    assert_eq!(ask_for(&server, Family::V4).await, Outcome::Failed(Failed::TooLong));
    assert_eq!(server.asked().len(), 17);
}

/// Nothing is heard, so that virtual time goes on to whatever is next.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_asked_again_and_given_up_after_five_seconds() {
    let server = NameServer::silent().await;
    let began = tokio::time::Instant::now();
    assert_eq!(ask_for(&server, Family::V4).await, Outcome::Failed(Failed::Silent));
    assert_eq!(began.elapsed(), PATIENCE);
}

#[test]
fn failures_have_words() {
    let rows = [
        (Failed::Silent, "no answer within 5 s"),
        (Failed::Code(ResponseCode::ServFail), "the server failed (SERVFAIL)"),
        (Failed::Code(ResponseCode::Refused), "the server refuses to answer (REFUSED)"),
        (Failed::Malformed, "the answer makes no sense"),
        (Failed::TooLong, "more than 16 aliases (CNAME) follow each other"),
        (Failed::Unusable(vec!["0.0.0.0".parse().unwrap()]), "no server can have the addresses of the answer: 0.0.0.0"),
        (
            Failed::Tcp(io::ErrorKind::ConnectionRefused),
            "the answer is too long for UDP, and over TCP: connection refused",
        ),
    ];
    for (failed, expected) in rows {
        assert_eq!(failed.to_string(), expected);
    }
}
