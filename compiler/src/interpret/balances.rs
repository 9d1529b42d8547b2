//! What a row adds to balances and takes from them.

use super::eval::{Row, Value};
use super::trace::{Drawn, TraceStep};
use super::{Fault, FaultKind, RuleRun, too_large};
use crate::balances::{Balances, Mover, NO_END, TooLarge};
use crate::data::{Addition, Data, status};
use crate::internal::broken;
use crate::plan::{Account, Add, Balance, Expr, Plan, Stream, TakeFrom, Version};
use crate::value::{Exact, exact_text, fraction, round};

impl Row<'_> {
    /// Whose a balance is asked of; that is known.
    pub(super) fn owner(&self, account: &Account, data: &Data) -> Result<u32, Fault> {
        let Some(owner) = &account.owner else { return Ok(0) };
        match self.eval(owner, data)? {
            Value::Code(row) => Ok(row),
            _ => broken("a balance of nobody"),
        }
    }

    /// A period acts on balances on its last day, whenever the party leaves; or on its first that lies within the party's life.
    pub(super) fn take_moment(&mut self, version: &Version, data: &Data) {
        let (Stream::Periods(record, period), Some((entity, index))) = (&version.stream, self.entity_period()) else {
            return;
        };
        let days = self.plan.cut_days(*period, index);
        if !version.acts_at_start() {
            self.moment = Some(days.to);
            return;
        }
        let born = self.plan.record(*record).life.from;
        let born = born.and_then(|field| self.column(data, *record, field, entity).date());
        self.moment = Some(born.map_or(days.from, |born| born.max(days.from)));
    }

    /// The day on which the row acts on balances.
    pub(super) fn moment(&self, data: &Data) -> i32 {
        self.moment.unwrap_or_else(|| self.when(data))
    }

    /// What a balance comes to.
    pub(super) fn balance(&self, account: &Account, data: &Data) -> Result<Value, Fault> {
        let owner = self.owner(account, data)?;
        let there = data.balances[account.balance.index()].there(owner, self.moment(data));
        let per_one = self.plan.unit(self.plan.balance(account.balance).unit).per_one();
        Ok(Value::Number(fraction(there, per_one.into())))
    }
}

/// The last day of a lot that is added on a day.
fn ends(plan: &Plan, balance: &Balance, day: i32) -> i32 {
    let Some((count, period)) = balance.expires else { return NO_END };
    plan.calendar.days(period, plan.calendar.index(period, day) + count as i32, plan.active).to
}

impl RuleRun<'_, '_> {
    /// An amount in smallest units, rounded by the unit of a balance.
    fn rounded(&mut self, amount: &Expr, balance: &Balance) -> Result<i64, Fault> {
        let Some(value) = self.row.eval(amount, self.data)?.number() else { broken("an amount that is missing") };
        let unit = self.plan.unit(balance.unit);
        let units = round(&(value * Exact::from(unit.per_one())), unit.mode);
        i64::try_from(units).map_err(|_| too_large("an amount of a balance", amount.span))
    }

    fn mover(&self) -> Mover {
        Mover { version: self.id, row: self.row.row }
    }

    /// `add X to B`
    pub(super) fn add_to(&mut self, add: &Add) -> Result<u8, Fault> {
        let balance = self.plan.balance(add.account.balance);
        let amount = self.rounded(&add.amount, balance)?;
        let owner = self.row.owner(&add.account, self.data)?;
        let day = self.row.moment(self.data);
        let until = match &add.until {
            Some(until) => {
                Some(self.row.eval(until, self.data)?.date().unwrap_or_else(|| broken("a lot without an end")))
            }
            None => None,
        };
        if let Some(additions) = &mut self.data.additions {
            let (balance, span) = (add.account.balance, add.span);
            additions.made.push(Addition { balance, owner, amount, until, span });
            if additions.is_worked_out {
                return Ok(0);
            }
        }
        let last = until.map_or_else(|| ends(self.plan, balance, day), |until| until.max(day));
        let (by, id) = (self.mover(), add.account.balance);
        let traced = self.row.trace.is_some();
        let drawn = moved(&mut self.data.balances[id.index()], traced, |known| known.add(owner, by, day, amount, last))
            .ok_or(too_large("a balance", add.span))?;
        let ends = (amount > 0 && last != NO_END).then_some(last);
        let left = self.data.balances[id.index()].there(owner, day);
        let span = add.span;
        self.row.note(|trace| {
            trace.balance(|values| TraceStep::Added {
                balance: id,
                owner,
                day,
                amount,
                ends,
                drawn,
                left,
                values,
                span,
            })
        });
        Ok(if amount == 0 { 0 } else { status::COUNTED })
    }

    /// `take X from A and B`
    pub(super) fn take_from(&mut self, take: &TakeFrom) -> Result<(), Fault> {
        let Some(first) = take.accounts.first() else { broken("something taken from nothing") };
        let balance = self.plan.balance(first.balance);
        let asked = self.rounded(&take.amount, balance)?;
        if asked < 0 {
            let per_one = Exact::from(self.plan.unit(balance.unit).per_one());
            let amount = exact_text(&(Exact::from(asked) / per_one));
            let kind = FaultKind::NegativeTake(
                balance.name.clone(),
                format!("{amount} {}", self.plan.unit(balance.unit).code),
            );
            return Err(Fault { kind, span: take.amount.span });
        }
        let day = self.row.moment(self.data);
        let mut got = asked;
        let mut there = Vec::new();
        for account in &take.accounts {
            let owner = self.row.owner(account, self.data)?;
            let known = &self.data.balances[account.balance.index()];
            there.push((owner, known.there(owner, day)));
            got = got.min(known.room(owner, day, asked));
        }
        let by = self.mover();
        let mut all = Vec::new();
        for (account, (owner, there)) in take.accounts.iter().zip(there) {
            let known = &mut self.data.balances[account.balance.index()];
            let lots = moved(known, self.row.trace.is_some(), |known| known.take(owner, by, day, got))
                .ok_or(too_large("a balance", take.span))?;
            all.push(Drawn { balance: account.balance, owner, there, lots });
        }
        let span = take.span;
        self.row.note(|trace| trace.balance(|values| TraceStep::Taken { day, asked, got, from: all, values, span }));
        let per_one = self.plan.unit(balance.unit).per_one();
        self.row.taken.push(fraction(got.into(), per_one.into()));
        Ok(())
    }
}

/// Adds by how much what a row adds is another on a later day; what it adds no more is taken back. The day is that of a return, and each
/// step is told.
///
/// # Errors
/// A [`Fault`] where a balance comes to more than can be held.
pub fn add_difference(
    plan: &Plan,
    data: &mut Data,
    by: Mover,
    day: i32,
    before: &[Addition],
    now: &[Addition],
) -> Result<Vec<TraceStep>, Fault> {
    let of =
        |all: &[Addition], one: &Addition| all.iter().find(|known| known.is_again(one)).map_or(0, |known| known.amount);
    let is_new = |one: &&Addition| !before.iter().any(|known| known.is_again(one));
    let mut steps = Vec::new();
    for one in before.iter().chain(now.iter().filter(is_new)) {
        let (was, is) = (of(before, one), of(now, one));
        let Addition { balance, owner, span, .. } = *one;
        let change = is.checked_sub(was).ok_or(too_large("a balance", span))?;
        if change == 0 {
            continue;
        }
        let until = now.iter().find(|known| known.span == span).map_or(one.until, |known| known.until);
        let last = until.map_or_else(|| ends(plan, plan.balance(balance), day), |until| until.max(day));
        let known = &mut data.balances[balance.index()];
        let drawn =
            moved(known, true, |known| known.add(owner, by, day, change, last)).ok_or(too_large("a balance", span))?;
        let left = known.there(owner, day);
        let ends = (change > 0 && last != NO_END).then_some(last);
        steps.push(TraceStep::AddedAgain { balance, owner, day, was, is, ends, drawn, left });
    }
    Ok(steps)
}

/// What changes a balance, and the lots that it moved, each with by how much, where somebody wants to know.
fn moved(
    balances: &mut Balances,
    told: bool,
    change: impl FnOnce(&mut Balances) -> Result<(), TooLarge>,
) -> Option<Vec<(Option<Mover>, i64)>> {
    let before = balances.movements.len();
    change(balances).ok()?;
    if !told {
        return Some(Vec::new());
    }
    let of_row = balances.movements[before..].iter().filter(|movement| movement.by.is_some());
    Some(of_row.map(|movement| (movement.lot, movement.amount)).collect())
}
