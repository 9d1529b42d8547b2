//! The words and signs of a text, without their order: what highlighting, the formatter and the search for typing
//! mistakes look at.
//!
//! Comes in: any text. Goes out: tokens that tile it, blanks and comments included. INVARIANT: the first token starts at
//! 0, each starts where the one before ended, the last ends with the text. The shape of the language is not known here.

use crate::span::Span;
use crate::steps;
use crate::word::{RESERVED, WORDS};
use logos::Logos;
use std::collections::VecDeque;

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its place.
    pub span: Span,
}

/// What a token is.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and line ends.
    #[regex("[ \t\r\n\u{00A0}\u{202F}]+")]
    Blank,
    /// `// …` to the end of the line.
    #[regex("//[^\n]*", allow_greedy = true)]
    Comment,
    /// A word that is a keyword wherever it is.
    Keyword,
    /// A word that is a keyword in its place and a name elsewhere.
    Word,
    /// Any other name.
    #[regex(r"[\p{XID_Start}_]\p{XID_Continue}*")]
    Name,
    /// `1,000.5`, `250k`
    #[regex(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?[kMB]?")]
    Number,
    /// `2.5%`
    #[regex(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?[kMB]?%")]
    Percent,
    /// `$500`, `500 EUR`
    #[regex(r"-?\p{Sc}([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?[kMB]?")]
    Money,
    /// `2026-02-01`
    #[regex("[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    Date,
    /// `2026-Q1`, `2026-03`, `2026-H1`, `2026-03-H2`, `FY2026-M01`, `W2026-02-09`
    #[regex("[0-9]{4}-(Q[1-4]|H[12]|[0-9]{2}(-H[12])?)")]
    #[regex("FY[0-9]{4}-(Q[1-4]|H[12]|M[0-9]{2}(-H[12])?)")]
    #[regex("W[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    Period,
    /// `"…"`
    #[regex("\"([^\"\n]|\"\")*\"")]
    Text,
    /// `yes/no`
    #[token("yes/no")]
    YesNo,
    /// `windows-1252`, `utf-16`: the encoding of a file
    #[token("windows-1252")]
    #[token("utf-16")]
    #[token("utf-8")]
    Encoding,
    /// `4-4-5`: how the weeks of a quarter are shared among its months
    #[token("4-4-5")]
    #[token("4-5-4")]
    #[token("5-4-4")]
    WeekPattern,
    /// A bracket, a comma, an operator.
    #[regex(r"[-+*/=<>(){}\[\],.|]|!=|<=|>=")]
    Sign,
    /// A character that has no place in a program outside texts and comments.
    Unknown,
}

/// The tokens of a text, blanks and comments included; they tile it.
///
/// ```
/// use meed_grammar::{tokens, TokenKind};
/// let kinds: Vec<_> = tokens("pay rep 2%").iter().map(|token| token.kind).collect();
/// assert_eq!(kinds, [TokenKind::Keyword, TokenKind::Blank, TokenKind::Name, TokenKind::Blank, TokenKind::Percent]);
/// ```
pub fn tokens(source: &str) -> Vec<Token> {
    Lexing::new(source, 0).collect()
}

/// The tokens of a text from a place on, cut as they are asked for.
pub(crate) struct Lexing<'s> {
    source: &'s str,
    /// Where the lexer was started.
    from: usize,
    lexer: logos::SpannedIter<'s, TokenKind>,
    /// Tokens cut ahead of those handed out.
    ahead: VecDeque<Token>,
}

impl<'s> Lexing<'s> {
    pub(crate) fn new(source: &'s str, from: usize) -> Self {
        Self {
            source,
            from,
            lexer: TokenKind::lexer(Span::new(from, source.len()).text(source)).spanned(),
            ahead: VecDeque::new(),
        }
    }

    /// The token so many places ahead.
    fn peek(&mut self, place: usize) -> Option<Token> {
        while self.ahead.len() <= place {
            let (kind, range) = self.lexer.next()?;
            let span = Span::new(self.from + range.start, self.from + range.end);
            let kind = match kind {
                Ok(TokenKind::Name) => kind_of_word(span.text(self.source)),
                Ok(kind) => kind,
                Err(()) => TokenKind::Unknown,
            };
            // A byte-order mark is a blank at the start of a text and nowhere else.
            let mark = span.start == 0 && self.source.starts_with('\u{FEFF}');
            steps::count(1);
            self.ahead.push_back(Token { kind: if mark { TokenKind::Blank } else { kind }, span });
        }
        self.ahead.get(place).copied()
    }
}

impl Iterator for Lexing<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let first = self.peek(0)?;
        if first.kind == TokenKind::Number
            && let (Some(blank), Some(code)) = (self.peek(1), self.peek(2))
            && is_amount_with_code(self.source, first, blank, code)
        {
            self.ahead.clear();
            return Some(Token { kind: TokenKind::Money, span: first.span.to(code.span) });
        }
        self.ahead.pop_front()
    }
}

fn kind_of_word(word: &str) -> TokenKind {
    if RESERVED.binary_search(&word).is_ok() {
        TokenKind::Keyword
    } else if WORDS.binary_search(&word).is_ok() {
        TokenKind::Word
    } else {
        TokenKind::Name
    }
}

/// `500 EUR`: a number, one blank and a word of three capitals are one literal.
fn is_amount_with_code(source: &str, number: Token, blank: Token, code: Token) -> bool {
    number.kind == TokenKind::Number
        && blank.kind == TokenKind::Blank
        && [" ", "\u{00A0}", "\u{202F}"].contains(&blank.span.text(source))
        && code.kind == TokenKind::Name
        && code.span.text(source).len() == 3
        && code.span.text(source).bytes().all(|byte| byte.is_ascii_uppercase())
}
