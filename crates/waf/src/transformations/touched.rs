//! Which values a transformation can change at all, told from the bytes they hold.
//!
//! Most values are words and numbers that nothing changes: one look at the bytes of a value spares the walks of whole
//! lists of transformations.

use super::Transformation;
use crate::byte_set::ByteSet;

impl Transformation {
    /// Bytes of which a value holds at least one if this changes it; `None`: it may change any value, an empty one too.
    pub(crate) fn touched(self) -> Option<&'static ByteSet> {
        use Transformation as T;
        Some(match self {
            T::None => &ByteSet::EMPTY,
            T::UrlDecode | T::UrlDecodeUni => const { &ByteSet::listed(b"%+") },
            T::HtmlEntityDecode => const { &ByteSet::listed(b"&") },
            T::JsDecode | T::CssDecode | T::EscapeSeqDecode => const { &ByteSet::listed(b"\\") },
            T::RemoveNulls | T::ReplaceNulls => const { &ByteSet::listed(b"\0") },
            T::ReplaceComments => const { &ByteSet::listed(b"/") },
            T::RemoveComments => const { &ByteSet::listed(b"/<-#") },
            T::RemoveCommentsChar => const { &ByteSet::listed(b"*-#") },
            T::NormalisePath => const { &ByteSet::listed(b"/.") },
            T::NormalisePathWin => const { &ByteSet::listed(b"/.\\") },
            T::SqlHexDecode => const { &ByteSet::listed(b"0") },
            T::Trim | T::TrimLeft | T::TrimRight => const { &ByteSet::listed(b" \t\n\r\x0B\x0C") },
            T::CompressWhitespace | T::RemoveWhitespace => const { &ByteSet::listed(b" \t\n\r\x0B\x0C\xA0") },
            T::Utf8ToUnicode => &ByteSet::BEYOND_ASCII,
            T::Lowercase => const { &ByteSet::listed(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ") },
            T::Uppercase => const { &ByteSet::listed(b"abcdefghijklmnopqrstuvwxyz") },
            T::CmdLine => const { &ByteSet::listed(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\\\"'^ ,;\t\r\n") },
            _ => return None,
        })
    }
}
