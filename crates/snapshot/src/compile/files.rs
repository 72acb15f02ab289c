//! Files that the site file names, read beforehand: compiling opens none.

use std::collections::BTreeMap;
use std::fmt;

use model::Problem;
use model::schema::Field;
use zeroize::Zeroizing;

use super::codes;
use super::context::Context;

/// Contents of files by their paths as the site file writes them. What cannot be read says why.
#[derive(Clone, Default)]
pub struct Files(BTreeMap<String, Result<Zeroizing<Vec<u8>>, String>>);

impl Files {
    /// Adds a file, or why it cannot be read: lower case, no full stop.
    pub fn insert(&mut self, path: impl Into<String>, content: Result<Zeroizing<Vec<u8>>, String>) {
        self.0.insert(path.into(), content);
    }

    /// What stands in a file; `None` when it could not be read.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        Some(self.0.get(path)?.as_ref().ok()?)
    }
}

/// Paths and sizes; some of the files are secrets.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(path, content)| (path, content.as_ref().map(|c| c.len())))).finish()
    }
}

impl<'a> Context<'a> {
    /// The content of a file; `None` when it cannot be read, and then a problem says so.
    pub(super) fn file(&mut self, path: &Field<String>) -> Option<&'a [u8]> {
        let why = match self.environment.files.0.get(&path.value) {
            Some(Ok(content)) => return Some(content),
            Some(Err(why)) => why.clone(),
            None => "it was not looked for".to_owned(),
        };
        let problem = Problem::error(codes::FILE_UNREADABLE, &path.at, format!("cannot read the file: {why}"));
        self.machine_refuses(problem.found(format!("{:?}", path.value)));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_no_content() {
        let mut files = Files::default();
        files.insert("a.key", Ok(Zeroizing::new(b"hunter2".to_vec())));
        files.insert("b.key", Err("there is no such file".to_owned()));
        assert_eq!(format!("{files:?}"), r#"{"a.key": Ok(7), "b.key": Err("there is no such file")}"#);
        assert_eq!((files.get("a.key"), files.get("b.key")), (Some(&b"hunter2"[..]), None));
    }
}
