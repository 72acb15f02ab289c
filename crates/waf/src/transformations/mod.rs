//! How a value is changed before an operator looks at it.
//!
//! One file for each transformation; [`Transformation`] names them. Each takes bytes and gives bytes, looks at every
//! byte a bounded number of times, and hands back what it was given where nothing changes.

use std::borrow::Cow;

mod backslash;
mod base64;
mod base64_decode;
mod base64_decode_ext;
mod base64_encode;
mod cmd_line;
mod code_page;
mod compress_whitespace;
mod css_decode;
mod escape_seq_decode;
mod hex;
mod hex_decode;
mod hex_encode;
mod html_entity_decode;
mod js_decode;
mod length;
mod lowercase;
mod md5;
mod normalise_path;
mod normalise_path_win;
mod parity_even_7bit;
mod parity_odd_7bit;
mod parity_zero_7bit;
mod remove_comments;
mod remove_comments_char;
mod remove_nulls;
mod remove_whitespace;
mod replace_comments;
mod replace_nulls;
mod sha1;
mod sql_hex_decode;
mod touched;
mod trim;
mod trim_left;
mod trim_right;
mod uppercase;
mod url_decode;
mod url_decode_uni;
mod url_encode;
mod utf8_to_unicode;

#[cfg(test)]
mod tests;

/// Declares the transformations: variant, name in rules, module.
macro_rules! transformations {
    ($($variant:ident $name:literal $module:ident)*) => {
        /// A transformation a rule can name with `t:`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Transformation {
            /// `t:none`: forgets the transformations named before it. The list that holds it acts on that; applied
            /// to a value it changes nothing.
            None,
            $(
                #[doc = concat!("`t:", $name, "`")]
                $variant,
            )*
        }

        /// Every transformation but `none`, with the name that rules write.
        const ALL: &[(Transformation, &str)] = &[$((Transformation::$variant, $name)),*];

        impl Transformation {
            /// The changed value, or nothing where it stays as it is.
            fn changed(self, input: &[u8]) -> Option<Vec<u8>> {
                match self {
                    Self::None => None,
                    $(Self::$variant => $module::apply(input),)*
                }
            }
        }
    };
}

transformations! {
    Base64Decode "base64Decode" base64_decode
    Base64DecodeExt "base64DecodeExt" base64_decode_ext
    Base64Encode "base64Encode" base64_encode
    CmdLine "cmdLine" cmd_line
    CompressWhitespace "compressWhitespace" compress_whitespace
    CssDecode "cssDecode" css_decode
    EscapeSeqDecode "escapeSeqDecode" escape_seq_decode
    HexDecode "hexDecode" hex_decode
    HexEncode "hexEncode" hex_encode
    HtmlEntityDecode "htmlEntityDecode" html_entity_decode
    JsDecode "jsDecode" js_decode
    Length "length" length
    Lowercase "lowercase" lowercase
    Md5 "md5" md5
    NormalisePath "normalisePath" normalise_path
    NormalisePathWin "normalisePathWin" normalise_path_win
    ParityEven7bit "parityEven7bit" parity_even_7bit
    ParityOdd7bit "parityOdd7bit" parity_odd_7bit
    ParityZero7bit "parityZero7bit" parity_zero_7bit
    RemoveComments "removeComments" remove_comments
    RemoveCommentsChar "removeCommentsChar" remove_comments_char
    RemoveNulls "removeNulls" remove_nulls
    RemoveWhitespace "removeWhitespace" remove_whitespace
    ReplaceComments "replaceComments" replace_comments
    ReplaceNulls "replaceNulls" replace_nulls
    Sha1 "sha1" sha1
    SqlHexDecode "sqlHexDecode" sql_hex_decode
    Trim "trim" trim
    TrimLeft "trimLeft" trim_left
    TrimRight "trimRight" trim_right
    Uppercase "uppercase" uppercase
    UrlDecode "urlDecode" url_decode
    UrlDecodeUni "urlDecodeUni" url_decode_uni
    UrlEncode "urlEncode" url_encode
    Utf8ToUnicode "utf8toUnicode" utf8_to_unicode
}

/// Second spellings of names.
const ALIASES: &[(Transformation, &str)] = &[
    (Transformation::None, "none"),
    (Transformation::NormalisePath, "normalizePath"),
    (Transformation::NormalisePathWin, "normalizePathWin"),
];

impl Transformation {
    /// The transformation a rule names, without `t:`; case does not matter. `None`: there is no such one.
    pub fn parse(name: &str) -> Option<Self> {
        let known = |(_, known): &&(Self, &str)| known.eq_ignore_ascii_case(name);
        ALL.iter().find(known).or_else(|| ALIASES.iter().find(known)).map(|(transformation, _)| *transformation)
    }

    /// The name as rules write it.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(known, _)| *known == self).map_or("none", |(_, name)| *name)
    }

    /// Applies the transformation. What does not change comes back as it was, borrowed where it was borrowed.
    pub fn apply<'a>(self, input: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        match self.changed(&input) {
            Some(changed) => Cow::Owned(changed),
            None => input,
        }
    }
}

/// White space as C's `isspace` has it in the C locale.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// White space and the no-break space of Latin-1.
fn is_wide_space(byte: u8) -> bool {
    is_space(byte) || byte == 0xA0
}

fn trim_start(input: &[u8]) -> &[u8] {
    let blanks = input.iter().take_while(|byte| is_space(**byte)).count();
    &input[blanks..]
}

fn trim_end(input: &[u8]) -> &[u8] {
    let blanks = input.iter().rev().take_while(|byte| is_space(**byte)).count();
    &input[..input.len() - blanks]
}

/// The value without the bytes that satisfy a test.
fn without(input: &[u8], test: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    let first = input.iter().position(|byte| test(*byte))?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    out.extend(input[first..].iter().copied().filter(|byte| !test(*byte)));
    Some(out)
}

/// The value with every byte replaced.
fn each(input: &[u8], replace: impl Fn(u8) -> u8) -> Option<Vec<u8>> {
    input.iter().any(|byte| replace(*byte) != *byte).then(|| input.iter().map(|byte| replace(*byte)).collect())
}
