//! Redirects.
//!
//! Source: `redirect-overview`; Azure REST reference, "ApplicationGatewayRedirectConfiguration", api-version
//! 2026-03-01.

use crate::extension::NoExtension;
use crate::http_listener::HttpListener;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{AnyResource, Reference};
use crate::schema::{List, Opt, choices, properties, resource};

properties! {
    /// A redirect to a listener or to a URL.
    pub struct RedirectConfiguration {
        /// The status: Permanent 301, Found 302, SeeOther 303, Temporary 307.
        pub redirect_type: Opt<RedirectType> = "redirectType";
        /// The listener to go to; excludes `targetUrl`.
        pub target_listener: Opt<Reference<HttpListener>> = "targetListener";
        /// The URL to go to; excludes `targetListener`.
        pub target_url: Opt<String> = "targetUrl";
        /// Keep the path. Default false.
        pub include_path: Opt<bool> = "includePath";
        /// Keep the query. Default false.
        pub include_query_string: Opt<bool> = "includeQueryString";
        /// Rules that use it; filled in by Azure.
        pub request_routing_rules: List<Reference<AnyResource>> = "requestRoutingRules", read_only;
        /// Path maps that use it; filled in by Azure.
        pub url_path_maps: List<Reference<AnyResource>> = "urlPathMaps", read_only;
        /// Path rules that use it; filled in by Azure.
        pub path_rules: List<Reference<AnyResource>> = "pathRules", read_only;
        /// State of the last write; not in the published model of this resource.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(RedirectConfiguration, "redirectConfigurations", NoExtension);

choices! {
    /// Statuses of redirects.
    pub enum RedirectType {
        /// `Permanent`.
        Permanent = "Permanent",
        /// `Found`.
        Found = "Found",
        /// `SeeOther`.
        SeeOther = "SeeOther",
        /// `Temporary`.
        Temporary = "Temporary",
    }
}
