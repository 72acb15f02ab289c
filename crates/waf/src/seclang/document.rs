//! A set of rule files, read as one: every directive in the order in which it stands, included files in place.

use std::sync::Arc;

use super::directive::{self, Directive};
use super::fault::{Fault, Faults};
use super::glob;
use super::lexer::{Word, logical_lines};
use super::place::Place;
use crate::actions::Action;

/// Files within files; more is a circle.
const INCLUDE_DEPTH: usize = 16;

/// Where rule files, and the phrase lists rules name, come from. The engine itself opens nothing.
pub trait Reader {
    /// The bytes of a file; the error says in words why there are none.
    fn read(&self, file: &str) -> Result<Vec<u8>, String>;

    /// The names of the files in a folder, without the folder.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;
}

/// Rule files as they were written, free of faults of form.
#[derive(Debug, Default)]
pub struct Document {
    pub(crate) directives: Vec<(Directive, Place)>,
}

impl Document {
    /// Reads the file `entry` and all it includes.
    ///
    /// # Errors
    /// Every fault of form in any of the files.
    pub fn read(entry: &str, reader: &dyn Reader) -> Result<Self, Vec<Fault>> {
        Self::read_all(&[entry], reader)
    }

    /// Reads several files, in this order; a name may hold `*` and `?` in its last part.
    ///
    /// # Errors
    /// Every fault of form in any of the files.
    pub fn read_all(entries: &[&str], reader: &dyn Reader) -> Result<Self, Vec<Fault>> {
        let mut reading = Reading { reader, document: Self::default(), faults: Faults::default() };
        for entry in entries {
            let place = Place { file: Arc::from(*entry), line: 1, column: 1 };
            reading.include(entry, &place, 0);
        }
        reading.finish()
    }

    /// Reads rules out of a text that is called `name` in faults and explanations.
    ///
    /// # Errors
    /// Every fault of form in the text or in what it includes.
    pub fn parse(name: &str, text: &str, reader: &dyn Reader) -> Result<Self, Vec<Fault>> {
        let mut reading = Reading { reader, document: Self::default(), faults: Faults::default() };
        reading.text(&Arc::from(name), text, 0);
        reading.finish()
    }

    /// Puts the directives of `other` behind those of this document.
    #[must_use]
    pub fn followed_by(mut self, other: Self) -> Self {
        self.directives.extend(other.directives);
        self
    }

    /// The ids of its rules in their order, whether they can run or not.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        let rules = self.directives.iter().filter_map(|(directive, _)| match directive {
            Directive::Rule(rule) => Some(rule),
            _ => None,
        });
        rules.flat_map(|rule| &rule.actions).filter_map(|(action, _)| match action {
            Action::Id(id) => Some(*id),
            _ => None,
        })
    }

    /// How many rules it holds, links of chains included.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.directives.iter().filter(|(directive, _)| matches!(directive, Directive::Rule(_))).count()
    }
}

struct Reading<'r> {
    reader: &'r dyn Reader,
    document: Document,
    faults: Faults,
}

impl Reading<'_> {
    fn finish(self) -> Result<Document, Vec<Fault>> {
        if self.faults.is_empty() { Ok(self.document) } else { Err(self.faults.into_vec()) }
    }

    fn include(&mut self, name: &str, place: &Place, depth: usize) {
        if depth > INCLUDE_DEPTH {
            let found = format!("files included more than {INCLUDE_DEPTH} deep");
            return self.faults.add(place.clone(), found, "a file must not include itself");
        }
        if !glob::is_pattern(name) {
            return self.file(name, place, depth);
        }
        let (folder, pattern) = name.rsplit_once('/').unwrap_or(("", name));
        let mut names = match self.reader.list(folder) {
            Ok(names) => names,
            Err(why) => return self.faults.add(place.clone(), format!("folder \"{folder}\": {why}"), "name one"),
        };
        names.retain(|name| glob::matches(pattern, name));
        names.sort_unstable();
        for found in names {
            let path = if folder.is_empty() { found } else { format!("{folder}/{found}") };
            self.file(&path, place, depth);
        }
    }

    fn file(&mut self, path: &str, place: &Place, depth: usize) {
        let bytes = match self.reader.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                return self.faults.add(place.clone(), format!("file \"{path}\": {why}"), "name a readable file");
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => self.text(&Arc::from(path), &text, depth),
            Err(_) => self.faults.add(place.clone(), format!("\"{path}\" is not UTF-8"), "save it as UTF-8"),
        }
    }

    fn text(&mut self, file: &Arc<str>, text: &str, depth: usize) {
        for line in logical_lines(file, text) {
            let words = line.words(&mut self.faults);
            let Some((name, arguments)) = words.split_first() else { continue };
            if name.text.eq_ignore_ascii_case("Include") {
                self.include_directive(file, name, arguments, depth);
                continue;
            }
            if let Some(found) = directive::parse(name, arguments, self.reader, &mut self.faults) {
                self.document.directives.push((found, name.place(0)));
            }
        }
    }

    /// A relative name is looked for beside the file that includes it.
    fn include_directive(&mut self, file: &str, name: &Word<'_>, arguments: &[Word<'_>], depth: usize) {
        let [path] = arguments else {
            return self.faults.add(name.place(0), "Include with other than one argument", "Include takes one file");
        };
        let given = path.unquoted();
        let full = match file.rsplit_once('/') {
            Some((folder, _)) if !given.starts_with('/') => format!("{folder}/{given}"),
            _ => given,
        };
        self.include(&full, &path.place(0), depth + 1);
    }
}
