//! Both generations load as they are.

use waf::program::{Library, Options};
use waf::seclang::Document;

use crate::corpus::{FOUR, Files, Generation, THREE, folder, lines, program};

#[test]
fn both_generations_load_without_a_fault() {
    // Lines of SecRule and SecAction; operators that need a database or the DNS.
    for (generation, written, unavailable) in [(THREE, 805, 2), (FOUR, 703, 0)] {
        let Some(folder) = folder(generation) else { return };
        let files = Files(folder.clone());
        let document = Document::read_all(&["crs-setup.conf.example", "rules/*.conf"], &files);
        let document = document.unwrap_or_else(|faults| panic!("{}", lines(&faults)));
        assert_eq!(document.rule_count(), written, "{}", generation.folder);
        let mut library = Library::new();
        for level in 1..=4 {
            let program = at_level(generation, level, &mut library);
            let rules = program.rules().count();
            eprintln!("{} at level {level}: {rules} of {} rules can run", generation.folder, program.written_count());
            assert_eq!(program.signatures().len(), 1);
            assert_eq!(program.unavailable().len(), unavailable, "{}", lines(program.unavailable()));
        }
    }
}

#[test]
fn the_gates_of_paranoia_levels_are_decided_before_any_request() {
    for (generation, gates) in [(THREE, "EXECUTING_PARANOIA_LEVEL"), (FOUR, "DETECTION_PARANOIA_LEVEL")] {
        if folder(generation).is_none() {
            return;
        }
        let program = at_level(generation, 1, &mut Library::new());
        let ids: Vec<u32> = program.rules().map(|rule| rule.id).collect();
        let of_level_two = program.rules().filter(|rule| rule.tags.iter().any(|tag| &**tag == "paranoia-level/2"));
        let too_many: Vec<u32> = of_level_two.map(|rule| rule.id).collect();
        assert!(too_many.is_empty(), "{gates}: {too_many:?}");
        // A gate of level 1 in file 941, a default of file 901, and a rule of level 1 that stays.
        assert!(!ids.contains(&941_011) && !ids.contains(&901_100), "{gates}");
        assert!(ids.contains(&941_110), "{gates}");
    }
}

fn at_level(generation: Generation, level: u8, library: &mut Library) -> std::sync::Arc<waf::program::Program> {
    let folder = folder(generation).expect("asked for before");
    let setup = format!(
        "SecAction \"id:900005,phase:1,nolog,pass,setvar:tx.paranoia_level={level},\
         setvar:tx.blocking_paranoia_level={level}\""
    );
    let program = program(&folder, &setup, &Options::default(), library);
    program.unwrap_or_else(|faults| panic!("{}", lines(&faults)))
}
