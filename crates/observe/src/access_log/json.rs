//! A record as a row of JSON: field order and types of Azure's example, numbers and strings mixed as there.
//!
//! `serverStatus`, `serverResponseLatency`, `upstreamSourcePort` and `WAFEvaluationTime` are numbers in strings:
//! readers parse them as strings.

pub(super) mod firewall;
pub(super) mod session;

use super::line::{Line, MAX_LINE};
use super::{AccessRecord, HttpVersion, TlsInfo, WafMode};

/// Servers shown in one row.
const MAX_SERVERS: usize = 8;

/// Writes the row and its newline; returns its length.
pub(super) fn write(bytes: &mut [u8; MAX_LINE], record: &AccessRecord<'_>) -> usize {
    let mut line = Line::new(bytes);
    line.literal(b"{\"timeStamp\":\"");
    line.literal(&record.stamp.log);
    line.plain(&record.labels.head);
    line.ip(record.client.ip());
    line.literal(b"\",\"clientPort\":");
    line.number(u64::from(record.client.port()));
    request(&mut line, record);
    response(&mut line, record);
    tls(&mut line, record);
    server(&mut line, record);
    line.literal(b"\",\"originalHost\":\"");
    line.escaped(record.original_host);
    line.literal(b"\",\"host\":\"");
    line.escaped(record.host);
    line.literal(b"\",\"error_info\":\"");
    line.plain(record.error_info.as_bytes());
    line.literal(b"\",\"contentType\":\"");
    line.escaped(record.content_type);
    line.literal(b"\"");
    if !record.reason.is_empty() {
        line.literal(b",\"reason\":\"");
        line.plain(record.reason.as_bytes());
        line.literal(b"\"");
        if !record.detail.is_empty() {
            line.literal(b",\"reasonDetail\":\"");
            line.escaped(record.detail.as_bytes());
            line.literal(b"\"");
        }
    }
    if !record.labels.tail.is_empty() {
        line.plain(&record.labels.tail);
    }
    line.literal(b"}}\n");
    line.finish()
}

#[inline(always)]
fn request(line: &mut Line<'_>, record: &AccessRecord<'_>) {
    line.literal(b",\"httpMethod\":\"");
    line.escaped(record.method);
    line.literal(b"\",\"originalRequestUriWithArgs\":\"");
    line.escaped(record.original_target);
    line.literal(b"\",\"requestUri\":\"");
    line.escaped(record.path);
    line.literal(b"\",\"requestQuery\":\"");
    line.escaped(record.query);
    line.literal(b"\",\"userAgent\":\"");
    line.escaped(record.user_agent);
}

#[inline(always)]
fn response(line: &mut Line<'_>, record: &AccessRecord<'_>) {
    line.literal(b"\",\"httpStatus\":");
    line.number(u64::from(record.status));
    match record.version {
        HttpVersion::Http10 => line.literal(b",\"httpVersion\":\"HTTP/1.0\",\"receivedBytes\":"),
        HttpVersion::Http11 => line.literal(b",\"httpVersion\":\"HTTP/1.1\",\"receivedBytes\":"),
        HttpVersion::Http2 => line.literal(b",\"httpVersion\":\"HTTP/2.0\",\"receivedBytes\":"),
    }
    line.number(record.received_bytes);
    line.literal(b",\"sentBytes\":");
    line.number(record.sent_bytes);
    line.literal(b",\"clientResponseTime\":");
    line.seconds(record.client_response_time);
    line.literal(b",\"timeTaken\":");
    line.seconds(record.time_taken);
    match record.waf {
        None => line.literal(b",\"WAFEvaluationTime\":\"0.000"),
        Some(waf) => {
            line.literal(b",\"WAFEvaluationTime\":\"");
            line.seconds(waf.time);
            match waf.mode {
                WafMode::Detection => line.literal(b"\",\"WAFMode\":\"Detection\",\"WAFPolicyID\":\""),
                WafMode::Prevention => line.literal(b"\",\"WAFMode\":\"Prevention\",\"WAFPolicyID\":\""),
            }
            line.escaped(waf.policy_id.as_bytes());
        }
    }
    line.literal(b"\",\"transactionId\":\"");
    line.literal(record.transaction.as_bytes());
}

#[inline(always)]
fn tls(line: &mut Line<'_>, record: &AccessRecord<'_>) {
    let Some(tls) = record.tls else {
        line.literal(
            b"\",\"sslEnabled\":\"off\",\"sslCipher\":\"\",\"sslProtocol\":\"\",\"sslClientVerify\":\"NONE\",\
            \"sslClientCertificateFingerprint\":\"\",\"sslClientCertificateIssuerName\":\"",
        );
        return;
    };
    line.literal(b"\",\"sslEnabled\":\"on\",\"sslCipher\":\"");
    tls_session(line, &tls);
}

/// From the suite's value to the issuer's.
#[inline(always)]
fn tls_session(line: &mut Line<'_>, tls: &TlsInfo<'_>) {
    line.escaped(tls.cipher.as_bytes());
    line.literal(b"\",\"sslProtocol\":\"");
    line.escaped(tls.protocol.as_bytes());
    line.literal(b"\",\"sslClientVerify\":\"");
    line.escaped(tls.client_verify.as_bytes());
    line.literal(b"\",\"sslClientCertificateFingerprint\":\"");
    line.escaped(tls.fingerprint.as_bytes());
    line.literal(b"\",\"sslClientCertificateIssuerName\":\"");
    line.escaped(tls.issuer.as_bytes());
}

#[inline(always)]
fn server(line: &mut Line<'_>, record: &AccessRecord<'_>) {
    line.literal(b"\",\"serverRouted\":\"");
    for (index, &server) in record.servers.iter().take(MAX_SERVERS).enumerate() {
        if index > 0 {
            line.literal(b", ");
        }
        line.socket(server);
    }
    line.literal(b"\",\"serverStatus\":\"");
    if let Some(status) = record.server_status {
        line.number(u64::from(status));
    }
    line.literal(b"\",\"serverResponseLatency\":\"");
    if let Some(time) = record.server_latency {
        line.seconds(time);
    }
    line.literal(b"\",\"serverConnectTime\":\"");
    if let Some(time) = record.server_connect_time {
        line.seconds(time);
    }
    line.literal(b"\",\"serverHeaderTime\":\"");
    if let Some(time) = record.server_header_time {
        line.seconds(time);
    }
    if let Some((cipher, protocol)) = record.server_tls {
        line.literal(b"\",\"backendSslCipher\":\"");
        line.plain(cipher.as_bytes());
        line.literal(b"\",\"backendSslProtocol\":\"");
        line.plain(protocol.as_bytes());
    }
    line.literal(b"\",\"upstreamSourcePort\":\"");
    if let Some(port) = record.upstream_source_port {
        line.number(u64::from(port));
    }
}

#[cfg(test)]
pub(super) mod tests;
