//! What is refused of TCP and TLS.
//!
//! Source: Azure, "TCP/TLS proxy overview", the FAQ ("Configuration - TLS/TCP proxy"), the tab "Backend Settings" of
//! configuration-http-settings and the REST schema (read 2026-11-22).

use crate::Row;
use crate::Weight::{Azures, Error, Warning};

/// The words of this table; those that hold others come first.
pub(crate) const WORDS: &[(&str, &str)] = &[
    ("$SERVED", "$PLAIN\n$RULED"),
    ("$RULED", "routingRules: [{name: db, priority: 20, listener: db, $OVER}]"),
    ("$DB", "{name: db, frontendIPConfiguration: feip, frontendPort: p8080"),
    ("$TWO", "{name: two, frontendIPConfiguration: feip, frontendPort: p8080"),
    ("$CERTS", "sslCertificates: [{name: cert, data: '{{open.pfx}}'}]"),
    ("$OVER", "backendAddressPool: pool, backendSettings: tcp"),
    ("$PLAIN", "backendSettingsCollection: [{name: tcp, port: 1433, protocol: Tcp}]"),
    ("$TAKEN", "listeners: [{name: db, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Tcp}]"),
];

#[rustfmt::skip]
pub(crate) const CATALOGUE: &[Row] = &[
    // Listeners.
    ("a TCP listener that speaks HTTP", "$SERVED\nlisteners: [$DB, protocol: Http}]",
        Error, "ProtocolNotAllowed", "listeners[0].protocol"),
    ("an HTTP listener that speaks TCP", "httpListeners: [{name: web, frontendIPConfiguration: feip, frontendPort: \
        p80, protocol: Tcp}]",
        Error, "ProtocolNotAllowed", "httpListeners[0].protocol"),
    ("a Tls listener without a certificate", "$SERVED\nlisteners: [$DB, protocol: Tls}]",
        Error, "CertificateMissing", "listeners[0].name"),
    ("a Tcp listener with a certificate", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tcp, sslCertificate: cert}]",
        Error, "PropertyNotForProtocol", "listeners[0].sslCertificate"),
    ("a Tcp listener with a TLS profile", "sslProfiles: [{name: profile}]\n$SERVED\n\
        listeners: [$DB, protocol: Tcp, sslProfile: profile}]",
        Error, "PropertyNotForProtocol", "listeners[0].sslProfile"),
    ("a Tcp listener with host names", "$SERVED\nlisteners: [$DB, protocol: Tcp, hostNames: [a.com]}]",
        Azures, "HostNamesOnTcp", "listeners[0].hostNames"),
    ("more than five names", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, hostNames: \
        [a.com, b.com, c.com, d.com, e.com, f.com]}]",
        Azures, "LimitReached", "listeners[0].hostNames"),
    ("five wildcards", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, hostNames: \
        ['????.contoso.*']}]",
        Error, "InvalidHostName", "listeners[0].hostNames[0]"),
    ("one name twice", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, hostNames: \
        [a.com, A.com]}]",
        Warning, "DuplicateHostName", "listeners[0].hostNames[1]"),
    ("a name of a protocol that is empty", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, \
        gatehouse: {alpn: ['']}}]",
        Error, "InvalidAlpnName", "listeners[0].gatehouse.alpn[0]"),
    ("a name of a protocol on plain TCP", "$SERVED\nlisteners: [$DB, protocol: Tcp, gatehouse: {alpn: [mqtt]}}]",
        Error, "PropertyNotForProtocol", "listeners[0].gatehouse.alpn[0]"),
    ("TCP and HTTP on one port", "$SERVED\nlisteners: [{name: db, frontendIPConfiguration: feip, frontendPort: p80, \
        protocol: Tcp}]",
        Error, "ListenerProtocolConflict", "listeners[0].name"),
    ("Tcp and Tls on one port", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tcp}, $TWO, protocol: Tls, \
        sslCertificate: cert, hostNames: [a.com]}]",
        Error, "ListenerProtocolConflict", "listeners[1].name"),
    ("two Tcp listeners on one port", "$SERVED\nlisteners: [$DB, protocol: Tcp}, $TWO, protocol: Tcp}]",
        Error, "ListenerNamesClash", "listeners[1].name"),
    ("two Tls listeners without names on one port", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: \
        cert}, $TWO, protocol: Tls, sslCertificate: cert}]",
        Error, "ListenerNamesClash", "listeners[1].name"),
    ("two Tls listeners with the same names", "$CERTS\n$SERVED\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, \
        hostNames: [a.com]}, $TWO, protocol: Tls, sslCertificate: cert, hostNames: [A.com]}]",
        Error, "ListenerNamesClash", "listeners[1].name"),
    ("a port of TCP on two frontends", "frontendIPConfigurations: [{name: feip}, {name: inner, privateIPAddress: \
        10.0.0.9}]\n$SERVED\nlisteners: [$DB, protocol: Tcp}, {name: two, frontendIPConfiguration: inner, \
        frontendPort: p8080, protocol: Tcp}]",
        Azures, "PortOnSeveralFrontends", "listeners[1].name"),
    ("PROXY headers from other networks than the neighbour's", "httpListeners: [$WEB, hostName: a.com}, $ALT, \
        hostName: b.com, gatehouse: {acceptProxyProtocol: [10.0.0.1]}}]",
        Error, "ProxyProtocolConflict", "httpListeners[1].gatehouse.acceptProxyProtocol"),
    ("a listener with a name of HTTP's", "$PLAIN\nlisteners: [{name: WEB, frontendIPConfiguration: feip, \
        frontendPort: p8080, protocol: Tcp}]",
        Error, "NameSharedWithHttp", "listeners[0].name"),
    ("settings with a name of HTTP's", "backendSettingsCollection: [{name: Http, port: 1, protocol: Tcp}]",
        Error, "NameSharedWithHttp", "backendSettingsCollection[0].name"),
    ("a rule with a name of HTTP's", "$PLAIN\n$TAKEN\nroutingRules: [{name: RULE, priority: 20, listener: db, $OVER}]",
        Error, "NameSharedWithHttp", "routingRules[0].name"),
    ("a listener without a rule", "$TAKEN",
        Warning, "ListenerWithoutRule", "listeners[0].name"),
    ("a tier without TCP", "sku: {name: Basic, tier: Basic}\n$SERVED\n$TAKEN",
        Azures, "TcpNotInTier", "listeners[0].name"),
    // Rules.
    ("a rule by path", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, ruleType: PathBasedRouting, priority: 20, \
        listener: db, $OVER}]",
        Error, "PropertyNotForRuleType", "routingRules[0].ruleType"),
    ("no priority", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, listener: db, $OVER}]",
        Error, "MissingProperty", "routingRules[0]"),
    ("a priority of HTTP's", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, priority: 10, listener: db, $OVER}]",
        Error, "DuplicatePriority", "routingRules[0].priority"),
    ("a priority above 20000", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, priority: 20001, listener: db, $OVER}]",
        Error, "OutOfRange", "routingRules[0].priority"),
    ("no listener", "$PLAIN\nroutingRules: [{name: db, priority: 20, $OVER}]",
        Error, "RuleWithoutListener", "routingRules[0].name"),
    ("no pool", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, priority: 20, listener: db, backendSettings: tcp}]",
        Error, "PoolMissing", "routingRules[0].name"),
    ("no settings", "$TAKEN\nroutingRules: [{name: db, priority: 20, listener: db, backendAddressPool: pool}]",
        Error, "SettingsMissing", "routingRules[0].name"),
    ("one listener in two rules", "$PLAIN\n$TAKEN\nroutingRules: [{name: db, priority: 20, listener: db, $OVER}, \
        {name: two, priority: 21, listener: db, $OVER}]",
        Error, "ListenerInSeveralRules", "routingRules[1].listener"),
    ("a listener of HTTP", "$PLAIN\nroutingRules: [{name: db, priority: 20, listener: web, $OVER}]",
        Error, "ReferenceNotFound", "routingRules[0].listener"),
    ("settings of HTTP", "$TAKEN\nroutingRules: [{name: db, priority: 20, listener: db, backendAddressPool: pool, \
        backendSettings: http}]",
        Error, "ReferenceNotFound", "routingRules[0].backendSettings"),
    ("a rule of HTTP with a listener of TCP", "$TAKEN\nrequestRoutingRules: [{name: rule, priority: 10, httpListener: \
        db, $TO}]",
        Error, "ReferenceNotFound", "requestRoutingRules[0].httpListener"),
    ("a redirect to a listener of TCP", "$TAKEN\nredirectConfigurations: [{name: away, redirectType: Found, \
        targetListener: {id: listeners/db}}]\nrequestRoutingRules: [$RULE, redirectConfiguration: away}]",
        Error, "ReferenceWrongKind", "redirectConfigurations[0].targetListener.id"),
    ("a rule whose names are taken", "$CERTS\n$PLAIN\nlisteners: [$DB, protocol: Tls, sslCertificate: cert, hostNames: \
        ['*.com']}, $TWO, protocol: Tls, sslCertificate: cert, hostNames: [a.com]}]\nroutingRules: [{name: db, \
        priority: 20, listener: db, $OVER}, {name: two, priority: 21, listener: two, $OVER}]",
        Warning, "RuleUnreachable", "routingRules[1].name"),
    ("an empty pool", "backendAddressPools: [{name: pool}]\n$SERVED\n$TAKEN",
        Warning, "PoolEmpty", "backendAddressPools[0].name"),
    // Settings.
    ("a port that is none", "backendSettingsCollection: [{name: tcp, port: 65536, protocol: Tcp}]",
        Error, "OutOfRange", "backendSettingsCollection[0].port"),
    ("no port", "backendSettingsCollection: [{name: tcp, protocol: Tcp}]",
        Error, "MissingProperty", "backendSettingsCollection[0].name"),
    ("settings that speak HTTP", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Https}]",
        Error, "ProtocolNotAllowed", "backendSettingsCollection[0].protocol"),
    ("a time-out below 1", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, timeout: 0}]",
        Error, "OutOfRange", "backendSettingsCollection[0].timeout"),
    ("a time-out above a day", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, timeout: 86401}]",
        Error, "OutOfRange", "backendSettingsCollection[0].timeout"),
    ("draining above an hour", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, gatehouse: \
        {drainTimeoutInSec: 3601}}]",
        Error, "OutOfRange", "backendSettingsCollection[0].gatehouse.drainTimeoutInSec"),
    ("a name from the address", "backendSettingsCollection: [{name: tls, port: 1, protocol: Tls, \
        pickHostNameFromBackendAddress: true}]",
        Azures, "ApplicationGatewayBackendSettingsPickHostNameFromBackendAddressNotAllowed",
        "backendSettingsCollection[0].pickHostNameFromBackendAddress"),
    ("a name and a name from the address", "backendSettingsCollection: [{name: tls, port: 1, protocol: Tls, hostName: \
        a.com, pickHostNameFromBackendAddress: true}]",
        Error, "HostNameConflict", "backendSettingsCollection[0].hostName"),
    ("an address for a name", "backendSettingsCollection: [{name: tls, port: 1, protocol: Tls, hostName: 10.0.0.4}]",
        Warning, "InvalidSniName", "backendSettingsCollection[0].hostName"),
    ("roots without TLS", "trustedRootCertificates: [{name: root, data: '{{root.pem}}'}]\n\
        backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, trustedRootCertificates: [root]}]",
        Error, "PropertyNotForProtocol", "backendSettingsCollection[0].trustedRootCertificates[0]"),
    ("a name without TLS", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, hostName: a.com}]",
        Warning, "NotUsed", "backendSettingsCollection[0].hostName"),
    ("a certificate without TLS", "$CERTS\nbackendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, gatehouse: \
        {clientCertificate: cert}}]",
        Error, "PropertyNotForProtocol", "backendSettingsCollection[0].gatehouse.clientCertificate"),
    ("the form of a header that is not sent", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tcp, \
        gatehouse: {proxyProtocol: v2}}]",
        Warning, "NotUsed", "backendSettingsCollection[0].gatehouse.proxyProtocol"),
    ("servers without names", "backendSettingsCollection: [{name: tcp, port: 1, protocol: Tls}]\n$RULED\n$TAKEN",
        Warning, "ServerNameMissing", "backendSettingsCollection[0].name"),
    // Probes.
    ("a probe of another protocol", "probes: [{name: p, protocol: Tcp}]\nbackendSettingsCollection: [{name: tls, port: \
        1, protocol: Tls, probe: p}]",
        Error, "ProbeProtocolMismatch", "backendSettingsCollection[0].probe"),
    ("a PROXY header in front of HTTP", "probes: [{name: p, protocol: Http, host: a.com, path: /, \
        enableProbeProxyProtocolHeader: true}]\nbackendHttpSettingsCollection: [$HTTP, probe: p}]",
        Error, "PropertyNotForProtocol", "probes[0].enableProbeProxyProtocolHeader"),
    ("a path of TCP", "probes: [{name: p, protocol: Tcp, path: /}]",
        Warning, "NotUsed", "probes[0].path"),
    ("a match of TLS", "probes: [{name: p, protocol: Tls, match: {statusCodes: ['200']}}]",
        Warning, "NotUsed", "probes[0].match.statusCodes[0]"),
    ("a header of sessions that the probe lacks", "probes: [{name: p, protocol: Tls}]\nbackendSettingsCollection: \
        [{name: tls, port: 1, protocol: Tls, enableL4ClientIpPreservation: true, probe: p}]",
        Warning, "ProbeProxyHeaderDiffers", "backendSettingsCollection[0].probe"),
];
