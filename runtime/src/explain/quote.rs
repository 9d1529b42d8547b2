//! What one event would be paid if it came to the tables now, and why: it is loaded as a row of its table, and the rules that see it
//! show what decided.

use crate::engine::options::{Observer, RunOptions};
use crate::engine::origin::Origin;
use crate::engine::result::{RunError, RunResult};
use crate::engine::settle::run;
use crate::explain::explainer::Explainer;
use crate::explain::notes;
use crate::explain::query::{Asked, ExplainError, Explanation, Query};
use crate::explain::select::{self, row_of};
use crate::explain::stood::rows_as_they_stood;
use crate::store::loaded::Loaded;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Value, typed};
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{Node, Plan, RecordId, Stream, Type, Version, VersionId};
use meed_compiler::value::{decimal_text, exact_text};
use rustc_hash::FxHashMap;

/// What one event is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// The event: `deal D1 of 2026-02-10`.
    pub event: String,
    /// What the tables themselves have to say: that it is rejected, or that no rule sees it.
    pub notes: Vec<String>,
    /// Whether it is rejected.
    pub is_rejected: bool,
    /// What rules pay for it, in their order.
    pub payments: Vec<QuotedPayment>,
    /// What rules set for it, in their order.
    pub decisions: Vec<QuotedDecision>,
    /// Why, rule by rule; also of rules that see it and pay nothing.
    pub explanations: Vec<Explanation>,
}

/// A payment for the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedPayment {
    /// The rule.
    pub rule: String,
    /// The record of the payee.
    pub payee_kind: String,
    /// The payee's key.
    pub payee: String,
    /// The unit's code.
    pub unit: String,
    /// With all decimals of the unit.
    pub amount: String,
    /// Whether it waits on an account, and is not paid yet.
    pub is_held: bool,
}

/// Something that a rule sets for the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedDecision {
    /// The rule.
    pub rule: String,
    /// The name.
    pub name: String,
    /// The value in words.
    pub value: String,
    /// The value as decisions are written: a plain number, a key.
    pub exact: String,
}

/// Says what the event with a key is paid, through a day, and why. It is one of the rows that were loaded.
///
/// # Errors
/// The run meets a fault, or rows are not all held in memory.
pub fn quote(
    plan: &Plan,
    text: &str,
    loaded: &mut Loaded,
    through: i32,
    event: RecordId,
    key: &str,
) -> Result<Quote, ExplainError> {
    if !loaded.is_whole() {
        return Err(ExplainError::NotHeld);
    }
    let row = row_of(loaded, event, key);
    let mut keeper = Keeper::new(plan, loaded, event, row);
    let result = run(plan, loaded, &RunOptions::through(through), Some(&mut keeper))?;
    let query = Query { key: Some(key.to_owned()), ..Query::default() };
    let rules = (0..plan.versions.len() as u32).map(VersionId).filter(|id| keeper.is_wanted(*id)).collect();
    let asked = Asked { query: &query, rules, days: None, balance: None };
    let picked: Vec<(VersionId, u32)> = select::rows(plan, loaded, &result, &asked)
        .into_iter()
        .filter(|(id, row)| keeper.is_meant(*id, row_of_event(plan, &result, *id, *row)))
        .collect();
    let stood = rows_as_they_stood(plan, text, loaded, through, &result, &picked).map_err(RunError::from)?;
    let explainer = Explainer { plan, text, loaded, result: &result, firsts: &keeper.firsts, stood: &stood };
    let event_words = match row {
        Some(row) => explainer.event(event, row),
        None => format!("{} {key}", plan.record(event).name),
    };
    let mut quote = Quote {
        event: event_words,
        notes: notes::notes(&explainer, &asked).map_err(RunError::from)?,
        is_rejected: row.is_none(),
        ..Quote::default()
    };
    let mut in_order = picked;
    in_order.sort_by_key(|(id, row)| (plan.version(*id).rule, *id, *row));
    for (id, row) in in_order {
        let is_own = keeper.is_of_event(id);
        quote.payments.extend(payments(&explainer, id, row, if is_own { None } else { keeper.taker() }));
        if is_own {
            quote.decisions.extend(decisions(&explainer, id, row));
        }
        if let Some(trace) = keeper.traces.get(&(id, row)) {
            quote.explanations.push(explainer.explanation(id, row, trace));
        }
    }
    Ok(quote)
}

/// The row of the event that a row of a rule comes from in the end.
fn row_of_event(plan: &Plan, result: &RunResult, id: VersionId, row: u32) -> Option<u32> {
    Some(match (&plan.version(id).stream, &result.streams[id.index()]) {
        (Stream::Events(_), _) => row,
        (_, Some(Rows::ByDate(dated))) => dated.row[row as usize],
        (_, Some(Rows::Payments(payments))) => payments.source[row as usize],
        (_, Some(Rows::Events { .. } | Rows::EntityPeriods(_)) | None) => return None,
    })
}

/// What a row is paid; where the event takes back from it, what that takes back.
fn payments(explainer: &Explainer<'_>, id: VersionId, row: u32, taker: Option<(RecordId, u32)>) -> Vec<QuotedPayment> {
    let plan = explainer.plan;
    let version = plan.version(id);
    let (lines, usual) = (explainer.result.lines[id.index()].all(), plan.payee_record(id));
    let own: Vec<usize> = match (taker, Origin::of(plan, id, explainer.loaded, explainer.result)) {
        (Some(taker), Some(origin)) => {
            let by = |line: usize| explainer.loaded.taking_of(&origin, lines.taking(line)).map(|taking| taking.by);
            (0..lines.len()).filter(|line| lines.rows[*line] == row && by(*line) == Some(taker)).collect()
        }
        _ => lines.of_row(row, version.takes_back),
    };
    let held = explainer.result.held[id.index()].as_ref().map(crate::engine::lines::Lines::all);
    own.into_iter()
        .filter_map(|line| {
            let kind = lines.kind(line, usual?);
            let unit = explainer.unit(id, row);
            Some(QuotedPayment {
                rule: version.name.clone(),
                payee_kind: plan.record(kind).name.clone(),
                payee: explainer.loaded.keys[kind.index()].text(lines.payees[line] as usize).into_owned(),
                unit: unit.code.clone(),
                amount: decimal_text(lines.amounts[line].into(), unit.decimals),
                is_held: held.is_some_and(|held| {
                    let same = |idx: &usize| {
                        (held.roots()[*idx], held.payees[*idx]) == (lines.roots()[line], lines.payees[line])
                            && held.place(*idx) == lines.place(line)
                            && held.taking(*idx) == lines.taking(line)
                    };
                    (0..held.len()).any(|idx| same(&idx))
                }),
            })
        })
        .collect()
}

fn decisions(explainer: &Explainer<'_>, id: VersionId, row: u32) -> Vec<QuotedDecision> {
    let (plan, data) = (explainer.plan, &explainer.loaded.data);
    let version = plan.version(id);
    // What is decided for an event is kept by its rows, by whatever date they come.
    let place = match version.stream {
        Stream::ByDate(..) => row_of_event(plan, explainer.result, id, row).unwrap_or(row),
        _ => row,
    } as usize;
    let told = |node: &Node| {
        let Node::Set(decision, _) = node else { return None };
        let (known, definition) = (data.decision(*decision), &plan.decisions[decision.index()]);
        (known.known.get(place) == Some(&1)).then(|| {
            let value = typed(definition.ty, known.nums[place], known.denominators[place]);
            let (rule, name) = (version.name.clone(), definition.name.clone());
            let exact = match (&value, definition.ty) {
                (Value::Number(number), _) => exact_text(number),
                (Value::Code(row), Type::Ref(record)) => {
                    explainer.loaded.keys[record.index()].text(*row as usize).into_owned()
                }
                _ => explainer.value(definition.ty, &value),
            };
            QuotedDecision { rule, name, value: explainer.value(definition.ty, &value), exact }
        })
    };
    version.nodes.iter().filter_map(told).collect()
}

/// Keeps what decided the rows that come from one event.
struct Keeper<'a> {
    plan: &'a Plan,
    event: RecordId,
    row: Option<u32>,
    /// The rows that it takes back from.
    taken: Vec<(RecordId, u32)>,
    traces: FxHashMap<(VersionId, u32), Trace>,
    /// By rule.
    firsts: Vec<Vec<u32>>,
}

impl<'a> Keeper<'a> {
    fn new(plan: &'a Plan, loaded: &Loaded, event: RecordId, row: Option<u32>) -> Self {
        let of = |taken: &'_ crate::store::seen::Taken| {
            let own = taken.rows.iter().filter(|taking| Some(taking.by) == row.map(|row| (event, row)));
            own.map(|taking| (taken.record, taking.row)).collect::<Vec<_>>()
        };
        let taken = loaded.taken.iter().flat_map(of).collect();
        let firsts = vec![Vec::new(); plan.versions.len()];
        Self { plan, event, row, taken, traces: FxHashMap::default(), firsts }
    }

    /// The event as what takes back.
    fn taker(&self) -> Option<(RecordId, u32)> {
        self.row.map(|row| (self.event, row))
    }

    /// Whether a rule pays for the event, or takes back from rows that it returns.
    fn is_wanted(&self, id: VersionId) -> bool {
        let version = self.plan.version(id);
        let takes = |record: RecordId| version.takes_back && self.taken.iter().any(|(known, _)| *known == record);
        self.is_of_event(id) || version.stream.event().is_some_and(takes)
    }

    /// Whether a row of an event is the one, or one that it takes back from.
    fn is_meant(&self, id: VersionId, row: Option<u32>) -> bool {
        if self.is_of_event(id) {
            return row == self.row;
        }
        let Some(record) = self.plan.version(id).stream.event() else { return false };
        row.is_some_and(|row| self.taken.contains(&(record, row)))
    }

    fn is_of_event(&self, id: VersionId) -> bool {
        // Of payments it is the event behind them, which may come by another date.
        let mut stream = &self.plan.version(id).stream;
        while let Stream::Lines(rule, _) = stream {
            let Some(behind) = self.plan.first_version(*rule) else { return false };
            stream = &self.plan.version(behind).stream;
        }
        matches!(stream, Stream::Events(record) | Stream::ByDate(record, _) if *record == self.event)
    }
}

impl Observer for Keeper<'_> {
    fn wants(&self, rule: VersionId) -> bool {
        self.row.is_some() && self.is_wanted(rule)
    }

    fn rows(&self, rule: VersionId, rows: &Rows) -> Option<Vec<u32>> {
        let rule = self.plan.version(rule).rule;
        // Which row was the first of its key is told by all of them.
        if self.plan.versions_of(rule).any(|id| Version::has_first(self.plan.version(id))) {
            return None;
        }
        let of_event = |sources: &[u32]| {
            let own = (0..).zip(sources).filter(|(_, source)| Some(**source) == self.row);
            own.map(|(row, _)| row).collect()
        };
        Some(match rows {
            Rows::Events { record } if *record != self.event => {
                let mut rows: Vec<u32> =
                    self.taken.iter().filter(|(known, _)| known == record).map(|(_, row)| *row).collect();
                rows.sort_unstable();
                rows.dedup();
                rows
            }
            Rows::Events { .. } => self.row.into_iter().collect(),
            Rows::ByDate(dated) => of_event(&dated.row),
            Rows::Payments(payments) => of_event(&payments.source),
            Rows::EntityPeriods(_) => Vec::new(),
        })
    }

    fn row(&mut self, rule: VersionId, row: u32, trace: Trace) {
        if trace.steps.iter().any(|step| matches!(step, TraceStep::First { first: true, .. })) {
            self.firsts[rule.index()].push(row);
        }
        match self.traces.get_mut(&(rule, row)) {
            Some(known) => known.steps.extend(trace.steps),
            None => drop(self.traces.insert((rule, row), trace)),
        }
    }
}
