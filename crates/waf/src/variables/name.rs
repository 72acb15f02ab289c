//! The names of variables.

/// Something of a request, a response or of the rules' own doings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Variable {
    /// `ARGS`.
    Args,
    /// `ARGS_GET`.
    ArgsGet,
    /// `ARGS_POST`.
    ArgsPost,
    /// `ARGS_NAMES`.
    ArgsNames,
    /// `ARGS_GET_NAMES`.
    ArgsGetNames,
    /// `ARGS_POST_NAMES`.
    ArgsPostNames,
    /// What rules keep under `setenv`; the process's own environment is not in it.
    Env,
    /// `FILES`.
    Files,
    /// `FILES_NAMES`.
    FilesNames,
    /// `FILES_SIZES`.
    FilesSizes,
    /// Where the client is; empty, as there is no database.
    Geo,
    /// `GLOBAL`.
    Global,
    /// `IP`.
    Ip,
    /// `MATCHED_VARS`.
    MatchedVars,
    /// `MATCHED_VARS_NAMES`.
    MatchedVarsNames,
    /// `MULTIPART_FILENAME`.
    MultipartFilename,
    /// `MULTIPART_NAME`.
    MultipartName,
    /// `MULTIPART_PART_HEADERS`.
    MultipartPartHeaders,
    /// `REQUEST_COOKIES`.
    RequestCookies,
    /// `REQUEST_COOKIES_NAMES`.
    RequestCookiesNames,
    /// `REQUEST_HEADERS`.
    RequestHeaders,
    /// `REQUEST_HEADERS_NAMES`.
    RequestHeadersNames,
    /// `RESOURCE`.
    Resource,
    /// `RESPONSE_HEADERS`.
    ResponseHeaders,
    /// `RESPONSE_HEADERS_NAMES`.
    ResponseHeadersNames,
    /// The rule that runs.
    Rule,
    /// `SESSION`.
    Session,
    /// What rules keep for one another.
    Tx,
    /// `USER`.
    User,
    /// Text of an XML body, `XML:/*`.
    Xml,
    /// Attribute values of an XML body, `XML://@*`.
    XmlAttributes,
    /// Bytes of all argument names and values together.
    ArgsCombinedSize,
    /// Milliseconds since the request's start, as the host tells them.
    Duration,
    /// Bytes of all uploaded files together.
    FilesCombinedSize,
    /// The value that matched last.
    MatchedVar,
    /// The name of the value that matched last.
    MatchedVarName,
    /// `MULTIPART_BOUNDARY_QUOTED`.
    MultipartBoundaryQuoted,
    /// `MULTIPART_BOUNDARY_WHITESPACE`.
    MultipartBoundaryWhitespace,
    /// `MULTIPART_DATA_AFTER`.
    MultipartDataAfter,
    /// `MULTIPART_DATA_BEFORE`.
    MultipartDataBefore,
    /// `MULTIPART_FILE_LIMIT_EXCEEDED`.
    MultipartFileLimitExceeded,
    /// `MULTIPART_HEADER_FOLDING`.
    MultipartHeaderFolding,
    /// `MULTIPART_INVALID_HEADER_FOLDING`.
    MultipartInvalidHeaderFolding,
    /// `MULTIPART_INVALID_PART`.
    MultipartInvalidPart,
    /// `MULTIPART_INVALID_QUOTING`.
    MultipartInvalidQuoting,
    /// `MULTIPART_LF_LINE`.
    MultipartLfLine,
    /// `MULTIPART_MISSING_SEMICOLON`.
    MultipartMissingSemicolon,
    /// `MULTIPART_STRICT_ERROR`.
    MultipartStrictError,
    /// `MULTIPART_UNMATCHED_BOUNDARY`.
    MultipartUnmatchedBoundary,
    /// `QUERY_STRING`.
    QueryString,
    /// `REMOTE_ADDR`.
    RemoteAddr,
    /// `REMOTE_HOST`.
    RemoteHost,
    /// `REMOTE_PORT`.
    RemotePort,
    /// `REQBODY_ERROR`.
    ReqbodyError,
    /// `REQBODY_ERROR_MSG`.
    ReqbodyErrorMsg,
    /// `REQBODY_PROCESSOR`.
    ReqbodyProcessor,
    /// `REQBODY_PROCESSOR_ERROR`.
    ReqbodyProcessorError,
    /// `REQBODY_PROCESSOR_ERROR_MSG`.
    ReqbodyProcessorErrorMsg,
    /// `INBOUND_DATA_ERROR`.
    InboundDataError,
    /// `REQUEST_BASENAME`.
    RequestBasename,
    /// `REQUEST_BODY`.
    RequestBody,
    /// `REQUEST_BODY_LENGTH`.
    RequestBodyLength,
    /// `REQUEST_FILENAME`.
    RequestFilename,
    /// `REQUEST_LINE`.
    RequestLine,
    /// `REQUEST_METHOD`.
    RequestMethod,
    /// `REQUEST_PROTOCOL`.
    RequestProtocol,
    /// `REQUEST_URI`.
    RequestUri,
    /// `REQUEST_URI_RAW`.
    RequestUriRaw,
    /// `RESPONSE_BODY`.
    ResponseBody,
    /// `RESPONSE_CONTENT_LENGTH`.
    ResponseContentLength,
    /// `RESPONSE_CONTENT_TYPE`.
    ResponseContentType,
    /// `RESPONSE_PROTOCOL`.
    ResponseProtocol,
    /// `RESPONSE_STATUS`.
    ResponseStatus,
    /// The host the request names, without its port.
    ServerName,
    /// `UNIQUE_ID`.
    UniqueId,
    /// `URLENCODED_ERROR`.
    UrlencodedError,
    /// The scheme of the `Authorization` field.
    AuthType,
    /// The request line, the header fields and the body, as far as it is looked at.
    FullRequest,
    /// The length of `FULL_REQUEST`. Bytes.
    FullRequestLength,
    /// The number of the worst severity of all matches so far; 255 without one.
    HighestSeverity,
    /// 1 if the response's body was longer than what is looked at.
    OutboundDataError,
    /// The user's name in an `Authorization` field of the scheme Basic.
    RemoteUser,
    /// The address the client came to, as the host tells it.
    ServerAddr,
    /// The port the client came to, as the host tells it.
    ServerPort,
    /// `hh:mm:ss`, local time as the host tells it.
    Time,
    /// Day of the month, from 1.
    TimeDay,
    /// Seconds since the beginning of 1970.
    TimeEpoch,
    /// Hour, from 0 to 23.
    TimeHour,
    /// Minute, from 0 to 59.
    TimeMin,
    /// Month, from 0 to 11.
    TimeMon,
    /// Second, from 0 to 59.
    TimeSec,
    /// Day of the week, 0 being Sunday.
    TimeWday,
    /// Year, such as 2026.
    TimeYear,
    /// The client's address.
    UseragentIp,
}

/// Every variable by its name; those from `ARGS_COMBINED_SIZE` on hold one value, the others are collections.
const NAMES: &[(&str, Variable)] = &[
    ("ARGS", Variable::Args),
    ("ARGS_GET", Variable::ArgsGet),
    ("ARGS_POST", Variable::ArgsPost),
    ("ARGS_NAMES", Variable::ArgsNames),
    ("ARGS_GET_NAMES", Variable::ArgsGetNames),
    ("ARGS_POST_NAMES", Variable::ArgsPostNames),
    ("ENV", Variable::Env),
    ("FILES", Variable::Files),
    ("FILES_NAMES", Variable::FilesNames),
    ("FILES_SIZES", Variable::FilesSizes),
    ("GEO", Variable::Geo),
    ("GLOBAL", Variable::Global),
    ("IP", Variable::Ip),
    ("MATCHED_VARS", Variable::MatchedVars),
    ("MATCHED_VARS_NAMES", Variable::MatchedVarsNames),
    ("MULTIPART_FILENAME", Variable::MultipartFilename),
    ("MULTIPART_NAME", Variable::MultipartName),
    ("MULTIPART_PART_HEADERS", Variable::MultipartPartHeaders),
    ("REQUEST_COOKIES", Variable::RequestCookies),
    ("REQUEST_COOKIES_NAMES", Variable::RequestCookiesNames),
    ("REQUEST_HEADERS", Variable::RequestHeaders),
    ("REQUEST_HEADERS_NAMES", Variable::RequestHeadersNames),
    ("RESOURCE", Variable::Resource),
    ("RESPONSE_HEADERS", Variable::ResponseHeaders),
    ("RESPONSE_HEADERS_NAMES", Variable::ResponseHeadersNames),
    ("RULE", Variable::Rule),
    ("SESSION", Variable::Session),
    ("TX", Variable::Tx),
    ("USER", Variable::User),
    ("XML", Variable::Xml),
    ("XML://@*", Variable::XmlAttributes),
    ("ARGS_COMBINED_SIZE", Variable::ArgsCombinedSize),
    ("DURATION", Variable::Duration),
    ("FILES_COMBINED_SIZE", Variable::FilesCombinedSize),
    ("MATCHED_VAR", Variable::MatchedVar),
    ("MATCHED_VAR_NAME", Variable::MatchedVarName),
    ("MULTIPART_BOUNDARY_QUOTED", Variable::MultipartBoundaryQuoted),
    ("MULTIPART_BOUNDARY_WHITESPACE", Variable::MultipartBoundaryWhitespace),
    ("MULTIPART_DATA_AFTER", Variable::MultipartDataAfter),
    ("MULTIPART_DATA_BEFORE", Variable::MultipartDataBefore),
    ("MULTIPART_FILE_LIMIT_EXCEEDED", Variable::MultipartFileLimitExceeded),
    ("MULTIPART_HEADER_FOLDING", Variable::MultipartHeaderFolding),
    ("MULTIPART_INVALID_HEADER_FOLDING", Variable::MultipartInvalidHeaderFolding),
    ("MULTIPART_INVALID_PART", Variable::MultipartInvalidPart),
    ("MULTIPART_INVALID_QUOTING", Variable::MultipartInvalidQuoting),
    ("MULTIPART_LF_LINE", Variable::MultipartLfLine),
    ("MULTIPART_MISSING_SEMICOLON", Variable::MultipartMissingSemicolon),
    ("MULTIPART_STRICT_ERROR", Variable::MultipartStrictError),
    ("MULTIPART_UNMATCHED_BOUNDARY", Variable::MultipartUnmatchedBoundary),
    ("QUERY_STRING", Variable::QueryString),
    ("REMOTE_ADDR", Variable::RemoteAddr),
    ("REMOTE_HOST", Variable::RemoteHost),
    ("REMOTE_PORT", Variable::RemotePort),
    ("REQBODY_ERROR", Variable::ReqbodyError),
    ("REQBODY_ERROR_MSG", Variable::ReqbodyErrorMsg),
    ("REQBODY_PROCESSOR", Variable::ReqbodyProcessor),
    ("REQBODY_PROCESSOR_ERROR", Variable::ReqbodyProcessorError),
    ("REQBODY_PROCESSOR_ERROR_MSG", Variable::ReqbodyProcessorErrorMsg),
    ("INBOUND_DATA_ERROR", Variable::InboundDataError),
    ("REQUEST_BASENAME", Variable::RequestBasename),
    ("REQUEST_BODY", Variable::RequestBody),
    ("REQUEST_BODY_LENGTH", Variable::RequestBodyLength),
    ("REQUEST_FILENAME", Variable::RequestFilename),
    ("REQUEST_LINE", Variable::RequestLine),
    ("REQUEST_METHOD", Variable::RequestMethod),
    ("REQUEST_PROTOCOL", Variable::RequestProtocol),
    ("REQUEST_URI", Variable::RequestUri),
    ("REQUEST_URI_RAW", Variable::RequestUriRaw),
    ("RESPONSE_BODY", Variable::ResponseBody),
    ("RESPONSE_CONTENT_LENGTH", Variable::ResponseContentLength),
    ("RESPONSE_CONTENT_TYPE", Variable::ResponseContentType),
    ("RESPONSE_PROTOCOL", Variable::ResponseProtocol),
    ("RESPONSE_STATUS", Variable::ResponseStatus),
    ("SERVER_NAME", Variable::ServerName),
    ("UNIQUE_ID", Variable::UniqueId),
    ("URLENCODED_ERROR", Variable::UrlencodedError),
    ("AUTH_TYPE", Variable::AuthType),
    ("FULL_REQUEST", Variable::FullRequest),
    ("FULL_REQUEST_LENGTH", Variable::FullRequestLength),
    ("HIGHEST_SEVERITY", Variable::HighestSeverity),
    ("OUTBOUND_DATA_ERROR", Variable::OutboundDataError),
    ("REMOTE_USER", Variable::RemoteUser),
    ("SERVER_ADDR", Variable::ServerAddr),
    ("SERVER_PORT", Variable::ServerPort),
    ("TIME", Variable::Time),
    ("TIME_DAY", Variable::TimeDay),
    ("TIME_EPOCH", Variable::TimeEpoch),
    ("TIME_HOUR", Variable::TimeHour),
    ("TIME_MIN", Variable::TimeMin),
    ("TIME_MON", Variable::TimeMon),
    ("TIME_SEC", Variable::TimeSec),
    ("TIME_WDAY", Variable::TimeWday),
    ("TIME_YEAR", Variable::TimeYear),
    ("USERAGENT_IP", Variable::UseragentIp),
];

impl Variable {
    /// How many there are.
    pub(crate) const COUNT: usize = NAMES.len();

    /// Finds a variable by its name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, variable)| *variable)
    }

    /// The variable's name as rules write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::XmlAttributes => "XML",
            _ => NAMES.get(self as usize).map_or("", |(name, _)| name),
        }
    }

    /// Whether its values have keys.
    #[must_use]
    pub fn is_collection(self) -> bool {
        (self as usize) < Self::ArgsCombinedSize as usize
    }

    /// What rules keep: it changes while they run.
    pub(crate) fn is_store(self) -> bool {
        matches!(self, Self::Tx | Self::Env | Self::Ip | Self::Global | Self::Session | Self::User | Self::Resource)
    }

    /// Whether its values stay as they are while a phase runs, so that a look at them need not be repeated.
    pub(crate) fn is_steady(self) -> bool {
        !self.is_store()
            && !matches!(
                self,
                Self::MatchedVar
                    | Self::MatchedVarName
                    | Self::MatchedVars
                    | Self::MatchedVarsNames
                    | Self::Rule
                    | Self::ReqbodyProcessor
                    | Self::HighestSeverity
            )
    }

    /// Whether it is of the request or the response, and not of the rules' own doings.
    pub(crate) fn is_of_request(self) -> bool {
        let of_match =
            matches!(self, Self::MatchedVar | Self::MatchedVarName | Self::MatchedVars | Self::MatchedVarsNames);
        !self.is_store() && !of_match && !matches!(self, Self::Rule | Self::HighestSeverity)
    }

    /// Whether the request's head settles its values for good.
    pub(crate) fn is_of_head(self) -> bool {
        matches!(
            self,
            Self::ArgsGet
                | Self::ArgsGetNames
                | Self::QueryString
                | Self::RemoteAddr
                | Self::RequestBasename
                | Self::RequestCookies
                | Self::RequestCookiesNames
                | Self::RequestFilename
                | Self::RequestHeaders
                | Self::RequestHeadersNames
                | Self::RequestLine
                | Self::RequestMethod
                | Self::RequestProtocol
                | Self::RequestUri
                | Self::RequestUriRaw
        )
    }

    /// The variable that is meant by a name and what stands behind the colon, and the key that remains.
    ///
    /// XML is looked at by two paths only; a variable of one value takes no key.
    pub(crate) fn with_key(self, key: Option<&str>) -> Option<(Self, Option<&str>)> {
        match (self, key) {
            (Self::Xml, Some("/*")) => Some((Self::Xml, None)),
            (Self::Xml, Some("//@*")) => Some((Self::XmlAttributes, None)),
            (Self::Xml, _) => None,
            (_, Some(_)) if !self.is_collection() => None,
            (_, key) => Some((self, key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_found_by_its_own_name() {
        for (index, (name, variable)) in NAMES.iter().enumerate() {
            assert_eq!(Variable::parse(&name.to_lowercase()), Some(*variable));
            assert_eq!(*variable as usize, index, "{name} stands at its own place");
        }
        assert_eq!(NAMES.iter().filter(|(_, variable)| variable.is_collection()).count(), 31);
    }
}
