//! The folder of rules: which generation of the core rule set it is, and how it is set up for its own tests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// A generation of the core rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    Three,
    Four,
}

/// Rules to be run.
pub(super) struct Rules {
    /// The folder with the `.conf` files.
    pub(super) folder: PathBuf,
    /// `OWASP_CRS/4.28.0`.
    pub(super) signature: String,
    pub(super) generation: Generation,
    /// What is said before the rules: the set-up of the project's own tests, then the folder's.
    pub(super) setup: String,
}

/// The set-up under which the project runs its tests: everything is found, whatever its level, and limits are those
/// that the tests of limits were written for.
const SETUP: &str = "SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecAction \"id:900005,phase:1,nolog,pass,t:none,setvar:tx.LEVEL=4,setvar:tx.crs_validate_utf8_encoding=1,\\
    setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\\
    setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535MORE\"
";

impl Rules {
    /// Finds rules in a folder, or in its `rules`, and what belongs to them.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let inner = folder.join("rules");
        let rules = if inner.is_dir() { inner } else { folder.to_owned() };
        let signature = signature(&rules)?;
        let generation = match signature.split_once('/').map(|(_, version)| version) {
            Some(version) if version.starts_with("3.") => Generation::Three,
            Some(version) if version.starts_with("4.") => Generation::Four,
            _ => bail!("{signature}: neither the third nor the fourth generation of the core rule set"),
        };
        let example = example(&rules)?;
        let folder = rules.canonicalize().with_context(|| format!("find {}", rules.display()))?;
        Ok(Self { folder, signature, generation, setup: format!("{}{example}", generation.setup()) })
    }
}

impl Generation {
    fn setup(self) -> String {
        let (level, more) = match self {
            Self::Three => ("paranoia_level", ",setvar:tx.crs_xml_attr_inspect=1"),
            Self::Four => ("blocking_paranoia_level", ""),
        };
        SETUP.replace("LEVEL", level).replace("MORE", more)
    }
}

/// What the rules call themselves.
fn signature(rules: &Path) -> Result<String> {
    let entries = std::fs::read_dir(rules).with_context(|| format!("list {}", rules.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "conf") {
            let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            if let Some(signature) = signature_in(&String::from_utf8_lossy(&text)) {
                return Ok(signature);
            }
        }
    }
    bail!("{}: no file has a SecComponentSignature: not the core rule set", rules.display())
}

fn signature_in(text: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.trim_start().strip_prefix("SecComponentSignature"))?;
    Some(rest.trim().trim_matches('"').to_owned())
}

/// The set-up that comes with the rules: beside them, or one folder up.
fn example(rules: &Path) -> Result<String> {
    let folders = [Some(rules), rules.parent()];
    for folder in folders.into_iter().flatten() {
        for name in ["crs-setup.conf.example", "crs-setup.conf"] {
            let path = folder.join(name);
            if path.is_file() {
                return std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()));
            }
        }
    }
    bail!("{}: no crs-setup.conf.example there nor one folder up", rules.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Scratch;

    #[test]
    fn rules_are_found_in_a_folder_and_in_its_parent() {
        let scratch = Scratch::new("waf-rules").expect("a folder");
        let rules = scratch.folder.join("rules");
        std::fs::create_dir_all(&rules).expect("a folder");
        assert!(Rules::find(&rules).is_err());
        scratch.write("rules/a.conf", "# a\nSecComponentSignature \"OWASP_CRS/3.3.10\"\n").expect("a file");
        assert!(Rules::find(&rules).is_err(), "there is no set-up");
        scratch.write("crs-setup.conf.example", "SecAction \"id:900990\"\n").expect("a file");
        for folder in [&rules, &scratch.folder] {
            let found = Rules::find(folder).expect("all is there");
            assert_eq!((found.generation, found.signature.as_str()), (Generation::Three, "OWASP_CRS/3.3.10"));
            assert!(found.setup.contains("tx.paranoia_level=4") && found.setup.contains("xml_attr_inspect"));
            assert!(found.setup.ends_with("SecAction \"id:900990\"\n"));
        }
        scratch.write("rules/a.conf", "SecComponentSignature \"OWASP_CRS/5.0.0\"\n").expect("a file");
        assert!(Rules::find(&rules).is_err());
    }
}
