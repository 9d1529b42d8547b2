//! A program as everybody writes it: what `meed fmt` prints.
//!
//! Comes in: a text without mistakes. Goes out: the same words in the same order with the blanks of the house: two to
//! indent, the columns of a block aligned, one empty line at most. Line ends within a thing stay where they were put.
//! INVARIANT: the output reads as the same tree, which is checked each time; formatting twice changes nothing.

mod layout;

use crate::parse::{Marks, marks, parse};
use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Token, TokenKind, tokens};
use crate::tree::File;
use layout::{Layout, Line};

/// The text as everybody writes it, or why it cannot be read.
///
/// ```
/// let text = "rule bounty {for each deal\n\n\n pay   partner   $500 }";
/// assert_eq!(meed_grammar::format(text).unwrap(), "rule bounty {\n  for each deal\n\n  pay partner $500\n}\n");
/// ```
pub fn format(source: &str) -> Result<String, Vec<Problem>> {
    let before = parse(source);
    if !before.problems.is_empty() {
        return Err(before.problems);
    }
    let source = source.strip_prefix('\u{FEFF}').unwrap_or(source);
    let Some(marks) = marks(source) else {
        return Err(vec![changed(Span::default())]);
    };
    let formatted = Formatter::new(source, &marks).run();
    let after = parse(&formatted);
    if after.problems.is_empty() && without_places(&before.file) == without_places(&after.file) {
        Ok(formatted)
    } else {
        Err(vec![changed(Span::new(0, source.len().min(1)))])
    }
}

fn changed(span: Span) -> Problem {
    Problem::error("format-changed", span, "formatting would change what this program says, so nothing was changed")
        .help("this is a defect of the formatter; please report it with the program")
}

/// A tree as text without the places in it.
fn without_places(file: &File) -> String {
    let text = format!("{file:?}");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|sign: char| sign.is_ascii_digit()) {
        let (before, found) = rest.split_at(at);
        plain.push_str(before);
        let digits = found.len() - found.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
        let place = place(found);
        let (number, behind) = found.split_at(place.unwrap_or(digits));
        if place.is_none() {
            plain.push_str(number);
        }
        rest = behind;
    }
    plain + rest
}

/// The length of a place (`3..9`) that a text begins with.
fn place(text: &str) -> Option<usize> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
    let first = digits(text);
    let (_, rest) = text.split_at(first);
    let rest = rest.strip_prefix("..")?;
    let second = digits(rest);
    (first > 0 && second > 0).then_some(first + 2 + second)
}

/// A block that is open.
struct Block {
    /// Whether it is written over several lines.
    lines: bool,
    /// Blanks between the things of a block on one line.
    gap: usize,
}

/// What is between two words.
enum Gap {
    None,
    Blanks(usize),
    Line { deeper: bool },
    AsWritten,
}

struct Formatter<'s> {
    source: &'s str,
    marks: &'s Marks,
    tokens: Vec<Token>,
    blocks: Vec<Block>,
    layout: Layout,
}

impl<'s> Formatter<'s> {
    fn new(source: &'s str, marks: &'s Marks) -> Self {
        Self { source, marks, tokens: tokens(source), blocks: Vec::new(), layout: Layout::default() }
    }

    fn run(mut self) -> String {
        let mut last: Option<Token> = None;
        let kept: Vec<Token> = self.tokens.iter().copied().filter(|token| self.is_kept(*token)).collect();
        for (index, token) in kept.iter().copied().enumerate() {
            let gap = last.map_or(Gap::None, |last| self.gap(last, token, kept.get(index + 1).copied()));
            if self.text(token) == "}" && token.kind == TokenKind::Sign && !self.is_raw(token) {
                self.blocks.pop();
            }
            self.put(last, gap, token);
            if self.text(token) == "{" && token.kind == TokenKind::Sign && !self.is_raw(token) {
                let lines = self.has_lines(index, &kept);
                let gap = if self.marks.given.contains(&token.span.start) { 2 } else { 3 };
                self.blocks.push(Block { lines, gap });
                self.layout.open_block();
            } else if self.text(token) == "}" && !self.is_raw(token) && token.kind == TokenKind::Sign {
                self.layout.close_block();
            }
            last = Some(token);
        }
        self.layout.print()
    }

    fn is_kept(&self, token: Token) -> bool {
        token.kind != TokenKind::Blank && !self.marks.commas.contains(&token.span.start)
    }

    fn text(&self, token: Token) -> &'s str {
        token.span.text(self.source).trim_end()
    }

    /// The piece whose blanks stay, if the token is in one.
    fn raw(&self, token: Token) -> Option<Span> {
        let after = self.marks.raw.partition_point(|raw| raw.start <= token.span.start);
        after.checked_sub(1).and_then(|last| self.marks.raw.get(last).copied()).filter(|raw| token.span.end <= raw.end)
    }

    fn is_raw(&self, token: Token) -> bool {
        self.raw(token).is_some()
    }

    /// Whether the block that opens at `index` is written over several lines.
    fn has_lines(&self, index: usize, kept: &[Token]) -> bool {
        let mut depth = 0_usize;
        let Some(open) = kept.get(index) else { return false };
        let close = kept.iter().skip(index).find(|token| {
            match self.text(**token) {
                "{" if token.kind == TokenKind::Sign => depth += 1,
                "}" if token.kind == TokenKind::Sign => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
        let text = match close {
            Some(close) => open.span.to(close.span).text(self.source),
            None => open.span.behind(self.source),
        };
        text.contains('\n')
    }

    /// Lines begun between two words.
    fn lines_between(&self, last: Token, token: Token) -> usize {
        Span { start: last.span.end, end: token.span.start }.text(self.source).matches('\n').count()
    }

    fn begins_thing(&self, token: Token) -> bool {
        self.marks.things.contains(&token.span.start)
    }

    fn gap(&self, last: Token, token: Token, next: Option<Token>) -> Gap {
        if let (Some(one), Some(other)) = (self.raw(last), self.raw(token))
            && one == other
        {
            return Gap::AsWritten;
        }
        let on_lines = self.blocks.last().is_none_or(|block| block.lines);
        let closes = |token: Token| self.text(token) == "}" && token.kind == TokenKind::Sign;
        if token.kind == TokenKind::Comment {
            let deeper =
                next.is_some_and(|next| next.kind != TokenKind::Comment && !self.begins_thing(next) && !closes(next));
            return if self.lines_between(last, token) > 0 { Gap::Line { deeper } } else { Gap::Blanks(3) };
        }
        if closes(token) {
            return if on_lines { Gap::Line { deeper: false } } else { Gap::Blanks(1) };
        }
        if self.begins_thing(token) {
            let gap = self.blocks.last().map_or(0, |block| block.gap);
            let first = self.text(last) == "{";
            return match on_lines {
                true => Gap::Line { deeper: false },
                false => Gap::Blanks(if first { 1 } else { gap }),
            };
        }
        if last.kind == TokenKind::Comment {
            return Gap::Line { deeper: true };
        }
        if self.lines_between(last, token) > 0 && self.text(token) != "{" && !self.hugs(last, token) {
            return Gap::Line { deeper: true };
        }
        if self.hugs(last, token) { Gap::None } else { Gap::Blanks(1) }
    }

    /// Whether no blank is between two words.
    fn hugs(&self, last: Token, token: Token) -> bool {
        let touching = last.span.end == token.span.start;
        let (before, text) = (self.text(last), self.text(token));
        let word = !matches!(last.kind, TokenKind::Sign);
        matches!(text, "," | ")" | "]" | ".")
            || (last.kind == TokenKind::Sign && matches!(before, "(" | "[" | "."))
            || (text == "(" && word && touching)
            || (before == "-" && last.kind == TokenKind::Sign && touching)
    }

    fn put(&mut self, last: Option<Token>, gap: Gap, token: Token) {
        let text = self.text(token);
        let depth = self.blocks.len();
        match gap {
            Gap::None => self.layout.add(text),
            Gap::Blanks(blanks) => {
                let column = self.marks.columns.get(&token.span.start).copied();
                match column.filter(|_| self.blocks.last().is_some_and(|block| block.lines)) {
                    Some(column) => self.layout.column(column),
                    None => self.layout.add(&" ".repeat(blanks)),
                }
                self.layout.add(text);
            }
            Gap::Line { deeper } => {
                let empty = last.is_some_and(|last| self.has_empty_line(last, token));
                let closes = text == "}" && token.kind == TokenKind::Sign;
                let opened = last.is_some_and(|last| self.text(last) == "{" && last.kind == TokenKind::Sign);
                let indent = 2 * depth + if deeper { 2 } else { 0 };
                self.layout.line(Line::new(indent, empty && !closes && !opened));
                self.layout.add(text);
            }
            Gap::AsWritten => {
                let start = last.map_or(0, |last| last.span.end);
                let written = Span { start, end: token.span.start }.text(self.source);
                let mut lines = written.split('\n');
                let mut blanks = lines.next_back().unwrap_or_default().replace('\r', "");
                for _ in lines {
                    blanks.insert(0, '\n');
                }
                self.layout.add(&blanks);
                self.layout.add(text);
            }
        }
    }

    fn has_empty_line(&self, last: Token, token: Token) -> bool {
        self.lines_between(last, token) > 1
    }
}
