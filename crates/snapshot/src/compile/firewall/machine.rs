//! What firewalls need of this machine besides rules: countries and reputation of addresses, and a secret that seals
//! answered challenges.

use std::sync::Arc;

use firewall::challenge::Clearances;
use firewall::geo::{Countries, Database};
use firewall::managed::bots::Reputation;
use model::schema::Field;
use model::{At, Problem};

use super::bad_addresses::{BadAddresses, NotAList};
use crate::Firewalls;
use crate::compile::codes;
use crate::compile::context::Context;
use crate::compile::site::{KEY, too_short};

/// What policies that are in force ask for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Where countries are asked for, once for each policy.
    pub(super) countries: Vec<At>,
    /// Where bad addresses are, once for each policy.
    pub(super) bad_addresses: Vec<At>,
    /// Some policy runs the folder of rules as it is written.
    pub(super) setup: bool,
}

/// Brings along what the site file names, and says what is asked for and not there.
pub(super) fn provide(context: &mut Context<'_>, asked: &Asked, firewalls: &mut Firewalls) {
    let settings = context.site.and_then(|site| site.firewall.as_ref());
    match settings.and_then(|settings| settings.countries.as_ref()) {
        Some(path) => firewalls.countries = countries(context, path).unwrap_or_else(|| firewalls.countries.clone()),
        None => no_countries(context, &asked.countries),
    }
    match settings.and_then(|settings| settings.bad_addresses.as_ref()) {
        Some(path) => firewalls.reputation = reputation(context, path).unwrap_or_else(|| firewalls.reputation.clone()),
        None => no_bad_addresses(context, &asked.bad_addresses),
    }
    if let Some(path) = settings.and_then(|settings| settings.clearance_key.as_ref()) {
        firewalls.clearances = clearances(context, path);
    }
    if let Some(setup) = settings.and_then(|settings| settings.setup.as_ref()).filter(|_| !asked.setup) {
        let message = "no policy in force has the rule set Gatehouse_RuleFolder, which alone is set up by this";
        context.warn(codes::NOT_USED, &setup.at, message);
    }
}

fn countries(context: &mut Context<'_>, path: &Field<String>) -> Option<Arc<dyn Countries>> {
    match Database::open(context.file(path)?.to_vec()) {
        Ok(database) => Some(Arc::new(database)),
        Err(error) => {
            let problem = Problem::error(codes::COUNTRIES_INVALID, &path.at, error.to_string());
            context.machine_refuses(problem.found(format!("{:?}", path.value)));
            None
        }
    }
}

fn no_countries(context: &mut Context<'_>, asked: &[At]) {
    // Nothing of this machine matters to Azure.
    for at in asked.iter().filter(|_| !context.environment.target_azure) {
        let message = "no database of countries is named: every address is of the country ZZ";
        let problem = Problem::warning(codes::COUNTRIES_MISSING, at, message);
        context.problems.push(problem.help("name one in the format MaxMind DB in the site file: firewall.countries"));
    }
}

fn reputation(context: &mut Context<'_>, path: &Field<String>) -> Option<Arc<dyn Reputation>> {
    let wrong = match BadAddresses::parse(context.file(path)?) {
        Ok(list) => return Some(Arc::new(list)),
        Err(wrong) => wrong,
    };
    let problem = match wrong {
        NotAList::Line(line, found) => {
            let message = format!("line {line} of the file is neither an address nor a network");
            Problem::error(codes::BAD_ADDRESSES_INVALID, &path.at, message).found(format!("{found:?}"))
        }
        NotAList::TooLong => {
            Problem::error(codes::BAD_ADDRESSES_INVALID, &path.at, "the file has more than a million addresses")
        }
    };
    context.machine_refuses(problem.expected("one address or network a line, such as \"192.0.2.0/24\""));
    None
}

fn no_bad_addresses(context: &mut Context<'_>, asked: &[At]) {
    for at in asked.iter().filter(|_| !context.environment.target_azure) {
        let message = "no list of bad addresses is named: rule 100100 finds nothing";
        let problem = Problem::warning(codes::BAD_ADDRESSES_MISSING, at, message);
        context.problems.push(problem.help("name one in the site file: firewall.badAddresses"));
    }
}

fn clearances(context: &mut Context<'_>, path: &Field<String>) -> Option<Arc<Clearances>> {
    let key = context.file(path)?;
    if key.len() < KEY {
        let message = "this secret of answered challenges is too short";
        too_short(context, Problem::error(codes::CLEARANCE_KEY_SHORT, &path.at, message), key.len());
        return None;
    }
    Some(Arc::new(Clearances::new(key)))
}
