use super::*;
use crate::access_log::LogState;
use crate::metrics::Totals;

fn server(address: &str, name: Option<&str>, health: Health, reason: &str) -> ServerHealth {
    let probed = health != Health::Unknown;
    ServerHealth {
        address: address.parse().unwrap(),
        name: name.map(str::to_owned),
        health,
        reason: reason.to_owned(),
        code: if health == Health::Healthy { "Success" } else { "Timeout" },
        in_rotation: health == Health::Healthy,
        active: u32::from(health == Health::Healthy),
        draining_seconds_left: (health == Health::Draining).then_some(12.4),
        consecutive_failures: 0,
        last_probe_seconds_ago: probed.then_some(3.2),
        latency_milliseconds: probed.then_some(1.25),
    }
}

fn report() -> HealthReport {
    let mut kept = server("10.0.0.6:80", None, Health::Unhealthy, "slow");
    kept.in_rotation = true;
    HealthReport {
        targets: vec![
            TargetHealth {
                pool: "shop".into(),
                settings: "plain".into(),
                probe: None,
                servers: vec![
                    server("10.0.0.4:80", None, Health::Healthy, "Success. Received 200 status code"),
                    server("10.0.0.5:80", Some("a.example"), Health::Unknown, "not probed yet"),
                    kept,
                    server("10.0.0.7:80", None, Health::Draining, "was removed"),
                ],
                names: vec![
                    NameStatus {
                        name: "b.example".into(),
                        addresses: vec![],
                        error: Some("no such name".into()),
                        code: "DnsFailure",
                        left_out: None,
                        resolved_seconds_ago: None,
                        next_lookup_seconds: Some(7.8),
                    },
                    NameStatus {
                        name: "a.example".into(),
                        addresses: (1..=6).map(|last| [10, 0, 1, last].into()).collect(),
                        error: None,
                        code: "Resolved",
                        left_out: Some("64 of 70 are used".into()),
                        resolved_seconds_ago: Some(3.2),
                        next_lookup_seconds: Some(0.0),
                    },
                ],
            },
            TargetHealth { pool: "none".into(), settings: "plain".into(), ..TargetHealth::default() },
        ],
    }
}

#[test]
fn health_prints_as_an_aligned_table() {
    let expected = "\
POOL/SETTINGS  SERVER                   HEALTH                ACTIVE  PROBED   TOOK    REASON
shop/plain     10.0.0.4:80              Healthy               1       3 s ago  1.2 ms  Success. Received 200 status code
shop/plain     10.0.0.5:80 (a.example)  Unknown               0       -        -       not probed yet
shop/plain     10.0.0.6:80              Unhealthy (in use)    0       3 s ago  1.2 ms  slow
shop/plain     10.0.0.7:80              Draining (12 s left)  0       3 s ago  1.2 ms  was removed
shop/plain     b.example                Unhealthy             -       -        -       no such name
none/plain     -                        -                     -       -        -       the pool is empty

NAME       STATE       RESOLVED  NEXT    ADDRESSES                                          REMARK
a.example  Resolved    3 s ago   in 0 s  10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4 and 2 more  64 of 70 are used
b.example  DnsFailure  -         in 8 s  -                                                  no such name
";
    assert_eq!(report().to_string(), expected);
}

#[test]
fn health_serialises_with_stable_names() {
    let json = serde_json::to_value(report()).unwrap();
    let first = &json[0]["servers"][0];
    assert_eq!(first["address"], "10.0.0.4:80");
    assert_eq!(first["health"], "Healthy");
    assert_eq!(first["code"], "Success");
    assert_eq!(first["inRotation"], true);
    assert_eq!(first["latencyMilliseconds"], 1.25);
    assert_eq!((&first["active"], &first["drainingSecondsLeft"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(json[0]["names"][0]["code"], "DnsFailure");
}

#[test]
fn status_prints_what_runs_and_since_when() {
    let totals =
        Totals { requests: 9, responses: [0, 0, 7, 0, 1, 1], refused: vec![("no_host", 1)], ..Totals::default() };
    let log = LogState { lines_dropped: 4, errors: 1, last_error: Some("disk full".into()) };
    let status = StatusReport {
        gateway: "gw".into(),
        version: "0.1.0".into(),
        revision: 3,
        checksum: "0123456789abcdef0123".into(),
        applied: "2026-11-22T07:53:15+00:00".into(),
        bindings: vec![BindingStatus {
            address: "127.0.0.1:8080".parse().unwrap(),
            scheme: "http".into(),
            listeners: vec!["a".into(), "b".into()],
        }],
        counters: CounterReport::new(&totals, &log),
        ..StatusReport::default()
    };
    let text = status.to_string();
    for line in [
        "gateway    gw (0.1.0)",
        "revision   3 since 2026-11-22T07:53:15+00:00  0123456789ab",
        "127.0.0.1:8080  http    a, b",
        "requests   9  2xx 7  4xx 1  5xx 1",
        "refused    no_host 1",
        "log        4 lines dropped: disk full",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is missing from:\n{text}");
    }
    assert_eq!(serde_json::to_value(&status).unwrap()["counters"]["responses"]["2xx"], 7);
}

#[test]
fn sessions_print_only_where_there_were_some() {
    let report = |totals| CounterReport::new(&totals, &LogState::default());
    let idle = report(Totals::default());
    assert!(!idle.to_string().contains("sessions"), "{idle}");

    let open = report(Totals { sessions: 2, sessions_current: 2, session_bytes_received: 7, ..Totals::default() });
    assert!(open.to_string().ends_with("sessions   2 open now  2 in all  bytes 7 received  0 sent\n"), "{open}");

    let totals = Totals {
        sessions: 5,
        sessions_current: 1,
        session_ends: vec![("closed", 3), ("no_live_server", 1)],
        session_bytes_received: 5_120,
        session_bytes_sent: 20_480,
        session_micros: 8_050_999,
        server_sessions: 3,
        server_session_micros: 6_000_999,
        ..Totals::default()
    };
    let ended = report(totals);
    let lines = "\
sessions   1 open now  5 in all  bytes 5120 received  20480 sent
ended      closed 3  no_live_server 1
lasted     2.012 s on average  server connections 2.000 s
";
    assert!(ended.to_string().ends_with(lines), "{ended}");
    let json = serde_json::to_value(&ended).unwrap();
    let expected = serde_json::json!({
        "sessions": 5,
        "sessionsCurrent": 1,
        "sessionsEnded": [{"reason": "closed", "count": 3}, {"reason": "no_live_server", "count": 1}],
        "sessionReceivedBytes": 5120,
        "sessionSentBytes": 20480,
        "sessionMilliseconds": 8050,
        "backendSessions": 3,
        "backendSessionMilliseconds": 6000,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&json[name], value, "{name}");
    }
}

#[test]
fn no_session_that_had_a_server_prints_no_time_with_one() {
    let totals = Totals { sessions: 1, session_ends: vec![("overloaded", 1)], ..Totals::default() };
    let text = CounterReport::new(&totals, &LogState::default()).to_string();
    assert!(text.ends_with("ended      overloaded 1\nlasted     0.000 s on average\n"), "{text}");
}

#[test]
fn the_firewall_prints_only_where_a_policy_was_asked() {
    let log = LogState::default();
    let idle = CounterReport::new(&Totals::default(), &log).to_string();
    assert!(!idle.contains("firewall") && !idle.contains("waf"), "{idle}");

    let quiet = Totals { firewall_requests: 3, ..Totals::default() };
    let quiet = CounterReport::new(&quiet, &log).to_string();
    assert!(quiet.ends_with("firewall   3 requests looked at\n"), "{quiet}");

    let totals =
        Totals { firewall_requests: 7, firewall_rows: vec![("Blocked", 2), ("Matched", 5)], ..Totals::default() };
    let busy = CounterReport::new(&totals, &log);
    assert!(busy.to_string().ends_with("firewall   7 requests looked at  Blocked 2  Matched 5\n"), "{busy}");
    let json = serde_json::to_value(&busy).unwrap();
    assert_eq!(json["firewallRequests"], 7);
    let rows = serde_json::json!([{"action": "Blocked", "count": 2}, {"action": "Matched", "count": 5}]);
    assert_eq!(json["firewallRows"], rows);
}

#[test]
fn each_log_that_lost_lines_has_a_line_of_its_own() {
    let report = CounterReport::new(&Totals::default(), &LogState::default());
    let good = report.clone().with_firewall_log(Some(&LogState::default()));
    assert_eq!(good, report.clone().with_firewall_log(None));
    assert!(!good.to_string().contains("dropped"), "{good}");

    let lost = LogState { lines_dropped: 2, errors: 0, last_error: None };
    let lost = report.with_firewall_log(Some(&lost));
    assert!(lost.to_string().ends_with("waf log    2 lines dropped: the writer could not keep up\n"), "{lost}");
    let json = serde_json::to_value(&lost).unwrap();
    assert_eq!((&json["firewallLogLinesDropped"], &json["accessLogLinesDropped"]), (&2.into(), &0.into()));
}

fn certificate(days_left: i64) -> CertificateStatus {
    CertificateStatus {
        name: "shop".into(),
        role: CertificateRole::Listener,
        used_by: vec!["a".into(), "b".into()],
        subject: "CN=shop".into(),
        names: vec!["shop.example".into(), "*.shop.example".into()],
        not_before: "2026-08-24T00:00:00Z".into(),
        not_after: "2026-12-24T08:00:00Z".into(),
        days_left,
        sha256: "00ff".into(),
    }
}

#[test]
fn certificates_print_as_a_table_only_where_there_are_some() {
    let status = |certificates| StatusReport { certificates, ..StatusReport::default() };
    let root = CertificateStatus {
        name: "corp".into(),
        role: CertificateRole::ClientCa,
        used_by: vec!["a".into()],
        names: vec![],
        ..certificate(-3)
    };
    let expected = "\
CERTIFICATE  DAYS LEFT  USED BY         NAMES
corp         -3         client CA of a  -
shop         90         listener a, b   shop.example, *.shop.example
";
    let text = status(vec![root, certificate(90)]).to_string();
    assert!(text.contains(expected), "{text}");
    assert!(!status(vec![]).to_string().contains("CERTIFICATE"));
    let json = serde_json::to_value(status(vec![certificate(90)])).unwrap();
    let first = &json["certificates"][0];
    assert_eq!(
        (&first["role"], &first["daysLeft"], &first["usedBy"][1]),
        (&"listener".into(), &90.into(), &"b".into())
    );
}

#[test]
fn checks_of_tokens_print_as_a_table_only_where_there_are_some() {
    let entra = TokenStatus {
        name: "shop".into(),
        issuer: "common".into(),
        source: Some("https://login.example/keys".into()),
        keys: 5,
        age_seconds: Some(70),
        ..TokenStatus::default()
    };
    let away = TokenStatus { keys: 0, age_seconds: None, error: Some("no answer".into()), ..entra.clone() };
    let file = TokenStatus { issuer: "https://id.example".into(), source: None, age_seconds: None, ..entra.clone() };
    let expected = "\
TOKENS  ISSUER              KEYS  FETCHED      ERROR
shop    common              5     70 s ago     -
shop    common              0     not yet      no answer
shop    https://id.example  5     from a file  -
";
    let status = |tokens| StatusReport { tokens, ..StatusReport::default() };
    let text = status(vec![entra.clone(), away, file]).to_string();
    assert!(text.contains(expected), "{text}");
    assert!(!status(vec![]).to_string().contains("TOKENS"));
    let json = serde_json::to_value(status(vec![entra])).unwrap();
    assert_eq!((&json["tokens"][0]["ageSeconds"], &json["tokens"][0]["keys"]), (&70.into(), &5.into()));
}

#[test]
fn an_end_is_announced_thirty_days_ahead() {
    let rows = [
        (31, None),
        (30, Some("ends in 30 days, on 2026-12-24")),
        (1, Some("ends in 1 day, on 2026-12-24")),
        (0, Some("ends within a day, on 2026-12-24")),
        (-1, Some("ended on 2026-12-24")),
    ];
    for (days, expected) in rows {
        let expected = expected.map(|words| format!("certificate shop (listener a, b) {words}"));
        assert_eq!(certificate(days).notice(), expected, "{days}");
    }
}
