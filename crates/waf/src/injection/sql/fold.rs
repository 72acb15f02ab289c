//! Folds tokens to at most five: what computes to one value becomes one token, what changes nothing goes.
//!
//! The order of the rules and the places where they begin anew are libinjection's; fingerprints are only comparable if
//! they are the same. Each round reads a token or folds one away, so a value takes rounds in proportion to its length.

use super::tables;
use super::token::{Kind, MAX_TEXT, Token};
use super::tokenizer::{Mode, Tokenizer};

/// The most tokens of a fingerprint.
pub(super) const MAX_TOKENS: usize = 5;

/// A value's tokens after folding.
pub(super) struct Folded {
    pub(super) tokens: [Token; MAX_TOKENS + 3],
    /// How many of them count; one more than the most where the last is of the evil kind.
    pub(super) count: usize,
    /// How many tokens were read.
    pub(super) read: usize,
    /// Whether there was a comment that MySQL reads differently.
    pub(super) mysql_differs: bool,
}

/// Reads and folds a value.
pub(super) fn fold(value: &[u8], mode: Mode) -> Folded {
    let mut folder = Folder {
        source: Tokenizer::new(value, mode),
        tokens: [Token::NONE; MAX_TOKENS + 3],
        end: 0,
        left: 0,
        more: true,
        last_comment: Token::NONE,
    };
    let count = folder.run();
    // A tick that opens and is all there is: a comment to PHP.
    if count > 2 {
        let last = &mut folder.tokens[count - 1];
        if last.kind == Kind::Bareword && last.open == b'`' && last.close == 0 && last.text().is_empty() {
            last.kind = Kind::Comment;
        }
    }
    Folded { tokens: folder.tokens, count, read: folder.source.count, mysql_differs: folder.source.mysql_differs }
}

struct Folder<'v> {
    source: Tokenizer<'v>,
    tokens: [Token; MAX_TOKENS + 3],
    /// Where the next token goes.
    end: usize,
    /// How many tokens at the front are done with.
    left: usize,
    more: bool,
    last_comment: Token,
}

/// What a rule did.
enum Step {
    /// It folded: begin the next round.
    Again,
    /// Nothing, or a change after which the next rules still apply.
    On,
    /// The verdict is clear; so many tokens count.
    Done(usize),
}

impl Folder<'_> {
    fn run(&mut self) -> usize {
        if !self.skip_openers() {
            return 0;
        }
        loop {
            self.fold_five();
            if !self.more || self.left >= MAX_TOKENS {
                self.left = self.end;
                break;
            }
            self.fill(2);
            if self.end - self.left < 2 {
                self.left = self.end;
                continue;
            }
            match self.fold_two() {
                Step::Again => continue,
                Step::On => {}
                Step::Done(count) => return count,
            }
            self.fill(3);
            if self.end - self.left < 3 {
                self.left = self.end;
                continue;
            }
            if matches!(self.fold_three(), Step::On) {
                self.left += 1;
            }
        }
        if self.left < MAX_TOKENS && self.last_comment.kind == Kind::Comment {
            self.tokens[self.left] = self.last_comment;
            self.left += 1;
        }
        self.left.min(MAX_TOKENS)
    }

    /// Passes over comments, parentheses, types and signs at the front. False: there is nothing else.
    fn skip_openers(&mut self) -> bool {
        while let Some(token) = self.source.next() {
            if !matches!(token.kind, Kind::Comment | Kind::LeftParenthesis | Kind::SqlType) && !token.is_unary() {
                self.tokens[0] = token;
                self.end = 1;
                return true;
            }
        }
        false
    }

    /// Reads until so many tokens are there that are not done with.
    fn fill(&mut self, wanted: usize) {
        while self.more && self.end <= MAX_TOKENS && self.end - self.left < wanted {
            match self.source.next() {
                None => self.more = false,
                Some(comment) if comment.kind == Kind::Comment => self.last_comment = comment,
                Some(token) => {
                    self.last_comment.kind = Kind::None;
                    self.tokens[self.end] = token;
                    self.end += 1;
                }
            }
        }
    }

    fn kind(&self, ahead: usize) -> Kind {
        self.tokens[self.left + ahead].kind
    }

    /// Drops tokens at the end and begins at the front again.
    fn restart(&mut self, dropped: usize) -> Step {
        self.end -= dropped;
        self.left = 0;
        Step::Again
    }

    /// Puts the token `from` places ahead in place of the one `to` places ahead.
    fn replace(&mut self, to: usize, from: usize) {
        self.tokens[self.left + to] = self.tokens[self.left + from];
    }

    /// Five tokens that are one expression make room.
    fn fold_five(&mut self) {
        use Kind::{
            Bareword as N, Comma, LeftParenthesis as Open, Number as D, Operator as O, RightParenthesis as Close,
        };
        if self.end < MAX_TOKENS {
            return;
        }
        let kinds = [0, 1, 2, 3, 4].map(|place: usize| self.tokens[place].kind);
        let foldable = matches!(
            kinds,
            [D, O | Comma, Open, D, Close]
                | [N, O, Open, N | D, Close]
                | [D, Close, Comma, Open, D]
                | [N, Close, O, Open, N]
        );
        if foldable {
            self.left = 0;
            if self.end > MAX_TOKENS {
                self.tokens[1] = self.tokens[MAX_TOKENS];
                self.end = 2;
            } else {
                self.end = 1;
            }
        }
    }

    /// The rules for two neighbours.
    fn fold_two(&mut self) -> Step {
        use Kind::{
            Backslash, Bareword, Collate, Function, Keyword, LeftBrace, LeftParenthesis, LogicOperator, Number,
            Operator, RightBrace, RightParenthesis, Semicolon, SqlType, String, Tsql, Variable,
        };
        let (first, second) = (self.tokens[self.left], self.tokens[self.left + 1]);
        match (first.kind, second.kind) {
            (String, String) | (Semicolon, Semicolon) => {
                self.end -= 1;
                return Step::Again;
            }
            (Operator | LogicOperator, kind) if kind == SqlType || second.is_unary() => return self.restart(1),
            (LeftParenthesis, _) if second.is_unary() => return self.drop_and_back(),
            _ => {}
        }
        if let Some(merged) = merge(&first, &second) {
            self.tokens[self.left] = merged;
            return self.drop_and_back();
        }
        match (first.kind, second.kind) {
            // IF is a function, and a statement behind a semicolon.
            (Semicolon, Function) if second.text().get(..2).is_some_and(|front| front.eq_ignore_ascii_case(b"IF")) => {
                self.tokens[self.left + 1].kind = Tsql;
                Step::Again
            }
            (Bareword | Variable, LeftParenthesis) if first.is_word(CALLABLE) => {
                self.tokens[self.left].kind = Function;
                Step::Again
            }
            (Keyword, next) if first.is_word(&["IN", "NOT IN"]) => {
                self.tokens[self.left].kind = if next == LeftParenthesis { Operator } else { Bareword };
                Step::Again
            }
            (Operator, next) if first.is_word(&["LIKE", "NOT LIKE"]) => {
                if next == LeftParenthesis {
                    self.tokens[self.left].kind = Function;
                }
                Step::On
            }
            (SqlType, Bareword | Number | SqlType | LeftParenthesis | Function | Variable | String) => {
                self.replace(0, 1);
                self.restart(1)
            }
            // The names of collations are many; an underscore gives them away.
            (Collate, Bareword) => {
                if second.text().contains(&b'_') {
                    self.tokens[self.left + 1].kind = SqlType;
                    self.left = 0;
                }
                Step::On
            }
            // Transact-SQL reads "\%1" as "0 % 1", and "\1" as "1".
            (Backslash, _) if second.is_arithmetic() => {
                self.tokens[self.left].kind = Number;
                self.restart(0)
            }
            (Backslash, _) => {
                self.replace(0, 1);
                self.restart(1)
            }
            (LeftParenthesis, LeftParenthesis) | (RightParenthesis, RightParenthesis) => self.restart(1),
            (LeftBrace, Bareword) if second.text().is_empty() => {
                self.tokens[self.left + 1].kind = Kind::Evil;
                Step::Done(self.left + 2)
            }
            (LeftBrace, Bareword) => self.restart(2),
            (_, RightBrace) => self.restart(1),
            _ => Step::On,
        }
    }

    /// Drops the last token and looks one back.
    fn drop_and_back(&mut self) -> Step {
        self.end -= 1;
        self.left = self.left.saturating_sub(1);
        Step::Again
    }

    /// The rules for three neighbours.
    fn fold_three(&mut self) -> Step {
        use Kind::{
            Bareword, Comma, Dot, Expression, Function, Group, Keyword, LeftParenthesis, LogicOperator, Number,
            Operator, RightParenthesis, SqlType, String, Variable,
        };
        let unary = self.tokens[self.left + 1].is_unary();
        match (self.kind(0), self.kind(1), self.kind(2)) {
            (Number, Operator, Number) => self.restart(2),
            (Operator, middle, Operator) if middle != LeftParenthesis => self.restart(2),
            (LogicOperator, _, LogicOperator) => self.restart(2),
            (Variable, Operator, Variable | Number | Bareword) => self.restart(2),
            (Bareword | Number, Operator, Number | Bareword) => self.restart(2),
            (Bareword | Number | Variable | String, Operator, SqlType)
                if self.tokens[self.left + 1].text() == b"::" =>
            {
                self.restart(2)
            }
            (Bareword | Number | String | Variable, Comma, Number | Bareword | String | Variable) => self.restart(2),
            (Expression | Group | Comma, _, LeftParenthesis) if unary => self.without_middle(1),
            (Keyword | Expression | Group, _, Number | Bareword | Variable | String | Function) if unary => {
                self.without_middle(1)
            }
            // "1,-1" becomes "1": one more back, so that the pair folds.
            (Comma, _, Number | Bareword | Variable | String) if unary => self.without_middle(3),
            (Comma, _, Function) if unary => self.without_middle(1),
            (Bareword, Dot, Bareword) => self.restart(2),
            (Expression, Dot, Bareword) => self.without_middle(1),
            // A function without arguments that has some is none.
            (Function, LeftParenthesis, last) if last != RightParenthesis => {
                if self.tokens[self.left].is_word(&["USER"]) {
                    self.tokens[self.left].kind = Bareword;
                }
                Step::On
            }
            _ => Step::On,
        }
    }

    fn without_middle(&mut self, dropped: usize) -> Step {
        self.replace(1, 2);
        self.restart(dropped)
    }
}

/// Words that are functions before a parenthesis, and columns else.
const CALLABLE: &[&str] = &[
    "USER_ID",
    "USER_NAME",
    "DATABASE",
    "PASSWORD",
    "USER",
    "CURRENT_USER",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "LOCALTIME",
    "LOCALTIMESTAMP",
];

/// Two words that are one keyword together, such as `UNION ALL`.
fn merge(first: &Token, second: &Token) -> Option<Token> {
    let word = |kind| {
        matches!(
            kind,
            Kind::Keyword
                | Kind::Bareword
                | Kind::Operator
                | Kind::Union
                | Kind::Function
                | Kind::Expression
                | Kind::Tsql
                | Kind::SqlType
        )
    };
    let mergeable = word(first.kind) && (word(second.kind) || second.kind == Kind::LogicOperator);
    let length = first.text().len() + second.text().len() + 1;
    if !mergeable || length > MAX_TEXT {
        return None;
    }
    let text = [first.text(), b" ", second.text()].concat();
    tables::keyword(&text).map(|kind| Token { kind, ..*first }.with_text(&text))
}
