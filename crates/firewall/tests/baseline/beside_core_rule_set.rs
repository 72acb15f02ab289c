//! Beside the core rule set at paranoia level 1: how much of what it refuses the baseline refuses too, and what the
//! baseline refuses beyond.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regression::read_folder;
use waf::Severity;
use waf::program::{Library, Options};
use waf::verdict::{RuleMatch, Verdict};

use crate::corpus::{FOUR, Generation, THREE, folder, lines, program};
use crate::request;

/// Of the requests in which the core rule set sees two signs of an attack or more, the baseline refuses so many of a
/// hundred. Half of those of generation 3.3 are names of Java classes, alone or in base64, which are no attacks here.
const REFUSED_3_3: usize = 30;
const REFUSED_4: usize = 60;
/// Of the requests that the core rule set has nothing to say of at this level, the baseline refuses at most so many in
/// a hundred. They are attacks that it knows at higher levels or in other places.
const BEYOND: usize = 10;

#[test]
fn most_of_what_generation_3_3_refuses_is_refused() {
    compare(THREE, REFUSED_3_3);
}

#[test]
fn most_of_what_generation_4_refuses_is_refused() {
    compare(FOUR, REFUSED_4);
}

fn compare(generation: Generation, at_least: usize) {
    let Some(folder) = folder(generation) else { return };
    let full = program(&folder, "", &Options::default(), &mut Library::new());
    let full = full.unwrap_or_else(|faults| panic!("{}", lines(&faults)));
    let (mut attacks, mut refused, mut clean, mut beyond) = (0, 0, 0, 0);
    let mut groups: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (group, request) in attack_cases(&folder.join("tests-given")) {
        let Some(theirs) = request::send(&full, &request) else { continue };
        let (stopped, ..) = request::found(&request);
        if signs(&theirs) > 1 {
            let (of, ours) = groups.entry(group).or_default();
            (attacks, refused) = (attacks + 1, refused + usize::from(stopped));
            (*of, *ours) = (*of + 1, *ours + u32::from(stopped));
        } else if theirs.matches.is_empty() {
            (clean, beyond) = (clean + 1, beyond + usize::from(stopped));
        }
    }
    for (group, (of, ours)) in groups {
        eprintln!("  {group}: {ours} of {of}");
    }
    eprintln!("{}: {refused} of {attacks} refused; beyond: {beyond} of {clean}", generation.folder);
    assert!(attacks > 200 && clean > 20, "the cases were found");
    assert!(refused * 100 >= attacks * at_least, "{refused} of {attacks}");
    assert!(beyond * 100 <= clean * BEYOND, "{beyond} of {clean}");
}

/// How many rules tell of an attack; those that only add up do not.
fn signs(verdict: &Verdict) -> usize {
    let tells = |found: &&RuleMatch| found.severity() == Some(Severity::Critical) && found.rule.id < 949_000;
    verdict.matches.iter().filter(tells).count()
}

/// Requests of the cases about attacks, by the folder they are in; those about how a client has to behave are not the
/// baseline's.
fn attack_cases(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let groups = std::fs::read_dir(folder).expect("a folder of tests").flatten().map(|entry| entry.path());
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut groups: Vec<PathBuf> =
        groups.filter(|path| (930..=944).any(|n| name(path).contains(&n.to_string()))).collect();
    groups.sort();
    let mut found = Vec::new();
    for group in groups {
        let tests = read_folder(&group).expect("a folder of tests").tests;
        let stages = tests.iter().flat_map(|test| &test.stages);
        found.extend(stages.flat_map(|stage| &stage.requests).map(|request| (name(&group), request.bytes())));
    }
    found
}
