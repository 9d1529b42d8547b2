//! Limits with their room, and what else shares the key of a state.

use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{
    Expr, Function, Limit, Most, Node, Op, Period, RecordId, RuleId, SharedLimitId, StateId, Stream, TimeUnit, Type,
    VersionId,
};
use meed_compiler::value::fraction;
use meed_grammar::span::Span;

/// How many payments that used a limit up are named.
const NAMED: usize = 10;

impl Explainer<'_> {
    /// A limit of a rule by its place: what went in, what came out, and the room before and after; `part` is the part of a divided
    /// line that it acts on.
    #[expect(clippy::too_many_arguments, reason = "what a limit has done, and to what")]
    pub(super) fn limit(
        &self,
        id: VersionId,
        row: u32,
        span: Span,
        payee: Option<(RecordId, u32)>,
        (before, after): (i128, i128),
        bound: i128,
        paid: Option<(i128, i128)>,
    ) -> ExplainStep {
        let mut limits = self.plan.version(id).nodes.iter().filter_map(|step| match step {
            Node::Limit(limit) => Some(limit),
            _ => None,
        });
        let Some(limit) = limits.find(|limit| limit.bound().span == span) else { return ExplainStep::default() };
        let (in_words, out_words) = (self.amount(id, row, before), self.amount(id, row, after));
        let reached = paid.map_or_else(|| before.abs() >= bound, |(_, filled)| filled >= bound);
        let change = match (before == after, before == 0, reached) {
            (false, ..) => format!("{in_words} is cut to {out_words}"),
            (true, true, _) => format!("{in_words} stays as it is"),
            (true, false, true) => format!("{in_words} paid in full"),
            (true, false, false) => format!("not reached, {in_words} paid in full"),
        };
        let holds = (before != 0 && after == 0).then_some(false);
        match (limit, paid) {
            (Limit::AtMost { amount, state }, Some((used, filled))) => {
                let key = self.key_words(id, row, *state);
                let text = format!("limit {}{}{key}: {change}", self.quote(amount.span), self.per(*state));
                let word = self.row_word(id);
                let room = |paid: i128| self.amount(id, row, bound - paid);
                let mut details = vec![
                    format!("before this {word}: {} paid, room for {}", self.amount(id, row, used), room(used)),
                    format!("after it: room for {}", room(filled)),
                ];
                if before != after {
                    details.extend(self.used_up(id, row, *state, payee));
                }
                ExplainStep { holds, text, details }
            }
            (Limit::AtLeast { amount, state, period }, Some((used, filled))) => {
                let text = format!("guarantee {}{}", self.quote(amount.span), self.per(*state));
                let added = after - before;
                let details = if added == 0 && self.decides(id, row, *period) {
                    vec![format!(
                        "{} was paid by the end of the {}, so nothing is added",
                        self.amount(id, row, filled),
                        period.word()
                    )]
                } else if added == 0 {
                    let so_far = self.amount(id, row, filled);
                    vec![format!(
                        "{so_far} was paid so far, and nothing is added now; the {} decides at its end",
                        period.word()
                    )]
                } else {
                    let sum = self.amount(id, row, used + before);
                    vec![format!(
                        "{sum} was paid by the end of the {}, so {} is added",
                        period.word(),
                        self.amount(id, row, added)
                    )]
                };
                ExplainStep {
                    holds: None,
                    text: format!(
                        "{text}: {}",
                        if added == 0 {
                            format!("{in_words} stays as it is")
                        } else {
                            format!("{in_words} becomes {out_words}")
                        }
                    ),
                    details,
                }
            }
            (Limit::Payments { most, state }, Some((used, _))) => {
                let key = self.key_words(id, row, *state);
                let word = |n: i128| if n == 1 { "payment" } else { "payments" };
                let change = if before != after { "no further one is paid" } else { "this one is paid" };
                let text = format!("limit {} payments{}{key}: {change}", self.quote(most.span), self.per(*state));
                let details = vec![format!("before this {}: {used} {}", self.row_word(id), word(used))];
                ExplainStep { holds, text, details }
            }
            (Limit::PerPayment(amount), _)
            | (
                Limit::AtMost { amount, .. } | Limit::AtLeast { amount, .. } | Limit::Payments { most: amount, .. },
                None,
            ) => {
                ExplainStep { holds, text: format!("limit {}: {change}", self.quote(amount.span)), details: Vec::new() }
            }
        }
    }

    /// Whose lines in which time: ` (partner ACME, 2026)`.
    fn key_of_limit(&self, party: Option<(RecordId, u32)>, period: Option<(Period, i32)>) -> String {
        let of = party.map(|(kind, payee)| self.party(kind, payee));
        let within = period
            .filter(|(period, _)| *period != Period::Program)
            .map(|(period, index)| self.plan.calendar.name(period, index));
        let key: Vec<String> = of.into_iter().chain(within).collect();
        if key.is_empty() { String::new() } else { format!(" ({})", key.join(", ")) }
    }

    /// What a line gets of a budget that is shared in proportion.
    #[expect(clippy::too_many_arguments, reason = "the parts of the step, and where it stands")]
    pub(super) fn budget(
        &self,
        id: VersionId,
        row: u32,
        limit: SharedLimitId,
        (before, after): (i128, i128),
        all: i128,
        party: Option<(RecordId, u32)>,
        period: Option<(Period, i32)>,
    ) -> ExplainStep {
        let limit = self.plan.shared_limit(limit);
        let (Most::InProportion(most) | Most::Amount(most) | Most::Payments(most)) = limit.most;
        let amount = |units: i128| self.amount(id, row, units);
        let rules: Vec<String> = limit.rules.iter().map(|rule| format!("`{}`", self.plan.rule(*rule).name)).collect();
        let key = self.key_of_limit(party, period);
        let change = match before == after {
            true => format!("{} paid in full", amount(before)),
            false => format!("{} is cut to {}", amount(before), amount(after)),
        };
        let text = format!("budget of {} over {}{key}: {change}", amount(i128::from(most)), rules.join(", "));
        let mut details = vec![format!("all that is to be paid of it comes to {}", amount(all))];
        if all > i128::from(most) {
            let share = numbers::share(&fraction(i128::from(most), all));
            details.push(format!("each gets the same share: {share}, rounded along the sum"));
        }
        ExplainStep { holds: None, text, details }
    }

    /// A limit over several rules: what went in, what came out, and which rules have used it before.
    #[expect(clippy::too_many_arguments, reason = "what a limit has done, and to what")]
    pub(super) fn shared_limit(
        &self,
        id: VersionId,
        row: u32,
        limit: SharedLimitId,
        (before, after): (i128, i128),
        (used, filled): (i128, i128),
        by_rule: &[(RuleId, i128)],
        party: Option<(RecordId, u32)>,
        period: Option<(Period, i32)>,
    ) -> ExplainStep {
        let limit = self.plan.shared_limit(limit);
        let (in_words, out_words) = (self.amount(id, row, before), self.amount(id, row, after));
        let key = self.key_of_limit(party, period);
        let rules: Vec<String> = limit.rules.iter().map(|rule| format!("`{}`", self.plan.rule(*rule).name)).collect();
        let change = match before == after {
            true => format!("{in_words} paid in full"),
            false if after == 0 => format!("nothing is left of {in_words}"),
            false => format!("{in_words} is cut to {out_words}"),
        };
        let bound = match limit.most {
            Most::Amount(most) | Most::InProportion(most) => self.amount(id, row, i128::from(most)),
            Most::Payments(most) => format!("{most} payments"),
        };
        let text = format!("limit `{}` of {bound} over {}{key}: {change}", limit.name, rules.join(", "));
        let word = self.row_word(id);
        let mut details = match limit.most {
            Most::Amount(most) | Most::InProportion(most) => {
                let room = |paid: i128| self.amount(id, row, i128::from(most) - paid);
                vec![
                    format!("before this {word}: {} paid, room for {}", self.amount(id, row, used), room(used)),
                    format!("after it: room for {}", room(filled)),
                ]
            }
            Most::Payments(_) => {
                vec![format!("before this {word}: {used} {}", if used == 1 { "payment" } else { "payments" })]
            }
        };
        let paid = |(rule, sum): &(RuleId, i128)| {
            format!("`{}` was paid {} before", self.plan.rule(*rule).name, self.amount(id, row, *sum))
        };
        details.extend(by_rule.iter().map(paid));
        ExplainStep { holds: (before != 0 && after == 0).then_some(false), text, details }
    }

    /// Whether the guarantee of a period is trued up at this row.
    fn decides(&self, id: VersionId, row: u32, period: Period) -> bool {
        self.rows(id).is_some_and(|rows| Row::new(self.plan, rows, row, 0, false).period_ends(period))
    }

    /// The payments that used a limit before this row.
    fn used_up(&self, id: VersionId, row: u32, state: StateId, payee: Option<(RecordId, u32)>) -> Vec<String> {
        let of_payee = self.plan.key_of(state).of_payee;
        let rule = self.plan.version(id).rule;
        let Some(own) = self.slot_key(id, row, state) else { return Vec::new() };
        let mut used = Vec::new();
        for version in self.plan.versions_of(rule) {
            let lines = self.result.lines[version.index()].all();
            let usual = self.plan.payee_record(version);
            let is_theirs =
                |line: usize| !of_payee || usual.map(|usual| (lines.kind(line, usual), lines.payees[line])) == payee;
            // What returns take back gives no room back.
            let is_own = |idx: usize| !self.plan.version(version).takes_back || lines.taking(idx) == 0;
            for (idx, &other) in lines.rows.iter().enumerate() {
                if other < row
                    && is_own(idx)
                    && is_theirs(idx)
                    && self.slot_key(version, other, state).as_ref() == Some(&own)
                {
                    used.push((version, other, lines.amounts[idx]));
                }
            }
        }
        used.sort_by_key(|(_, row, _)| *row);
        let n_more = used.len().saturating_sub(NAMED);
        let words = |(version, row, amount): &(VersionId, u32, i64)| {
            format!("{} used {} of it", self.row_words(*version, *row), self.amount(id, *row, i128::from(*amount)))
        };
        let mut words: Vec<String> = used.iter().take(NAMED).map(words).collect();
        if n_more > 0 {
            words.push(format!("and {n_more} more used the rest"));
        }
        words
    }

    /// The row that was the first of this row's key.
    pub(super) fn who_was_first(&self, id: VersionId, row: u32, state: StateId) -> Option<String> {
        let own = self.slot_key(id, row, state)?;
        let versions = self.plan.versions_of(self.plan.version(id).rule);
        let firsts = versions.flat_map(|version| self.firsts[version.index()].iter().map(move |row| (version, *row)));
        let mut before = firsts.filter(|(_, other)| *other < row);
        let found = before.find(|(version, other)| self.slot_key(*version, *other, state).as_ref() == Some(&own));
        found.map(|(version, other)| self.row_words(version, other))
    }

    /// `deal D1 of 2026-02-10`, `2026-Q1`
    fn row_words(&self, id: VersionId, row: u32) -> String {
        match (&self.plan.version(id).stream, self.rows(id)) {
            (Stream::Events(record), _) => self.event(*record, row),
            (Stream::ByDate(record, _), Some(Rows::ByDate(dated))) => {
                self.event_of(*record, dated.row[row as usize], Some(dated.when[row as usize]))
            }
            (Stream::Periods(_, kind), Some(Rows::EntityPeriods(periods))) => {
                self.plan.calendar.name(*kind, periods.period[row as usize])
            }
            (Stream::Lines(..), Some(Rows::Payments(payments))) => {
                format!("the payment of {}", date_of(payments.when[row as usize]))
            }
            _ => String::new(),
        }
    }

    /// The key of a row's state: ` (person MAYA, 2026-Q1)`.
    pub(super) fn key_words(&self, id: VersionId, row: u32, state: StateId) -> String {
        let slot = &self.plan.keys[self.plan.states[state.index()].key.index()];
        let Some(key) = self.slot_key(id, row, state) else { return String::new() };
        let word = |(idx, value): (usize, &Value)| match (slot.parts.get(idx), slot.period, value) {
            (Some(part), ..) => match self.own_year(id, row, part, value) {
                Some(first) => format!("the year from {first}"),
                None => self.value(part.ty, value),
            },
            // There is one program.
            (None, Some(Period::Program), _) => String::new(),
            (None, Some(period), Value::Date(number)) => self.plan.calendar.name(period, *number),
            (None, ..) => String::new(),
        };
        let words: Vec<String> = key.iter().enumerate().map(word).filter(|word| !word.is_empty()).collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }

    /// The first day of a party's own year, of which the number is in a key; none for any other part of a key.
    fn own_year(&self, id: VersionId, row: u32, part: &Expr, number: &Value) -> Option<String> {
        let Op::Call(Function::OwnYear, operands) = &part.op else { return None };
        let Value::Number(number) = number else { return None };
        let number = Expr { op: Op::Number(number.clone()), ..part.clone() };
        let first = Op::two(Function::AddTime(TimeUnit::Years), operands.first()?.clone(), number);
        let rows = self.stream(id)?;
        let reader = Row::new(self.plan, &rows, row, 0, false);
        let first = reader.eval(&Expr { op: first, ty: Type::Date, ..part.clone() }, &self.loaded.data).ok()?;
        Some(date_of(first.date()?).to_string())
    }

    /// The key under which a state keeps a row; `None` if a part is missing.
    fn slot_key(&self, id: VersionId, row: u32, state: StateId) -> Option<Vec<Value>> {
        let slot = &self.plan.keys[self.plan.states[state.index()].key.index()];
        let rows = self.stream(id)?;
        let reader = Row::new(self.plan, &rows, row, 0, false);
        let data = &self.loaded.data;
        let mut key: Vec<Value> =
            slot.parts.iter().map(|part| reader.eval(part, data)).collect::<Result<_, _>>().ok()?;
        if key.contains(&Value::Missing) {
            return None;
        }
        if let Some(period) = slot.period {
            key.push(Value::Date(self.plan.calendar.index(period, reader.when(data))));
        }
        Some(key)
    }
}
