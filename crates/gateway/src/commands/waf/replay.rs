//! `gatehouse waf replay`: recorded requests against a policy, and what it would do with them; or against two, and what
//! changes from one to the other.

mod judge;
mod log;
mod open;
mod raw;
mod record;
mod report;
mod source;
mod tally;
mod tell;

use firewall::explain::Verdict;
use snapshot::explain::Screening;

use crate::cli::{Documents, Replay};
use crate::commands::explain::note_stand_ins;
use crate::commands::{PROBLEMS, usage};
use crate::documents::{Purpose, load};
use crate::terminal;
use judge::{Judge, Judged};
use record::{Origin, Record};
use report::Report;
use tally::Cause;

pub(super) fn run(args: &Replay) -> u8 {
    let mut session = match Session::new(args) {
        Ok(session) => session,
        Err(code) => return code,
    };
    for path in &args.requests {
        if let Err(why) =
            source::read(path, args.transaction.as_deref(), &mut |found| terminal::out(&session.take(found)))
        {
            return usage(&why);
        }
    }
    if session.report.is_empty() {
        terminal::note(&session.report.nothing(args.transaction.as_deref()));
        return PROBLEMS;
    }
    let report = &session.report;
    terminal::out(&if args.json { session.tell.report_json(report) } else { tell::report_text(report) });
    0
}

/// The judges and what has come of the requests so far.
struct Session {
    /// The policy as it is, where there is another one to compare it with.
    before: Option<Judge>,
    judge: Judge,
    report: Report,
    tell: tell::Tell,
}

impl Session {
    fn new(args: &Replay) -> Result<Self, u8> {
        let policy = args.policy.as_deref();
        let first = Judge::new(open(args, &args.document, policy)?, policy).map_err(|why| usage(&why))?;
        let compares = args.against.is_some() || args.against_policy.is_some();
        let (before, judge) = if compares {
            let policy = args.against_policy.as_deref().or(policy);
            let other = open(args, args.against.as_ref().unwrap_or(&args.document), policy)?;
            (Some(first), Judge::new(other, policy).map_err(|why| usage(&why))?)
        } else {
            (None, first)
        };
        let report = Report::new(compares, args.examples);
        Ok(Self { before, judge, report, tell: tell::Tell::new(args.json, args.each, args.transaction.is_some()) })
    }

    /// Takes a request, or why a line is none. What is to be told of it by itself.
    fn take(&mut self, found: Result<Record, (Origin, String)>) -> String {
        let record = match found {
            Ok(record) => record,
            Err((origin, why)) => {
                self.report.skip(&origin, &why);
                return String::new();
            }
        };
        self.report.note(record.source);
        let before = self.before.as_ref().map(|judge| judge.judge(&record));
        let after = self.judge.judge(&record);
        self.count(&record, before.as_ref(), &after);
        self.tell.request(&record, before.as_ref(), &after)
    }

    fn count(&mut self, record: &Record, before: Option<&Judged>, after: &Judged) {
        let verdict = |judged: &Judged| judged.screening().map_or(Verdict::Passed, |screening| screening.verdict);
        // A request that one of two documents does not inspect passes there.
        let judged = after.screening().is_some() || before.is_some_and(|before| before.screening().is_some());
        if !judged {
            return self.report.leave(after.reason());
        }
        let to = verdict(after);
        if before.is_none() && to == Verdict::Passed && record.lacks_cause() {
            return self.report.leave(LACKS_CAUSE);
        }
        for (is_after, judged) in before.map(|before| (false, before)).into_iter().chain([(true, after)]) {
            judged.screening().into_iter().for_each(|screening| self.report.judged_by(is_after, screening));
        }
        let from = match before {
            Some(before) => Some(verdict(before)),
            None => record.then.as_ref().and_then(|then| then.verdict),
        };
        let causes = causes(record, before, after, to);
        self.report.add((from, to), record, after.screening().or(before.and_then(Judged::screening)), &causes);
    }
}

/// Why nothing is said of a request that passes now.
const LACKS_CAUSE: &str = "rules had matched content, cookies or headers, which logs do not have";

/// The rules that made the difference: those of now; where a request passes now, those that stopped it before.
fn causes(record: &Record, before: Option<&Judged>, after: &Judged, to: Verdict) -> Vec<Cause> {
    let of = |screening: Option<&Screening>| screening.map(Cause::of_screening).unwrap_or_default();
    match (to, before) {
        (Verdict::Passed, Some(before)) => of(before.screening()),
        (Verdict::Passed, None) => record.then.as_ref().map(Cause::of_log).unwrap_or_default(),
        _ => of(after.screening()),
    }
}

/// `policy`: one that is wanted, in force or not.
fn open(args: &Replay, document: &std::path::Path, policy: Option<&str>) -> Result<snapshot::Snapshot, u8> {
    let documents = Documents { document: document.to_owned(), beside: args.beside.clone() };
    let purpose = Purpose { policy: policy.map(str::to_owned), ..Purpose::routing() };
    let loaded = load(&documents, &purpose).map_err(|unreadable| usage(&unreadable))?;
    note_stand_ins(&loaded);
    let problems = loaded.problems_text(terminal::colour());
    loaded.snapshot.ok_or_else(|| {
        terminal::note(problems.trim_end());
        PROBLEMS
    })
}

#[cfg(test)]
mod tests;
