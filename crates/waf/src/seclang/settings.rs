//! Directives that set how the engine works.

use super::directive::one;
use super::fault::Faults;
use super::lexer::Word;

/// Whether rules run, and whether what they decide is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EngineMode {
    /// Rules run and may stop a request.
    #[default]
    On,
    /// Rules run and tell, but stop nothing.
    DetectionOnly,
    /// No rule runs.
    Off,
}

impl EngineMode {
    /// Reads `On`, `Off` or `DetectionOnly`, in any case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "on" => Some(Self::On),
            "off" => Some(Self::Off),
            "detectiononly" => Some(Self::DetectionOnly),
            _ => None,
        }
    }
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Engine(EngineMode),
    RequestBodyAccess(bool),
    ResponseBodyAccess(bool),
    /// Bytes of a request's body that are looked at.
    RequestBodyLimit(usize),
    /// Bytes of a response's body that are looked at.
    ResponseBodyLimit(usize),
    /// Content types of which the response body is looked at.
    ResponseBodyTypes(Vec<String>),
    ArgumentSeparator(u8),
    ArgumentsLimit(usize),
    JsonDepthLimit(usize),
    /// Asks for what the engine does anyway.
    AsBuilt,
    /// Has no effect here, for this reason.
    WithoutEffect(&'static str),
}

/// Reads a setting; a directive the engine does not know is a fault.
pub(super) fn parse(lower: &str, name: &Word<'_>, arguments: &[Word<'_>], faults: &mut Faults) -> Option<Setting> {
    if lower == "secresponsebodymimetype" {
        return Some(Setting::ResponseBodyTypes(arguments.iter().map(|word| word.text.to_ascii_lowercase()).collect()));
    }
    if lower == "secresponsebodymimetypesclear" {
        return Some(Setting::ResponseBodyTypes(Vec::new()));
    }
    if let Some((_, why)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&lower)) {
        return Some(Setting::WithoutEffect(why));
    }
    let Some(wanted) = wanted(lower) else {
        faults.add(name.place(0), format!("directive \"{}\"", name.text), "it is not one the engine knows");
        return None;
    };
    let word = if lower == "secunicodemapfile" { arguments.last()? } else { one(name, arguments, faults)? };
    let found = value(lower, &word.unquoted());
    if found.is_none() {
        faults.add(word.place(0), format!("\"{}\" after {}", word.text, name.text), wanted);
    }
    found
}

/// Directives that configuration files of other engines hold, and why they mean nothing here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &[
            "secauditengine",
            "secauditlog",
            "secauditlog2",
            "secauditlogdirmode",
            "secauditlogfilemode",
            "secauditlogformat",
            "secauditlogparts",
            "secauditlogrelevantstatus",
            "secauditlogstoragedir",
            "secauditlogtype",
            "secdebuglog",
            "secdebugloglevel",
            "secguardianlog",
            "secsensorid",
        ],
        "the gateway writes one log, and the firewall's findings go there",
    ),
    (
        &[
            "secdatadir",
            "sectmpdir",
            "sectmpsaveuploadedfiles",
            "secuploaddir",
            "secuploadfilemode",
            "secuploadkeepfiles",
        ],
        "the engine keeps nothing on disk",
    ),
    (&["secuploadfilelimit"], "a multipart body of more than 200 parts is an error of its form"),
    (
        &["secpcrematchlimit", "secpcrematchlimitrecursion"],
        "patterns take linear time, and the work for one request has a budget",
    ),
    (
        &["secrequestbodyinmemorylimit", "secrequestbodynofileslimit"],
        "how large bodies may be is the gateway's business",
    ),
    (&["secgeolookupdb", "secgsblookupdb", "sechttpblkey"], "operators that need it never match"),
    (
        &[
            "seccachetransformations",
            "secconnengine",
            "secconnreadstatelimit",
            "secconnwritestatelimit",
            "secdisablebackendcompression",
            "secinterceptonerror",
            "secreadstatelimit",
            "secruleperftime",
            "secserversignature",
            "secstatusengine",
            "secwritestatelimit",
        ],
        "it concerns the server the other engine runs in",
    ),
];

/// What a setting takes; none for a name that is no setting.
fn wanted(lower: &str) -> Option<&'static str> {
    Some(match lower {
        "secruleengine" => "On, Off or DetectionOnly",
        "secrequestbodyaccess" | "secresponsebodyaccess" => "On or Off",
        "secrequestbodylimit" | "secresponsebodylimit" => "a number of bytes",
        "secrequestbodylimitaction" | "secresponsebodylimitaction" => {
            "ProcessPartial: what exceeds the limit is not looked at; refusing bodies is the gateway's business"
        }
        "secargumentseparator" => "one ASCII character",
        "secargumentslimit" | "secrequestbodyjsondepthlimit" => "a number",
        "seccookieformat" => "0: cookies of version 1 are not used by any browser",
        "secunicodemapfile" => "20127: the map of that code page is built in",
        "seccollectiontimeout" => "a number of seconds",
        "seccontentinjection" | "sechashengine" | "secstreaminbodyinspection" | "secstreamoutbodyinspection" => {
            "Off: the engine looks at messages and does not change them"
        }
        "secxmlexternalentity" => "Off: no entity is fetched or resolved",
        _ => return None,
    })
}

fn value(lower: &str, text: &str) -> Option<Setting> {
    Some(match lower {
        "secruleengine" => Setting::Engine(EngineMode::parse(text)?),
        "secrequestbodyaccess" => Setting::RequestBodyAccess(switch(text)?),
        "secresponsebodyaccess" => Setting::ResponseBodyAccess(switch(text)?),
        "secrequestbodylimit" => Setting::RequestBodyLimit(text.parse().ok()?),
        "secresponsebodylimit" => Setting::ResponseBodyLimit(text.parse().ok()?),
        "secargumentseparator" => match text.as_bytes() {
            [byte] if byte.is_ascii() => Setting::ArgumentSeparator(*byte),
            _ => return None,
        },
        "secargumentslimit" => Setting::ArgumentsLimit(text.parse().ok()?),
        "secrequestbodyjsondepthlimit" => Setting::JsonDepthLimit(text.parse().ok()?),
        "secrequestbodylimitaction" | "secresponsebodylimitaction" => {
            text.eq_ignore_ascii_case("ProcessPartial").then_some(Setting::AsBuilt)?
        }
        "seccookieformat" => (text == "0").then_some(Setting::AsBuilt)?,
        "seccontentinjection"
        | "sechashengine"
        | "secstreaminbodyinspection"
        | "secstreamoutbodyinspection"
        | "secxmlexternalentity" => text.eq_ignore_ascii_case("Off").then_some(Setting::AsBuilt)?,
        "secunicodemapfile" => (text == "20127").then_some(Setting::AsBuilt)?,
        // Persistent collections live as long as the request here, which is shorter than any time-out.
        "seccollectiontimeout" => text.parse::<u32>().ok().map(|_| Setting::AsBuilt)?,
        _ => return None,
    })
}

/// `On` or `Off`.
pub(crate) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}
