//! The request of a question as rewrites see it. What only a connection knows is empty.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rewrite::{RequestView, Server};

use super::Question;
use crate::Scheme;

/// A question, seen by rewrites.
pub(super) struct Asked<'a> {
    pub(super) question: &'a Question<'a>,
}

/// What a client sends under these names is not believed, so rewrites do not see it.
const NOT_BELIEVED: [&str; 4] =
    ["x-appgw-trace-id", "x-azure-ja4-fingerprint", "x-original-url", "x-msft-entra-identity"];

impl RequestView for Asked<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        if name == "host" {
            return Some(Cow::Borrowed(self.question.host.as_bytes()));
        }
        let values: Vec<&str> = self.values(name).filter(|_| !NOT_BELIEVED.contains(&name)).collect();
        let separator = if name == "cookie" { "; " } else { ", " };
        (!values.is_empty()).then(|| Cow::Owned(values.join(separator).into_bytes()))
    }

    fn cookie(&self, name: &str) -> Option<&[u8]> {
        let pairs = self.values("cookie").flat_map(|value| value.split(';'));
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(other, _)| *other == name).map(|(_, value)| value.as_bytes())
    }

    fn server(&self, variable: Server, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text(variable).as_bytes());
    }
}

impl Asked<'_> {
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.question.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    fn text(&self, variable: Server) -> String {
        let Question { scheme, port, path, query, method, version, client, .. } = self.question;
        match variable {
            Server::AddXForwardedForProxy => {
                let before = self.values("x-forwarded-for").filter(|value| !value.is_empty());
                let mut list: Vec<String> = before.map(str::to_owned).collect();
                list.push(client.to_string());
                list.join(", ")
            }
            Server::ClientIp => client.to_string(),
            Server::ClientUser => self.user().unwrap_or_default(),
            Server::Host => {
                let host = routing::host_without_port(self.question.host.as_bytes());
                String::from_utf8_lossy(host).into_owned()
            }
            Server::HttpMethod => (*method).to_owned(),
            Server::HttpVersion => (*version).to_owned(),
            Server::QueryString | Server::RequestQuery => query.unwrap_or_default().to_owned(),
            Server::RequestScheme => scheme.as_str().to_owned(),
            Server::RequestUri => {
                let mut uri = (*path).to_owned();
                if let Some(query) = query {
                    // Writing into a String cannot fail.
                    let _ = write!(uri, "?{query}");
                }
                uri
            }
            Server::UriPath => (*path).to_owned(),
            Server::ServerPort => port.to_string(),
            Server::SslEnabled if *scheme == Scheme::Https => "On".to_owned(),
            Server::ClientCertificateVerification => "NONE".to_owned(),
            _ => String::new(),
        }
    }

    /// The name in `Authorization: Basic`.
    fn user(&self) -> Option<String> {
        let (scheme, credentials) = self.values("authorization").next()?.split_once(' ')?;
        let decoded = STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (user, _) = decoded.split_at_checked(decoded.iter().position(|byte| *byte == b':')?)?;
        Some(String::from_utf8_lossy(user).into_owned())
    }
}
