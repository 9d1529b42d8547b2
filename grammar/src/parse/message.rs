//! What the grammar expected, said so that a designer can act on it.
//!
//! Comes in: where reading stopped and which rules were tried there. Goes out: one problem with the place's own words (a
//! clause of rule `a`, a band), never more than three expectations, and the nearest word that could have stood there.

use super::{Reader, Rule};
use crate::problem::Problem;
use crate::span::Span;
use crate::token::{Token, TokenKind};
use crate::word::{WORDS, nearest};
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

/// Where reading stopped, and what stands around it.
struct Place<'s, 'r> {
    reader: &'r Reader<'s>,
    /// The words of the piece before it.
    before: &'r [Token],
    /// The first word that could not be read; none at the end of the piece.
    found: Option<Token>,
    /// The brackets open there.
    open: Vec<Token>,
}

impl<'s, 'r> Place<'s, 'r> {
    fn new(reader: &'r Reader<'s>, start: usize, at: usize, end: usize) -> Self {
        let index = |place: usize| reader.words.partition_point(|word| (word.span.start as usize) < place);
        let (first, here) = (index(start), index(at));
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
        Self { reader, before, found, open }
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
                    || "something is missing behind this".to_owned(),
                    |text| format!("expected {text} behind this"),
                ),
            ),
        }
    }

    fn item_not_closed(&self, brace: Token, last: Span, end: Span) -> Problem {
        Problem::error("not-closed", last, format!("{} is not closed", self.item()))
            .label("`}` is missing behind this")
            .other(self.written(brace), "opened here")
            .help("write `}` on a line of its own")
            .edit(end, "\n}")
    }

    fn bracket_not_closed(&self, bracket: Token, last: Span) -> Problem {
        let close = if self.text(bracket) == "[" { "]" } else { ")" };
        let end = Span { start: last.end, end: last.end };
        Problem::error("not-closed", self.written(bracket), format!("this `{}` is not closed", self.text(bracket)))
            .label("opened here")
            .other(last, format!("`{close}` is missing, perhaps behind this"))
            .help(format!("write `{close}`"))
            .edit(end, close)
    }

    /// A word that does not fit.
    fn unexpected(&self, found: Token, tried: &[Rule]) -> Problem {
        let text = self.text(found);
        let last = self.before.last().map_or(Span::default(), |word| self.written(*word));
        match (self.open.last(), text) {
            (None, ")" | "]" | "}") => {
                return Problem::error("unexpected", self.written(found), format!("there is a `{text}` too much"))
                    .label("nothing is open here")
                    .edit(self.written(found), "");
            }
            (Some(bracket), "}") if self.text(*bracket) != "{" => {
                return self.bracket_not_closed(*bracket, last);
            }
            (Some(bracket), "pay" | "let" | "take" | "set") if self.text(*bracket) != "{" => {
                return self.bracket_not_closed(*bracket, last);
            }
            _ => {}
        }
        if let Some(problem) = self.misspelled(found, tried) {
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

    /// The word, or the one before it, is nearly a word that could have stood there.
    fn misspelled(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Name | TokenKind::Word | TokenKind::Keyword);
        let names: Vec<String> = tried.iter().flat_map(|rule| words(*rule)).collect();
        let expected = names.iter().map(String::as_str);
        if let Some(word) = Some(found).filter(is_name).and_then(|found| nearest(self.text(found), expected)) {
            return Some(self.meant(found, word));
        }
        None
    }

    /// A word shortly before is nearly a word of the language, and was taken for a name.
    fn misspelled_before(&self) -> Option<Problem> {
        let line = |token: &Token| !self.reader.text[token.span.start as usize..self.stop()].contains('\n');
        let near = self.before.iter().rev().take(3).filter(|token| token.kind == TokenKind::Name && line(token));
        near.filter_map(|token| {
            let text = self.text(*token);
            let word = nearest(text, WORDS.iter().copied()).filter(|word| text.len() > 3 && is_one_step(text, word))?;
            Some(self.meant(*token, word))
        })
        .next()
    }

    fn stop(&self) -> usize {
        self.found.or(self.before.last().copied()).map_or(0, |token| token.span.start as usize)
    }

    fn meant(&self, token: Token, word: &str) -> Problem {
        let text = self.text(token);
        Problem::error("unexpected", self.written(token), format!("cannot read `{text}` in {}", self.item()))
            .label(format!("did you mean `{word}`?"))
            .help(format!("write `{word}`"))
            .edit(self.written(token), word)
    }

    /// Words that fit elsewhere, with what to do about it.
    fn misplaced(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let text = self.text(found);
        let span = self.written(found);
        let after_value = tried.contains(&Rule::plus_sign);
        let in_bracket = self.open.last().is_some_and(|bracket| self.text(*bracket) != "{");
        if after_value && text.starts_with('-') {
            return Some(
                Problem::error("minus-blanks", span, "a minus has blanks on both sides")
                    .label("this reads as a negative amount")
                    .help("write `a - b` to subtract"),
            );
        }
        if after_value && ["to", "previous", "within", "before", "ever", "same"].contains(&text) && !in_bracket {
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
                    "a conditional inside anything larger stands in brackets of its own",
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

/// The words that a rule may begin with, as far as they are of use in a message.
fn words(rule: Rule) -> Vec<String> {
    let words: &[&str] = match rule {
        Rule::file | Rule::piece | Rule::prefix => super::recovery::OPENERS,
        Rule::shape => &["graduated", "retroactive", "curve"],
        Rule::field_type | Rule::plain_type | Rule::when_type => {
            &["id", "text", "count", "number", "percent", "money", "date", "one"]
        }
        Rule::mode => &["half", "away", "toward", "upward", "downward"],
        Rule::compare_op => &["is", "contains", "starts"],
        Rule::expect => &["expect"],
        Rule::period_unit => &["days", "months", "years"],
        Rule::active => &["active"],
        other => return keyword(other).into_iter().collect(),
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The word of a keyword rule.
fn keyword(rule: Rule) -> Option<String> {
    format!("{rule:?}").strip_prefix("k_").map(str::to_owned)
}

/// What was expected, in at most three parts.
fn expectation(tried: &[Rule]) -> Option<String> {
    let has = |rules: &[Rule]| rules.iter().any(|rule| tried.contains(rule));
    let groups: &[(&str, &[Rule])] = &[
        ("an item such as `rule` or `entity`", &[Rule::k_rule, Rule::k_program, Rule::file, Rule::piece, Rule::prefix]),
        ("what this band pays: a rate or an amount", &[Rule::k_pays]),
        (
            "a value",
            &[
                Rule::condition,
                Rule::arithmetic,
                Rule::unary,
                Rule::amount,
                Rule::term,
                Rule::percent,
                Rule::money,
                Rule::bracket,
                Rule::payee,
                Rule::aggregate_value,
                Rule::named,
            ],
        ),
        ("the value to go on with an operator", &[Rule::plus_sign, Rule::k_and]),
        ("a clause such as `where` or `pay`", &[Rule::k_where, Rule::where_clause, Rule::k_pay]),
        ("a band such as `to` or `beyond`", &[Rule::k_beyond, Rule::bound_beyond, Rule::band]),
        ("a line such as `given` or `expect`", &[Rule::k_expect, Rule::expect]),
        ("a field", &[Rule::k_key, Rule::key, Rule::field]),
        ("a type such as `money` or `text`", &[Rule::field_type, Rule::plain_type]),
        ("a set such as `deal` or `(deal where …)`", &[Rule::set, Rule::set_bracket]),
        ("a name", &[Rule::name, Rule::path]),
        ("a text in quotes", &[Rule::text]),
        ("a whole number", &[Rule::number]),
        ("a key: a name, a number or a text", &[Rule::test_keys]),
        ("`{`", &[Rule::brace_open]),
        ("`}`", &[Rule::brace_close]),
        ("`)`", &[Rule::paren_close]),
        ("`]`", &[Rule::square_close]),
        ("`=`", &[Rule::equal]),
        ("`,`", &[Rule::comma]),
    ];
    let mut parts: Vec<String> =
        groups.iter().filter(|(_, rules)| has(rules)).map(|(text, _)| (*text).to_owned()).collect();
    let words: Vec<String> = tried.iter().filter_map(|rule| keyword(*rule)).map(|word| format!("`{word}`")).collect();
    if parts.len() + words.len() <= 3 || parts.is_empty() {
        parts.extend(words);
    }
    parts.truncate(3);
    match &parts[..] {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} or {last}", first.join(", "))),
    }
}
