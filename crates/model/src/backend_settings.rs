//! How the gateway speaks TCP or TLS to the servers of a pool.
//!
//! Source: `tcp-tls-proxy-overview`; Azure REST reference, "ApplicationGatewayBackendSettings", api-version
//! 2026-03-01.

use crate::backend_http_settings::Protocol;
use crate::extension::BackendSettingsExtension;
use crate::probe::Probe;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::schema::{List, Opt, properties, resource};
use crate::trusted_root_certificate::TrustedRootCertificate;

properties! {
    /// How to speak TCP or TLS to the servers of a pool.
    pub struct BackendSettings {
        /// Port of the servers. 1 to 65535.
        pub port: Opt<i64> = "port";
        /// Tcp or Tls.
        pub protocol: Opt<Protocol> = "protocol";
        /// How long nothing may move either way. Seconds; default 20; 1 to 86400.
        pub timeout: Opt<i64> = "timeout";
        /// The health probe. Default: a probe made from these settings.
        pub probe: Opt<Reference<Probe>> = "probe";
        /// Roots the servers' certificates have to chain to. Tls only; default: the public ones.
        pub trusted_root_certificates: List<Reference<TrustedRootCertificate>> = "trustedRootCertificates";
        /// Name sent and checked in TLS. Tls only; default: the name of the member.
        pub host_name: Opt<String> = "hostName";
        /// Refused by Azure when true. Here the same as no `hostName`.
        pub pick_host_name_from_backend_address: Opt<bool> = "pickHostNameFromBackendAddress";
        /// Begin every session with the servers with a PROXY protocol header that names the client. Default false.
        pub enable_l4_client_ip_preservation: Opt<bool> = "enableL4ClientIpPreservation";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(BackendSettings, "backendSettingsCollection", BackendSettingsExtension);
