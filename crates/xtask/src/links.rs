//! Relative links in Markdown pages that lead nowhere.

use std::path::Path;

use crate::workspace;

/// The targets of a page that do not exist.
pub(crate) fn dead(page: &Path, text: &str) -> Vec<String> {
    let folder = page.parent().unwrap_or(Path::new("."));
    let exists = |target: &String| match target.strip_prefix('/') {
        // From the root, as code hosts read it.
        Some(rest) => workspace::root().join(rest).exists(),
        None => folder.join(target).exists(),
    };
    targets(text).into_iter().filter(|target| !exists(target)).collect()
}

/// Files that a page links to: no addresses, no anchors, nothing inside code.
fn targets(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let mut rest = without_code(line);
        while let Some((_, after)) = rest.split_once("](") {
            let (target, next) = after.split_once(')').unwrap_or((after, ""));
            let path = target.split([' ', '#']).next().unwrap_or_default().trim_matches(['<', '>']);
            if !path.is_empty() && !path.contains(':') {
                out.push(path.to_owned());
            }
            rest = next.to_owned();
        }
    }
    out
}

/// A line without its `code`.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_targets() {
        let page = "[a](docs/a.md#part) [b](https://example.com/b.md) [c](#part) `[d](d.md)` ![e](e.png \"title\")\n\
                    ```\n[f](f.md)\n```\n[g](<g.md>)";
        assert_eq!(targets(page), ["docs/a.md", "e.png", "g.md"]);
    }

    #[test]
    fn a_link_is_followed_from_its_page() {
        let page = workspace::root().join("crates/xtask/page.md");
        assert_eq!(dead(&page, "[a](Cargo.toml) [b](/Cargo.toml) [c](nowhere.md)"), ["nowhere.md"]);
    }
}
