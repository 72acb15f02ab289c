//! TCP and TLS listeners.
//!
//! Source: `tcp-tls-proxy-overview`; Azure REST reference, "ApplicationGatewayListener", api-version 2026-03-01.

use crate::backend_http_settings::Protocol;
use crate::extension::ListenerExtension;
use crate::frontend_ip_configuration::FrontendIpConfiguration;
use crate::frontend_port::FrontendPort;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::schema::{List, Opt, properties, resource};
use crate::ssl_certificate::SslCertificate;
use crate::ssl_profile::SslProfile;

properties! {
    /// Where TCP and TLS connections come in.
    pub struct Listener {
        /// The address. Needed.
        pub frontend_ip_configuration: Opt<Reference<FrontendIpConfiguration>> = "frontendIPConfiguration";
        /// The port. Needed.
        pub frontend_port: Opt<Reference<FrontendPort>> = "frontendPort";
        /// Tcp or Tls.
        pub protocol: Opt<Protocol> = "protocol";
        /// The server certificate. Needed for Tls.
        pub ssl_certificate: Opt<Reference<SslCertificate>> = "sslCertificate";
        /// TLS profile instead of the gateway's TLS policy.
        pub ssl_profile: Opt<Reference<SslProfile>> = "sslProfile";
        /// Names that clients ask for in TLS; at most five. In Azure of Tls only; on Tcp, where TLS passes
        /// through, this gateway's own.
        pub host_names: List<String> = "hostNames";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(Listener, "listeners", ListenerExtension);
