//! Mistakes that can be seen in the words alone: signs of other languages, badly written numbers, word-processor quotes.
//!
//! Comes in: the text as written. Goes out: the same text with each mistake replaced by what was most likely meant, one
//! problem for each, and the way back from places of the repaired text to places of the written one. So the grammar stays
//! free of mistakes, reading goes on behind each, and none is taken silently. The order of words is not known here.

mod literal;
mod quote;
mod sign;

pub(crate) use literal::days_in_month;
pub use literal::thousand_or_fraction;

use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Lexing, Token, TokenKind};

/// Brackets nested deeper than this are refused.
const DEEPEST: usize = limits::BRACKETS;

/// A text with its typing mistakes repaired.
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
        lexing: Lexing::new(source, 0),
        tokens: Vec::new(),
        index: 0,
        open: Vec::new(),
        in_test: false,
        problems: Vec::new(),
        patches: Vec::new(),
    };
    scan.invisible();
    while let Some(token) = scan.token(scan.index) {
        scan.step(token);
    }
    scan.patches.sort_by_key(|(span, _)| *span);
    let (text, patches) = apply(source, &scan.patches);
    Repaired { text, problems: scan.problems, patches }
}

/// The state of one pass over the tokens.
struct Scan<'s> {
    source: &'s str,
    /// The tokens that were not asked for yet: a repair may begin the next one elsewhere.
    lexing: Lexing<'s>,
    /// Those that were.
    tokens: Vec<Token>,
    /// The token looked at.
    index: usize,
    /// The brackets open before it: its text, and whether it opens a list or arguments.
    open: Vec<(Token, bool)>,
    /// Whether it is in a test.
    in_test: bool,
    problems: Vec<Problem>,
    patches: Vec<(Span, String)>,
}

impl<'s> Scan<'s> {
    fn step(&mut self, token: Token) {
        match token.kind {
            TokenKind::Blank | TokenKind::Comment | TokenKind::YesNo | TokenKind::Encoding | TokenKind::WeekPattern => {
            }
            TokenKind::Text => self.not_longer(token, limits::QUOTED, "a text in quotes", 2),
            TokenKind::Keyword if self.text(token) == "else" => return self.otherwise(token),
            TokenKind::Keyword | TokenKind::Word | TokenKind::Name => {
                self.not_longer(token, limits::NAME, "a name", 0);
                let margin = token.span.start == 0 || token.span.before(self.source).ends_with('\n');
                if margin && (self.open.is_empty() || self.text(token) == "test") {
                    self.in_test = self.text(token) == "test";
                    self.open.clear();
                }
                if self.hyphens() {
                    return;
                }
            }
            TokenKind::Number | TokenKind::Percent | TokenKind::Money | TokenKind::Date | TokenKind::Period => {
                return self.literal(token);
            }
            TokenKind::Sign => return self.sign(token),
            TokenKind::Unknown => return self.unknown(token),
        }
        self.index += 1;
    }

    fn text(&self, token: Token) -> &'s str {
        token.span.text(self.source)
    }

    /// The token before the one looked at, if nothing is between.
    fn before(&self) -> Option<Token> {
        self.index
            .checked_sub(1)
            .and_then(|index| self.tokens.get(index).copied())
            .filter(|token| !is_blank(token.kind))
    }

    /// The token of this number, if the text goes so far.
    fn token(&mut self, index: usize) -> Option<Token> {
        while self.tokens.len() <= index {
            self.tokens.push(self.lexing.next()?);
        }
        self.tokens.get(index).copied()
    }

    /// The token `ahead` places further on.
    fn ahead(&mut self, ahead: usize) -> Option<Token> {
        self.token(self.index + ahead)
    }

    /// The text from a place on.
    fn rest(&self, from: usize) -> &'s str {
        Span::new(from, self.source.len()).text(self.source)
    }

    /// Where the line of a place ends.
    fn line_end(&self, from: usize) -> usize {
        self.rest(from).find('\n').map_or(self.source.len(), |at| from + at)
    }

    /// Goes on at a place of the text, which need not be where a token begins.
    fn go_on_at(&mut self, place: usize) {
        while self.end_of_known() < place && self.token(self.tokens.len()).is_some() {}
        let next = self.tokens.partition_point(|token| (token.span.start as usize) < place);
        if self.tokens.get(next).is_some_and(|token| token.span.start as usize == place)
            || (next == self.tokens.len() && self.end_of_known() == place)
        {
            self.index = next;
            return;
        }
        // The place is inside a token: what follows is cut anew from there.
        self.tokens.truncate(next.saturating_sub(1));
        let cut = self.end_of_known();
        if cut < place {
            self.tokens.push(Token { kind: TokenKind::Unknown, span: Span::new(cut, place) });
        }
        self.index = self.tokens.len();
        self.lexing = Lexing::new(self.source, place);
    }

    /// Where the tokens end that were asked for.
    fn end_of_known(&self) -> usize {
        self.tokens.last().map_or(0, |token| token.span.end as usize)
    }

    /// Reports a mistake that one replacement surely repairs.
    fn replace(&mut self, problem: Problem, span: Span, replacement: impl Into<String>) {
        let replacement = replacement.into();
        self.put(problem.sure(span, replacement.clone()), span, replacement);
    }

    /// Reports a mistake, and reads on with the replacement in its place.
    fn put(&mut self, problem: Problem, span: Span, replacement: impl Into<String>) {
        self.problems.push(problem);
        self.patches.push((span, replacement.into()));
    }

    /// The word of the item that was begun last.
    fn item(&self) -> Option<&'static str> {
        let items = ["schedule", "rule", "test", "event", "entity", "extend", "source", "program", "parameter"];
        let words = self.tokens.iter().take(self.index).rev().map(|token| self.text(*token));
        words.into_iter().find_map(|word| items.into_iter().find(|item| *item == word))
    }

    /// `else`
    fn otherwise(&mut self, token: Token) {
        let comma = self.tokens.iter().take(self.index).rev().find(|token| !is_blank(token.kind));
        let comma = comma.is_some_and(|token| self.text(*token) == ",");
        let before_is_blank = self.before().is_none();
        if self.item() == Some("schedule") {
            let problem = Problem::error("else-for-otherwise", token.span, "the last band is `beyond`")
                .label("`else` is not a word of the language")
                .help("write `beyond`");
            self.replace(problem, token.span, "beyond");
            self.index += 1;
            return;
        }
        // The comma belongs to the word before, so the edit takes the blanks between with it.
        let before = self.tokens.iter().take(self.index).rev().find(|token| token.kind != TokenKind::Blank);
        if before.is_some_and(|token| token.kind == TokenKind::Comment) {
            // Whatever is put there would become a part of the comment.
            let problem =
                Problem::error("else-for-otherwise", token.span, "the last part of a conditional is `otherwise`")
                    .label("`else` is not a word of the language")
                    .help("write `, otherwise`, the comma before the comment");
            self.put(problem, token.span, ", otherwise");
            self.index += 1;
            return;
        }
        let (start, replacement) = match self.index.checked_sub(1).and_then(|index| self.tokens.get(index)) {
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

    /// Characters that nobody sees, anywhere in the text: what people sign must be what is run. Neighbors are told
    /// together.
    fn invisible(&mut self) {
        let mut run: Option<(Span, char, usize)> = None;
        for (at, sign) in self.source.char_indices() {
            if !is_invisible(sign) || (at == 0 && sign == '\u{FEFF}') {
                continue;
            }
            let span = Span::new(at, at + sign.len_utf8());
            run = match run {
                Some((known, first, n)) if known.end == span.start => Some((known.to(span), first, n + 1)),
                before => {
                    self.invisible_run(before);
                    Some((span, sign, 1))
                }
            };
        }
        self.invisible_run(run);
        if self.source.starts_with('\u{FEFF}') {
            self.patches.push((Span::new(0, 3), String::new()));
        }
    }

    /// Reports a name or text that is longer than any that people write; `signs` of it are its quotes.
    fn not_longer(&mut self, token: Token, most: usize, what: &str, signs: usize) {
        if self.text(token).len() > most && self.text(token).chars().nth(most + signs).is_some() {
            let message = format!("{what} has at most {} characters", limits::words(most));
            self.problems.push(
                Problem::error("over-limit", token.span, message)
                    .label(format!("this has {}", limits::words(self.text(token).chars().count() - signs)))
                    .help("write something shorter"),
            );
        }
    }

    fn invisible_run(&mut self, run: Option<(Span, char, usize)>) {
        let Some((span, first, n)) = run else { return };
        let message = match n {
            1 => format!("there is an invisible character (U+{:04X}) here", first as u32),
            _ => format!("there are {n} invisible characters here, the first of them U+{:04X}", first as u32),
        };
        let them = if n == 1 { "it" } else { "them" };
        let problem = Problem::error("invisible-character", span, message)
            .label(format!("people who sign this text do not see {them}"))
            .help(format!("remove {them}"));
        self.replace(problem, span, "");
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
        let start = after.checked_sub(1).and_then(|last| self.0.get(last)).map_or(span.start, |patch| match *patch {
            (repaired, written) if span.start < repaired.end => written.start,
            (repaired, written) => written.end + (span.start - repaired.end),
        });
        let after = self.0.partition_point(|(repaired, _)| repaired.start < span.end);
        let end = after.checked_sub(1).and_then(|last| self.0.get(last)).map_or(span.end, |patch| match *patch {
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
        text.push_str(Span::new(done, span.start as usize).text(source));
        let start = text.len();
        text.push_str(replacement);
        places.push((Span::new(start, text.len()), *span));
        done = span.end as usize;
    }
    text.push_str(Span::new(done, source.len()).text(source));
    (text, Patches(places))
}
