//! Checks of bearer tokens.
//!
//! Source: `json-web-token-overview`; Azure REST reference, "ApplicationGatewayEntraJWTValidationConfig", api-version
//! 2026-03-01.

use crate::extension::EntraJwtValidationConfigExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{List, Opt, choices, properties, resource};

properties! {
    /// Which bearer tokens are good.
    pub struct EntraJwtValidationConfig {
        /// What happens without a good token. Default Deny.
        pub unauthorized_request_action: Opt<UnAuthorizedRequestAction> = "unAuthorizedRequestAction";
        /// The tenant that issues them: a GUID, `common`, `organizations` or `consumers`.
        pub tenant_id: Opt<String> = "tenantId";
        /// The application they are for.
        pub client_id: Opt<String> = "clientId";
        /// Further audiences.
        pub audiences: List<String> = "audiences";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(EntraJwtValidationConfig, "entraJWTValidationConfigs", EntraJwtValidationConfigExtension);

choices! {
    /// What happens to requests without a good token.
    pub enum UnAuthorizedRequestAction {
        /// `Deny`.
        Deny = "Deny",
        /// `Allow`.
        Allow = "Allow",
    }
}
