//! Packets that are lost between clients, gateway and servers: TCP makes up for it, and the gateway lets it.
//!
//! The kernel loses them, on the loopback device of a network namespace that this test runs itself in again.

use std::io::Write as _;
use std::process::{Command, Stdio};

use e2e::stream;
use e2e::{End, Gateway, talk};

use super::each;

/// Set in the namespace.
const INSIDE: &str = "GATEHOUSE_LOSSY";

/// Ways to lose three of a hundred packets on `lo`; the first that works is used.
const LOSSES: [&str; 3] = [
    "tc qdisc add dev lo root netem loss 3% delay 2ms reorder 20%",
    "nft add table inet loss && nft 'add chain inet loss in { type filter hook input priority 0; }' && \
     nft add rule inet loss in meta l4proto tcp numgen random mod 100 '<' 3 drop",
    "iptables -A INPUT -p tcp -m statistic --mode random --probability 0.03 -j DROP",
];

#[test]
fn lost_packets_cost_time_and_no_byte() {
    if std::env::var_os(INSIDE).is_some() {
        return sessions_under_loss();
    }
    let Some(loss) = LOSSES.into_iter().find(|loss| in_namespace(loss, "true")) else {
        let _ = writeln!(
            std::io::stderr(),
            "\n********\nSKIPPED: packets cannot be lost here: no network namespace, or none of netem, nft, iptables\n********"
        );
        return;
    };
    let me = std::env::current_exe().unwrap();
    let test = "tcp::loss::lost_packets_cost_time_and_no_byte";
    let again = format!("{INSIDE}=1 '{}' --exact {test} --nocapture", me.display());
    assert!(in_namespace(loss, &again), "the test failed where packets are lost: {loss}");
}

/// Runs a command in a network namespace with this loss; true when it went well.
fn in_namespace(loss: &str, command: &str) -> bool {
    let script = format!("ip link set lo up && {loss} && {command}");
    let mut namespaced = Command::new("unshare");
    namespaced.args(["--map-root-user", "--net", "sh", "-c", &script]).stdin(Stdio::null());
    if command == "true" {
        namespaced.stdout(Stdio::null()).stderr(Stdio::null());
    }
    namespaced.status().is_ok_and(|status| status.success())
}

fn sessions_under_loss() {
    const LENGTH: usize = 200_000;
    each(|sides| {
        let farm = sides.farm(2, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let threads: Vec<_> = (0..6)
            .map(|seed| {
                let client = sides.connect(&gateway);
                std::thread::spawn(move || {
                    let (mut say, mut hear) = client.split();
                    let sender = std::thread::spawn(move || stream::send(&mut say, seed, LENGTH, 20_000).unwrap());
                    let (heard, end) = stream::hear(&mut hear).unwrap();
                    assert_eq!((heard, end), (sender.join().unwrap(), End::Fin));
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("every byte and the end");
        }
        gateway.session_rows(6).iter().for_each(|row| row.check("200", "closed", LENGTH, LENGTH));
    });
    let again = retransmitted(&std::fs::read_to_string("/proc/net/snmp").unwrap());
    assert!(again > 0, "nothing was lost");
}

/// Segments sent again, from `/proc/net/snmp`.
fn retransmitted(text: &str) -> u64 {
    let mut lines = text.lines().filter(|line| line.starts_with("Tcp:"));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let at = names.split(' ').position(|name| name == "RetransSegs").unwrap();
    values.split(' ').nth(at).unwrap().parse().unwrap()
}
