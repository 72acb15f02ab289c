//! HTTP and HTTPS listeners.
//!
//! Source: `configuration-listeners`, `multiple-site-overview`; Azure REST reference,
//! "ApplicationGatewayHttpListener", api-version 2026-03-01.

use crate::backend_http_settings::Protocol;
use crate::custom_error::CustomError;
use crate::extension::HttpListenerExtension;
use crate::frontend_ip_configuration::FrontendIpConfiguration;
use crate::frontend_port::FrontendPort;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{FirewallPolicy, Reference};
use crate::schema::{List, Opt, properties, resource};
use crate::ssl_certificate::SslCertificate;
use crate::ssl_profile::SslProfile;

properties! {
    /// Where HTTP requests come in, and for which hosts.
    pub struct HttpListener {
        /// The address. Needed.
        pub frontend_ip_configuration: Opt<Reference<FrontendIpConfiguration>> = "frontendIPConfiguration";
        /// The port. Needed.
        pub frontend_port: Opt<Reference<FrontendPort>> = "frontendPort";
        /// Http or Https.
        pub protocol: Opt<Protocol> = "protocol";
        /// The one host it answers for; excludes `hostNames`. Default: every host.
        pub host_name: Opt<String> = "hostName";
        /// The server certificate. Needed for Https.
        pub ssl_certificate: Opt<Reference<SslCertificate>> = "sslCertificate";
        /// TLS profile instead of the gateway's TLS policy.
        pub ssl_profile: Opt<Reference<SslProfile>> = "sslProfile";
        /// Choose the certificate by the name the client asks for. Default false.
        pub require_server_name_indication: Opt<bool> = "requireServerNameIndication";
        /// Error pages; one entry replaces the whole list of the gateway.
        pub custom_error_configurations: List<CustomError> = "customErrorConfigurations";
        /// Firewall policy of this listener instead of the gateway's.
        pub firewall_policy: Opt<Reference<FirewallPolicy>> = "firewallPolicy";
        /// The hosts it answers for, at most 5, with `*` and `?` as wildcards; excludes `hostName`.
        pub host_names: List<String> = "hostNames";
        /// HTTP/3 with clients; a preview in Azure that is not in the published model. Default false.
        pub enable_http3: Opt<bool> = "enableHttp3";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(HttpListener, "httpListeners", HttpListenerExtension);
