//! Parsed operators, each made once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::operators::{Environment, Operator, OperatorFault};
use crate::seclang::Reader;

/// Operators by what was written, shared by every program that is compiled with the same library.
///
/// Phrase lists are read when first named: a library lives as long as one reading of the configuration.
#[derive(Debug, Default)]
pub struct Library {
    operators: HashMap<(String, String, String), Arc<Operator>>,
}

impl Library {
    /// An empty library.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operators it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operators.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty()
    }

    /// The operator of this name and argument; files it names stand beside `file`.
    pub(crate) fn operator(
        &mut self,
        name: &str,
        argument: &str,
        file: &str,
        reader: &dyn Reader,
    ) -> Result<Arc<Operator>, String> {
        let folder = folder_of(file);
        let key = (name.to_ascii_lowercase(), argument.to_owned(), folder.to_owned());
        if let Some(known) = self.operators.get(&key) {
            return Ok(Arc::clone(known));
        }
        let beside = Beside { folder, reader };
        let operator = match Operator::parse(name, argument, &beside) {
            // What needs a database or the DNS finds nothing here, as where there is no database.
            Err(OperatorFault::Unavailable { .. }) => Operator::parse("noMatch", argument, &beside),
            parsed => parsed,
        };
        let operator = operator.map_err(|fault| fault.to_string())?;
        let shared = Arc::new(operator);
        self.operators.insert(key, Arc::clone(&shared));
        Ok(shared)
    }
}

/// Parses an operator that is not worth sharing.
pub(crate) fn parse_operator(name: &str, argument: &str, reader: &dyn Reader) -> Result<Operator, String> {
    Operator::parse(name, argument, &Beside { folder: "", reader }).map_err(|fault| fault.to_string())
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Files named by a rule stand beside the file of the rule.
struct Beside<'r> {
    folder: &'r str,
    reader: &'r dyn Reader,
}

impl Environment for Beside<'_> {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        if self.folder.is_empty() || file.starts_with('/') {
            return self.reader.read(file);
        }
        self.reader.read(&format!("{}/{file}", self.folder))
    }
}
