//! A session as a row of JSON: Azure's fields in its order, then our own.
//!
//! Times and `serverStatus` are numbers in strings, as in the rows of requests; bytes and ports are numbers.

use super::Line;
use crate::access_log::SessionRecord;
use crate::access_log::line::MAX_LINE;

/// Writes the row and its newline; returns its length. Status and end reason only of a session that ended.
pub(in crate::access_log) fn write(bytes: &mut [u8; MAX_LINE], record: &SessionRecord<'_>, ended: bool) -> usize {
    let mut line = Line::new(bytes);
    line.literal(b"{\"timeStamp\":\"");
    line.literal(&record.stamp.log);
    line.plain(&record.labels.head);
    line.ip(record.client.ip());
    line.literal(b"\",\"clientPort\":");
    line.number(u64::from(record.client.port()));
    moved(&mut line, record);
    tls(&mut line, record);
    line.literal(b"\",\"serverRouted\":\"");
    if let Some(server) = record.server {
        line.socket(server);
    }
    line.literal(b"\",\"serverStatus\":\"");
    if ended {
        line.number(u64::from(record.status));
        line.literal(b"\",\"endReason\":\"");
        line.plain(record.end_reason.as_bytes());
    }
    line.literal(b"\"");
    ours(&mut line, record);
    line.literal(b"}}\n");
    line.finish()
}

/// Bytes and times. Azure says TCP of TLS sessions, too.
fn moved(line: &mut Line<'_>, record: &SessionRecord<'_>) {
    line.literal(b",\"protocol\":\"TCP\",\"receivedBytes\":");
    line.number(record.received_bytes);
    line.literal(b",\"sentBytes\":");
    line.number(record.sent_bytes);
    line.literal(b",\"sessionTime\":\"");
    line.seconds(record.session_time);
    line.literal(b"\",\"upstreamSentBytes\":");
    line.number(record.upstream_sent_bytes);
    line.literal(b",\"upstreamReceivedBytes\":");
    line.number(record.upstream_received_bytes);
    line.literal(b",\"upstreamSessionTime\":\"");
    if record.server.is_some() {
        line.seconds(record.upstream_session_time);
    }
}

fn tls(line: &mut Line<'_>, record: &SessionRecord<'_>) {
    let Some(tls) = record.tls else {
        line.literal(
            b"\",\"sslCipher\":\"\",\"sslProtocol\":\"\",\"sslClientVerify\":\"NONE\",\
            \"sslClientCertificateFingerprint\":\"\",\"sslClientCertificateIssuerName\":\"",
        );
        return;
    };
    line.literal(b"\",\"sslCipher\":\"");
    super::tls_session(line, &tls);
}

/// Fields that Azure's rows do not have.
fn ours(line: &mut Line<'_>, record: &SessionRecord<'_>) {
    if !record.server_name.is_empty() {
        line.literal(b",\"sni\":\"");
        line.escaped(record.server_name.as_bytes());
        line.literal(b"\"");
    }
    if !record.alpn.is_empty() {
        line.literal(b",\"alpn\":\"");
        line.escaped(record.alpn);
        line.literal(b"\"");
    }
    if let Some((cipher, protocol)) = record.server_tls {
        line.literal(b",\"backendSslProtocol\":\"");
        line.plain(protocol.as_bytes());
        line.literal(b"\",\"backendSslCipher\":\"");
        line.plain(cipher.as_bytes());
        line.literal(b"\"");
    }
    if let Some(time) = record.connect_time {
        line.literal(b",\"connectTime\":\"");
        line.seconds(time);
        line.literal(b"\"");
    }
    if let Some(time) = record.first_byte_time {
        line.literal(b",\"firstByteTime\":\"");
        line.seconds(time);
        line.literal(b"\"");
    }
    line.literal(b",\"attempts\":");
    line.number(u64::from(record.attempts));
    if !record.detail.is_empty() {
        line.literal(b",\"detail\":\"");
        line.escaped(record.detail.as_bytes());
        line.literal(b"\"");
    }
}

#[cfg(test)]
pub(in crate::access_log) mod tests;
