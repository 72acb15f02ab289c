//! `gatehouse waf`: rules of the firewall from the distribution's package, and recorded requests against policies.

mod replay;

use super::PROBLEMS;
use crate::cli::{Waf, WafCommand, WafInstall};
use crate::last_good::state_folder;
use crate::rule_sets::{self, Installed, PACKAGE, Tools};
use crate::terminal;

pub(super) fn run(args: &Waf) -> u8 {
    match &args.command {
        WafCommand::Install(args) => install(args),
        WafCommand::Replay(args) => replay::run(args),
    }
}

fn install(args: &WafInstall) -> u8 {
    let folder = args.into.clone().unwrap_or_else(|| state_folder(None).join("rule-sets"));
    // The site file is read from another folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    match rule_sets::install(&Tools::default(), args.package.as_deref(), &folder) {
        Ok(installed) => {
            terminal::out(&page(&installed, args.into.is_none()));
            0
        }
        Err(problem) => {
            terminal::note(&format!("gatehouse: {problem:#}"));
            PROBLEMS
        }
    }
}

/// `usual`: they are where they are looked for.
fn page(installed: &Installed, usual: bool) -> String {
    let Installed { folder, version, rules, lists, replaced } = installed;
    let before = if *replaced { "; what was there before is gone" } else { "" };
    let [rules, lists] = [(rules, "file"), (lists, "list")].map(|(number, what)| terminal::count(*number, what));
    let next = if usual {
        "Policies are run with them from the next start or reload on. With another state folder, name them in the \
         site file:"
    } else {
        "For the site file:"
    };
    format!(
        "{PACKAGE} {version}: {rules} of rules and {lists} are in {}{before}\n\n{next}\n\nfolders:\n  \
         ruleSets: {}\n",
        folder.display(),
        serde_json::Value::from(folder.display().to_string()),
    )
}
