//! Words that could not be where they were found: mistyped ones, and those that belong elsewhere.

use super::super::Rule;
use super::Place;
use super::expected::words;
use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Token, TokenKind};
use crate::word::{WORDS, is_word, nearest};

impl Place<'_, '_> {
    /// The word, or the one before it, is nearly a word that could have stood there.
    pub(super) fn misspelled(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Name | TokenKind::Word | TokenKind::Keyword);
        let names: Vec<String> = tried.iter().flat_map(|rule| words(*rule)).collect();
        let expected = names.iter().map(String::as_str);
        // What begins a band is no mistyped word before the bands.
        let is_name = |token: &Token| is_name(token) && self.text(*token) != "every";
        if let Some(word) = Some(found).filter(is_name).and_then(|found| nearest(self.text(found), expected)) {
            return Some(self.meant(found, word));
        }
        None
    }

    /// A word shortly before is nearly a word of the language, and was taken for a name.
    pub(super) fn misspelled_before(&self) -> Option<Problem> {
        let text_to = |token: &Token| Span { start: token.span.start, end: self.stop() }.text(self.reader.text);
        let line = |token: &Token| !text_to(token).contains('\n');
        // A word of the language begins or goes on with a clause, so what a value or a name needs is not one mistyped.
        let first = self.before.len().saturating_sub(3).max(1);
        let ends = |token: Token| {
            let text = self.text(token);
            matches!(text, ")" | "]" | "}" | "{")
                || (token.kind != TokenKind::Keyword && token.kind != TokenKind::Sign && text != "each")
        };
        let near = self.before.iter().enumerate().skip(first).rev().filter(|(at, token)| {
            let before = at.checked_sub(1).and_then(|before| self.before.get(before));
            token.kind == TokenKind::Name
                && line(token)
                && !is_word(self.text(**token))
                && before.is_some_and(|before| ends(*before))
        });
        near.filter_map(|(_, token)| {
            let text = self.text(*token);
            let word = nearest(text, WORDS.iter().copied()).filter(|word| text.len() > 3 && is_one_step(text, word))?;
            Some(self.meant(*token, word))
        })
        .next()
    }

    fn stop(&self) -> u32 {
        self.found.or(self.before.last().copied()).map_or(0, |token| token.span.start)
    }

    fn meant(&self, token: Token, word: &str) -> Problem {
        let text = self.text(token);
        Problem::error("unexpected", self.written(token), format!("cannot read `{text}` in {}", self.item()))
            .label(format!("did you mean `{word}`?"))
            .help(format!("write `{word}`"))
            .choice(self.written(token), word)
    }

    /// Words that fit elsewhere, with what to do about it.
    pub(super) fn misplaced(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let text = self.text(found);
        let span = self.written(found);
        let after_value = tried.contains(&Rule::plus_sign);
        let in_bracket = self.open.last().is_some_and(|bracket| self.text(*bracket) != "{");
        if after_value && text.starts_with('-') {
            return Some(
                Problem::error("minus-spaces", span, "a minus has spaces on both sides")
                    .label("this reads as a negative amount")
                    .help("write `a - b` to subtract"),
            );
        }
        let aggregate = |token: &Token| ["sum", "count", "average", "smallest", "largest"].contains(&self.text(*token));
        let in_set = self.before.iter().rev().take(6).any(aggregate);
        let window = ["to", "previous", "within", "before", "ever", "same"].contains(&text);
        if after_value && window && in_set && !in_bracket {
            return Some(
                Problem::error("aggregate-brackets", span, "a window belongs to a set only inside brackets")
                    .label("the set ends before this")
                    .help("write the set in brackets: `sum of amount in (deal to date)`"),
            );
        }
        let before = self.before.last().copied();
        let conditional = before.filter(|word| self.text(*word) == "if").or(Some(found).filter(|_| text == "if"));
        if let Some(word) = conditional.filter(|_| in_bracket) {
            return Some(
                Problem::error(
                    "unexpected",
                    self.written(word),
                    "a conditional inside anything larger needs brackets of its own",
                )
                .label("this `if` belongs to what?")
                .help("write `(2% if registered, otherwise 1%)`"),
            );
        }
        if tried.contains(&Rule::name) && found.kind == TokenKind::Keyword && !after_value {
            return Some(
                Problem::error("unexpected", span, format!("`{text}` is a word of the language and cannot be a name"))
                    .label("expected a name")
                    .help("take another name; a column of this name is bound by `from \"…\"`"),
            );
        }
        None
    }
}

/// Whether two words differ by one letter more, less, other or swapped.
fn is_one_step(text: &str, word: &str) -> bool {
    // A word of four letters may be one step away at most, which `nearest` knows.
    let (text, word): (Vec<char>, Vec<char>) = (text.chars().collect(), word.chars().collect());
    let same_start = text.iter().zip(&word).take_while(|(one, other)| one == other).count();
    let same_end = text.iter().rev().zip(word.iter().rev()).take_while(|(one, other)| one == other).count();
    let longest = text.len().max(word.len());
    let swapped = text.len() == word.len() && same_start + same_end + 2 >= longest && {
        let (mut one, mut other) = (text, word);
        one.sort_unstable();
        other.sort_unstable();
        one == other
    };
    same_start + same_end + 1 >= longest || swapped
}
