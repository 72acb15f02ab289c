//! Real programs: databases, a mail server, SSH, and their own clients. No line of theirs is ours, so that nothing of
//! ours judges itself.
//!
//! `cargo xtask programs` finds or installs them and lists where they are. Where one is missing, the tests that need it
//! say so and prove nothing; `cargo xtask test` leaves them out and counts them as skipped.

mod account;
pub mod certificates;
mod child;
mod front;
mod postgres;
mod server;
mod session;
pub mod text;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub use account::Account;
pub use child::{Output, run};
pub use front::{Front, Way};
pub use postgres::Postgres;
pub use server::{Launch, Server, free_port};
pub use session::Session;

/// The environment variable that names the list.
const LIST: &str = "GATEHOUSE_PROGRAMS";

/// Where programs are.
#[derive(Clone, Debug)]
pub struct Programs {
    places: BTreeMap<String, PathBuf>,
    unpacked: PathBuf,
    libraries: String,
}

impl Programs {
    /// Those with these names. Says so when there are not all of them. Panics when the list that is named cannot be
    /// read.
    pub fn find(names: &[&str]) -> Option<Self> {
        let missing = match Self::all() {
            Some(all) => match names.iter().find(|name| !all.places.contains_key(**name)) {
                None => return Some(all),
                Some(name) => format!("the program `{name}` could not be had"),
            },
            None => "real programs are not there: `cargo xtask programs` installs them".to_owned(),
        };
        let _ = writeln!(std::io::stderr(), "\n********\nSKIPPED: {missing}\n********");
        None
    }

    fn all() -> Option<Self> {
        let named = std::env::var_os(LIST);
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"));
        let path = named.as_ref().map_or_else(|| target.join("programs/programs.json"), PathBuf::from);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if named.is_some() => panic!("{}: {error}", path.display()),
            Err(_) => return None,
        };
        let list: Value = serde_json::from_str(&text).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let places = list["programs"].as_object().unwrap();
        Some(Self {
            places: places.iter().map(|(name, place)| (name.clone(), text(place).into())).collect(),
            unpacked: text(&list["unpacked"]).into(),
            libraries: text(&list["libraries"]),
        })
    }

    /// Where one of them is.
    pub fn place(&self, name: &str) -> &Path {
        &self.places[name]
    }

    /// The folder above that of a program and its kin: `/usr` for `/usr/sbin/mariadbd`.
    pub fn prefix(&self, name: &str) -> &Path {
        self.place(name).ancestors().nth(2).unwrap()
    }

    /// A command that starts one of them, in English and without anything of the user's.
    pub fn command(&self, name: &str) -> Command {
        let place = self.place(name);
        let mut command = Command::new(place);
        command.env("LC_ALL", "C").env_remove("MAIL");
        if place.starts_with(&self.unpacked) {
            command.env("LD_LIBRARY_PATH", &self.libraries);
        }
        command
    }
}
