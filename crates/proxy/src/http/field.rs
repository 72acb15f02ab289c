//! Fields: which ones the gateway knows, and the small grammar of names, values and lists.

macro_rules! known {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// The fields that the gateway treats specially.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Known {
            $($(#[$doc])* $kind,)*
            /// A frequent field without a meaning here: known so that its name need not be checked byte by byte.
            Common,
            /// Any other field.
            Other,
        }

        /// Every known name, for tests.
        #[cfg(test)]
        pub(crate) const NAMES: &[(Known, &str)] = &[$((Known::$kind, $name)),*];
    };
}

known! {
    /// `Host`
    Host = "host",
    /// `Content-Length`
    ContentLength = "content-length",
    /// `Transfer-Encoding`
    TransferEncoding = "transfer-encoding",
    /// `Connection`
    Connection = "connection",
    /// `Keep-Alive`
    KeepAlive = "keep-alive",
    /// `Proxy-Connection`
    ProxyConnection = "proxy-connection",
    /// `TE`
    Te = "te",
    /// `Trailer`
    Trailer = "trailer",
    /// `Upgrade`
    Upgrade = "upgrade",
    /// `HTTP2-Settings`
    Http2Settings = "http2-settings",
    /// `Proxy-Authenticate`
    ProxyAuthenticate = "proxy-authenticate",
    /// `Proxy-Authorization`
    ProxyAuthorization = "proxy-authorization",
    /// `Proxy`, which some backends turn into an environment variable
    Proxy = "proxy",
    /// `Expect`
    Expect = "expect",
    /// `X-Forwarded-For`
    ForwardedFor = "x-forwarded-for",
    /// `X-Forwarded-Proto`
    ForwardedProto = "x-forwarded-proto",
    /// `X-Forwarded-Port`
    ForwardedPort = "x-forwarded-port",
    /// `X-Original-Host`
    OriginalHost = "x-original-host",
    /// `X-Original-URL`
    OriginalUrl = "x-original-url",
    /// `X-AppGW-Trace-Id`
    TraceId = "x-appgw-trace-id",
    /// `X-Azure-JA4-Fingerprint`
    Ja4 = "x-azure-ja4-fingerprint",
    /// `X-MSFT-Entra-Identity`
    EntraIdentity = "x-msft-entra-identity",
    /// `Cookie`
    Cookie = "cookie",
    /// `User-Agent`
    UserAgent = "user-agent",
    /// `Content-Type`
    ContentType = "content-type",
    /// `Authorization`
    Authorization = "authorization",
    /// `Referer`
    Referer = "referer",
    /// `Range`
    Range = "range",
    /// `If-Modified-Since`
    IfModifiedSince = "if-modified-since",
    /// `If-Unmodified-Since`
    IfUnmodifiedSince = "if-unmodified-since",
    /// `From`
    From = "from",
    /// `Max-Forwards`
    MaxForwards = "max-forwards",
}

impl Known {
    /// Which known field a name is. Names compare without case; a name that is no token is none of them.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        use Known::*;
        let is = |known: &str| is_name(bytes, known.as_bytes());
        // One length has few names, so a field costs one comparison at most of the time.
        match bytes.len() {
            2 if is("te") => Te,
            4 if is("host") => Host,
            4 if is("from") => From,
            4 if is("date") || is("vary") || is("etag") => Common,
            5 if is("range") => Range,
            5 if is("proxy") => Proxy,
            6 if is("cookie") => Cookie,
            6 if is("accept") || is("server") || is("origin") => Common,
            6 if is("expect") => Expect,
            8 if is("location") => Common,
            7 if is("upgrade") => Upgrade,
            7 if is("referer") => Referer,
            7 if is("trailer") => Trailer,
            10 if is("user-agent") => UserAgent,
            10 if is("connection") => Connection,
            10 if is("keep-alive") => KeepAlive,
            10 if is("set-cookie") => Common,
            12 if is("content-type") => ContentType,
            12 if is("max-forwards") => MaxForwards,
            13 if is("cache-control") || is("last-modified") => Common,
            13 if is("authorization") => Authorization,
            14 if is("content-length") => ContentLength,
            14 if is("x-original-url") => OriginalUrl,
            14 if is("http2-settings") => Http2Settings,
            15 if is("accept-encoding") || is("accept-language") => Common,
            15 if is("x-forwarded-for") => ForwardedFor,
            15 if is("x-original-host") => OriginalHost,
            16 if is("x-forwarded-port") => ForwardedPort,
            16 if is("content-encoding") => Common,
            16 if is("x-appgw-trace-id") => TraceId,
            16 if is("proxy-connection") => ProxyConnection,
            17 if is("transfer-encoding") => TransferEncoding,
            17 if is("x-forwarded-proto") => ForwardedProto,
            17 if is("if-modified-since") => IfModifiedSince,
            18 if is("proxy-authenticate") => ProxyAuthenticate,
            19 if is("if-unmodified-since") => IfUnmodifiedSince,
            19 if is("proxy-authorization") => ProxyAuthorization,
            21 if is("x-msft-entra-identity") => EntraIdentity,
            23 if is("x-azure-ja4-fingerprint") => Ja4,
            _ => Other,
        }
    }

    /// Fields that may stand once in a request; a second one is refused.
    ///
    /// Parity: Azure answers 400 to repeated single-value fields without listing them; this is nginx's list.
    #[inline]
    pub const fn single(self) -> bool {
        use Known::*;
        matches!(
            self,
            Host | ContentType
                | Authorization
                | UserAgent
                | Referer
                | Range
                | IfModifiedSince
                | IfUnmodifiedSince
                | From
                | MaxForwards
                | Expect
        )
    }

    /// Fields that end at the gateway (RFC 9110 7.6.1), whatever Connection says.
    #[inline]
    pub const fn hop_by_hop(self) -> bool {
        use Known::*;
        matches!(
            self,
            Connection
                | KeepAlive
                | ProxyConnection
                | Te
                | Trailer
                | TransferEncoding
                | Upgrade
                | Http2Settings
                | ProxyAuthenticate
                | ProxyAuthorization
        )
    }

    /// Fields that Connection may not remove, because that would change what the request means or who sent it.
    pub const fn protected(self) -> bool {
        use Known::*;
        matches!(
            self,
            Host | ContentLength
                | TransferEncoding
                | Cookie
                | Authorization
                | ForwardedFor
                | ForwardedProto
                | ForwardedPort
                | OriginalHost
                | OriginalUrl
                | TraceId
                | Ja4
                | EntraIdentity
        )
    }
}

/// Compares bytes with a name of lower-case letters, digits and hyphens of the same length, eight at a time. Only bit 5
/// of letters may differ, so that no other byte passes for one. The last word overlaps the one before it: no loop over
/// single bytes.
#[inline(always)]
fn is_name(bytes: &[u8], name: &[u8]) -> bool {
    if let (Some(last), Some(last_name)) = (bytes.last_chunk::<8>(), name.last_chunk::<8>()) {
        let words = bytes.as_chunks::<8>().0.iter().zip(name.as_chunks::<8>().0);
        return is_word(u64::from_le_bytes(*last), u64::from_le_bytes(*last_name))
            && words.into_iter().all(|(word, name)| is_word(u64::from_le_bytes(*word), u64::from_le_bytes(*name)));
    }
    let halves = |bytes: &[u8]| Some((*bytes.first_chunk::<4>()?, *bytes.last_chunk::<4>()?));
    let word = |(first, last)| u64::from(u32::from_le_bytes(first)) << 32 | u64::from(u32::from_le_bytes(last));
    match (halves(bytes), halves(name)) {
        (Some(bytes), Some(name)) => is_word(word(bytes), word(name)),
        _ => bytes.eq_ignore_ascii_case(name),
    }
}

#[inline(always)]
fn is_word(word: u64, name: u64) -> bool {
    // Lower-case letters have bit 6, digits and the hyphen have not.
    let case = (name & 0x4040_4040_4040_4040) >> 1;
    (word ^ name) & !case == 0
}

/// Appends a field line and returns where its value stands.
#[inline]
pub fn write(name: &[u8], value: &[u8], out: &mut Vec<u8>) -> std::ops::Range<usize> {
    // Room for the whole line at once: what follows never grows the buffer.
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    let start = out.len();
    out.extend_from_slice(value);
    let end = out.len();
    out.extend_from_slice(b"\r\n");
    start..end
}

/// The members of a comma list, without blanks around them; empty members included.
pub fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// True when a comma list has this token, without case.
pub fn has_token(value: &[u8], token: &[u8]) -> bool {
    members(value).any(|member| member.eq_ignore_ascii_case(token))
}

/// The values of a cookie in a Cookie field; names are compared as they are. A client sends a name twice when it has
/// cookies of several paths or domains.
pub fn cookies<'a, 'n>(field: &'a [u8], name: &'n [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
    field.split(|&byte| byte == b';').filter_map(move |pair| {
        let (its, value) = pair.trim_ascii_start().split_at_checked(name.len())?;
        let value = value.strip_prefix(b"=")?;
        (its == name).then(|| value.trim_ascii_end())
    })
}

/// A host without the port behind it.
pub fn without_port(host: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', host) {
        Some(at) if host[at + 1..].iter().all(u8::is_ascii_digit) => &host[..at],
        _ => host,
    }
}

/// A Content-Length: digits only, below 2^63.
#[inline]
pub fn content_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let mut length = 0u64;
    for &byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        length = length.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (length <= i64::MAX as u64).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_recognised_in_any_case() {
        for (known, name) in NAMES {
            assert_eq!(Known::of(name.as_bytes()), *known);
            assert_eq!(Known::of(name.to_uppercase().as_bytes()), *known);
        }
        assert_eq!(Known::of(b"x-any"), Known::Other);
    }

    #[test]
    fn a_common_field_is_passed_on_like_any_other() {
        for name in ["Accept", "DATE", "cache-control", "Set-Cookie", "Accept-Language"] {
            let known = Known::of(name.as_bytes());
            assert_eq!(known, Known::Common, "{name}");
            assert!(!known.single() && !known.hop_by_hop() && !known.protected());
        }
    }

    #[test]
    fn a_content_length_is_digits_below_two_to_the_63() {
        let rows: &[(&[u8], Option<u64>)] = &[
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"9223372036854775807", Some(i64::MAX as u64)),
            (b"9223372036854775808", None),
            (b"99999999999999999999", None),
            (b"", None),
            (b"+1", None),
            (b"-1", None),
            (b"1,1", None),
            (b"1 1", None),
            (b"0x1", None),
        ];
        for (text, expected) in rows {
            assert_eq!(content_length(text), *expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let rows: &[(&str, &[&str])] = &[
            ("a=1", &["1"]),
            ("b=2; a=1", &["1"]),
            ("b=2;a=1 ;c=3", &["1"]),
            ("xa=2; a=1; a=3", &["1", "3"]),
            ("a=", &[""]),
            ("a=x=y", &["x=y"]),
            ("a", &[]),
            ("A=1", &[]),
            ("ab=1", &[]),
            ("b=a=1", &[]),
            ("", &[]),
        ];
        for (field, expected) in rows {
            let found: Vec<&[u8]> = cookies(field.as_bytes(), b"a").collect();
            assert_eq!(found, expected.iter().map(|value| value.as_bytes()).collect::<Vec<_>>(), "{field}");
        }
    }

    #[test]
    fn a_port_is_what_follows_the_last_colon_outside_brackets() {
        let rows = [
            ("a.example", "a.example"),
            ("a.example:80", "a.example"),
            ("a.example:", "a.example"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("[fe80::12]", "[fe80::12]"),
        ];
        for (host, expected) in rows {
            assert_eq!(without_port(host.as_bytes()), expected.as_bytes(), "{host}");
        }
    }

    #[test]
    fn a_name_with_a_byte_that_is_one_bit_away_is_not_known() {
        for (known, name) in NAMES {
            for at in 0..name.len() {
                for bit in 0..8 {
                    let mut other = name.as_bytes().to_vec();
                    other[at] ^= 1 << bit;
                    let same = other.eq_ignore_ascii_case(name.as_bytes());
                    assert_eq!(Known::of(&other) == *known, same, "{:?}", String::from_utf8_lossy(&other));
                }
            }
        }
    }
}
