//! The functions that are known, and the names of those that are not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{LONGEST, Trouble};
use crate::form;

/// What an action has for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl Value {
    /// As it is written out.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// Words and functions of the language and its library that are templates for the runner and are not known here: what
/// depends on data, on the machine or on chance, and control.
const UNKNOWN: &[&str] = &[
    "and",
    "break",
    "call",
    "continue",
    "define",
    "else",
    "end",
    "eq",
    "false",
    "ge",
    "gt",
    "html",
    "if",
    "index",
    "js",
    "le",
    "lt",
    "ne",
    "nil",
    "not",
    "or",
    "range",
    "slice",
    "template",
    "block",
    "true",
    "with",
    "abbrev",
    "adler32sum",
    "append",
    "atoi",
    "base",
    "buildCustomCert",
    "camelcase",
    "ceil",
    "chunk",
    "clean",
    "coalesce",
    "compact",
    "concat",
    "contains",
    "date",
    "decryptAES",
    "default",
    "derivePassword",
    "dict",
    "dir",
    "div",
    "encryptAES",
    "env",
    "expandenv",
    "ext",
    "fail",
    "first",
    "float64",
    "floor",
    "fromJson",
    "genCA",
    "genPrivateKey",
    "genSelfSignedCert",
    "get",
    "has",
    "hasKey",
    "hasPrefix",
    "hasSuffix",
    "htpasswd",
    "indent",
    "initial",
    "initials",
    "int",
    "int64",
    "isAbs",
    "join",
    "kebabcase",
    "keys",
    "last",
    "list",
    "max",
    "merge",
    "min",
    "mod",
    "nindent",
    "now",
    "omit",
    "pick",
    "pluck",
    "plural",
    "prepend",
    "randBytes",
    "randInt",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "regexReplaceAll",
    "regexSplit",
    "rest",
    "reverse",
    "round",
    "semver",
    "seq",
    "set",
    "sha1sum",
    "sha256sum",
    "shuffle",
    "snakecase",
    "sortAlpha",
    "split",
    "splitList",
    "splitn",
    "swapcase",
    "ternary",
    "title",
    "toDate",
    "toJson",
    "toPrettyJson",
    "toStrings",
    "tuple",
    "typeOf",
    "uniq",
    "unset",
    "until",
    "untilStep",
    "untitle",
    "urlJoin",
    "urlParse",
    "uuidv4",
    "values",
    "without",
    "wrap",
    "wrapWith",
];

/// Calls a function. What comes through a bar is the last argument.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, Trouble> {
    use Value::{Number, Text};
    let text = |text: String| Ok(Text(text));
    match (name, arguments) {
        ("repeat", [Number(count), Text(what)]) => repeated(what, *count),
        ("upper", [Text(what)]) => text(what.to_uppercase()),
        ("lower", [Text(what)]) => text(what.to_lowercase()),
        ("trim", [Text(what)]) => text(what.trim().to_owned()),
        ("trimAll", [Text(set), Text(what)]) => text(what.trim_matches(|c| set.contains(c)).to_owned()),
        ("trimPrefix", [Text(end), Text(what)]) => text(what.strip_prefix(end.as_str()).unwrap_or(what).to_owned()),
        ("trimSuffix", [Text(end), Text(what)]) => text(what.strip_suffix(end.as_str()).unwrap_or(what).to_owned()),
        ("nospace", [Text(what)]) => text(what.split_whitespace().collect()),
        ("replace", [Text(old), Text(new), Text(what)]) => text(what.replace(old.as_str(), new)),
        ("trunc", [Number(length), Text(what)]) if *length >= 0 => {
            let length = usize::try_from(*length).unwrap_or(usize::MAX).min(what.len());
            what.get(..length).map(|part| Text(part.to_owned())).ok_or_else(|| not_understood(name))
        }
        ("quote", [Text(what)]) if !what.contains(['"', '\\', '\n']) => text(format!("\"{what}\"")),
        ("squote", [Text(what)]) => text(format!("'{what}'")),
        ("cat", all) => text(all.iter().map(Value::text).collect::<Vec<_>>().join(" ")),
        ("toString", [what]) => text(what.text()),
        ("print", [what]) => text(what.text()),
        ("println", all) => text(all.iter().map(Value::text).collect::<Vec<_>>().join(" ") + "\n"),
        ("printf", [Text(format), values @ ..]) => formatted(format, values),
        ("b64enc", [Text(what)]) => text(STANDARD.encode(what)),
        ("b64dec", [Text(what)]) => decoded(what),
        ("urlquery", [what]) => {
            let mut escaped = Vec::new();
            form::escape(what.text().as_bytes(), &mut escaped);
            text(String::from_utf8_lossy(&escaped).into_owned())
        }
        ("len", [Text(what)]) => Ok(Number(i64::try_from(what.len()).unwrap_or(i64::MAX))),
        ("add", all) => folded(name, all, 0, i64::checked_add),
        ("mul", all) => folded(name, all, 1, i64::checked_mul),
        ("sub", [Number(one), Number(other)]) => {
            one.checked_sub(*other).map(Number).ok_or_else(|| not_understood(name))
        }
        ("randAlphaNum", [Number(count)]) => any_of("0123456789abcdefghijklmnopqrstuvwxyz", *count),
        ("randAlpha", [Number(count)]) => any_of("abcdefghijklmnopqrstuvwxyz", *count),
        ("randNumeric", [Number(count)]) => any_of("0123456789", *count),
        ("randAscii", [Number(count)]) => any_of("!#0123456789aZ~", *count),
        _ if KNOWN.contains(&name) || UNKNOWN.contains(&name) => Err(not_understood(name)),
        _ => Err(Trouble::NoTemplate),
    }
}

/// Functions that are known, for calls with arguments that are not.
const KNOWN: &[&str] = &[
    "repeat",
    "upper",
    "lower",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "nospace",
    "replace",
    "trunc",
    "quote",
    "squote",
    "toString",
    "print",
    "printf",
    "b64enc",
    "b64dec",
    "urlquery",
    "len",
    "sub",
    "randAlphaNum",
    "randAlpha",
    "randNumeric",
    "randAscii",
    "substr",
    "b32enc",
    "b32dec",
];

fn not_understood(name: &str) -> Trouble {
    Trouble::NotUnderstood(format!("{name} with these arguments"))
}

fn repeated(what: &str, count: i64) -> Result<Value, Trouble> {
    let count = usize::try_from(count).map_err(|_| not_understood("repeat"))?;
    match what.len().checked_mul(count) {
        Some(length) if length <= LONGEST => Ok(Value::Text(what.repeat(count))),
        _ => Err(Trouble::NotUnderstood(format!("repeat: more than {LONGEST} bytes"))),
    }
}

/// Functions that give random characters give the same ones each time: a test may not hang on chance.
fn any_of(characters: &str, count: i64) -> Result<Value, Trouble> {
    let count = usize::try_from(count).ok().filter(|count| *count <= LONGEST);
    let count = count.ok_or_else(|| not_understood("random characters"))?;
    Ok(Value::Text(characters.chars().cycle().take(count).collect()))
}

fn folded(name: &str, values: &[Value], start: i64, with: fn(i64, i64) -> Option<i64>) -> Result<Value, Trouble> {
    let one = |sum: i64, value: &Value| match value {
        Value::Number(number) => with(sum, *number),
        Value::Text(_) => None,
    };
    values.iter().try_fold(start, one).map(Value::Number).ok_or_else(|| not_understood(name))
}

fn decoded(what: &str) -> Result<Value, Trouble> {
    let bytes = STANDARD.decode(what).map_err(|_| not_understood("b64dec"))?;
    String::from_utf8(bytes).map(Value::Text).map_err(|_| not_understood("b64dec"))
}

/// `%s`, `%v`, `%d`, `%c`, `%x`, `%X` and `%%`.
fn formatted(format: &str, mut values: &[Value]) -> Result<Value, Trouble> {
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let verb = characters.next();
        if verb == Some('%') {
            out.push('%');
            continue;
        }
        let (value, rest) = values.split_first().ok_or_else(|| not_understood("printf"))?;
        values = rest;
        match (verb, value) {
            (Some('s' | 'v'), Value::Text(text)) => out.push_str(text),
            (Some('d' | 'v'), Value::Number(number)) => out.push_str(&number.to_string()),
            (Some('c'), Value::Number(number)) => {
                let character = u32::try_from(*number).ok().and_then(char::from_u32);
                out.push(character.ok_or_else(|| not_understood("printf"))?);
            }
            (Some('x'), Value::Number(number)) if *number >= 0 => out.push_str(&format!("{number:x}")),
            (Some('X'), Value::Number(number)) if *number >= 0 => out.push_str(&format!("{number:X}")),
            _ => return Err(not_understood("printf")),
        }
    }
    if values.is_empty() { Ok(Value::Text(out)) } else { Err(not_understood("printf")) }
}
