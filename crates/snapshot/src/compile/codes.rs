//! Every problem code of compiling. A code never changes its meaning: people filter and suppress by it.
//!
//! Where Azure's service answers with a code of its own for the same mistake, that code is used, so
//! that what is known about it can be found.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)*

        /// Every code with its meaning in one line, for documentation and SARIF rules.
        pub const ALL: &[(&str, &str)] = &[$(($text, concat!($($doc),+).trim_ascii())),*];
    };
}

codes! {
    /// A rule has no listener.
    RULE_WITHOUT_LISTENER = "RuleWithoutListener";
    /// A listener stands in more than one rule.
    LISTENER_IN_SEVERAL_RULES = "ListenerInSeveralRules";
    /// A listener without a rule is not served.
    LISTENER_WITHOUT_RULE = "ListenerWithoutRule";
    /// A rule has no priority.
    PRIORITY_EMPTY = "ApplicationGatewayRequestRoutingRulePriorityCannotBeEmpty";
    /// Two rules have the same priority.
    DUPLICATE_PRIORITY = "DuplicatePriority";
    /// Nothing says where requests go: neither a pool nor a redirect.
    TARGET_MISSING = "TargetMissing";
    /// Two things say where requests go, and only one can be right.
    TARGET_CONFLICT = "TargetConflict";
    /// A pool is used without backend settings.
    SETTINGS_MISSING = "SettingsMissing";
    /// Backend settings are used without a pool.
    POOL_MISSING = "PoolMissing";
    /// A property that this type of rule does not have.
    PROPERTY_NOT_FOR_RULE_TYPE = "PropertyNotForRuleType";
    /// A path-based rule without a path map.
    PATH_MAP_MISSING = "PathMapMissing";
    /// A rule that no request can reach, because rules of better priority take all its hosts.
    RULE_UNREACHABLE = "RuleUnreachable";

    /// Both `hostName` and `hostNames` are set.
    HOST_NAME_AND_HOST_NAMES = "HostNameAndHostNames";
    /// A host name that is not well-formed.
    INVALID_HOST_NAME = "InvalidHostName";
    /// The same host name twice in one listener.
    DUPLICATE_HOST_NAME = "DuplicateHostName";
    /// A host name that is an address: such requests reach basic listeners only.
    HOST_NAME_IS_ADDRESS = "HostNameIsAddress";
    /// A protocol that does not belong here.
    PROTOCOL_NOT_ALLOWED = "ProtocolNotAllowed";
    /// Listeners on one address and port speak different protocols.
    PROTOCOL_CONFLICT = "ListenerProtocolConflict";
    /// Two TCP or TLS listeners of one address and port take the same clients.
    LISTENER_NAMES_CLASH = "ListenerNamesClash";
    /// A port of TCP or TLS on several frontends, which Azure does not have.
    PORT_ON_SEVERAL_FRONTENDS = "PortOnSeveralFrontends";
    /// Listeners of one address and port take PROXY protocol headers from different networks.
    PROXY_PROTOCOL_CONFLICT = "ProxyProtocolConflict";
    /// Host names on a TCP listener, which Azure does not have: the clients' TLS passes through by name.
    HOST_NAMES_ON_TCP = "HostNamesOnTcp";
    /// A property of another protocol than the one that is spoken.
    PROPERTY_NOT_FOR_PROTOCOL = "PropertyNotForProtocol";
    /// What should be the name of a protocol in TLS (ALPN) is none.
    INVALID_ALPN_NAME = "InvalidAlpnName";
    /// Something of TCP and TLS bears the name of its counterpart of HTTP.
    NAME_SHARED_WITH_HTTP = "NameSharedWithHttp";
    /// TCP or TLS listeners on a tier that has none.
    TCP_NOT_IN_TIER = "TcpNotInTier";
    /// HTTP/3 on a listener where Azure does not have it.
    HTTP3_NOT_POSSIBLE = "Http3NotPossible";
    /// Two frontends end on the same local address and port.
    FRONTEND_CLASH = "FrontendAddressClash";
    /// A frontend port that Azure does not allow.
    AZURE_PORT = "ApplicationGatewayFrontendPortInvalidPortNumber";
    /// An HTTPS or TLS listener without a certificate.
    CERTIFICATE_MISSING = "CertificateMissing";
    /// A certificate without data and without a Key Vault secret.
    CERTIFICATE_DATA_MISSING = "ApplicationGatewayCertificateDataOrKeyVaultSecretIdMustBeSpecified";
    /// A certificate that is in Azure only and that the site file does not bind.
    CERTIFICATE_NOT_BOUND = "CertificateNotBound";
    /// Both data and a Key Vault secret for one certificate.
    CERTIFICATE_SOURCES = "CertificateSourcesConflict";
    /// Certificate data that is not base64.
    DATA_NOT_BASE64 = "CertificateDataNotBase64";
    /// What should be the id of a Key Vault secret is none.
    KEY_VAULT_ID = "InvalidKeyVaultSecretId";
    /// A Key Vault secret, and no user-assigned identity to read it with.
    IDENTITY_MISSING = "MissingIdentityIds";
    /// A password of a PFX with characters that Azure does not take.
    PASSWORD_CHARACTERS = "PfxPasswordCharacters";
    /// A file that the site file names cannot be read.
    FILE_UNREADABLE = "FileUnreadable";
    /// A file with a private key or another secret that others on this machine may read.
    KEY_FILE_EXPOSED = "KeyFileExposed";
    /// A secret of session tickets that is too short.
    TICKET_KEY_SHORT = "TicketKeyTooShort";

    /// A TLS policy that allows, or asks for, what Azure has retired.
    TLS_RETIRED = "ApplicationGatewayDeprecatedTlsVersionUsedInSslPolicy";
    /// Parts of a TLS policy that contradict each other.
    POLICY_CONFLICT = "SslPolicyConflict";
    /// TLS policies of two generations in one gateway.
    POLICY_FAMILIES = "ApplicationGatewaySslPolicyFamilyMismatch";
    /// A TLS policy with suites that this gateway does not speak.
    SUITES_NOT_SPOKEN = "TlsSuitesNotSpoken";
    /// A TLS policy without any suite that this gateway speaks.
    SUITES_NONE = "TlsSuitesNone";
    /// The suites of a TLS policy do not go with the key of the certificate.
    SUITES_NOT_FOR_KEY = "TlsSuitesNotForKey";
    /// A TLS profile that checks client certificates and has nothing to check them against.
    CLIENT_CA_UNSAID = "TrustedClientCertificatesMissing";
    /// Authentication certificates, which only the retired v1 tier has.
    AUTHENTICATION_CERTIFICATE = "AuthenticationCertificateRetired";
    /// A server's name for TLS that is none.
    INVALID_SNI_NAME = "InvalidSniName";

    /// An address that cannot be read.
    INVALID_ADDRESS = "InvalidAddress";

    /// A path pattern that is not well-formed.
    INVALID_PATH = "InvalidPath";
    /// A path rule without paths.
    PATHS_MISSING = "PathsMissing";
    /// A path that no request can reach, because an earlier one takes all it matches.
    PATH_UNREACHABLE = "PathUnreachable";

    /// A redirect target URL that is not well-formed.
    INVALID_REDIRECT_URL = "InvalidRedirectUrl";
    /// The target listener of a redirect does not answer to all hosts that are sent there.
    REDIRECT_HOSTS_NOT_COVERED = "RedirectHostsNotCovered";
    /// A redirect that leads to itself.
    REDIRECT_LOOP = "RedirectLoop";
    /// A redirect that leaves open whether path and query are kept.
    REDIRECT_INCLUDE_UNSAID = "RedirectIncludeUnsaid";

    /// `hostName` together with a switch that takes the name from elsewhere.
    HOST_NAME_CONFLICT = "HostNameConflict";
    /// L4 settings that take the host name from the backend address.
    L4_PICK_HOST_NAME = "ApplicationGatewayBackendSettingsPickHostNameFromBackendAddressNotAllowed";
    /// A probe has no host and nothing to take it from.
    PROBE_HOST_NULL = "ApplicationGatewayProbeHostIsNull";
    /// A probe's protocol is not that of the settings that use it.
    PROBE_PROTOCOL = "ProbeProtocolMismatch";
    /// A probe and the sessions with the same port differ in the PROXY protocol header.
    PROBE_PROXY_HEADER = "ProbeProxyHeaderDiffers";
    /// Servers that are known by address only, and no name to check their certificates for.
    SERVER_NAME_MISSING = "ServerNameMissing";
    /// A probe's path is not well-formed.
    INVALID_PROBE_PATH = "InvalidProbePath";
    /// A status code or range that is not well-formed.
    INVALID_STATUS_RANGE = "InvalidStatusRange";
    /// A probe may take longer than the pause between two of them.
    PROBE_TIMEOUT = "ProbeTimeoutAboveInterval";

    /// A name or attribute that an affinity cookie cannot have.
    INVALID_AFFINITY_COOKIE = "InvalidAffinityCookie";
    /// Attributes of an affinity cookie with which browsers refuse it.
    AFFINITY_CONFLICT = "AffinityAttributesConflict";
    /// Settings that a client meets together have affinity cookies of one name.
    AFFINITY_SHARED = "AffinityCookieShared";
    /// An affinity cookie that clients of a listener do not keep.
    AFFINITY_NOT_KEPT = "AffinityCookieNotKept";
    /// A secret of affinity cookies that is too short.
    AFFINITY_KEY_SHORT = "AffinityKeyTooShort";
    /// Dedicated server connections behind a listener that speaks HTTP/2.
    DEDICATED_WITH_HTTP2 = "DedicatedConnectionWithHttp2";

    /// A backend address that is neither an address nor a name.
    INVALID_BACKEND_ADDRESS = "InvalidBackendAddress";
    /// The same backend address twice in one pool.
    DUPLICATE_BACKEND_ADDRESS = "DuplicateBackendAddress";
    /// A member that exists only in Azure and that the site file does not bind.
    MEMBER_NOT_BOUND = "MemberNotBound";
    /// A pool in use has no member: its requests are answered 502, its TCP and TLS clients reset.
    POOL_EMPTY = "PoolEmpty";
    /// The site file names something the document does not have.
    SITE_NAME_UNKNOWN = "SiteNameUnknown";
    /// A frontend that the site file has to bind to a local address.
    FRONTEND_NOT_BOUND = "FrontendNotBound";

    /// A rewrite variable this gateway does not know.
    UNKNOWN_VARIABLE = "UnknownVariable";
    /// A header that cannot be rewritten.
    HEADER_NOT_REWRITABLE = "HeaderNotRewritable";
    /// A header name that is not well-formed.
    INVALID_HEADER_NAME = "InvalidHeaderName";
    /// A header value matcher where it has no meaning.
    MATCHER_NOT_ALLOWED = "HeaderValueMatcherNotAllowed";
    /// A regular expression that is not well-formed or not of the RE2 kind.
    INVALID_PATTERN = "InvalidPattern";
    /// A request is to be changed by what only the response can tell.
    RESPONSE_VARIABLE = "ResponseVariableInRequest";
    /// Two rewrite rules of one set have the same sequence: their order is undefined.
    DUPLICATE_SEQUENCE = "DuplicateRuleSequence";
    /// A URL rewrite re-evaluates the path map where there is none.
    REROUTE_WITHOUT_MAP = "RerouteWithoutPathMap";
    /// Every part of a path map re-evaluates it, so no request could ever settle.
    REROUTE_EVERYWHERE = "RerouteEverywhere";
    /// The Host header is rewritten and then overridden by the settings.
    HOST_REWRITE_OVERRIDDEN = "HostRewriteOverridden";
    /// A rewrite that changes nothing.
    REWRITE_NO_EFFECT = "RewriteWithoutEffect";
    /// A token of a rewrite's value that is always empty.
    TOKEN_EMPTY = "TokenAlwaysEmpty";
    /// A question mark in a rewritten path.
    QUESTION_MARK_IN_PATH = "QuestionMarkInPath";
    /// A rewrite of a URL on a tier that has none.
    URL_REWRITE_SKU = "UrlRewriteNotInTier";

    /// A custom error page URL that is not well-formed.
    INVALID_ERROR_PAGE = "InvalidErrorPageUrl";
    /// A custom error page for a status Azure does not have pages for.
    ERROR_PAGE_STATUS = "ErrorPageStatus";
    /// The same status twice among the custom error pages.
    DUPLICATE_ERROR_PAGE = "DuplicateErrorPage";
    /// A custom error page that cannot be fetched.
    ERROR_PAGE_UNAVAILABLE = "ErrorPageUnavailable";
    /// A custom error page that was not fetched: only a gateway that serves does it.
    ERROR_PAGE_NOT_FETCHED = "ErrorPageNotFetched";
    /// A custom error page that cannot be fetched; the copy that was fetched last is used.
    ERROR_PAGE_OLD = "ErrorPageOld";
    /// A custom error page of 1 MB or more.
    ERROR_PAGE_SIZE = "ErrorPageTooLarge";
    /// JWT validation on a listener that is not HTTPS.
    JWT_WITHOUT_HTTPS = "JwtWithoutHttps";
    /// A tenant that is neither a GUID nor `common`, `organizations` or `consumers`.
    INVALID_TENANT = "InvalidTenant";
    /// Two places for the keys of one issuer of tokens.
    KEY_SOURCES = "TokenKeySourcesConflict";
    /// What should be the URL of an issuer's keys is none.
    INVALID_KEY_URL = "InvalidTokenKeyUrl";
    /// The keys of an issuer of tokens come over plain HTTP.
    KEYS_NOT_SECURED = "TokenKeysNotSecured";
    /// A file without keys of an issuer of tokens.
    KEY_FILE_INVALID = "TokenKeyFileInvalid";
    /// A load distribution policy without targets.
    NO_DISTRIBUTION_TARGETS = "LoadDistributionTargetsMissing";
    /// The same pool twice in one load distribution policy.
    DUPLICATE_DISTRIBUTION_POOL = "DuplicateDistributionPool";
    /// A WAF policy that is not among the documents.
    WAF_POLICY_NOT_FOUND = "WafPolicyNotFound";
    /// A WAF on a SKU that has none.
    WAF_SKU = "ApplicationGatewayFirewallCannotBeEnabledForSelectedSku";
    /// The old inline WAF configuration beside a WAF policy.
    WAF_INLINE = "ApplicationGatewayWafConfigurationDeprecated";
    /// Something inside a WAF policy that cannot work.
    WAF_POLICY_INVALID = "WafPolicyInvalid";
    /// Something inside a WAF policy that has no effect, or another one than in Azure.
    WAF_POLICY_NO_EFFECT = "WafPolicyWithoutEffect";
    /// Firewall rules that are not on this machine.
    RULE_SETS_MISSING = "RuleSetsMissing";
    /// A folder of firewall rules that cannot be read.
    RULE_SETS_UNREADABLE = "RuleSetsUnreadable";
    /// A mistake in a file of firewall rules.
    RULE_FILE_INVALID = "RuleFileInvalid";
    /// Countries of addresses are asked for, and no database of them is named.
    COUNTRIES_MISSING = "CountriesMissing";
    /// A database of countries that is none.
    COUNTRIES_INVALID = "CountriesInvalid";
    /// Bad addresses are asked for, and no list of them is named.
    BAD_ADDRESSES_MISSING = "BadAddressesMissing";
    /// A list of bad addresses with something else in it, or too long.
    BAD_ADDRESSES_INVALID = "BadAddressesInvalid";
    /// A secret of answered challenges that is too short.
    CLEARANCE_KEY_SHORT = "ClearanceKeyTooShort";
    /// Firewall rules that are on in Azure and cannot be had here.
    RULES_MISSING = "RulesMissing";

    /// Both fixed capacity and autoscaling.
    CAPACITY_CONFLICT = "CapacityConflict";
    /// More than Azure allows.
    LIMIT_REACHED = "LimitReached";
    /// More backend pools than Azure allows.
    POOL_LIMIT_REACHED = "ApplicationGatewayBackendAddressPoolLimitReached";
    /// No listener has a rule: the gateway answers nothing.
    NOTHING_SERVED = "NothingServed";
    /// Defined, but nothing uses it.
    NOT_USED = "NotUsed";
    /// A feature of Azure, or a setting of the site file, that this gateway does not have yet.
    NOT_SUPPORTED_YET = "NotSupportedYet";
    /// An extension of this gateway that Azure would ignore.
    IGNORED_BY_AZURE = "IgnoredByAzure";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_pascal_case() {
        let mut seen = std::collections::HashSet::new();
        for (code, meaning) in ALL {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(code.starts_with(char::is_uppercase) && code.chars().all(char::is_alphanumeric), "{code}");
            assert!(meaning.ends_with('.'), "{code}: {meaning}");
            assert!(!model::problem::codes::ALL.iter().any(|(other, _)| other == code), "{code} is the model's");
        }
    }
}
