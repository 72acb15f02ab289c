//! How the gateway speaks HTTP to the servers of a pool.
//!
//! Source: `configuration-http-settings`; Azure REST reference, "ApplicationGatewayBackendHttpSettings", api-version
//! 2026-03-01.

use crate::authentication_certificate::AuthenticationCertificate;
use crate::extension::BackendHttpSettingsExtension;
use crate::probe::Probe;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::schema::{List, Opt, choices, properties, resource};
use crate::trusted_root_certificate::TrustedRootCertificate;

properties! {
    /// How to speak HTTP to the servers of a pool.
    pub struct BackendHttpSettings {
        /// Port of the servers. 1 to 65535.
        pub port: Opt<i64> = "port";
        /// Http or Https.
        pub protocol: Opt<Protocol> = "protocol";
        /// Keep a client on one server with a cookie. Default Disabled.
        pub cookie_based_affinity: Opt<CookieBasedAffinity> = "cookieBasedAffinity";
        /// How long to wait for a response. Seconds; default 20; 1 to 86400.
        pub request_timeout: Opt<i64> = "requestTimeout";
        /// The health probe. Default: a probe made from these settings.
        pub probe: Opt<Reference<Probe>> = "probe";
        /// Trusted backend certificates of the retired v1 tier.
        pub authentication_certificates: List<Reference<AuthenticationCertificate>> = "authenticationCertificates";
        /// Roots the servers' certificates have to chain to. Default: publicly trusted ones.
        pub trusted_root_certificates: List<Reference<TrustedRootCertificate>> = "trustedRootCertificates";
        /// What happens to requests of a server that leaves the pool.
        pub connection_draining: Opt<ConnectionDraining> = "connectionDraining";
        /// Host sent to the servers; excludes `pickHostNameFromBackendAddress`. Default: the client's.
        pub host_name: Opt<String> = "hostName";
        /// Send the server's own name as host. Default false.
        pub pick_host_name_from_backend_address: Opt<bool> = "pickHostNameFromBackendAddress";
        /// Name of the affinity cookie. Default ApplicationGatewayAffinity.
        pub affinity_cookie_name: Opt<String> = "affinityCookieName";
        /// Whether the probe is on. Default false; kept by Azure for old clients.
        pub probe_enabled: Opt<bool> = "probeEnabled";
        /// Put before the path of every request. Default none.
        pub path: Opt<String> = "path";
        /// One connection to the server per connection of a client, for NTLM and Kerberos. Default false.
        pub dedicated_backend_connection: Opt<bool> = "dedicatedBackendConnection";
        /// Check the server certificate's chain and dates. Default true.
        pub validate_cert_chain_and_expiry: Opt<bool> = "validateCertChainAndExpiry";
        /// Check the server certificate's name. Default true.
        pub validate_sni: Opt<bool> = "validateSNI";
        /// Name sent and checked in TLS. Default: the host sent.
        pub sni_name: Opt<String> = "sniName";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(BackendHttpSettings, "backendHttpSettingsCollection", BackendHttpSettingsExtension);

properties! {
    /// What happens to requests of a server that leaves the pool.
    pub struct ConnectionDraining {
        /// Let them finish.
        pub enabled: Opt<bool> = "enabled", required;
        /// For how long. Seconds; 1 to 3600.
        pub drain_timeout_in_sec: Opt<i64> = "drainTimeoutInSec", required;
    }
}

choices! {
    /// Whether an affinity cookie is set.
    pub enum CookieBasedAffinity {
        /// `Enabled`.
        Enabled = "Enabled",
        /// `Disabled`.
        Disabled = "Disabled",
    }
}

choices! {
    /// Protocols of listeners, settings and probes.
    pub enum Protocol {
        /// `Http`.
        Http = "Http",
        /// `Https`.
        Https = "Https",
        /// `Tcp`.
        Tcp = "Tcp",
        /// `Tls`.
        Tls = "Tls",
    }
}
