//! A recorded request, as far as it was recorded.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use firewall::explain::Verdict;
use snapshot::Scheme;
use snapshot::explain::Question;

/// A request that was recorded.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Where it stands.
    pub(super) origin: Origin,
    /// What kind of record it is.
    pub(super) source: Source,
    /// What logs call it; empty where they do not.
    pub(super) id: String,
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) version: String,
    /// All but Host.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) client: IpAddr,
    /// When it came, since 1970.
    pub(super) now: Duration,
    /// What the client spoke, where that is known.
    pub(super) scheme: Option<Scheme>,
    /// The listener that took it, where that is known.
    pub(super) listener: Option<String>,
    /// The policy's place, as the firewall log spells it, where its URL is what rules saw: scope and name.
    pub(super) place: Option<(String, String)>,
    /// What became of it, where that is known.
    pub(super) then: Option<Then>,
}

/// The file and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) file: Arc<str>,
    /// From 1; `None`: the whole file.
    pub(super) line: Option<u64>,
}

/// What kind of record a request is out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A raw request: nothing is missing.
    Raw,
    /// A row of the access log.
    Access,
    /// Rows of the firewall log.
    Firewall,
}

/// What became of a request when it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Then {
    /// In one word, where the log says it.
    pub(super) verdict: Option<Verdict>,
    /// The rules that had matched.
    pub(super) rules: Vec<Matched>,
}

/// A rule that had matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matched {
    /// As the report calls it.
    pub(super) rule: String,
    pub(super) message: String,
    /// The word of the log for what was done.
    pub(super) action: String,
    /// It matched something that logs do not have, so that it cannot match again.
    pub(super) unseen: bool,
}

impl Record {
    /// The question to ask a snapshot.
    pub(super) fn question(&self, scheme: Scheme, port: u16) -> Question<'_> {
        Question {
            scheme,
            port,
            host: &self.host,
            path: &self.path,
            query: self.query.as_deref(),
            method: &self.method,
            version: &self.version,
            headers: &self.headers,
            body: &self.body,
            client: self.client,
            now: self.now,
        }
    }

    /// Whether rules had matched something of it that is not recorded.
    pub(super) fn lacks_cause(&self) -> bool {
        self.then.as_ref().is_some_and(|then| then.rules.iter().any(|rule| rule.unseen))
    }

    /// Sets path and query.
    pub(super) fn set_target(&mut self, target: &str) {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        path.clone_into(&mut self.path);
        self.query = query.map(str::to_owned);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}
