//! What this gateway can do beyond Azure: properties under the key `gatehouse`, inside a resource or its `properties`.
//!
//! Azure ignores or refuses them, so they are left out on export when asked. Adding one is adding a line here.

use crate::reference::Reference;
use crate::schema::{List, Opt, choices, properties};
use crate::ssl_certificate::SslCertificate;

choices! {
    /// In which order the rules of a path map are tried.
    pub enum PathMatching {
        /// As listed; the first match wins. What Azure does.
        ListOrder = "listOrder",
        /// Exact paths before patterns, each in the order listed.
        ExactFirst = "exactFirst",
        /// The longest pattern first.
        LongestPrefix = "longestPrefix",
    }
}

properties! {
    /// Extensions of the whole gateway.
    pub struct GatewayExtension {
        /// In which order the rules of every path map are tried. Default listOrder.
        pub path_matching: Opt<PathMatching> = "pathMatching";
        /// Text of the `Server` header of responses the gateway makes itself; empty for none. Default: as Azure.
        pub server_header: Opt<String> = "serverHeader";
        /// Networks whose `X-Forwarded-Proto`, `-Port` and `X-Original-Host` go on, in CIDR notation. Default none.
        pub trusted_proxies: List<String> = "trustedProxies";
        /// Write `address:port` into `X-Forwarded-For`, as Azure does. Default true; false writes the address alone.
        pub forwarded_for_port: Opt<bool> = "forwardedForPort";
        /// How often a request is tried again on another server when that is safe. Default 1; 0 to 10.
        pub max_retries: Opt<i64> = "maxRetries";
        /// End a TLS handshake with `unrecognized_name` when the client names a server that no listener has. Default
        /// false: it sees the certificate of the basic listener, or of the one with the best priority, as in Azure.
        pub refuse_unknown_sni: Opt<bool> = "refuseUnknownSni";
        /// Every change of configuration drains all that is under way at servers, as in Azure. Default false: what a
        /// change does not touch goes on.
        pub azure_strict: Opt<bool> = "azureStrict";
        /// A session of TCP or TLS that is still open is logged this often. Seconds; default never; 1 to 86400.
        pub session_log_interval_in_sec: Opt<i64> = "sessionLogIntervalInSec";
        /// Bounds and waits of the whole gateway.
        pub limits: Opt<Limits> = "limits";
    }
}

properties! {
    /// Bounds and waits that Azure fixes or keeps to itself.
    pub struct Limits {
        /// How long a TLS handshake with a client may take. Seconds; default 10.
        pub tls_handshake_timeout_in_sec: Opt<i64> = "tlsHandshakeTimeoutInSec";
        /// How long the head of a request may take. Seconds; default 60.
        pub request_header_timeout_in_sec: Opt<i64> = "requestHeaderTimeoutInSec";
        /// How long a request's body may stand still. Seconds; default 60.
        pub request_body_timeout_in_sec: Opt<i64> = "requestBodyTimeoutInSec";
        /// How long a client's connection may be idle between requests. Seconds; default 75.
        pub keep_alive_timeout_in_sec: Opt<i64> = "keepAliveTimeoutInSec";
        /// Largest head of a request without its first line. Bytes; default 32768, range 1024 to 131072.
        pub max_header_bytes: Opt<i64> = "maxHeaderBytes";
        /// Most header fields in a request. Default 200, range 1 to 256.
        pub max_header_fields: Opt<i64> = "maxHeaderFields";
        /// Longest URL. Bytes; default 32768, range 256 to 65536.
        pub max_url_bytes: Opt<i64> = "maxUrlBytes";
        /// Largest body of a request. Bytes; default 4 GiB.
        pub max_body_bytes: Opt<i64> = "maxBodyBytes";
        /// How long connecting to a server may take. Seconds; default 5.
        pub connect_timeout_in_sec: Opt<i64> = "connectTimeoutInSec";
        /// How long an idle connection to a server is kept. Seconds; default 60.
        pub pool_idle_timeout_in_sec: Opt<i64> = "poolIdleTimeoutInSec";
        /// Most idle connections that each worker keeps to one server. Default 512.
        pub max_idle_per_server: Opt<i64> = "maxIdlePerServer";
        /// Most connections of all clients together. Default 10000.
        pub max_connections: Opt<i64> = "maxConnections";
        /// Most connections of one client address. Default 1000.
        pub max_connections_per_client: Opt<i64> = "maxConnectionsPerClient";
        /// How long connections of a removed listener may finish their work. Seconds; default 30.
        pub drain_timeout_in_sec: Opt<i64> = "drainTimeoutInSec";
        /// How long work may go on after the signal to stop. Seconds; default 30.
        pub shutdown_grace_in_sec: Opt<i64> = "shutdownGraceInSec";
        /// Slowest pace of a body that is put up with. Bytes per second; default 240, 0 for any.
        pub min_body_bytes_per_sec: Opt<i64> = "minBodyBytesPerSec";
        /// Content of a request that is held in memory before it goes to a file, with request buffering. Bytes; default
        /// 65536, range 1024 to 16777216.
        pub buffered_in_memory_bytes: Opt<i64> = "bufferedInMemoryBytes";
        /// Content of one request that is held in a file, with request buffering; what comes after it is streamed.
        /// Bytes; default 64 MiB, 0 for no file.
        pub buffered_in_file_bytes: Opt<i64> = "bufferedInFileBytes";
        /// Content of all requests together that is held in files; beyond it, it is streamed. Bytes; default 1 GiB.
        pub buffered_in_files_bytes: Opt<i64> = "bufferedInFilesBytes";
        /// Content of one answer that is read ahead of a slow client, with response buffering. Bytes; default 262144,
        /// range 4096 to 16777216.
        pub buffered_response_bytes: Opt<i64> = "bufferedResponseBytes";
    }
}

properties! {
    /// Extensions of a path map.
    pub struct UrlPathMapExtension {
        /// In which order the rules of this map are tried. Default: the gateway's.
        pub path_matching: Opt<PathMatching> = "pathMatching";
    }
}

properties! {
    /// Extensions of a probe.
    pub struct ProbeExtension {
        /// Add the port to the `Host` sent when it is not the protocol's own. Default true.
        pub host_port: Opt<bool> = "hostPort";
        /// The `User-Agent` sent. Default: the gateway's.
        pub user_agent: Opt<String> = "userAgent";
    }
}

properties! {
    /// Extensions of an HTTP listener.
    pub struct HttpListenerExtension {
        /// As the gateway's, for the address and port of this listener. Default: the gateway's.
        pub refuse_unknown_sni: Opt<bool> = "refuseUnknownSni";
        /// Networks, in CIDR notation, whose connections begin with a PROXY protocol header (version 1 or 2) that says
        /// who the client is; from them it is required, from others it is not read. Default none.
        pub accept_proxy_protocol: List<String> = "acceptProxyProtocol";
    }
}

properties! {
    /// Extensions of a TLS profile.
    pub struct SslProfileExtension {
        /// Most intermediates between a client's certificate and a root. Default 6, range 1 to 6.
        pub verify_depth: Opt<i64> = "verifyDepth";
        /// With OCSP: accept a certificate that names no responder, or whose responder does not answer. Default false,
        /// as in Azure.
        pub revocation_soft_fail: Opt<bool> = "revocationSoftFail";
    }
}

properties! {
    /// Extensions of a TCP or TLS listener.
    pub struct ListenerExtension {
        /// As of an HTTP listener. Default none.
        pub accept_proxy_protocol: List<String> = "acceptProxyProtocol";
        /// Refuse clients that name nobody, where every listener of the port has host names. Tls only.
        /// Default: the gateway's.
        pub refuse_unknown_sni: Opt<bool> = "refuseUnknownSni";
        /// Protocols that are agreed to in TLS (ALPN), in order of preference, such as `postgresql` or `mqtt`. 1 to
        /// 255 bytes each. Tls only; default none: what a client offers is not answered.
        pub alpn: List<String> = "alpn";
    }
}

properties! {
    /// Extensions of a rule for HTTP: none yet.
    pub struct RequestRoutingRuleExtension {}
}

properties! {
    /// Extensions of a rule for TCP or TLS: none yet.
    pub struct RoutingRuleExtension {}
}

properties! {
    /// Extensions of a path rule: none yet.
    pub struct PathRuleExtension {}
}

properties! {
    /// Extensions of HTTP settings.
    pub struct BackendHttpSettingsExtension {
        /// One of `sslCertificates`, shown to servers that ask for a client certificate. Default none, as in Azure.
        pub client_certificate: Opt<Reference<SslCertificate>> = "clientCertificate";
        /// Attributes of the affinity cookies. Default: as Azure's.
        pub affinity: Opt<AffinityAttributes> = "affinity";
    }
}

properties! {
    /// Attributes of affinity cookies. The second cookie, for requests from other sites, always has `SameSite=None` and
    /// `Secure`.
    pub struct AffinityAttributes {
        /// Keep the cookies from scripts (`HttpOnly`). Default false, as in Azure.
        pub http_only: Opt<bool> = "httpOnly";
        /// Send the first cookie over HTTPS only (`Secure`). Default false, as in Azure.
        pub secure: Opt<bool> = "secure";
        /// Which requests of other sites carry the first cookie (`SameSite`). Default: not said, as in Azure.
        pub same_site: Opt<SameSite> = "sameSite";
        /// How long the cookies last (`Max-Age`). Seconds; 1 to 34560000 (400 days). Default: until the browser closes,
        /// as in Azure.
        pub max_age_in_sec: Opt<i64> = "maxAgeInSec";
        /// The domain whose hosts share the cookies (`Domain`). Default: the host alone, as in Azure.
        pub domain: Opt<String> = "domain";
        /// Below which path the cookies are sent (`Path`). Default `/`, as in Azure.
        pub path: Opt<String> = "path";
    }
}

choices! {
    /// Which requests of other sites carry a cookie.
    pub enum SameSite {
        /// None.
        Strict = "Strict",
        /// Those that lead to the site as a whole.
        Lax = "Lax",
        /// All; for secure cookies only.
        None = "None",
    }
}

properties! {
    /// Extensions of a custom error page.
    pub struct CustomErrorExtension {
        /// The page itself; nothing is fetched then. Below 1 MB. `{transactionId}` becomes the id of the request.
        pub content: Opt<String> = "content";
    }
}

properties! {
    /// Extensions of a check of bearer tokens: issuers other than Entra.
    pub struct EntraJwtValidationConfigExtension {
        /// The only issuer whose tokens are good (`iss`), instead of the tenant's.
        pub issuer: Opt<String> = "issuer";
        /// Where the issuer's public keys are (a JWKS document). Default: what the issuer's configuration says.
        pub jwks_uri: Opt<String> = "jwksUri";
        /// A file with the issuer's public keys (a JWKS document), instead of fetching them.
        pub key_file: Opt<String> = "keyFile";
    }
}

properties! {
    /// Extensions of TCP or TLS settings.
    pub struct BackendSettingsExtension {
        /// Version of the header that `enableL4ClientIpPreservation` sends. Default v1, as in Azure.
        pub proxy_protocol: Opt<ProxyProtocol> = "proxyProtocol";
        /// What that header names as the destination. Default frontend.
        pub proxy_destination: Opt<ProxyDestination> = "proxyDestination";
        /// How long sessions with a server may go on that was removed or is unhealthy. Seconds; default 30, as in
        /// Azure; 1 to 3600.
        pub drain_timeout_in_sec: Opt<i64> = "drainTimeoutInSec";
        /// Protocols offered to servers in TLS (ALPN). Tls only; default none.
        pub alpn: List<String> = "alpn";
        /// One of `sslCertificates`, shown to servers that ask for a client certificate. Default none, as in Azure.
        pub client_certificate: Opt<Reference<SslCertificate>> = "clientCertificate";
    }
}

choices! {
    /// Version of a PROXY protocol header.
    pub enum ProxyProtocol {
        /// One line of text.
        V1 = "v1",
        /// Binary, with what TLS said of the client.
        V2 = "v2",
    }
}

choices! {
    /// What a PROXY protocol header names as the destination.
    pub enum ProxyDestination {
        /// The address and port that the client connected to.
        Frontend = "frontend",
        /// The server's.
        Server = "server",
    }
}

properties! {
    /// Extensions of a pool: none yet.
    pub struct BackendAddressPoolExtension {}
}

properties! {
    /// Resources nothing extends; the key is still accepted, so that adding one later breaks no document.
    pub struct NoExtension {}
}
