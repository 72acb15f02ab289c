//! Managed identities: how Azure's gateway reads Key Vault. Read, kept, without effect.
//!
//! Source: Azure REST reference, "ManagedServiceIdentity", api-version 2026-03-01.

use crate::schema::{Map, Opt, choices, properties};

properties! {
    /// The identity of a gateway in Azure.
    pub struct ManagedServiceIdentity {
        /// Principal of the system-assigned identity.
        pub principal_id: Opt<String> = "principalId", read_only;
        /// Tenant of the system-assigned identity.
        pub tenant_id: Opt<String> = "tenantId", read_only;
        /// Which kinds of identity there are.
        pub identity_type: Opt<IdentityType> = "type";
        /// Identities by resource id; values are `{}` on write.
        pub user_assigned_identities: Map<UserAssignedIdentity> = "userAssignedIdentities";
    }
}

properties! {
    /// One user-assigned identity.
    pub struct UserAssignedIdentity {
        /// Its principal.
        pub principal_id: Opt<String> = "principalId", read_only;
        /// Its client id.
        pub client_id: Opt<String> = "clientId", read_only;
    }
}

choices! {
    /// Kinds of identity.
    pub enum IdentityType {
        /// `SystemAssigned`.
        SystemAssigned = "SystemAssigned",
        /// `UserAssigned`.
        UserAssigned = "UserAssigned",
        /// `SystemAssigned, UserAssigned`.
        SystemAndUserAssigned = "SystemAssigned, UserAssigned",
        /// `None`.
        None = "None",
    }
}
