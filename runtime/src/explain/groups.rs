//! The rows behind an aggregate.

use crate::explain::explainer::Explainer;
use crate::explain::steps::Values;
use meed_compiler::data::{EntityPeriods, Rows};
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::{Fold, FoldFunction, FoldId, Period, Stream, Type, VersionId, Window};
use meed_grammar::span::Span;

/// How many rows are named.
const NAMED: usize = 10;

impl Explainer<'_> {
    /// The aggregate at this place, with the rows that went into it; `None` if there is no aggregate.
    pub(super) fn group_words(&self, id: VersionId, row: u32, span: Span, values: &Values) -> Option<Vec<String>> {
        let rule = self.plan.version(id);
        let here = |id: &&FoldId| self.plan.folds[id.index()].span == span;
        let fold_id = *rule.folds.iter().find(here)?;
        let fold = &self.plan.folds[fold_id.index()];
        let Some(Rows::EntityPeriods(periods)) = self.rows(id) else { return None };
        let mut met = values.iter().filter(|(at, ..)| *at == span).map(|(_, ty, value)| self.value(*ty, value));
        let (first, second) = (met.next()?, met.next());
        // An average is a sum and a count at one place.
        let mut words = vec![match second {
            Some(count) if matches!(fold.function, FoldFunction::Sum(..)) => {
                format!("{}: {first} in all, of {count}", self.quote(span))
            }
            _ => format!("{} is {first}", self.quote(span)),
        }];
        match self.stood.get(&(fold_id, row)) {
            Some(rows) => words.extend(rows.iter().cloned()),
            None => words.extend(self.rows_in(fold, periods, row)),
        }
        Some(words)
    }

    /// The rows that an aggregate took in for a row of the rule.
    pub(super) fn rows_in(&self, fold: &Fold, periods: &EntityPeriods, row: u32) -> Vec<String> {
        let Stream::Events(record) = self.plan.rows_of(fold).stream else { return Vec::new() };
        let events = Rows::Events { record };
        let mut taken: Vec<String> = Vec::new();
        let mut n_more = 0;
        for event in 0..self.loaded.data.tables[record.index()].n_stream as u32 {
            let reader = Row::new(self.plan, &events, event, 0, false);
            let Some(value) = self.takes(fold, &reader, periods, row) else { continue };
            if taken.len() == NAMED {
                n_more += 1;
                continue;
            }
            let of = self.event(record, event);
            taken.push(match value {
                Some((ty, value)) => format!("  {of}: {}", self.value(ty, &value)),
                None => format!("  {of}"),
            });
        }
        if n_more > 0 {
            taken.push(format!("  and {n_more} more"));
        }
        taken
    }

    /// What an aggregate takes from a row (nothing of a count); `None` if the row is not in.
    fn takes(&self, fold: &Fold, reader: &Row, periods: &EntityPeriods, row: u32) -> Option<Option<(Type, Value)>> {
        let data = &self.loaded.data;
        let (entity, last) = (periods.entity[row as usize], periods.last_day[row as usize]);
        if reader.eval(&self.plan.rows_of(fold).key, data).ok()? != Value::Code(entity) {
            return None;
        }
        let calendar = &self.plan.calendar;
        let day = reader.when(data);
        let in_window = match self.plan.rows_of(fold).window {
            Window::Own => {
                let is_in = self.plan.rows_of(fold).period == Period::Program
                    || calendar.index(self.plan.rows_of(fold).period, day) == periods.period[row as usize];
                is_in && self.plan.active.holds(day)
            }
            Window::ToDate => day <= last,
            window @ (Window::Previous(kind) | Window::SameLastYear(kind)) => {
                self.plan.looked_back(window, last) == Some(calendar.index(kind, day))
            }
        };
        let passes = match &self.plan.rows_of(fold).also {
            Some(filter) => reader.eval(filter, data).ok()?.is_true(),
            None => true,
        };
        if !in_window || !passes {
            return None;
        }
        match &fold.function {
            FoldFunction::Count => Some(None),
            FoldFunction::Sum(value, _)
            | FoldFunction::Smallest(value, _)
            | FoldFunction::Largest(value, _)
            | FoldFunction::Distinct(value) => match reader.eval(value, data).ok()? {
                Value::Missing => None,
                taken => Some(Some((value.ty, taken))),
            },
        }
    }

    /// The aggregates that take an event's row in, as `sum of deal.amount of volume_rebate`, with whose and when.
    pub(super) fn aggregates_of(&self, id: VersionId, event: RuleRow) -> Vec<String> {
        let rule = self.plan.version(id);
        let (Some(Rows::EntityPeriods(periods)), Stream::Periods(entity, kind)) = (self.rows(id), &rule.stream) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let events = Rows::Events { record: event.record };
        let reader = Row::new(self.plan, &events, event.row, 0, false);
        for fold in rule.folds.iter().map(|id| &self.plan.folds[id.index()]) {
            if self.plan.rows_of(fold).stream != Stream::Events(event.record) {
                continue;
            }
            let Ok(Value::Code(whose)) = reader.eval(&self.plan.rows_of(fold).key, &self.loaded.data) else { continue };
            let rows = (0..periods.entity.len() as u32).filter(|row| periods.entity[*row as usize] == whose);
            let takes: Vec<u32> = rows.filter(|row| self.takes(fold, &reader, periods, *row).is_some()).collect();
            let Some(first) = takes.first() else { continue };
            let period = self.plan.calendar.name(*kind, periods.period[*first as usize]);
            let later = if takes.len() > 1 { " and later" } else { "" };
            let event = self.party(event.record, event.row);
            let words = format!("{} takes {event} in for {} in {period}{later}", rule.name, self.party(*entity, whose));
            if !found.contains(&words) {
                found.push(words);
            }
        }
        found
    }
}

/// A row of an event.
#[derive(Clone, Copy)]
pub(super) struct RuleRow {
    pub record: meed_compiler::plan::RecordId,
    pub row: u32,
}
