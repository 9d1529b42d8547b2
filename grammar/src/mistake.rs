//! Mistakes that can be seen in the words alone: signs of other languages, badly written numbers, word-processor quotes.
//!
//! Comes in: the text as written. Goes out: the same text with each mistake replaced by what was most likely meant, one
//! problem for each, and the way back from places of the repaired text to places of the written one. So the grammar stays
//! free of mistakes, reading goes on behind each, and none is taken silently. The order of words is not known here.

mod literal;
mod quote;
mod sign;

use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Token, TokenKind, tokens};

/// Brackets nested deeper than this are refused.
const DEEPEST: usize = 64;

/// A text with its typing mistakes taken out.
pub(crate) struct Repaired {
    /// The text to read.
    pub text: String,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// Where the text differs from the text as written.
    pub patches: Patches,
}

/// Finds and repairs the typing mistakes of a text.
pub(crate) fn repair(source: &str) -> Repaired {
    let mut scan = Scan {
        source,
        tokens: tokens(source),
        index: 0,
        open: Vec::new(),
        in_test: false,
        problems: Vec::new(),
        patches: Vec::new(),
    };
    scan.invisible();
    while scan.index < scan.tokens.len() {
        scan.step();
    }
    scan.patches.sort_by_key(|(span, _)| *span);
    let (text, patches) = apply(source, &scan.patches);
    Repaired { text, problems: scan.problems, patches }
}

/// The state of one pass over the tokens.
struct Scan<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    /// The token looked at.
    index: usize,
    /// The brackets open before it: its text, and whether it opens a list or arguments.
    open: Vec<(Token, bool)>,
    /// Whether it stands in a test.
    in_test: bool,
    problems: Vec<Problem>,
    patches: Vec<(Span, String)>,
}

impl<'s> Scan<'s> {
    fn step(&mut self) {
        let token = self.tokens[self.index];
        match token.kind {
            TokenKind::Blank | TokenKind::Comment | TokenKind::Text | TokenKind::YesNo => {}
            TokenKind::Keyword if self.text(token) == "else" => return self.otherwise(token),
            TokenKind::Keyword | TokenKind::Word | TokenKind::Name => {
                let margin = token.span.start == 0 || self.source[..token.span.start as usize].ends_with('\n');
                if margin && (self.open.is_empty() || self.text(token) == "test") {
                    self.in_test = self.text(token) == "test";
                    self.open.clear();
                }
                if self.hyphens() {
                    return;
                }
            }
            TokenKind::Number | TokenKind::Percent | TokenKind::Money | TokenKind::Date | TokenKind::Period => {
                return self.literal();
            }
            TokenKind::Sign => return self.sign(token),
            TokenKind::Unknown => return self.unknown(token),
        }
        self.index += 1;
    }

    fn text(&self, token: Token) -> &'s str {
        token.span.text(self.source)
    }

    /// The token before the one looked at, if nothing stands between.
    fn before(&self) -> Option<Token> {
        self.index.checked_sub(1).map(|index| self.tokens[index]).filter(|token| !is_blank(token.kind))
    }

    /// The token `ahead` places further on.
    fn ahead(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.index + ahead).copied()
    }

    /// Where the line of a place ends.
    fn line_end(&self, from: usize) -> usize {
        self.source[from..].find('\n').map_or(self.source.len(), |at| from + at)
    }

    /// Goes on at a place of the text, which need not be where a token begins.
    fn go_on_at(&mut self, place: usize) {
        let next = self.tokens.partition_point(|token| (token.span.start as usize) < place);
        if self.tokens.get(next).is_none_or(|token| token.span.start as usize == place) {
            // A place inside the last token of all is not the start of one.
            if next < self.tokens.len() || self.tokens.last().is_none_or(|last| last.span.end as usize == place) {
                self.index = next;
                return;
            }
        }
        self.tokens.truncate(next.saturating_sub(1));
        let cut = self.tokens.last().map_or(0, |token| token.span.end as usize);
        if cut < place {
            self.tokens.push(Token { kind: TokenKind::Unknown, span: Span::new(cut, place) });
        }
        self.index = self.tokens.len();
        let rest = tokens(&self.source[place..]);
        self.tokens.extend(rest.into_iter().map(|token| {
            let (start, end) = (token.span.start as usize + place, token.span.end as usize + place);
            Token { kind: token.kind, span: Span::new(start, end) }
        }));
    }

    /// Reports a mistake that one replacement repairs.
    fn replace(&mut self, problem: Problem, span: Span, replacement: impl Into<String>) {
        let replacement = replacement.into();
        self.problems.push(problem.edit(span, replacement.clone()));
        self.patches.push((span, replacement));
    }

    /// `else`
    fn otherwise(&mut self, token: Token) {
        let comma = self.tokens[..self.index].iter().rev().find(|token| !is_blank(token.kind));
        let comma = comma.is_some_and(|token| self.text(*token) == ",");
        let before_is_blank = self.before().is_none();
        // The comma belongs to the word before, so the edit takes the blanks between with it.
        let (start, replacement) = match self.index.checked_sub(1).map(|index| self.tokens[index]) {
            Some(blank) if !comma && before_is_blank && blank.kind == TokenKind::Blank => {
                (blank.span.start, ", otherwise")
            }
            _ => (token.span.start, "otherwise"),
        };
        let problem = Problem::error("else-for-otherwise", token.span, "the last part of a conditional is `otherwise`")
            .label("`else` is not a word of the language")
            .help("write `, otherwise`");
        self.replace(problem, Span { start, end: token.span.end }, replacement);
        self.index += 1;
    }

    /// Characters that nobody sees, anywhere in the text: what people sign must be what is run.
    fn invisible(&mut self) {
        for (at, sign) in
            self.source.char_indices().filter(|(at, sign)| is_invisible(*sign) && !(*at == 0 && *sign == '\u{FEFF}'))
        {
            let span = Span::new(at, at + sign.len_utf8());
            let problem = Problem::error(
                "invisible-character",
                span,
                format!("there is an invisible character (U+{:04X}) here", sign as u32),
            )
            .label("people who sign this text do not see it")
            .help("take it out");
            self.replace(problem, span, "");
        }
        if self.source.starts_with('\u{FEFF}') {
            self.patches.push((Span::new(0, 3), String::new()));
        }
    }
}

fn is_blank(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Blank | TokenKind::Comment)
}

fn is_word(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Keyword | TokenKind::Word | TokenKind::Name)
}

fn is_numeric(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Number | TokenKind::Percent | TokenKind::Money | TokenKind::Date | TokenKind::Period)
}

/// Bidirectional controls and characters without width.
fn is_invisible(sign: char) -> bool {
    matches!(sign,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        || (sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'))
}

/// Where a repaired text differs from the text as written: the same piece in both, in order.
#[derive(Default)]
pub(crate) struct Patches(Vec<(Span, Span)>);

impl Patches {
    /// The place in the text as written of a place in the repaired text.
    pub(crate) fn written(&self, span: Span) -> Span {
        let after = self.0.partition_point(|(repaired, _)| repaired.start <= span.start);
        let start = after.checked_sub(1).map_or(span.start, |last| match self.0[last] {
            (repaired, written) if span.start < repaired.end => written.start,
            (repaired, written) => written.end + (span.start - repaired.end),
        });
        let after = self.0.partition_point(|(repaired, _)| repaired.start < span.end);
        let end = after.checked_sub(1).map_or(span.end, |last| match self.0[last] {
            (repaired, written) if span.end < repaired.end => written.end,
            (repaired, written) => written.end + (span.end - repaired.end),
        });
        Span { start, end: end.max(start) }
    }
}

/// The text with the patches in it; of two that overlap the first counts.
fn apply(source: &str, patches: &[(Span, String)]) -> (String, Patches) {
    let mut text = String::with_capacity(source.len());
    let mut places = Vec::new();
    let mut done = 0;
    for (span, replacement) in patches {
        if (span.start as usize) < done {
            continue;
        }
        text.push_str(&source[done..span.start as usize]);
        let start = text.len();
        text.push_str(replacement);
        places.push((Span::new(start, text.len()), *span));
        done = span.end as usize;
    }
    text.push_str(&source[done..]);
    (text, Patches(places))
}
