//! From a name along its aliases to its addresses, within one reply and from one reply to the next.

use std::net::IpAddr;
use std::time::Duration;

use hickory_net::proto::op::Message;
use hickory_net::proto::rr::{DNSClass, Name, RData, Record};

/// Aliases that are followed from one name.
pub(super) const MAX_ALIASES: usize = 16;

/// How far a name was followed.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) name: Name,
    aliases: usize,
    ttl: u32,
}

/// Where a reply leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// To addresses, for so long: what comes first to its end, an alias or an address.
    Addresses(Vec<IpAddr>, Duration),
    /// To a name that has none of this family.
    Nothing,
    /// To a name of which the reply says nothing.
    Elsewhere,
    /// In circles, or too far.
    TooLong,
}

impl Chain {
    pub(super) const fn new(name: Name) -> Self {
        Self { name, aliases: 0, ttl: u32::MAX }
    }

    /// Follows the records of a reply to a question for the addresses of one family of [`Chain::name`].
    pub(super) fn follow(&mut self, reply: &Message) -> End {
        let before = self.aliases;
        loop {
            let (mut addresses, mut alias) = (Vec::new(), None);
            let mut least = self.ttl;
            for record in reply.answers.iter().filter(|record| is_of(record, &self.name)) {
                match &record.data {
                    RData::CNAME(target) => alias = Some((&target.0, ttl(record))),
                    data => {
                        if let Some(address) = data.ip_addr() {
                            least = least.min(ttl(record));
                            addresses.push(address);
                        }
                    }
                }
            }
            if !addresses.is_empty() {
                return End::Addresses(addresses, Duration::from_secs(least.into()));
            }
            let Some((target, ttl)) = alias else { break };
            if self.aliases == MAX_ALIASES {
                return End::TooLong;
            }
            self.aliases += 1;
            self.ttl = self.ttl.min(ttl);
            self.name = target.clone();
        }
        // A server that looked further says so with the zone's record.
        let is_known = self.aliases == before || absent_for(reply).is_some();
        if is_known { End::Nothing } else { End::Elsewhere }
    }
}

fn is_of(record: &Record, name: &Name) -> bool {
    record.dns_class == DNSClass::IN && record.name == *name
}

/// A time with the highest bit set counts as none (RFC 2181, 8).
const fn ttl(record: &Record) -> u32 {
    if record.ttl > i32::MAX as u32 { 0 } else { record.ttl }
}

/// How long it stays true that something is not there: the smaller of the life of the zone's record and what it says
/// (RFC 2308, 5).
pub(super) fn absent_for(reply: &Message) -> Option<Duration> {
    reply.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(zone) => Some(Duration::from_secs(ttl(record).min(zone.minimum).into())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use hickory_net::proto::op::{MessageType, OpCode};
    use hickory_net::proto::rr::rdata::{CNAME, SOA};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(format!("{text}.")).unwrap()
    }

    fn reply(records: &[(&str, u32, &str)], absent_for: Option<(u32, u32)>) -> Message {
        let mut reply = Message::new(1, MessageType::Response, OpCode::Query);
        for (owner, ttl, data) in records {
            let data = data.parse::<IpAddr>().map_or_else(|_| RData::CNAME(CNAME(name(data))), RData::from);
            reply.add_answer(Record::from_rdata(name(owner), *ttl, data));
        }
        if let Some((ttl, minimum)) = absent_for {
            let zone = RData::SOA(SOA::new(name("ns"), name("admin"), 1, 60, 60, 60, minimum));
            reply.add_authority(Record::from_rdata(name("zone"), ttl, zone));
        }
        reply
    }

    #[test]
    fn a_reply_is_followed_from_the_name_that_was_asked_for() {
        let addresses = |addresses: &[&str], ttl: u64| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            End::Addresses(addresses, Duration::from_secs(ttl))
        };
        let rows = [
            (reply(&[("a", 60, "10.0.0.1"), ("a", 50, "10.0.0.2")], None), addresses(&["10.0.0.1", "10.0.0.2"], 50)),
            (reply(&[("A", 60, "10.0.0.1")], None), addresses(&["10.0.0.1"], 60)),
            (reply(&[("a", u32::MAX, "10.0.0.1")], None), addresses(&["10.0.0.1"], 0)),
            (reply(&[("b", 60, "10.0.0.1")], None), End::Nothing),
            (reply(&[], None), End::Nothing),
            (reply(&[], Some((60, 60))), End::Nothing),
            // The life of an alias counts, and the order of records does not.
            (reply(&[("b", 60, "10.0.0.1"), ("a", 20, "b")], None), addresses(&["10.0.0.1"], 20)),
            (reply(&[("a", 90, "b"), ("b", 80, "c"), ("c", 70, "10.0.0.1")], None), addresses(&["10.0.0.1"], 70)),
            (reply(&[("a", 90, "b"), ("c", 70, "10.0.0.1")], None), End::Elsewhere),
            (reply(&[("a", 90, "b")], Some((30, 30))), End::Nothing),
            (reply(&[("a", 90, "b"), ("b", 90, "a")], None), End::TooLong),
            (reply(&[("a", 90, "a")], None), End::TooLong),
        ];
        for (reply, expected) in rows {
            assert_eq!(Chain::new(name("a")).follow(&reply), expected, "{:?}", reply.answers);
        }
    }

    #[test]
    fn what_is_not_there_stays_so_for_the_shorter_of_two_times() {
        for (zone, expected) in [(None, None), (Some((60, 5)), Some(5)), (Some((5, 60)), Some(5))] {
            assert_eq!(absent_for(&reply(&[], zone)), expected.map(Duration::from_secs));
        }
    }

    #[test]
    fn sixteen_aliases_are_followed_and_no_more_over_any_number_of_replies() {
        let names: Vec<_> = (0..=17).map(|number| format!("n{number}")).collect();
        for per_reply in [1, 5, 17] {
            for (aliases, is_followed) in [(16, true), (17, false)] {
                let mut chain = Chain::new(name("n0"));
                let mut records: Vec<_> = (0..aliases).map(|at| (&*names[at], 60, &*names[at + 1])).collect();
                records.push((&names[aliases], 5, "10.0.0.1"));
                let mut ends = records.chunks(per_reply).map(|records| chain.follow(&reply(records, None)));
                let end = ends.find(|end| *end != End::Elsewhere).unwrap();
                assert_eq!(matches!(end, End::Addresses(_, ttl) if ttl.as_secs() == 5), is_followed, "{end:?}");
                assert_eq!(end == End::TooLong, !is_followed);
            }
        }
    }
}
