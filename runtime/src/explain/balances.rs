//! What a row added to balances and took from them, lot by lot.

use crate::engine::origin::Origin;
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use crate::explain::steps::{Values, failed};
use meed_compiler::balances::Mover;
use meed_compiler::data::Rows;
use meed_compiler::interpret::trace::{Drawn, Trace, TraceStep};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{BalanceId, VersionId};
use meed_grammar::span::Span;

/// What was done on a balance: when, and by which words.
pub(super) struct Act<'a> {
    pub day: i32,
    pub span: Span,
    pub values: &'a Values,
}

impl Explainer<'_> {
    /// `add … to`
    #[expect(clippy::too_many_arguments, reason = "what a step notes")]
    pub(super) fn added(
        &self,
        id: VersionId,
        row: u32,
        balance: BalanceId,
        owner: u32,
        amount: i64,
        ends: Option<i32>,
        drawn: &[(Option<Mover>, i64)],
        left: i128,
        act: &Act<'_>,
    ) -> ExplainStep {
        let in_words = |amount: i64| self.of_balance(balance, amount.into());
        let name = self.balance_words(balance, owner);
        let mut details = self.told(id, row, act.span, act.values);
        if amount == 0 {
            return ExplainStep { holds: None, text: format!("nothing is added to {name}"), details };
        }
        let when = date_of(act.day);
        let is_open = act.day > self.result.through;
        let will = |done: &str, would: &str| if is_open { would.to_owned() } else { done.to_owned() };
        let text = if amount > 0 {
            let (added, until) = (will("are added", "would be added"), until(ends));
            format!("{} {added} to {name} on {when}{until}", in_words(amount))
        } else {
            let by = self.lowered_by(balance, drawn, amount, &mut details);
            format!("{name} {} by {by} on {when}", will("is lowered", "would be lowered"))
        };
        if is_open {
            details.push("the period has not ended, and nothing has moved yet".to_owned());
        } else {
            details.push(format!("{} are there then", self.of_balance(balance, left)));
        }
        ExplainStep { holds: None, text, details }
    }

    /// What a later return changes of what was added.
    #[expect(clippy::too_many_arguments, reason = "what a step notes")]
    pub(super) fn added_again(
        &self,
        balance: BalanceId,
        owner: u32,
        day: i32,
        (was, is): (i64, i64),
        ends: Option<i32>,
        drawn: &[(Option<Mover>, i64)],
        left: i128,
    ) -> ExplainStep {
        let in_words = |amount: i64| self.of_balance(balance, amount.into());
        let name = self.balance_words(balance, owner);
        let when = date_of(day);
        let mut details = vec![format!(
            "with what was returned up to then it comes to {} in place of {}",
            in_words(is),
            in_words(was)
        )];
        let change = is - was;
        let text = if change > 0 {
            format!("after a return {} are added to {name} on {when}{}", in_words(change), until(ends))
        } else {
            let by = self.lowered_by(balance, drawn, change, &mut details);
            format!("after a return {name} is lowered by {by} on {when}")
        };
        details.push(format!("{} are there then", self.of_balance(balance, left)));
        ExplainStep { holds: None, text, details }
    }

    /// `take … from`
    pub(super) fn taken(
        &self,
        id: VersionId,
        row: u32,
        asked: i64,
        got: i64,
        from: &[Drawn],
        act: &Act<'_>,
    ) -> ExplainStep {
        let Some(first) = from.first() else { return failed(String::new()) };
        let in_words = |amount: i64| self.of_balance(first.balance, amount.into());
        let names: Vec<String> = from.iter().map(|known| self.balance_words(known.balance, known.owner)).collect();
        let all = names.join(" and ");
        let mut details = self.told(id, row, act.span, act.values);
        if asked == 0 {
            return ExplainStep { holds: None, text: format!("nothing is asked from {all}"), details };
        }
        let is_open = act.day > self.result.through;
        let taken = if is_open { "would be taken" } else { "are taken" };
        let text = match got {
            0 => format!("{} are asked from {all}, and nothing is there", in_words(asked)),
            got if got == asked => format!("{} {taken} from {all}", in_words(got)),
            got => {
                format!("{} are asked from {all}, and the {} that are there {taken}", in_words(asked), in_words(got))
            }
        };
        if from.len() > 1 && got > 0 {
            details.push(format!("the same {} {taken} from each of them", in_words(got)));
        }
        for (known, name) in from.iter().zip(names) {
            let before = self.of_balance(known.balance, known.there);
            let after = self.of_balance(known.balance, known.there - i128::from(got));
            let bound = if got < asked && known.there == i128::from(got) && from.len() > 1 {
                ", which is the least"
            } else {
                ""
            };
            let may = if self.plan.balance(known.balance).may_be_negative { ", and may be negative" } else { "" };
            details.push(format!("{name} had {before}{bound}{may}; {after} are left"));
            details.extend(self.lots(known.balance, &known.lots));
        }
        if is_open {
            details.push("the period has not ended, and nothing has moved yet".to_owned());
        }
        let holds = (got == 0).then_some(false);
        ExplainStep { holds, text, details }
    }

    /// What a rule that pays nobody added, if it did; for a heading.
    pub(super) fn added_in_short(&self, trace: &Trace) -> Option<String> {
        let through = self.result.through;
        trace.steps.iter().find_map(|step| match step {
            TraceStep::Added { balance, owner, amount, day, .. } if *amount != 0 && *day <= through => {
                let amount = self.of_balance(*balance, (*amount).into());
                Some(format!("{amount} to {}", self.balance_words(*balance, *owner)))
            }
            _ => None,
        })
    }

    /// By how much an amount below zero has lowered a balance; of which lots, and what was not there, comes to the details.
    fn lowered_by(
        &self,
        balance: BalanceId,
        drawn: &[(Option<Mover>, i64)],
        amount: i64,
        details: &mut Vec<String>,
    ) -> String {
        let taken: i64 = drawn.iter().filter(|(lot, _)| lot.is_some()).map(|(_, change)| change).sum();
        let is_plain = self.plan.balance(balance).may_be_negative;
        let (done, short) = if is_plain { (amount, 0) } else { (taken, amount - taken) };
        details.extend(self.lots(balance, drawn));
        if short != 0 {
            let short = self.of_balance(balance, (-short).into());
            details.push(format!("{short} more are not there: the balance never goes below zero"));
        }
        self.of_balance(balance, (-done).into())
    }

    /// The lots that changed.
    fn lots(&self, balance: BalanceId, drawn: &[(Option<Mover>, i64)]) -> Vec<String> {
        let known = drawn.iter().filter_map(|(lot, change)| Some((self.lot(*lot.as_ref()?)?, *change)));
        known.map(|(lot, change)| format!("{} from {lot}", self.of_balance(balance, (-change).into()))).collect()
    }

    /// What added a lot, in words. While the rule is done its row is that of the stream.
    fn lot(&self, mover: Mover) -> Option<String> {
        let row = match self.result.streams[mover.version.index()].as_ref() {
            Some(Rows::Payments(payments)) => payments.root[mover.row as usize],
            _ => mover.row,
        };
        self.lot_of_root(Mover { row, ..mover })
    }

    /// The same of the row that a rule's comes from in the end.
    pub(super) fn lot_of_root(&self, root: Mover) -> Option<String> {
        Some(match Origin::of(self.plan, root.version, self.loaded, self.result)? {
            origin @ Origin::Event { record, .. } => {
                let party = self.party(record, origin.source(root.row));
                format!(
                    "what `{}` added for {party} on {}",
                    self.plan.version(root.version).name,
                    date_of(origin.day(root.row))
                )
            }
            Origin::EntityPeriods { .. } => {
                format!("what `{}` added {}", self.plan.version(root.version).name, self.for_root(root)?)
            }
        })
    }

    /// `for deal D1`, `for 2026-Q1`
    pub(super) fn for_root(&self, root: Mover) -> Option<String> {
        Some(match Origin::of(self.plan, root.version, self.loaded, self.result)? {
            origin @ Origin::Event { record, .. } => format!("for {}", self.party(record, origin.source(root.row))),
            Origin::EntityPeriods { period, periods, .. } => {
                format!("for {}", self.plan.calendar.name(period, periods.period[root.row as usize]))
            }
        })
    }

    pub(super) fn balance_words(&self, balance: BalanceId, owner: u32) -> String {
        let known = self.plan.balance(balance);
        match known.per {
            Some(record) => format!("`{}` of {}", known.name, self.party(record, owner)),
            None => format!("`{}`", known.name),
        }
    }

    pub(super) fn of_balance(&self, balance: BalanceId, amount: i128) -> String {
        numbers::amount(self.plan.unit(self.plan.balance(balance).unit), amount)
    }
}

/// Until when a lot can be used, where it ends.
pub(super) fn until(ends: Option<i32>) -> String {
    ends.map_or(String::new(), |day| format!(", to be used up to {}", date_of(day)))
}
