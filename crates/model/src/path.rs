//! The way from the top of a document to one value, in the operator's own spelling.

use std::fmt;
use std::sync::Arc;

/// A path such as `properties.httpListeners[2].name`. Cloning is cheap: children share their parents.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path(Option<Arc<Step>>);

#[derive(PartialEq, Eq)]
struct Step {
    parent: Path,
    part: Part,
}

#[derive(PartialEq, Eq)]
enum Part {
    Key(Box<str>),
    Index(usize),
}

impl Path {
    /// The top of the document.
    pub fn root() -> Self {
        Self(None)
    }

    /// The path of the value under `key`.
    pub fn key(&self, key: &str) -> Self {
        Self(Some(Arc::new(Step { parent: self.clone(), part: Part::Key(key.into()) })))
    }

    /// The path of the item at `index`.
    pub fn index(&self, index: usize) -> Self {
        Self(Some(Arc::new(Step { parent: self.clone(), part: Part::Index(index) })))
    }

    /// True at the top of the document.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = Vec::new();
        let mut at = self;
        while let Some(step) = &at.0 {
            steps.push(&step.part);
            at = &step.parent;
        }
        for (number, part) in steps.into_iter().rev().enumerate() {
            match part {
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Key(key) if !is_plain(key) => write!(f, "[\"{key}\"]")?,
                Part::Key(key) if number == 0 => f.write_str(key)?,
                Part::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_the_operator_wrote_it() {
        let listener = Path::root().key("properties").key("httpListeners").index(2);
        let rows = [
            (Path::root(), ""),
            (listener.key("name"), "properties.httpListeners[2].name"),
            (Path::root().index(0).key("x"), "[0].x"),
            (Path::root().key("userAssignedIdentities").key("/a/b.c"), "userAssignedIdentities[\"/a/b.c\"]"),
        ];
        for (path, text) in rows {
            assert_eq!(path.to_string(), text);
        }
    }
}
