//! Amounts, values, rows and pieces of the program in words.

use crate::engine::origin::Origin;
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{LineKind, Period, RecordId, RecordKind, StateId, Stream, Type, Unit, VersionId};
use meed_compiler::value::Exact;
use meed_grammar::foreign::shown;
use meed_grammar::span::Span;
use std::borrow::Cow;

impl Explainer<'_> {
    /// Smallest units of what a rule pays as an amount: `1,000.25 USD`.
    pub(super) fn amount(&self, id: VersionId, row: u32, units: i128) -> String {
        numbers::amount(self.unit(id, row), units)
    }

    /// An exact amount of what a rule pays, with more decimals where it has them.
    pub(super) fn money(&self, id: VersionId, row: u32, value: &Exact) -> String {
        numbers::money(self.unit(id, row), value)
    }

    /// In what a rule pays a row.
    pub(super) fn unit(&self, id: VersionId, row: u32) -> &Unit {
        let unit = self.plan.unit_of(id);
        let (Some(by_row), Some(rows)) = (&unit.by_row, self.stream(id)) else { return unit };
        match Row::new(self.plan, &rows, row, 0, false).eval(&by_row.currency, &self.loaded.data) {
            Ok(Value::Code(place)) => self.plan.unit(by_row.units[place as usize]),
            _ => unit,
        }
    }

    /// The rows of a rule's stream, those of an event too.
    pub(super) fn stream(&self, id: VersionId) -> Option<Cow<'_, Rows>> {
        match &self.plan.version(id).stream {
            Stream::Events(record) => Some(Cow::Owned(Rows::Events { record: *record })),
            Stream::ByDate(..) | Stream::Periods(..) | Stream::Lines(..) => self.rows(id).map(Cow::Borrowed),
        }
    }

    /// A value of a type.
    pub(super) fn value(&self, ty: Type, value: &Value) -> String {
        match (value, ty) {
            (Value::Missing, _) => "unknown".to_owned(),
            (Value::Number(value), _) => numbers::numeric(self.plan, ty, value),
            (Value::YesNo(value), _) => if *value { "yes" } else { "no" }.to_owned(),
            (Value::Date(day), Type::Period(period)) => self.period(period, *day),
            (Value::Date(day), _) => date_of(*day).to_string(),
            (Value::Code(place), Type::Choice(choice)) => {
                self.plan.choices[choice.index()].get(*place as usize).cloned().unwrap_or_default()
            }
            (Value::Code(code), Type::Text(domain) | Type::Id(domain)) => {
                shown(&self.loaded.dictionaries[domain.index()].text(*code)).into_owned()
            }
            (Value::Code(row), Type::Ref(record)) => self.party(record, *row),
            (Value::Code(code), _) => code.to_string(),
        }
    }

    /// `partner ACME`
    pub(super) fn party(&self, record: RecordId, row: u32) -> String {
        let key = self.loaded.keys[record.index()].text(row as usize);
        format!("{} {}", self.plan.record(record).name, shown(&key))
    }

    /// A piece of the program, on one line.
    pub(super) fn quote(&self, span: Span) -> String {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// The rule as it is written.
    pub(super) fn rule_text(&self, id: VersionId) -> String {
        let span = self.plan.version(id).span;
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        // A rule in a choice stands further in, all but the piece that was cut out.
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let margin = before.rsplit('\n').next().unwrap_or_default();
        if margin.trim().is_empty() { text.replace(&format!("\n{margin}"), "\n") } else { text.to_owned() }
    }

    /// `for deal D1 of 2026-02-10`, `for 2026-Q1`, `on the payment of commission to agent A for deal D1 of 2026-02-10`
    pub(super) fn of_row(&self, id: VersionId, row: u32) -> String {
        match (&self.plan.version(id).stream, self.rows(id)) {
            (Stream::Events(record), _) => format!("for {}", self.event(*record, row)),
            (Stream::ByDate(record, _), Some(Rows::ByDate(dated))) => {
                format!("for {}", self.event_of(*record, dated.row[row as usize], Some(dated.when[row as usize])))
            }
            (Stream::Periods(record, kind), Some(Rows::EntityPeriods(periods))) => {
                let period = self.plan.calendar.name(*kind, periods.period[row as usize]);
                format!("for {} in {period}", self.party(*record, periods.entity[row as usize]))
            }
            (Stream::Lines(rule, kind), Some(Rows::Payments(payments))) => {
                let source = self.plan.first_version(*rule);
                let name = &self.plan.rule(*rule).name;
                let payee = self.party(payments.kind[row as usize], payments.payee[row as usize]);
                let unit = self.plan.unit_of_rule(*rule);
                let amount = numbers::amount(unit, payments.amount[row as usize].into());
                let root = source.map_or_else(String::new, |id| self.of_root(id, payments.root[row as usize]));
                let taking = payments.taking.get(row as usize).copied().unwrap_or(0);
                let origin = source.and_then(|id| Origin::of(self.plan, id, self.loaded, self.result));
                if let Some(taking) = origin.and_then(|origin| self.loaded.taking_of(&origin, taking)) {
                    let (by, of) = taking.by;
                    let event = self.event_of(by, of, Some(taking.day));
                    return format!("on the {amount} of {payee} that {name} takes back {root} with {event}");
                }
                match kind {
                    LineKind::Payment | LineKind::Original => {
                        format!("on the {amount} that {name} pays {payee} {root}")
                    }
                    LineKind::Credit => format!("on the {amount} that {name} credits {payee} with {root}"),
                }
            }
            _ => String::new(),
        }
    }

    /// What a payment comes from in the end.
    fn of_root(&self, id: VersionId, root: u32) -> String {
        match Origin::of(self.plan, id, self.loaded, self.result) {
            Some(origin @ Origin::Event { record, .. }) => {
                format!("for {}", self.event_of(record, origin.source(root), Some(origin.day(root))))
            }
            Some(Origin::EntityPeriods { record, period, periods }) => {
                let name = self.plan.calendar.name(period, periods.period[root as usize]);
                format!("for {} in {name}", self.party(record, periods.entity[root as usize]))
            }
            None => String::new(),
        }
    }

    /// `deal D1 of 2026-02-10`
    pub(super) fn event(&self, record: RecordId, row: u32) -> String {
        self.event_of(record, row, self.day_of_event(record, row))
    }

    /// The same of a day that may be another than its own.
    pub(super) fn event_of(&self, record: RecordId, row: u32, day: Option<i32>) -> String {
        let day = day.map_or_else(String::new, |day| format!(" of {}", date_of(day)));
        format!("{}{day}", self.party(record, row))
    }

    /// The day of an event's row, where it has one.
    pub(super) fn day_of_event(&self, record: RecordId, row: u32) -> Option<i32> {
        let when = self.plan.record(record).when?;
        let column = self.loaded.data.tables[record.index()].columns[when.index()].as_ref()?;
        match column.value(row as usize, Type::Date, 0) {
            Value::Date(day) => Some(day),
            _ => None,
        }
    }

    /// The rows of a rule's stream.
    pub(super) fn rows(&self, id: VersionId) -> Option<&Rows> {
        self.result.streams[id.index()].as_ref()
    }

    /// The row in a word: `deal`, `partner`, `payment`.
    pub(super) fn row_word(&self, id: VersionId) -> String {
        match &self.plan.version(id).stream {
            Stream::Events(record) | Stream::ByDate(record, _) => self.plan.record(*record).name.clone(),
            Stream::Periods(_, period) => period.word().to_owned(),
            Stream::Lines(_, kind) => kind.word().to_owned(),
        }
    }

    /// What a state is kept per: ` per rep per year`.
    pub(super) fn per(&self, state: StateId) -> String {
        let slot = &self.plan.keys[self.plan.states[state.index()].key.index()];
        let row = match &slot.stream {
            Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => {
                self.plan.record(*record).name.clone()
            }
            Stream::Lines(_, kind) => kind.word().to_owned(),
        };
        let parts = slot.parts.iter().map(|part| match self.quote(part.span) {
            text if text.is_empty() => row.clone(),
            text => text,
        });
        let payee = slot.of_payee.then(|| "payee".to_owned());
        let keys = payee.into_iter().chain(parts).collect::<Vec<_>>().join(" and ");
        let keys = if keys.is_empty() { keys } else { format!(" per {keys}") };
        let period = slot.period.map_or_else(String::new, |period| format!(" per {}", period.word()));
        format!("{keys}{period}")
    }

    /// The period of this kind that holds a day: `2026-Q1`.
    pub(super) fn period(&self, kind: Period, day: i32) -> String {
        self.plan.calendar.name(kind, self.plan.calendar.index(kind, day))
    }

    /// The events that rules read.
    pub(super) fn events(&self) -> impl Iterator<Item = RecordId> {
        let records = self.plan.records.iter().enumerate();
        records
            .filter(|(_, record)| record.used && record.kind == RecordKind::Event)
            .map(|(idx, _)| RecordId(idx as u32))
    }
}
