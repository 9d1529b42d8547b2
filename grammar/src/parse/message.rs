//! What the grammar expected, said so that a designer can act on it.
//!
//! Comes in: where reading stopped and which rules were tried there. Goes out: one problem with the place's own words (a
//! clause of rule `a`, a band), never more than three expectations, and the nearest word that could have stood there.

mod everyday;
mod expected;
mod idioms;
mod misplaced;

use super::{Reader, Rule};
use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Token, TokenKind};
use expected::expectation;
use pest::error::{Error, ErrorVariant, InputLocation};

/// The problem of a piece of the text, from `start` to `end`, that could not be read.
pub(super) fn problem(reader: &Reader<'_>, error: &Error<Rule>, start: usize, end: usize) -> Problem {
    let at = start + place(error);
    let tried: Vec<Rule> = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    let place = Place::new(reader, start, at, end);
    match place.found {
        None => place.ended(&tried),
        Some(found) => place.unexpected(found, &tried),
    }
}

/// Where in the piece reading stopped.
pub(super) fn place(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// Where reading stopped, and what is around it.
struct Place<'s, 'r> {
    reader: &'r Reader<'s>,
    /// The words of the piece before it.
    before: &'r [Token],
    /// The first word that could not be read; none at the end of the piece.
    found: Option<Token>,
    /// Where the piece ends.
    end: usize,
    /// The brackets open there.
    open: Vec<Token>,
}

impl<'s, 'r> Place<'s, 'r> {
    fn new(reader: &'r Reader<'s>, start: usize, at: usize, end: usize) -> Self {
        let index = |place: usize| reader.words.partition_point(|word| (word.span.start as usize) < place);
        let (first, here) = (index(start), index(at));
        #[expect(clippy::indexing_slicing, reason = "both are numbers of words, and the second is not the lesser one")]
        let before = &reader.words[first..here.max(first)];
        let found = reader.words.get(here).copied().filter(|word| (word.span.start as usize) < end);
        let mut open = Vec::new();
        for word in before.iter().filter(|word| word.kind == TokenKind::Sign) {
            match word.span.text(reader.text) {
                "(" | "[" | "{" => open.push(*word),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
        }
        Self { reader, before, found, end, open }
    }

    fn text(&self, token: Token) -> &'s str {
        token.span.text(self.reader.text)
    }

    fn written(&self, token: Token) -> Span {
        self.reader.written(token.span)
    }

    /// ``rule `a` ``, or a plainer word where there is no name.
    fn item(&self) -> String {
        let keyword = self.before.first().map_or("", |word| self.text(*word));
        match self.before.get(1) {
            Some(name) if matches!(name.kind, TokenKind::Name | TokenKind::Word) => {
                format!("{keyword} `{}`", self.text(*name))
            }
            Some(title) if title.kind == TokenKind::Text => {
                format!("{keyword} {}", self.text(*title))
            }
            _ if keyword.is_empty() => "this file".to_owned(),
            _ => format!("this {keyword}"),
        }
    }

    /// The piece ends too early.
    fn ended(&self, tried: &[Rule]) -> Problem {
        let last = self.before.last().map_or(Span::default(), |word| self.written(*word));
        let end = Span { start: last.end, end: last.end };
        match self.open.last() {
            Some(brace) if self.text(*brace) == "{" => self.item_not_closed(*brace, last, end),
            Some(bracket) => self.bracket_not_closed(*bracket, last),
            None => Problem::error("unexpected", last, format!("{} ends too early", self.item())).label(
                expectation(tried).map_or_else(
                    || "something is missing after this".to_owned(),
                    |text| format!("expected {text} after this"),
                ),
            ),
        }
    }

    fn item_not_closed(&self, brace: Token, last: Span, end: Span) -> Problem {
        Problem::error("not-closed", last, format!("{} is not closed", self.item()))
            .label("`}` is missing after this")
            .other(self.written(brace), "opened here")
            .help("write `}` on a line of its own")
            .sure(end, "\n}")
    }

    fn bracket_not_closed(&self, bracket: Token, last: Span) -> Problem {
        let close = if self.text(bracket) == "[" { "]" } else { ")" };
        let end = Span { start: last.end, end: last.end };
        Problem::error("not-closed", self.written(bracket), format!("this `{}` is not closed", self.text(bracket)))
            .label("opened here")
            .other(last, format!("`{close}` is missing, perhaps after this"))
            .help(format!("write `{close}`"))
            .choice(end, close)
    }

    /// A word that does not fit.
    fn unexpected(&self, found: Token, tried: &[Rule]) -> Problem {
        let text = self.text(found);
        let last = self.before.last().map_or(Span::default(), |word| self.written(*word));
        match (self.open.last(), text) {
            (None, ")" | "]" | "}") => {
                return Problem::error("unexpected", self.written(found), format!("unexpected `{text}`"))
                    .label("nothing is open here")
                    .choice(self.written(found), "");
            }
            (Some(bracket), "}") if self.text(*bracket) != "{" => {
                return self.bracket_not_closed(*bracket, last);
            }
            (Some(bracket), "pay" | "let" | "take" | "set") if self.text(*bracket) != "{" => {
                return self.bracket_not_closed(*bracket, last);
            }
            _ => {}
        }
        if let Some(problem) = self.idiom(found, tried) {
            return problem;
        }
        if let Some(problem) = self.misspelled(found, tried) {
            return problem;
        }
        if let Some(problem) = self.missing_sign(found, tried) {
            return problem;
        }
        if let Some(problem) = self.misplaced(found, tried) {
            return problem;
        }
        if let Some(problem) = self.misspelled_before() {
            return problem;
        }
        let mut problem = Problem::error(
            "unexpected",
            self.written(found),
            format!("`{text}` does not fit here, in {}", self.item()),
        );
        if let Some(expected) = expectation(tried) {
            problem = problem.label(format!("expected {expected}"));
        }
        problem
    }
}
