//! What is on balances while a run goes on: lots that were added, oldest first, and every movement.
//!
//! Rows come in one order, so that a lot that has ended is noticed at the latest when its owner is next touched, and at the end of the
//! run. Amounts are smallest units.

use crate::internal::broken;
use crate::plan::VersionId;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// In place of the last day of a lot that never ends.
pub const NO_END: i32 = i32::MAX;

/// A row of a rule: what a lot was added by, or what a movement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mover {
    /// The rule.
    pub version: VersionId,
    /// The row of its stream.
    pub row: u32,
}

/// What was added at once, and is taken and expires by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lot {
    by: Mover,
    left: i64,
    /// Its last day.
    ends: i32,
}

/// What is on the balance of one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Account {
    /// Oldest first; none is empty.
    lots: VecDeque<Lot>,
    /// What the lots come to.
    sum: i128,
    /// No lot ends before this day.
    ends_from: i32,
    /// Whether no lot ends before one that is older.
    is_unsorted: bool,
    /// What is there, where the balance may be negative and has no lots.
    plain: i128,
}

/// What a change of a balance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MovementKind {
    /// A lot was added, or less than nothing was, which is taken from lots.
    Added,
    /// It was taken.
    Taken,
    /// A lot ended, and this was left of it.
    Expired,
    /// What was to be added below zero and was not there: no change.
    Short,
}

impl MovementKind {
    /// As the outputs call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Taken => "taken",
            Self::Expired => "expired",
            Self::Short => "short",
        }
    }
}

/// A change of a balance, or what it is short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The row of the record that the balance is kept per; 0 where the program has one.
    pub owner: u32,
    /// What added the lot; none where there are no lots.
    pub lot: Option<Mover>,
    /// The day.
    pub when: i32,
    /// What it is.
    pub kind: MovementKind,
    /// By how much; what is taken or expires is below zero.
    pub amount: i64,
    /// What is left of the lot, or of the balance where there are no lots.
    pub left: i64,
    /// What it comes from; none for a lot that ended.
    pub by: Option<Mover>,
    /// The last day of the lot; [`NO_END`] where there is none.
    pub ends: i32,
}

/// A balance of all who have one.
#[derive(Clone, Debug, Default)]
pub struct Balances {
    may_be_negative: bool,
    accounts: FxHashMap<u32, Account>,
    /// In the order of rows; those of one owner in the order of time.
    pub movements: Vec<Movement>,
}

/// An amount too large to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl Balances {
    /// Nothing yet.
    pub fn new(may_be_negative: bool) -> Self {
        Self { may_be_negative, ..Self::default() }
    }

    /// What somebody has on a day; lots that ended before it are gone.
    pub fn there(&self, owner: u32, day: i32) -> i128 {
        let Some(account) = self.accounts.get(&owner) else { return 0 };
        if account.lots.is_empty() || account.ends_from >= day {
            return account.sum + account.plain;
        }
        let live = account.lots.iter().filter(|lot| lot.ends >= day);
        live.map(|lot| i128::from(lot.left)).sum::<i128>() + account.plain
    }

    /// How much of an amount somebody could take: what is there, or any amount where the balance may be negative.
    pub fn room(&self, owner: u32, day: i32, asked: i64) -> i64 {
        if self.may_be_negative {
            return asked;
        }
        i64::try_from(self.there(owner, day).min(asked.into())).unwrap_or_else(|_| broken("a balance below zero"))
    }

    /// Adds an amount as a lot that ends with a day; less than nothing is taken from the oldest lots.
    ///
    /// # Errors
    /// When the balance comes to more than can be held.
    pub fn add(&mut self, owner: u32, by: Mover, day: i32, amount: i64, ends: i32) -> Result<(), TooLarge> {
        self.expire(owner, day);
        if amount == 0 {
            return Ok(());
        }
        if self.may_be_negative {
            return self.change(owner, by, day, MovementKind::Added, amount);
        }
        if amount > 0 {
            let account = self.accounts.entry(owner).or_default();
            match account.lots.back() {
                None => (account.ends_from, account.is_unsorted) = (ends, false),
                Some(last) => account.is_unsorted |= ends < last.ends,
            }
            account.ends_from = account.ends_from.min(ends);
            account.lots.push_back(Lot { by, left: amount, ends });
            account.sum += i128::from(amount);
            let kind = MovementKind::Added;
            let (lot, by) = (Some(by), Some(by));
            self.movements.push(Movement { owner, lot, when: day, kind, amount, left: amount, by, ends });
            return Ok(());
        }
        let asked = amount.checked_neg().ok_or(TooLarge)?;
        let found = self.draw(owner, by, day, MovementKind::Added, asked);
        if found < asked {
            let short = Movement {
                owner,
                lot: None,
                when: day,
                kind: MovementKind::Short,
                amount: found - asked,
                left: 0,
                by: Some(by),
                ends: NO_END,
            };
            self.movements.push(short);
        }
        Ok(())
    }

    /// Takes an amount that is there, oldest lots first.
    ///
    /// # Errors
    /// When the balance comes to more than can be held.
    pub fn take(&mut self, owner: u32, by: Mover, day: i32, amount: i64) -> Result<(), TooLarge> {
        self.expire(owner, day);
        if amount == 0 {
            return Ok(());
        }
        if self.may_be_negative {
            return self.change(owner, by, day, MovementKind::Taken, -amount);
        }
        if self.draw(owner, by, day, MovementKind::Taken, amount) != amount {
            broken("more is taken than is there");
        }
        Ok(())
    }

    /// At the end of a day: what ended with it or before is gone.
    pub fn end(&mut self, day: i32) {
        let mut owners: Vec<u32> = self.accounts.keys().copied().collect();
        owners.sort_unstable();
        owners.into_iter().for_each(|owner| self.expire(owner, day.saturating_add(1)));
    }

    /// What somebody has, all movements together.
    pub fn sum(&self, owner: u32) -> i128 {
        let own = self.movements.iter().filter(|movement| movement.owner == owner);
        own.filter(|movement| movement.kind != MovementKind::Short).map(|movement| i128::from(movement.amount)).sum()
    }

    /// Lots that ended before a day are gone, each at the end of its last day.
    fn expire(&mut self, owner: u32, day: i32) {
        let Some(account) = self.accounts.get_mut(&owner) else { return };
        if account.lots.is_empty() || account.ends_from >= day {
            return;
        }
        let is_over = |lot: &Lot| lot.ends < day;
        let mut over: Vec<Lot> = Vec::new();
        if account.is_unsorted {
            over.extend(account.lots.iter().copied().filter(is_over));
            account.lots.retain(|lot| !is_over(lot));
            over.sort_by_key(|lot| lot.ends);
            account.ends_from = account.lots.iter().map(|lot| lot.ends).min().unwrap_or(NO_END);
        } else {
            while let Some(lot) = account.lots.front().copied().filter(is_over) {
                over.push(lot);
                account.lots.pop_front();
            }
            account.ends_from = account.lots.front().map_or(NO_END, |lot| lot.ends);
        }
        account.sum -= over.iter().map(|lot| i128::from(lot.left)).sum::<i128>();
        self.movements.extend(over.into_iter().map(|lot| Movement {
            owner,
            lot: Some(lot.by),
            when: lot.ends,
            kind: MovementKind::Expired,
            amount: -lot.left,
            left: 0,
            by: None,
            ends: lot.ends,
        }));
    }

    /// Takes up to an amount from the oldest lots; says how much was there.
    fn draw(&mut self, owner: u32, by: Mover, day: i32, kind: MovementKind, asked: i64) -> i64 {
        let Some(account) = self.accounts.get_mut(&owner) else { return 0 };
        let mut found = 0;
        while found < asked {
            let Some(lot) = account.lots.front_mut() else { break };
            let part = lot.left.min(asked - found);
            lot.left -= part;
            account.sum -= i128::from(part);
            found += part;
            let Lot { by: lot_of, left, ends } = *lot;
            if left == 0 {
                account.lots.pop_front();
            }
            self.movements.push(Movement {
                owner,
                lot: Some(lot_of),
                when: day,
                kind,
                amount: -part,
                left,
                by: Some(by),
                ends,
            });
        }
        found
    }

    /// Changes a balance that has no lots.
    fn change(&mut self, owner: u32, by: Mover, day: i32, kind: MovementKind, amount: i64) -> Result<(), TooLarge> {
        let account = self.accounts.entry(owner).or_default();
        account.plain += i128::from(amount);
        let left = i64::try_from(account.plain).map_err(|_| TooLarge)?;
        let (by, ends) = (Some(by), NO_END);
        self.movements.push(Movement { owner, lot: None, when: day, kind, amount, left, by, ends });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: u32 = 7;

    fn by(row: u32) -> Mover {
        Mover { version: VersionId(0), row }
    }

    fn told(balances: &Balances) -> Vec<(MovementKind, i64, i64, i32)> {
        balances.movements.iter().map(|known| (known.kind, known.amount, known.left, known.when)).collect()
    }

    #[test]
    fn the_oldest_lot_is_taken_first_and_what_is_left_of_it_ends() {
        let mut balances = Balances::new(false);
        balances.add(OWNER, by(0), 1, 100, 10).unwrap();
        balances.add(OWNER, by(1), 2, 50, 20).unwrap();
        balances.take(OWNER, by(2), 3, 30).unwrap();
        assert_eq!(balances.there(OWNER, 10), 120);
        assert_eq!(balances.there(OWNER, 11), 50);
        assert_eq!(balances.room(OWNER, 11, 80), 50);
        balances.take(OWNER, by(3), 11, 50).unwrap();
        let wanted = [
            (MovementKind::Added, 100, 100, 1),
            (MovementKind::Added, 50, 50, 2),
            (MovementKind::Taken, -30, 70, 3),
            (MovementKind::Expired, -70, 0, 10),
            (MovementKind::Taken, -50, 0, 11),
        ];
        assert_eq!(told(&balances), wanted);
        assert_eq!(balances.sum(OWNER), 0);
    }

    #[test]
    fn what_is_added_below_zero_takes_from_lots_and_says_what_is_short() {
        let mut balances = Balances::new(false);
        balances.add(OWNER, by(0), 1, 40, NO_END).unwrap();
        balances.add(OWNER, by(1), 2, -60, NO_END).unwrap();
        let wanted =
            [(MovementKind::Added, 40, 40, 1), (MovementKind::Added, -40, 0, 2), (MovementKind::Short, -20, 0, 2)];
        assert_eq!(told(&balances), wanted);
        assert_eq!(balances.sum(OWNER), 0);
    }

    #[test]
    fn a_balance_that_may_be_negative_carries_debts_forward() {
        let mut balances = Balances::new(true);
        balances.take(OWNER, by(0), 1, 30).unwrap();
        balances.add(OWNER, by(1), 2, 20, NO_END).unwrap();
        assert_eq!(balances.there(OWNER, 2), -10);
        assert_eq!(told(&balances), [(MovementKind::Taken, -30, -30, 1), (MovementKind::Added, 20, -10, 2)]);
    }
}
