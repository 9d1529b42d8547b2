//! The book as a journal of plain-text accounting, which both hledger and Beancount read.
//!
//! Of what the two have in common: `open` with a day is a transaction without postings to hledger, and opens an account in Beancount;
//! accounts have parts of letters, digits and hyphens, commodities are capital letters. Each transaction adds up to zero.

use crate::book::Book;
use crate::entry::{Day, SettlementKind};
use crate::error::BookError;
use crate::money::Money;
use crate::payee::Payee;
use crate::state::Transfer;
use crate::store::SumBy;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The bank.
const BANK: &str = "Assets:Bank";
/// What was paid before there was a book.
const BEFORE: &str = "Equity:Opening-Balances";

/// What moves between accounts on a day.
struct Transaction {
    on: Day,
    what: String,
    /// By account and unit.
    postings: BTreeMap<(String, String), i128>,
}

impl Book {
    /// The posted settlements and the transfers, as the text of a journal.
    ///
    /// # Errors
    /// Where lines cannot be read.
    pub fn journal(&mut self) -> Result<String, BookError> {
        let mut transactions = Vec::new();
        let state = &self.state;
        for number in state.posted(None) {
            let known = state.settlement(number)?;
            let settled = &known.settled;
            let on = known.posted.unwrap_or(known.on);
            let what = format!(
                "settlement {number}, {} of {} through {}",
                settled.kind.word(),
                settled.program,
                settled.through
            );
            let mut posted = Transaction { on, what, postings: BTreeMap::new() };
            let mut before =
                Transaction { on, what: format!("paid before, settlement {number}"), postings: BTreeMap::new() };
            for sum in self.store.sums(&[number], None, SumBy::PayeeAndRule, None)? {
                let rule = sum.rule.unwrap_or_default();
                posted.move_to(&expense(&settled.program, &rule), &payable(&sum.payee), &sum.unit, sum.amount)?;
                if settled.kind == SettlementKind::Opening {
                    before.move_to(&payable(&sum.payee), BEFORE, &sum.unit, sum.amount)?;
                }
            }
            transactions.extend([posted, before]);
        }
        for transfer in &state.transfers {
            let Transfer { number, reference, on, came_back, .. } = transfer;
            let what = match came_back {
                None => format!("paid by {reference}"),
                Some(note) => format!("came back, {reference}: {note}"),
            };
            let mut moved = Transaction { on: *on, what, postings: BTreeMap::new() };
            for sum in self.store.sums(&[Transfer::place(*number)], None, SumBy::Payee, None)? {
                moved.move_to(BANK, &payable(&sum.payee), &sum.unit, sum.amount)?;
            }
            transactions.push(moved);
        }
        transactions.retain(|transaction| !transaction.postings.is_empty());
        transactions.sort_by_key(|transaction| transaction.on);
        Ok(self.written(&transactions))
    }

    fn written(&self, transactions: &[Transaction]) -> String {
        let mut text =
            format!("; {}: {} entries, head {}\n\n", line(&self.place()), self.state.n_entries, self.state.head);
        let commodities = commodities(self.state.units.keys());
        let accounts: BTreeSet<&str> =
            transactions.iter().flat_map(|known| known.postings.keys().map(|(account, _)| &**account)).collect();
        let first = transactions.first().map(|known| known.on);
        // A String takes whatever is written to it.
        for account in &accounts {
            let _ = writeln!(text, "{} open {account}", first.unwrap_or(Day::MIN));
        }
        for Transaction { on, what, postings } in transactions {
            let _ = writeln!(text, "\n{on} * \"{}\"", line(what));
            for ((account, unit), amount) in postings {
                let decimals = self.state.units.get(unit).copied().unwrap_or(0);
                let money = Money { unit: unit.clone(), decimals, amount: *amount };
                let commodity = commodities.get(unit).map_or("", String::as_str);
                let _ = writeln!(text, "  {account}  {} {commodity}", money.text());
            }
        }
        text
    }
}

impl Transaction {
    /// Moves an amount from one account's credit to another's: the first gets it, the second gives it.
    fn move_to(&mut self, to: &str, from: &str, unit: &str, amount: i128) -> Result<(), BookError> {
        for (account, amount) in [(to, amount), (from, -amount)] {
            let sum = self.postings.entry((account.to_owned(), unit.to_owned())).or_default();
            let large = || BookError::Store("what the journal moves is too large to add up".to_owned());
            *sum = sum.checked_add(amount).ok_or_else(large)?;
        }
        Ok(())
    }
}

fn expense(program: &str, rule: &str) -> String {
    format!("Expenses:{}:{}", part(program), part(rule))
}

fn payable(payee: &Payee) -> String {
    format!("Liabilities:Payees:{}:{}", part(&payee.kind), part(&payee.key))
}

/// A part of an account's name: letters and digits as they are, all else by its code point between hyphens, behind a capital `K-` where the
/// text itself begins with no capital or digit. Different texts have different parts.
fn part(text: &str) -> String {
    let mut part = String::new();
    if !text.starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit()) {
        part.push_str("K-");
    }
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => part.push(letter),
            other => {
                let _ = write!(part, "-{:X}-", u32::from(other));
            }
        }
    }
    part
}

/// A commodity for each unit: its letters in capitals, a digit as `D` and a letter, at least two.
fn commodities<'a>(units: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let mut commodities: BTreeMap<String, String> = BTreeMap::new();
    for unit in units {
        let mut name = String::new();
        for letter in unit.chars().take(10) {
            match letter {
                'a'..='z' | 'A'..='Z' => name.push(letter.to_ascii_uppercase()),
                '0'..='9' => name.extend(['D', char::from(b'A' + (u8::try_from(u32::from(letter) - 48).unwrap_or(0)))]),
                _ => name.push('X'),
            }
        }
        while name.len() < 2 || commodities.values().any(|known| *known == name) {
            name.push('X');
        }
        commodities.insert(unit.clone(), name);
    }
    commodities
}

/// A text within quotes: of what would end it or begin a comment something like it.
fn line(text: &str) -> String {
    let sign = |letter: char| match letter {
        '"' => '\'',
        ';' | '|' => ',',
        '\\' => '/',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    text.chars().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn different_keys_have_different_accounts(a in "[aAK1 :\\-ü]{0,4}", b in "[aAK1 :\\-ü]{0,4}") {
            prop_assert_eq!(part(&a) == part(&b), a == b);
        }
    }

    #[test]
    fn parts_and_commodities_are_letters_digits_and_hyphens() {
        assert_eq!(part("ACME"), "ACME");
        assert_eq!(part("two_percent"), "K-two-5F-percent");
        assert_eq!(part("a:b"), "K-a-3A-b");
        let units = ["USD", "p", "points", "t1", "tdb"].map(str::to_owned);
        let named = commodities(units.iter());
        let names: Vec<&str> = units.iter().map(|unit| &*named[unit]).collect();
        assert_eq!(names, ["USD", "PX", "POINTS", "TDB", "TDBX"]);
        assert_eq!(line("a \"b\"; c\n"), "a 'b', c ");
    }
}
