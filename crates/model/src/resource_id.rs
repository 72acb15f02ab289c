//! Ids of whole resources, and what else stands beside `properties` on the outermost level.

/// Keys of a resource in a template or a listing that mean nothing to the gateway itself.
pub(crate) const TOP_LEVEL_KEYS: &[&str] = &[
    "apiVersion",
    "asserts",
    "comments",
    "condition",
    "copy",
    "dependsOn",
    "extendedLocation",
    "existing",
    "kind",
    "managedBy",
    "metadata",
    "plan",
    "resourceGroup",
    "resources",
    "scope",
    "subscriptionId",
    "systemData",
];

/// A resource id in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceId {
    /// The subscription.
    pub subscription: Option<String>,
    /// The resource group.
    pub resource_group: Option<String>,
    /// The resource type with its namespace, such as `Microsoft.Network/applicationGateways`.
    pub resource_type: Option<String>,
    /// The name; of a nested resource the names from the outermost inwards, joined by `/`.
    pub name: Option<String>,
}

impl ResourceId {
    /// Takes an id, or the path of a management request, apart. Parts that are not there stay empty.
    pub fn parse(id: &str) -> Self {
        let path = id.split(['?', '#']).next().unwrap_or(id);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let after = |word: &str| {
            let at = parts.iter().position(|part| part.eq_ignore_ascii_case(word))?;
            parts.get(at + 1).map(|part| (*part).to_owned())
        };
        let mut read =
            Self { subscription: after("subscriptions"), resource_group: after("resourceGroups"), ..Self::default() };
        if let Some(at) = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"))
            && let Some((namespace, rest)) = parts[at + 1..].split_first()
        {
            let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
            let names: Vec<&str> = rest.iter().skip(1).step_by(2).copied().collect();
            read.resource_type = (!types.is_empty()).then(|| format!("{namespace}/{}", types.join("/")));
            read.name = (!names.is_empty()).then(|| names.join("/"));
        }
        read
    }

    /// The full id, when all parts are known.
    pub fn full(&self) -> Option<String> {
        Some(full_id(
            self.subscription.as_deref()?,
            self.resource_group.as_deref()?,
            self.resource_type.as_deref()?,
            self.name.as_deref()?,
        ))
    }
}

/// Puts a full id together; the segments of type and name are interleaved.
pub(crate) fn full_id(subscription: &str, resource_group: &str, resource_type: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{}",
        interleaved(resource_type, name)
    )
}

/// `Namespace/type/inner` and `a/b` become `Namespace/type/a/inner/b`.
pub(crate) fn interleaved(resource_type: &str, name: &str) -> String {
    let mut types = resource_type.split('/');
    let mut id = types.next().unwrap_or_default().to_owned();
    let mut names = name.split('/').filter(|part| !part.is_empty());
    for kind in types {
        id.push('/');
        id.push_str(kind);
        if let Some(name) = names.next() {
            id.push('/');
            id.push_str(name);
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_apart_and_go_together() {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/n";
        let parts = ResourceId::parse(&format!("{id}?api-version=1"));
        assert_eq!(parts.resource_type.as_deref(), Some("Microsoft.Network/virtualNetworks/subnets"));
        assert_eq!(parts.name.as_deref(), Some("v/n"));
        assert_eq!(parts.full().as_deref(), Some(id));
        assert_eq!(ResourceId::parse("gw").full(), None);
    }
}
