//! Values with `{...}` tokens: parsed once, filled for each request.
//!
//! Source: rewrite-http-headers-url, "Rewrite configuration". Parity: there is no way to write a brace that begins a
//! token but is none; a brace that begins no known token is itself.

use crate::variable::Source;
use crate::{Condition, Phase, Server, UnknownVariable, Variable};

/// What begins a token that is a variable.
const PREFIXES: [&str; 3] = ["http_req_", "http_resp_", "var_"];
/// The match of a header value matcher; `_<group>` behind it is one of its groups.
const MATCHER: &str = "capt_header_value_matcher";
/// Request headers of the gateway's own making, which no rewrite sees.
const NOT_AVAILABLE: [&str; 1] = ["x-appgw-trace-id"];

/// A value: text, variables, captures.
#[derive(Clone, Debug, Default)]
pub struct Template {
    text: Box<str>,
    pub(crate) pieces: Vec<Piece>,
    notes: Vec<Note>,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Itself.
    Text(Box<[u8]>),
    /// What a variable holds.
    Variable(Source, Phase),
    /// A group of the condition at this place in its rule.
    Capture { condition: usize, group: usize, phase: Phase },
    /// A group of the header value matcher; 0 is all that matched.
    Matched(usize),
}

/// A token that is allowed but will always be empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Its variable is in a condition of the rule, whose pattern does not have that many groups.
    #[error("the token {{{token}}} is empty: the pattern of its condition has {groups} groups")]
    NoSuchGroup {
        /// The token without braces.
        token: String,
        /// How many groups there are.
        groups: usize,
    },
    /// It is a capture, and no condition of its rule that can capture is on that variable in that spelling.
    #[error("the token {{{token}}} is empty: no condition of this rule captures from {variable:?}, spelled like that")]
    NoCondition {
        /// The token without braces.
        token: String,
        /// The variable without the group.
        variable: String,
    },
    /// The gateway makes this header itself, after all rewrites.
    #[error("the token {{{token}}} is empty: the gateway adds this header after the rewrites")]
    NotAvailable {
        /// The token without braces.
        token: String,
    },
}

impl Template {
    /// Parses a value of a rule with these conditions.
    pub fn parse(text: &str, conditions: &[Condition]) -> Result<Self, UnknownVariable> {
        let mut template = Self { text: text.into(), ..Self::default() };
        let (mut literal, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            match after.split_once('}').filter(|(token, _)| is_token(token)) {
                Some((token, tail)) => {
                    template.push_text(&mut literal);
                    let piece = template.token(token, conditions)?;
                    template.pieces.extend(piece);
                    rest = tail;
                }
                // A brace of its own: what looks like its token may hold the beginning of another.
                None => {
                    literal.push('{');
                    rest = after;
                }
            }
        }
        literal.push_str(rest);
        template.push_text(&mut literal);
        Ok(template)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When all of it is known.
    pub fn phase(&self) -> Phase {
        self.pieces.iter().filter_map(Piece::phase).max().unwrap_or(Phase::Request)
    }

    /// Tokens that will always be empty.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The highest group of the header value matcher it speaks of; 0 for the whole match.
    pub fn matcher_group(&self) -> Option<usize> {
        let group = |piece: &Piece| if let Piece::Matched(group) = piece { Some(*group) } else { None };
        self.pieces.iter().filter_map(group).max()
    }

    fn push_text(&mut self, literal: &mut String) {
        if !literal.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(literal).into_bytes().into()));
        }
    }

    /// What a token stands for; `None` for nothing at all, with a note.
    fn token(&mut self, token: &str, conditions: &[Condition]) -> Result<Option<Piece>, UnknownVariable> {
        if let Some(group) = matcher_group(token) {
            return Ok(Some(Piece::Matched(group)));
        }
        if let Some((name, group)) = split_group(token) {
            // The capture is meant where the rule has a condition to capture from: a cookie may be called `x_1`.
            let on_it = |condition: &&Condition| condition.variable.as_str() == name && !condition.negate;
            if conditions.iter().any(|condition| on_it(&condition)) {
                return Ok(self.capture(token, name, group, conditions));
            }
            if is_only_a_capture(name, token) {
                self.notes.push(Note::NoCondition { token: token.to_owned(), variable: name.to_owned() });
                return Ok(None);
            }
        }
        let variable = Variable::parse(token)?;
        if variable.request_header().is_some_and(|name| NOT_AVAILABLE.contains(&name)) {
            self.notes.push(Note::NotAvailable { token: token.to_owned() });
            return Ok(None);
        }
        let phase = variable.phase();
        Ok(Some(Piece::Variable(variable.source, phase)))
    }

    fn capture(&mut self, token: &str, name: &str, group: usize, conditions: &[Condition]) -> Option<Piece> {
        let candidates =
            conditions.iter().enumerate().filter(|(_, other)| other.variable.as_str() == name && !other.negate);
        let most = candidates.clone().map(|(_, other)| other.pattern.groups()).max().unwrap_or_default();
        let Some((condition, found)) =
            candidates.rev().find(|(_, other)| (1..=other.pattern.groups()).contains(&group))
        else {
            self.notes.push(Note::NoSuchGroup { token: token.to_owned(), groups: most });
            return None;
        };
        Some(Piece::Capture { condition, group, phase: found.phase() })
    }
}

impl Piece {
    /// When it is known; `None` for text, which always is.
    pub(crate) fn phase(&self) -> Option<Phase> {
        match self {
            Self::Text(_) => None,
            Self::Variable(_, phase) | Self::Capture { phase, .. } => Some(*phase),
            Self::Matched(_) => Some(Phase::Response),
        }
    }
}

fn is_token(token: &str) -> bool {
    !token.contains('{') && (PREFIXES.iter().any(|kind| token.starts_with(kind)) || matcher_group(token).is_some())
}

fn matcher_group(token: &str) -> Option<usize> {
    match token.strip_prefix(MATCHER)? {
        "" => Some(0),
        rest => digits(rest.strip_prefix('_')?),
    }
}

/// `http_resp_Location_2` is the second group of `http_resp_Location`.
fn split_group(token: &str) -> Option<(&str, usize)> {
    let (name, group) = token.rsplit_once('_')?;
    Some((name, digits(group)?))
}

/// A number of digits alone; one too large for anything is too large for any pattern, too.
fn digits(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}

/// Whether `token` is no variable itself, but `name` is: then it cannot be meant as anything but a capture.
fn is_only_a_capture(name: &str, token: &str) -> bool {
    let is_server = |text: &str| {
        let name = text.strip_prefix("var_").unwrap_or_default();
        Server::ALL.iter().any(|variable| variable.name() == name)
    };
    is_server(name) && !is_server(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pattern;

    fn conditions() -> Vec<Condition> {
        let rows = [
            ("http_req_X-A", "(a)(b)", false),
            ("http_resp_Location", "(.*)", false),
            ("var_cookie_x", "(.)", false),
            ("var_uri_path", "(.)", true),
        ];
        let condition = |(variable, pattern, negate)| Condition {
            variable: Variable::parse(variable).unwrap(),
            pattern: Pattern::new(pattern, false).unwrap(),
            negate,
        };
        rows.into_iter().map(condition).collect()
    }

    #[test]
    fn tokens_are_variables_or_groups_and_the_rest_is_text() {
        use Phase::{Request, Response};
        let rows = [
            ("plain", Some(Request)),
            ("", Some(Request)),
            ("{var_client_ip}", Some(Request)),
            ("a{http_resp_Location_1}b{http_resp_Location_2}", Some(Response)),
            ("{http_req_X-A_1}", Some(Request)),
            ("{var_uri_path_1}", Some(Request)),
            ("{http_req_host}", Some(Request)),
            ("{var_http_status}", Some(Response)),
            ("cookie2={capt_header_value_matcher_1};Max-Age=3600", Some(Response)),
            ("{capt_header_value_matcher_x}", Some(Request)),
            ("{\"json\": {\"a\": 1}}", Some(Request)),
            ("{{var_host}", Some(Request)),
            ("{not_a_token", Some(Request)),
            ("{var_host {var_client_ip}", Some(Request)),
            ("{var_nothing}", None),
            ("{var_nothing_1}", None),
            ("{{var_nothing}", None),
            ("{http_req_}", None),
            ("{http_req_a b}", None),
            ("{var_}", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Template::parse(text, &conditions()).map(|it| it.phase()).ok(), expected, "{text}");
        }
    }

    #[test]
    fn tokens_that_are_always_empty_are_noted() {
        let rows = [
            ("{http_req_X-A_1}{http_req_X-A_2}{var_cookie_x_1}{http_resp_Location_1}", None),
            ("{http_req_x-a_1}", None),
            ("{var_cookie_y_1}", None),
            ("{http_req_X-A_3}", Some("the pattern of its condition has 2 groups")),
            ("{http_req_X-A_0}", Some("the pattern of its condition has 2 groups")),
            ("{http_req_X-A_99999999999999999999999}", Some("the pattern of its condition has 2 groups")),
            ("{var_uri_path_1}", Some("no condition of this rule captures from \"var_uri_path\"")),
            ("{var_host_1}", Some("no condition of this rule captures from \"var_host\"")),
            ("{http_req_X-AppGW-Trace-Id}", Some("the gateway adds this header after the rewrites")),
        ];
        for (text, expected) in rows {
            let template = Template::parse(text, &conditions()).unwrap();
            let notes: Vec<_> = template.notes().iter().map(ToString::to_string).collect();
            assert_eq!(notes.len(), usize::from(expected.is_some()), "{text}");
            assert!(expected.is_none_or(|expected| notes[0].contains(expected)), "{text}: {notes:?}");
        }
    }

    #[test]
    fn the_highest_group_of_a_matcher_is_known() {
        let rows = [
            ("", None),
            ("{capt_header_value_matcher}", Some(0)),
            ("{capt_header_value_matcher_1}{capt_header_value_matcher_3}", Some(3)),
        ];
        for (text, expected) in rows {
            assert_eq!(Template::parse(text, &[]).unwrap().matcher_group(), expected, "{text}");
        }
    }
}
