//! Everyday sentences of rules whose words are known but are written otherwise here.
//!
//! Comes in: where reading stopped in a rule. Goes out: a problem that says how the sentence is written, with a repair where the
//! words that were written are enough for one.

use super::Place;
use crate::lexical::days_in_month;
use crate::problem::{Problem, Repair};
use crate::span::Span;
use crate::token::{Token, TokenKind};

impl Place<'_, '_> {
    /// A sentence of everyday speech at the word that could not be read.
    pub(super) fn everyday(&self, found: Token, after_value: bool) -> Option<Problem> {
        self.capitals(found)
            .or_else(|| self.article(found))
            .or_else(|| self.in_period(found))
            .or_else(|| self.event_of_period(found))
            .or_else(|| self.payee_last(found, after_value))
            .or_else(|| self.two_payments(found))
            .or_else(|| self.and_period(found))
            .or_else(|| self.described_event(found))
            .or_else(|| self.of_payments(found))
            .or_else(|| self.sum_where(found))
            .or_else(|| self.first_of(found))
            .or_else(|| self.latest_of(found))
            .or_else(|| self.guarantee_or_threshold(found))
            .or_else(|| self.decided_by_sign(found))
            .or_else(|| self.payee_of_return(found))
    }

    /// `AND`, `WHERE`: words of the language in capitals.
    fn capitals(&self, found: Token) -> Option<Problem> {
        let near = self.before.iter().rev().take(2).chain([&found]).copied();
        let loud = |token: &Token| {
            let text = self.text(*token);
            token.kind == TokenKind::Name
                && text.len() > 1
                && text.bytes().all(|sign| sign.is_ascii_uppercase())
                && crate::word::is_word(&text.to_lowercase())
        };
        let token = near.into_iter().find(loud)?;
        let small = self.text(token).to_lowercase();
        let message = format!("words of the language are written small: `{small}`");
        Some(
            Problem::error("unexpected", self.written(token), message)
                .label(format!("write `{small}`"))
                .sure(self.written(token), small),
        )
    }

    /// `2% of the amount`, `at most $500 a month`
    fn article(&self, found: Token) -> Option<Problem> {
        let last = *self.before.last()?;
        if matches!(self.text(found), "a" | "an") {
            let next = self.next_word()?;
            if super::idioms::PERIODS.contains(&self.text(next)) {
                let said = format!("{} {}", self.text(found), self.text(next));
                let written = format!("per {}", self.text(next));
                let span = self.written(found);
                return Some(
                    Problem::error("unexpected", span, format!("`{said}` is written `{written}`"))
                        .label("write `per`")
                        .repair(Repair::sure(format!("write `{written}`")).edit(span, "per")),
                );
            }
        }
        let article = matches!(self.text(last), "the" | "a" | "an") && last.kind != TokenKind::Text;
        let named = matches!(found.kind, TokenKind::Name | TokenKind::Word);
        (article && named).then(|| {
            let (span, gone) =
                (self.written(last), Span { start: self.written(last).start, end: self.written(found).start });
            let message = format!("`{}` is not written before a name", self.text(last));
            let title = format!("write `{}`", self.text(found));
            Problem::error("unexpected", span, message).label("remove it").repair(Repair::sure(title).edit(gone, ""))
        })
    }

    /// `closed_on in 2026-Q1`
    fn in_period(&self, found: Token) -> Option<Problem> {
        let last = *self.before.last()?;
        // After `active` the `in` itself does not fit.
        let (period, word) = match self.text(last) {
            "active" => (*self.around(0, 2)?.get(1)?, found),
            _ => (last, *self.before.get(self.before.len().checked_sub(2)?)?),
        };
        if period.kind != TokenKind::Period || self.text(word) != "in" {
            return None;
        }
        let span = self.written(word).to(self.written(period));
        let (first, end) = days_of(self.text(period))?;
        let is_active = self.text(last) == "active";
        let written = if is_active { format!("{first} to {end}") } else { format!("between {first} and {end}") };
        let help = if is_active { format!("write `active {written}`") } else { format!("write `{written}`") };
        Some(
            Problem::error(
                "unexpected",
                span,
                format!("the first and the last day of {} are written out", self.text(period)),
            )
            .label(if is_active { "which days are these?" } else { "`in` asks for one of a list" })
            .help(help)
            .choice(span, written),
        )
    }

    /// `for each deal in Q1`
    fn event_of_period(&self, found: Token) -> Option<Problem> {
        let [each, event, word] = *self.before.get(self.before.len().checked_sub(3)?..)? else { return None };
        if self.text(each) != "each" || self.text(word) != "in" {
            return None;
        }
        Some(
            Problem::error("unexpected", self.written(word), "which rows are meant is said by a `where`")
                .label("a condition is a clause of its own")
                .help(format!(
                    "write `for each {}`, and `where` with its day between two dates in place of `in {}`",
                    self.text(event),
                    self.text(found)
                )),
        )
    }

    /// `pay $500 to rep`: who is paid is written first.
    fn payee_last(&self, found: Token, after_value: bool) -> Option<Problem> {
        // The payee may itself be what does not fit, where `to` was read as a name.
        let words = self.reader.words.as_slice();
        let here = self.here()?;
        // `year to date` is no payee.
        if self.next_word().is_some_and(|next| self.text(next) == "date") || self.text(found) == "date" {
            return None;
        }
        let to = if self.text(found) == "to" && after_value {
            here
        } else if self.before.last().is_some_and(|last| self.text(*last) == "to") {
            here.checked_sub(1)?
        } else {
            return None;
        };
        let pay = (0..to)
            .rev()
            .take(self.before.len())
            .find(|at| words.get(*at).is_some_and(|word| self.text(*word) == "pay"))?;
        let mut end = to + 1;
        while words.get(end + 1).is_some_and(|dot| self.text(*dot) == ".") {
            end += 2;
        }
        let payee = *words.get(end).filter(|word| matches!(word.kind, TokenKind::Name | TokenKind::Word))?;
        let &[last, to, first] = words.get(to.checked_sub(1)?..to + 2)? else { return None };
        let problem = Problem::error("unexpected", self.written(to), "who is paid is named before the amount");
        let payee = self.written(first).to(self.written(payee));
        let amount = self.written(*words.get(pay + 1)?).to(self.written(last));
        let all = amount.to(payee);
        let written = format!("{} {}", payee.text(self.reader.source), amount.text(self.reader.source));
        Some(problem.label("nobody is named before this").help(format!("write `pay {written}`")).sure(all, written))
    }

    /// `pay rep $500 and partner $100`, `pay rep and partner 2% of amount`
    fn two_payments(&self, found: Token) -> Option<Problem> {
        let amount = matches!(found.kind, TokenKind::Money | TokenKind::Percent | TokenKind::Number);
        let and = self.before.iter().rposition(|word| self.text(*word) == "and")?;
        let pay = self.before.iter().rposition(|word| self.text(*word) == "pay")?;
        let words = self.before.get(pay + 1..and)?;
        let other = self.before.get(and + 1..)?;
        let is_path = |words: &[Token]| {
            !words.is_empty()
                && words
                    .iter()
                    .all(|word| matches!(word.kind, TokenKind::Name | TokenKind::Word) || self.text(*word) == ".")
        };
        if !amount || !is_path(other) {
            return None;
        }
        let span = self.written(*self.before.get(and)?);
        let problem =
            Problem::error("unexpected", span, "a `pay` pays one party").label("a second payment begins here");
        Some(if is_path(words) {
            problem.help("write a rule for each of them; `split` divides one amount")
        } else {
            problem.help("write a second rule for it: a rule pays once")
        })
    }

    /// `for each partner and quarter`
    fn and_period(&self, found: Token) -> Option<Problem> {
        let [each, _] = *self.before.get(self.before.len().checked_sub(2)?..)? else { return None };
        let period = self.text(*self.around(0, 2)?.get(1)?);
        (self.text(each) == "each" && self.text(found) == "and" && super::idioms::PERIODS.contains(&period))
            .then(|| super::idioms::instead(self.written(found), "and", "per"))
    }

    /// `sum of payments from new_customer`
    fn of_payments(&self, found: Token) -> Option<Problem> {
        let last = *self.before.last()?;
        if self.text(found) != "from" || self.text(last) != "payments" {
            return None;
        }
        let rule = self.next_word().map_or("RULE", |next| self.text(next));
        Some(
            Problem::error("unexpected", self.written(last), "what is summed is said first, then of which payments")
                .label("the amounts of these?")
                .help(format!("write `sum of amount in payments from {rule}`")),
        )
    }

    /// `(sum of deal.amount where registered)`: the condition is with its rows in brackets of its own.
    fn sum_where(&self, found: Token) -> Option<Problem> {
        let bracket = *self.open.last()?;
        if self.text(found) != "where" || self.text(bracket) != "(" {
            return None;
        }
        let inside = self.before.iter().rposition(|token| token.span == bracket.span)?;
        let of = self.before.get(inside..)?.iter().any(|word| matches!(self.text(*word), "sum" | "count" | "average"));
        of.then(|| {
            Problem::error(
                "unexpected",
                self.written(found),
                "a condition of a sum is written in brackets with its rows",
            )
            .label("these brackets hold more than the rows")
            .help("write `sum of amount in (deal where registered)`, `count of (deal where registered)`")
        })
    }

    /// `for each registered deal`
    fn described_event(&self, found: Token) -> Option<Problem> {
        let [each, described] = *self.before.get(self.before.len().checked_sub(2)?..)? else { return None };
        if self.text(each) != "each" || !matches!(found.kind, TokenKind::Name | TokenKind::Word) {
            return None;
        }
        // It ends the clause; a mistyped word begins one.
        let line = |token: Token| token.span.before(self.reader.text).matches('\n').count();
        let ends = match self.next_word() {
            Some(next) if line(next) == line(found) => {
                let next = self.text(next);
                crate::word::nearest(self.text(found), ["first"]).is_none()
                    && matches!(next, "per" | "where" | "let" | "set" | "pay" | "take" | "first" | "active" | "}")
            }
            _ => true,
        };
        if !ends || line(described) != line(found) || self.text(found) == "each" {
            return None;
        }
        let often = match self.text(found) {
            "daily" => Some("day"),
            "weekly" => Some("week"),
            "monthly" => Some("month"),
            "quarterly" => Some("quarter"),
            "yearly" | "annually" => Some("year"),
            _ => None,
        };
        if let Some(period) = often {
            return Some(super::idioms::instead(self.written(found), self.text(found), &format!("per {period}")));
        }
        if self.next_word().is_some_and(|next| self.text(next) == "per") {
            let (party, condition) = (self.text(found), self.text(described));
            return Some(
                Problem::error("unexpected", self.written(described), "which rows are meant is said by a `where`")
                    .label("a condition is a clause of its own")
                    .help(format!(
                        "write `for each {party} per quarter`, and `where` with what makes it `{condition}`"
                    )),
            );
        }
        let (condition, event) = (self.text(described), self.text(found));
        let span = self.written(described).to(self.written(found));
        Some(
            Problem::error("unexpected", self.written(described), "which rows are meant is said by a `where`")
                .label("a condition is a clause of its own")
                .help(format!("write `for each {event}  where {condition}`"))
                .choice(span, format!("{event}  where {condition}")),
        )
    }

    /// `where first deal of customer`
    fn first_of(&self, found: Token) -> Option<Problem> {
        let [clause, first] = *self.before.get(self.before.len().checked_sub(2)?..)? else { return None };
        if !matches!(self.text(clause), "where" | "and") || self.text(first) != "first" {
            return None;
        }
        let after = match self.around(0, 3).as_deref() {
            Some(&[_, of, thing]) if self.text(of) == "of" => self.text(thing),
            _ => "customer",
        };
        let message = format!("the first `{}` of each `{after}` is a clause, not a condition", self.text(found));
        Some(
            Problem::error("unexpected", self.written(first), message)
                .help(format!("write `first per {after} ever`, or `per program`, in place of the `where`")),
        )
    }

    /// `latest deal`: the set is in brackets.
    fn latest_of(&self, found: Token) -> Option<Problem> {
        let last = *self.before.last()?;
        let word = self.text(last);
        if !matches!(word, "latest" | "earliest") || !matches!(found.kind, TokenKind::Name | TokenKind::Word) {
            return None;
        }
        let set = format!("({})", self.text(found));
        Some(
            Problem::error("unexpected", self.written(found), format!("`{word}` takes a set in brackets"))
                .label("this is the set")
                .help(format!("write `{word} {set}`"))
                .choice(self.written(found), set),
        )
    }

    /// `minimum $50`: what is below is not paid, or is paid up to it.
    fn guarantee_or_threshold(&self, found: Token) -> Option<Problem> {
        if !matches!(self.text(found), "min" | "minimum") {
            return None;
        }
        let bound = self.next_word().map_or("$50", |next| self.text(next));
        Some(
            Problem::error("unexpected", self.written(found), format!("is {bound} a threshold or a guarantee?"))
                .label("this word has two meanings")
                .help(format!(
                    "for a threshold write a condition, as `where amount >= {bound}`; for a guarantee, in a rule per party and period, \
                     `at least {bound} per partner per quarter`"
                ))
                .choice(self.written(found), "at least"),
        )
    }

    /// `set commission = 2% of amount`
    fn decided_by_sign(&self, found: Token) -> Option<Problem> {
        let set = self.before.len().checked_sub(2).and_then(|at| self.before.get(at))?;
        (self.text(found) == "=" && self.text(*set) == "set")
            .then(|| super::idioms::instead(self.written(found), "=", "to"))
    }

    /// `take back 2% of amount from partner`
    fn payee_of_return(&self, found: Token) -> Option<Problem> {
        let [take, back] = *self.before.get(self.before.len().checked_sub(2)?..)? else { return None };
        if self.text(take) != "take" || self.text(back) != "back" {
            return None;
        }
        if matches!(found.kind, TokenKind::Name | TokenKind::Word) {
            let before = Span { start: self.written(found).start, end: self.written(found).start };
            return Some(
                Problem::error("unexpected", self.written(found), "missing `from`: from whom is it taken back?")
                    .label("`from` belongs before this")
                    .help("write `take back from`")
                    .sure(before, "from "),
            );
        }
        Some(
            Problem::error(
                "unexpected",
                self.written(found),
                "from whom something is taken back is named before the amount",
            )
            .label("`from` and a party belong before this")
            .help("write `take back from`, the party, and then this amount"),
        )
    }
}

/// The first and last day of a calendar period as it is written: `2026-Q1`, `2026-H2`, `2026-02`.
fn days_of(period: &str) -> Option<(String, String)> {
    let (year, part) = period.split_once('-')?;
    let (first, last): (u32, u32) = match part.split_at_checked(1)? {
        ("Q", quarter) => {
            let quarter: u32 = quarter.parse().ok()?;
            (quarter.checked_mul(3)?.checked_sub(2)?, quarter * 3)
        }
        ("H", half) => {
            let half: u32 = half.parse().ok()?;
            (half.checked_mul(6)?.checked_sub(5)?, half * 6)
        }
        _ => {
            let month = part.parse().ok()?;
            (month, month)
        }
    };
    let days = days_in_month(year.parse().ok()?, last)?;
    Some((format!("{year}-{first:02}-01"), format!("{year}-{last:02}-{days}")))
}
