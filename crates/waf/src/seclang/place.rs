//! Where something stands in a rule file.

use std::fmt;
use std::sync::Arc;

/// A position in a rule file; lines and columns count from one, columns in characters' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named to the reader.
    pub file: Arc<str>,
    /// Line, from one.
    pub line: u32,
    /// Column in bytes, from one.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
