//! Health probes.
//!
//! Source: `application-gateway-probe-overview`; Azure REST reference, "ApplicationGatewayProbe", api-version
//! 2026-03-01.

use crate::backend_http_settings::Protocol;
use crate::extension::ProbeExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{List, Opt, properties, resource};

properties! {
    /// How to find out whether a server can take requests.
    pub struct Probe {
        /// Protocol of the probe. Default: that of the settings.
        pub protocol: Opt<Protocol> = "protocol";
        /// Host sent; excludes the two `pickHostNameFrom...`, one of which is needed without it (Http and Https).
        pub host: Opt<String> = "host";
        /// Path asked for, starts with `/`. Http and Https only.
        pub path: Opt<String> = "path";
        /// Time between two probes of one server. Seconds; default 30; 1 to 86400.
        pub interval: Opt<i64> = "interval";
        /// How long to wait for the answer. Seconds; default 30; 1 to 86400.
        pub timeout: Opt<i64> = "timeout";
        /// Failures in a row that make a server unhealthy. Default 3; 1 to 20.
        pub unhealthy_threshold: Opt<i64> = "unhealthyThreshold";
        /// Take the host from the HTTP settings. Default false.
        pub pick_host_name_from_backend_http_settings: Opt<bool> = "pickHostNameFromBackendHttpSettings";
        /// Take the name from the TCP or TLS settings. Default false.
        pub pick_host_name_from_backend_settings: Opt<bool> = "pickHostNameFromBackendSettings";
        /// Servers that stay healthy whatever the probe says. Default 0.
        pub min_servers: Opt<i64> = "minServers";
        /// What a healthy answer looks like.
        pub response_match: Opt<ProbeHealthResponseMatch> = "match";
        /// Begin the probe with a PROXY protocol header. Default false.
        pub enable_probe_proxy_protocol_header: Opt<bool> = "enableProbeProxyProtocolHeader";
        /// Port asked. Default: that of the settings. 1 to 65535.
        pub port: Opt<i64> = "port";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(Probe, "probes", ProbeExtension);

properties! {
    /// What a healthy answer looks like.
    pub struct ProbeHealthResponseMatch {
        /// Text the body has to contain. At most 4090 characters; default none.
        pub body: Opt<String> = "body";
        /// Statuses such as `200` or `200-399`. Default 200-399.
        pub status_codes: List<String> = "statusCodes";
    }
}
