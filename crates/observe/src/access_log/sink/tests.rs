use std::fs;

use super::super::json::firewall::tests::example as finding;
use super::super::json::session::tests::example as session;
use super::super::json::tests::example;
use super::*;
use crate::FirewallRecord;

/// A folder of this test alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gatehouse-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn start(path: &Path, queue: usize) -> AccessLog {
    AccessLog::start(Config { target: Target::File(path.to_owned()), queue, ..Config::default() }).unwrap()
}

fn record(log: &WorkerLog, path: &str) {
    example(|mut record| {
        record.path = path.as_bytes();
        log.record(&record);
    });
}

/// The `requestUri` of every row, which must all be whole.
fn paths(file: &Path) -> Vec<String> {
    let row = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let path = |line| row(line)["properties"]["requestUri"].as_str().unwrap().to_owned();
    fs::read_to_string(file).unwrap().lines().map(path).collect()
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn every_record_of_every_worker_is_written_once_and_whole() {
    let folder = Folder::new("whole");
    let file = folder.file("access.json");
    let log = start(&file, 1024);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let log = &log;
            scope.spawn(move || {
                let log = log.worker();
                (0..1000).for_each(|number| record(&log, &format!("/{worker}/{number}")));
            });
        }
    });
    assert!(log.shutdown(PATIENCE));
    let paths = paths(&file);
    assert_eq!(paths.len(), 4000);
    for worker in 0..4 {
        let expected = (0..1000).map(|number| format!("/{worker}/{number}"));
        let prefix = format!("/{worker}/");
        assert!(paths.iter().filter(|path| path.starts_with(&prefix)).eq(expected.collect::<Vec<_>>().iter()));
    }
    assert_eq!(log.state(), LogState::default());
}

#[test]
fn a_rotation_loses_nothing() {
    let folder = Folder::new("rotation");
    let (file, old) = (folder.file("access.json"), folder.file("access.json.1"));
    let log = start(&file, 1024);
    let worker = log.worker();
    (0..500).for_each(|number| record(&worker, &format!("/{number}")));
    fs::rename(&file, &old).unwrap();
    log.reopen();
    (500..1000).for_each(|number| record(&worker, &format!("/{number}")));
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    let (before, after) = (paths(&old), paths(&file));
    assert!(!after.is_empty());
    let expected: Vec<_> = (0..1000).map(|number| format!("/{number}")).collect();
    assert_eq!([before, after].concat(), expected);
}

#[test]
fn a_full_disk_is_counted_and_nothing_else() {
    let log = start(Path::new("/dev/full"), 1024);
    let worker = log.worker();
    (0..100).for_each(|number| record(&worker, &format!("/{number}")));
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    let state = log.state();
    assert_eq!(state.lines_dropped, 100);
    assert!(state.errors > 0 && state.last_error.unwrap().contains("No space left on device"));
}

#[test]
fn a_writer_that_cannot_keep_up_costs_lines_but_never_a_wait() {
    // A pipe that nobody reads stands for a stuck output.
    let folder = Folder::new("stuck");
    let (reader, pipe) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&pipe));
    let log = start(Path::new(&path), 1);
    let worker = log.worker();
    (0..2000).for_each(|number| record(&worker, &format!("/{number}")));
    worker.flush();
    let dropped = log.state().lines_dropped;
    assert!(dropped > 500, "{dropped}");

    // Once somebody reads, what was kept arrives whole.
    let file = folder.file("read");
    std::thread::scope(|scope| {
        let (mut reader, file) = (reader, file.clone());
        scope.spawn(move || io::copy(&mut reader, &mut File::create(file).unwrap()).unwrap());
        drop(worker);
        assert!(log.shutdown(PATIENCE));
        drop((pipe, log));
    });
    assert_eq!(paths(&file).len() as u64, 2000 - dropped);
}

#[test]
fn a_line_cut_by_an_error_is_followed_by_a_fresh_line() {
    let folder = Folder::new("cut");
    let file = folder.file("access.json");
    let log = AccessLog::off();
    let output = Output::File(open(&file).unwrap(), file.clone());
    let mut writer = Writer { shared: Arc::clone(&log.shared), output, line_open: true };
    fs::write(&file, "{\"half").unwrap();
    writer.write(b"whole\n");
    writer.write(b"next\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"half\nwhole\nnext\n");
}

#[test]
fn masked_parameters_do_not_reach_the_file() {
    let folder = Folder::new("masked");
    let file = folder.file("access.json");
    let masked = MaskedParameters::new(["token"]);
    let log = AccessLog::start(Config { target: Target::File(file.clone()), masked, ..Config::default() }).unwrap();
    let worker = log.worker();
    example(|mut record| {
        (record.original_target, record.query) = (b"/a?token=secret", b"token=secret");
        worker.record(&record);
    });
    worker.firewall(&FirewallRecord { request_uri: "/b?token=secret&x=1", ..finding() });
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("/a?token=*****") && text.contains("/b?token=*****&x=1") && !text.contains("secret"));
}

#[test]
fn a_log_that_is_off_takes_records_and_writes_nothing() {
    let log = AccessLog::start(Config::default()).unwrap();
    let worker = log.worker();
    record(&worker, "/");
    worker.firewall(&finding());
    assert!(!worker.is_enabled());
    assert!(log.shutdown(PATIENCE));
    assert_eq!(log.state(), LogState::default());
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_at_the_start() {
    let config = Config { target: Target::File("/nonexistent/folder/log".into()), ..Config::default() };
    assert!(AccessLog::start(config).is_err());
}

#[test]
fn what_the_firewall_found_stands_before_the_row_of_its_request() {
    let folder = Folder::new("findings");
    let file = folder.file("access.json");
    let log = start(&file, 1024);
    let worker = log.worker();
    // More than a buffer holds, so that rows of both kinds meet its end.
    let requests = (0..500).map(|number| format!("/{number}"));
    for path in requests.clone() {
        worker.firewall(&FirewallRecord { request_uri: &path, ..finding() });
        worker.firewall(&FirewallRecord { request_uri: &path, action: "Blocked", ..finding() });
        record(&worker, &path);
    }
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    let text = fs::read_to_string(&file).unwrap();
    let told = text.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let properties = &row["properties"];
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (word(&row["category"]), word(&properties["requestUri"]), word(properties.get("action").unwrap_or(&"".into())))
    });
    let (found, asked) = ("ApplicationGatewayFirewallLog", "ApplicationGatewayAccessLog");
    let expected = requests.flat_map(|path| {
        [(found, "Matched"), (found, "Blocked"), (asked, "")]
            .map(|(category, action)| (category.to_owned(), path.clone(), action.to_owned()))
    });
    assert!(told.eq(expected), "{text}");
}

#[test]
fn findings_go_to_a_log_of_their_own_where_there_is_one() {
    let folder = Folder::new("apart");
    let (file, other) = (folder.file("access.json"), folder.file("firewall.json"));
    let (log, firewall_log) = (start(&file, 8), start(&other, 8));
    let worker = log.worker().with_firewall(Some(firewall_log.worker()));
    assert!(worker.is_firewall_enabled());
    worker.firewall(&finding());
    record(&worker, "/there");
    // The worker lives on: its tick hands over both.
    worker.flush();
    assert!(log.shutdown(PATIENCE) && firewall_log.shutdown(PATIENCE));
    assert_eq!(paths(&file), ["/there"]);
    assert_eq!(paths(&other), [finding().request_uri]);
}

#[test]
fn findings_may_be_off_where_requests_are_not_and_the_other_way_round() {
    let folder = Folder::new("one-off");
    for (name, access_is_on) in [("access.json", true), ("firewall.json", false)] {
        let file = folder.file(name);
        let (on, off) = (start(&file, 8), AccessLog::off());
        let (access, firewall) = if access_is_on { (&on, &off) } else { (&off, &on) };
        let worker = access.worker().with_firewall(Some(firewall.worker()));
        assert_eq!((worker.is_enabled(), worker.is_firewall_enabled()), (access_is_on, !access_is_on));
        worker.firewall(&finding());
        record(&worker, "/there");
        drop(worker);
        assert!(on.shutdown(PATIENCE));
        assert_eq!(paths(&file), [if access_is_on { "/there" } else { finding().request_uri }]);
    }
}

#[test]
fn findings_that_the_disk_refuses_are_counted() {
    let log = start(Path::new("/dev/full"), 1024);
    let worker = log.worker();
    (0..3).for_each(|_| worker.firewall(&finding()));
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    assert_eq!(log.state().lines_dropped, 3);
}

#[test]
fn requests_and_sessions_share_the_log() {
    let folder = Folder::new("sessions");
    let file = folder.file("access.json");
    let log = start(&file, 8);
    let worker = log.worker();
    worker.session_under_way(&session());
    record(&worker, "/between");
    worker.session(&session());
    drop(worker);
    assert!(log.shutdown(PATIENCE));
    let text = fs::read_to_string(&file).unwrap();
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [under_way, between, ended] = rows.as_slice() else { panic!("{text}") };
    assert_eq!(
        (&under_way["properties"]["serverStatus"], &ended["properties"]["serverStatus"]),
        (&"".into(), &"200".into())
    );
    assert_eq!(between["properties"]["requestUri"], "/between");
}
