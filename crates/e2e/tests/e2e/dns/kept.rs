//! Last good answers on the disk: a gateway that starts during an outage goes on with what the one before it knew.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;

/// The file of kept names in a state folder.
fn kept(state: &Folder) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("names-"))
}

fn start_with_state(farm: &Farm, server: &NameServer, state: &Folder, folder: &Folder) -> Gateway {
    Start::workers(1).state(state.as_ref()).names(of(&[server], folder)).cold().run(&document(farm, &["shop.example"]))
}

#[test]
fn a_restart_during_an_outage_keeps_what_was_known() {
    let farm = Farm::echo(1);
    let (server, state, folder) = (NameServer::start(always(at(&farm, &[0], 60))), Folder::new(), Folder::new());
    let first = start_with_state(&farm, &server, &state, &folder);
    wait_servers(&first, &farm, &[0]);
    // Also one that is killed has kept it by then.
    until_true("the names on the disk", || kept(&state).is_some());
    first.stop();

    server.follow(always(Says::Nothing));
    let second = start_with_state(&farm, &server, &state, &folder);
    wait_servers(&second, &farm, &[0]);
    assert_eq!(second.get("a.com", "/").status, 200);
    let stale = wait_code(&second, "shop.example", "Stale");
    assert!(stale.error.unwrap().contains("no answer within 5 s"));
    second.stop();

    // Nor does it become younger by being kept again.
    let third = start_with_state(&farm, &server, &state, &folder);
    assert!(wait_code(&third, "shop.example", "Stale").resolved_seconds_ago.unwrap() >= 5.0);
}

#[test]
fn what_is_kept_is_believed_for_an_hour() {
    let farm = Farm::echo(1);
    let (server, state, folder) = (NameServer::start(always(at(&farm, &[0], 60))), Folder::new(), Folder::new());
    let first = start_with_state(&farm, &server, &state, &folder);
    wait_servers(&first, &farm, &[0]);
    first.stop();
    server.follow(always(Says::Code(2)));
    let path = kept(&state).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let hour = Duration::from_secs(3600);
    for (resolved, addresses) in [(now - hour / 2, 1), (now - hour * 2, 0), (now + hour, 0)] {
        let text = format!(
            "[{{\"name\":\"shop.example\",\"addresses\":[\"127.0.0.1\"],\"resolved\":{}}}]",
            resolved.as_secs()
        );
        std::fs::write(&path, text).unwrap();
        let gateway = start_with_state(&farm, &server, &state, &folder);
        let code = if addresses > 0 { "Stale" } else { "DnsFailure" };
        assert_eq!(wait_code(&gateway, "shop.example", code).addresses.len(), addresses, "{resolved:?}");
    }
}

#[test]
fn a_gateway_without_names_keeps_none() {
    let farm = Farm::echo(1);
    let state = Folder::new();
    let gateway = Start::workers(1).state(state.as_ref()).run(&Document::new(&farm));
    gateway.stop();
    assert_eq!(kept(&state), None);
}
