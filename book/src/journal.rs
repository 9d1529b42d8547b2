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
use crate::store::{LineSum, SumBy};
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
    /// The posted settlements and the transfers, as the text of a journal. What a settlement books in a period that has ended when it is
    /// posted is of the last day of that period.
    ///
    /// # Errors
    /// Where lines cannot be read, or are not as they were written.
    pub fn journal(&mut self) -> Result<String, BookError> {
        self.is_sealed(None)?;
        let mut accounts = Accounts::default();
        let mut transactions = Vec::new();
        let state = &self.state;
        for number in state.posted(None) {
            let known = state.settlement(number)?;
            let settled = &known.settled;
            let posted = known.posted.unwrap_or(known.on);
            let ends = |period: &str| settled.booked.iter().find(|days| days.period == period).map(|days| days.to);
            let mut sums = self.store.sums(&[number], None, SumBy::PayeeRuleAndBooked, None)?;
            // In one order, whatever a store has.
            sums.sort_by(|a, b| (&a.booked, &a.rule, &a.payee, &a.unit).cmp(&(&b.booked, &b.rule, &b.payee, &b.unit)));
            for of_period in sums.chunk_by(|a, b| a.booked == b.booked) {
                let booked = of_period.first().and_then(|sum| sum.booked.clone()).unwrap_or_default();
                let on = ends(&booked).map_or(posted, |end| end.min(posted));
                let (kind, program, through) = (settled.kind.word(), &settled.program, settled.through);
                let what = format!("settlement {number}, {kind} of {program} through {through}, booked in {booked}");
                let mut moved = Transaction { on, what, postings: BTreeMap::new() };
                let what = format!("paid before, settlement {number}");
                let mut before = Transaction { on, what, postings: BTreeMap::new() };
                for LineSum { payee, rule, unit, amount, .. } in of_period {
                    let expense = accounts.expense(program, rule.as_deref().unwrap_or_default());
                    let payable = accounts.payable(payee);
                    moved.move_to(&expense, &payable, unit, *amount)?;
                    if settled.kind == SettlementKind::Opening {
                        before.move_to(&payable, BEFORE, unit, *amount)?;
                    }
                }
                transactions.extend([moved, before]);
            }
        }
        for transfer in &state.transfers {
            let Transfer { number, reference, on, came_back, .. } = transfer;
            let what = match came_back {
                None => format!("paid by {reference}"),
                Some(note) => format!("came back, {reference}: {note}"),
            };
            let mut moved = Transaction { on: *on, what, postings: BTreeMap::new() };
            for sum in self.store.sums(&[Transfer::place(*number)], None, SumBy::Payee, None)? {
                moved.move_to(BANK, &accounts.payable(&sum.payee), &sum.unit, sum.amount)?;
            }
            transactions.push(moved);
        }
        transactions.retain(|transaction| transaction.postings.values().any(|amount| *amount != 0));
        transactions.sort_by_key(|transaction| transaction.on);
        Ok(self.written(&transactions))
    }

    fn written(&self, transactions: &[Transaction]) -> String {
        let (place, n_entries, head) = (line(&self.place()), self.state.n_entries, &self.state.head);
        let mut text = format!("; {place}: {n_entries} entries, head {head}\n\n");
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
            for ((account, unit), amount) in postings.iter().filter(|(_, amount)| **amount != 0) {
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

/// The parts of accounts' names, each of one text of the book.
#[derive(Default)]
struct Accounts {
    /// By the account above and the text.
    parts: BTreeMap<(String, String), String>,
    taken: BTreeSet<(String, String)>,
}

impl Accounts {
    fn expense(&mut self, program: &str, rule: &str) -> String {
        let above = self.below("Expenses", program);
        self.below(&above, rule)
    }

    fn payable(&mut self, payee: &Payee) -> String {
        let above = self.below("Liabilities:Payees", &payee.kind);
        self.below(&above, &payee.key)
    }

    /// The account of a text below another: with a capital, and a hyphen for what no account has in its name. Of texts that look alike then
    /// the later ones are numbered, in the order in which the book has them.
    fn below(&mut self, above: &str, text: &str) -> String {
        let key = (above.to_owned(), text.to_owned());
        if let Some(part) = self.parts.get(&key) {
            return format!("{above}:{part}");
        }
        let sign = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let mut own: String = text.chars().map(sign).collect();
        match own.chars().next() {
            Some(first) if first.is_ascii_lowercase() => {
                own.replace_range(..1, &first.to_ascii_uppercase().to_string());
            }
            Some(first) if first.is_ascii_alphanumeric() => {}
            Some(_) | None => own.insert(0, 'X'),
        }
        let numbered = (2..).map(|n| format!("{own}-{n}"));
        let is_free = |part: &String| !self.taken.contains(&(above.to_owned(), part.clone()));
        let part = std::iter::once(own.clone()).chain(numbered).find(is_free).unwrap_or(own.clone());
        self.taken.insert((above.to_owned(), part.clone()));
        self.parts.insert(key, part.clone());
        format!("{above}:{part}")
    }
}

/// Words that Beancount takes for something else.
const RESERVED: [&str; 3] = ["NULL", "TRUE", "FALSE"];

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
        while name.len() < 2 || RESERVED.contains(&&*name) || commodities.values().any(|known| *known == name) {
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
        fn different_keys_have_different_accounts(keys in proptest::collection::vec("[aAK1 :\\-ü]{0,4}", 1..20)) {
            let mut accounts = Accounts::default();
            let named: BTreeMap<&String, String> = keys.iter().map(|key| (key, accounts.below("A", key))).collect();
            let different: BTreeSet<&String> = named.values().collect();
            prop_assert_eq!(different.len(), named.len());
            prop_assert!(keys.iter().all(|key| accounts.below("A", key) == named[key]));
        }
    }

    #[test]
    fn parts_and_commodities_are_letters_digits_and_hyphens() {
        let mut accounts = Accounts::default();
        let mut below = |text: &str| accounts.below("A", text);
        assert_eq!(
            ["ACME", "two_percent", "a:b", "a-b", "", "ü", "7"].map(&mut below),
            ["A:ACME", "A:Two-percent", "A:A-b", "A:A-b-2", "A:X", "A:X-", "A:7"]
        );
        let units = ["USD", "p", "points", "t1", "tdb"].map(str::to_owned);
        let named = commodities(units.iter());
        let names: Vec<&str> = units.iter().map(|unit| &*named[unit]).collect();
        assert_eq!(names, ["USD", "PX", "POINTS", "TDB", "TDBX"]);
        assert_eq!(line("a \"b\"; c\n"), "a 'b', c ");
    }
}
