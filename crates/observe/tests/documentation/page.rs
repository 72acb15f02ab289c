//! What a page of the documentation says of rows, and what rows have.

use std::fs;
use std::path::Path;
use std::time::Duration;

use observe::access_log::{Config, Target};
use observe::{AccessLog, WorkerLog};
use serde_json::Value;

/// A page of `docs`.
pub(super) fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// What stands between two headings.
pub(super) fn part<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("\n{from}\n")).unwrap();
    rest.split_once(&format!("\n{to}\n")).unwrap().0
}

/// What stands between backticks in the first cells of a table, below its heading.
pub(super) fn first_cells(text: &str) -> Vec<&str> {
    let rows = text.lines().skip_while(|line| !line.starts_with("|---"));
    let first = rows.filter(|line| line.starts_with("| `")).filter_map(|line| line.split(" | ").next());
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The first example of a row, which the page breaks into lines.
pub(super) fn example(text: &str) -> Value {
    let example = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap().replace('\n', "");
    serde_json::from_str(&example).unwrap()
}

/// The one row that is written, by a log in a folder of the test's own.
pub(super) fn row(test: &str, write: impl FnOnce(&WorkerLog)) -> Value {
    let folder = std::env::temp_dir().join(format!("gatehouse-documentation-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("log.json");
    let log = AccessLog::start(Config { target: Target::File(file.clone()), ..Config::default() }).unwrap();
    write(&log.worker());
    assert!(log.shutdown(Duration::from_secs(20)));
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The names in an object.
pub(super) fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The names of a row: those beside `properties`, and those in it.
pub(super) fn all_names(row: &Value) -> Vec<&str> {
    let beside = names(row).into_iter().filter(|name| *name != "properties");
    beside.chain(names(&row["properties"])).collect()
}

/// Holds the table of a page against a row that has every field: the one names what the other has, and nothing else.
pub(super) fn assert_same_names(table: &[&str], row: &[&str]) {
    for name in row {
        assert!(table.contains(name), "{name} is not explained");
    }
    for name in table {
        assert!(row.contains(name), "{name} is explained and never written");
    }
}

/// Holds the example of a page against a row: what it shows is written, and is of the same type.
pub(super) fn assert_same_types(example: &Value, row: &Value) {
    for name in names(example) {
        let (shown, written) = (&example[name], &row[name]);
        let is_same = std::mem::discriminant(shown) == std::mem::discriminant(written);
        assert!(is_same, "{name} has another type in the example: {shown} {written}");
    }
}
