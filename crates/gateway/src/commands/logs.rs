//! Where log lines go: those of requests, and those of the firewall.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use model::site::{Log, LogFormat, Site};
use observe::AccessLog;
use observe::access_log::{Config, Format, MaskedParameters, Target};

use crate::terminal;

/// The logs that a gateway starts with.
pub(super) struct Logs {
    /// Requests and sessions.
    pub(super) access: AccessLog,
    /// The firewall, where its rows do not go where those of requests go.
    pub(super) firewall: Option<AccessLog>,
}

impl Logs {
    /// Those that the site file asks for; without one, both on standard output in JSON.
    pub(super) fn open(site: Option<&Site>) -> Result<Self, String> {
        let asked = site.and_then(|site| site.log.as_deref());
        let text = asked.and_then(|log| log.format.as_ref()).is_some_and(|format| format.value == LogFormat::Text);
        let (access, firewall) = targets(asked);
        let log = start(&access, text, "access log")?;
        // Only now: the same file by another name is known by what it is.
        let firewall = firewall.filter(|firewall| !is_same(firewall, &access));
        let firewall = firewall.map(|firewall| start(&firewall, text, "firewall log")).transpose()?;
        Ok(Self { access: log, firewall })
    }
}

/// For requests, and for the firewall where it is named.
fn targets(asked: Option<&Log>) -> (Target, Option<Target>) {
    let access = asked.and_then(|log| log.access.as_ref()).map_or(Target::Stdout, |access| target(&access.value));
    let firewall = asked.and_then(|log| log.firewall.as_ref()).map(|firewall| target(&firewall.value));
    (access, firewall)
}

fn target(word: &str) -> Target {
    match word {
        "off" => Target::Off,
        "stdout" => Target::Stdout,
        path => Target::File(PathBuf::from(path)),
    }
}

/// Two writers of one file would tear each other's lines apart.
fn is_same(one: &Target, other: &Target) -> bool {
    let file = |path: &Path| std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    match (one, other) {
        (Target::File(one), Target::File(other)) => one == other || file(one).is_some_and(|it| Some(it) == file(other)),
        _ => one == other,
    }
}

fn start(target: &Target, text: bool, what: &str) -> Result<AccessLog, String> {
    let colour = terminal::colour_out() && *target == Target::Stdout;
    let format = if text { Format::Text { colour } } else { Format::Json };
    let config = Config { target: target.clone(), format, masked: MaskedParameters::default(), ..Config::default() };
    AccessLog::start(config).map_err(|error| match target {
        Target::File(path) => format!("cannot write the {what} to {}: {error}", path.display()),
        Target::Stdout | Target::Off => format!("cannot write the {what}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use model::problem::Problems;
    use model::site::read_site;
    use model::{Source, Sources};

    use super::*;

    fn site(text: &str) -> Site {
        let (mut sources, mut problems) = (Sources::new(Vec::new()), Problems::new());
        read_site(Source::new("site.yaml", text), &mut sources, &mut problems).unwrap()
    }

    #[test]
    fn rows_of_the_firewall_go_where_the_site_file_says_or_with_the_requests() {
        let file = |path: &str| Target::File(path.into());
        let rows = [
            ("{}", Target::Stdout, None),
            ("{access: a.log}", file("a.log"), None),
            ("{access: 'off'}", Target::Off, None),
            ("{firewall: f.log}", Target::Stdout, Some(file("f.log"))),
            ("{access: a.log, firewall: 'off'}", file("a.log"), Some(Target::Off)),
            ("{access: 'off', firewall: stdout}", Target::Off, Some(Target::Stdout)),
            ("{access: a.log, firewall: f.log}", file("a.log"), Some(file("f.log"))),
        ];
        for (log, access, firewall) in rows {
            let site = site(&format!("log: {log}\n"));
            assert_eq!(targets(site.log.as_deref()), (access, firewall), "{log}");
        }
        assert_eq!(targets(None), (Target::Stdout, None));
    }

    #[test]
    fn one_file_by_two_names_has_one_writer() {
        let folder = e2e::Folder::new();
        let (log, link) = (folder.path("a.log"), folder.path("link.log"));
        std::os::unix::fs::symlink(&log, &link).unwrap();
        let open = |firewall: &Path| {
            let site = site(&format!("log: {{access: {}, firewall: {}}}\n", log.display(), firewall.display()));
            Logs::open(Some(&site)).unwrap().firewall.is_some()
        };
        assert!(!open(&log) && !open(&link));
        assert!(open(&folder.path("f.log")));
        assert!(folder.path("f.log").exists());
    }

    #[test]
    fn a_log_that_cannot_be_written_says_which_one_it_is() {
        let folder = e2e::Folder::new();
        let nowhere = folder.path("nowhere/log");
        let why = |log: &str| Logs::open(Some(&site(&format!("log: {log}\n")))).err().unwrap();
        let begins =
            |why: &str, what: &str| why.starts_with(&format!("cannot write the {what} to {}: ", nowhere.display()));
        let access = why(&format!("{{access: {}}}", nowhere.display()));
        assert!(begins(&access, "access log"), "{access}");
        let firewall = why(&format!("{{access: 'off', firewall: {}}}", nowhere.display()));
        assert!(begins(&firewall, "firewall log"), "{firewall}");
    }
}
