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
}

/// Reads a setting; a directive the engine does not know is a fault.
pub(super) fn parse(lower: &str, name: &Word<'_>, arguments: &[Word<'_>], faults: &mut Faults) -> Option<Setting> {
    if lower == "secresponsebodymimetype" {
        return Some(Setting::ResponseBodyTypes(arguments.iter().map(|word| word.text.to_ascii_lowercase()).collect()));
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
