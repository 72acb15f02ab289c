//! The rules that both engines load: one file, which includes a folder of the core rule set.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use waf::program::{BODY_RULES, STRICTNESS_RULES};

use crate::tools;

/// How both engines work: refusing, with bodies, without responses.
const SETTINGS: &str = "\
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 131072
SecResponseBodyAccess Off
";

/// Rules on disk.
pub(crate) struct RuleSet {
    /// The file to load.
    pub(crate) file: PathBuf,
    /// Where they come from.
    pub(crate) origin: String,
}

/// Writes the file for a folder, or for the distribution's package.
pub(crate) fn write(folder: Option<&Path>, run: &Path) -> Result<RuleSet> {
    let (setup, rules) = match folder {
        Some(folder) => of_folder(folder)?,
        None => of_package()?,
    };
    let include = |path: &Path| format!("Include {}\n", path.display());
    let text = [SETTINGS, BODY_RULES, &include(&setup), STRICTNESS_RULES, &include(&rules.join("*.conf"))].join("\n");
    let file = run.join("rules.conf");
    std::fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    let version = version(&setup).map_or_else(String::new, |version| format!(", {version}"));
    Ok(RuleSet { file, origin: format!("{}{version}", rules.display()) })
}

fn of_folder(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let folder = folder.canonicalize().with_context(|| format!("no folder {}", folder.display()))?;
    let setup = ["crs-setup.conf", "crs-setup.conf.example"].map(|name| folder.join(name));
    let setup = setup.into_iter().find(|file| file.is_file());
    Ok((setup.with_context(|| format!("no crs-setup.conf in {}", folder.display()))?, folder.join("rules")))
}

fn of_package() -> Result<(PathBuf, PathBuf)> {
    const RULES: &str = "/usr/share/modsecurity-crs/rules";
    const SETUP: &str = "/etc/modsecurity/crs/crs-setup.conf";
    if !tools::installed(SETUP, "modsecurity-crs") || !Path::new(RULES).is_dir() {
        bail!("no rules: the package modsecurity-crs is not installed; name a folder with --rules");
    }
    Ok((SETUP.into(), RULES.into()))
}

/// `OWASP ModSecurity Core Rule Set ver.3.3.4`, from the first lines of the set-up.
fn version(setup: &Path) -> Option<String> {
    let text = std::fs::read_to_string(setup).ok()?;
    text.lines().take(10).find(|line| line.contains("ver.")).map(|line| line.trim_start_matches('#').trim().to_owned())
}
