//! Words of other languages, of sheets and of everyday speech, and what is written in their place.
//!
//! Comes in: the word that could not be read and the words around it. Goes out: a problem that names the house's own
//! words, with an edit where one replacement repairs it. An idiom is looked for before a typing mistake.

use super::super::Rule;
use super::Place;
use crate::idioms::{PHRASES, Phrase, Written};
use crate::limits;
use crate::problem::{Problem, Repair};
use crate::span::Span;
use crate::token::{Token, TokenKind};
use crate::word::{is_word, nearest};

/// Words that name a period.
pub(super) const PERIODS: &[&str] = &["month", "quarter", "half", "year", "program"];

/// Words that begin a clause, or its amount.
const CLAUSES: &[&str] = &["where", "pay", "let", "set", "each", "most"];
/// The words with which the days of a set begin.
const WINDOWS: &[&str] = &["before", "ever", "from", "in", "last", "previous", "same", "to", "within"];

impl<'s> Place<'s, '_> {
    /// An idiom of another language at the word that could not be read.
    pub(super) fn idiom(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let item = self.before.first().map_or("", |word| self.text(*word));
        if item == "rule"
            && let Some(problem) = self.everyday(found, tried.contains(&Rule::plus_sign))
        {
            return Some(problem);
        }
        if let Some(problem) = PHRASES.iter().filter(|phrase| phrase.item == item).find_map(|phrase| self.meets(phrase))
        {
            return Some(problem);
        }
        match item {
            "rule" => self.idiom_of_rules(found, tried),
            "schedule" => self.idiom_of_bands(found),
            "event" | "entity" | "extend" => self.idiom_of_fields(found),
            _ => None,
        }
    }

    /// The words around the place, `found` of them before it.
    pub(super) fn around(&self, found: usize, n_words: usize) -> Option<Vec<Token>> {
        let here = self.here()?;
        let first = here.checked_sub(found)?;
        self.reader.words.get(first..first + n_words).map(<[Token]>::to_vec)
    }

    /// The word behind the one that could not be read.
    pub(super) fn next_word(&self) -> Option<Token> {
        self.reader.words.get(self.here()? + 1).copied()
    }

    /// Where the word that could not be read is among all words.
    pub(super) fn here(&self) -> Option<usize> {
        let start = self.found?.span.start;
        Some(self.reader.words.partition_point(|word| word.span.start < start))
    }

    fn meets(&self, idiom: &Phrase) -> Option<Problem> {
        let words = self.around(idiom.found, idiom.words.len())?;
        let same = words.iter().zip(idiom.words).all(|(token, word)| self.text(*token).eq_ignore_ascii_case(word));
        if !same {
            return None;
        }
        let span = self.written(*words.first()?).to(self.written(*words.last()?));
        let said = idiom.words.join(" ");
        let clause = self.before.iter().rev().map(|word| self.text(*word));
        let clause = clause.into_iter().find(|word| CLAUSES.contains(word));
        // `from` of a balance is in what is paid; `up to` in a condition compares; `over $50` begins a band.
        match *idiom.written {
            Written::Otherwise(_) if said == "from" && !matches!(clause, Some("pay" | "let" | "set")) => return None,
            Written::Same("at most") if clause == Some("where") => return Some(instead(span, &said, "<=")),
            Written::Same("beyond") => {
                let next = self.around(0, idiom.words.len() - idiom.found + 1).and_then(|words| words.last().copied());
                if next.is_some_and(|next| matches!(next.kind, TokenKind::Number | TokenKind::Money)) {
                    return Some(
                        Problem::error("unexpected", span, format!("`{said}` is not written here"))
                            .label("where does this band begin or end?")
                            .help(
                                "write where each band ends, `to $50 1%  to $70 2%  beyond 3%`, or from where it pays, \
                                 `from $50 1%  from $70 2%`",
                            ),
                    );
                }
            }
            _ => {}
        }
        let problem = |message: String| Problem::error("unexpected", span, message);
        Some(match *idiom.written {
            Written::Nothing => problem(format!("`{said}` is not written here")).label("remove it").sure(span, ""),
            Written::Same(written) => instead(span, &said, written),
            Written::Perhaps(written) => problem(format!("`{said}` is written `{written}`"))
                .label(format!("write `{written}`"))
                .choice(span, written),
            Written::Either(one, other) => problem(format!("`{said}` is written `{one}` or `{other}`"))
                .label("which of them is meant?")
                .choice(span, one)
                .choice(span, other),
            Written::Otherwise(help) => problem(format!("`{said}` is not written here")).help(help),
        })
    }

    fn idiom_of_rules(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let text = self.text(found);
        let next = self.next_word().map(|next| self.text(next));
        let last = *self.before.last()?;
        let span = self.written(found);
        let gap = Span { start: self.written(last).end, end: span.start };
        let after_value = tried.contains(&Rule::plus_sign);
        let is_name = |token: Token| matches!(token.kind, TokenKind::Name | TokenKind::Word);
        if let [.., unknown, means, _] = self.before
            && (self.text(*unknown), self.text(*means)) == ("unknown", "means")
            && WINDOWS.contains(&text)
        {
            return Some(
                Problem::error("unexpected", span, "the days of a set stand before `, unknown means`")
                    .label("write this before the comma")
                    .help("for example: (deal where registered to date, unknown means no)"),
            );
        }
        if text == "each" && next.is_some_and(|next| PERIODS.contains(&next)) {
            return Some(instead(span, "each", "per"));
        }
        if text == "each" && self.text(last) != "for" {
            let limit = self.before.iter().rev().map(|word| self.text(*word));
            let limit = limit.into_iter().find(|word| ["pay", "most", "least", "where", "rule"].contains(word));
            return Some(match limit {
                Some("rule") => instead(span, "each", "for each"),
                _ => Problem::error("unexpected", span, "`each` begins a rule: `for each deal`")
                    .label("per what?")
                    .help("a limit, a total or a first is `per`: at most $500 per rep per quarter")
                    .choice(span, "per"),
            });
        }
        let mistyped = nearest(text, ["of"]).is_some();
        if last.kind == TokenKind::Percent
            && after_value
            && !mistyped
            && (is_name(found) || found.kind == TokenKind::Money)
        {
            let share = format!("{} of {text}", self.text(last));
            return Some(
                Problem::error("unexpected", span, format!("missing `of`: {} of what?", self.text(last)))
                    .label("a share is taken `of` something")
                    .help(format!("write `{share}`"))
                    .sure(gap, " of "),
            );
        }
        if self.text(last) == "total" && is_name(found) {
            return Some(instead(self.written(last), "total", "sum of"));
        }
        let clause = self.before.iter().rev().map(|word| self.text(*word));
        let clause = clause.into_iter().find(|word| CLAUSES.contains(word));
        if text == "per" && after_value && clause == Some("pay") {
            return Some(
                Problem::error("unexpected", span, "`per` belongs to a limit, a total or a `first`")
                    .label("per what is this paid?")
                    .help("write a limit, as `at most $500 per partner per quarter`, or a rule `for each partner per quarter`"),
            );
        }
        let side_by_side = is_name(last) && is_name(found) && !is_word(text) && !is_word(self.text(last));
        if after_value && side_by_side {
            let path = format!("{}.{text}", self.text(last));
            return Some(
                Problem::error("unexpected", span, "two names are side by side")
                    .label("a field of a row is written with a point")
                    .help(format!("write `{path}`"))
                    .choice(gap, "."),
            );
        }
        None
    }

    fn idiom_of_bands(&self, found: Token) -> Option<Problem> {
        let text = self.text(found);
        let is_amount = |token: Token| matches!(token.kind, TokenKind::Number | TokenKind::Money | TokenKind::Percent);
        let one_bound = |span: Span| {
            Problem::error("unexpected", span, "a band has one bound; it begins where the one before ends")
                .label("remove this")
                .help("write, for example, `to $100k 1%`")
                .choice(span, "")
        };
        if let ("to", Some(&[from, bound, _])) = (text, self.around(2, 3).as_deref())
            && self.text(from) == "from"
        {
            return Some(one_bound(self.written(from).to(self.written(bound))));
        }
        if is_amount(found) && self.next_word().is_some_and(|next| self.text(next) == "to") {
            return Some(one_bound(self.written(found)));
        }
        let last = *self.before.last()?;
        if text == "percent" && last.kind == TokenKind::Number {
            let share = format!("{}%", self.text(last));
            let span = self.written(last).to(self.written(found));
            return Some(instead(span, &format!("{} percent", self.text(last)), &share));
        }
        if is_amount(found) && matches!(self.text(last), "{" | "," | "%") || is_amount(found) && is_amount(last) {
            return Some(
                Problem::error("unexpected", self.written(found), "a band says where it ends or begins")
                    .label("`to`, `below` or `from`?")
                    .help("write `to $100k 1%` where $100,000 is in, `below $100k 1%` where it is not"),
            );
        }
        None
    }

    fn idiom_of_fields(&self, found: Token) -> Option<Problem> {
        let last = *self.before.last()?;
        let span = self.written(found);
        match (self.text(last), self.text(found)) {
            ("of", "[") => {
                let behind = self.reader.words.get(self.here()? + 1..)?;
                let close = behind.iter().take(2 * limits::CHOICES).find(|word| self.text(**word) == "]")?;
                Some(
                    Problem::error("unexpected", span, "the values of a `one of` are written without brackets")
                        .label("remove the brackets")
                        .repair(Repair::sure("remove the brackets").edit(span, "").edit(self.written(*close), "")),
                )
            }
            ("of" | ",", _) if found.kind == TokenKind::Text => Some(
                Problem::error("unexpected", span, "a value of a `one of` has a name")
                    .label("a name belongs before this")
                    .help(format!("write a name and how the data spells it, as `won {}`", self.text(found))),
            ),
            ("number" | "money", "(") => Some(
                Problem::error("unexpected", span, "decimals are written in words")
                    .label("how many decimals?")
                    .help(format!("write `{} to 2 decimals`", self.text(last))),
            ),
            _ => None,
        }
    }

    /// An item without its `{`, or with a name of several words before it.
    fn missing_brace(&self, found: Token) -> Problem {
        let (span, item) = (self.written(found), self.item());
        let here = self.here().unwrap_or(0);
        let words = self.reader.words.iter().skip(here);
        let rest: Vec<Token> = words.take_while(|word| (word.span.start as usize) < self.end).copied().collect();
        let brace = rest.iter().position(|word| self.text(*word) == "{");
        let name = *self.before.last().unwrap_or(&found);
        let (words, _) = rest.split_at(brace.unwrap_or(0));
        if let Some(last) = words.last()
            && words.iter().all(|word| matches!(word.kind, TokenKind::Name | TokenKind::Word))
        {
            let all = std::iter::once(&name).chain(words).map(|word| self.text(*word));
            let joined = all.collect::<Vec<_>>().join("_");
            let whole = self.written(name).to(self.written(*last));
            return Problem::error("unexpected", span, format!("a name is one word: `{joined}`"))
                .label("this is a second word")
                .help(format!("write `{joined}`; a title is a text in quotes after the name"))
                .choice(whole, joined);
        }
        let before = Span { start: span.start, end: span.start };
        let problem = Problem::error("unexpected", span, format!("missing `{{`: {item} begins with it"))
            .label("write `{` before this");
        let closed = rest.iter().any(|word| self.text(*word) == "}");
        match rest.last() {
            Some(last) if !closed => {
                let end = self.written(*last).end;
                let repair = Repair::sure("write `{` and `}`").edit(before, "{ ").edit(Span { start: end, end }, " }");
                problem.repair(repair)
            }
            _ => problem.sure(before, "{ "),
        }
    }

    /// A sign or word that is missing before what was found.
    pub(super) fn missing_sign(&self, found: Token, tried: &[Rule]) -> Option<Problem> {
        let span = self.written(found);
        let before = Span { start: span.start, end: span.start };
        let item = self.before.first().map_or("", |word| self.text(*word));
        let words = matches!(found.kind, TokenKind::Name | TokenKind::Word | TokenKind::Keyword);
        match item {
            _ if words && self.open.is_empty() && tried.contains(&Rule::brace_open) && self.before.len() > 1 => {
                Some(self.missing_brace(found))
            }
            "parameter" if tried.contains(&Rule::equal) && self.before.len() == 2 => Some(
                Problem::error("unexpected", span, "missing `=` before the value")
                    .label("write `= `")
                    .sure(before, "= "),
            ),
            "test" if self.before.len() == 1 && matches!(found.kind, TokenKind::Name | TokenKind::Word) => Some(
                Problem::error("unexpected", span, "a test has a title in quotes")
                    .label("write it in quotes")
                    .sure(span, format!("\"{}\"", self.text(found))),
            ),
            "test"
                if tried.contains(&Rule::k_given)
                    && self
                        .around(0, 3)
                        .is_some_and(|next| next.last().is_some_and(|last| self.text(*last) == "{")) =>
            {
                Some(
                    Problem::error("unexpected", span, "a row of a test begins with `given`")
                        .label("write `given` before this")
                        .sure(before, "given "),
                )
            }
            _ => None,
        }
    }
}

pub(super) fn instead(span: Span, said: &str, written: &str) -> Problem {
    Problem::error("unexpected", span, format!("`{said}` is written `{written}`"))
        .label(format!("write `{written}`"))
        .sure(span, written)
}
