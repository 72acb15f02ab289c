//! What is allowed of TCP and TLS but probably not meant.

use std::collections::BTreeSet;

use model::Problem;

use crate::compile::Parts;
use crate::compile::codes;
use crate::compile::context::Context;
use crate::{HostHeader, Member, Scheme};

/// Servers of TLS that are known by address only: no name is sent to them, and only a certificate that bears the
/// address is good. Settings of HTTP have switches for that, and mostly the client's host.
pub(in crate::compile) fn nameless_servers(context: &mut Context<'_>, parts: &Parts) {
    let gateway = context.gateway;
    let mut told = BTreeSet::new();
    for rule in &parts.layer4.rules {
        let (Some(pool), Some(index)) = (rule.pool, rule.settings) else { continue };
        let Some(definition) = parts.layer4.settings.get(index).and_then(Option::as_ref) else { continue };
        let is_named = matches!(definition.settings.host, HostHeader::Fixed(_));
        let members = parts.pools.get(pool).map_or(&[][..], |pool| &pool.members);
        let by_address = members.iter().any(|member| matches!(member, Member::Address(_)));
        if definition.settings.scheme != Scheme::Tls || is_named || !by_address || !told.insert(index) {
            continue;
        }
        let (Some(asked), Some(pool)) =
            (gateway.backend_settings_collection.get(index), gateway.backend_address_pools.get(pool))
        else {
            continue;
        };
        let message = format!(
            "the settings {:?} have no hostName, and the pool {:?} has members by address: their certificates have to \
             bear the address",
            asked.name.value, pool.name.value
        );
        let problem = Problem::warning(codes::SERVER_NAME_MISSING, &asked.name.at, message);
        context.problems.push(problem.help("give the settings a \"hostName\", which is sent and checked"));
    }
}
