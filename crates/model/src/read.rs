//! The way in: texts to a document, with every problem found on the way.

use crate::application_gateway::ApplicationGateway;
use crate::form::{self, Form, Found, Kind};
use crate::node::{At, Node};
use crate::path::Path;
use crate::problem::{Problem, Problems, codes, nearest};
use crate::reference::{FirewallPolicy, Reference, Target};
use crate::resource_id::ResourceId;
use crate::schema::{Field, Map, Named, Reader, read_resource};
use crate::source::{Source, Sources, Span};
use crate::syntax;
use crate::web_application_firewall_policy::WebApplicationFirewallPolicy;

/// What reading may need to know that the texts do not say.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The gateway to take when the texts hold several.
    pub gateway: Option<String>,
    /// Values of template parameters; they win over those in parameter files.
    pub parameters: Map<Node>,
    /// What `subscription().subscriptionId` gives. Default: a GUID of zeros.
    pub subscription: Option<String>,
    /// What `resourceGroup().name` gives. Default: `resource-group`.
    pub resource_group: Option<String>,
    /// What `resourceGroup().location` gives. Default: `local`.
    pub location: Option<String>,
}

/// What came out of reading.
#[derive(Debug, Default)]
pub struct Reading {
    /// The document; `None` when there is no gateway to speak of. May be incomplete when there are errors.
    pub document: Option<Document>,
    /// Everything that is wrong.
    pub problems: Problems,
    /// The texts, for rendering the problems.
    pub sources: Sources,
}

/// One gateway with the firewall policies that stand beside it.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The gateway; its name is empty when the texts do not say it.
    pub gateway: Named<ApplicationGateway>,
    /// The gateway's id in its parts, as far as known.
    pub id: ResourceId,
    /// The firewall policies.
    pub policies: Vec<Named<WebApplicationFirewallPolicy>>,
    /// The shape the gateway was written in.
    pub form: Form,
}

/// Reads one gateway and any number of firewall policies from texts: the main one first, others beside it.
pub fn read(sources: &[Source], options: &ReadOptions) -> Reading {
    let mut problems = Problems::new();
    let mut sources = Sources::new(sources.to_vec());
    let mut roots = Vec::new();
    for index in 0..sources.iter().count() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let Some(source) = sources.get(index) else { continue };
        let mut nodes = syntax::parse(source, index, &mut problems);
        nodes.iter_mut().for_each(|node| syntax::mark_secrets(node, &mut sources));
        roots.extend(nodes);
    }
    let found = form::resources(&roots, options, &mut sources, &mut problems);
    let gateway = choose(&found, options, &mut problems);
    let mut reader = Reader::new(&mut problems);
    let document = gateway.and_then(|gateway| assemble(gateway, &found, &mut reader));
    std::mem::take(&mut reader.secrets).into_iter().for_each(|span| sources.hide(span));
    scrub(&mut problems, &sources);
    Reading { document, problems, sources }
}

/// The last line of defence: a secret that found its way into a message is starred out.
fn scrub(problems: &mut Problems, sources: &Sources) {
    const SHORTEST: usize = 4;
    let indices = 0..u32::try_from(sources.iter().count()).unwrap_or(u32::MAX);
    let spans = indices.flat_map(|index| sources.hidden(index).map(move |range| Span::new(index, range)));
    let mut secrets: Vec<&str> = spans.map(|span| sources.text(span).trim_matches(['"', '\''])).collect();
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets.sort_unstable();
    secrets.dedup();
    problems.rewrite(|text| {
        for secret in &secrets {
            if text.len() >= secret.len() && text.contains(secret) {
                *text = text.replace(secret, "***");
            }
        }
    });
}

fn assemble(gateway: &Found, found: &[Found], reader: &mut Reader<'_>) -> Option<Document> {
    let read = read_resource::<ApplicationGateway>(&gateway.node, reader)?;
    let mut document = Document { gateway: read, id: gateway.id.clone(), policies: Vec::new(), form: gateway.form };
    document.name_gateway();
    for found in found.iter().filter(|found| found.kind == Kind::FirewallPolicy) {
        let Some(mut policy) = read_resource::<WebApplicationFirewallPolicy>(&found.node, reader) else {
            continue;
        };
        if policy.name.is_empty() {
            policy.name.value = found.id.name.clone().unwrap_or_default();
        }
        if policy.id.is_none() {
            policy.id = found.id.full().map(|id| Field::new(id, policy.at.clone()));
        }
        document.add_policy(policy, reader.problems);
    }
    Some(document)
}

fn choose<'a>(found: &'a [Found], options: &ReadOptions, problems: &mut Problems) -> Option<&'a Found> {
    let gateways: Vec<&Found> = found.iter().filter(|found| found.kind == Kind::Gateway).collect();
    let names: Vec<&str> = gateways.iter().map(|found| found.name()).collect();
    let listed = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = &options.gateway
        && !gateways.is_empty()
    {
        let chosen = gateways.iter().find(|found| found.name().eq_ignore_ascii_case(wanted)).copied();
        if chosen.is_none() {
            let message = format!("no application gateway is named {wanted:?}");
            let problem = Problem::error(codes::GATEWAY_MISSING, &At::default(), message);
            problems.push(problem.expected(format!("one of {listed}")).suggest(nearest(wanted, names.iter().copied())));
        }
        return chosen;
    }
    match gateways[..] {
        [] => {
            if !problems.has_errors() {
                let at = At::new(Span::default(), Path::root());
                let message = "no application gateway was found in what was given";
                let expected = "a resource of type Microsoft.Network/applicationGateways";
                problems.push(Problem::error(codes::GATEWAY_MISSING, &at, message).expected(expected));
            }
            None
        }
        [one] => Some(one),
        [_, second, ..] => {
            let message = format!("the sources hold {} application gateways: {listed}", gateways.len());
            let problem = Problem::error(codes::SEVERAL_GATEWAYS, &second.node.at, message);
            problems.push(problem.help("choose one of them by its name"));
            None
        }
    }
}

impl Document {
    /// The gateway's name; empty when the texts do not say it.
    pub fn name(&self) -> &str {
        &self.gateway.name
    }

    /// The index in [`Document::policies`] that a reference means; reports it when there is none.
    pub fn resolve_policy(
        &self,
        reference: &Field<Reference<FirewallPolicy>>,
        problems: &mut Problems,
    ) -> Option<usize> {
        let by_id = self.policies.iter().position(|policy| {
            policy.id.as_ref().is_some_and(|id| {
                id.trim_end_matches('/').eq_ignore_ascii_case(reference.as_str().trim_end_matches('/'))
            })
        });
        let name = reference.name();
        let found = by_id.or_else(|| self.policies.iter().position(|policy| policy.name.eq_ignore_ascii_case(name)));
        let in_gateway = matches!(reference.target(), Target::Internal { gateway: Some(_), .. });
        if found.is_some() && !in_gateway {
            return found;
        }
        let names: Vec<&str> = self.policies.iter().map(|policy| policy.name.as_str()).collect();
        let expected = if names.is_empty() {
            "a firewall policy in the document or in a file beside it, but there is none".to_owned()
        } else {
            format!("one of {}", names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "))
        };
        let message = format!("no firewall policy is named {name:?}");
        let problem = Problem::error(codes::REFERENCE_NOT_FOUND, &reference.at, message);
        problems.push(problem.found(format!("{name:?}")).expected(expected).suggest(nearest(name, names)));
        None
    }

    fn name_gateway(&mut self) {
        if self.gateway.name.is_empty() {
            self.gateway.name.value = self.id.name.clone().unwrap_or_default();
        }
        if let Some(id) = &self.gateway.id {
            let written = ResourceId::parse(id);
            self.id.subscription = written.subscription.or(self.id.subscription.take());
            self.id.resource_group = written.resource_group.or(self.id.resource_group.take());
        }
        self.id.resource_type = Some("Microsoft.Network/applicationGateways".to_owned());
        self.id.name = Some(self.gateway.name.value.clone()).filter(|name| !name.is_empty());
    }

    fn add_policy(&mut self, policy: Named<WebApplicationFirewallPolicy>, problems: &mut Problems) {
        if policy.name.is_empty() {
            let message = "this firewall policy has no name";
            problems.push(Problem::error(codes::MISSING_NAME, &policy.at, message).expected("the property \"name\""));
        } else if self.policies.iter().any(|other| other.name.eq_ignore_ascii_case(&policy.name)) {
            let message = format!("two firewall policies are called {:?}", policy.name.value);
            problems.push(Problem::error(codes::DUPLICATE_NAME, &policy.name.at, message));
        } else {
            self.policies.push(policy);
        }
    }
}
